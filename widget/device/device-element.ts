import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import type { DeskState } from "../../server/desk/protocol.ts";
import type { DeskContext, Done } from "../shared/context.ts";
import { entryFormStyles } from "../shared/entry-form.ts";
import { focusIfFree } from "../shared/focus.ts";
import { formText } from "../shared/form.ts";
import { icon } from "../shared/icons.ts";
import { base } from "../shared/styles.ts";

/**
 * `<callcard-device>`: which phone is the operator's. Asked once; the server remembers it.
 *
 * Properties: `ctx`, `pbxs`, `device` (the present one, null for none), `cancellable`.
 * Events: `done` when it was chosen, `cancel`.
 */
export class CallcardDevice extends LitElement {
  static override properties = {
    ctx: { attribute: false },
    pbxs: { attribute: false },
    device: { attribute: false },
    cancellable: { type: Boolean },
    busy: { state: true },
    problem: { state: true },
  };

  static override styles = [
    base,
    entryFormStyles,
    css`
      form {
        width: min(400px, 100%);
      }
      .row {
        display: flex;
        gap: 12px;
      }
      .row > * {
        flex: 1;
        min-width: 0;
      }
      .extension {
        font-size: 22px;
        letter-spacing: 0.04em;
      }
      .problem {
        display: grid;
        gap: 10px;
      }
    `,
  ];

  declare ctx: DeskContext;
  declare pbxs: DeskState["pbxs"];
  declare device: { readonly pbx: string; readonly extension: string } | null;
  declare cancellable: boolean;
  declare busy: boolean;
  declare problem: Done;

  constructor() {
    super();
    this.pbxs = [];
    this.device = null;
    this.cancellable = false;
    this.busy = false;
    this.problem = null;
  }

  override render(): TemplateResult {
    const { t } = this.ctx.locale;
    return html`<form @submit=${(event: SubmitEvent) => this.#submit(event)} novalidate>
      <div>
        <h1>${t("deviceTitle")}</h1>
        <p class="lead">${t("deviceLead")}</p>
      </div>
      <div class="row">
        <label class="field"
          >${t("deviceExtension")}
          <input
            class="extension"
            name="extension"
            inputmode="numeric"
            autocomplete="off"
            maxlength="40"
            .value=${this.device?.extension ?? ""}
            required
          />
        </label>
        ${
          this.pbxs.length > 1
            ? html`<label class="field"
                >${t("devicePbx")}
                <select name="pbx">
                  ${this.pbxs.map(
                    (pbx) =>
                      html`<option value=${pbx.name} ?selected=${pbx.name === this.device?.pbx}>
                        ${pbx.name}${pbx.up ? "" : ` (${t("pbxNoConnection")})`}
                      </option>`,
                  )}
                </select>
              </label>`
            : nothing
        }
      </div>
      <div class="row">
        <button class="btn primary" type="submit" aria-disabled=${this.busy}>
          ${t("deviceButton")}
        </button>
        ${
          this.cancellable
            ? html`<button
                class="btn"
                type="button"
                @click=${() => this.dispatchEvent(new Event("cancel"))}
              >
                ${t("cancel")}
              </button>`
            : nothing
        }
      </div>
      <div class="problem" role="alert">
        ${
          this.problem === "deviceTaken"
            ? html`<p class="notice">${icon("warning")}<span>${t("error_deviceTaken")}</span></p>
                <button class="btn" type="button" @click=${() => void this.#choose(true)}>
                  ${t("deviceTakeOver")}
                </button>`
            : this.problem
              ? html`<p class="notice bad">
                  ${icon("warning")}<span>${t(`error_${this.problem}`)}</span>
                </p>`
              : nothing
        }
      </div>
    </form>`;
  }

  override firstUpdated(): void {
    focusIfFree(this.renderRoot.querySelector("input"));
  }

  #submit(event: SubmitEvent): void {
    event.preventDefault();
    void this.#choose(false);
  }

  async #choose(takeOver: boolean): Promise<void> {
    const form = this.renderRoot.querySelector("form");
    if (!form || this.busy) return;
    const extension = formText(form, "extension");
    const pbx = formText(form, "pbx") || (this.pbxs[0]?.name ?? "");
    if (!extension) {
      form.querySelector<HTMLInputElement>("[name=extension]")?.focus();
      return;
    }
    this.busy = true;
    this.problem = await this.ctx.act.chooseDevice(pbx, extension, takeOver);
    this.busy = false;
    if (this.problem === null) this.dispatchEvent(new Event("done"));
  }
}
