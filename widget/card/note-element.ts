import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import type { DeskContext, Done } from "../shared/context.ts";
import { base } from "../shared/styles.ts";

/**
 * `<callcard-note>`: adds a note to the customer.
 *
 * Properties: `ctx`, `callId`. The text stays in the field until the server has it.
 */
export class CallcardNote extends LitElement {
  static override properties = {
    ctx: { attribute: false },
    callId: { attribute: false },
    text: { state: true },
    busy: { state: true },
    problem: { state: true },
  };

  static override styles = [
    base,
    css`
      form {
        display: grid;
        gap: 8px;
        padding-top: 6px;
      }
      textarea {
        min-height: var(--tap);
        field-sizing: content;
        max-height: 12em;
        resize: none;
      }
      .btn {
        justify-self: start;
      }
      .problem {
        color: var(--bad);
        font-size: 13px;
      }
    `,
  ];

  declare ctx: DeskContext;
  declare callId: string;
  declare text: string;
  declare busy: boolean;
  declare problem: Done;

  constructor() {
    super();
    this.text = "";
    this.busy = false;
    this.problem = null;
  }

  override render(): TemplateResult {
    const { t } = this.ctx.locale;
    return html`<form @submit=${(event: SubmitEvent) => void this.#add(event)}>
      <textarea
        rows="1"
        maxlength="4000"
        aria-label=${t("noteAdd")}
        placeholder=${t("noteAdd")}
        .value=${this.text}
        ?readonly=${this.busy}
        @input=${(event: InputEvent) => (this.text = (event.target as HTMLTextAreaElement).value)}
        @keydown=${this.#key}
      ></textarea>
      ${
        this.text.trim()
          ? html`<button class="btn" type="submit" aria-disabled=${this.busy}>
              ${this.busy ? t("saving") : t("noteSave")}
            </button>`
          : nothing
      }
      <p class="problem" role="alert" ?hidden=${!this.problem}>
        ${this.problem ? html`${t("noteNotSaved")} ${t(`error_${this.problem}`)}` : nothing}
      </p>
    </form>`;
  }

  #key = (event: KeyboardEvent): void => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      event.stopPropagation();
      (event.target as HTMLTextAreaElement).form?.requestSubmit();
    }
  };

  async #add(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    const text = this.text.trim();
    if (!text || this.busy) return;
    this.busy = true;
    this.problem = await this.ctx.act.addNote(this.callId, text);
    this.busy = false;
    if (this.problem === null) this.text = "";
  }
}
