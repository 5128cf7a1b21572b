/** What this person set on this computer: sound, language, theme, shortcuts. Kept in localStorage, never on the server. */
import { LANGUAGES, type Language } from "../shared/locale.ts";

export type Theme = "auto" | "light" | "dark";

export type Preferences = {
  /** 0 to 1. */
  readonly volume: number;
  readonly muted: boolean;
  /** Null follows the host page, the user's account and the browser. */
  readonly language: Language | null;
  readonly theme: Theme | null;
  /** Single-key shortcuts; some people's assistive input makes stray key presses. */
  readonly shortcuts: boolean;
  /** Scripts of campaigns are open. */
  readonly script: boolean;
};

const KEY = "callcard:preferences";

export const DEFAULT_PREFERENCES: Preferences = {
  volume: 0.7,
  muted: false,
  language: null,
  theme: null,
  shortcuts: true,
  script: true,
};

/** Stored preferences; whatever is missing or wrong has its default. */
export function loadPreferences(): Preferences {
  try {
    return parsePreferences(localStorage.getItem(KEY));
  } catch {
    return DEFAULT_PREFERENCES;
  }
}

export function parsePreferences(text: string | null): Preferences {
  try {
    const value = JSON.parse(text ?? "null") as Partial<Record<keyof Preferences, unknown>> | null;
    if (!value) return DEFAULT_PREFERENCES;
    const { volume, muted, language, theme, shortcuts, script } = value;
    return {
      volume:
        typeof volume === "number" && volume >= 0 && volume <= 1
          ? volume
          : DEFAULT_PREFERENCES.volume,
      muted: muted === true,
      language: LANGUAGES.find((known) => known === language) ?? null,
      theme: theme === "light" || theme === "dark" || theme === "auto" ? theme : null,
      shortcuts: shortcuts !== false,
      script: script !== false,
    };
  } catch {
    return DEFAULT_PREFERENCES;
  }
}

/** Stores them; a browser that refuses keeps them for this page only. */
export function savePreferences(preferences: Preferences): void {
  try {
    localStorage.setItem(KEY, JSON.stringify(preferences));
  } catch {
    // Nothing depends on it.
  }
}
