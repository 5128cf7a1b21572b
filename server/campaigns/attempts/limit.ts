/**
 * Lets so many deeds run at one time, the others in the order they came. A hundred lines that are dialled at once would otherwise all wait for
 * the few connections of one pool, and those that waited too long would fail though PostgreSQL is well.
 */
export class Limit {
  readonly #atOnce: number;
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  constructor(atOnce: number) {
    this.#atOnce = atOnce;
  }

  /** @returns what the deed returns; fails as it does. */
  async take<Result>(deed: () => Promise<Result>): Promise<Result> {
    if (this.#running < this.#atOnce) this.#running += 1;
    // Whoever is done hands the turn on.
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await deed();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#running -= 1;
      else next();
    }
  }
}
