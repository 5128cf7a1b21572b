/**
 * What this tab has told its host page. A CRM that opens a record by leaving for another page loads this widget anew during
 * the same call; being told again would send it there again, for ever.
 */
export class Told {
  static readonly #KEY = "callcard:told";
  static readonly #LIMIT = 100;
  #keys: string[] = [];

  constructor() {
    try {
      const stored: unknown = JSON.parse(sessionStorage.getItem(Told.#KEY) ?? "[]");
      if (Array.isArray(stored)) this.#keys = stored.filter((key) => typeof key === "string");
    } catch {
      // No storage or not ours: then the memory lasts as long as the page.
    }
  }

  /** True the first time a key is given. */
  first(key: string): boolean {
    if (this.#keys.includes(key)) return false;
    this.#keys = [...this.#keys, key].slice(-Told.#LIMIT);
    try {
      sessionStorage.setItem(Told.#KEY, JSON.stringify(this.#keys));
    } catch {
      // As above.
    }
    return true;
  }
}
