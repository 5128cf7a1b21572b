/**
 * What cards showed of customers in the last hour. While PostgreSQL is away it is shown again, and said to be old: an operator who sees the
 * order of this morning can help, one who sees nothing cannot.
 */
import { LRUCache } from "lru-cache";
import type { CardParts } from "./card.ts";

/** Parts that are remembered: what is worked on is not, because acting on something old does harm. */
export type Remembered = "orders" | "calls" | "notes";

type Values = {
  -readonly [K in Remembered]?: Extract<CardParts[K], { readonly state: "here" }>["value"];
};

const MOST_KNOWN = 2000;
const KEPT_MS = 3_600_000;

/** The memory of one process. */
export class CardMemory {
  // Without a resolution it keeps no timer of its own.
  readonly #known = new LRUCache<string, Values>({
    ...{ max: MOST_KNOWN, ttl: KEPT_MS, ttlResolution: 0 },
  });

  /** @param whose the customer's id, or the number of who is no customer. */
  keep<K extends Remembered>(whose: string, part: K, value: NonNullable<Values[K]>): void {
    this.#known.set(whose, { ...this.#known.get(whose), [part]: value });
  }

  /** The part as it was last read; null when it was not, or too long ago. */
  recall<K extends Remembered>(whose: string, part: K): CardParts[K] | null {
    const value = this.#known.get(whose)?.[part];
    return value === undefined
      ? null
      : ({ state: "here", value, fromMemory: true } as CardParts[K]);
  }
}
