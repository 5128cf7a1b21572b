/** What follows an attempt that reached nobody, and the most anybody is called. */
import { html, type TemplateResult } from "lit";
import type { RetriedOutcome, RetryStep } from "../../../../server/campaigns/model.ts";
import { icon } from "../../../shared/icons.ts";
import { openFirst, sentence } from "../../shared/inline.ts";
import { outcomeText } from "../sentences.ts";
import { line, number, part, told } from "../../shared/editing.ts";
import type { CampaignEditing } from "./editing.ts";

const OUTCOMES = [
  ...(["busy", "noAnswer", "machine", "congestion", "abandoned", "cutOff"] as const),
] satisfies readonly RetriedOutcome[];
const MOST_STEPS = 20;
/** What an added step begins with, by the choice that adds it. */
const STEPS: Readonly<Record<string, RetryStep>> = {
  after: { afterMinutes: 60 },
  half: "otherHalfOfNextDay",
};

export function againPart(editing: CampaignEditing): TemplateResult {
  const { ctx, settings, set } = editing;
  const { t } = ctx.words;
  const { limits } = settings;
  return part(
    editing,
    t("ed_again"),
    ["/limits"],
    html`<p class="hint">${t("ed_againLead")}</p>
      <ul class="retries">
        ${OUTCOMES.map((outcome) => steps(editing, outcome))}
      </ul>
      ${line(editing, "ed_limits", {
        contact: number(
          editing,
          "ed_perContact",
          "/limits/perContact",
          limits.perContact,
          (perContact) => set({ limits: { ...limits, perContact } }),
        ),
        phone: number(
          editing,
          "ed_perPhone",
          "/limits/perPhoneADay",
          limits.perPhoneADay,
          (perPhoneADay) => set({ limits: { ...limits, perPhoneADay } }),
        ),
        customer: number(
          editing,
          "ed_perCustomer",
          "/limits/perCustomerADay",
          limits.perCustomerADay,
          (perCustomerADay) => set({ limits: { ...limits, perCustomerADay } }),
        ),
      })}`,
  );
}

function steps(editing: CampaignEditing, outcome: RetriedOutcome): TemplateResult {
  const { ctx, settings, set } = editing;
  const { t } = ctx.words;
  const all = settings.retries[outcome];
  const name = outcomeText(outcome, ctx.words);
  const change = (next: readonly RetryStep[]): void =>
    set({ retries: { ...settings.retries, [outcome]: next } });
  return html`<li>
    <span class="outcome">${name}</span>
    <span class="steps"
      >${all.length === 0 ? html`<span class="off">${t("ed_noRetry")}</span>` : ""}
      ${all.map((step, index) => {
        const label = t("ed_stepLabel", { outcome: name, n: index + 1 });
        const path = `/retries/${outcome}/${index}`;
        return html`<span class="step"
          >${
            step === "otherHalfOfNextDay"
              ? t("ed_stepHalf")
              : sentence(ctx.words.raw("ed_stepAfter"), {
                  minutes: html`<input
                    class="inline"
                    type="number"
                    inputmode="numeric"
                    aria-label=${label}
                    aria-invalid=${editing.checked.problems.some((one) => one.path.startsWith(path))}
                    ?readonly=${!ctx.writes}
                    .value=${String(step.afterMinutes)}
                    @input=${(event: Event) => {
                      const afterMinutes = (event.target as HTMLInputElement).valueAsNumber;
                      if (!Number.isNaN(afterMinutes)) change(all.with(index, { afterMinutes }));
                    }}
                  />`,
                })
          }${
            ctx.writes
              ? html`<button
                  type="button"
                  aria-label=${t("chipRemove", { value: label })}
                  @click=${() => change(all.toSpliced(index, 1))}
                >
                  ${icon("close")}
                </button>`
              : ""
          }</span
        >`;
      })}
      ${
        ctx.writes && all.length < MOST_STEPS
          ? html`<select
              class="add"
              aria-label=${`${name}: ${t("ed_stepAdd")}`}
              @keydown=${openFirst}
              @change=${(event: Event) => {
                const select = event.target as HTMLSelectElement;
                const step = STEPS[select.value];
                select.value = "";
                if (step) change([...all, step]);
              }}
            >
              <option value="" selected>+ ${t("ed_stepAdd")}</option>
              <option value="after">${t("ed_stepAddAfter")}</option>
              <option value="half">${t("ed_stepHalf")}</option>
            </select>`
          : ""
      }</span
    >
    ${told(editing, `/retries/${outcome}`)}
  </li>`;
}
