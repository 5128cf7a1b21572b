import { css, html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import type { RatingReport, RatingRow, ReportKey } from "../../../server/followups/ratings/rest.ts";
import { base } from "../../shared/styles.ts";
import type { ConsoleContext } from "../context.ts";
import { refusalText } from "../shared/problems.ts";
import { type Period, stretchOf } from "./period.ts";
import { reportsStyles } from "./reports.styles.ts";

const BY = ["queue", "operator", "reason", "day"] as const satisfies readonly ReportKey[];

/** `<callcard-console-ratings>`: how people rated their calls in a stretch of days. Properties: `ctx`, `period`. */
export class ConsoleRatings extends LitElement {
  static override properties = {
    ctx: { attribute: false },
    period: { attribute: false },
    by: { state: true },
    report: { state: true },
    problem: { state: true },
  };
  static override styles = [
    base,
    reportsStyles,
    css`
      :host {
        margin-inline: 0;
      }
    `,
  ];

  declare ctx: ConsoleContext;
  declare period: Period;
  declare by: ReportKey;
  /** Null before it was read. */
  declare report: RatingReport | null;
  declare problem: string;
  #asked = 0;

  constructor() {
    super();
    this.by = "queue";
    this.report = null;
    this.problem = "";
  }

  override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has("period")) void this.#load();
  }

  override render(): TemplateResult {
    const { t } = this.ctx.words;
    const { report } = this;
    return html`<section class="panel" aria-label=${t("rat_title")}>
      <header>
        <h2>${t("rat_title")}</h2>
        <label class="by"
          >${t("rep_by")}
          <select
            .value=${this.by}
            @change=${(event: Event) => {
              const { value } = event.target as HTMLSelectElement;
              this.by = BY.find((one) => one === value) ?? "queue";
              void this.#load();
            }}
          >
            ${BY.map(
              (one) =>
                html`<option value=${one} ?selected=${one === this.by}>
                  ${t(`rat_by_${one}`)}
                </option>`,
            )}
          </select></label
        >
      </header>
      ${this.problem ? html`<p class="notice bad" role="alert">${this.problem}</p>` : nothing}
      ${
        report === null
          ? nothing
          : report.all.n === 0
            ? html`<p class="muted">${t("rat_none")}</p>`
            : this.#table(report)
      }
      <p class="hint">${t("rat_hint")}</p>
    </section>`;
  }

  #table({ rows, all }: RatingReport): TemplateResult {
    const { words } = this.ctx;
    const { t } = words;
    const line = (row: RatingRow, name: string): TemplateResult =>
      html`<tr>
        <th scope="row"><bdi>${name}</bdi></th>
        <td>${words.number(row.n)}</td>
        <td>${row.nps === null ? "–" : words.number(row.nps.score, 0)}</td>
        <td>
          ${
            row.nps === null
              ? "–"
              : t("rat_between", {
                  low: words.number(row.nps.from, 0),
                  high: words.number(row.nps.to, 0),
                })
          }
        </td>
        <td>${words.number(row.promoters)}</td>
        <td>${words.number(row.passives)}</td>
        <td>${words.number(row.detractors)}</td>
      </tr>`;
    return html`<div class="scroll" tabindex="0" role="region" aria-label=${t("rat_table")}>
      <table>
        <thead>
          <tr>
            <th scope="col">${t(`rat_by_${this.by}`)}</th>
            <th scope="col">${t("rat_answers")}</th>
            <th scope="col">NPS</th>
            <th scope="col">${t("rat_sure")}</th>
            <th scope="col">${t("rat_promoters")}</th>
            <th scope="col">${t("rat_passives")}</th>
            <th scope="col">${t("rat_detractors")}</th>
          </tr>
        </thead>
        <tbody>
          ${rows.map((row) => line(row, this.#name(row)))}
        </tbody>
        ${
          rows.length < 2
            ? nothing
            : html`<tfoot>
                ${line(all, t("rep_total"))}
              </tfoot>`
        }
      </table>
    </div>`;
  }

  #name({ key, labels, name }: RatingRow): string {
    const { words, model } = this.ctx;
    if (key === "") return words.t("rat_no");
    if (this.by === "day") return words.locale.date(key, model.clock.nowMs()) || key;
    return labels?.[words.locale.lang] || name || key;
  }

  async #load(): Promise<void> {
    const mine = ++this.#asked;
    const { words, model } = this.ctx;
    const stretch = stretchOf(this.period);
    if (!stretch) return;
    const answer = await model.api.reports.ratings(stretch, this.by);
    // Another period or another view was chosen meanwhile.
    if (mine !== this.#asked) return;
    if (answer.ok) this.report = answer.body;
    this.problem = answer.ok ? "" : words.t("loadFailed", { message: refusalText(answer, words) });
  }
}
