import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import type { PickUpPoint, Place, Quote, QuoteAnswer } from "../../server/delivery/model.ts";
import type { OrderActionRequest, OrderDetail } from "../../server/orders/actions/model.ts";
import type { DeskContext, Done } from "../shared/context.ts";
import { icon } from "../shared/icons.ts";
import { base } from "../shared/styles.ts";

/**
 * `<callcard-delivery>`: where an order goes and by whom, with prices an operator can say aloud. Asks the carriers as soon as it opens,
 * and again when the address or the way of paying changes.
 *
 * Properties: `ctx`, `order`, `country` (ISO 3166 of the caller, for an order that does not say), `busy` (the shop is being asked).
 * Events: `choose` (detail: the request to the shop), `close`.
 */
export class CallcardDelivery extends LitElement {
  static override properties = {
    ctx: { attribute: false },
    order: { attribute: false },
    country: { attribute: false },
    busy: { type: Boolean },
    place: { state: true },
    cash: { state: true },
    answer: { state: true },
    problem: { state: true },
    chosen: { state: true },
    points: { state: true },
    pointId: { state: true },
  };

  static override styles = [
    base,
    css`
      :host {
        display: grid;
        gap: 12px;
        padding: 14px;
        border: 1px solid var(--line);
        border-radius: var(--radius-s);
        background: var(--sunken);
      }
      h3 {
        margin: 0;
        font-size: 15px;
        font-weight: 600;
      }
      .where {
        display: grid;
        grid-template-columns: minmax(0, 1fr) 110px;
        gap: 8px 12px;
      }
      .where .wide {
        grid-column: 1 / -1;
      }
      .cash {
        display: flex;
        align-items: center;
        gap: 8px;
        font-size: 14px;
        min-height: 24px;
      }
      .ways {
        display: grid;
        gap: 6px;
        min-height: 120px;
        align-content: start;
      }
      .way {
        display: grid;
        grid-template-columns: auto minmax(0, 1fr) auto;
        gap: 0 10px;
        align-items: center;
        padding: 8px 12px;
        border: 1px solid var(--line);
        border-radius: var(--radius-s);
        background: var(--raised);
        cursor: pointer;
      }
      .way:hover {
        border-color: var(--line-strong);
      }
      .way.chosen {
        border-color: var(--accent);
        background: var(--accent-soft);
      }
      .way input {
        grid-row: 1 / span 2;
        margin: 0;
      }
      .way .price {
        font-weight: 650;
        text-align: right;
        white-space: nowrap;
      }
      .way .about {
        font-size: 13px;
        color: var(--ink-2);
      }
      .way .told {
        font-size: 12px;
        color: var(--ink-3);
        text-align: right;
        white-space: nowrap;
      }
      .way .told.estimate {
        color: var(--warn);
      }
      .foot {
        display: flex;
        flex-wrap: wrap;
        gap: 8px;
      }
      .problem {
        color: var(--bad);
      }
    `,
  ];

  declare ctx: DeskContext;
  declare order: OrderDetail;
  declare country: string;
  declare busy: boolean;
  declare place: Place | null;
  declare cash: boolean;
  declare answer: QuoteAnswer | null;
  declare problem: Done;
  declare chosen: string;
  declare points: readonly PickUpPoint[] | null;
  declare pointId: string;
  #asked = 0;

  constructor() {
    super();
    this.country = "";
    this.busy = false;
    this.place = null;
    this.cash = false;
    this.answer = null;
    this.problem = null;
    this.chosen = "";
    this.points = null;
    this.pointId = "";
  }

  override firstUpdated(): void {
    void this.#ask();
    this.renderRoot.querySelector<HTMLElement>("input")?.focus();
  }

