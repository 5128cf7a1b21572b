import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import type { DeskState } from "../../server/desk/protocol.ts";
import type { Preferences, Theme } from "../desk/preferences.ts";
import { icon } from "../shared/icons.ts";
import type { Locale } from "../shared/locale.ts";
import { Popup, popupStyles } from "../shared/popup.ts";
import { preferenceFields } from "../shared/preference-fields.ts";
import { base } from "../shared/styles.ts";

/**
 * `<callcard-menu>`: sound, and what is set once: language, theme, phone, logging out.
 *
 * Properties: `locale`, `user`, `device`, `preferences`, `theme` (the one in use), `permission` (of notifications), `blocked`
 * (the browser keeps the sound back), `canLogOut`.
 * Events: `prefer` (detail: part of {@link Preferences}), `sample`, `notify`, `device`, `help`, `logout`.
 */
export class CallcardMenu extends LitElement {
  static override properties = {
    locale: { attribute: false },
    user: { attribute: false },
    device: { attribute: false },
    preferences: { attribute: false },
    theme: { attribute: false },
    permission: { attribute: false },
    blocked: { type: Boolean },
    canLogOut: { type: Boolean },
  };

  static override styles = [
    base,
    popupStyles,
    css`
      :host {
        display: flex;
        gap: 2px;
        position: relative;
      }
      .popup {
        width: 300px;
        padding: 14px;
        display: grid;
        grid-template-columns: minmax(0, 1fr);
        gap: 14px;
      }
      .popup .btn {
        white-space: normal;
      }
      .who strong {
        display: block;
        overflow-wrap: anywhere;
      }
      .sound {
        display: flex;
        align-items: center;
        gap: 10px;
      }
      .row {
        display: flex;
        gap: 10px;
      }
      .row > * {
        flex: 1;
        min-width: 0;
      }
      .items {
        border-top: 1px solid var(--line);
        margin: 0 -8px -8px;
        padding-top: 8px;
      }
      @container desk (max-width: 520px) {
        .help {
          display: none;
        }
      }
      .muted-sign {
        color: var(--warn);
      }
    `,
  ];

  declare locale: Locale;
  declare user: DeskState["user"];
  declare device: DeskState["presence"]["device"];
  declare preferences: Preferences;
  declare theme: Theme;
  declare permission: "ask" | "granted" | "unavailable";
  declare blocked: boolean;
  declare canLogOut: boolean;
  readonly #popup = new Popup(this);

  constructor() {
    super();
    this.device = null;
    this.theme = "auto";
    this.permission = "unavailable";
    this.blocked = false;
    this.canLogOut = false;
  }

  override render(): TemplateResult {
    const { t } = this.locale;
    const silent = this.preferences.muted || this.preferences.volume === 0;
    return html`<button
        class="btn quiet icon ${silent ? "muted-sign" : ""}"
        type="button"
        aria-pressed=${silent}
        aria-label=${t("soundMute")}
        title=${silent ? t("soundOff") : t("soundOn")}
        @click=${() => this.#prefer({ muted: !silent, ...(silent ? this.#audible() : {}) })}
      >
        ${icon(silent ? "muted" : "volume")}
      </button>
      <button
        class="btn quiet icon help"
        type="button"
        aria-label=${t("help")}
        title=${t("help")}
        @click=${() => this.#say("help")}
      >
        ${icon("help")}
      </button>
      <button
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
    const { t } = this.locale;
    const { preferences } = this;
    return html`<div class="popup right" role="group" aria-label=${t("settings")}>
      <p class="who">
        <strong><bdi>${this.user.name}</bdi></strong>
        ${
          this.device
            ? html`<span class="small muted"
                >${t("menuDevice", { extension: this.device.extension })}</span
              >`
            : nothing
        }
      </p>
      <label class="field"
        >${t("soundVolume")}
        <span class="sound"
          ><input
            type="range"
            min="0"
            max="100"
            step="5"
            .value=${String(Math.round(preferences.volume * 100))}
            @change=${(event: Event) => {
              const volume = Number((event.target as HTMLInputElement).value) / 100;
              this.#prefer({ volume, muted: false });
              this.#say("sample");
            }}
        /></span>
      </label>
      ${this.blocked ? html`<p class="notice small">${t("soundBlocked")}</p>` : nothing}
      ${
        this.permission === "ask"
          ? html`<button class="btn" type="button" @click=${() => this.#say("notify")}>
              ${t("notifyAsk")}
            </button>`
          : nothing
      }
      <div class="row">
        ${preferenceFields(this.locale, this.theme, (change) => this.#prefer(change))}
      </div>
      <div class="items">
        <button class="item" type="button" @click=${() => this.#leave("device")}>
          ${icon("phone")}${t("menuChangeDevice")}
        </button>
        ${
          this.canLogOut
            ? html`<button class="item" type="button" @click=${() => this.#leave("logout")}>
                ${icon("external")}${t("logout")}
              </button>`
            : nothing
        }
      </div>
    </div>`;
  }

  /** Unmuting a volume of zero must be heard. */
  #audible(): Partial<Preferences> {
    return this.preferences.volume === 0 ? { volume: 0.5 } : {};
  }

  #prefer(change: Partial<Preferences>): void {
    this.dispatchEvent(new CustomEvent("prefer", { detail: change }));
  }

  #leave(type: "device" | "logout"): void {
    this.#popup.close();
    this.#say(type);
  }

  #say(type: string): void {
    this.dispatchEvent(new Event(type));
  }
}
