import { css, html, LitElement, type TemplateResult } from "lit";
import { dialogStyles } from "../shared/dialog.ts";
import { icon } from "../shared/icons.ts";
import type { Locale, TextKey } from "../shared/locale.ts";
import { base } from "../shared/styles.ts";

/** Keys and what they do, in the order of a working day. */
const KEYS: readonly (readonly [readonly string[], TextKey])[] = [
  [["R"], "key_ready"],
  [["P"], "key_pause"],
  [["/"], "key_dial"],
  [["D"], "key_previewCall"],
  [["S"], "key_previewSkip"],
  [["1", "…", "9"], "key_candidate"],
  [["C"], "key_card"],
  [["O"], "key_order"],
  [["F"], "key_claim"],
  [["B"], "key_callBack"],
  [["W"], "key_wrapUp"],
  [["Ctrl", "Enter"], "key_save"],
  [["["], "key_previous"],
  [["]"], "key_next"],
  [["M"], "key_mute"],
  [["?"], "key_help"],
];

/**
 * `<callcard-help>`: the keyboard shortcuts, in a dialog.
 *
 * Properties: `locale`, `shortcuts` (single keys are on). Methods: `open()`.
 * Events: `shortcuts` with detail `on`.
 */
export class CallcardHelp extends LitElement {
  static override properties = {
    locale: { attribute: false },
    shortcuts: { type: Boolean },
  };

  static override styles = [
    base,
    dialogStyles,
    css`
      dialog {
        width: min(480px, calc(100vw - 32px));
        max-height: calc(100vh - 32px);
        padding: 24px;
      }
      .head {
        display: flex;
        justify-content: space-between;
        align-items: center;
        margin-bottom: 12px;
      }
      h2 {
        font-size: 20px;
      }
      dl {
        display: grid;
        grid-template-columns: auto 1fr;
        gap: 9px 18px;
        align-items: center;
      }
      dt {
        display: flex;
        gap: 4px;
        align-items: center;
        color: var(--ink-3);
      }
      label {
        display: flex;
        gap: 10px;
        align-items: flex-start;
        margin-top: 20px;
        padding-top: 16px;
        border-top: 1px solid var(--line);
        font-size: 14px;
      }
      label input {
        margin-top: 3px;
      }
    `,
  ];

  declare locale: Locale;
  declare shortcuts: boolean;

  constructor() {
    super();
    this.shortcuts = true;
  }

  override render(): TemplateResult {
    const { t } = this.locale;
    return html`<dialog
      aria-labelledby="title"
      @click=${(event: MouseEvent) => {
        if (event.target === event.currentTarget) this.#dialog()?.close();
      }}
    >
      <div class="head">
        <h2 id="title">${t("helpTitle")}</h2>
        <button
          class="btn quiet icon"
          type="button"
          aria-label=${t("close")}
          @click=${() => this.#dialog()?.close()}
        >
          ${icon("close")}
        </button>
      </div>
      <dl>
        ${KEYS.map(
          ([keys, text]) =>
            html`<dt>
                ${keys.map((key) => (key === "…" ? html`<span>…</span>` : html`<kbd>${key}</kbd>`))}
              </dt>
              <dd>${t(text)}</dd>`,
        )}
      </dl>
      <label
        ><input
          type="checkbox"
          .checked=${this.shortcuts}
          @change=${(event: Event) =>
            this.dispatchEvent(
              new CustomEvent("shortcuts", {
                detail: { on: (event.target as HTMLInputElement).checked },
              }),
            )}
        /><span>${t("helpToggle")}</span></label
      >
    </dialog>`;
  }

  open(): void {
    const dialog = this.#dialog();
    if (dialog && !dialog.open) dialog.showModal();
  }

  #dialog(): HTMLDialogElement | null {
    return this.renderRoot.querySelector("dialog");
  }
}
