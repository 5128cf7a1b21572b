import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import type { User } from "../../../server/people/model.ts";
import type { Preferences, Theme } from "../../desk/preferences.ts";
import { icon } from "../../shared/icons.ts";
import { Popup, popupStyles } from "../../shared/popup.ts";
import { preferenceFields } from "../../shared/preference-fields.ts";
import { base } from "../../shared/styles.ts";
import type { ConsoleWords } from "../words.ts";

/** `<callcard-console-settings>`: language, colours, the operator's screen, logging out. Events: `prefer`, `logout`. */
export class ConsoleSettings extends LitElement {
  static override properties = {
    words: { attribute: false },
    user: { attribute: false },
    theme: { attribute: false },
  };

  static override styles = [
    base,
    popupStyles,
    css`
      :host {
        position: relative;
        flex: none;
      }
      .popup {
        width: 280px;
        padding: 14px;
        display: grid;
        gap: 14px;
      }
      .items {
        border-top: 1px solid var(--line);
        margin: 0 -8px -8px;
        padding-top: 8px;
      }
      a.item {
        color: inherit;
        text-decoration: none;
      }
    `,
  ];

  declare words: ConsoleWords;
  declare user: User;
  declare theme: Theme;
  readonly #popup = new Popup(this);

  override render(): TemplateResult {
    const { t } = this.words.locale;
    return html`<button
        class="btn quiet icon"
        type="button"
        aria-label=${t("settings")}
        title=${t("settings")}
        aria-haspopup="true"
        aria-expanded=${this.#popup.open}
        @click=${() => this.#popup.toggle()}
      >
        ${icon("settings")}
      </button>
      ${this.#popup.open ? this.#panel() : nothing}`;
  }

  #panel(): TemplateResult {
    const { locale, t } = this.words;
    return html`<div class="popup right" role="group" aria-label=${locale.t("settings")}>
      <strong><bdi>${this.user.name}</bdi></strong>
      ${preferenceFields(locale, this.theme, (change) => this.#prefer(change))}
      <div class="items">
        <a class="item" href="./">${icon("phone")}${t("toDesk")}</a>
        <button
          class="item"
          type="button"
          @click=${() => {
            this.#popup.close();
            this.dispatchEvent(new Event("logout"));
          }}
        >
          ${icon("external")}${locale.t("logout")}
        </button>
      </div>
    </div>`;
  }

  #prefer(change: Partial<Preferences>): void {
    this.dispatchEvent(new CustomEvent("prefer", { detail: change }));
  }
}
