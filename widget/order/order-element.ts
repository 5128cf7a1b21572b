import { html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import {
  type AgreedOffer,
  type CancelReason,
  type FoundProduct,
  type OrderActionRequest,
  type OrderDetail,
  WHOLE_OFFERS,
} from "../../server/orders/actions/model.ts";
import type { ShownOffer } from "../../server/offers/model.ts";
import type { DeskContext, Done } from "../shared/context.ts";
import { icon } from "../shared/icons.ts";
import { newId } from "../shared/ids.ts";
import { base } from "../shared/styles.ts";
import { choiceStyles } from "../wrap-up/choice.styles.ts";
import { answers } from "./answers.ts";
import { cancelForm } from "./cancel.ts";
import { going } from "./going.ts";
import { orderLine } from "./line.ts";
import {
  type EditedLine,
  isChanged,
  linesOf,
  sumOf,
  totalAfter,
  wantedOf,
  withProduct,
  withQuantity,
} from "./lines.ts";
import { orderStyles } from "./order.styles.ts";
import { stageStyles } from "./stage.styles.ts";
import { paymentWords } from "./payment.ts";
import { STAGE_LOOK, stageWords } from "./stage.ts";

/** What is open below the lines. */
type Open = "" | "add" | "delivery" | "cancel";

/**
 * `<callcard-order>`: the order that is talked about, and what can be asked of the shop for it.
 *
 * Properties: `ctx`, `callId`, `order`, `whole` (its details are here), `readonly` (only to be read), `country` (where the caller is),
 * `first` (their first order).
 * Methods: `take(offer)` puts an offer into the order; `start()` puts the cursor to the first deed.
 * Events: `changed` (detail: the order as the shop has it now).
 */
export class CallcardOrder extends LitElement {
  static override properties = {
    ctx: { attribute: false },
    callId: { attribute: false },
    order: { attribute: false },
    whole: { type: Boolean },
    readonly: { type: Boolean },
    first: { type: Boolean },
    country: { attribute: false },
    edited: { state: true },
    open: { state: true },
    busy: { state: true },
    problem: { state: true },
    reason: { state: true },
  };

  static override styles = [base, choiceStyles, stageStyles, orderStyles];

  declare ctx: DeskContext;
  declare callId: string;
  declare order: OrderDetail;
  declare whole: boolean;
  declare readonly: boolean;
  declare first: boolean;
  declare country: string;
  /** Lines as they are to be; null while they are left as they were. */
  declare edited: readonly EditedLine[] | null;
  declare open: Open;
  declare busy: boolean;
  declare problem: Done | "noProduct";
  declare reason: CancelReason | "";
  /** The request whose reply never came: asked again with the same id it is done once. */
  #unsure: { readonly id: string; readonly request: OrderActionRequest } | null = null;
  /** Ids of what this screen asked: their success is told too. */
  readonly #own = new Set<string>();

  constructor() {
    super();
    this.whole = false;
    this.readonly = false;
    this.first = false;
    this.country = "";
    this.edited = null;
    this.open = "";
    this.busy = false;
    this.problem = null;
    this.reason = "";
  }

  override willUpdate(changed: PropertyValues<this>): void {
    const before = changed.get("order");
    if (before === undefined || before.id === this.order.id) return;
    this.edited = null;
    this.open = "";
    this.problem = null;
    this.#unsure = null;
  }

  override render(): TemplateResult {
    const { order, ctx } = this;
    const { locale, clock } = ctx;
    const { t } = locale;
    const lines = this.edited ?? linesOf(order);
    const total = this.edited ? totalAfter(order, this.edited) : order.totalMinor;
    const promised = order.promisedAt
      ? t("orderPromised", { date: locale.date(order.promisedAt, clock.nowMs()) })
      : "";
    return html`<section aria-labelledby="title" aria-busy=${this.busy}>
      <div class="head">
        <h2 id="title">
          <bdi
            >${t(this.first ? "orderFirst" : "orderTitle")}
            ${t("orderNumber", { number: order.number })}</bdi
          ><span class="badge stage ${STAGE_LOOK[order.stage]}" title=${order.status || nothing}
            >${stageWords(order.stage, order.status, locale)}</span
          >
        </h2>
        <span class="sum">${locale.money(total, order.currency)}</span>
        <span class="when"
          >${[locale.dayAndTime(order.placedAt, clock.nowMs()), promised].filter(Boolean).join(", ")}</span
        >
        ${this.#payment()}
      </div>
      <ul class="lines" tabindex=${lines.length > 7 ? "0" : nothing}>
        ${lines.map((line, index) =>
          orderLine(line, {
            ...{ locale, currency: order.currency, busy: this.busy },
            changes: this.#may("changeLines"),
            set: (quantity) => this.#set(index, quantity),
          }),
        )}
      </ul>
      ${this.#rest()} ${this.#change()} ${this.#deeds()}
      <div class="told" role="status">
        ${answers(order, this.#own, ctx, (request) => void this.#act(request))}
      </div>
      ${this.#openPart()} ${going(order, ctx)}
    </section>`;
  }

  #may(kind: OrderActionRequest["kind"]): boolean {
    return this.whole && !this.readonly && this.order.may.includes(kind);
  }

  /** The shop was asked for this and has not answered: asking twice would confuse both. */
  #waits(kind: OrderActionRequest["kind"]): boolean {
    return this.order.actions.some(
      ({ state, request }) => state === "waiting" && request.kind === kind,
    );
  }

  #payment(): TemplateResult {
    const { locale, clock } = this.ctx;
    const paid = paymentWords(this.order, locale, clock.nowMs());
    if (!paid) return html``;
    return html`<span class="payment"
      ><strong class=${paid.look}>${paid.state}</strong> <bdi>${paid.details}</bdi></span
    >`;
  }

  /** What the sum has beside the lines. */
  #rest(): TemplateResult | typeof nothing {
    const { locale } = this.ctx;
    const { totalMinor, currency, lines } = this.order;
    const rest = totalMinor - sumOf(lines);
    if (rest === 0 || lines.length === 0) return nothing;
    return html`<p class="rest">
      <span>${locale.t(rest > 0 ? "orderExtra" : "orderOff")}</span
      ><span>${locale.money(rest, currency)}</span>
    </p>`;
  }

  /** What the shop will be asked, and what it will cost; nothing is asked before the operator says so. */
  #change(): TemplateResult | typeof nothing {
    const { edited, order } = this;
    const { locale } = this.ctx;
    const { t } = locale;
    if (!edited || !isChanged(edited)) return nothing;
    const money = (minor: number): string => locale.money(minor, order.currency);
    return html`<div class="change">
      <p role="status">
        ${t("orderWas", { was: money(order.totalMinor), will: money(totalAfter(order, edited)) })}
      </p>
      <button
        class="btn primary"
        type="button"
        aria-disabled=${this.busy}
        @click=${() => void this.#act({ kind: "changeLines", lines: wantedOf(edited) })}
      >
        ${this.busy ? t("orderSending") : t("orderSend")}
      </button>
      <button class="btn quiet" type="button" @click=${() => (this.edited = null)}>
        ${t("orderUndo")}
      </button>
    </div>`;
  }

  #deeds(): TemplateResult | typeof nothing {
    const { t } = this.ctx.locale;
    if (this.readonly) return nothing;
    if (!this.whole)
      return html`<div class="deeds"><p class="muted small">${t("orderLoading")}</p></div>`;
    const settled =
      STAGE_LOOK[this.order.stage] === "over" || STAGE_LOOK[this.order.stage] === "back";
    if (this.order.may.length === 0)
      return settled ? nothing : html`<p class="muted small">${t("orderTakesNothing")}</p>`;
    const toggle = (open: Exclude<Open, "">, words: string): TemplateResult =>
      html`<button
        class="btn"
        type="button"
        aria-expanded=${this.open === open ? "true" : "false"}
        @click=${() => this.#toggle(open)}
      >
        ${words}
      </button>`;
    return html`<div class="deeds">
        ${
          this.#may("confirm")
            ? html`<button
                class="btn primary"
                type="button"
                ?disabled=${this.#waits("confirm")}
                aria-disabled=${this.busy}
                @click=${() => void this.#act({ kind: "confirm" })}
              >
                ${icon("check")}${this.busy ? t("orderSending") : t("act_confirm")}
              </button>`
            : nothing
        }
        ${this.#may("changeLines") ? toggle("add", t("orderAdd")) : nothing}
        ${this.#may("changeDelivery") ? toggle("delivery", t("act_changeDelivery")) : nothing}
        ${this.#may("cancel") ? toggle("cancel", t("act_cancel")) : nothing}
      </div>
      ${this.#trouble()}`;
  }

  #trouble(): TemplateResult | typeof nothing {
    const { t } = this.ctx.locale;
    if (!this.problem) return nothing;
    const words = this.problem === "noProduct" ? t("orderNoProduct") : t(`error_${this.problem}`);
    return html`<div class="row" role="alert">
      <p class="problem">${words}</p>
      ${
        this.#unsure
          ? html`<button
              class="btn"
              type="button"
              @click=${() => this.#unsure && void this.#act(this.#unsure.request)}
            >
              ${t("askAgain")}
            </button>`
          : nothing
      }
    </div>`;
  }

  #openPart(): TemplateResult | typeof nothing {
    switch (this.open) {
      case "add":
        return html`<callcard-product-search
          .ctx=${this.ctx}
          .source=${this.order.source}
          @put=${(event: CustomEvent<FoundProduct>) => this.#put(event.detail)}
          @close=${() => (this.open = "")}
        ></callcard-product-search>`;
      case "cancel":
        return cancelForm(this.ctx.locale, {
          ...{ reason: this.reason, busy: this.busy, escape: this.#escape },
          choose: (reason) => (this.reason = reason),
          ask: (reason, text) => void this.#act({ kind: "cancel", reason, text }),
        });
      case "delivery":
        return html`<callcard-delivery
          .ctx=${this.ctx}
          .order=${this.order}
          .country=${this.country}
          ?busy=${this.busy}
          @choose=${(event: CustomEvent<OrderActionRequest>) => void this.#act(event.detail)}
          @close=${() => (this.open = "")}
        ></callcard-delivery>`;
      case "":
    }
    return nothing;
  }

  #set(index: number, quantity: number): void {
    const edited = withQuantity(this.edited ?? linesOf(this.order), index, quantity);
    this.edited = isChanged(edited) ? edited : null;
  }

  #put(product: FoundProduct): void {
    this.edited = withProduct(this.edited ?? linesOf(this.order), product, 1);
    this.open = "";
  }

  #toggle(open: Exclude<Open, "">): void {
    this.open = this.open === open ? "" : open;
    this.reason = "";
    if (this.open)
      void this.updateComplete.then(() =>
        this.renderRoot.querySelector<HTMLElement>(".box input, .box button")?.focus(),
      );
  }

  #escape = (event: KeyboardEvent): void => {
    if (event.key !== "Escape") return;
    event.stopPropagation();
    this.open = "";
  };

  /** Puts an offer into the order at once, with whatever was changed before. @returns true when the shop took it, or will. */
  async take(offer: ShownOffer): Promise<boolean> {
    const { product } = offer;
    if (this.busy) return false;
    if (!product) return this.#apply(offer);
    if (!this.#may("changeLines")) return false;
    this.busy = true;
    const text = product.sku || product.name;
    const reply = await this.ctx.act.ask("findProducts", { source: this.order.source, text });
    this.busy = false;
    if (!reply.ok) {
      this.problem = reply.code;
      return false;
    }
    const found = reply.products.find(({ productId }) => productId === product.id);
    if (!found) {
      this.problem = "noProduct";
      return false;
    }
    const priced = { ...found, priceMinor: offer.priceMinor };
    const before = this.edited ?? linesOf(this.order);
    const lines = withProduct(before, priced, offer.quantity, offer.showingId);
    return this.#act({ kind: "changeLines", lines: wantedOf(lines) });
  }

  /** One that adds no product: the shop says whether it holds. */
  async #apply(offer: ShownOffer): Promise<boolean> {
    if (!this.#may("applyOffer") || !isWhole(offer.kind)) return false;
    const [because] = offer.reasons.filter((reason) => reason.code === "rule");
    const { showingId, kind, ruleId, amountMinor, saying } = offer;
    const agreed = { showingId, kind, amountMinor, saying, ruleId: ruleId ?? "" };
    return this.#act({
      kind: "applyOffer",
      offer: { ...agreed, ruleName: because?.rule ?? "" },
    });
  }

  /** Asks the shop. @returns true unless it refused or could not be asked. */
  async #act(request: OrderActionRequest): Promise<boolean> {
    if (this.busy) return false;
    const again = this.#unsure && JSON.stringify(this.#unsure.request) === JSON.stringify(request);
    const id = again && this.#unsure ? this.#unsure.id : newId();
    this.busy = true;
    this.problem = null;
    this.#own.add(id);
    const { callId, order } = this;
    const reply = await this.ctx.act.ask("actOnOrder", { id, callId, orderId: order.id, request });
    this.busy = false;
    this.#unsure = !reply.ok && reply.code === "noReply" ? { id, request } : null;
    if (!reply.ok) {
      this.problem = reply.code;
      return false;
    }
    const taken = reply.action.state === "done" || reply.action.state === "waiting";
    if (taken && request.kind === "changeLines") this.edited = null;
    if (taken) this.open = "";
    this.dispatchEvent(new CustomEvent("changed", { detail: reply.order }));
    return taken;
  }

  /** Puts the cursor where the operator goes on. */
  start(): void {
    this.renderRoot.querySelector<HTMLElement>(".deeds button, .lines input")?.focus();
  }
}

function isWhole(kind: ShownOffer["kind"]): kind is AgreedOffer["kind"] {
  return (WHOLE_OFFERS as readonly string[]).includes(kind);
}
