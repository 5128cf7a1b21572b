import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import type { OfferedProduct } from "../../../server/offers/model.ts";
import { icon } from "../../shared/icons.ts";
import { base } from "../../shared/styles.ts";
import type { ConsoleContext } from "../context.ts";
import { KeptFocus } from "../shared/kept-focus.ts";
import { productText } from "./editing.ts";

const SEARCH_AFTER_MS = 200;

/**
 * `<callcard-console-products>`: products in their order, each with a cross, and a field to look for more by name or article number.
 * Arrow keys go through what was found, Enter takes, Escape closes. Properties: `ctx`, `label`, `values` (our ids), `readonly`, `bad`
 * (ids with a problem), `single` (one is chosen at a time and nothing kept). Events: `change` with detail `values`, `choose` with detail
 * `product`.
 */
export class ConsoleProducts extends LitElement {
  static override properties = {
    ctx: { attribute: false },
    label: {},
    values: { attribute: false },
    readonly: { type: Boolean },
    bad: { attribute: false },
    single: { type: Boolean },
    found: { state: true },
    at: { state: true },
    typed: { state: true },
  };

  static override styles = [
    base,
    css`
      :host {
        display: inline-flex;
        flex-wrap: wrap;
        gap: 4px;
        vertical-align: middle;
        align-items: center;
        max-width: 100%;
      }
      .chip {
        display: inline-flex;
        align-items: center;
        gap: 2px;
        padding: 3px 3px 3px 11px;
        min-height: 28px;
        border-radius: 14px;
        background: var(--accent-soft);
        color: var(--accent-ink);
        font-size: 14px;
        line-height: 1.3;
        font-weight: 550;
      }
      .chip.plain {
        padding-right: 11px;
      }
      .chip.bad {
        background: var(--bad-soft);
        color: var(--bad);
      }
      .chip button {
        display: grid;
        place-items: center;
        width: 24px;
        height: 24px;
        flex: none;
        border-radius: 50%;
      }
      .chip svg.i {
        width: 12px;
        height: 12px;
      }
      .search {
        position: relative;
        display: inline-block;
        max-width: 100%;
      }
      input {
        min-height: 30px;
        padding: 1px 12px;
        font-size: 14px;
        line-height: 24px;
        width: 210px;
        max-width: 100%;
        border-radius: 99px;
        border: 1px dashed var(--line-strong);
        background: none;
      }
      .list {
        position: absolute;
        z-index: 20;
        left: 0;
        top: calc(100% + 4px);
        width: min(440px, calc(100vw - 56px));
        max-height: 320px;
        overflow: auto;
        padding: 4px;
        background: var(--raised);
        border: 1px solid var(--line);
        border-radius: var(--radius-s);
        box-shadow: var(--shadow-high);
        font-size: 14px;
        line-height: 1.35;
      }
      .list li {
        padding: 7px 10px;
        border-radius: 6px;
        cursor: pointer;
        overflow-wrap: anywhere;
      }
      .list li[aria-selected="true"] {
        background: var(--accent-soft);
        color: var(--accent-ink);
      }
      .none {
        padding: 7px 10px;
        color: var(--ink-3);
      }
      @media (pointer: coarse) {
        .chip,
        input,
        .chip button {
          min-height: 40px;
          min-width: 40px;
        }
      }
    `,
  ];

  declare ctx: ConsoleContext;
  declare label: string;
  declare values: readonly string[];
  declare readonly: boolean;
  declare bad: readonly string[];
  declare single: boolean;
  /** Null while nothing is looked for. */
  declare found: readonly OfferedProduct[] | null;
  /** Which of them Enter takes. */
  declare at: number;
  declare typed: string;
  #searches = 0;
  #timer: ReturnType<typeof setTimeout> | null = null;

