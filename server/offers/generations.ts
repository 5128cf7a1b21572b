/** A bounded map that forgets what nobody asked for lately. */

/**
 * Two maps: what is asked for moves into the younger one; when that is half of the bound, the older one is dropped. As cheap as two
 * look-ups, where an exact order of use would be written at each.
 */
export class Generations<K, V> {
  readonly #half: number;
  #young = new Map<K, V>();
  #old = new Map<K, V>();

  /** @param most entries that are kept. */
  constructor(most: number) {
    this.#half = Math.max(1, Math.floor(most / 2));
  }

  /** At most the bound. */
  get size(): number {
    return this.#young.size + this.#old.size;
  }

  get(key: K): V | undefined {
    const young = this.#young.get(key);
    if (young !== undefined) return young;
    const old = this.#old.get(key);
    if (old !== undefined) {
      this.#old.delete(key);
      this.set(key, old);
    }
    return old;
  }

  set(key: K, value: V): void {
    this.#old.delete(key);
    this.#young.set(key, value);
    if (this.#young.size < this.#half) return;
    this.#old = this.#young;
    this.#young = new Map();
  }

  delete(key: K): void {
    this.#young.delete(key);
    this.#old.delete(key);
  }

  clear(): void {
    this.#young.clear();
    this.#old.clear();
  }
}
