import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { CLAIM_KINDS, type ClaimKind } from "../../../server/followups/model.ts";
import { base } from "../../shared/styles.ts";
import type { ConsoleContext } from "../context.ts";
import { alertOf } from "../shared/page-parts.ts";
import { refusalText } from "../shared/problems.ts";
import type { FoundCustomer, LetterSettling } from "./claims-api.ts";

const SEARCH_AFTER_MS = 250;

/**
 * `<callcard-console-letter-owner>`: whose a letter is, which order it is about, and whether it is a claim. Properties: `ctx`, `customerId`
 * (as it was matched; null: nobody). Events: `settle` with what was said.
 */
export class ConsoleLetterOwner extends LitElement {
  static override properties = {
    ctx: { attribute: false },
    customerId: { attribute: false },
    found: { state: true },
    chosen: { state: true },
    kind: { state: true },
    problem: { state: true },
  };
  static override styles = [
    base,
    css`
      :host {
        display: grid;
        gap: 12px;
        max-width: 640px;
        padding-top: 12px;
        margin-top: 8px;
        border-top: 1px solid var(--line);
      }
      .found {
        display: grid;
        gap: 4px;
      }
      .found .btn {
        justify-content: flex-start;
        width: 100%;
        white-space: normal;
        text-align: left;
      }
      .pair {
        display: grid;
        grid-template-columns: repeat(auto-fit, minmax(min(190px, 100%), 1fr));
        gap: 10px;
      }
      .chosen {
        display: flex;
        flex-wrap: wrap;
        gap: 8px;
        align-items: center;
      }
      .primary {
        justify-self: start;
      }
    `,
  ];

  declare ctx: ConsoleContext;
  declare customerId: string | null;
  /** Null before anything was looked for. */
  declare found: readonly FoundCustomer[] | null;
  declare chosen: FoundCustomer | null;
  declare kind: ClaimKind | "";
  declare problem: string;
  #order = "";
  #asked = 0;
  #typing: ReturnType<typeof setTimeout> | null = null;

  constructor() {
    super();
    this.customerId = null;
    this.found = null;
    this.chosen = null;
    this.kind = "";
    this.problem = "";
  }

  override firstUpdated(): void {
    this.renderRoot.querySelector<HTMLElement>("input")?.focus();
    if (this.customerId !== null) void this.#known(this.customerId);
  }

  override render(): TemplateResult {
    const { t, locale } = this.ctx.words;
    const { chosen } = this;
    if (chosen === null)
      return html`<label class="field"
          >${t("lt_whose")}<input
            type="search"
            maxlength="100"
            autocomplete="off"
            placeholder=${t("lt_whoseHint")}
            @input=${(event: Event) => this.#search((event.target as HTMLInputElement).value)}
        /></label>
        ${alertOf(this.problem)}
        <div class="found" role="status">
          ${
            this.found === null
              ? nothing
              : this.found.length === 0
                ? html`<p class="muted">${t("lt_foundNobody")}</p>`
                : this.found.map(
                    (one) =>
                      html`<button class="btn" type="button" @click=${() => this.#choose(one)}>
                        ${customerText(one, t("cl_noName"))}
                      </button>`,
                  )
          }
        </div>`;
    return html`<p class="chosen">
        <b><bdi>${customerText(chosen, t("cl_noName"))}</bdi></b>
        <button class="btn quiet" type="button" @click=${() => this.#choose(null)}>
          ${t("lt_other")}
        </button>
      </p>
      <div class="pair">
        <label class="field"
          >${t("lt_order")}<input
            class="order"
            maxlength="128"
            autocomplete="off"
            .value=${this.#order}
            @input=${(event: Event) => (this.#order = (event.target as HTMLInputElement).value)}
        /></label>
        <label class="field"
          >${t("lt_claim")}<select
            @change=${(event: Event) =>
              (this.kind = (event.target as HTMLSelectElement).value as ClaimKind | "")}
          >
            <option value="" ?selected=${this.kind === ""}>${t("lt_noClaim")}</option>
            ${CLAIM_KINDS.map(
              (one) =>
                html`<option value=${one} ?selected=${one === this.kind}>
                  ${locale.t(`claim_${one}`)}
                </option>`,
            )}
          </select></label
        >
      </div>
      <button class="btn primary" type="button" @click=${() => this.#settle(chosen)}>
        ${t(this.kind === "" ? "lt_save" : "lt_file")}
      </button>`;
  }

  #settle({ id }: FoundCustomer): void {
    const orderNumber = this.#order.trim();
    const detail: LetterSettling = {
      customerId: id,
      ...(orderNumber === "" ? {} : { orderNumber }),
      ...(this.kind === "" ? {} : { claimKind: this.kind }),
    };
    this.dispatchEvent(new CustomEvent("settle", { detail }));
  }

  #choose(one: FoundCustomer | null): void {
    this.chosen = one;
    this.found = null;
    void this.updateComplete.then(() =>
      this.renderRoot.querySelector<HTMLElement>(one ? "input.order" : "input")?.focus(),
    );
  }

  #search(text: string): void {
    if (this.#typing) clearTimeout(this.#typing);
    const mine = ++this.#asked;
    if (text.trim() === "") {
      this.found = null;
      return;
    }
    this.#typing = setTimeout(() => void this.#look(text.trim(), mine), SEARCH_AFTER_MS);
  }

  async #look(text: string, mine: number): Promise<void> {
    const { words, model } = this.ctx;
    const answer = await model.api.claims.customers(text);
    // Something else was typed meanwhile.
    if (mine !== this.#asked) return;
    if (answer.ok) this.found = answer.body.customers;
    this.problem = answer.ok ? "" : words.t("loadFailed", { message: refusalText(answer, words) });
  }

  async #known(id: string): Promise<void> {
    const answer = await this.ctx.model.api.claims.customer(id);
    if (answer.ok && this.chosen === null) this.#choose(answer.body.customer);
  }
}

/** `Мария Кузнецова, +79130000001`. */
function customerText({ name, phones }: FoundCustomer, noName: string): string {
  return [name || noName, phones[0] ?? ""].filter(Boolean).join(", ");
}
