/** Whom a campaign calls, and whom it does not. */
import { html, nothing, type TemplateResult } from "lit";
import { kindRules } from "../../../../server/campaigns/kinds.ts";
import type { CampaignSettings, Trigger } from "../../../../server/campaigns/model.ts";
import type { OrderStage } from "../../../../server/orders/model.ts";
import { sentence } from "../../shared/inline.ts";
import { line, number, one, part, several, text, tick } from "../../shared/editing.ts";
import type { CampaignEditing } from "./editing.ts";

const KINDS = ["service", "advert", "debt"] as const;
const TRIGGERS = [
  ...(["orderPlaced", "orderStage", "cartLeft", "callbackPromised", "list", "event"] as const),
];
const STAGES = [
  ...(["new", "confirmed", "paid", "assembling", "shipped", "delivered"] as const),
  ...(["completed", "cancelled", "returned", "other"] as const),
] satisfies readonly OrderStage[];
/** What a rule begins with when it is switched on. */
const USUAL_HOURS = 24;

/** Name, kind and what starts a call. */
export function whoPart(editing: CampaignEditing): TemplateResult {
  const { ctx, settings, set } = editing;
  const { t } = ctx.words;
  return part(
    editing,
    t("ed_who"),
    ["/name", "/kind", "/trigger", "/settledStages", "/exclude"],
    html`${line(editing, "ed_name", {
        name: text(editing, t("ed_nameLabel"), "/name", settings.name, (name) => set({ name }), {
          wide: true,
          most: 100,
        }),
      })}
      ${line(editing, "ed_kind", {
        kind: one(
          editing,
          "ed_kindLabel",
          "/kind",
          settings.kind,
          KINDS,
          (kind) => t(`kind_${kind}`),
          (kind) => set(ofKind(settings, kind)),
        ),
      })}
      <p class="hint">${t(`kind_${settings.kind}_hint`)}</p>
      ${line(editing, "ed_trigger", {
        trigger: one(
          editing,
          "ed_triggerLabel",
          "/trigger/type",
          settings.trigger.type,
          TRIGGERS,
          (type) => t(`trigger_${type}`),
          (type) => set({ trigger: newTrigger(type) }),
        ),
      })}
      ${details(editing)} ${ordersPart(editing)} ${excludePart(editing)}`,
  );
}

function details(editing: CampaignEditing): TemplateResult | typeof nothing {
  const { settings, set, vocabulary, ctx } = editing;
  const { trigger } = settings;
  const { t } = ctx.words;
  switch (trigger.type) {
    case "orderPlaced":
    case "orderStage":
      return html`${
        trigger.type === "orderStage"
          ? line(editing, "ed_stages", {
              stages: several(
                editing,
                "ed_stagesLabel",
                "/trigger/stages",
                trigger.stages,
                STAGES,
                (stages) => set({ trigger: { ...trigger, stages } }),
                { names: stageName(editing) },
              ),
            })
          : nothing
      }
      ${line(editing, trigger.sources.length > 0 ? "ed_sources" : "ed_sourcesAll", {
        sources: several(
          editing,
          "ed_sourcesLabel",
          "/trigger/sources",
          trigger.sources,
          vocabulary.sources,
          (sources) => set({ trigger: { ...trigger, sources } }),
          { free: true },
        ),
      })}`;
    case "cartLeft":
      return line(editing, "ed_cart", {
        minutes: number(
          editing,
          "ed_cartLabel",
          "/trigger/afterMinutes",
          trigger.afterMinutes,
          (afterMinutes) => set({ trigger: { ...trigger, afterMinutes } }),
        ),
      });
    case "list":
    case "event":
    case "callbackPromised":
  }
  return html`<p class="hint">${t(`trigger_${trigger.type}_hint`)}</p>`;
}

/** Which orders need no call any more. */
function ordersPart(editing: CampaignEditing): TemplateResult {
  const { settings, set } = editing;
  return line(editing, "ed_settled", {
    stages: several(
      editing,
      "ed_settledLabel",
      "/settledStages",
      settings.settledStages,
      STAGES,
      (settledStages) => set({ settledStages }),
      { names: stageName(editing) },
    ),
  });
}

function excludePart(editing: CampaignEditing): TemplateResult {
  const { ctx, settings, set } = editing;
  const { t, raw } = ctx.words;
  const { exclude } = settings;
  const hours = exclude.talkedWithinHours;
  const change = (own: Partial<CampaignSettings["exclude"]>): void =>
    set({ exclude: { ...exclude, ...own } });
  return html`<h3>${t("ed_exclude")}</h3>
    <p class="hint">${t("ed_excludeAlways")}</p>
    ${tick(
      editing,
      t("ed_talked", { hours: hours ?? "…" }),
      hours !== null,
      (on) => change({ talkedWithinHours: on ? USUAL_HOURS : null }),
      sentence(raw("ed_talked"), {
        hours:
          hours === null
            ? "…"
            : number(editing, "ed_talkedLabel", "/exclude/talkedWithinHours", hours, (value) =>
                change({ talkedWithinHours: value }),
              ),
      }),
    )}
    ${tick(editing, t("ed_openClaim"), exclude.openClaim, (openClaim) => change({ openClaim }))}
    ${tick(editing, t("ed_consent"), exclude.withoutConsent, (withoutConsent) =>
      change({ withoutConsent }),
    )}`;
}

function stageName({ ctx }: CampaignEditing): (stage: string) => string {
  return (stage) => ctx.words.locale.word("stage_", stage);
}

/** Another kind brings what the law wants of it; the rest stays as it was typed. */
function ofKind(
  settings: CampaignSettings,
  kind: CampaignSettings["kind"],
): Partial<CampaignSettings> {
  const { consentRequired, defaults, modes } = kindRules(kind);
  return {
    kind,
    ...(consentRequired ? { exclude: { ...settings.exclude, withoutConsent: true } } : {}),
    ...(modes.includes(settings.mode) ? {} : { mode: defaults.mode }),
  };
}

function newTrigger(type: Trigger["type"]): Trigger {
  switch (type) {
    case "orderPlaced":
      return { type, sources: [] };
    case "orderStage":
      return { type, stages: [], sources: [] };
    case "cartLeft":
      return { type, afterMinutes: 60 };
    case "callbackPromised":
    case "list":
    case "event":
  }
  return { type };
}
