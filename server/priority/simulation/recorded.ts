/** Reads recorded days out of PostgreSQL, page by page; meant for the simulation's own thread and connections. */
import { sql } from "kysely";
import type { QueueVisit, Ring, Talk } from "../../calls/model.ts";
import { placeOfNumber } from "../../customers/phone-places.ts";
import { describePhone } from "../../customers/phone.ts";
import type { Storage } from "../../storage/database.ts";
import type { Standing } from "../model.ts";
import { type RecordedCall, workloadOf } from "./recorded-days.ts";
import type { RecordedDays } from "./model.ts";
import type { Workload } from "./workload.ts";

/** The chosen days hold nothing that can be played; the message is for the person who chose them. */
export class NoRecordError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "NoRecordError";
  }
}

const PAGE = 2000;
const MOST_CALLS = 500_000;
/** Who called and got nobody before the first day still counts as lost on it. */
const LOST_DAYS_BEFORE = 7;
const NOWHERE = { city: "", region: "", country: "" };

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
  storage: Pick<Storage, "db">,
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
  const read = new Reader();
  let done = 0;
  const parts = await Promise.all(
    halves(span).map((half) =>
      read.all(storage, half, (rows) => onProgress((0.8 * (done += rows)) / span.calls)),
    ),
  );
  const rows = parts.flat();
  const ids = new Set(rows.flatMap(({ customerId }) => (customerId === null ? [] : [customerId])));
  const known = await standings([...ids]);
  onProgress(0.9);
  const lost = new LostCalls(await lostBefore(storage, span));
  const places = new Map<string, RecordedCall["who"]["place"]>();
  const calls = rows.map((row): RecordedCall => {
    const { pbx, visits, talks } = row;
    return { pbx, visits, talks, who: whoOf(row, known, lost, places) };
  });
  const workload = workloadOf(calls, days.queues);
  if (workload.pools.length === 0) throw nobodyCalled(days);
  return workload;
}

function nobodyCalled({ from, to, queues }: RecordedDays): NoRecordError {
  const which = queues.length === 0 ? "any queue" : `the queue ${queues.join(", ")}`;
  const when = from === to ? `on ${from}` : `from ${from} to ${to}`;
  return new NoRecordError(`Nobody called ${which} ${when}, as far as is recorded`);
}

type Days = { readonly fromAt: Date; readonly toAt: Date; readonly calls: number };

/** PostgreSQL knows when a day begins in a zone, on the days the clocks are changed too. */
async function spanOf(
  { db }: Pick<Storage, "db">,
  { from, to }: RecordedDays,
  timeZone: string,
): Promise<Days> {
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

/** Read side by side, so that this thread reads one while PostgreSQL makes the other ready. */
function halves({ fromAt, toAt, calls }: Days): readonly Days[] {
  const middle = new Date((fromAt.getTime() + toAt.getTime()) / 2);
  return [
    { fromAt, toAt: middle, calls },
    { fromAt: middle, toAt, calls },
  ];
}

type Row = {
  readonly id: string;
  readonly pbx: string;
  readonly direction: string;
  readonly endedHow: string;
  readonly startedAtMs: number;
  readonly isWithheld: boolean;
  readonly e164: string | null;
  readonly customerId: string | null;
} & Pick<RecordedCall, "visits" | "talks">;

type StoredRow = Omit<Row, "startedAtMs" | "visits" | "talks"> & {
  readonly startedAtMs: string;
  readonly visits: readonly QueueVisit[];
  readonly talks: readonly Talk[];
  readonly rings: readonly Ring[];
};

/** Reads calls page by page, and keeps of each only what is needed. */
class Reader {
  // The same few names come with every call; each is kept once.
  readonly #names = new Map<string, string>();

  async all(
    storage: Pick<Storage, "db">,
    days: Days,
    onRead: (rows: number) => void,
  ): Promise<readonly Row[]> {
    const rows: Row[] = [];
    for (;;) {
      const page = await pageOf(storage, days, rows.at(-1));
      for (const row of page) rows.push(this.#kept(row));
      onRead(page.length);
      if (page.length < PAGE) return rows;
    }
  }

  #kept({ rings, talks, visits, ...row }: StoredRow): Row {
    return {
      ...row,
      pbx: this.#once(row.pbx),
      startedAtMs: Number(row.startedAtMs),
      visits: visits.map(({ queue, joinedAtMs, leftAtMs, how }) => ({
        queue: this.#once(queue),
        joinedAtMs,
        leftAtMs,
        how,
      })),
      talks: talks.map(({ extension, queue, startedAtMs, endedAtMs, ringId }) => ({
        extension: this.#once(extension),
        queue: this.#once(queue),
        startedAtMs,
        endedAtMs,
        rangAtMs:
          ringId === "" ? null : (rings.find(({ id }) => id === ringId)?.startedAtMs ?? null),
      })),
    };
  }

  #once(name: string): string {
    const kept = this.#names.get(name);
    if (kept !== undefined) return kept;
    this.#names.set(name, name);
    return name;
  }
}

