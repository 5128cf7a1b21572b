import { css, html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import { REFUSAL_REASONS, type RefusalReason, type ShownOffer } from "../../server/offers/model.ts";
import type { OrderDetail } from "../../server/orders/actions/model.ts";
import type { DeskContext, Done } from "../shared/context.ts";
import { icon } from "../shared/icons.ts";
import { base } from "../shared/styles.ts";
import { reasonWords } from "./reasons.ts";

/** Shown before "more": a person can say no more than this in one call. */
const AT_FIRST = 3;

/**
 * `<callcard-offers>`: what to say to this customer about this order, best first, with why, and what they answered.
 *
 * Properties: `ctx`, `callId`, `order` (null: about nothing yet), `customerId`, `claims` (how many are open: another number asks anew),
 * `currency` (when there is no order), `readonly`, `takes` (the order takes other lines), `taking` (key of the offer that is being added).
 * Methods: `taken(showingId)` tells that the offer is in the order now.
 * Events: `take` (detail: the offer to put into the order).
 */
export class CallcardOffers extends LitElement {
  static override properties = {
    ctx: { attribute: false },
    callId: { attribute: false },
    order: { attribute: false },
    customerId: { attribute: false },
    claims: { attribute: false },
    currency: { attribute: false },
    readonly: { type: Boolean },
    takes: { type: Boolean },
    taking: { attribute: false },
    offers: { state: true },
    silent: { state: true },
    bonusMinor: { state: true },
    problem: { state: true },
    refusing: { state: true },
    all: { state: true },
  };

  static override styles = [
    base,
    css`
      :host {
        display: block;
        min-width: 0;
      }
      /* Room for the first offers, so that nothing below moves when they come. */
      section {
        display: grid;
        align-content: start;
        gap: 8px;
        min-height: 340px;
      }
      .head {
        display: flex;
        flex-wrap: wrap;
        justify-content: space-between;
        gap: 2px 12px;
      }
      li {
        display: grid;
        gap: 4px;
        padding: 10px 0 12px;
        border-top: 1px solid var(--line);
      }
      li:first-child {
        border-top: 0;
      }
      .what {
        display: grid;
        grid-template-columns: minmax(0, 1fr) auto;
        gap: 2px 12px;
        align-items: baseline;
      }
      .name {
        font-weight: 600;
      }
      .price {
        font-weight: 600;
        text-align: right;
        white-space: nowrap;
      }
      .price s,
      .meta {
        font-weight: 400;
        font-size: 13px;
        color: var(--ink-3);
      }
      .kind {
        font-size: 12px;
        font-weight: 600;
        color: var(--cool);
      }
      .kind.needed {
        color: var(--warn);
      }
      .because {
        font-size: 14px;
        color: var(--ink-2);
      }
      .saying {
        font-size: 14px;
        padding-left: 10px;
        border-left: 3px solid var(--cool);
      }
      .answers {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        gap: 6px;
        padding-top: 4px;
      }
      .answers .btn {
        min-height: 30px;
        padding: 3px 10px;
        font-size: 13px;
      }
      .take {
        background: var(--accent-soft);
        border-color: transparent;
        color: var(--accent-ink);
      }
      .answers .icon {
        width: 30px;
        padding: 0;
      }
      .said {
        display: flex;
        gap: 6px;
        align-items: center;
        font-size: 13px;
        color: var(--ink-3);
      }
      .said.accepted {
        color: var(--accent-ink);
      }
      .skeleton {
        display: grid;
        gap: 14px;
        padding-top: 10px;
      }
      .skeleton i {
        height: 16px;
        border-radius: 6px;
        background: var(--sunken);
      }
      .skeleton i:nth-child(3n) {
        width: 55%;
      }
      .nothing {
        color: var(--ink-3);
      }
      .problem {
        color: var(--bad);
        font-size: 13px;
      }
      @container card (max-width: 659px) {
        section {
          min-height: 180px;
        }
      }
    `,
  ];

  declare ctx: DeskContext;
  declare callId: string;
  declare order: OrderDetail | null;
  declare customerId: string;
  declare claims: number;
  declare currency: string;
  declare readonly: boolean;
  declare takes: boolean;
  declare taking: string;
  declare offers: readonly ShownOffer[] | null;
  declare silent: boolean;
  declare bonusMinor: number | null;
  declare problem: Done;
  /** The offer whose reasons to refuse are open. */
  declare refusing: string;
  declare all: boolean;
  #question = "";
  #asked = 0;

  constructor() {
    super();
    this.order = null;
    this.customerId = "";
    this.claims = 0;
    this.currency = "";
    this.readonly = false;
    this.takes = false;
    this.taking = "";
    this.offers = null;
    this.silent = false;
    this.bonusMinor = null;
    this.problem = null;
    this.refusing = "";
    this.all = false;
  }

  override updated(_changed: PropertyValues<this>): void {
    if (this.readonly) return;
    const question = JSON.stringify([
      this.callId,
      this.customerId,
      this.claims,
      this.order?.id,
      this.#lines,
    ]);
    if (question === this.#question) return;
    this.#question = question;
    void this.#ask();
  }

  override render(): TemplateResult {
    const { t } = this.ctx.locale;
    return html`<section aria-labelledby="offers">
      <div class="head">
        <h2 id="offers">${t("offersTitle")}</h2>
        ${
          this.bonusMinor
            ? html`<span class="small muted"
                >${t("offerBonus", { sum: this.ctx.locale.money(this.bonusMinor, this.#money) })}</span
              >`
            : nothing
        }
      </div>
      ${this.#body()}
    </section>`;
  }

  #body(): TemplateResult {
    const { t } = this.ctx.locale;
    if (this.problem && !this.offers)
      return html`<p class="nothing" role="status">${t("offersFailed")}</p>
        <button class="btn" type="button" @click=${() => void this.#ask()}>
          ${t("askAgain")}
        </button>`;
    if (this.silent) return html`<p class="notice calm">${t("offersSilent")}</p>`;
    if (this.offers === null)
      return html`<div class="skeleton" aria-hidden="true">
        <i></i><i></i><i></i><i></i><i></i><i></i>
      </div>`;
    if (this.offers.length === 0) return html`<p class="nothing">${t("offersNone")}</p>`;
    const shown = this.all ? this.offers : this.offers.slice(0, AT_FIRST);
    return html`<ul>
        ${shown.map((offer) => this.#row(offer))}
      </ul>
      ${
        shown.length < this.offers.length
          ? html`<button class="btn quiet" type="button" @click=${() => (this.all = true)}>
              ${t("offersMore")}
            </button>`
          : nothing
      }
      ${
        this.problem
          ? html`<p class="problem" role="alert">${t(`error_${this.problem}`)}</p>`
          : nothing
      }`;
  }

  #row(offer: ShownOffer): TemplateResult {
    const { locale, clock } = this.ctx;
    const { t } = locale;
    const { product, quantity, reasons, saying, kind } = offer;
    const [first] = reasons;
    return html`<li>
      <span class="kind ${kind}">${t(`offer_${kind}`)}</span>
      <div class="what">
        <span class="name"
          ><bdi>${product?.name ?? saying ?? ""}</bdi
          >${quantity > 1 ? ` × ${quantity}` : nothing}</span
        >
        ${this.#price(offer)}
      </div>
      ${
        first
          ? html`<p class="because"><bdi>${reasonWords(first, locale, clock.nowMs())}</bdi></p>`
          : nothing
      }
      ${product && saying ? html`<p class="saying"><bdi>${saying}</bdi></p>` : nothing}
      ${
        product
          ? html`<p class="meta">
              ${product.sku ? html`<bdi>${product.sku}</bdi>` : nothing}${
                product.stock === null
                  ? nothing
                  : html`${product.sku ? ", " : nothing}${t("orderStock", { count: product.stock })}`
              }
            </p>`
          : nothing
      }
      ${this.readonly ? nothing : this.#answers(offer)}
    </li>`;
  }

  #price({ product, quantity, priceMinor, amountMinor, currency }: ShownOffer): TemplateResult {
    const { locale } = this.ctx;
    if (!product) return html`<span class="price">${locale.money(amountMinor, currency)}</span>`;
    const cheaper = priceMinor < product.priceMinor;
    return html`<span class="price"
      >${
        cheaper
          ? html`<s
              ><span class="sr"
                >${locale.t("offerWas", { sum: locale.money(product.priceMinor * quantity, currency) })}</span
              ><span aria-hidden="true"
                >${locale.money(product.priceMinor * quantity, currency)}</span
              ></s
            > `
          : nothing
      }${locale.money(Math.round(priceMinor * quantity), currency)}</span
    >`;
  }

  #answers(offer: ShownOffer): TemplateResult | typeof nothing {
    const { t } = this.ctx.locale;
    const { answer, answerReason, showingId, product } = offer;
    if (answer === "accepted")
      return html`<p class="said accepted" role="status">
        ${icon("check")}${t(product ? "offerTaken" : "offerAgreed")}
      </p>`;
    if (answer === "refused") {
      const reason = isReason(answerReason) ? t(`no_${answerReason}`) : "";
      return html`<p class="said" role="status">${t("offerRefused", { reason })}</p>`;
    }
    const name = product?.name ?? offer.saying;
    const open = this.refusing === showingId;
    const canTake = product === null || this.takes;
    return html`<div class="answers">
      ${
        canTake
          ? html`<button
              class="btn take"
              type="button"
              aria-label=${`${t(product ? "offerTake" : "offerAgree")}: ${name}`}
              aria-disabled=${this.taking !== ""}
              @click=${() => (product ? this.#take(offer) : void this.#say(offer, "accepted", ""))}
            >
              ${this.taking === showingId ? t("orderSending") : t(product ? "offerTake" : "offerAgree")}
            </button>`
          : nothing
      }
      <button
        class="btn"
        type="button"
        aria-label=${`${t("no_notNeeded")}: ${name}`}
        @click=${() => void this.#say(offer, "refused", "notNeeded")}
      >
        ${t("no_notNeeded")}
      </button>
      <button
        class="btn quiet icon"
        type="button"
        aria-expanded=${open ? "true" : "false"}
        aria-label=${t("offerWhyNot", { name })}
        title=${t("offerWhyNot", { name })}
        @click=${() => (this.refusing = open ? "" : showingId)}
      >
        ${icon("more")}
      </button>
      ${
        open
          ? REFUSAL_REASONS.filter((reason) => reason !== "notNeeded").map(
              (reason) =>
                html`<button
                  class="btn"
                  type="button"
                  @click=${() => void this.#say(offer, "refused", reason)}
                >
                  ${t(`no_${reason}`)}
                </button>`,
            )
          : nothing
      }
    </div>`;
  }

  #take(offer: ShownOffer): void {
    if (this.taking === "") this.dispatchEvent(new CustomEvent("take", { detail: offer }));
  }

  /** The shop took it into the order. */
  taken(showingId: string): void {
    this.offers = (this.offers ?? []).map((one) =>
      one.showingId === showingId ? { ...one, answer: "accepted" } : one,
    );
  }

  async #ask(): Promise<void> {
    const asked = ++this.#asked;
    const { callId, order } = this;
    const reply = await this.ctx.act.ask("offers", {
      ...{ callId, orderId: order?.id ?? null, lines: this.#lines, currency: this.#money },
    });
    // A later question makes this answer worthless.
    if (asked !== this.#asked) return;
    this.problem = reply.ok ? null : reply.code;
    if (!reply.ok) return;
    this.silent = reply.silentBecause !== null;
    this.bonusMinor = reply.bonusMinor;
    // What was answered a moment ago keeps its place, so that nothing jumps under the pointer.
    const answered = (this.offers ?? []).filter(
      ({ answer, showingId }) =>
        answer !== "" && !reply.offers.some((other) => other.showingId === showingId),
    );
    this.offers = [...reply.offers, ...answered];
  }

  async #say(
    offer: ShownOffer,
    answer: "accepted" | "refused",
    reason: RefusalReason | "",
  ): Promise<void> {
    const { showingId } = offer;
    this.refusing = "";
    const said = (now: Pick<ShownOffer, "answer" | "answerReason">): void => {
      this.offers = (this.offers ?? []).map((one) =>
        one.showingId === showingId ? { ...one, ...now } : one,
      );
    };
    // At once: the operator goes on talking. Taken back when the server did not write it down.
    said({ answer, answerReason: reason });
    const reply = await this.ctx.act.ask("answerOffer", { showingId, answer, reason });
    this.problem = reply.ok ? null : reply.code;
    if (!reply.ok) said({ answer: "", answerReason: "" });
  }

  get #lines(): { productId: string; quantity: number; priceMinor: number }[] {
    return (this.order?.lines ?? []).flatMap(({ productId, quantity, priceMinor }) =>
      productId === null ? [] : [{ productId, quantity, priceMinor }],
    );
  }

  get #money(): string {
    return this.order?.currency ?? this.currency;
  }
}

function isReason(code: string): code is RefusalReason {
  return (REFUSAL_REASONS as readonly string[]).includes(code);
}