  constructor() {
    super();
    this.addController(
      new KeptFocus(this, () => this.renderRoot.querySelector<HTMLElement>("input")),
    );
    this.label = "";
    this.values = [];
    this.readonly = false;
    this.bad = [];
    this.single = false;
    this.found = null;
    this.at = 0;
    this.typed = "";
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    if (this.#timer) clearTimeout(this.#timer);
  }

  override render(): TemplateResult {
    const { words, model } = this.ctx;
    const { t } = words;
    return html`${this.values.map((id) => {
      const name = model.offers.productName(id);
      return html`<span
        class="chip ${this.readonly ? "plain" : ""} ${this.bad.includes(id) ? "bad" : ""}"
        ><bdi>${name}</bdi>${
          this.readonly
            ? nothing
            : html`<button
                type="button"
                aria-label=${t("chipRemove", { value: name })}
                @click=${() => this.#set(this.values.filter((one) => one !== id))}
              >
                ${icon("close")}
              </button>`
        }</span
      >`;
    })}${
      this.readonly
        ? this.values.length === 0
          ? html`<span class="chip plain bad">${t("nothingChosen")}</span>`
          : nothing
        : this.#search()
    }`;
  }

  #search(): TemplateResult {
    const { t } = this.ctx.words;
    const { found } = this;
    return html`<span class="search"
      ><input
        role="combobox"
        aria-label=${this.label}
        aria-expanded=${found !== null}
        aria-controls="found"
        aria-autocomplete="list"
        aria-activedescendant=${found && found.length > 0 ? `found-${this.at}` : nothing}
        placeholder=${t("ofFindProduct")}
        maxlength="100"
        autocomplete="off"
        .value=${this.typed}
        @input=${(event: Event) => this.#type((event.target as HTMLInputElement).value)}
        @keydown=${(event: KeyboardEvent) => this.#key(event)}
        @blur=${() => (this.found = null)}
      />${
        found === null
          ? nothing
          : html`<ul class="list" id="found" role="listbox" aria-label=${this.label}>
              ${
                found.length === 0
                  ? html`<li class="none" role="option" aria-disabled="true" aria-selected="false">
                      ${t("ofFindNone")}
                    </li>`
                  : found.map(
                      (product, index) =>
                        html`<li
                          id="found-${index}"
                          role="option"
                          aria-selected=${index === this.at}
                          @pointerdown=${(event: Event) => {
                            // The field keeps the keyboard.
                            event.preventDefault();
                            this.#take(product);
                          }}
                        >
                          ${productText(product, this.ctx.words)}
                        </li>`,
                    )
              }
            </ul>`
      }</span
    >`;
  }

  #type(value: string): void {
    this.typed = value;
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#look(), SEARCH_AFTER_MS);
  }

  async #look(): Promise<void> {
    const mine = ++this.#searches;
    const search = this.typed.trim();
    if (search === "") {
      this.found = null;
      return;
    }
    const answer = await this.ctx.model.offers.api.products(search);
    // Something newer was typed meanwhile.
    if (mine !== this.#searches || !answer.ok) return;
    this.found = answer.body.products.filter(({ id }) => !this.values.includes(id));
    this.at = 0;
  }

  #key(event: KeyboardEvent): void {
    const { found } = this;
    if (event.key === "Escape" && found) {
      event.preventDefault();
      this.found = null;
      return;
    }
    if (!found || found.length === 0) return;
    const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    if (step !== 0) {
      event.preventDefault();
      this.at = (this.at + step + found.length) % found.length;
      void this.updateComplete.then(() =>
        this.renderRoot.querySelector(`#found-${this.at}`)?.scrollIntoView({ block: "nearest" }),
      );
    }
    if (event.key === "Enter") {
      event.preventDefault();
      const product = found[this.at];
      if (product) this.#take(product);
    }
  }

  #take(product: OfferedProduct): void {
    this.ctx.model.offers.know([product]);
    this.#searches += 1;
    this.typed = "";
    this.found = null;
    if (this.single) this.dispatchEvent(new CustomEvent("choose", { detail: { product } }));
    else this.#set([...this.values, product.id]);
  }

  #set(values: readonly string[]): void {
    this.dispatchEvent(new CustomEvent("change", { detail: { values } }));
  }
}
