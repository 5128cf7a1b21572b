/** Through what a campaign calls, and how fast. */
import { html, nothing, type TemplateResult } from "lit";
import { kindRules } from "../../../../server/campaigns/kinds.ts";
import type { AbandonmentRule, Mode } from "../../../../server/campaigns/model.ts";
import { sentence } from "../../shared/inline.ts";
import { line, number, one, part, several, text, tick } from "../../shared/editing.ts";
import type { CampaignEditing } from "./editing.ts";

const BRIDGES = ["customerFirst", "operatorFirst"] as const;
const MACHINES = ["ignore", "hangUp", "connect"] as const;
const WINDOWS = ["day", "24hours", "30days"] as const;
const CLOCKS = ["answer", "greetingEnd"] as const;
const USUAL_PREVIEW_SECONDS = 30;

/** PBX, queue, trunks and the number that is shown. */
export function linesPart(editing: CampaignEditing): TemplateResult {
  const { ctx, settings, set, vocabulary } = editing;
  const { t } = ctx.words;
  const { callerId } = settings;
  const pbx = vocabulary.pbxs.find(({ name }) => name === settings.pbx);
  const same = (value: string): string => value || t("ed_choose");
  return part(
    editing,
    t("ed_lines"),
    ["/pbx", "/queue", "/trunks", "/callerId"],
    html`${line(editing, "ed_pbx", {
      pbx: one(
        editing,
        "ed_pbxLabel",
        "/pbx",
        settings.pbx,
        vocabulary.pbxs.map(({ name }) => name),
        same,
        (name) => set({ pbx: name, queue: "", trunks: [] }),
      ),
      queue: one(
        editing,
        "ed_queueLabel",
        "/queue",
        settings.queue,
        pbx?.queues ?? [],
        same,
        (queue) => set({ queue }),
      ),
    })}
    ${line(editing, "ed_trunks", {
      trunks: several(
        editing,
        "ed_trunksLabel",
        "/trunks",
        settings.trunks,
        (pbx?.trunks ?? []).map(({ name }) => name),
        (trunks) => set({ trunks }),
      ),
    })}
    ${line(editing, "ed_callerId", {
      number: text(
        editing,
        t("ed_callerNumber"),
        "/callerId/number",
        callerId.number,
        (value) => set({ callerId: { ...callerId, number: value } }),
        { most: 20, type: "tel" },
      ),
      name: text(
        editing,
        t("ed_callerName"),
        "/callerId/name",
        callerId.name,
        (name) => set({ callerId: { ...callerId, name } }),
        { most: 40 },
      ),
    })}`,
  );
}

/** Mode, side, ringing, machines, and the promise of predictive dialling. */
export function howPart(editing: CampaignEditing): TemplateResult {
  const { ctx, settings, set } = editing;
  const { t } = ctx.words;
  const { mode } = settings;
  const modes = kindRules(settings.kind).modes;
  return part(
    editing,
    t("ed_how"),
    [
      ...["/mode", "/bridge", "/ringSeconds", "/onMachine", "/previewSeconds"],
      ...["/mostLinesPerOperator", "/abandonment", "/priority"],
    ],
    html`${line(editing, "ed_mode", {
        mode: one(
          editing,
          "ed_modeLabel",
          "/mode",
          mode,
          modes,
          (each) => t(`mode_${each}`),
          (next) => set({ mode: next, ...bridgeOf(next) }),
        ),
      })}
      <p class="hint">${t(`mode_${mode}_hint`)}</p>
      ${
        // In the other modes only one side can be first.
        mode === "progressive"
          ? line(editing, "ed_bridge", {
              bridge: one(
                editing,
                "ed_bridgeLabel",
                "/bridge",
                settings.bridge,
                BRIDGES,
                (each) => t(`bridge_${each}`),
                (bridge) => set({ bridge }),
              ),
            })
          : nothing
      }
      ${line(editing, "ed_ring", {
        seconds: number(
          editing,
          "ed_ringLabel",
          "/ringSeconds",
          settings.ringSeconds,
          (ringSeconds) => set({ ringSeconds }),
        ),
      })}
      ${mode === "preview" ? preview(editing) : machines(editing)}
      ${mode === "predictive" || mode === "automatic" ? promise(editing) : nothing}
      ${line(editing, "ed_priority", {
        priority: number(editing, "ed_priorityLabel", "/priority", settings.priority, (priority) =>
          set({ priority }),
        ),
      })}`,
  );
}

