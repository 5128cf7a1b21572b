/** A binary heap of the moments at which busy operators become free. */
export class FinishTimes {
  readonly #heap: number[] = [];

  get size(): number {
    return this.#heap.length;
  }

  /** The earliest; Infinity when nobody is busy. */
  next(): number {
    return this.#heap.length === 0 ? Infinity : this.#heap[0]!;
  }

  add(atMs: number): void {
    const heap = this.#heap;
    let at = heap.length;
    heap.push(atMs);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (heap[parent]! <= atMs) break;
      heap[at] = heap[parent]!;
      at = parent;
    }
    heap[at] = atMs;
  }

  /** Removes the earliest. */
  drop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && heap[child + 1]! < heap[child]!) child += 1;
      if (heap[child]! >= last) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = last;
  }
}
