/** The SQL of actions: written before they are asked, taken by one process at a time, in their order, and what came of them. */
import { sql } from "kysely";
import type { Database } from "../../storage/database.ts";
import { askOrderIn } from "./jobs.ts";
import type { OrderAction, OrderActionRequest } from "./model.ts";

/** Who asks: a person from a screen, or a program. */
export type Asker = {
  readonly userId: string | null;
  /** Of a program, `token:site`; "" of a person. */
  readonly askedBy: string;
  readonly callId: string;
};

/** An action as programs and supervisors see it. */
export type ActionRecord = OrderAction & {
  readonly source: string;
  readonly sourceId: string;
  readonly orderNumber: string;
  readonly userId: string | null;
  readonly tries: number;
  /** What kept it from being asked or its answer from being read, for people; "" for nothing. */
  readonly lastError: string;
  readonly endedAt: string | null;
};

/** Columns of {@link ActionRow}, of `order_actions a`, `orders o` and `users u`. */
const COLUMNS =
  sql.raw(`a.id, a.order_id, a.action, a.state, a.answer, a.asked_at, a.ended_at, a.tries, a.last_error,
  a.user_id, coalesce(u.name, a.asked_by) as asked_by_name, o.source, o.source_id, o.number`);

type ActionRow = {
  id: string;
  order_id: string;
  action: OrderActionRequest;
  state: OrderAction["state"];
  answer: string;
  asked_at: Date;
  ended_at: Date | null;
  tries: number;
  last_error: string;
  user_id: string | null;
  asked_by_name: string;
  source: string;
  source_id: string;
  number: string;
};

function recordOf(row: ActionRow): ActionRecord {
  return {
    id: row.id,
    orderId: row.order_id,
    request: row.action,
    state: row.state,
    answer: row.answer,
    askedAt: row.asked_at.toISOString(),
    askedByName: row.asked_by_name,
    source: row.source,
    sourceId: row.source_id,
    orderNumber: row.number,
    userId: row.user_id,
    tries: row.tries,
    lastError: row.last_error,
    endedAt: row.ended_at?.toISOString() ?? null,
  };
}

/** The part that screens know. */
export function actionOf(record: ActionRecord): OrderAction {
  const { id, orderId, request, state, answer, askedAt, askedByName } = record;
  return { id, orderId, request, state, answer, askedAt, askedByName };
}

/**
 * Writes an action and the job that asks it should this process die; one that is there already stays as it is.
 * @param inMs when that job looks.
 */
export async function writeAction(
  db: Database,
  action: { readonly id: string; readonly orderId: string; readonly request: OrderActionRequest },
  by: Asker,
  inMs: number,
): Promise<void> {
  await db.transaction().execute(async (trx) => {
    // Two who ask something of one order: their numbers go up in the order in which they can be seen.
    await sql`select pg_advisory_xact_lock(hashtextextended(${`order actions ${action.orderId}`}, 0))`.execute(
      trx,
    );
    const written = await trx
      .insertInto("order_actions")
      .values({
        id: action.id,
        order_id: action.orderId,
        user_id: by.userId,
        asked_by: by.askedBy,
        call_id: by.callId,
        action: JSON.stringify(action.request),
      })
      .onConflict((conflict) => conflict.column("id").doNothing())
      .returning("id")
      .executeTakeFirst();
    if (written !== undefined) await askOrderIn(trx, action.orderId, inMs);
  });
}

/** One action, null when there is none such. */
export async function findAction(db: Database, id: string): Promise<ActionRecord | null> {
  const { rows } = await sql<ActionRow>`
    select ${COLUMNS} from order_actions a join orders o on o.id = a.order_id left join users u on u.id = a.user_id
    where a.id = ${id}::uuid`.execute(db);
  return rows[0] === undefined ? null : recordOf(rows[0]);
}

/** What waits or was given back, oldest first. */
export async function listUnsettled(
  db: Database,
  state: "waiting" | "givenBack",
  limit: number,
): Promise<readonly ActionRecord[]> {
  const { rows } = await sql<ActionRow>`
    select ${COLUMNS} from order_actions a join orders o on o.id = a.order_id left join users u on u.id = a.user_id
    where a.state in ('waiting', 'givenBack') and a.state = ${state}
    order by a.n limit ${limit}`.execute(db);
  return rows.map(recordOf);
}

/** An action as its source is asked. */
export type TakenAction = {
  readonly id: string;
  readonly userId: string | null;
  readonly source: string;
  readonly sourceId: string;
  readonly request: OrderActionRequest;
  readonly operator: string;
  readonly tries: number;
  readonly triedSinceMs: number;
  /** Null: the source takes no actions any more. */
  readonly address: { readonly url: string; readonly secret: string } | null;
};

/**
 * Takes the order's first waiting action for `leaseMs`, so that nobody else asks it meanwhile; after that time it is free again, should
 * this process have died.
 * @param early also before its pause is over.
 */
