import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { dialogStyles } from "../../shared/dialog.ts";
import { base } from "../../shared/styles.ts";

/** What is asked before something is done. */
export type Question = {
  readonly title: string;
  readonly body: TemplateResult;
  readonly yes: string;
  readonly no: string;
  /** Asks for a note under this label. */
  readonly note?: string;
};

/**
 * `<callcard-console-dialog>`: asks before a deed. Methods: `ask(question)`, resolves with the note ("" without one), or null when
 * the person thought better of it.
 */
export class ConsoleDialog extends LitElement {
  static override properties = { question: { state: true } };

  static override styles = [
    base,
    dialogStyles,
    css`
      dialog {
        width: min(520px, calc(100vw - 32px));
        max-height: calc(100dvh - 32px);
        padding: 28px;
      }
      h2 {
        font-size: 22px;
        line-height: 1.25;
      }
      form {
        display: grid;
        gap: 16px;
      }
      .body {
        display: grid;
        gap: 8px;
        color: var(--ink-2);
        overflow-wrap: anywhere;
      }
      .body ul {
        display: grid;
        gap: 6px;
        padding: 12px 14px;
        background: var(--sunken);
        border-radius: var(--radius-s);
        font-size: 14px;
      }
      .body h3 {
        font-size: 13px;
        color: var(--ink-3);
        font-weight: 600;
      }
      .buttons {
        display: flex;
        justify-content: flex-end;
        gap: 8px;
        flex-wrap: wrap;
      }
    `,
  ];

  declare question: Question | null;
  #answer: ((note: string | null) => void) | null = null;

  constructor() {
    super();
    this.question = null;
  }

  async ask(question: Question): Promise<string | null> {
    this.question = question;
    await this.updateComplete;
    const dialog = this.renderRoot.querySelector("dialog");
    const answered = new Promise<string | null>((resolve) => (this.#answer = resolve));
    dialog?.showModal();
    return answered;
  }

  override render(): TemplateResult {
    const { question } = this;
    return html`<dialog aria-labelledby="title" @close=${() => this.#end(null)}>
      ${
        question
          ? html`<form
              @submit=${(event: SubmitEvent) => {
                event.preventDefault();
                const note = new FormData(event.target as HTMLFormElement).get("note");
                this.#end(typeof note === "string" ? note.trim() : "");
              }}
            >
              <h2 id="title">${question.title}</h2>
              <div class="body">${question.body}</div>
              ${
                question.note
                  ? html`<label class="field"
                      >${question.note}<input name="note" maxlength="500" autocomplete="off"
                    /></label>`
                  : nothing
              }
              <div class="buttons">
                <button class="btn" type="button" @click=${() => this.#end(null)}>
                  ${question.no}
                </button>
                <button class="btn primary" type="submit">${question.yes}</button>
              </div>
            </form>`
          : nothing
      }
    </dialog>`;
  }

  #end(note: string | null): void {
    const answer = this.#answer;
    this.#answer = null;
    this.renderRoot.querySelector("dialog")?.close();
    this.question = null;
    answer?.(note);
  }
}
