/** Reads recorded calls out of PostgreSQL as columns. */
import type { Pool } from "pg";
import { copyOut } from "../../storage/copy.ts";
import { Names, type RecordedCalls, beginOf, joined, noCalls } from "./recorded-calls.ts";

/** Calls that began at or after the first and before the second moment. */
export type Span = { readonly fromAt: Date; readonly toAt: Date };

/**
 * All calls of a span but those that became part of another: what they became part of tells their waiting too.
 * @param onRead told how many more calls have been read.
 */
export async function readCalls(
  pool: Pool,
  span: Span,
  onRead: (calls: number) => void,
): Promise<RecordedCalls> {
  const names = { queues: new Names(), operators: new Names() };
  // Two at once, so that this thread reads one while PostgreSQL makes the other ready.
  const [first, second] = await Promise.all(
    halves(span).map((half) => readSpan(pool, half, noCalls(names), onRead)),
  );
  return joined(first!, second!);
}

function halves({ fromAt, toAt }: Span): readonly Span[] {
  const middle = new Date((fromAt.getTime() + toAt.getTime()) / 2);
  return [
    { fromAt, toAt: middle },
    { fromAt: middle, toAt },
  ];
}

async function readSpan(
  pool: Pool,
  { fromAt, toAt }: Span,
  calls: RecordedCalls,
  onRead: (calls: number) => void,
): Promise<RecordedCalls> {
  const client = await pool.connect();
  try {
    // Whatever is compiled for these few seconds takes longer than it saves.
    await client.query("set jit = off");
    const lines = new CallLines(calls);
    for await (const rows of copyOut(client, callsBetween(fromAt, toAt))) {
      const before = calls.calls.startedAtMs.length;
      for (const row of rows) lines.read(row);
      onRead(calls.calls.startedAtMs.length - before);
    }
    client.release();
    return calls;
  } catch (error) {
    // In the middle of a COPY nothing else can be asked.
    client.release(true);
    throw error;
  }
}

/**
 * A call's visits, talks and rings stand beside each other, the n-th of each in its n-th line; `nth` is 1 or nothing in the first line of
 * each call. Times come as the text they are kept in: to make numbers of them here and text again costs PostgreSQL more than all else.
 */
function callsBetween(fromAt: Date, toAt: Date): string {
  return `
    select parts.nth, c.pbx, (extract(epoch from c.started_at) * 1000)::bigint,
      c.direction = 'inbound' and c.ended_how in ('abandoned', 'unanswered'), c.party_number = '',
      c.party_e164, c.customer_id, parts.queue, parts.joined_at, parts.left_at, parts.how,
      parts.extension, parts.talk_queue, parts.talked_from, parts.talked_to, parts.ring_id,
      parts.id, parts.rang_at, parts.preferred
    from (
      select * from calls
      where started_at >= '${fromAt.toISOString()}' and started_at < '${toAt.toISOString()}'
        and ended_how <> 'merged'
      order by started_at, id
    ) c left join lateral rows from (
      jsonb_to_recordset(c.detail->'visits')
        as (queue text, "joinedAtMs" text, "leftAtMs" text, how text, "preferredExtension" text),
      jsonb_to_recordset(c.detail->'talks')
        as (extension text, queue text, "startedAtMs" text, "endedAtMs" text, "ringId" text),
      jsonb_to_recordset(c.detail->'rings') as (id text, "startedAtMs" text)
    ) with ordinality as parts (
      queue, joined_at, left_at, how, preferred,
      extension, talk_queue, talked_from, talked_to, ring_id,
      id, rang_at, nth
    ) on true`;
}

type Cells = readonly (string | null)[];

/** Puts lines of {@link callsBetween} into columns. */
class CallLines {
  readonly #to: RecordedCalls;
  /** Of the call being read: its rings, by id. */
  readonly #rings = new Map<string, number>();
  /** The same customers call again; each name is kept once. */
  readonly #texts = new Map<string, string>();
  /** By talk of the call being read. */
  #ringIds: string[] = [];
  /** Place of the stay that goes on in the call's next one if that is in the same queue; -1 for none. */
  #goesOn = -1;

  constructor(to: RecordedCalls) {
    this.#to = to;
  }

  read(cells: Cells): void {
    const { calls, visits, talks, queues, operators } = this.#to;
    const pbx = cells[1]!;
    if (cells[0] === null || cells[0] === "1") this.#begin(cells);
    const last = calls.startedAtMs.length - 1;
    if (cells[7] !== null) {
      const queue = queues.numberOf(pbx, cells[7]!);
      const how = cells[10] === null ? "" : this.#once(cells[10]!);
      // Who waited for their preferred operator in vain goes on waiting: one stay, as they know it.
      if (visits.queue[this.#goesOn] !== queue) {
        visits.queue.push(queue);
        visits.joinedAtMs.push(Number(cells[8]));
      }
      const stay = visits.queue.length - 1;
      visits.leftAtMs[stay] = timeOf(cells[9]!);
      visits.how[stay] = how;
      this.#goesOn = cells[18] !== null && how !== "answered" ? stay : -1;
      calls.visitsEnd[last] = visits.queue.length;
    }
    if (cells[11] !== null) {
      talks.operator.push(operators.numberOf(pbx, cells[11]!));
      talks.queue.push(queues.numberOf(pbx, cells[12] ?? ""));
      talks.startedAtMs.push(Number(cells[13]));
      talks.endedAtMs.push(timeOf(cells[14]!));
      talks.rangAtMs.push(Number.NaN);
      this.#ringIds.push(cells[15] ?? "");
      calls.talksEnd[last] = talks.queue.length;
    }
    if (cells[16] !== null) this.#rings.set(cells[16]!, Number(cells[17]));
    this.#noteRings(last);
  }

  #begin(cells: Cells): void {
    const { calls, visits, talks } = this.#to;
    calls.startedAtMs.push(Number(cells[2]));
    calls.failed.push(cells[3] === "t");
    calls.isWithheld.push(cells[4] === "t");
    calls.e164.push(this.#once(cells[5] ?? ""));
    calls.customerId.push(this.#once(cells[6] ?? ""));
    calls.visitsEnd.push(visits.queue.length);
    calls.talksEnd.push(talks.queue.length);
    this.#rings.clear();
    this.#ringIds = [];
    this.#goesOn = -1;
  }

  /** Talks and the rings they grew from come in no order that could be relied on. */
  #noteRings(call: number): void {
    const from = beginOf(this.#to.calls.talksEnd, call);
    const { rangAtMs } = this.#to.talks;
    for (const [at, ringId] of this.#ringIds.entries())
      if (Number.isNaN(rangAtMs[from + at]))
        rangAtMs[from + at] = this.#rings.get(ringId) ?? Number.NaN;
  }

  #once(text: string): string {
    const kept = this.#texts.get(text);
    if (kept !== undefined) return kept;
    this.#texts.set(text, text);
    return text;
  }
}

function timeOf(cell: string | null): number {
  return cell === null ? Number.NaN : Number(cell);
}
