import { html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import type { RefusalReason, ShownOffer } from "../../server/offers/model.ts";
import type { OrderDetail } from "../../server/orders/actions/model.ts";
import type { DeskContext, Done } from "../shared/context.ts";
import { base } from "../shared/styles.ts";
import { type OfferView, offerRow } from "./offer.ts";
import { offersStyles } from "./offers.styles.ts";

/** Shown before "more": a person can say no more than this in one call. */
const AT_FIRST = 3;

/**
 * `<callcard-offers>`: what to say to this customer about this order, best first, with why, and what they answered.
 *
 * Properties: `ctx`, `callId`, `order` (null: about nothing yet), `customerId`, `claims` (how many are open: another number asks anew),
 * `currency` (when there is no order), `readonly`, `takes` (the order takes other lines), `applies` (it takes
 * discounts), `taking` (key of the offer that is being added).
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
    applies: { type: Boolean },
    taking: { attribute: false },
    offers: { state: true },
    silent: { state: true },
    bonusMinor: { state: true },
    problem: { state: true },
    refusing: { state: true },
    all: { state: true },
  };

  static override styles = [base, offersStyles];

  declare ctx: DeskContext;
  declare callId: string;
  declare order: OrderDetail | null;
  declare customerId: string;
  declare claims: number;
  declare currency: string;
  declare readonly: boolean;
  declare takes: boolean;
  declare applies: boolean;
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
    this.applies = false;
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
        ${shown.map((offer) => offerRow(offer, this.#view(offer)))}
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

  #view({ showingId, product }: ShownOffer): OfferView {
    return {
      ctx: this.ctx,
      readonly: this.readonly,
      into: product ? (this.takes ? "order" : "nowhere") : this.applies ? "order" : "byHand",
      hasOrder: this.order !== null,
      taking: this.taking,
      refusing: this.refusing === showingId,
      take: (offer) => this.#take(offer),
      say: (offer, answer, reason) => void this.#say(offer, answer, reason),
      why: () => (this.refusing = this.refusing === showingId ? "" : showingId),
    };
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
