import { css, html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import { repeat } from "lit/directives/repeat.js";
import { CARD_ORDERS, type OrderSummary } from "../../server/orders/model.ts";
import type { DeskContext, Done } from "../shared/context.ts";
import { base } from "../shared/styles.ts";
import { row } from "./orders.ts";
import { ordersStyles } from "./orders.styles.ts";
import { stageStyles } from "../order/stage.styles.ts";

/** The next page is asked for so far before its place is reached. */
const AHEAD = "300px";

/**
 * `<callcard-orders>`: somebody's orders, newest first: those that came with the card, and all of them page by page when they are asked for.
 *
 * Properties: `ctx`, `customerId`, `newest` (those of the card), `shownId` (the order on top, which is not listed), `missing` (those of the
 * card could not be had), `readonly`.
 * Events: `pick` (detail: the id of the order to open).
 */
export class CallcardOrders extends LitElement {
  static override properties = {
    ctx: { attribute: false },
    customerId: { attribute: false },
    newest: { attribute: false },
    shownId: { attribute: false },
    missing: { type: Boolean },
    readonly: { type: Boolean },
    all: { state: true },
    next: { state: true },
    loading: { state: true },
    problem: { state: true },
  };

  static override styles = [
    base,
    stageStyles,
    ordersStyles,
    css`
      :host {
        display: block;
        min-width: 0;
      }
      h2 {
        margin-bottom: 6px;
      }
      .nothing {
        color: var(--ink-3);
        padding: 6px 0;
      }
      .link {
        color: var(--ink);
        text-decoration: underline;
        text-underline-offset: 3px;
        text-decoration-thickness: 1px;
      }
      .all {
        max-height: 480px;
        overflow: auto;
        scrollbar-width: thin;
        padding-right: 8px;
      }
      .foot {
        min-height: 36px;
        font-size: 14px;
        color: var(--ink-3);
      }
      section > .btn {
        margin-left: -14px;
      }
    `,
  ];

  declare ctx: DeskContext;
  declare customerId: string;
  declare newest: readonly OrderSummary[];
  declare shownId: string;
  declare missing: boolean;
  declare readonly: boolean;
  /** Null until they are asked for. */
  declare all: readonly OrderSummary[] | null;
  declare next: string;
  declare loading: boolean;
  declare problem: Done;
  #asked = 0;
  #watch: IntersectionObserver | null = null;

  constructor() {
    super();
    this.customerId = "";
    this.newest = [];
    this.shownId = "";
    this.missing = false;
    this.readonly = false;
    this.all = null;
    this.next = "";
    this.loading = false;
    this.problem = null;
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#watch?.disconnect();
    this.#watch = null;
  }

  override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has("customerId") && changed.get("customerId") !== undefined) {
      this.#asked += 1;
      this.all = null;
      this.next = "";
      this.loading = false;
      this.problem = null;
    } else if (changed.has("newest") && this.all !== null) {
      // What the card says of them since then is news.
      const known = new Map(this.newest.map((order) => [order.id, order]));
      const fresh = this.newest.filter(({ id }) => !this.all?.some((order) => order.id === id));
      this.all = [...fresh, ...this.all.map((order) => known.get(order.id) ?? order)];
    }
  }

  override updated(): void {
    const foot = this.renderRoot.querySelector(".foot");
    const root = this.renderRoot.querySelector(".all");
    if (!foot || !root) {
      this.#watch?.disconnect();
      this.#watch = null;
      return;
    }
    if (this.#watch) return;
    this.#watch = new IntersectionObserver(
      ([seen]) => {
        if (seen?.isIntersecting && this.next !== "" && !this.loading && !this.problem)
          void this.#load();
      },
      { root, rootMargin: AHEAD },
    );
    this.#watch.observe(foot);
  }

  override render(): TemplateResult {
    const { t } = this.ctx.locale;
    const listed = (this.all ?? this.newest).filter(({ id }) => id !== this.shownId);
    const none = this.missing ? "ordersMissing" : this.shownId ? "ordersNoOthers" : "ordersNone";
    const pick = this.readonly ? null : (id: string) => this.#pick(id);
    const rows = html`<ul class="rows">
      ${repeat(
        listed,
        ({ id }) => id,
        (order) => row(order, this.ctx, false, pick),
      )}
    </ul>`;
    return html`<section aria-labelledby="orders" aria-busy=${this.loading}>
      <h2 id="orders">${t("ordersTitle")}</h2>
      ${listed.length === 0 ? html`<p class="nothing">${t(none)}</p>` : nothing}
      ${
        this.all === null
          ? html`${listed.length > 0 ? rows : nothing} ${this.#more()}`
          : html`<div class="all" tabindex="0" role="group" aria-labelledby="orders">
              ${rows}
              <div class="foot" role="status">${this.#foot()}</div>
            </div>`
      }
    </section>`;
  }

  /** Where there may be more than the card brought. */
  #more(): TemplateResult | typeof nothing {
    const { t } = this.ctx.locale;
    if (this.readonly || this.newest.length < CARD_ORDERS) return nothing;
    if (this.problem)
      return html`<p class="nothing" role="alert">
        ${t("ordersMissing")}
        <button class="btn" type="button" @click=${() => void this.#load()}>
          ${t("askAgain")}
        </button>
      </p>`;
    return html`<button
      class="btn quiet"
      type="button"
      aria-disabled=${this.loading}
      @click=${() => void this.#load()}
    >
      ${this.loading ? t("orderLoading") : t("ordersEarlier")}
    </button>`;
  }

  #foot(): TemplateResult | string {
    const { t } = this.ctx.locale;
    if (this.problem)
      return html`${t("ordersMissing")}
        <button class="btn" type="button" @click=${() => void this.#load()}>
          ${t("askAgain")}
        </button>`;
    if (this.loading) return t("orderLoading");
    return this.next === "" ? t("ordersEnd") : "";
  }

  #pick(id: string): void {
    this.dispatchEvent(new CustomEvent("pick", { detail: id }));
  }

  async #load(): Promise<void> {
    if (this.loading) return;
    const asked = ++this.#asked;
    this.loading = true;
    this.problem = null;
    const { customerId, next } = this;
    const reply = await this.ctx.act.ask("orders", { customerId, after: next });
    // Somebody else's by now.
    if (asked !== this.#asked) return;
    this.loading = false;
    if (!reply.ok) {
      this.problem = reply.code;
      return;
    }
    const { page } = reply;
    const before = this.all ?? [];
    const known = new Set(before.map(({ id }) => id));
    this.all = [...before, ...page.orders.filter(({ id }) => !known.has(id))];
    this.next = page.next;
    // A short page leaves the end in view, and nothing tells so again.
    await this.updateComplete;
    const foot = this.renderRoot.querySelector(".foot");
    if (foot && this.#watch) {
      this.#watch.unobserve(foot);
      this.#watch.observe(foot);
    }
  }
}
