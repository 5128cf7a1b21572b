/** A lease that a test gives and takes, in place of one of PostgreSQL. */
import type { Database } from "../../server/storage/database.ts";
import { type Lease, type LeaseHolder, LeaseLost } from "../../server/storage/lease.ts";
import type { Leases } from "../../server/storage/leases.ts";

export type LeaseDouble = Lease & { is(holder: LeaseHolder): void };

/** @param holder who has it at first. */
export function leaseDouble(holder: LeaseHolder = "here"): LeaseDouble {
  const listeners = new Set<(held: boolean) => void>();
  let is = holder;
  let epoch = 1;
  const held = () => is === "here";
  return {
    is(next) {
      const before = held();
      is = next;
      if (before === held()) return;
      if (held()) epoch += 1;
      for (const listener of listeners) listener(held());
    },
    held,
    confirm: () => Promise.resolve(held()),
    epoch: () => (held() ? epoch : 0),
    holder: () => is,
    fenced: <T>(db: Database, deed: (trx: Database) => Promise<T>) =>
      held() ? db.transaction().execute(deed) : Promise.reject(new LeaseLost("double")),
    onChange(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    close: () => Promise.resolve(),
  };
}

/** The same lease for every PBX. */
export function leasesDouble(lease: Lease): Pick<Leases, "of"> {
  return { of: () => lease };
}
