/** What a setting is, the kinds there are, and how one that cannot be used is told. The settings themselves are in `config.ts`. */

/** A setting that cannot be used; `message` is the one line for the person who set it. */
export class ConfigError extends Error {
  /** @param came null for what must not be repeated. */
  constructor(setting: string, came: string | null, allowed: string, cause?: unknown) {
    const words = came === null ? "what was given" : came === "" ? "empty" : `"${came}"`;
    super(`${setting}: ${words} is not allowed; it must be ${allowed}`, { cause });
    this.name = "ConfigError";
  }
}

/** One line of the README's table. */
export type Setting<T> = {
  readonly name: string;
  readonly about: string;
  readonly default: string;
  /** Words for the error: what would have been right. */
  readonly allowed: string;
  /** Secrets are never echoed in an error. */
  readonly secret?: true;
  /** @returns undefined when the text is not allowed. */
  readonly parse: (text: string) => T | undefined;
};

/** Any text. */
export const text = (name: string, about: string, fallback = ""): Setting<string> => ({
  name,
  about,
  default: fallback,
  allowed: "text on one line",
  parse: (value) => (/[\r\n\0]/.test(value) ? undefined : value),
});

/** A secret of at least `minimum` characters, or none. */
export const secret = (name: string, about: string, minimum: number): Setting<string> => ({
  name,
  about,
  default: "",
  allowed: `at least ${minimum} characters on one line`,
  secret: true,
  parse: (value) =>
    value !== "" && (value.length < minimum || /[\r\n\0]/.test(value)) ? undefined : value,
});

/** Letters, digits, `-` and `_` alone: it stands in a dialplan, where anything else could mean something. */
export const token = (name: string, about: string, minimum: number): Setting<string> => ({
  name,
  about,
  default: "",
  allowed: `at least ${minimum} letters, digits, - or _`,
  secret: true,
  parse: (value) =>
    value === "" || (value.length >= minimum && /^[\w-]{1,200}$/.test(value)) ? value : undefined,
});

/** A whole number, both ends included. */
export const whole = (
  name: string,
  about: string,
  fallback: number,
  minimum: number,
  maximum: number,
): Setting<number> => ({
  name,
  about,
  default: String(fallback),
  allowed: `a whole number from ${minimum} to ${maximum}`,
  parse: (value) => {
    const number = /^\d{1,9}$/.test(value) ? Number(value) : Number.NaN;
    return number >= minimum && number <= maximum ? number : undefined;
  },
});

/** One of a few words. */
export const choice = <T extends string>(
  name: string,
  about: string,
  fallback: T,
  values: readonly T[],
): Setting<T> => ({
  name,
  about,
  default: fallback,
  allowed: `one of ${values.join(", ")}`,
  parse: (value) => values.find((one) => one === value),
});

/** An address with one of these protocols (`https:`), or none. */
export const url = (
  name: string,
  about: string,
  protocols: readonly string[],
): Setting<string> => ({
  name,
  about,
  default: "",
  allowed: `a URL that starts with ${protocols.map((protocol) => `${protocol}//`).join(" or ")}`,
  // Connection URLs may hold passwords: an error must not repeat them.
  secret: true,
  parse: (value) =>
    value === "" || (URL.canParse(value) && protocols.includes(new URL(value).protocol))
      ? value
      : undefined,
});
