import { html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import type { DeskCall } from "../../server/desk/protocol.ts";
import type { OrderDetail } from "../../server/orders/actions/model.ts";
import type { DeskContext } from "../shared/context.ts";
import { EveryMinute } from "../shared/every-minute.ts";
import { icon } from "../shared/icons.ts";
import { base } from "../shared/styles.ts";
import { leftWords } from "../shared/words.ts";
import type { CallcardOffers } from "../offers/offers-element.ts";
import type { ShownOffer } from "../../server/offers/model.ts";
import type { CallcardOrder } from "../order/order-element.ts";
import type { CallcardCandidates } from "./candidates-element.ts";
import { campaign, script } from "./campaign.ts";
import { cardStyles } from "./card.styles.ts";
import { history } from "./history.ts";
import { orders, ordersAbout } from "./orders.ts";
import { ordersStyles } from "./orders.styles.ts";
import { stageStyles } from "../order/stage.styles.ts";
import { background, isFirstBuyer } from "./buyer.ts";
import { person } from "./person.ts";
import { place } from "./place.ts";
import { type WorkView, work } from "./work.ts";

/**
 * `<callcard-card>`: everything known about the other side of one call, following the call to its end.
 *
 * Properties: `ctx`, `call`; `offered` (nobody is dialled yet: only to be read).
 * Methods: `pickCandidate(index)` chooses one of several customers (0 is the first); `goTo(place)` puts the cursor to the order, or opens the
 * form of a claim or of a call back; false when there is none.
 */
export class CallcardCard extends LitElement {
  static override properties = {
    ctx: { attribute: false },
    call: { attribute: false },
    offered: { type: Boolean },
    searching: { state: true },
    open: { state: true },
    painted: { state: true },
    picked: { state: true },
    taking: { state: true },
    unopened: { state: true },
  };

  static override styles = [base, cardStyles, stageStyles, ordersStyles];

  declare ctx: DeskContext;
  declare call: DeskCall;
  declare offered: boolean;
  /** The operator says that this is somebody else than found. */
  declare searching: boolean;
  /** The form that is open. */
  declare open: WorkView["open"];
  /** The first view is on the screen: what costs more than it may follow. */
  declare painted: boolean;
  /** An order that was opened instead of the one talked about, or that one as the shop has it since. */
  declare picked: OrderDetail | null;
  /** The offer that is being put into the order. */
  declare taking: string;
  /** An order that was asked for did not come. */
  declare unopened: boolean;
  #pickedFor: DeskCall["card"]["work"] = null;
  #shownCall = "";

  constructor() {
    super();
    this.offered = false;
    this.searching = false;
    this.open = "";
    this.painted = false;
    this.picked = null;
    this.taking = "";
    this.unopened = false;
    this.addController(new EveryMinute(this));
  }

  override willUpdate(): void {
    const key = `${this.call.callId} ${this.call.card.customer?.id ?? ""}`;
    if (key !== this.#shownCall) {
      this.searching = false;
      this.open = "";
      this.picked = null;
      this.unopened = false;
    }
    this.#shownCall = key;
    const { work: now } = this.call.card;
    // What the server says of the order since then is news; another one that was opened is read again.
    if (this.picked && this.#pickedFor !== now) {
      if (this.picked.id === now?.order?.id) this.picked = null;
      else void this.#read(this.picked.id);
    }
    this.#pickedFor = now;
  }

  override firstUpdated(_changed: PropertyValues<this>): void {
    const follow = (): void => {
      this.painted = true;
    };
    // After the frame that shows the card; where no frames are made (a hidden tab) a moment later.
    requestAnimationFrame(() => setTimeout(follow));
    setTimeout(follow, 400);
  }

  override render(): TemplateResult {
    const { call, ctx } = this;
    const { card } = call;
    const about = call.campaign?.orderIds ?? [];
    if (card.work !== null && card.customer !== null && !this.offered) return this.#worked();
    const doubt = this.searching || this.offered ? null : () => (this.searching = true);
    return html`<article aria-labelledby="name">
      ${call.campaign ? campaign(call.campaign, card, ctx) : nothing}
      ${this.offered ? nothing : this.#status()}
      <header>${person(call, ctx, doubt)} ${place(card, ctx, !this.offered)}</header>
      ${this.#priority()} ${this.#problems()} ${this.offered ? this.#awaited() : this.#who()}
      ${ordersAbout(card, about, ctx)}
      ${call.campaign ? script(call.campaign.script, ctx) : nothing}
      ${card.customer ? this.#facts() : nothing}
      ${
        card.customer || card.orders.length > 0 || card.calls.length > 0 || card.notes.length > 0
          ? html`<div class="columns">
              ${card.customer ? orders(card, ctx, about) : nothing} ${history(call, ctx)}
            </div>`
          : nothing
      }
    </article>`;
  }

  /** The card of somebody whose orders are worked on. */
  #worked(): TemplateResult {
    const { call, ctx } = this;
    const { card } = call;
    const doubt = this.searching ? null : () => (this.searching = true);
    const view: WorkView = {
      ...{ call, ctx, open: this.open, picked: this.picked, taking: this.taking },
      ...{ painted: this.painted, unopened: this.unopened },
      toggle: (open) => (this.open = this.open === open ? "" : open),
      pick: (orderId) => void this.#pick(orderId),
      changed: (order) => (this.picked = order),
      take: (offer) => void this.#take(offer),
    };
    return html`<article aria-labelledby="name">
      ${call.campaign ? campaign(call.campaign, card, ctx) : nothing} ${this.#status()}
      <header>${person(call, ctx, doubt)} ${place(card, ctx, true)}</header>
      ${this.#priority()} ${this.#problems()} ${this.#who()} ${this.#facts()} ${work(view)}
    </article>`;
  }

  /** Opens another order on top; "" goes back to the one talked about. */
  async #pick(orderId: string): Promise<void> {
    if (orderId === "") {
      this.picked = null;
      return;
    }
    await this.#read(orderId);
    await this.updateComplete;
    // It may be opened from far below.
    this.renderRoot.querySelector(".talk")?.scrollIntoView({ block: "nearest" });
  }

  /** Shows the order as it is now. */
  async #read(orderId: string): Promise<void> {
    const key = this.#shownCall;
    const reply = await this.ctx.act.ask("order", { orderId });
    if (this.#shownCall !== key) return;
    this.unopened = !reply.ok;
    if (reply.ok) this.picked = reply.order;
  }

  async #take(offer: ShownOffer): Promise<void> {
    const order = this.renderRoot.querySelector<CallcardOrder>("callcard-order");
    if (!order || this.taking !== "") return;
    this.taking = offer.showingId;
    const taken = await order.take(offer);
    this.taking = "";
    if (taken)
      this.renderRoot.querySelector<CallcardOffers>("callcard-offers")?.taken(offer.showingId);
  }

  /** Where the call stands: one line that keeps its height through all states. */
  #status(): TemplateResult {
    const { call } = this;
    const { locale, clock } = this.ctx;
    const { t } = locale;
    const left = leftWords(call, locale);
    const waited =
      call.joinedAtMs === null
        ? nothing
        : html`<span
            >${t(call.answeredAtMs === null && !call.left ? "cardWaiting" : "cardWaited")}
            <callcard-elapsed
              .since=${call.joinedAtMs}
              .until=${call.answeredAtMs ?? call.endedAtMs}
              .clock=${clock}
            ></callcard-elapsed
          ></span>`;
    const talked =
      call.answeredAtMs !== null && call.endedAtMs !== null
        ? html`<span
            >${t("cardTalked")} ${locale.duration(call.endedAtMs - call.answeredAtMs)}</span
          >`
        : nothing;
    return html`<p class="status ${call.state}">
      <strong>${left || t(`card_${call.state}`)}</strong>
      <span>${t(`direction_${call.direction}`)}</span>
      ${call.queue ? html`<bdi>${t("cardQueue", { queue: call.queue })}</bdi>` : nothing} ${waited}
      ${talked}
      ${
        call.fromName
          ? html`<bdi class="from">${t("cardFrom", { name: call.fromName })}</bdi>`
          : nothing
      }
    </p>`;
  }

  /** Why this caller came before others, and what the shop wants said to them. */
  #priority(): TemplateResult | typeof nothing {
    const { priority } = this.call;
    if (!priority) return nothing;
    const { t } = this.ctx.locale;
    const { moved, ruleName, message, skipQuestions } = priority;
    const why = [
      moved ? t("priorityMoved", { from: moved.from, to: moved.to }) : "",
      skipQuestions ? t("priorityQuestions") : "",
    ].filter(Boolean);
    return html`<div class="priority">
      ${message ? html`<p class="message"><bdi>${message}</bdi></p>` : nothing}
      <p class="why">
        ${icon("swap")}<span><bdi>${ruleName}</bdi>${why.map((words) => html`, ${words}`)}</span>
      </p>
    </div>`;
  }

  #problems(): TemplateResult | typeof nothing {
    const { t } = this.ctx.locale;
    const { problems, outcome } = this.call.card;
    if (problems.length === 0 && outcome !== "failed") return nothing;
    const words =
      problems.length > 0 ? problems.map((code) => t(`problem_${code}`)) : [t("problem_unknown")];
    return html`<p class="notice">${icon("warning")}<span>${words.join(" ")}</span></p>`;
  }

  /** What has to be decided about who it is. */
  #who(): TemplateResult | typeof nothing {
    const { call, ctx } = this;
    const { t } = ctx.locale;
    const { outcome, customer } = call.card;
    if (customer) {
      if (call.state === "elsewhere") return nothing;
      return this.searching
        ? html`<callcard-newcomer .ctx=${ctx} .call=${call} mode="another"></callcard-newcomer>
            <button class="btn quiet start" type="button" @click=${() => (this.searching = false)}>
              ${t("cancel")}
            </button>`
        : nothing;
    }
    switch (outcome) {
      case "pending":
        return this.#awaited();
      case "several":
        return html`<callcard-candidates .ctx=${ctx} .call=${call}></callcard-candidates>`;
      case "none":
        return html`<callcard-newcomer .ctx=${ctx} .call=${call} mode="new"></callcard-newcomer>`;
      case "failed":
      case "one":
        return html`<callcard-newcomer
          .ctx=${ctx}
          .call=${call}
          mode="another"
        ></callcard-newcomer>`;
      case "withheld":
        return html`<p class="hint">${t("withheldHint")}</p>
          <callcard-newcomer .ctx=${ctx} .call=${call} mode="another"></callcard-newcomer>`;
      case "unreadable":
        return html`<p class="hint">${t("unreadableHint")}</p>
          <callcard-newcomer .ctx=${ctx} .call=${call} mode="another"></callcard-newcomer>`;
      case "internal":
    }
    return html`<p class="hint">${t("internalHint")}</p>`;
  }

  /** Room for what is on its way. */
  #awaited(): TemplateResult {
    return this.call.card.outcome === "pending"
      ? html`<div class="skeleton" aria-hidden="true"><i></i><i></i><i></i></div>`
      : html``;
  }

  #facts(): TemplateResult {
    const { ctx, call } = this;
    const { locale, clock } = ctx;
    const { t } = locale;
    const { customer, totals, work: worked } = call.card;
    if (!customer) return html``;
    const returned = worked?.background?.returned ?? 0;
    const since = locale.month(customer.customerSince);
    const fact = (term: string, value: unknown): TemplateResult =>
      html`<div>
        <dt>${term}</dt>
        <dd>${value}</dd>
      </div>`;
    return html`<dl class="facts ${worked ? "wide" : ""}">
      ${
        totals
          ? fact(
              t("factOrders"),
              html`<strong>${locale.money(totals.totalMinor, totals.currency)}</strong>
                <span class="muted"
                  >${locale.count("ordersCount", totals.count)}${
                    returned > 0 ? `, ${locale.count("returnsCount", returned)}` : nothing
                  }</span
                >`,
            )
          : nothing
      }
      ${
        since && !(worked && isFirstBuyer(call.card))
          ? fact(
              t("factSince"),
              html`${t("tierSince", { month: since })}
                <span class="muted">${locale.ago(customer.customerSince, clock.nowMs())}</span>`,
            )
          : nothing
      }
      ${customer.email ? fact(t("factEmail"), html`<bdi>${customer.email}</bdi>`) : nothing}
      ${
        customer.personalManager
          ? fact(t("factManager"), html`<bdi>${customer.personalManager}</bdi>`)
          : nothing
      }
      ${worked ? background(call.card, ctx, fact) : nothing}
    </dl>`;
  }

  /** Goes to the order, or opens a form; false when this card has none. */
  goTo(where: "order" | "claim" | "callBack"): boolean {
    const order = this.renderRoot.querySelector<CallcardOrder>("callcard-order");
    if (where === "order") order?.start();
    else if (this.call.card.work && this.call.state !== "elsewhere") this.open = where;
    else return false;
    return where !== "order" || order !== null;
  }

  /** Chooses a candidate by its place in the list, as keys 1 to 9 do; false when there is no such one. */
  pickCandidate(index: number): boolean {
    const list = this.renderRoot.querySelector<CallcardCandidates>("callcard-candidates");
    return list?.pick(index) ?? false;
  }
}