export async function takeFirst(
  db: Database,
  orderId: string,
  leaseMs: number,
  early: boolean,
): Promise<TakenAction | null> {
  const { rows } = await sql<{
    id: string;
    user_id: string | null;
    source: string;
    source_id: string;
    action: OrderActionRequest;
    operator: string;
    tries: number;
    tried_since: Date;
    url: string | null;
    secret: string | null;
  }>`
    update order_actions a
    set asking_until = now() + ${leaseMs} * interval '1 millisecond', tries = a.tries + 1
    from orders o left join order_sources s on s.source = o.source
    where a.id = (
        select id from order_actions where order_id = ${orderId} and state = 'waiting' order by n limit 1
      )
      and a.state = 'waiting' and (a.asking_until is null or a.asking_until < now())
      and (${early} or a.next_at <= now()) and o.id = a.order_id
    returning a.id, a.user_id, o.source, o.source_id, a.action, a.tries, a.tried_since,
      coalesce((select name from users where id = a.user_id), a.asked_by) as operator,
      s.actions_url as url, s.actions_secret as secret`.execute(db);
  const row = rows[0];
  if (row === undefined) return null;
  return {
    id: row.id,
    userId: row.user_id,
    source: row.source,
    sourceId: row.source_id,
    request: row.action,
    operator: row.operator,
    tries: row.tries,
    triedSinceMs: row.tried_since.getTime(),
    address: row.url && row.secret ? { url: row.url, secret: row.secret } : null,
  };
}

/** In how many milliseconds the order's first waiting action can be taken; null when nothing waits. */
export async function msToFirst(db: Database, orderId: string): Promise<number | null> {
  const { rows } = await sql<{ ms: number }>`
    select greatest(0, extract(epoch from greatest(next_at, asking_until) - clock_timestamp()) * 1000)::float8 as ms
    from order_actions where order_id = ${orderId} and state = 'waiting' order by n limit 1`.execute(
    db,
  );
  return rows[0]?.ms ?? null;
}

/** It came to an end. @returns false when it had ended already. */
export async function endAction(
  db: Database,
  id: string,
  end: {
    readonly state: "done" | "refused" | "givenBack";
    readonly answer: string;
    readonly lastError: string;
  },
): Promise<boolean> {
  const ended = await db
    .updateTable("order_actions")
    .set({
      state: end.state,
      answer: end.answer,
      last_error: end.lastError,
      asking_until: null,
      ended_at: sql<Date>`now()`,
    })
    .where("id", "=", id)
    .where("state", "=", "waiting")
    .executeTakeFirst();
  return ended.numUpdatedRows > 0n;
}

/** It waits for its next try. @param counted false for a try that was broken off by ourselves. */
export async function putBack(
  db: Database,
  id: string,
  wait: { readonly inMs: number; readonly lastError: string | null; readonly counted: boolean },
): Promise<void> {
  await sql`
    update order_actions
    set asking_until = null, next_at = now() + ${wait.inMs} * interval '1 millisecond',
      last_error = coalesce(${wait.lastError}::text, last_error),
      tries = tries - ${wait.counted ? 0 : 1}
    where id = ${id}::uuid and state = 'waiting'`.execute(db);
}

/**
 * A person settles what was given back: it is tried anew, was done by hand, or is dropped.
 * @returns false when it is not given back (any more); `overtaken` when trying it anew would undo what was done since: the same was asked
 * otherwise later, or the order was cancelled.
 */
export async function settleGivenBack(
  db: Database,
  id: string,
  how: "again" | "done" | "dropped",
  text: string,
): Promise<boolean | "overtaken"> {
  return db.transaction().execute(async (trx) => {
    if (how === "again") {
      const { rows } = await sql`
        select from order_actions a join order_actions later on later.order_id = a.order_id and later.n > a.n
        where a.id = ${id}::uuid and a.state = 'givenBack'
          and (later.action->>'kind' = 'cancel'
            or (later.action->>'kind' = a.action->>'kind' and a.action->>'kind' in ('changeLines', 'changeDelivery')))
          and (later.state = 'done' or (later.state = 'waiting' and later.asking_until > now()))
        limit 1`.execute(trx);
      if (rows.length > 0) return "overtaken";
    }
    const { rows } = await sql<{ order_id: string }>`
      update order_actions set
        state = ${how === "again" ? "waiting" : how === "done" ? "done" : "refused"},
        answer = case when ${how} = 'again' then answer else ${text} end,
        tried_since = now(), next_at = now(),
        ended_at = case when ${how} = 'again' then null else now() end
      where id = ${id}::uuid and state = 'givenBack'
      returning order_id`.execute(trx);
    const orderId = rows[0]?.order_id;
    if (orderId !== undefined && how === "again") await askOrderIn(trx, orderId, 0);
    return orderId !== undefined;
  });
}
