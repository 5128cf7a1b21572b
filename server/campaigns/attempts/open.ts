/** Everything about attempts, put together: the store for the dialler, the planner that keeps it true, and what others ask for. */
import type { Database } from "../../storage/database.ts";
import { openLease } from "../../storage/lease.ts";
import { Planner, type PlannerOptions } from "./planner.ts";
import { type CallBackPromise, planCallBack } from "./promise.ts";
import { type Said, takeSaid } from "./said.ts";
import { PgAttemptStore } from "./store.ts";
import type { Withdrawing } from "./withdraw.ts";
import type { ZoneRules } from "./zone-facts.ts";

/** What attempts need of the rest. */
export type AttemptsOptions = Omit<PlannerOptions, "rules" | "lease"> &
  ZoneRules & {
    /** Where the lease is that one of several processes plans under, see {@link openLease}; without it this process plans. */
    readonly databaseUrl?: string;
  };

/** Attempts, at work. */
export type OpenedAttempts = {
  readonly store: PgAttemptStore;
  readonly planner: Planner;
  readonly rules: ZoneRules;
  /** What withdraws attempts, for those who know a reason. */
  readonly withdrawing: Withdrawing;
  /** What an operator said of a campaign's talk, inside the caller's transaction; false when there is no such attempt. */
  takeSaid(trx: Database, said: Said): Promise<boolean>;
  /** A call back promised in any queue, inside the caller's transaction. @returns how many campaigns will keep it. */
  planCallBack(trx: Database, promise: CallBackPromise): Promise<number>;
  /** Stops planning; what is under way is waited for. */
  close(): Promise<void>;
};

/** Begins to plan and to watch calls. */
export function openAttempts(options: AttemptsOptions): OpenedAttempts {
  const { db, bus, databaseUrl, timeZone, regionOfNumber, clock = Date.now } = options;
  const rules = { timeZone, regionOfNumber };
  const store = new PgAttemptStore({ db, bus, timeZone });
  const lease = databaseUrl === undefined ? null : openLease({ databaseUrl, name: "planner" });
  const planner = new Planner({ ...options, rules, lease });
  planner.open();
  return {
    ...{ store, planner, rules, withdrawing: { db, bus } },
    takeSaid: (trx, said) => takeSaid(trx, said, clock()),
    planCallBack: (trx, promise) => planCallBack(trx, rules, promise, clock()),
    async close() {
      await planner.close();
      await lease?.close();
    },
  };
}
