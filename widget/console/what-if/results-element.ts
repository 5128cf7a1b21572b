import { css, html, LitElement, type TemplateResult } from "lit";
import type { SimulationResult, TierResult } from "../../../server/priority/simulation/model.ts";
import { icon } from "../../shared/icons.ts";
import { base } from "../../shared/styles.ts";
import type { ConsoleContext } from "../context.ts";
import type { ChartData } from "./chart-element.ts";

/** `<callcard-console-results>`: what a simulation found, as sentences, a table and charts. Properties: `ctx`, `result`. */
export class ConsoleResults extends LitElement {
  static override properties = { ctx: { attribute: false }, result: { attribute: false } };
  static override styles = [
    base,
    css`
      :host {
        display: grid;
        gap: 16px;
        min-width: 0;
      }
      section {
        padding: 20px 24px;
        min-width: 0;
        display: grid;
        gap: 12px;
      }
      h2 {
        font-size: 18px;
        color: var(--ink);
      }
      .muted {
        font-size: 14px;
      }
      .said {
        display: grid;
        gap: 4px;
      }
      .remarks {
        display: grid;
        gap: 8px;
        font-size: 14px;
        color: var(--ink-2);
      }
      .remarks li {
        display: flex;
        gap: 10px;
      }
      .remarks svg.i {
        color: var(--warn);
        margin-top: 1px;
      }
      .scroll {
        overflow-x: auto;
      }
      table {
        border-collapse: collapse;
        width: 100%;
        font-size: 14px;
      }
      th,
      td {
        text-align: right;
        padding: 7px 10px;
        border-bottom: 1px solid var(--line);
        white-space: nowrap;
      }
      th {
        font-weight: 600;
        color: var(--ink-3);
        font-size: 13px;
      }
      th[scope="rowgroup"],
      th[scope="row"],
      th:nth-child(-n + 2):not(.n) {
        text-align: left;
      }
      tbody th {
        color: var(--ink);
      }
      tbody th[scope="row"] {
        font-weight: 400;
        white-space: normal;
        min-width: 90px;
      }
      .charts {
        display: grid;
        grid-template-columns: repeat(auto-fit, minmax(min(380px, 100%), 1fr));
        gap: 16px;
      }
    `,
  ];

  declare ctx: ConsoleContext;
  declare result: SimulationResult;
  #charts: { of: SimulationResult; lines: ChartData; bars: ChartData } | null = null;

  override render(): TemplateResult {
    const { words } = this.ctx;
    const { t, percent, number } = words;
    const { result } = this;
    const { lines, bars } = this.#data();
    return html`<section class="panel" aria-labelledby="title">
        <div>
          <h2 id="title">
            ${t("resultTitle", {
              calls: number(result.calls),
              load: number(result.load * 100, 1),
            })}
          </h2>
          <p class="muted">${t("resultHow", { name: result.policies[0]?.name ?? "" })}</p>
        </div>
        <ul class="said">
          ${this.#differences().map((text) => html`<li>${text}</li>`)}
        </ul>
        ${this.#table()}
        <ul class="remarks">
          ${result.remarks.map((remark) => {
            const values = {
              ...remark,
              ...("share" in remark ? { share: percent(remark.share) } : {}),
            };
            return html`<li>
              ${icon("warning")}<span
                >${words.coded("remark_", remark.code, values) ?? remark.code}</span
              >
            </li>`;
          })}
        </ul>
      </section>
      <div class="charts">
        <section class="panel">
          <h2>${t("chartDistribution")}</h2>
          <callcard-console-chart
            .data=${lines}
            .label=${`${t("chartDistribution")}. ${t("chartTable")}`}
          ></callcard-console-chart>
        </section>
        <section class="panel">
          <h2>${t("chartTiers")}</h2>
          <callcard-console-chart
            .data=${bars}
            .label=${`${t("chartTiers")}. ${t("chartTable")}`}
          ></callcard-console-chart>
        </section>
      </div>`;
  }

