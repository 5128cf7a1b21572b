import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import type { DeskCall } from "../../server/desk/protocol.ts";
import type { DeskContext, Done, FoundCustomer } from "../shared/context.ts";
import { formText } from "../shared/form.ts";
import { icon } from "../shared/icons.ts";
import { base } from "../shared/styles.ts";

const SEARCH_DELAY_MS = 250;
const SEARCH_FROM_LENGTH = 2;
const SEARCH_TITLE = { new: "newExisting", another: "searchTitle", none: "searchNone" } as const;

/**
 * `<callcard-newcomer>`: the caller is nobody we know: make a customer of this number, or find the one it belongs to.
 *
 * Properties: `ctx`, `call`, `mode` (`new` offers both; `another` and `none`, none of several, only the search).
 */
export class CallcardNewcomer extends LitElement {
  static override properties = {
    ctx: { attribute: false },
    call: { attribute: false },
    mode: {},
    busy: { state: true },
    problem: { state: true },
    found: { state: true },
    searchProblem: { state: true },
  };

  static override styles = [
    base,
    css`
      :host {
        display: grid;
        grid-template-columns: repeat(auto-fit, minmax(min(280px, 100%), 1fr));
        gap: 20px 32px;
        align-items: start;
      }
      form,
      .search {
        display: grid;
        gap: 12px;
      }
      .btn.primary {
        justify-self: start;
      }
      h2 {
        color: var(--ink-2);
        font-size: 15px;
      }
      .box {
        position: relative;
      }
      .box svg {
        position: absolute;
        left: 10px;
        top: calc(var(--tap) / 2 - 9px);
        color: var(--ink-3);
      }
      .box input {
        padding-left: 36px;
      }
      li button {
        width: 100%;
        padding: 8px 10px;
        border-radius: var(--radius-s);
      }
      li button:hover {
        background: var(--accent-soft);
      }
      .name {
        font-weight: 600;
      }
      .found {
        max-height: 320px;
        overflow: auto;
      }
      .status {
        min-height: 21px;
      }
    `,
  ];

  declare ctx: DeskContext;
  declare call: DeskCall;
  declare mode: "new" | "another" | "none";
  declare busy: boolean;
  declare problem: Done;
  /** Null before the first search. */
  declare found: readonly FoundCustomer[] | null;
  declare searchProblem: Done;
  #timer: ReturnType<typeof setTimeout> | null = null;
  #asked = 0;

  constructor() {
    super();
    this.mode = "new";
    this.busy = false;
    this.problem = null;
    this.found = null;
    this.searchProblem = null;
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    if (this.#timer) clearTimeout(this.#timer);
  }

  override render(): TemplateResult {
    return html`${this.mode === "new" ? this.#create() : nothing} ${this.#search()}`;
  }

  #create(): TemplateResult {
    const { t } = this.ctx.locale;
    const { card } = this.call;
    return html`<form @submit=${(event: SubmitEvent) => void this.#submit(event)} novalidate>
      <h2>${t("newCreate")}</h2>
      <label class="field"
        >${t("newName")}
        <input
          name="name"
          maxlength="200"
          autocomplete="off"
          required
          .value=${card.rawName === card.rawNumber ? "" : card.rawName}
        />
      </label>
      <label class="field"
        >${t("newCity")}
        <input name="city" maxlength="100" autocomplete="off" .value=${card.place.city} />
      </label>
      <label class="field"
        >${t("newEmail")}
        <input name="email" type="email" maxlength="200" autocomplete="off" />
      </label>
      <button class="btn primary" type="submit" aria-disabled=${this.busy}>
        ${this.busy ? t("saving") : t("newButton")}
      </button>
      <div role="alert">
        ${
          this.problem
            ? html`<p class="notice bad">
                ${icon("warning")}<span>${t(`error_${this.problem}`)}</span>
              </p>`
            : nothing
        }
      </div>
    </form>`;
  }

  #search(): TemplateResult {
    const { t, count } = this.ctx.locale;
    const { found } = this;
    return html`<div class="search">
      <h2>${t(SEARCH_TITLE[this.mode])}</h2>
      <div class="box">
        ${icon("search")}
        <input
          type="search"
          aria-label=${t("searchLabel")}
          placeholder=${t("searchLabel")}
          maxlength="100"
          autocomplete="off"
          @input=${this.#typed}
        />
      </div>
      <p class="status small muted" role="status">
        ${
          this.searchProblem
            ? t(`error_${this.searchProblem}`)
            : found === null
              ? nothing
              : found.length === 0
                ? t("searchNothing")
                : count("searchFound", found.length)
        }
      </p>
      ${
        found && found.length > 0
          ? html`<ul class="found">
              ${found.map((customer) => this.#row(customer))}
            </ul>`
          : nothing
      }
    </div>`;
  }

  #row(customer: FoundCustomer): TemplateResult {
    const { t } = this.ctx.locale;
    const details = [customer.city, ...customer.phones.slice(0, 2)].filter(Boolean).join(", ");
    return html`<li>
      <button type="button" @click=${() => void this.#attach(customer.id)}>
        <bdi class="name">${customer.name || t("customerNoName")}</bdi><br />
        <bdi class="small muted">${details}</bdi>
      </button>
    </li>`;
  }

  #typed = (event: InputEvent): void => {
    const text = (event.target as HTMLInputElement).value.trim();
    if (this.#timer) clearTimeout(this.#timer);
    const asked = ++this.#asked;
    if (text.length < SEARCH_FROM_LENGTH) {
      this.found = null;
      return;
    }
    this.#timer = setTimeout(() => {
      void this.#find(text, asked);
    }, SEARCH_DELAY_MS);
  };

  async #find(text: string, asked: number): Promise<void> {
    const reply = await this.ctx.act.search(text);
    // A later question makes this answer worthless.
    if (asked !== this.#asked) return;
    this.found = reply.ok ? reply.customers : null;
    this.searchProblem = reply.ok ? null : reply.code;
  }

  async #attach(customerId: string): Promise<void> {
    this.searchProblem = await this.ctx.act.chooseCustomer(this.call.callId, customerId);
  }

  async #submit(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    if (this.busy) return;
    const form = event.target as HTMLFormElement;
    const name = formText(form, "name");
    if (!name) {
      form.querySelector<HTMLInputElement>("[name=name]")?.focus();
      return;
    }
    const email = formText(form, "email");
    const city = formText(form, "city");
    this.busy = true;
    this.problem = await this.ctx.act.createCustomer(this.call.callId, {
      name,
      ...(email ? { email } : {}),
      ...(city ? { city } : {}),
    });
    this.busy = false;
  }
}
