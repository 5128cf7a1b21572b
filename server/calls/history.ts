/**
 * Finished calls on their way to PostgreSQL. A call that ended is taken at once and written with the next batch; while PostgreSQL is
 * away calls wait in memory, bounded, in order.
 */
import type { Database } from "../storage/database.ts";
import { Outbox, type OutboxLog } from "../storage/outbox.ts";
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
  /** Calls that wait for PostgreSQL at most; the oldest go first, counted. Default 50,000. */
  readonly limit?: number;
  /** How long {@link CallHistory.close} tries to write what waits; default 5 s. */
  readonly closeWithinMs?: number;
};

/** Writes every call that ends. Listens from its making until {@link close}. */
export class CallHistory {
  readonly #options: CallHistoryOptions;
  readonly #outbox: Outbox<CallRecord>;
  readonly #stopListening: () => void;
  #ended = 0;
  #written = 0;
  #closing: Promise<void> | null = null;

  constructor(options: CallHistoryOptions) {
    this.#options = options;
    this.#outbox = new Outbox<CallRecord>({
      name: "calls",
      log: options.log,
      write: async (records) => {
        await saveCalls(options.db, records);
        this.#written += records.length;
      },
      ...(options.limit === undefined ? {} : { limit: options.limit }),
    });
    this.#stopListening = options.calls.onFact((fact) => this.#onFact(fact));
  }

  /** `ended = written + waiting + lost`, but for calls that were told twice. */
  counters(): {
    readonly ended: number;
    readonly written: number;
    readonly waiting: number;
    readonly lost: number;
  } {
    return {
      ended: this.#ended,
      written: this.#written,
      waiting: this.#outbox.waiting,
      lost: this.#outbox.lost,
    };
  }

  /** Resolves when every call that has ended by now is in PostgreSQL (or was given up). */
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
    this.#outbox.put(call.id, recordOf(call, e164, this.#options.customerOf(call.id)));
  }
}
