import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import type { ReadyPolicy } from "../../../server/priority/rest.ts";
import type {
  GeneratedDay,
  RecordedDays,
  SimulationInput,
  SimulationResult,
  SimulationState,
} from "../../../server/priority/simulation/model.ts";
import { icon } from "../../shared/icons.ts";
import { base } from "../../shared/styles.ts";
import type { ConsoleContext } from "../context.ts";
import { plainOf, readyPolicy, usualDay } from "../ready.ts";
import { refusalText } from "../shared/problems.ts";
import { runSimulation } from "../simulation.ts";

type Compared = SimulationInput["policies"][number];

/** `<callcard-console-what-if>`: plays calls under the published policy and the draft. Properties: `ctx`. */
export class ConsoleWhatIf extends LitElement {
  static override properties = {
    ctx: { attribute: false },
    kind: { state: true },
    day: { state: true },
    days: { state: true },
    ready: { state: true },
    progress: { state: true },
    result: { state: true },
    said: { state: true },
  };
  static override styles = [
    base,
    css`
      :host {
        display: grid;
        grid-template-columns: 300px minmax(0, 1fr);
        gap: 20px;
        align-items: start;
      }
      form {
        padding: 20px;
        display: grid;
        gap: 14px;
      }
      .kinds {
        display: grid;
        gap: 8px;
        border: 0;
        padding: 0;
        margin: 0;
      }
      .kinds legend {
        padding: 0 0 6px;
        font-size: 13px;
        font-weight: 600;
        color: var(--ink-3);
      }
      .kinds label {
        display: flex;
        gap: 8px;
        align-items: center;
        min-height: 28px;
      }
      .fields {
        display: grid;
        grid-template-columns: 1fr 1fr;
        gap: 12px;
        align-items: end;
      }
      .compared li {
        padding: 4px 0;
        font-size: 14px;
      }
      .running {
        display: grid;
        gap: 8px;
        font-size: 14px;
      }
      progress {
        width: 100%;
        accent-color: var(--accent);
      }
      .empty {
        color: var(--ink-3);
        padding: 24px 4px;
        max-width: 480px;
      }
      @media (max-width: 900px) {
        :host {
          grid-template-columns: minmax(0, 1fr);
        }
      }
    `,
  ];

  declare ctx: ConsoleContext;
  declare kind: "generated" | "recorded";
  declare day: GeneratedDay;
  declare days: RecordedDays;
  declare ready: readonly ReadyPolicy[];
  /** 0 to 1, null when nothing runs. */
  declare progress: number | null;
  declare result: SimulationResult | null;
  declare said: string;
  #running: AbortController | null = null;
  #offered = false;

  constructor() {
    super();
    this.kind = "generated";
    this.day = usualDay([]);
    this.days = { kind: "recorded", from: "", to: "", queues: [] };
    this.ready = [];
    this.progress = null;
    this.result = null;
    this.said = "";
  }

  override willUpdate(): void {
    if (this.ctx.model.published?.policy.rules.length === 0) void this.#offerReady();
    if (this.hasUpdated) return;
    const { recordedDays, tiers } = this.ctx.model.vocabulary!;
    this.day = usualDay(tiers);
    const newest = recordedDays[0]?.date;
    if (newest) {
      this.kind = "recorded";
      this.days = { kind: "recorded", from: newest, to: newest, queues: [] };
    }
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#running?.abort();
  }

  override render(): TemplateResult {
    const { t, number } = this.ctx.words;
    const { progress } = this;
    return html`<h1 class="sr">${t("place_whatIf")}</h1>
      <form
        class="panel"
        @submit=${(event: SubmitEvent) => {
          event.preventDefault();
          void this.#run();
        }}
      >
        ${this.#source()}
        <div>
          <h2>${t("comparedTitle")}</h2>
          <ul class="compared">
            ${this.#compared().map(({ name }) => html`<li>${name}</li>`)}
          </ul>
        </div>
        ${
          progress === null
            ? html`<button class="btn primary" type="submit">${t("runSimulation")}</button>`
            : html`<div class="running">
                <span role="status"
                  >${t("simulating", { percent: number(progress * 100, 0) })}</span
                >
                <progress
                  max="1"
                  .value=${progress}
                  aria-label=${t("simulating", { percent: number(progress * 100, 0) })}
                ></progress>
                <button class="btn" type="button" @click=${() => this.#running?.abort()}>
                  ${t("cancelSimulation")}
                </button>
              </div>`
        }
        <div role="alert">
          ${
            this.said
              ? html`<p class="notice">${icon("warning")}<span>${this.said}</span></p>`
              : nothing
          }
        </div>
      </form>
      ${
        this.result
          ? html`<callcard-console-results
              .ctx=${this.ctx}
              .result=${this.result}
            ></callcard-console-results>`
          : html`<p class="empty">${t("generatedLead")}</p>`
      }`;
  }

  #source(): TemplateResult {
    const { t } = this.ctx.words;
    const { recordedDays } = this.ctx.model.vocabulary!;
    const kinds = recordedDays.length > 0 ? (["recorded", "generated"] as const) : [];
    return html`${
        kinds.length > 0
          ? html`<fieldset class="kinds">
              <legend>${t("sourceTitle")}</legend>
              ${kinds.map(
                (kind) =>
                  html`<label
                    ><input
                      type="radio"
                      name="kind"
                      .checked=${kind === this.kind}
                      @change=${() => (this.kind = kind)}
                    />${t(`source_${kind}`)}</label
                  >`,
              )}
            </fieldset>`
          : html`<h2>${t("source_generated")}</h2>`
      }
      <div class="fields">${this.kind === "recorded" ? this.#recorded() : this.#generated()}</div>`;
  }

