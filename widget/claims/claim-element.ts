import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import {
  CLAIM_KINDS,
  CLAIM_WISHES,
  type Claim,
  type ClaimKind,
  type ClaimWish,
} from "../../server/followups/model.ts";
import type { OrderSummary } from "../../server/orders/model.ts";
import type { DeskContext, Done } from "../shared/context.ts";
import { newId } from "../shared/ids.ts";
import { base } from "../shared/styles.ts";
import { choiceStyles } from "../wrap-up/choice.styles.ts";

/**
 * `<callcard-claim>`: a claim in one step; its number, to be said aloud, stands there until it is closed.
 *
 * Properties: `ctx`, `callId`, `customerId`, `orders` (those of the card), `orderId` (the one talked about).
 * Events: `close`.
 */
export class CallcardClaim extends LitElement {
  static override properties = {
    ctx: { attribute: false },
    callId: { attribute: false },
    customerId: { attribute: false },
    orders: { attribute: false },
    orderId: { attribute: false },
    about: { state: true },
    line: { state: true },
    kind: { state: true },
    wish: { state: true },
    busy: { state: true },
    problem: { state: true },
    badPhoto: { state: true },
    filed: { state: true },
  };

  static override styles = [
    base,
    choiceStyles,
    css`
      :host {
        display: block;
      }
      form,
      .filed {
        display: grid;
        gap: 12px;
        padding: 14px;
        border: 1px solid var(--line);
        border-radius: var(--radius-s);
        background: var(--sunken);
      }
      h2,
      legend {
        margin: 0 0 6px;
        padding: 0;
        font-size: 15px;
        font-weight: 600;
      }
      legend {
        font-size: 13px;
        color: var(--ink-2);
      }
      .row {
        display: grid;
        grid-template-columns: repeat(auto-fit, minmax(180px, 1fr));
        gap: 8px 12px;
      }
      textarea {
        min-height: 64px;
        field-sizing: content;
        max-height: 200px;
      }
      textarea[name="photos"] {
        min-height: 38px;
      }
      .foot {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        gap: 8px 12px;
      }
      .number {
        font-size: 26px;
        font-weight: 650;
        letter-spacing: 0.01em;
      }
      .problem {
        color: var(--bad);
        font-size: 14px;
      }
    `,
  ];

  declare ctx: DeskContext;
  declare callId: string;
  declare customerId: string;
  declare orders: readonly OrderSummary[];
  declare orderId: string | null;
  /** Chosen order; null: about none; undefined: the one talked about. */
  declare about: string | null | undefined;
  declare line: number | null;
  declare kind: ClaimKind | "";
  declare wish: ClaimWish | "";
  declare busy: boolean;
  declare problem: Done | "choose";
  declare badPhoto: string;
  declare filed: Claim | null;
  /** The same until it is filed: a reply that never came is asked for again, and it is filed once. */
  readonly #id = newId();

  constructor() {
    super();
    this.orders = [];
    this.orderId = null;
    this.about = undefined;
    this.line = null;
    this.kind = "";
    this.wish = "";
    this.busy = false;
    this.problem = null;
    this.badPhoto = "";
    this.filed = null;
  }

  override firstUpdated(): void {
    this.renderRoot.querySelector<HTMLElement>("select, input")?.focus();
  }

  override render(): TemplateResult {
    return this.filed ? this.#number(this.filed) : this.#form();
  }

