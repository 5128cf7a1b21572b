/** What is to happen, soonest first: a binary heap over typed arrays. */
export class Events {
  #at = new Float64Array(1024);
  #what = new Int32Array(1024);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** When the next is; Infinity when nothing is to happen. */
  get nextMs(): number {
    return this.#size === 0 ? Infinity : this.#at[0]!;
  }

  add(atMs: number, what: number): void {
    if (this.#size === this.#at.length) {
      const at = new Float64Array(2 * this.#size);
      const what = new Int32Array(2 * this.#size);
      at.set(this.#at);
      what.set(this.#what);
      this.#at = at;
      this.#what = what;
    }
    let place = this.#size;
    this.#size += 1;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      if (this.#at[parent]! <= atMs) break;
      this.#at[place] = this.#at[parent]!;
      this.#what[place] = this.#what[parent]!;
      place = parent;
    }
    this.#at[place] = atMs;
    this.#what[place] = what;
  }

  /** Takes the next out. */
  take(): number {
    const taken = this.#what[0]!;
    this.#size -= 1;
    const atMs = this.#at[this.#size]!;
    const what = this.#what[this.#size]!;
    let place = 0;
    for (;;) {
      let child = 2 * place + 1;
      if (child >= this.#size) break;
      if (child + 1 < this.#size && this.#at[child + 1]! < this.#at[child]!) child += 1;
      if (this.#at[child]! >= atMs) break;
      this.#at[place] = this.#at[child]!;
      this.#what[place] = this.#what[child]!;
      place = child;
    }
    this.#at[place] = atMs;
    this.#what[place] = what;
    return taken;
  }
}
