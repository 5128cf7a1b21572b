import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import type { DeskContext, Done } from "./context.ts";
import { icon } from "./icons.ts";
import { base } from "./styles.ts";

/**
 * `<callcard-number>`: a phone number that is called when pressed (the operator's own phone rings first).
 *
 * Properties: `number` (E.164 or an extension), `display` (as people write it), `ctx`; attribute `large`.
 */
export class CallcardNumber extends LitElement {
  static override properties = {
    number: {},
    display: {},
    ctx: { attribute: false },
    busy: { state: true },
    problem: { state: true },
  };

  static override styles = [
    base,
    css`
      :host {
        display: inline-block;
        max-width: 100%;
      }
      button {
        display: inline-flex;
        align-items: center;
        gap: 7px;
        padding: 2px 6px;
        margin: -2px -6px;
        border-radius: var(--radius-s);
        color: var(--accent-ink);
        font-weight: 550;
        font-size: inherit;
        overflow-wrap: anywhere;
        min-height: 24px;
      }
      button:hover {
        background: var(--accent-soft);
      }
      svg.i {
        width: 15px;
        height: 15px;
      }
      :host([large]) button {
        font-size: 18px;
        gap: 9px;
      }
      :host([large]) svg.i {
        width: 18px;
        height: 18px;
      }
      .problem {
        display: block;
        color: var(--bad);
        font-size: 13px;
      }
    `,
  ];

  declare number: string;
  declare display: string;
  declare ctx: DeskContext;
  declare busy: boolean;
  declare problem: Done;

  constructor() {
    super();
    this.number = "";
    this.display = "";
    this.busy = false;
    this.problem = null;
  }

  override render(): TemplateResult | typeof nothing {
    if (!this.number) return nothing;
    const { t } = this.ctx.locale;
    const shown = this.display || this.number;
    return html`<button
        type="button"
        aria-disabled=${this.busy}
        title=${this.busy ? t("dialling") : t("callNumber", { number: shown })}
        aria-label=${t("callNumber", { number: shown })}
        @click=${() => void this.#dial()}
      >
        ${icon("phone")}<bdi>${shown}</bdi></button
      ><span class="problem" role="alert" ?hidden=${this.problem === null}
        >${this.problem ? t(`error_${this.problem}`) : nothing}</span
      >`;
  }

  async #dial(): Promise<void> {
    if (this.busy) return;
    this.busy = true;
    this.problem = await this.ctx.act.dial(this.number);
    this.busy = false;
  }
}
