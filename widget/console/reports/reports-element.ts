import { html, LitElement, nothing, type TemplateResult } from "lit";
import type { HeldReport, ReportBy, ReportRow } from "../../../server/offers/loop/report.ts";
import { base } from "../../shared/styles.ts";
import type { ConsoleContext } from "../context.ts";
import { saveFile } from "../campaigns/files.ts";
import { toMajor } from "../shared/money.ts";
import { refusalText } from "../shared/problems.ts";
import { type Period, periodOf, type Preset, PRESETS, stretchOf } from "./period.ts";
import { reportsStyles } from "./reports.styles.ts";

const BY = [
  ...(["kind", "rule", "product", "operator", "reason", "channel", "day"] as const),
] satisfies readonly ReportBy[];

/**
 * `<callcard-console-reports>`: what came of offers by kind, rule, product, operator, reason, channel or day; what hints add; how people
 * rate the talks. Properties: `ctx`.
 */
export class ConsoleReports extends LitElement {
  static override properties = {
    ctx: { attribute: false },
    preset: { state: true },
    period: { state: true },
    by: { state: true },
    rows: { state: true },
    held: { state: true },
    problem: { state: true },
  };
  static override styles = [base, reportsStyles];

  declare ctx: ConsoleContext;
  declare preset: Preset | "own";
  declare period: Period;
  declare by: ReportBy;
  /** Null before they were read. */
  declare rows: readonly ReportRow[] | null;
  declare held: HeldReport | null;
  declare problem: string;
  #asked = 0;

  constructor() {
    super();
    this.preset = "days7";
    this.period = { from: "", to: "" };
    this.by = "kind";
    this.rows = null;
    this.held = null;
    this.problem = "";
  }

  override firstUpdated(): void {
    this.period = periodOf("days7", this.ctx.model.clock.nowMs());
    void this.#load();
  }

  override render(): TemplateResult {
    const { ctx } = this;
    const { t } = ctx.words;
    return html`<h1 tabindex="-1">${t("place_reports")}</h1>
      ${this.#bar()}
      ${this.problem ? html`<p class="notice bad" role="alert">${this.problem}</p>` : nothing}
      <section class="panel" aria-label=${t("rep_offers")}>
        <header>
          <h2>${t("rep_offers")}</h2>
          <label class="by"
            >${t("rep_by")}
            <select
              .value=${this.by}
              @change=${(event: Event) => {
                const { value } = event.target as HTMLSelectElement;
                this.by = BY.find((one) => one === value) ?? "kind";
                void this.#load();
              }}
            >
              ${BY.map(
                (one) =>
                  html`<option value=${one} ?selected=${one === this.by}>
                    ${t(`rep_by_${one}`)}
                  </option>`,
              )}
            </select></label
          >
          ${
            this.rows && this.rows.length > 0
              ? html`<button class="btn" type="button" @click=${() => this.#save()}>
                  ${t("rep_save")}
                </button>`
              : nothing
          }
        </header>
        ${
          this.rows === null
            ? html`<p class="muted" role="status">${t("loading")}</p>`
            : this.rows.length === 0
              ? html`<p class="muted">${t("rep_none")}</p>`
              : this.#table(this.rows)
        }
      </section>
      ${this.#held()}
      ${this.period.from === "" ? nothing : html`<callcard-console-ratings .ctx=${this.ctx} .period=${this.period}></callcard-console-ratings>`}`;
  }

  #bar(): TemplateResult {
    const { t } = this.ctx.words;
    const day = (end: "from" | "to"): TemplateResult =>
      html`<label class="field"
        >${t(`rep_${end}`)}<input
          type="date"
          .value=${this.period[end]}
          @change=${(event: Event) => {
            this.period = { ...this.period, [end]: (event.target as HTMLInputElement).value };
            this.preset = "own";
            void this.#load();
          }}
      /></label>`;
    return html`<div class="bar">
      <label class="field"
        >${t("rep_period")}<select
          .value=${this.preset}
          @change=${(event: Event) => {
            const { value } = event.target as HTMLSelectElement;
            const preset = PRESETS.find((one) => one === value);
            this.preset = preset ?? "own";
            if (preset) this.period = periodOf(preset, this.ctx.model.clock.nowMs());
            void this.#load();
          }}
        >
          ${[...PRESETS, "own" as const].map(
            (one) =>
              html`<option value=${one} ?selected=${one === this.preset}>
                ${t(`rep_period_${one}`)}
              </option>`,
          )}
        </select></label
      >
      ${day("from")} ${day("to")}
    </div>`;
  }