  #number({ number, deadlineAt }: Claim): TemplateResult {
    const { locale, clock } = this.ctx;
    const { t } = locale;
    return html`<div class="filed" role="status">
      <p>${t("claimNumber")}</p>
      <p class="number"><bdi>${number}</bdi></p>
      ${
        deadlineAt
          ? html`<p class="muted">
              ${t("claimDue", { date: locale.date(deadlineAt, clock.nowMs()) })}
            </p>`
          : nothing
      }
      <div class="foot">
        <button class="btn" type="button" @click=${() => this.#close()}>${t("close")}</button>
      </div>
    </div>`;
  }

  #form(): TemplateResult {
    const { locale } = this.ctx;
    const { t } = locale;
    const order = this.orders.find(({ id }) => id === this.#orderMeant);
    const choices = <C extends ClaimKind | ClaimWish>(
      name: "kind" | "wish",
      codes: readonly C[],
      words: (code: C) => string,
    ): TemplateResult =>
      html`<fieldset>
        <legend>${t(name === "kind" ? "claimKind" : "claimWish")}</legend>
        ${codes.map(
          (code) =>
            html`<label class="choice"
              ><input
                type="radio"
                name=${name}
                value=${code}
                .checked=${this[name] === code}
                @change=${() => {
                  this.problem = null;
                  if (name === "kind") this.kind = code as ClaimKind;
                  else this.wish = code as ClaimWish;
                }}
              /><span>${words(code)}</span></label
            >`,
        )}
      </fieldset>`;
    return html`<form
      aria-labelledby="title"
      @submit=${(event: SubmitEvent) => void this.#file(event)}
      @keydown=${this.#key}
    >
      <h2 id="title">${t("claimTitle")}</h2>
      <div class="row">
        <label class="field"
          >${t("claimOrder")}
          <select
            @change=${(event: Event) => {
              this.about = (event.target as HTMLSelectElement).value || null;
              this.line = null;
            }}
          >
            ${this.orders.map(
              ({ id, number, items }) =>
                html`<option value=${id} ?selected=${id === this.#orderMeant}>
                  ${t("orderNumber", { number })}${items[0] ? `, ${items[0].name.slice(0, 60)}` : ""}
                </option>`,
            )}
            <option value="" ?selected=${this.#orderMeant === null}>${t("claimNoOrder")}</option>
          </select></label
        >
        ${
          order && order.items.length > 0
            ? html`<label class="field"
                >${t("claimLine")}
                <select
                  @change=${(event: Event) => {
                    const { value } = event.target as HTMLSelectElement;
                    this.line = value === "" ? null : Number(value);
                  }}
                >
                  <option value="" ?selected=${this.line === null}>${t("claimWholeOrder")}</option>
                  ${order.items.map(
                    ({ name }, index) =>
                      html`<option value=${String(index)} ?selected=${index === this.line}>
                        ${name.slice(0, 80)}
                      </option>`,
                  )}
                </select></label
              >`
            : nothing
        }
      </div>
      ${choices("kind", CLAIM_KINDS, (code) => t(`claim_${code}`))}
      ${choices("wish", CLAIM_WISHES, (code) => t(`wish_${code}`))}
      <label class="field"
        >${t("claimText")}
        <textarea name="text" maxlength="4000"></textarea>
      </label>
      <label class="field"
        >${t("claimPhotos")}
        <textarea
          name="photos"
          rows="1"
          inputmode="url"
          @input=${() => (this.badPhoto = "")}
        ></textarea>
      </label>
      <div class="foot">
        <button class="btn primary" type="submit" aria-disabled=${this.busy}>
          ${this.busy ? t("saving") : t("claimSave")}
        </button>
        <button class="btn quiet" type="button" @click=${() => this.#close()}>
          ${t("cancel")}
        </button>
        <p class="problem" role="alert">${this.#problemWords()}</p>
      </div>
    </form>`;
  }

  #problemWords(): string {
    const { t } = this.ctx.locale;
    if (this.badPhoto) return t("claimBadPhoto", { text: this.badPhoto.slice(0, 60) });
    if (this.problem === "choose") return t("claimChoose");
    return this.problem ? t(`error_${this.problem}`) : "";
  }

  get #orderMeant(): string | null {
    const wanted = this.about === undefined ? this.orderId : this.about;
    return this.orders.some(({ id }) => id === wanted) ? wanted : null;
  }

  #key = (event: KeyboardEvent): void => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      event.stopPropagation();
      (event.currentTarget as HTMLFormElement).requestSubmit();
    } else if (event.key === "Escape" && !this.#typed()) this.#close();
  };

  /** Something would be lost. */
  #typed(): boolean {
    const fields = this.renderRoot.querySelectorAll("textarea");
    return [...fields].some(({ value }) => value.trim() !== "");
  }

  async #file(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    if (this.busy) return;
    const data = new FormData(event.target as HTMLFormElement);
    const text = (name: string): string => {
      const value = data.get(name);
      return typeof value === "string" ? value.trim() : "";
    };
    const photos = text("photos").split(/\s+/).filter(Boolean);
    const bad = photos.find((link) => !/^https?:\/\/[^\s]+\.[^\s]+$/i.test(link));
    if (bad !== undefined) {
      this.badPhoto = bad;
      return;
    }
    const { kind, wish, callId, customerId } = this;
    if (kind === "" || wish === "") {
      this.problem = "choose";
      const missing = kind === "" ? "kind" : "wish";
      this.renderRoot.querySelector<HTMLElement>(`input[name=${missing}]`)?.focus();
      return;
    }
    this.busy = true;
    this.problem = null;
    const reply = await this.ctx.act.ask("fileClaim", {
      ...{ id: this.#id, callId, customerId, orderId: this.#orderMeant, line: this.line },
      ...{ kind, wish, text: text("text"), photos },
    });
    this.busy = false;
    if (reply.ok) this.filed = reply.claim;
    else this.problem = reply.code;
  }

  #close(): void {
    this.dispatchEvent(new Event("close"));
  }
}
