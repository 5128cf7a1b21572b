import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import type { UploadBody } from "../../../../server/campaigns/rest.ts";
import { icon } from "../../../shared/icons.ts";
import { base } from "../../../shared/styles.ts";
import type { Answered } from "../../request.ts";
import { refusalText } from "../../shared/problems.ts";
import type { ConsoleWords } from "../../words.ts";
import { refusedText } from "../sentences.ts";

/** So many refused lines are shown; the rest is told as a number. */
const SHOWN = 100;

/**
 * `<callcard-console-upload>`: a file to upload, and what became of its lines. Properties: `words`, `label`, `hint`, `send`. Events:
 * `uploaded` once the server took it.
 */
export class ConsoleUpload extends LitElement {
  static override properties = {
    words: { attribute: false },
    label: {},
    hint: {},
    send: { attribute: false },
    busy: { state: true },
    result: { state: true },
  };
  static override styles = [
    base,
    css`
      :host {
        display: grid;
        gap: 8px;
      }
      label {
        display: grid;
        gap: 4px;
        font-weight: 550;
        font-size: 14px;
        width: fit-content;
        max-width: 100%;
      }
      input {
        border-style: dashed;
        background: none;
        padding: 8px 10px;
        font-size: 14px;
      }
      input::file-selector-button {
        font: inherit;
        font-weight: 550;
        color: var(--ink);
        background: var(--raised);
        border: 1px solid var(--line-strong);
        border-radius: var(--radius-s);
        padding: 4px 12px;
        margin-right: 12px;
      }
      .hint {
        font-size: 14px;
        color: var(--ink-3);
        max-width: 68ch;
      }
      code {
        font-size: 13px;
        overflow-wrap: anywhere;
      }
      .refused {
        max-height: 260px;
        overflow: auto;
        border: 1px solid var(--line);
        border-radius: var(--radius-s);
      }
      table {
        border-collapse: collapse;
        width: 100%;
        font-size: 14px;
      }
      th,
      td {
        text-align: left;
        font-weight: 400;
        padding: 5px 12px;
        border-bottom: 1px solid var(--line);
        overflow-wrap: anywhere;
      }
      thead th {
        position: sticky;
        top: 0;
        background: var(--sunken);
        color: var(--ink-3);
        font-size: 13px;
      }
    `,
  ];

  declare words: ConsoleWords;
  declare label: string;
  declare hint: string;
  declare send: (file: Blob) => Promise<Answered<UploadBody>>;
  declare busy: boolean;
  declare result: { readonly file: string; readonly answer: Answered<UploadBody> } | null;

  constructor() {
    super();
    this.label = "";
    this.hint = "";
    this.busy = false;
    this.result = null;
  }

  override render(): TemplateResult {
    return html`<label
        >${this.label}<input
          type="file"
          accept=".csv,text/csv"
          ?disabled=${this.busy}
          @change=${(event: Event) => void this.#upload(event.target as HTMLInputElement)}
      /></label>
      ${this.hint ? html`<p class="hint">${this.hint}</p>` : nothing}
      <div role="status">
        ${this.busy ? html`<p>${this.words.t("up_busy")}</p>` : this.#result()}
      </div>`;
  }

  #result(): TemplateResult | typeof nothing {
    const { result, words } = this;
    const { t } = words;
    if (!result) return nothing;
    const { answer, file } = result;
    if (!answer.ok)
      return html`<p class="notice bad">
        ${icon("warning")}<span
          >${t("up_failed", { file, message: refusalText(answer, words) })}</span
        >
      </p>`;
    const { added, refused, unchanged } = answer.body;
    return html`<p class="notice ${refused.length > 0 ? "" : "calm"}">
        <span>${t("up_done", { file, added, unchanged, refused: refused.length })}</span>
      </p>
      ${
        refused.length === 0
          ? nothing
          : html`<div class="refused" tabindex="0" role="group" aria-label=${t("up_refused")}>
                <table>
                  <caption class="sr">
                    ${t("up_refused")}
                  </caption>
                  <thead>
                    <tr>
                      <th scope="col">${t("up_line")}</th>
                      <th scope="col">${t("up_field")}</th>
                      <th scope="col">${t("up_reason")}</th>
                    </tr>
                  </thead>
                  <tbody>
                    ${refused.slice(0, SHOWN).map(
                      (row) =>
                        html`<tr>
                          <th scope="row">${row.line}</th>
                          <td><code>${row.field}</code></td>
                          <td>${refusedText(row, words)}</td>
                        </tr>`,
                    )}
                  </tbody>
                </table>
              </div>
              ${
                refused.length > SHOWN
                  ? html`<p class="muted small">
                      ${t("up_more", { count: refused.length - SHOWN })}
                    </p>`
                  : nothing
              }`
      }`;
  }

  async #upload(input: HTMLInputElement): Promise<void> {
    const file = input.files?.[0];
    if (!file) return;
    this.busy = true;
    const answer = await this.send(file);
    this.busy = false;
    this.result = { file: file.name, answer };
    // The same file, once it was put right, is to be taken again.
    input.value = "";
    if (answer.ok) this.dispatchEvent(new CustomEvent("uploaded"));
    await this.updateComplete;
    input.focus();
  }
}
