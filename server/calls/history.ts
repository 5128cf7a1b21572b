/**
 * Finished calls on their way to PostgreSQL. A call that ended is taken at once and written with the next batch; while PostgreSQL is
 * away calls wait in memory, bounded, in order. Of several processes the holder of the PBX's lease writes; see {@link HeldOutbox}.
 */
import type { Database } from "../storage/database.ts";
import { HeldOutbox } from "../storage/held-outbox.ts";
import type { Leases } from "../storage/leases.ts";
import type { OutboxLog } from "../storage/outbox.ts";
import type { CallFact } from "./model.ts";
import { type CallRecord, recordOf } from "./record.ts";
import { saveCalls } from "./store.ts";

export type CallHistoryOptions = {
  readonly db: Database;
  /** Where facts come from. */
  readonly calls: { onFact(listener: (fact: CallFact) => void): () => void };
  /** The customer a call was with, as far as is known when it ends. */
  readonly customerOf: (callId: string) => string | null;
  /** The party's number as E.164; null when it is none. Must not throw. */
  readonly e164Of: (number: string) => string | null;
  readonly log: OutboxLog;
  /** Null (the default): no other process hears of these calls. */
  readonly leases?: Pick<Leases, "of"> | null;
  /** Calls that wait for PostgreSQL at most; the oldest go first, counted. Default 50,000. */
  readonly limit?: number;
  /** How long {@link CallHistory.close} tries to write what waits; default 5 s. */
  readonly closeWithinMs?: number;
};

/** Writes every call that ends, or keeps it for a while in case the holder does not. Listens from its making until {@link close}. */
export class CallHistory {
  readonly #options: CallHistoryOptions;
  readonly #outbox: HeldOutbox<CallRecord>;
  readonly #stopListening: () => void;
  #ended = 0;
  #written = 0;
  #closing: Promise<void> | null = null;

  constructor(options: CallHistoryOptions) {
    this.#options = options;
    this.#outbox = new HeldOutbox<CallRecord>({
      ...{ name: "calls", log: options.log, leases: options.leases ?? null },
      write: async (records) => {
        await saveCalls(options.db, records);
        this.#written += records.length;
      },
      ...(options.limit === undefined ? {} : { limit: options.limit }),
    });
    this.#stopListening = options.calls.onFact((fact) => this.#onFact(fact));
  }

  /**
   * `ended = written + left + lost + waiting + kept`, but for calls that were told twice: `left` to the holder of the lease, `kept` in case
   * it does not write them.
   */
  counters(): {
    readonly ended: number;
    readonly written: number;
    readonly left: number;
    readonly lost: number;
    readonly waiting: number;
    readonly kept: number;
  } {
    return {
      ended: this.#ended,
      written: this.#written,
      left: this.#outbox.left,
      lost: this.#outbox.lost,
      waiting: this.#outbox.waiting,
      kept: this.#outbox.kept,
    };
  }

  /** Resolves when every call that has ended by now and is this process's to write is in PostgreSQL (or was given up). */
  flush(): Promise<void> {
    return this.#outbox.flush();
  }

  /** Stops listening and writes what waits, within its limit; may be called twice. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#stopListening();
    const waiting = await this.#outbox.close(this.#options.closeWithinMs ?? 5000);
    if (waiting > 0)
      this.#options.log.error({ calls: waiting }, "calls could not be written before the stop");
  }

  #onFact(fact: CallFact): void {
    if (fact.type !== "callEnded") return;
    const { call } = fact;
    this.#ended += 1;
    const e164 = call.direction === "internal" ? null : this.#options.e164Of(call.party.number);
    this.#outbox.put(call.pbx, call.id, recordOf(call, e164, this.#options.customerOf(call.id)));
  }
}
