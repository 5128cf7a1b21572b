import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import type { Quote, QuoteAnswer } from "../../../server/delivery/model.ts";
import { base } from "../../shared/styles.ts";
import type { ConsoleContext } from "../context.ts";
import { toMinor } from "../shared/money.ts";
import { alertOf } from "../shared/page-parts.ts";
import { pageStyles } from "../shared/page.styles.ts";
import { refusalText } from "../shared/problems.ts";
import { unreachedText } from "../shared/unreached.ts";

/** `<callcard-console-delivery-try>`: a parcel and an address, and what every carrier says of it, how fast. Properties: `ctx`. */
export class ConsoleDeliveryTry extends LitElement {
  static override properties = {
    ctx: { attribute: false },
    answer: { state: true },
    tookMs: { state: true },
    asking: { state: true },
    problem: { state: true },
  };
  static override styles = [
    base,
    pageStyles,
    css`
      :host {
        margin-inline: 0;
        max-width: 960px;
      }
      form,
      section {
        display: grid;
        gap: 12px;
        padding: 16px 18px;
      }
      .fields {
        display: grid;
        grid-template-columns: repeat(auto-fill, minmax(min(150px, 100%), 1fr));
        gap: 10px;
        align-items: end;
      }
      .cash {
        display: flex;
        gap: 8px;
        align-items: center;
        min-height: var(--tap);
        font-size: 14px;
      }
      .btn {
        justify-self: start;
      }
      h2 {
        font-size: 17px;
        color: var(--ink);
      }
      .scroll {
        overflow-x: auto;
      }
      table {
        width: 100%;
        border-collapse: collapse;
        font-size: 14px;
      }
      th {
        text-align: left;
        font-weight: 600;
        font-size: 13px;
        color: var(--ink-3);
      }
      th,
      td {
        padding: 6px 12px 6px 0;
        border-bottom: 1px solid var(--line);
      }
      .money {
        text-align: right;
        white-space: nowrap;
      }
      .silent {
        display: grid;
        gap: 4px;
        font-size: 14px;
      }
    `,
  ];

  declare ctx: ConsoleContext;
  /** Null before anything was asked. */
  declare answer: QuoteAnswer | null;
  declare tookMs: number;
  declare asking: boolean;
  declare problem: string;

  constructor() {
    super();
    this.answer = null;
    this.tookMs = 0;
    this.asking = false;
    this.problem = "";
  }

  override render(): TemplateResult {
    const { t, locale } = this.ctx.words;
    const currency = this.ctx.names.currency || "RUB";
    const text = (
      name: "country" | "postalCode" | "region" | "city",
      most: number,
      pattern?: string,
    ) =>
      html`<label class="field"
        >${t(`dl_${name}`)}<input
          name=${name}
          maxlength=${most}
          autocomplete="off"
          pattern=${pattern ?? nothing}
      /></label>`;
    const number = (name: string, label: string, value: string, isRequired = false) =>
      html`<label class="field"
        >${label}<input
          name=${name}
          type="number"
          min="0"
          step="any"
          ?required=${isRequired}
          value=${value}
      /></label>`;
    return html`<form
        class="panel"
        @submit=${(event: SubmitEvent) => {
          event.preventDefault();
          void this.#ask(new FormData(event.target as HTMLFormElement));
        }}
      >
        <h2>${t("dl_tryWhere")}</h2>
        <div class="fields">
          ${text("city", 300)} ${text("postalCode", 20)} ${text("region", 300)}
          ${text("country", 2, "[A-Za-z]{2}")}
        </div>
        <h2>${t("dl_tryWhat")}</h2>
        <div class="fields">
          ${number("kg", t("dl_tryKg"), "1", true)}
          ${(["length", "width", "height"] as const).map((side) => number(side, t(`dl_try_${side}`), ""))}
          ${number("value", t("dl_tryValue", { currency }), "0")}
          <label class="cash"
            ><input type="checkbox" name="cash" />${locale.t("deliveryCash")}</label
          >
        </div>
        <button class="btn primary" type="submit" aria-disabled=${this.asking}>
          ${t(this.asking ? "dl_asking" : "dl_ask")}
        </button>
      </form>
      ${alertOf(this.problem)} ${this.answer ? this.#answered(this.answer) : nothing}`;
  }

