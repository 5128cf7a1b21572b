/** Recorded days out of PostgreSQL, ready to be played; meant for the simulation's own thread and connections. */
import { sql } from "kysely";
import type { Storage } from "../../storage/database.ts";
import type { Standing } from "../model.ts";
import type { RecordedDays } from "./model.ts";
import { callersOf, lostBefore } from "./recorded-callers.ts";
import { workloadOf } from "./recorded-days.ts";
import { type Span, readCalls } from "./recorded-reader.ts";
import type { Workload } from "./workload.ts";

/** The chosen days hold nothing that can be played; the message is for the person who chose them. */
export class NoRecordError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "NoRecordError";
  }
}

const MOST_CALLS = 500_000;
/** How much of the work the reading of the calls is, and of who called; roughly. */
const READING = 0.7;
const ASKING = 0.85;

/** What {@link loadRecorded} asks of others. */
export type RecordedOptions = {
  /** IANA zone in which days begin and end. */
  readonly timeZone: string;
  /** Standings of customers as they are today. */
  readonly standings: (customerIds: readonly string[]) => Promise<ReadonlyMap<string, Standing>>;
  /** Told a share from 0 to 1. */
  readonly onProgress?: (share: number) => void;
};

/** @throws NoRecordError when nobody called the chosen queues in these days, or too many to play. */
export async function loadRecorded(
  storage: Pick<Storage, "db" | "pool">,
  days: RecordedDays,
  options: RecordedOptions,
): Promise<Workload> {
  const { timeZone, standings, onProgress = () => undefined } = options;
  const span = await spanOf(storage, days, timeZone);
  if (span.calls === 0) throw nobodyCalled(days);
  if (span.calls > MOST_CALLS)
    throw new NoRecordError(
      `These days hold ${span.calls} calls; at most ${MOST_CALLS} can be played at once, choose fewer days`,
    );
  let done = 0;
  const recorded = await readCalls(storage.pool, span, (calls) =>
    onProgress((READING * (done += calls)) / span.calls),
  );
  const ids = new Set(recorded.calls.customerId);
  ids.delete("");
  const [known, lost] = await Promise.all([standings([...ids]), lostBefore(storage, span.fromAt)]);
  onProgress(ASKING);
  const workload = workloadOf(recorded, callersOf(recorded, known, lost), days.queues);
  if (workload.pools.length === 0) throw nobodyCalled(days);
  onProgress(1);
  return workload;
}

function nobodyCalled({ from, to, queues }: RecordedDays): NoRecordError {
  const which = queues.length === 0 ? "any queue" : `the queue ${queues.join(", ")}`;
  const when = from === to ? `on ${from}` : `from ${from} to ${to}`;
  return new NoRecordError(`Nobody called ${which} ${when}, as far as is recorded`);
}

/** PostgreSQL knows when a day begins in a zone, on the days the clocks are changed too. */
async function spanOf(
  { db }: Pick<Storage, "db">,
  { from, to }: RecordedDays,
  timeZone: string,
): Promise<Span & { readonly calls: number }> {
  const { rows } = await sql<{ from_at: Date; to_at: Date; calls: string }>`
    with span as (
      select ${from}::date::timestamp at time zone ${timeZone} as from_at,
        (${to}::date + 1)::timestamp at time zone ${timeZone} as to_at
    )
    select from_at, to_at, (
      select count(*) from calls
      where started_at >= from_at and started_at < to_at and ended_how <> 'merged'
    ) as calls
    from span`.execute(db);
  const { from_at: fromAt, to_at: toAt, calls } = rows[0]!;
  return { fromAt, toAt, calls: Number(calls) };
}
