import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { icon } from "../../shared/icons.ts";
import { base } from "../../shared/styles.ts";
import type { ConsoleWords } from "../words.ts";
import { openFirst } from "./inline.ts";
import { KeptFocus } from "./kept-focus.ts";

/** The choice to type a value; no value of a policy starts with a space. */
const OTHER = " other";

/**
 * `<callcard-console-chips>`: several values inside a sentence, each with a cross, and a choice of those that are left.
 * Properties: `words`, `label`, `values`, `known`, `free` (values beside the known ones may be typed), `names` (value to word),
 * `readonly`, `bad` (values with a problem). Events: `change` with detail `values`.
 */
export class ConsoleChips extends LitElement {
  static override properties = {
    words: { attribute: false },
    label: {},
    values: { attribute: false },
    known: { attribute: false },
    free: { type: Boolean },
    names: { attribute: false },
    readonly: { type: Boolean },
    bad: { attribute: false },
    typing: { state: true },
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
      }
      .chip {
        display: inline-flex;
        align-items: center;
        gap: 2px;
        padding: 0 3px 0 11px;
        min-height: 28px;
        border-radius: 99px;
        background: var(--accent-soft);
        color: var(--accent-ink);
        font-size: 14px;
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
        border-radius: 50%;
      }
      .chip svg.i {
        width: 12px;
        height: 12px;
      }
      select,
      input {
        min-height: 28px;
        padding: 1px 8px;
        font-size: 14px;
        width: auto;
        max-width: 140px;
        border-radius: 99px;
        border: 1px dashed var(--line-strong);
        background: none;
        color: var(--ink-2);
      }
      select option {
        background: var(--raised);
        color: var(--ink);
      }
      @media (pointer: coarse) {
        .chip,
        select,
        input,
        .chip button {
          min-height: 36px;
          min-width: 36px;
        }
      }
    `,
  ];

  declare words: ConsoleWords;
  declare label: string;
  declare values: readonly string[];
  declare known: readonly string[];
  declare free: boolean;
  declare names: (value: string) => string;
  declare readonly: boolean;
  declare bad: readonly string[];
  declare typing: boolean;

  constructor() {
    super();
    const next = (): HTMLElement | null =>
      this.renderRoot.querySelector<HTMLElement>("select, input") ??
      this.renderRoot.querySelector<HTMLElement>(".chip:last-of-type button");
    this.addController(new KeptFocus(this, next));
    this.label = "";
    this.values = [];
    this.known = [];
    this.free = false;
    this.names = (value) => value;
    this.readonly = false;
    this.bad = [];
    this.typing = false;
  }

  override render(): TemplateResult {
    const { t } = this.words;
    const left = this.known.filter((value) => !this.values.includes(value));
    return html`${this.values.map(
      (value) =>
        html`<span
          class="chip ${this.readonly ? "plain" : ""} ${this.bad.includes(value) ? "bad" : ""}"
          ><bdi>${this.names(value)}</bdi>${
            this.readonly
              ? nothing
              : html`<button
                  type="button"
                  aria-label=${t("chipRemove", { value: this.names(value) })}
                  @click=${() => this.#set(this.values.filter((one) => one !== value))}
                >
                  ${icon("close")}
                </button>`
          }</span
        >`,
    )}${
      this.values.length === 0 && this.readonly
        ? html`<span class="chip plain bad">${t("nothingChosen")}</span>`
        : nothing
    }${
      this.readonly || (left.length === 0 && !this.free)
        ? nothing
        : this.typing
          ? this.#field()
          : this.#choice(left)
    }`;
  }

  #choice(left: readonly string[]): TemplateResult {
    const { t } = this.words;
    return html`<select
      aria-label="${this.label}: ${t("chipAdd")}"
      @keydown=${openFirst}
      @change=${(event: Event) => {
        const select = event.target as HTMLSelectElement;
        const { value } = select;
        select.value = "";
        if (value === OTHER) void this.#type();
        else if (value) this.#set([...this.values, value]);
      }}
    >
      <option value="" selected>+ ${t("chipAdd")}</option>
      ${left.map((value) => html`<option value=${value}>${this.names(value)}</option>`)}
      ${this.free ? html`<option value=${OTHER}>${t("chipOther")}</option>` : nothing}
    </select>`;
  }

  #field(): TemplateResult {
    const take = (event: Event): void => {
      const value = (event.target as HTMLInputElement).value.trim();
      this.typing = false;
      if (value && !this.values.includes(value)) this.#set([...this.values, value]);
    };
    return html`<input
      aria-label=${this.label}
      maxlength="200"
      @change=${take}
      @blur=${() => (this.typing = false)}
    />`;
  }

  async #type(): Promise<void> {
    this.typing = true;
    await this.updateComplete;
    this.renderRoot.querySelector("input")?.focus();
  }

  #set(values: readonly string[]): void {
    this.dispatchEvent(new CustomEvent("change", { detail: { values } }));
  }
}