  #answered({ missing, quotes, silent }: QuoteAnswer): TemplateResult {
    const { words } = this.ctx;
    const { t, locale } = words;
    return html`<section class="panel" aria-label=${t("dl_answers")}>
      <h2 role="status">
        ${
          missing
            ? locale.t(`deliveryMissing_${missing}`)
            : t("dl_tookAll", { count: quotes.length, ms: words.number(this.tookMs, 0) })
        }
      </h2>
      ${
        quotes.length > 0
          ? html`<div class="scroll">
              <table>
                <thead>
                  <tr>
                    <th scope="col">${t("dl_carrier")}</th>
                    <th scope="col">${t("dl_service")}</th>
                    <th scope="col">${t("dl_mode")}</th>
                    <th scope="col">${t("dl_days")}</th>
                    <th scope="col" class="money">${t("dl_price")}</th>
                    <th scope="col">${t("dl_told")}</th>
                  </tr>
                </thead>
                <tbody>
                  ${quotes.map((quote) => this.#quote(quote))}
                </tbody>
              </table>
            </div>`
          : nothing
      }
      ${
        silent.length > 0
          ? html`<ul class="silent" aria-label=${t("dl_silent")}>
              ${silent.map(
                ({ provider, said, why }) =>
                  html`<li>
                    <b><bdi>${provider}</bdi></b
                    >:
                    ${t(`dl_why_${why}`)}${
                      said ? html` (<bdi>${unreachedText(said, words)}</bdi>)` : nothing
                    }
                  </li>`,
              )}
            </ul>`
          : nothing
      }
    </section>`;
  }

  #quote({ currency, days, mode, priceMinor, provider, service, told }: Quote): TemplateResult {
    const { t, locale } = this.ctx.words;
    return html`<tr>
      <td><bdi>${provider}</bdi></td>
      <td><bdi>${service}</bdi></td>
      <td>${locale.t(`mode_${mode}`)}</td>
      <td>
        ${days === null ? t("dl_daysUnknown") : days[0] === days[1] ? days[0] : `${days[0]}–${days[1]}`}
      </td>
      <td class="money">${locale.money(priceMinor, currency)}</td>
      <td>${locale.t(`told_${told}`)}</td>
    </tr>`;
  }

  async #ask(form: FormData): Promise<void> {
    if (this.asking) return;
    const { names, words, model } = this.ctx;
    const typed = (name: string): string => {
      const value = form.get(name);
      return typeof value === "string" ? value.trim() : "";
    };
    const currency = names.currency || "RUB";
    const sides = ["length", "width", "height"].map((side) => Math.round(Number(typed(side)) * 10));
    const [length = 0, width = 0, height = 0] = sides;
    const hasSize = sides.every((side) => side > 0);
    this.asking = true;
    const sinceMs = performance.now();
    const answer = await model.api.delivery.quotes({
      to: {
        ...{ country: typed("country").toUpperCase(), postalCode: typed("postalCode") },
        ...{ region: typed("region"), city: typed("city"), address: "" },
      },
      parcels: [
        {
          grams: Math.max(1, Math.round(Number(typed("kg")) * 1000)),
          ...(hasSize ? { sizeMm: [length, width, height] as const } : {}),
        },
      ],
      declaredMinor: toMinor(Number(typed("value")), currency),
      cashOnDelivery: form.get("cash") !== null,
      currency,
    });
    this.asking = false;
    this.tookMs = Math.round(performance.now() - sinceMs);
    if (answer.ok) this.answer = answer.body;
    this.problem = answer.ok ? "" : words.t("failed", { message: refusalText(answer, words) });
  }
}
