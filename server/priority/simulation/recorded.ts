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
  const rows: Row[] = [];
  for (let after: Row | undefined; ; after = rows.at(-1)) {
    const page = await pageOf(storage, span, after);
    rows.push(...page);
    onProgress((0.8 * rows.length) / span.calls);
    if (page.length < PAGE) break;
  }
  const ids = new Set(rows.flatMap((row) => (row.customer_id === null ? [] : [row.customer_id])));
  const known = await standings([...ids]);
  onProgress(0.95);
  const lost = new LostCalls(await lostBefore(storage, span));
  const places = new Map<string, RecordedCall["who"]["place"]>();
  const calls = rows.map((row): RecordedCall => {
    const { pbx, visits, talks, rings } = row;
    return { pbx, visits, talks, rings, who: whoOf(row, known, lost, places) };
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

type Row = {
  readonly id: string;
  readonly pbx: string;
  readonly direction: string;
  readonly ended_how: string;
  readonly started_at: Date;
  readonly party_number: string;
  readonly party_e164: string | null;
  readonly customer_id: string | null;
  readonly visits: readonly QueueVisit[];
  readonly talks: readonly Talk[];
  readonly rings: readonly Ring[];
};

async function pageOf(
  { db }: Pick<Storage, "db">,
  { fromAt, toAt }: Days,
  after: Row | undefined,
): Promise<readonly Row[]> {
  const beyond =
    after === undefined ? sql`true` : sql`(started_at, id) > (${after.started_at}, ${after.id})`;
  // What a call became part of tells its waiting too.
  const { rows } = await sql<Row>`
    select id, pbx, direction, ended_how, started_at, party_number, party_e164, customer_id,
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
  const { customer_id: customerId, party_e164: e164 } = row;
  const today = customerId === null ? undefined : known.get(customerId);
  const lostAtMs = lost.lastOf(row);
  // When they last got nobody is told as it was then: the record knows that much.
  const standing =
    today === undefined ? null : today.lostAtMs === lostAtMs ? today : { ...today, lostAtMs };
  lost.note(row);
  return {
    caller: standing !== null ? "customer" : row.party_number === "" ? "withheld" : "unknown",
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

  lastOf(row: Pick<Row, "customer_id" | "party_e164">): number | null {
    return this.#lastMs.get(keyOf(row)) ?? null;
  }

  note(row: Row): void {
    const key = keyOf(row);
    if (key === "") return;
    const isLost =
      row.direction === "inbound" &&
      row.visits.length > 0 &&
      (row.ended_how === "abandoned" || row.ended_how === "unanswered");
    if (row.talks.length > 0) this.#lastMs.delete(key);
    else if (isLost) this.#lastMs.set(key, row.started_at.getTime());
  }
}

/** "" for nobody who could be known again. */
function keyOf({ customer_id: id, party_e164: e164 }: Pick<Row, "customer_id" | "party_e164">) {
  return id === null ? (e164 ?? "") : `customer ${id}`;
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
  return new Map(rows.map((row) => [keyOf(row), row.lost_at.getTime()]));
}