  override render(): TemplateResult {
    const { t } = this.ctx.locale;
    const { city, postalCode, address } = this.#to;
    const quote = this.#quote;
    const lacksPoint = quote?.pointRequired === true && this.pointId === "";
    return html`<h3>${t("deliveryTitle")}</h3>
      <div class="where" @change=${() => void this.#ask()}>
        ${this.#field("city", t("deliveryCity"), city)}
        ${this.#field("postalCode", t("deliveryPostal"), postalCode)}
        ${this.#field("address", t("deliveryAddress"), address, "wide")}
        <label class="cash wide"
          ><input
            type="checkbox"
            .checked=${this.cash}
            @change=${(event: Event) => (this.cash = (event.target as HTMLInputElement).checked)}
          />${t("deliveryCash")}</label
        >
      </div>
      <div class="ways" role="radiogroup" aria-label=${t("orderDelivery")}>${this.#ways()}</div>
      ${quote?.pointRequired ? this.#pointList() : nothing}
      ${
        quote?.told === "estimate"
          ? html`<p class="small muted">${t("deliveryEstimate")}</p>`
          : nothing
      }
      <div class="foot">
        <button
          class="btn primary"
          type="button"
          ?disabled=${quote === null || lacksPoint}
          aria-disabled=${this.busy}
          @click=${() => this.#choose(quote)}
        >
          ${this.busy ? t("orderSending") : t("deliverySave")}
        </button>
        <button
          class="btn"
          type="button"
          aria-disabled=${this.busy}
          @click=${() => this.#choose(null)}
        >
          ${t("deliveryAddressOnly")}
        </button>
        <button
          class="btn quiet"
          type="button"
          @click=${() => this.dispatchEvent(new Event("close"))}
        >
          ${t("cancel")}
        </button>
      </div>`;
  }

