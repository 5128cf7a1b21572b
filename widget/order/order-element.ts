import { html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import {
  CANCEL_REASONS,
  type CancelReason,
  type FoundProduct,
  type OrderDetail,
} from "../../server/orders/actions/model.ts";
import type { OrderActionRequest } from "../../server/orders/actions/model.ts";
import type { ShownOffer } from "../../server/offers/model.ts";
import type { DeskContext, Done } from "../shared/context.ts";
import { icon } from "../shared/icons.ts";
import { newId } from "../shared/ids.ts";
import { base } from "../shared/styles.ts";
import { choiceStyles } from "../wrap-up/choice.styles.ts";
import { answers } from "./answers.ts";
import {
  type EditedLine,
  isChanged,
  linesOf,
  totalAfter,
  wantedOf,
  withProduct,
  withQuantity,
} from "./lines.ts";
import { orderStyles } from "./order.styles.ts";
import { STAGE_LOOK, stageWords } from "./stage.ts";

/** What is open below the lines. */
type Open = "" | "add" | "delivery" | "cancel";

const SEARCH_DELAY_MS = 200;
const SEARCH_FROM_LENGTH = 2;

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
    found: { state: true },
    reason: { state: true },
  };

  static override styles = [base, choiceStyles, orderStyles];

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
  declare found: readonly FoundProduct[] | null;
  declare reason: CancelReason | "";
  /** The request whose reply never came: asked again with the same id it is done once. */
  #unsure: { readonly id: string; readonly request: OrderActionRequest } | null = null;
  #searches = 0;
  #timer: ReturnType<typeof setTimeout> | null = null;
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
    this.found = null;
    this.reason = "";
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    if (this.#timer) clearTimeout(this.#timer);
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
      </div>
      <ul class="lines" tabindex=${lines.length > 7 ? "0" : nothing}>
        ${lines.map((line, index) => this.#line(line, index))}
      </ul>
      ${this.#change()} ${this.#deeds()}
      <div class="told" role="status">
        ${answers(order, this.#own, ctx, (request) => void this.#act(request))}
      </div>
      ${this.#openPart()} ${this.#going()}
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

  #line(line: EditedLine, index: number): TemplateResult {
    const { locale } = this.ctx;
    const { t } = locale;
    const { name, quantity, priceMinor, was } = line;
    const look = quantity === 0 ? "out" : was === quantity ? "" : "changed";
    const cost = locale.money(
      Math.round(priceMinor * (quantity || (was ?? 0))),
      this.order.currency,
    );
    return html`<li class=${look}>
      <span class="name"><bdi>${name}</bdi> ${this.#stock(line)}</span>
      ${
        this.#may("changeLines") && line.sourceProductId !== ""
          ? this.#stepper(line, index)
          : html`<span class="count">× ${quantity}</span>`
      }
      <span class="cost ${look}">${cost}</span>
      ${
        quantity === 0
          ? html`<button class="link" type="button" @click=${() => this.#set(index, was ?? 1)}>
              <span aria-hidden="true">${t("orderPutBack")}</span
              ><span class="sr">${t("orderRestore", { name })}</span>
            </button>`
          : nothing
      }
    </li>`;
  }

  #stock({ stock, was, quantity }: EditedLine): TemplateResult | typeof nothing {
    const { t } = this.ctx.locale;
    const more = quantity - (was ?? 0);
    if (stock === null || more <= 0) return nothing;
    if (stock <= 0) return html`<small class="none">${t("orderNoStock")}</small>`;
    return html`<small class=${stock < more ? "none" : ""}
      >${t("orderStock", { count: stock })}</small
    >`;
  }

  #stepper({ name, quantity }: EditedLine, index: number): TemplateResult {
    const { t } = this.ctx.locale;
    return html`<span class="count">
      <button
        type="button"
        aria-label=${t(quantity <= 1 ? "orderRemove" : "orderLess", { name })}
        title=${t(quantity <= 1 ? "orderRemove" : "orderLess", { name })}
        ?disabled=${this.busy || quantity === 0}
        @click=${() => this.#set(index, quantity - 1)}
      >
        ${quantity <= 1 ? "×" : "−"}</button
      ><input
        type="number"
        min="0"
        step="any"
        inputmode="decimal"
        aria-label=${t("orderQuantity", { name })}
        .value=${String(quantity)}
        ?disabled=${this.busy}
        @change=${(event: Event) => this.#set(index, Number((event.target as HTMLInputElement).value))}
      /><button
        type="button"
        aria-label=${t("orderMore", { name })}
        title=${t("orderMore", { name })}
        ?disabled=${this.busy}
        @click=${() => this.#set(index, quantity + 1)}
      >
        +
      </button>
    </span>`;
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
        return this.#add();
      case "cancel":
        return this.#cancel();
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

  #add(): TemplateResult {
    const { locale } = this.ctx;
    const { t } = locale;
    return html`<div class="box" @keydown=${this.#escape}>
      <label class="field"
        >${t("orderAdd")}
        <input
          type="search"
          placeholder=${t("orderFind")}
          maxlength="100"
          autocomplete="off"
          @input=${this.#typed}
        />
      </label>
      <p class="small muted" role="status" ?hidden=${this.found?.length !== 0}>
        ${t("orderFindNothing")}
      </p>
      ${
        this.found && this.found.length > 0
          ? html`<ul class="found">
              ${this.found.map(
                (product) =>
                  html`<li>
                    <button type="button" @click=${() => this.#put(product)}>
                      <bdi>${product.name}</bdi
                      ><span>${locale.money(product.priceMinor, product.currency)}</span
                      ><small
                        ><bdi>${product.sku}</bdi>${
                          product.stock === null
                            ? nothing
                            : product.stock > 0
                              ? html`, ${t("orderStock", { count: product.stock })}`
                              : html`, ${t("orderNoStock")}`
                        }</small
                      >
                    </button>
                  </li>`,
              )}
            </ul>`
          : nothing
      }
    </div>`;
  }

  #cancel(): TemplateResult {
    const { t } = this.ctx.locale;
    const ask = (reason: CancelReason, text: string): void =>
      void this.#act({ kind: "cancel", reason, text });
    return html`<div class="box" role="group" aria-labelledby="why" @keydown=${this.#escape}>
      <h3 id="why">${t("cancelWhy")}</h3>
      <div class="row">
        ${CANCEL_REASONS.map(
          (reason) =>
            html`<button
              class="btn"
              type="button"
              aria-pressed=${reason === this.reason ? "true" : nothing}
              aria-disabled=${this.busy}
              @click=${() => (reason === "other" ? (this.reason = reason) : ask(reason, ""))}
            >
              ${t(`cancel_${reason}`)}
            </button>`,
        )}
      </div>
      ${
        this.reason === "other"
          ? html`<form
              class="row"
              @submit=${(event: SubmitEvent) => {
                event.preventDefault();
                const field = (event.target as HTMLFormElement).elements.namedItem("text");
                const text = field instanceof HTMLInputElement ? field.value.trim() : "";
                if (text) ask("other", text);
              }}
            >
              <input name="text" maxlength="1000" required aria-label=${t("cancelText")} />
              <button class="btn primary" type="submit">${t("act_cancel")}</button>
            </form>`
          : nothing
      }
    </div>`;
  }

  /** Where it goes, and how it came to be as it is. */
  #going(): TemplateResult {
    const { order, ctx } = this;
    const { locale, clock } = ctx;
    const { t } = locale;
    const { method, postalCode, city, address } = order.delivery;
    const where = [method, postalCode, city, address].filter(Boolean).join(", ");
    return html`<dl class="going">
      <div>
        <dt>${t("orderDelivery")}</dt>
        <dd>
          ${where ? html`<bdi>${where}</bdi>` : html`<span class="muted">${t("orderNoDelivery")}</span>`}
        </dd>
      </div>
      ${
        order.comment
          ? html`<div>
              <dt>${t("orderComment")}</dt>
              <dd><bdi>${order.comment}</bdi></dd>
            </div>`
          : nothing
      }
      ${
        order.history.length > 0
          ? html`<div>
              <dt>${t("orderHistory")}</dt>
              <dd>
                <ol class="steps">
                  ${order.history.slice(-5).map(
                    ({ at, stage, status }) =>
                      html`<li>
                        <bdi>${status || stageWords(stage, status, locale)}</bdi>
                        <span class="muted">${locale.dayAndTime(at, clock.nowMs())}</span>
                      </li>`,
                  )}
                </ol>
              </dd>
            </div>`
          : nothing
      }
    </dl>`;
  }

  #set(index: number, quantity: number): void {
    const edited = withQuantity(this.edited ?? linesOf(this.order), index, quantity);
    this.edited = isChanged(edited) ? edited : null;
  }

  #put(product: FoundProduct): void {
    this.edited = withProduct(this.edited ?? linesOf(this.order), product, 1);
    this.open = "";
    this.found = null;
  }

  #toggle(open: Exclude<Open, "">): void {
    this.open = this.open === open ? "" : open;
    this.found = null;
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

  #typed = (event: InputEvent): void => {
    const text = (event.target as HTMLInputElement).value.trim();
    if (this.#timer) clearTimeout(this.#timer);
    const search = ++this.#searches;
    if (text.length < SEARCH_FROM_LENGTH) {
      this.found = null;
      return;
    }
    this.#timer = setTimeout(() => void this.#find(text, search), SEARCH_DELAY_MS);
  };

  async #find(text: string, search: number): Promise<void> {
    const reply = await this.ctx.act.ask("findProducts", { source: this.order.source, text });
    // A later question makes this answer worthless.
    if (search !== this.#searches) return;
    this.found = reply.ok ? reply.products : null;
    this.problem = reply.ok ? null : reply.code;
  }

  /** Puts an offer into the order at once, with whatever was changed before. @returns true when the shop took it, or will. */
  async take(offer: ShownOffer): Promise<boolean> {
    const { product } = offer;
    if (!product || !this.#may("changeLines") || this.busy) return false;
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