async function pageOf(
  { db }: Pick<Storage, "db">,
  { fromAt, toAt }: Days,
  after: Row | undefined,
): Promise<readonly StoredRow[]> {
  const beyond =
    after === undefined
      ? sql`true`
      : sql`(started_at, id) > (${new Date(after.startedAtMs)}, ${after.id})`;
  // What a call became part of tells its waiting too.
  const { rows } = await sql<StoredRow>`
    select id, pbx, direction, ended_how as "endedHow",
      extract(epoch from started_at) * 1000 as "startedAtMs",
      party_number = '' as "isWithheld", party_e164 as e164, customer_id as "customerId",
      detail->'visits' as visits, detail->'talks' as talks, detail->'rings' as rings
    from calls
    where started_at >= ${fromAt} and started_at < ${toAt} and ended_how <> 'merged' and ${beyond}
    order by started_at, id limit ${PAGE}`.execute(db);
  return rows;
}

function whoOf(
  row: Row,
  known: ReadonlyMap<string, Standing>,
  lost: LostCalls,
  places: Map<string, RecordedCall["who"]["place"]>,
): RecordedCall["who"] {
  const { customerId, e164, isWithheld } = row;
  const today = customerId === null ? undefined : known.get(customerId);
  const lostAtMs = lost.lastOf(row);
  // When they last got nobody is told as it was then: the record knows that much.
  const standing =
    today === undefined ? null : today.lostAtMs === lostAtMs ? today : { ...today, lostAtMs };
  lost.note(row);
  return {
    caller: standing !== null ? "customer" : isWithheld ? "withheld" : "unknown",
    standing,
    place: e164 === null ? NOWHERE : placeOf(e164, places),
    lostAtMs,
  };
}

function placeOf(
  e164: string,
  places: Map<string, RecordedCall["who"]["place"]>,
): RecordedCall["who"]["place"] {
  let place = places.get(e164);
  if (place === undefined) {
    const { country } = describePhone(e164);
    place = { city: "", region: placeOfNumber(e164, country).region, country };
    places.set(e164, place);
  }
  return place;
}

/** Who called a queue and talked to nobody, when last; forgotten once they got through. Calls are noted in order of their start. */
class LostCalls {
  readonly #lastMs: Map<string, number>;
  constructor(before: Map<string, number>) {
    this.#lastMs = before;
  }

  lastOf(row: Row): number | null {
    return this.#lastMs.get(keyOf(row.customerId, row.e164)) ?? null;
  }

  note({ customerId, e164, talks, visits, direction, endedHow, startedAtMs }: Row): void {
    const key = keyOf(customerId, e164);
    if (key === "") return;
    if (talks.length > 0) this.#lastMs.delete(key);
    else if (
      direction === "inbound" &&
      visits.length > 0 &&
      (endedHow === "abandoned" || endedHow === "unanswered")
    )
      this.#lastMs.set(key, startedAtMs);
  }
}

/** "" for nobody who could be known again. */
function keyOf(customerId: string | null, e164: string | null): string {
  return customerId === null ? (e164 ?? "") : `customer ${customerId}`;
}

/** As `server/customers/standing.ts` tells it of today. */
async function lostBefore(
  { db }: Pick<Storage, "db">,
  { fromAt }: Days,
): Promise<Map<string, number>> {
  const { rows } = await sql<{
    customer_id: string | null;
    party_e164: string | null;
    lost_at: Date;
  }>`
    with newest as (
      select customer_id, party_e164,
        max(started_at) filter (where extensions <> '{}') as through_at,
        max(started_at) filter (
          where extensions = '{}' and direction = 'inbound' and wait_ms is not null
            and ended_how in ('abandoned', 'unanswered')
        ) as lost_at
      from calls
      where started_at >= ${fromAt}::timestamptz - make_interval(days => ${LOST_DAYS_BEFORE})
        and started_at < ${fromAt} and ended_how <> 'merged'
        and (customer_id is not null or party_e164 is not null)
      group by customer_id, party_e164
    )
    select customer_id, party_e164, lost_at from newest
    where lost_at > coalesce(through_at, '-infinity')`.execute(db);
  return new Map(
    rows.map((row) => [keyOf(row.customer_id, row.party_e164), row.lost_at.getTime()]),
  );
}
