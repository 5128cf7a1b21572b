/**
 * Whose turn it is to be looked up. Newcomers go first; who is only looked up again, because many customers changed at once, takes a
 * few of the places, so that a load of the whole shop never keeps a newcomer waiting.
 */

export type LookUpLineOptions<T> = {
  /** Look-ups at the same time. */
  readonly atOnce: number;
  /** Of those, at most so many for who is looked up again. */
  readonly againAtOnce: number;
  /** Whether it is still worth while when the turn comes. */
  readonly isWanted: (one: T) => boolean;
  /** Never rejects. */
  readonly lookUp: (one: T) => Promise<void>;
};

/** Nobody stands in it twice. */
export class LookUpLine<T> {
  readonly #options: LookUpLineOptions<T>;
  readonly #newcomers = new Set<T>();
  readonly #again = new Set<T>();
  #running = 0;
  #runningAgain = 0;

  constructor(options: LookUpLineOptions<T>) {
    this.#options = options;
  }

  has(one: T): boolean {
    return this.#newcomers.has(one) || this.#again.has(one);
  }

  /** As soon as there is a place. */
  enter(one: T): void {
    this.#again.delete(one);
    this.#newcomers.add(one);
    this.#next();
  }

  /** After the newcomers. */
  enterAgain(ones: Iterable<T>): void {
    for (const one of ones) if (!this.#newcomers.has(one)) this.#again.add(one);
    this.#next();
  }

  /** A look-up under way ends by itself. */
  leave(one: T): void {
    this.#newcomers.delete(one);
    this.#again.delete(one);
  }

  #next(): void {
    const { againAtOnce, atOnce } = this.#options;
    while (this.#running < atOnce) {
      const isNewcomer = this.#newcomers.size > 0;
      if (!isNewcomer && this.#runningAgain >= againAtOnce) return;
      const line = isNewcomer ? this.#newcomers : this.#again;
      const [one] = line;
      if (one === undefined) return;
      line.delete(one);
      if (this.#options.isWanted(one)) this.#run(one, isNewcomer ? 0 : 1);
    }
  }

  #run(one: T, again: 0 | 1): void {
    this.#running += 1;
    this.#runningAgain += again;
    void this.#options.lookUp(one).finally(() => {
      this.#running -= 1;
      this.#runningAgain -= again;
      this.#next();
    });
  }
}
