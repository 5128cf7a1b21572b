/** Call backs in people's hands: taken, given back, done, given to somebody, moved to another time. */
import { sql } from "kysely";
import { tellWithdrawn } from "../../campaigns/attempts/withdraw.ts";
import { Refusal } from "../../desk/replies.ts";
import type { Bus } from "../../storage/bus.ts";
import type { Database } from "../../storage/database.ts";
import { type PlanCallBack, handOver, takeBack } from "./campaigns.ts";
import { isId } from "./entries.ts";
import { dueTime, isDoNotCall, lockPhone } from "./keep.ts";

/** What the deeds work with. */
export type HandsParts = {
  readonly db: Database;
  readonly bus: Pick<Bus, "publish">;
  readonly planCallBack: PlanCallBack;
};

/** Who does it; `any`: a supervisor, whose everybody's call backs are. */
export type Hand = { readonly userId: string | null; readonly any: boolean };

type Row = {
  readonly id: string;
  readonly phone: string;
  readonly customer_id: string | null;
  readonly user_id: string | null;
  readonly state: string;
  readonly taken_by: string | null;
  readonly escalated_at: Date | null;
  readonly campaign_id: string | null;
  readonly due_at: Date;
  readonly time_zone: string;
  readonly reason: string;
};

const GONE = "id: this call back is settled, or somebody else has it";

/** Takes it for a person, who is to dial now. Taken again by the same person it stays theirs. @throws Refusal `gone`, `forbidden`. */
export async function take(
  parts: HandsParts,
  id: string,
  hand: Hand & { readonly userId: string },
  nowMs: number,
): Promise<void> {
  const before = await found(parts.db, id);
  const withdrawn = await parts.db.transaction().execute(async (trx) => {
    // Before its row: whoever hands promises to campaigns holds these first.
    const inHand =
      before.campaign_id === null ? [] : await takeBack(trx, person(before), "byHand", nowMs);
    if (inHand === null) throw new Refusal("gone", "id: a campaign calls this person now");
    const row = await locked(trx, id);
    const isMine = row.state === "taken" && row.taken_by === hand.userId;
    if (row.state !== "open" && !isMine) throw new Refusal("gone", GONE);
    // Somebody else's promise that is overdue is better kept by anybody than by nobody.
    const isTheirs = row.user_id !== null && row.user_id !== hand.userId;
    if (isTheirs && !hand.any && row.escalated_at === null)
      throw new Refusal("forbidden", "id: somebody else promised to call this person");
    if (row.campaign_id !== before.campaign_id) throw new Refusal("gone", GONE);
    if (!isMine)
      await trx
        .updateTable("call_backs")
        .set({
          ...{ state: "taken", taken_by: hand.userId, taken_at: new Date(nowMs) },
          campaign_id: null,
        })
        .where("id", "=", id)
        .execute();
    return inHand;
  });
  tellWithdrawn(parts.bus, withdrawn);
}

/**
 * Gives it back to whoever may take it, or ends it. What ended by itself while this person had it counts as ended by them.
 * @throws Refusal `gone`, `forbidden`.
 */
export async function settle(
  parts: HandsParts,
  id: string,
  hand: Hand,
  how: "giveBack" | "done" | "notNeeded",
  nowMs: number,
): Promise<void> {
  const before = await found(parts.db, id);
  const withdrawn = await parts.db.transaction().execute(async (trx) => {
    const ends = how !== "giveBack";
    const inHand =
      ends && before.campaign_id !== null
        ? await takeBack(trx, person(before), "byHand", nowMs)
        : [];
    if (inHand === null) throw new Refusal("gone", "id: a campaign calls this person now");
    const row = await locked(trx, id);
    const isOver = row.state === "done" || row.state === "closed";
    const wasMine = row.taken_by !== null && row.taken_by === hand.userId;
    if (isOver && wasMine) return [];
    if (isOver || row.campaign_id !== before.campaign_id) throw new Refusal("gone", GONE);
    if (!hand.any && !mayTouch(row, hand.userId))
      throw new Refusal("forbidden", "id: somebody else has this call back");
    await trx
      .updateTable("call_backs")
      .set(
        ends
          ? {
              ...{ state: how === "done" ? "done" : "closed", closed_because: how },
              ...{ closed_at: new Date(nowMs), taken_by: row.taken_by ?? hand.userId },
            }
          : { state: "open", taken_by: null, taken_at: null },
      )
      .where("id", "=", id)
      .execute();
    return inHand;
  });
  tellWithdrawn(parts.bus, withdrawn);
}