  #table(rows: readonly ReportRow[]): TemplateResult {
    const { words } = this.ctx;
    const { t, locale } = words;
    const isReasons = this.by === "reason";
    const currencies = [...new Set(rows.map(({ currency }) => currency))];
    const sums = currencies.map((currency) =>
      totalOf(
        rows.filter((row) => row.currency === currency),
        currency,
      ),
    );
    const cells = (row: ReportRow): TemplateResult =>
      isReasons
        ? html`<td>${words.number(row.refused)}</td>`
        : html`<td>${words.number(row.shown)}</td>
            <td>${words.number(row.accepted)}</td>
            <td>${share(row.accepted, row, words.percent)}</td>
            <td>${words.number(row.refused)}</td>
            <td>${words.number(row.ignored)}</td>
            <td>${words.number(row.open)}</td>
            <td class="money">${locale.money(row.takenMinor, row.currency)}</td>`;
    return html`<div class="scroll" tabindex="0" role="region" aria-label=${t("rep_table")}>
        <table>
          <thead>
            <tr>
              <th scope="col">${t(`rep_by_${this.by}`)}</th>
              ${
                isReasons
                  ? html`<th scope="col">${t("rep_refused")}</th>`
                  : html`<th scope="col">${t("rep_shown")}</th>
                      <th scope="col">${t("rep_accepted")}</th>
                      <th scope="col">${t("rep_share")}</th>
                      <th scope="col">${t("rep_refused")}</th>
                      <th scope="col">${t("rep_ignored")}</th>
                      <th scope="col">${t("rep_open")}</th>
                      <th scope="col" class="money">${t("rep_money")}</th>`
              }
            </tr>
          </thead>
          <tbody>
            ${rows.map(
              (row) =>
                html`<tr>
                  <th scope="row"><bdi>${this.#name(row)}</bdi></th>
                  ${cells(row)}
                </tr>`,
            )}
          </tbody>
          ${
            rows.length < 2
              ? nothing
              : html`<tfoot>
                  ${sums.map(
                    (row) =>
                      html`<tr>
                        <th scope="row">
                          ${t("rep_total")}${sums.length > 1 ? `, ${row.currency}` : ""}
                        </th>
                        ${cells(row)}
                      </tr>`,
                  )}
                </tfoot>`
          }
        </table>
      </div>
      ${isReasons ? nothing : html`<p class="hint">${t("rep_hint")}</p>`}`;
  }