/** The side that a mode needs to be first. */
function bridgeOf(mode: Mode) {
  if (mode === "preview") return { bridge: "operatorFirst" } as const;
  return mode === "progressive" ? {} : ({ bridge: "customerFirst" } as const);
}

function preview(editing: CampaignEditing): TemplateResult {
  const { ctx, settings, set } = editing;
  const seconds = settings.previewSeconds;
  return tick(
    editing,
    ctx.words.t("ed_preview", { seconds: seconds ?? "…" }),
    seconds !== null,
    (on) => set({ previewSeconds: on ? USUAL_PREVIEW_SECONDS : null }),
    sentence(ctx.words.raw("ed_preview"), {
      seconds:
        seconds === null
          ? "…"
          : number(editing, "ed_previewLabel", "/previewSeconds", seconds, (previewSeconds) =>
              set({ previewSeconds }),
            ),
    }),
  );
}

function machines(editing: CampaignEditing): TemplateResult {
  const { ctx, settings, set } = editing;
  return line(editing, "ed_machine", {
    machine: one(
      editing,
      "ed_machineLabel",
      "/onMachine",
      settings.onMachine,
      MACHINES,
      (each) => ctx.words.t(`machine_${each}`),
      (onMachine) =>
        set({
          onMachine,
          // The end of a greeting is known only where machines are looked for.
          ...(onMachine === "ignore"
            ? { abandonment: { ...settings.abandonment, clockFrom: "answer" as const } }
            : {}),
        }),
    ),
  });
}

function promise(editing: CampaignEditing): TemplateResult {
  const { ctx, settings, set } = editing;
  const { t } = ctx.words;
  const { abandonment, onMachine } = settings;
  const change = (own: Partial<AbandonmentRule>): void =>
    set({ abandonment: { ...abandonment, ...own } });
  return html`<h3>${t("ed_promise")}</h3>
    ${line(editing, "ed_cap", {
      most: number(
        editing,
        "ed_capLabel",
        "/abandonment/mostShare",
        percent(abandonment.mostShare),
        (value) => change({ mostShare: value / 100 }),
        "any",
      ),
      target: number(
        editing,
        "ed_targetLabel",
        "/abandonment/targetShare",
        percent(abandonment.targetShare),
        (value) => change({ targetShare: value / 100 }),
        "any",
      ),
      window: one(
        editing,
        "ed_windowLabel",
        "/abandonment/window",
        abandonment.window,
        WINDOWS,
        (each) => t(`ed_window_${each}`),
        (window) => change({ window }),
      ),
    })}
    ${line(editing, "ed_connect", {
      seconds: number(
        editing,
        "ed_connectLabel",
        "/abandonment/connectWithinMs",
        abandonment.connectWithinMs / 1000,
        (value) => change({ connectWithinMs: Math.round(value * 1000) }),
        "any",
      ),
      clock: one(
        editing,
        "ed_clockLabel",
        "/abandonment/clockFrom",
        abandonment.clockFrom,
        onMachine === "ignore" ? (["answer"] as const) : CLOCKS,
        (each) => t(`ed_clock_${each}`),
        (clockFrom) => change({ clockFrom }),
      ),
    })}
    ${line(editing, "ed_mostLines", {
      lines: number(
        editing,
        "ed_mostLinesLabel",
        "/mostLinesPerOperator",
        settings.mostLinesPerOperator,
        (mostLinesPerOperator) => set({ mostLinesPerOperator }),
        "any",
      ),
    })}`;
}

/** Without the dust that a hundredth leaves in a binary number. */
function percent(share: number): number {
  return Math.round(share * 100_000) / 1000;
}