/** Whose it is from now on; null: anybody's. Whoever has it in hand has it no more. @throws Refusal `gone`, `invalid`. */
export async function assign(
  parts: HandsParts,
  id: string,
  userId: string | null,
  nowMs: number,
): Promise<void> {
  const before = await found(parts.db, id);
  await parts.db.transaction().execute(async (trx) => {
    if (userId !== null) {
      const user = await trx
        .selectFrom("users")
        .select("id")
        .where("id", "=", userId)
        .where("active", "=", true)
        .executeTakeFirst();
      if (user === undefined) throw new Refusal("invalid", "userId: there is no such user");
    }
    const dueAtMs = Math.max(before.due_at.getTime(), nowMs);
    await handAgain(trx, parts, before, { dueAtMs, timeZone: before.time_zone, userId });
    open(await locked(trx, id), before);
    await trx
      .updateTable("call_backs")
      .set({ user_id: userId, state: "open", taken_by: null, taken_at: null })
      .where("id", "=", id)
      .execute();
  });
}

/** Another time on the person's own clock. @throws Refusal `gone`, `invalid`. */
export async function move(
  parts: HandsParts,
  id: string,
  to: { readonly at: string; readonly timeZone: string },
  nowMs: number,
): Promise<void> {
  const before = await found(parts.db, id);
  const dueAtMs = dueTime(to.at, to.timeZone, nowMs);
  await parts.db.transaction().execute(async (trx) => {
    const { timeZone } = to;
    await handAgain(trx, parts, before, { dueAtMs, timeZone, userId: before.user_id });
    open(await locked(trx, id), before);
    await trx
      .updateTable("call_backs")
      .set({ due_at: new Date(dueAtMs), time_zone: timeZone, escalated_at: null })
      .where("id", "=", id)
      .execute();
  });
}

/** A campaign that keeps it learns of the change. */
async function handAgain(
  trx: Database,
  { planCallBack }: HandsParts,
  row: Row,
  to: { readonly dueAtMs: number; readonly timeZone: string; readonly userId: string | null },
): Promise<void> {
  if (row.campaign_id === null) return;
  if (await isDoNotCall(trx, row.phone))
    throw new Refusal("invalid", "phone: is on the list of those whom nobody calls");
  const { phone, customer_id: customerId, reason } = row;
  const data: Readonly<Record<string, string>> = reason === "" ? {} : { reason };
  const { dueAtMs: atMs, timeZone, userId } = to;
  const kept = await handOver(trx, planCallBack, {
    ...{ phone, customerId, data, atMs, timeZone, userId },
  });
  if (kept !== row.campaign_id) throw new Refusal("gone", "id: its campaign ended meanwhile");
}

function open(row: Row, before: Row): void {
  const isOver = row.state === "done" || row.state === "closed";
  if (isOver || row.campaign_id !== before.campaign_id) throw new Refusal("gone", GONE);
}

/** An operator may settle what they took, and what is theirs or anybody's and nobody took. */
function mayTouch(row: Row, userId: string | null): boolean {
  if (row.state === "taken") return row.taken_by === userId;
  return row.user_id === null || row.user_id === userId;
}

function person(row: Row) {
  return { phone: row.phone, customerId: row.customer_id };
}

/** @throws Refusal `gone`. */
async function found(db: Database, id: string): Promise<Row> {
  const row = isId(id)
    ? await db.selectFrom("call_backs").selectAll().where("id", "=", id).executeTakeFirst()
    : undefined;
  if (row === undefined) throw new Refusal("gone", "id: there is no such call back");
  return row;
}

async function locked(trx: Database, id: string): Promise<Row> {
  const { phone } = await found(trx, id);
  await lockPhone(trx, phone);
  const { rows } = await sql<Row>`select * from call_backs where id = ${id} for update`.execute(
    trx,
  );
  return rows[0]!;
}
