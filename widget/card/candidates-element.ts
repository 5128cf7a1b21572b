import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import type { Candidate } from "../../server/customers/model.ts";
import type { DeskCall } from "../../server/desk/protocol.ts";
import type { DeskContext, Done } from "../shared/context.ts";
import { icon } from "../shared/icons.ts";
import { base } from "../shared/styles.ts";
import { cardStyles } from "./card.styles.ts";
import { tier } from "./person.ts";

/**
 * `<callcard-candidates>`: several customers share the number; one press or key 1 to 9 says who it is.
 *
 * Properties: `ctx`, `call`. Methods: `pick(index)`.
 */
export class CallcardCandidates extends LitElement {
  static override properties = {
    ctx: { attribute: false },
    call: { attribute: false },
    choosing: { state: true },
    problem: { state: true },
  };

  static override styles = [
    base,
    cardStyles,
    css`
      ol {
        display: grid;
        gap: 8px;
      }
      ol button {
        display: grid;
        grid-template-columns: auto minmax(0, 1fr) auto;
        gap: 2px 14px;
        align-items: center;
        width: 100%;
        padding: 12px 16px;
        background: var(--surface);
        border: 1px solid var(--line);
        border-radius: var(--radius);
        box-shadow: var(--shadow);
      }
      ol button:hover,
      ol button.chosen {
        border-color: var(--accent);
        background: var(--accent-soft);
      }
      kbd {
        grid-row: 1 / span 2;
      }
      .name {
        font-size: 18px;
        font-weight: 650;
        line-height: 1.3;
        display: -webkit-box;
        -webkit-box-orient: vertical;
        -webkit-line-clamp: 2;
        overflow: hidden;
      }
      .why {
        grid-column: 2;
        font-size: 13px;
        color: var(--ink-2);
      }
      .marks {
        grid-row: 1 / span 2;
        grid-column: 3;
        display: flex;
        flex-wrap: wrap;
        gap: 6px;
        justify-content: flex-end;
      }
      .other {
        margin-top: 28px;
      }
      @container card (max-width: 460px) {
        .marks {
          grid-row: 3;
          grid-column: 2;
          justify-content: flex-start;
          padding-top: 4px;
        }
        kbd {
          grid-row: 1 / span 3;
        }
      }
    `,
  ];

  declare ctx: DeskContext;
  declare call: DeskCall;
  declare choosing: string;
  declare problem: Done;

  constructor() {
    super();
    this.choosing = "";
    this.problem = null;
  }

  override render(): TemplateResult {
    const { t } = this.ctx.locale;
    return html`<ol aria-label=${t("severalTitle")}>
        ${this.call.card.candidates.map((candidate, index) => this.#row(candidate, index))}
      </ol>
      ${
        this.problem
          ? html`<p class="notice bad other" role="alert">
              ${icon("warning")}<span>${t(`error_${this.problem}`)}</span>
            </p>`
          : nothing
      }
      <callcard-newcomer
        class="other"
        .ctx=${this.ctx}
        .call=${this.call}
        mode="none"
      ></callcard-newcomer>`;
  }

  #row(candidate: Candidate, index: number): TemplateResult {
    const { locale } = this.ctx;
    const { customer } = candidate;
    return html`<li>
      <button
        type="button"
        class=${this.choosing === customer.id ? "chosen" : ""}
        @click=${() => this.pick(index)}
      >
        ${index < 9 ? html`<kbd aria-hidden="true">${index + 1}</kbd>` : html`<span></span>`}
        <bdi class="name">${customer.name || locale.t("customerNoName")}</bdi>
        <span class="why">${this.#why(candidate)}</span>
        <span class="marks"
          >${customer.vip ? html`<span class="badge vip">${locale.t("vip")}</span>` : nothing}
          ${customer.tier ? tier(customer.tier, "", this.ctx) : nothing}</span
        >
      </button>
    </li>`;
  }

  #why(candidate: Candidate): TemplateResult {
    const { locale, clock } = this.ctx;
    const reason = locale.t(`reason_${candidate.reason}`);
    const ago = locale.ago(candidate.lastOrderAt, clock.nowMs());
    const { city } = candidate.customer;
    return html`${reason}${
      ago
        ? html`<span class="muted"
            >, ${candidate.reason === "lastOrder" ? ago : locale.t("lastOrderAgo", { ago })}</span
          >`
        : nothing
    }${city ? html`<span class="muted">, <bdi>${city}</bdi></span>` : nothing}`;
  }

  /** Chooses by the place in the list; false when there is no such candidate. */
  pick(index: number): boolean {
    const candidate = this.call.card.candidates[index];
    if (!candidate) return false;
    if (!this.choosing) void this.#choose(candidate.customer.id);
    return true;
  }

  async #choose(customerId: string): Promise<void> {
    this.choosing = customerId;
    this.problem = await this.ctx.act.chooseCustomer(this.call.callId, customerId);
    this.choosing = "";
  }
}
