/** The desk's SQL: devices, pops, wrap-ups, notes and past calls. */
import { sql } from "kysely";
import { isTheirCall } from "../calls/store.ts";
import type { Direction } from "../calls/model.ts";
import type { OrderStage } from "../orders/model.ts";
import type { User } from "../people/model.ts";
import { type Database, prepared } from "../storage/database.ts";
import type { Missed, Pop } from "./pop.ts";
import type { Disposition, Note, PastCall } from "./protocol.ts";

/** An operator with the device they chose. */
export type SeatedOperator = {
  readonly user: User;
  readonly device: { readonly pbx: string; readonly extension: string };
};

/** Everybody active who has a device. */
export async function seatedOperators(db: Database): Promise<readonly SeatedOperator[]> {
  const rows = await db
    .selectFrom("operator_devices as d")
    .innerJoin("users as u", "u.id", "d.user_id")
    .select(["u.id", "u.login", "u.name", "u.role", "u.language", "d.pbx", "d.extension"])
    .where("u.active", "=", true)
    .execute();
  return rows.map(({ pbx, extension, ...user }) => ({ user, device: { pbx, extension } }));
}

/** False for a user who was deactivated or removed. */
export async function isActive(db: Database, userId: string): Promise<boolean> {
  const row = await db
    .selectFrom("users")
    .select("active")
    .where("id", "=", userId)
    .executeTakeFirst();
  return row?.active ?? false;
}

/** Who holds this device now; null for nobody. */
export async function holderOf(
  db: Database,
  device: { readonly pbx: string; readonly extension: string },
): Promise<string | null> {
  const row = await db
    .selectFrom("operator_devices")
    .select("user_id")
    .where("pbx", "=", device.pbx)
    .where("extension", "=", device.extension)
    .executeTakeFirst();
  return row?.user_id ?? null;
}

/**
 * Gives a device to a user, taking it from whoever had it when `takeOver`.
 * @returns the user who has or had it: `ok` false when it is taken and was left with them.
 */
export async function takeDevice(
  db: Database,
  userId: string,
  device: { readonly pbx: string; readonly extension: string },
  takeOver: boolean,
): Promise<{ readonly ok: boolean; readonly previousUserId: string | null }> {
  return db.transaction().execute(async (trx) => {
    // Two people who choose the same device at the same moment: one after the other.
    await sql`select pg_advisory_xact_lock(hashtextextended(${`device ${device.pbx}/${device.extension}`}, 0))`.execute(
      trx,
    );
    const holder = await holderOf(trx, device);
    if (holder === userId) return { ok: true, previousUserId: null };
    if (holder !== null) {
      if (!takeOver) return { ok: false, previousUserId: holder };
      await trx.deleteFrom("operator_devices").where("user_id", "=", holder).execute();
    }
    await trx
      .insertInto("operator_devices")
      .values({ user_id: userId, ...device })
      .onConflict((conflict) =>
        conflict.column("user_id").doUpdateSet({ ...device, chosen_at: sql`now()` }),
      )
      .execute();
    return { ok: true, previousUserId: holder };
  });
}

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

/** Nothing is left to be done about an order at these. */
const SETTLED_STAGES: readonly OrderStage[] = ["completed", "cancelled", "returned", "other"];

/**
 * The order a customer's call is about, by its id, when nobody says which: of so many of the newest the newest that is not settled, else
 * the newest; null of no orders.
 */
export async function orderTalkedAbout(
  db: Database,
  customerId: string,
  among: number,
): Promise<string | null> {
  // Nothing but what the index holds.
  const { rows } = await sql<{ id: string }>`${prepared}
    select id from (
      select id, stage, placed_at from orders where customer_id = ${customerId}
      order by placed_at desc limit ${among}
    ) newest
    order by stage = any(${[...SETTLED_STAGES]}::text[]), placed_at desc, id desc limit 1`.execute(
    db,
  );
  return rows[0]?.id ?? null;
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

/** One pop as it is written, with the verdict. */
export type PopRow = Pop & { readonly missed: string };

/**
 * Writes pops; one that is there already is brought up to date, but a stage that was reached stays reached (after a
 * restart of the server the same ring is seen again, from the middle).
 */
export async function upsertPops(db: Database, pops: readonly PopRow[]): Promise<void> {
  const time = (ms: number | null) => (ms === null ? null : new Date(ms));
  await db
    .insertInto("pops")
    .values(
      pops.map((pop) => ({
        ring_id: pop.ringId,
        call_id: pop.callId,
        pbx: pop.pbx,
        extension: pop.extension,
        user_id: pop.userId,
        queue: pop.queue,
        told_by: pop.toldBy,
        joined_at: time(pop.joinedAtMs),
        identified_at: time(pop.identifiedAtMs),
        identify_ms: pop.identifyMs,
        outcome: pop.outcome,
        composed_at: time(pop.composedAtMs),
        rang_at: new Date(pop.rangAtMs),
        sent_at: time(pop.sentAtMs),
        received_at: time(pop.receivedAtMs),
        painted_at: time(pop.paintedAtMs),
        missed: pop.missed,
      })),
    )
    .onConflict((conflict) =>
      conflict.column("ring_id").doUpdateSet({
        user_id: sql`coalesce(excluded.user_id, pops.user_id)`,
        joined_at: sql`coalesce(excluded.joined_at, pops.joined_at)`,
        identified_at: sql`coalesce(excluded.identified_at, pops.identified_at)`,
        identify_ms: sql`coalesce(excluded.identify_ms, pops.identify_ms)`,
        outcome: sql`case when excluded.outcome = '' then pops.outcome else excluded.outcome end`,
        composed_at: sql`coalesce(excluded.composed_at, pops.composed_at)`,
        sent_at: sql`coalesce(excluded.sent_at, pops.sent_at)`,
        received_at: sql`coalesce(excluded.received_at, pops.received_at)`,
        painted_at: sql`coalesce(excluded.painted_at, pops.painted_at)`,
        missed: sql`case when pops.painted_at is not null and excluded.painted_at is null
                         then pops.missed else excluded.missed end`,
      }),
    )
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

/** A finished call that still waits for its operator's wrap-up, for the screens after a restart. */
export type PendingWrapUp = {
  readonly userId: string;
  readonly callId: string;
  readonly detail: unknown;
};

/** Calls since `since` that seated operators talked on and did not wrap up, oldest first. */
export async function pendingWrapUps(db: Database, since: Date): Promise<readonly PendingWrapUp[]> {
  const { rows } = await sql<{ user_id: string; id: string; detail: unknown }>`
    select d.user_id, c.id, c.detail
    from operator_devices d join calls c on c.pbx = d.pbx and c.extensions @> array[d.extension]
    where c.ended_at >= ${since} and c.started_at >= d.chosen_at and c.direction <> 'internal'
      and not exists (select 1 from wrap_ups w where w.call_id = c.id and w.user_id = d.user_id)
    order by c.ended_at`.execute(db);
  return rows.map((row) => ({ userId: row.user_id, callId: row.id, detail: row.detail }));
}
