import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import type { DeskContext, Done } from "../shared/context.ts";
import { formText } from "../shared/form.ts";
import { icon } from "../shared/icons.ts";
import { base } from "../shared/styles.ts";

/**
 * `<callcard-dial>`: a number to call, typed or pasted in any form.
 *
 * Properties: `ctx`.
 */
export class CallcardDial extends LitElement {
  static override properties = {
    ctx: { attribute: false },
    busy: { state: true },
    outcome: { state: true },
  };

  static override styles = [
    base,
    css`
      :host {
        display: block;
        position: relative;
      }
      form {
        display: flex;
        position: relative;
      }
      input {
        padding-right: calc(var(--tap) + 4px);
        border-color: var(--line-strong);
      }
      button {
        position: absolute;
        right: 1px;
        top: 1px;
        bottom: 1px;
        width: var(--tap);
        display: grid;
        place-items: center;
        border-radius: var(--radius-s);
        color: var(--accent-ink);
      }
      button:hover {
        background: var(--accent-soft);
      }
      .outcome {
        position: absolute;
        top: calc(100% + 6px);
        right: 0;
        z-index: 20;
        width: max-content;
        max-width: min(300px, 90vw);
        box-shadow: var(--shadow-high);
      }
    `,
  ];

  declare ctx: DeskContext;
  declare busy: boolean;
  /** Null: nothing to say. `done`: the operator's phone rings. */
  declare outcome: Done | "done";

  constructor() {
    super();
    this.busy = false;
    this.outcome = null;
  }

  override render(): TemplateResult {
    const { t } = this.ctx.locale;
    const { outcome } = this;
    return html`<form @submit=${(event: SubmitEvent) => void this.#dial(event)}>
        <input
          type="tel"
          name="number"
          maxlength="60"
          autocomplete="off"
          aria-label=${t("dialLabel")}
          placeholder=${t("dialPlaceholder")}
          @input=${() => (this.outcome = null)}
        />
        <button
          type="submit"
          aria-label=${t("dialButton")}
          title=${t("dialButton")}
          aria-disabled=${this.busy}
        >
          ${icon("phone")}
        </button>
      </form>
      <div role="status">
        ${
          outcome === null
            ? nothing
            : outcome === "done"
              ? html`<p class="notice calm outcome">${t("dialDone")}</p>`
              : html`<p class="notice bad outcome">
                  ${icon("warning")}<span>${t(`error_${outcome}`)}</span>
                </p>`
        }
      </div>`;
  }

  /** Puts the cursor into the field. */
  start(): void {
    this.renderRoot.querySelector<HTMLInputElement>("input")?.select();
    this.renderRoot.querySelector<HTMLInputElement>("input")?.focus();
  }

  async #dial(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    const form = event.target as HTMLFormElement;
    const number = formText(form, "number");
    if (!number || this.busy) return;
    this.busy = true;
    const failed = await this.ctx.act.dial(number);
    this.busy = false;
    this.outcome = failed ?? "done";
    if (failed === null) form.reset();
    const said = this.outcome;
    setTimeout(() => {
      if (this.outcome === said) this.outcome = null;
    }, 6000);
  }
}
