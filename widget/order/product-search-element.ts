import { html, LitElement, nothing, type TemplateResult } from "lit";
import type { FoundProduct } from "../../server/orders/actions/model.ts";
import type { DeskContext, Done } from "../shared/context.ts";
import { base } from "../shared/styles.ts";
import { orderStyles } from "./order.styles.ts";

const SEARCH_DELAY_MS = 200;
const SEARCH_FROM_LENGTH = 2;

/**
 * `<callcard-product-search>`: a product to add to an order, by its name or article number. Takes the cursor when it opens.
 *
 * Properties: `ctx`, `source` (whose order it is for).
 * Events: `put` (detail: the product), `close`.
 */
export class CallcardProductSearch extends LitElement {
  static override properties = {
    ctx: { attribute: false },
    source: { attribute: false },
    found: { state: true },
    problem: { state: true },
  };

  static override styles = [base, orderStyles];

  declare ctx: DeskContext;
  declare source: string;
  declare found: readonly FoundProduct[] | null;
  declare problem: Done;
  #searches = 0;
  #timer: ReturnType<typeof setTimeout> | null = null;

  constructor() {
    super();
    this.source = "";
    this.found = null;
    this.problem = null;
  }

  override firstUpdated(): void {
    this.renderRoot.querySelector("input")?.focus();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    if (this.#timer) clearTimeout(this.#timer);
  }

  override render(): TemplateResult {
    const { t } = this.ctx.locale;
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
        this.problem
          ? html`<p class="problem" role="alert">${t(`error_${this.problem}`)}</p>`
          : nothing
      }
      ${
        this.found && this.found.length > 0
          ? html`<ul class="found">
              ${this.found.map((product) => this.#row(product))}
            </ul>`
          : nothing
      }
    </div>`;
  }

  #row(product: FoundProduct): TemplateResult {
    const { locale } = this.ctx;
    const { t } = locale;
    const { name, sku, stock, priceMinor, currency } = product;
    const left =
      stock === null ? "" : stock > 0 ? t("orderStock", { count: stock }) : t("orderNoStock");
    return html`<li>
      <button
        type="button"
        @click=${() => this.dispatchEvent(new CustomEvent("put", { detail: product }))}
      >
        <bdi>${name}</bdi><span>${locale.money(priceMinor, currency)}</span
        ><small><bdi>${sku}</bdi>${sku && left ? ", " : nothing}${left}</small>
      </button>
    </li>`;
  }

  #escape = (event: KeyboardEvent): void => {
    if (event.key !== "Escape") return;
    event.stopPropagation();
    this.dispatchEvent(new CustomEvent("close"));
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
    const reply = await this.ctx.act.ask("findProducts", { source: this.source, text });
    // A later question makes this answer worthless.
    if (search !== this.#searches) return;
    this.found = reply.ok ? reply.products : null;
    this.problem = reply.ok ? null : reply.code;
  }
}
