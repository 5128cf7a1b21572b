/**
 * One lease for each PBX: its holder moves callers, dials, and writes what happened there; the others listen and are ready to take over.
 */
import { type Lease, LeaseLost, openLease } from "./lease.ts";

/** The leases of all PBXs, as one process has them. */
export interface Leases {
  /** Begins to ask for a PBX's lease. @param able whether this process could act there now. @returns how to give it up. */
  open(pbx: string, able?: () => boolean): () => Promise<void>;
  /** Gives all up at once, before their own endings; none of them is asked for any more. */
  giveUp(): Promise<void>;
  /** The lease of a PBX; one that is never held for a PBX that is not open. */
  of(pbx: string): Lease;
}

/** What a PBX's lease is called in PostgreSQL. Earlier versions dial under this name: beside one of them nobody acts twice. */
export function leaseNameOf(pbx: string): string {
  return `dialler ${pbx}`;
}

/** Who has a lease already leaves the next one that becomes free to somebody who has none. */
const PATIENCE_MS = 100;

/** @param databaseUrl each lease has a connection of its own there, which must lead to PostgreSQL itself; see {@link openLease}. */
export function openLeases(databaseUrl: string): Leases {
  const leases = new Map<string, Lease>();
  const patienceMs = () => {
    let held = 0;
    for (const lease of leases.values()) if (lease.held()) held += 1;
    return Math.min(5, held) * PATIENCE_MS;
  };
  return {
    open(pbx, able = () => true) {
      const lease = openLease({ databaseUrl, name: leaseNameOf(pbx), patienceMs, able });
      leases.set(pbx, lease);
      return async () => {
        if (leases.get(pbx) === lease) leases.delete(pbx);
        await lease.close();
      };
    },
    async giveUp() {
      await Promise.all([...leases.values()].map((lease) => lease.close()));
    },
    of: (pbx) => leases.get(pbx) ?? NEVER_HELD,
  };
}

const NEVER_HELD: Lease = {
  held: () => false,
  confirm: () => Promise.resolve(false),
  epoch: () => 0,
  holder: () => "unknown",
  fenced: () => Promise.reject(new LeaseLost("of a PBX that is gone")),
  onChange: () => () => undefined,
  close: () => Promise.resolve(),
};