  #recorded(): TemplateResult {
    const { words, model } = this.ctx;
    const nowMs = model.clock.nowMs();
    const pick = (edge: "from" | "to"): TemplateResult =>
      html`<label class="field"
        >${words.t(edge === "from" ? "dayFrom" : "dayTo")}
        <select
          @change=${(event: Event) => {
            const date = (event.target as HTMLSelectElement).value;
            const days = { ...this.days, [edge]: date };
            // Whoever picks a later beginning means a later end, too.
            if (days.from > days.to) days[edge === "from" ? "to" : "from"] = date;
            this.days = days;
          }}
        >
          ${model.vocabulary!.recordedDays.map(
            ({ date, calls }) =>
              html`<option value=${date} ?selected=${date === this.days[edge]}>
                ${words.t("dayCalls", { date: words.locale.date(date, nowMs), count: calls })}
              </option>`,
          )}
        </select></label
      >`;
    return html`${pick("from")}${pick("to")}`;
  }

  #generated(): TemplateResult {
    const { t, tier } = this.ctx.words;
    const { day } = this;
    const field = (
      label: string,
      value: number,
      set: (value: number) => Partial<GeneratedDay>,
      [least, most]: readonly [number, number],
    ): TemplateResult =>
      html`<label class="field"
        >${label}<input
          type="number"
          required
          step="any"
          min=${least}
          max=${most}
          .value=${String(value)}
          @input=${(event: Event) => {
            const typed = (event.target as HTMLInputElement).valueAsNumber;
            if (!Number.isNaN(typed)) this.day = { ...day, ...set(typed) };
          }}
      /></label>`;
    return html`${field(t("callersPerHour"), day.callersPerHour, (callersPerHour) => ({ callersPerHour }), [1, 20_000])}
    ${field(t("hours"), day.hours, (hours) => ({ hours }), [0.25, 336])}
    ${field(
      t("handling"),
      day.handlingSeconds.mean,
      (mean) => ({ handlingSeconds: { ...day.handlingSeconds, mean } }),
      [1, 7200],
    )}
    ${field(t("patience"), day.patienceSeconds, (patienceSeconds) => ({ patienceSeconds }), [1, 86_400])}
    ${field(
      t("operators"),
      day.operators,
      (operators) => ({ operators: Math.round(operators) }),
      [1, 2000],
    )}
    ${day.tiers.map((one, index) =>
      field(
        t("tierShare", { tier: tier(one.tier) }),
        Math.round(one.share * 1000) / 10,
        (percent) => ({ tiers: day.tiers.with(index, { ...one, share: percent / 100 }) }),
        [0, 100],
      ),
    )}`;
  }

  /** What holds beside the draft, else beside plain order; where nothing holds and nothing is drafted, plain order beside the ready policies. */
  #compared(): readonly Compared[] {
    const { words, model } = this.ctx;
    const { t } = words;
    const { policy } = model.published!;
    const draft = model.draft!;
    const plain = { name: t("name_plain"), policy: plainOf(policy) };
    const drafted = { name: t("name_draft"), policy: draft.policy };
    if (policy.rules.length > 0) {
      const published = { name: t("name_published"), policy };
      return draft.differsFromPublished ? [published, drafted] : [plain, published];
    }
    if (draft.policy.rules.length > 0) return [plain, drafted];
    const ready = this.ready.map((one) => ({
      name: t(`ready_${one.id}`),
      policy: readyPolicy(one, words),
    }));
    return [plain, ...ready].slice(0, 4);
  }

  async #offerReady(): Promise<void> {
    if (this.#offered) return;
    this.#offered = true;
    const answer = await this.ctx.model.api.readyPolicies();
    if (answer.ok) this.ready = answer.body.policies;
  }

  async #run(): Promise<void> {
    if (this.#running) return;
    const { t } = this.ctx.words;
    this.#running = new AbortController();
    this.said = "";
    this.progress = 0;
    const end = await runSimulation(
      this.ctx.model.api,
      { source: this.kind === "recorded" ? this.days : this.day, policies: this.#compared() },
      (state: SimulationState) => (this.progress = state.progress),
      this.#running.signal,
    );
    this.#running = null;
    this.progress = null;
    if ("ok" in end)
      this.said = t("simulationFailed", { message: refusalText(end, this.ctx.words) });
    else if (end.state === "done" && end.result) this.result = end.result;
    else if (end.state === "failed") this.said = t("simulationFailed", { message: end.error });
    else this.said = t("simulationCancelled");
  }
}
