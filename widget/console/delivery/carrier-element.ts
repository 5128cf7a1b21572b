import { css, html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import type { ProviderSettings, TableSettings } from "../../../server/delivery/settings.ts";
import { base } from "../../shared/styles.ts";
import type { ConsoleContext } from "../context.ts";
import { alertOf } from "../shared/page-parts.ts";
import type { ConsoleKey } from "../words.ts";
import { listOf } from "./carrier.ts";
import { tableFields, tableStyles } from "./table.ts";

/**
 * `<callcard-console-carrier>`: the settings of one carrier. Properties: `ctx`, `name` ("" for a new one), `saved`, `hasSecrets`,
 * `problem` (why it was not saved, "" for nothing).
 * Events: `save` with the name and the settings, `cancel`.
 */
export class ConsoleCarrier extends LitElement {
  static override properties = {
    ctx: { attribute: false },
    name: { attribute: false },
    saved: { attribute: false },
    hasSecrets: { attribute: false },
    problem: {},
    settings: { state: true },
  };
  static override styles = [
    base,
    tableStyles,
    css`
      form {
        display: grid;
        gap: 12px;
        padding-top: 12px;
      }
      .pair {
        display: grid;
        grid-template-columns: repeat(auto-fit, minmax(min(240px, 100%), 1fr));
        gap: 10px;
      }
      .foot {
        display: flex;
        flex-wrap: wrap;
        gap: 8px;
      }
    `,
  ];

  declare ctx: ConsoleContext;
  declare name: string;
  declare saved: ProviderSettings;
  declare hasSecrets: readonly string[];
  declare problem: string;
  /** As it is being edited. */
  declare settings: ProviderSettings | null;
  #name = "";

  constructor() {
    super();
    this.name = "";
    this.hasSecrets = [];
    this.problem = "";
    this.settings = null;
  }

  override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has("name") || this.settings === null) {
      this.settings = this.saved;
      this.#name = this.name;
    }
  }

  override firstUpdated(): void {
    this.renderRoot.querySelector<HTMLElement>("input")?.focus();
  }

  override render(): TemplateResult {
    const { t } = this.ctx.words;
    const settings = this.settings ?? this.saved;
    return html`<form
      @submit=${(event: SubmitEvent) => {
        event.preventDefault();
        const detail = { name: this.#name.trim(), settings };
        this.dispatchEvent(new CustomEvent("save", { detail }));
      }}
    >
      ${
        this.name === ""
          ? html`<div class="pair">
              <label class="field"
                >${t("dl_name")}<input
                  required
                  maxlength="40"
                  autocomplete="off"
                  .value=${this.#name}
                  @input=${(event: Event) =>
                    (this.#name = (event.target as HTMLInputElement).value)}
              /></label>
            </div>`
          : nothing
      }
      ${this.#fields(settings)} ${alertOf(this.problem)}
      <div class="foot">
        <button class="btn primary" type="submit">${t("ed_save")}</button>
        <button class="btn" type="button" @click=${() => this.dispatchEvent(new Event("cancel"))}>
          ${t("cancel")}
        </button>
      </div>
    </form>`;
  }

  #fields(settings: ProviderSettings): TemplateResult {
    const { t } = this.ctx.words;
    switch (settings.kind) {
      case "table":
        return tableFields(this.ctx.words, settings, (next: TableSettings) => {
          this.settings = next;
        });
      case "cdek":
        return html`<div class="pair">
          ${this.#text("dl_account", settings.account, (account) => ({ ...settings, account }))}
          ${this.#secret("dl_password", "password", settings)}
          ${this.#text(
            "dl_tariffs",
            (settings.tariffs ?? []).join(", "),
            (typed) => {
              const { tariffs: _tariffs, ...rest } = settings;
              const codes = listOf(typed).map(Number).filter(Number.isInteger);
              return codes.length > 0 ? { ...rest, tariffs: codes } : rest;
            },
            { pattern: "[0-9 ,]*", hint: t("dl_tariffsHint") },
          )}
        </div>`;
      case "russianPost":
        return html`<div class="pair">
          ${this.#secret("dl_token", "token", settings)} ${this.#secret("dl_key", "key", settings)}
        </div>`;
      case "novaPoshta":
    }
    return html`<div class="pair">${this.#secret("dl_apiKey", "apiKey", settings)}</div>`;
  }

  #text(
    label: ConsoleKey,
    value: string,
    put: (typed: string) => ProviderSettings,
    more: { readonly pattern?: string; readonly hint?: string } = {},
  ): TemplateResult {
    return html`<label class="field"
      >${this.ctx.words.t(label)}<input
        maxlength="200"
        autocomplete="off"
        pattern=${more.pattern ?? nothing}
        placeholder=${more.hint ?? nothing}
        ?required=${more.pattern === undefined}
        .value=${value}
        @change=${(event: Event) => (this.settings = put((event.target as HTMLInputElement).value))}
    /></label>`;
  }

  /** What is left empty stays as it was; it is never shown. */
  #secret(label: ConsoleKey, name: string, settings: ProviderSettings): TemplateResult {
    const { t } = this.ctx.words;
    const isThere = this.hasSecrets.includes(name);
    return html`<label class="field"
      >${t(label)}<input
        type="password"
        maxlength="500"
        autocomplete="new-password"
        placeholder=${isThere ? t("dl_secretKept") : ""}
        ?required=${!isThere}
        @change=${(event: Event) => {
          const typed = (event.target as HTMLInputElement).value.trim();
          const { [name as "kind"]: _before, ...rest } = this.settings ?? settings;
          this.settings = (typed === "" ? rest : { ...rest, [name]: typed }) as ProviderSettings;
        }}
    /></label>`;
  }
}