  /** What hints add, in plain words; the numbers it rests on below. */
  #held(): TemplateResult | typeof nothing {
    const { held } = this;
    const { words } = this.ctx;
    const { t, locale } = words;
    if (!held) return nothing;
    const currencies = [...new Set(held.rows.map(({ currency }) => currency))];
    const of = (arm: "shown" | "held", currency: string) =>
      held.rows.find((row) => row.arm === arm && row.currency === currency);
    const said = currencies.map((currency) => {
      const added = held.added.find((one) => one.currency === currency);
      if (!added)
        return t("rep_heldFew", {
          shown: words.number(of("shown", currency)?.customers ?? 0),
          held: words.number(of("held", currency)?.customers ?? 0),
        });
      const [low, high] = added.betweenMinor;
      const money = (minor: number): string => locale.money(minor, currency);
      const verdict = low > 0 ? "rep_heldMore" : high < 0 ? "rep_heldLess" : "rep_heldUnsure";
      return t(verdict, {
        mean: money(Math.abs(added.meanMinor)),
        low: money(low < 0 && high < 0 ? -high : low),
        high: money(low < 0 && high < 0 ? -low : high),
      });
    });
    return html`<section class="panel" aria-label=${t("rep_held")}>
      <h2>${t("rep_held")}</h2>
      <p class="hint">${t("rep_heldHow")}</p>
      ${
        said.length === 0
          ? html`<p>${t("rep_heldNone")}</p>`
          : said.map((text) => html`<p class="verdict">${text}</p>`)
      }
      ${currencies.map((currency) => {
        const arms = (["shown", "held"] as const).flatMap((arm) => of(arm, currency) ?? []);
        return html`<ul class="arms">
          ${arms.map(
            (row) =>
              html`<li>
                ${t(`rep_arm_${row.arm}`, {
                  customers: words.number(row.customers),
                  mean: locale.money(row.meanMinor, currency),
                  error: locale.money(row.standardErrorMinor, currency),
                })}
              </li>`,
          )}
        </ul>`;
      })}
    </section>`;
  }

  #name({ key, name }: ReportRow): string {
    const { words, model } = this.ctx;
    const { t } = words;
    if (key === "") return t(`rep_no_${this.by === "day" ? "kind" : this.by}`);
    switch (this.by) {
      case "kind":
        return words.coded("ofKind_", key) ?? key;
      case "reason":
        return words.coded("refusal_", key) ?? key;
      case "channel":
        return words.coded("rep_channel_", key) ?? key;
      case "day":
        return words.locale.date(key, model.clock.nowMs()) || key;
      case "rule":
      case "product":
      case "operator":
    }
    return name || t("rep_gone", { key });
  }

  #save(): void {
    const head = [
      "key",
      "name",
      "shown",
      "accepted",
      "refused",
      "ignored",
      "open",
      "taken",
      "currency",
    ];
    const rows = (this.rows ?? []).map((row) => [
      ...[row.key, this.#name(row), row.shown, row.accepted, row.refused, row.ignored, row.open],
      ...[toMajor(row.takenMinor, row.currency), row.currency],
    ]);
    const text = [head, ...rows].map((cells) => cells.map(csvCell).join(",")).join("\n");
    saveFile(`offers-${this.by}-${this.period.from}-${this.period.to}.csv`, `${text}\n`);
  }

  async #load(): Promise<void> {
    const mine = ++this.#asked;
    const { words, model } = this.ctx;
    const stretch = stretchOf(this.period);
    if (!stretch) {
      this.problem = words.t("rep_badPeriod");
      return;
    }
    const { reports } = model.api;
    const { by } = this;
    const [rows, held] = await Promise.all([reports.offers(stretch, by), reports.held(stretch)]);
    // Another period or another view was chosen meanwhile.
    if (mine !== this.#asked) return;
    const refused = !rows.ok ? rows : held.ok ? null : held;
    this.problem = refused ? words.t("loadFailed", { message: refusalText(refused, words) }) : "";
    if (rows.ok) this.rows = rows.body.rows;
    if (held.ok) this.held = held.body;
  }
}

function totalOf(rows: readonly ReportRow[], currency: string): ReportRow {
  const sum = (of: (row: ReportRow) => number): number =>
    rows.reduce((all, row) => all + of(row), 0);
  return {
    ...{ key: "", name: "", currency },
    shown: sum(({ shown }) => shown),
    accepted: sum(({ accepted }) => accepted),
    refused: sum(({ refused }) => refused),
    ignored: sum(({ ignored }) => ignored),
    open: sum(({ open }) => open),
    takenMinor: sum(({ takenMinor }) => takenMinor),
  };
}

/** Of what was answered or let pass: what is still open says nothing yet. */
function share(
  part: number,
  { open, shown }: ReportRow,
  percent: (share: number, digits?: number) => string,
): string {
  return shown - open > 0 ? percent(part / (shown - open)) : "–";
}

/** A cell of a file; one that a spreadsheet would reckon is kept a text. */
function csvCell(value: string | number): string {
  if (typeof value === "number") return String(value);
  const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
