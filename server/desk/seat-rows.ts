/** The SQL of seats: who sits at which device, and since when they are ready. */
import { sql } from "kysely";
import type { User } from "../people/model.ts";
import type { Database } from "../storage/database.ts";
import type { Device } from "./floor.ts";

/** Where somebody sits. */
export type SeatRow = {
  readonly user: User;
  /** Null for nowhere, and for somebody who may not log in any more. */
  readonly device: Device | null;
  /** Epoch ms; 0 for never. */
  readonly readyAtMs: number;
};

/** Seats of these users, of everybody who has one without them. */
export async function readSeats(
  db: Database,
  userIds: readonly string[] | null = null,
): Promise<readonly SeatRow[]> {
  const query = db
    .selectFrom("users as u")
    .leftJoin("operator_devices as d", "d.user_id", "u.id")
    .select(["u.id", "u.login", "u.name", "u.role", "u.language", "u.active"])
    .select(["d.pbx", "d.extension", "d.ready_at"]);
  const rows = await (
    userIds === null
      ? query.where("u.active", "=", true).where("d.user_id", "is not", null)
      : query.where("u.id", "in", userIds)
  ).execute();
  return rows.map(({ active, pbx, extension, ready_at, ...user }) => ({
    user,
    device: active && pbx !== null && extension !== null ? { pbx, extension } : null,
    readyAtMs: ready_at?.getTime() ?? 0,
  }));
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

/**
 * Gives a device to a user, taking it from whoever had it when `takeOver`.
 * @returns the user who has or had it: `ok` false when it is taken and was left with them.
 */
export async function takeDevice(
  db: Database,
  userId: string,
  device: Device,
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

/** Writes when somebody made themselves ready; an earlier time changes nothing. */
export async function writeReady(db: Database, userId: string, atMs: number): Promise<void> {
  const at = new Date(atMs);
  await db
    .updateTable("operator_devices")
    .set({ ready_at: at })
    .where("user_id", "=", userId)
    .where((where) => where.or([where("ready_at", "is", null), where("ready_at", "<", at)]))
    .execute();
}

/** Who holds this device now; null for nobody. */
async function holderOf(db: Database, device: Device): Promise<string | null> {
  const row = await db
    .selectFrom("operator_devices")
    .select("user_id")
    .where("pbx", "=", device.pbx)
    .where("extension", "=", device.extension)
    .executeTakeFirst();
  return row?.user_id ?? null;
}
