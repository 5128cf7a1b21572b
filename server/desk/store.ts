/** The desk's SQL: pops, notes and past calls. Seats and wrap-ups have files of their own. */
import { sql } from "kysely";
import { isTheirCall } from "../calls/store.ts";
import type { Direction } from "../calls/model.ts";
import { type Database, prepared } from "../storage/database.ts";
import type { Missed, Pop } from "./pop.ts";
import type { Disposition, Note, PastCall } from "./protocol.ts";

/** The dispositions people may choose, in order. */
export async function activeDispositions(db: Database): Promise<readonly Disposition[]> {
  const rows = await db
    .selectFrom("dispositions")
    .selectAll()
    .where("active", "=", true)
    .orderBy("position")
    .execute();
  return rows.map(({ code, label_ru, label_uk, label_en }) => ({
    code,
    labels: { ru: label_ru, uk: label_uk, en: label_en },
  }));
}

/** Earlier calls with this customer or number, newest first. */
export async function pastCalls(
  db: Database,
  who: { readonly customerId: string | null; readonly e164: string | null },
  exceptCallId: string,
  limit: number,
): Promise<readonly PastCall[]> {
  // Two indexed reads joined, rather than an OR that no index serves.
  const arms = [];
  if (who.customerId !== null)
    arms.push(
      sql`(select id, started_at from calls where customer_id = ${who.customerId} and id <> ${exceptCallId}
           order by started_at desc limit ${limit})`,
    );
  if (who.e164 !== null)
    arms.push(
      sql`(select id, started_at from calls where party_e164 = ${who.e164} and id <> ${exceptCallId}
           order by started_at desc limit ${limit})`,
    );
  if (arms.length === 0) return [];
  const { rows } = await sql<{
    id: string;
    started_at: Date;
    direction: Direction;
    answered_at: Date | null;
    talk_ms: number;
    extensions: string[];
    operator: string | null;
    disposition: string | null;
    note: string | null;
    labels: Disposition["labels"] | null;
  }>`${prepared}
    with chosen as (${sql.join(arms, sql` union `)})
    select c.id, c.started_at, c.direction, c.answered_at, c.talk_ms, c.extensions,
           coalesce(w.name, p.name) as operator, w.disposition, w.note,
           (select jsonb_build_object('ru', d.label_ru, 'uk', d.label_uk, 'en', d.label_en)
            from dispositions d where d.code = w.disposition and not d.active) as labels
    from (select id from chosen order by started_at desc limit ${limit}) one
    join calls c on c.id = one.id
    left join lateral (
      select u.name, w.disposition, w.note from wrap_ups w join users u on u.id = w.user_id
      where w.call_id = c.id order by w.saved_at desc limit 1
    ) w on true
    left join lateral (
      select u.name from pops p join users u on u.id = p.user_id
      where p.call_id = c.id and p.extension = any(c.extensions) order by p.rang_at desc limit 1
    ) p on true
    order by c.started_at desc, c.id desc`.execute(db);
  return rows.map((row) => ({
    callId: row.id,
    startedAt: row.started_at.toISOString(),
    direction: row.direction,
    answered: row.answered_at !== null,
    talkMs: row.talk_ms,
    operatorName: row.operator ?? row.extensions.at(-1) ?? "",
    disposition: row.disposition ?? "",
    ...(row.labels === null ? {} : { dispositionLabels: row.labels }),
    note: row.note ?? "",
  }));
}

/** A customer's notes, newest first. */
export async function notesOf(
  db: Database,
  customerId: string,
  limit: number,
): Promise<readonly Note[]> {
  const { rows } = await sql<{
    id: string;
    text: string;
    created_at: Date;
    name: string | null;
  }>`${prepared}
    select n.id, n.text, n.created_at, u.name
    from notes n left join users u on u.id = n.author_id
    where n.customer_id = ${customerId}
    order by n.created_at desc, n.id desc limit ${limit}`.execute(db);
  return rows.map((row) => ({
    id: row.id,
    text: row.text,
    authorName: row.name ?? "",
    createdAt: row.created_at.toISOString(),
  }));
}

/** Writes a note. @returns its id. */
export async function insertNote(
  db: Database,
  note: {
    readonly customerId: string;
    readonly callId: string;
    readonly authorId: string;
    readonly text: string;
  },
): Promise<string> {
  const row = await db
    .insertInto("notes")
    .values({
      customer_id: note.customerId,
      call_id: note.callId,
      author_id: note.authorId,
      text: note.text,
    })
    .returning("id")
    .executeTakeFirstOrThrow();
  return row.id;
}

/** The pops of a call in the order the phones rang, with the name of the operator. */
export async function popsOfCall(db: Database, callId: string) {
  const rows = await db
    .selectFrom("pops as p")
    .leftJoin("users as u", "u.id", "p.user_id")
    .selectAll("p")
    .select("u.name as operator_name")
    .where("p.call_id", "=", callId)
    .orderBy("p.rang_at")
    .orderBy("p.ring_id")
    .execute();
  const ms = (at: Date | null) => at?.getTime() ?? null;
  return rows.map((row) => ({
    operatorName: row.operator_name ?? "",
    missed: row.missed as Missed,
    pop: {
      ringId: row.ring_id,
      callId: row.call_id,
      pbx: row.pbx,
      extension: row.extension,
      userId: row.user_id,
      queue: row.queue,
      toldBy: row.told_by,
      joinedAtMs: ms(row.joined_at),
      identifiedAtMs: ms(row.identified_at),
      identifyMs: row.identify_ms,
      outcome: row.outcome,
      composedAtMs: ms(row.composed_at),
      rangAtMs: row.rang_at.getTime(),
      ringEndedAtMs: null,
      sentAtMs: ms(row.sent_at),
      receivedAtMs: ms(row.received_at),
      paintedAtMs: ms(row.painted_at),
      visible: row.painted_at !== null && row.missed !== "tabHidden",
    } satisfies Pop,
  }));
}

/** What operators said of a call, oldest first. */
export async function wrapUpsOfCall(db: Database, callId: string) {
  return db
    .selectFrom("wrap_ups as w")
    .innerJoin("users as u", "u.id", "w.user_id")
    .select([
      "w.user_id as userId",
      "u.name as operatorName",
      "w.disposition",
      "w.note",
      "w.tags",
      "w.saved_at as savedAt",
    ])
    .where("w.call_id", "=", callId)
    .orderBy("w.saved_at")
    .execute();
}

/**
 * True when this call is the user's by the record: it rang or talked at a device that was theirs then. Asked only when
 * memory does not know the call (server restarted, a day passed); pops are there before the call's own row is.
 */
export async function wasTheirs(db: Database, callId: string, userId: string): Promise<boolean> {
  const pop = await db
    .selectFrom("pops")
    .select("ring_id")
    .where("call_id", "=", callId)
    .where("user_id", "=", userId)
    .executeTakeFirst();
  return pop !== undefined || isTheirCall(db, callId, userId);
}