  #field(
    name: "city" | "postalCode" | "address",
    words: string,
    value: string,
    look = "",
  ): TemplateResult {
    return html`<label class="field ${look}"
      >${words}
      <input
        .value=${value}
        maxlength=${name === "postalCode" ? 20 : 200}
        autocomplete="off"
        @input=${(event: InputEvent) => {
          const text = (event.target as HTMLInputElement).value;
          this.place = { ...this.#to, [name]: text };
        }}
    /></label>`;
  }

  #ways(): TemplateResult {
    const { locale } = this.ctx;
    const { t } = locale;
    if (this.problem)
      return html`<p class="problem" role="alert">${t(`error_${this.problem}`)}</p>`;
    const { answer } = this;
    if (!answer) return html`<p class="muted" role="status">${t("deliveryAsking")}</p>`;
    if (answer.missing) return html`<p role="status">${t(`deliveryMissing_${answer.missing}`)}</p>`;
    const silent = answer.silent.filter(({ why }) => why !== "notServed" && why !== "resting");
    return html`${
      answer.quotes.length === 0 ? html`<p role="status">${t("deliveryNone")}</p>` : nothing
    }
    ${answer.quotes.map((quote) => this.#way(quote))}
    ${
      silent.length > 0
        ? html`<p class="small muted">
            ${t("deliverySilent", { names: silent.map(({ provider }) => locale.word("carrier_", provider)).join(", ") })}
          </p>`
        : nothing
    }`;
  }

  #way(quote: Quote): TemplateResult {
    const { locale } = this.ctx;
    const { t } = locale;
    const about = [
      locale.word("carrier_", quote.provider),
      quote.service,
      daysWords(quote.days, this.ctx),
    ];
    return html`<label class="way ${quote.id === this.chosen ? "chosen" : ""}">
      <input
        type="radio"
        name="way"
        .checked=${quote.id === this.chosen}
        @change=${(event: Event) => {
          event.stopPropagation();
          this.#pick(quote);
        }}
      />
      <span>${t(`mode_${quote.mode}`)}</span>
      <span class="price">${locale.money(quote.priceMinor, quote.currency)}</span>
      <bdi class="about">${about.filter(Boolean).join(", ")}</bdi>
      <span class="told ${quote.told}">${t(`told_${quote.told}`)}</span>
    </label>`;
  }

  #pointList(): TemplateResult {
    const { t } = this.ctx.locale;
    if (this.points === null)
      return html`<p class="muted" role="status">${t("deliveryAsking")}</p>`;
    if (this.points.length === 0)
      return html`<p class="notice">${icon("warning")}<span>${t("deliveryNoPoints")}</span></p>`;
    const fitting = this.cash ? this.points.filter(({ cashAllowed }) => cashAllowed) : this.points;
    return html`<label class="field"
      >${t("deliveryPoint")}
      <select
        @change=${(event: Event) => (this.pointId = (event.target as HTMLSelectElement).value)}
      >
        <option value="" ?selected=${this.pointId === ""}>${t("deliveryPointChoose")}</option>
        ${fitting.map(
          ({ id, address, hours }) =>
            html`<option value=${id} ?selected=${id === this.pointId}>
              ${[address, hours].filter(Boolean).join(", ")}
            </option>`,
        )}
      </select></label
    >`;
  }

  #pick(quote: Quote): void {
    this.chosen = quote.id;
    this.pointId = "";
    this.points = null;
    if (!quote.pointRequired) return;
    const asked = this.#asked;
    const to = this.#to;
    void this.ctx.act.ask("points", { provider: quote.provider, to }).then((reply) => {
      if (asked !== this.#asked || this.chosen !== quote.id) return undefined;
      this.points = reply.ok ? reply.points : [];
      return undefined;
    });
  }

  async #ask(): Promise<void> {
    const asked = ++this.#asked;
    this.answer = null;
    this.problem = null;
    this.chosen = "";
    const { order } = this;
    const lines = order.lines.flatMap(({ productId, quantity }) =>
      productId === null ? [] : [{ productId, quantity }],
    );
    const goodsMinor = order.lines.reduce(
      (sum, { priceMinor, quantity }) => sum + Math.round(priceMinor * quantity),
      0,
    );
    const reply = await this.ctx.act.ask("quote", {
      ...{ to: this.#to, lines, declaredMinor: goodsMinor },
      ...{ currency: order.currency, cashOnDelivery: this.cash },
    });
    // A later question makes this answer worthless.
    if (asked !== this.#asked) return;
    if (reply.ok) this.answer = reply.answer;
    else this.problem = reply.code;
  }

  #choose(quote: Quote | null): void {
    if (this.busy) return;
    const { country, postalCode, region, city, address } = this.#to;
    const point = this.points?.find(({ id }) => id === this.pointId);
    const method =
      quote === null
        ? (this.order.delivery.method ?? "")
        : [this.ctx.locale.word("carrier_", quote.provider), quote.service]
            .filter(Boolean)
            .join(", ");
    const request: OrderActionRequest = {
      kind: "changeDelivery",
      delivery: {
        ...this.order.delivery,
        ...{ method, country, postalCode, region, city, address: point?.address ?? address },
      },
      chosen: quote && {
        quoteId: quote.id,
        provider: quote.provider,
        service: quote.service,
        priceMinor: quote.priceMinor,
        pointId: quote.pointRequired ? this.pointId : "",
      },
    };
    this.dispatchEvent(new CustomEvent("choose", { detail: request }));
  }

  get #quote(): Quote | null {
    return this.answer?.quotes.find(({ id }) => id === this.chosen) ?? null;
  }

  get #to(): Place {
    const {
      country = "",
      postalCode = "",
      region = "",
      city = "",
      address = "",
    } = this.order.delivery;
    return this.place ?? { country: country || this.country, postalCode, region, city, address };
  }
}

function daysWords(days: Quote["days"], { locale }: DeskContext): string {
  if (!days) return "";
  const [from, to] = days;
  return from === to
    ? locale.count("deliveryDays", to)
    : locale.count("deliveryDaysRange", to, { from });
}