  #tierName(tier: string): string {
    const { t, tier: name } = this.ctx.words;
    return tier === "*" ? t("everybody") : name(tier);
  }

  #tiers(): readonly string[] {
    return [...new Set(this.result.policies.flatMap(({ tiers }) => tiers.map(({ tier }) => tier)))];
  }

  #of(tier: string): readonly { readonly name: string; readonly one: TierResult }[] {
    return this.result.policies.flatMap(({ name, tiers }) => {
      const one = tiers.find((other) => other.tier === tier);
      return one ? [{ name, one }] : [];
    });
  }

  #table(): TemplateResult {
    const { t, even } = this.ctx.words;
    const seconds = (value: number): string => t("secondsShort", { seconds: even(value, 1) });
    const percent = (share: number, digits = 1): string => `${even(share * 100, digits)} %`;
    return html`<div class="scroll" tabindex="0" role="region" aria-label=${t("tableCaption")}>
      <table>
        <caption class="sr">
          ${t("tableCaption")}
        </caption>
        <thead>
          <tr>
            <th scope="col">${t("col_tier")}</th>
            <th scope="col">${t("col_policy")}</th>
            ${(["mean", "p90", "p95", "within", "lost", "longest"] as const).map(
              (column) => html`<th scope="col" class="n">${t(`col_${column}`)}</th>`,
            )}
          </tr>
        </thead>
        ${this.#tiers().map((tier) => {
          const rows = this.#of(tier);
          return html`<tbody>
            ${rows.map(
              ({ name, one }, at) =>
                html`<tr>
                  ${
                    at === 0
                      ? html`<th scope="rowgroup" rowspan=${rows.length}>
                          ${this.#tierName(tier)}
                        </th>`
                      : ""
                  }
                  <th scope="row">${name}</th>
                  <td>${seconds(one.meanWaitSeconds)}</td>
                  <td>${seconds(one.p90WaitSeconds)}</td>
                  <td>${seconds(one.p95WaitSeconds)}</td>
                  <td>${percent(one.answeredWithin20s)}</td>
                  <td>
                    ${t("lostValue", {
                      lost: percent(one.lost, 2),
                      plusMinus: percent(one.lostPlusMinus, 2),
                    })}
                  </td>
                  <td>${seconds(one.longestWaitSeconds)}</td>
                </tr>`,
            )}
          </tbody>`;
        })}
      </table>
    </div>`;
  }

  /** The last policy beside the first, tier by tier, in words. */
  #differences(): readonly string[] {
    const { t, even } = this.ctx.words;
    const percent = (share: number): string => `${even(share * 100, 2)} %`;
    return this.#tiers().flatMap((tier) => {
      const rows = this.#of(tier);
      const before = rows[0]?.one;
      const after = rows.at(-1)?.one;
      if (!before || !after || before === after) return [];
      const within = Math.max(before.lostPlusMinus, after.lostPlusMinus);
      const change = after.lost - before.lost;
      const key =
        Math.abs(change) <= within
          ? "diff_lostSame"
          : change < 0
            ? "diff_lostHalf"
            : "diff_lostMore";
      const seconds = (value: number): string => t("secondsShort", { seconds: even(value, 1) });
      return `${t(key, {
        tier: this.#tierName(tier),
        before: percent(before.lost),
        after: percent(after.lost),
      })} ${t("diff_p95", {
        before: seconds(before.p95WaitSeconds),
        after: seconds(after.p95WaitSeconds),
      })}`;
    });
  }

  /** The same objects while the result is the same: a chart is drawn once. */
  #data(): { lines: ChartData; bars: ChartData } {
    if (this.#charts?.of === this.result) return this.#charts;
    const { t } = this.ctx.words;
    const { policies } = this.result;
    const tiers = this.#tiers();
    this.#charts = {
      of: this.result,
      lines: {
        x: policies[0]?.distribution.seconds ?? [],
        percent: true,
        series: policies.flatMap(({ name, distribution }, colour) => [
          { name: `${name}, ${t("chartFavoured")}`, values: distribution.favoured, colour },
          {
            name: `${name}, ${t("chartOthers")}`,
            values: distribution.others,
            colour,
            dashed: true,
          },
        ]),
      },
      bars: {
        x: tiers.map((_, at) => at),
        names: tiers.map((tier) => this.#tierName(tier)),
        percent: false,
        series: policies.map((policy, colour) => ({
          name: policy.name,
          colour,
          values: tiers.map(
            (tier) => policy.tiers.find((one) => one.tier === tier)?.p95WaitSeconds ?? null,
          ),
        })),
      },
    };
    return this.#charts;
  }
}
