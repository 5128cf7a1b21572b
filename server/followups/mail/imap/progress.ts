/** How far the letters of a mailbox were taken, in PostgreSQL: whoever reads it next goes on there. */
import { sql } from "kysely";
import type { Database } from "../../../storage/database.ts";
import type { Wanted } from "./mailbox.ts";

/** A letter of a server that numbered them anew is looked for from so long before the last one that was taken. */
const LOOK_BACK_MS = 2 * 86_400_000;

/** @param mailbox user@host:port/folder. @param lastUid the last letter there is. */
export async function openProgress(
  db: Database,
  mailbox: string,
  uidValidity: string,
  lastUid: number,
): Promise<Wanted> {
  const { rows } = await sql<{ last_uid: string; unread_until: string; since: Date | null }>`
    insert into mailboxes as m (name, uid_validity, last_uid, unread_until)
    values (${mailbox}, ${uidValidity}::bigint, 0, ${lastUid}::bigint)
    on conflict (name) do update set
      uid_validity = excluded.uid_validity,
      last_uid = case when m.uid_validity = excluded.uid_validity then m.last_uid else 0 end,
      unread_until = case when m.uid_validity = excluded.uid_validity then m.unread_until else 0 end,
      since = case when m.uid_validity = excluded.uid_validity then m.since
        else m.taken_at - make_interval(secs => ${LOOK_BACK_MS / 1000}) end,
      trying_uid = case when m.uid_validity = excluded.uid_validity then m.trying_uid else 0 end
    returning last_uid, unread_until, since`.execute(db);
  const { last_uid, unread_until, since } = rows[0]!;
  return { lastUid: Number(last_uid), unreadUntil: Number(unread_until), since };
}

/** A letter is begun. @returns how often it was, this time included. */
export async function beginLetter(db: Database, mailbox: string, uid: number): Promise<number> {
  const { rows } = await sql<{ tries: number }>`
    update mailboxes set trying_uid = ${uid}::bigint,
      tries = case when trying_uid = ${uid}::bigint then tries + 1 else 1 end
    where name = ${mailbox} returning tries`.execute(db);
  return rows[0]?.tries ?? 1;
}

/** A letter is done with, and all before it. */
export async function endLetter(db: Database, mailbox: string, uid: number): Promise<void> {
  await sql`
    update mailboxes set last_uid = ${uid}::bigint, trying_uid = 0, tries = 0, taken_at = now()
    where name = ${mailbox} and last_uid < ${uid}::bigint`.execute(db);
}
