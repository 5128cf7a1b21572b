/** A lease that a test gives and takes. */
import { NOT_KEPT } from "../../server/priority/by-hand.ts";
import { localBus } from "../../server/storage/bus.ts";
import type { Database } from "../../server/storage/database.ts";
import { type Lease, LeaseLost } from "../../server/storage/lease.ts";

export class TestLease implements Lease {
  #held: boolean;
  #epoch = 1;
  readonly #listeners = new Set<(held: boolean) => void>();

  constructor(held = true) {
    this.#held = held;
  }
  held = () => this.#held;
  confirm = async () => this.#held;
  epoch = () => (this.#held ? this.#epoch : 0);
  holder = () => (this.#held ? ("here" as const) : ("elsewhere" as const));
  fenced = async <T>(db: Database, deed: (trx: Database) => Promise<T>) => {
    if (!this.#held) throw new LeaseLost("of a test");
    return deed(db);
  };
  onChange(listener: (held: boolean) => void) {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }
  set(held: boolean) {
    if (held && !this.#held) this.#epoch += 1;
    this.#held = held;
    for (const listener of this.#listeners) listener(held);
  }
  close = async () => undefined;
}

/** What a steward needs that has every PBX for itself. */
export const alone = () => ({
  leaseOf: () => new TestLease(),
  byHand: NOT_KEPT,
  bus: localBus((error) => {
    throw error;
  }),
});
