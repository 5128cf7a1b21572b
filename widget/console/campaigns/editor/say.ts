/** What operators say, and how a call can end. */
import { html, type TemplateResult } from "lit";
import type { CampaignDisposition } from "../../../../server/campaigns/model.ts";
import { icon } from "../../../shared/icons.ts";
import { isBad, one, part, text, told } from "../../shared/editing.ts";
import type { CampaignEditing } from "./editing.ts";

const EFFECTS = ["done", "retry", "callBack", "refused", "doNotCall"] as const;
const LANGUAGES = ["ru", "uk", "en"] as const;
const MOST = 20;

export function sayPart(editing: CampaignEditing): TemplateResult {
  const { ctx, settings, set } = editing;
  const { t } = ctx.words;
  return part(
    editing,
    t("ed_say"),
    ["/script"],
    html`<label class="field"
        >${t("ed_script")}<textarea
          rows="9"
          aria-invalid=${isBad(editing, "/script")}
          ?readonly=${!ctx.writes}
          .value=${settings.script}
          @input=${(event: Event) => set({ script: (event.target as HTMLTextAreaElement).value })}
        ></textarea>
      </label>
      <p class="hint">${t("ed_scriptHint")}</p>`,
  );
}

export function endsPart(editing: CampaignEditing): TemplateResult {
  const { ctx, settings, set } = editing;
  const { t } = ctx.words;
  const all = settings.dispositions;
  const fresh = (): CampaignDisposition => ({
    code: freeCode(all),
    labels: { ru: "", uk: "", en: "" },
    effect: "done",
  });
  const whole = editing.checked.problems.filter(({ path }) => path === "/dispositions");
  return part(
    editing,
    t("ed_ends"),
    [],
    html`<div class="ends">
        ${all.map((disposition, index) => ending(editing, disposition, index))}
      </div>
      ${told({ ...editing, checked: { problems: whole, warnings: [] } }, "/dispositions")}
      ${
        ctx.writes && all.length < MOST
          ? html`<button
              class="btn addEnd"
              type="button"
              @click=${() => set({ dispositions: [...all, fresh()] })}
            >
              ${icon("plus")}${t("ed_endAdd")}
            </button>`
          : ""
      }`,
  );
}

function ending(
  editing: CampaignEditing,
  disposition: CampaignDisposition,
  index: number,
): TemplateResult {
  const { ctx, settings, set } = editing;
  const { t, locale } = ctx.words;
  const all = settings.dispositions;
  const path = `/dispositions/${index}`;
  const change = (own: Partial<CampaignDisposition>): void =>
    set({ dispositions: all.with(index, { ...disposition, ...own }) });
  const name = disposition.labels[locale.lang] || disposition.code;
  return html`<div class="end" role="group" aria-label=${name}>
    ${LANGUAGES.map(
      (lang) =>
        html`<label class="label" lang=${lang}
          ><span>${lang}</span>${text(
            editing,
            t(`ed_label_${lang}`),
            `${path}/labels/${lang}`,
            disposition.labels[lang],
            (label) => change({ labels: { ...disposition.labels, [lang]: label } }),
            { most: 60, wide: true },
          )}</label
        >`,
    )}
    <span class="effect"
      >${one(
        editing,
        "ed_effectLabel",
        `${path}/effect`,
        disposition.effect,
        EFFECTS,
        (effect) => t(`effect_${effect}`),
        (effect) => change({ effect }),
      )}
      <span class="code"
        >${text(
          editing,
          t("ed_codeLabel"),
          `${path}/code`,
          disposition.code,
          (code) => change({ code }),
          {
            most: 30,
          },
        )}</span
      ></span
    >
    ${
      ctx.writes
        ? html`<button
            class="btn quiet icon"
            type="button"
            aria-label=${t("chipRemove", { value: name })}
            @click=${() => set({ dispositions: all.toSpliced(index, 1) })}
          >
            ${icon("close")}
          </button>`
        : ""
    }
    ${told(editing, path)}
  </div>`;
}

function freeCode(all: readonly CampaignDisposition[]): string {
  const taken = new Set(all.map(({ code }) => code));
  for (let n = all.length + 1; ; n++) if (!taken.has(`result-${n}`)) return `result-${n}`;
}
