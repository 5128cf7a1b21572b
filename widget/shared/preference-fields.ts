import { html, type TemplateResult } from "lit";
import type { Preferences, Theme } from "../desk/preferences.ts";
import { LANGUAGES, type Language, type Locale } from "./locale.ts";

const LANGUAGE_NAMES: { readonly [L in Language]: string } = {
  ru: "Русский",
  uk: "Українська",
  en: "English",
};
const THEMES: readonly Theme[] = ["auto", "light", "dark"];

/** The fields of language and colours; `prefer` is told what was chosen. */
export function preferenceFields(
  locale: Locale,
  theme: Theme,
  prefer: (change: Partial<Preferences>) => void,
): TemplateResult {
  const { t, lang } = locale;
  return html`<label class="field"
      >${t("language")}
      <select
        @change=${(event: Event) =>
          prefer({ language: (event.target as HTMLSelectElement).value as Language })}
      >
        ${LANGUAGES.map(
          (language) =>
            html`<option value=${language} ?selected=${language === lang}>
              ${LANGUAGE_NAMES[language]}
            </option>`,
        )}
      </select>
    </label>
    <label class="field"
      >${t("theme")}
      <select
        @change=${(event: Event) =>
          prefer({ theme: (event.target as HTMLSelectElement).value as Theme })}
      >
        ${THEMES.map(
          (one) =>
            html`<option value=${one} ?selected=${one === theme}>${t(`theme_${one}`)}</option>`,
        )}
      </select>
    </label>`;
}
