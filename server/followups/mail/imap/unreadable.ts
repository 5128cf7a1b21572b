/** A letter that could not be read is not lost: it is on the list of those a person has to look at, and stays as it is in the mailbox. */
import { createHash } from "node:crypto";
import type { Database } from "../../../storage/database.ts";
import { MAIL } from "../take.ts";
import { storable } from "../text.ts";
import type { LetterCover } from "./mailbox.ts";

/** Again changes nothing. @param why in words. */
export async function keepUnreadable(
  db: Database,
  letter: {
    readonly mailbox: string;
    readonly folder: string;
    readonly uidValidity: string;
    readonly uid: number;
  },
  cover: LetterCover | null,
  why: string,
): Promise<void> {
  const { mailbox, folder, uidValidity, uid } = letter;
  const key = createHash("sha256").update(JSON.stringify([mailbox, uidValidity, uid]));
  await db
    .insertInto("messages")
    .values({
      ...{ source: MAIL, source_id: `unreadable ${key.digest("hex")}`, direction: "in" },
      ...{ channel: "email", party: storable(cover?.from ?? "").slice(0, 254), links: [] },
      subject: storable(cover?.subject ?? "").slice(0, 500),
      text: storable(`${folder}, UID ${uid}: ${why}`),
      ...{ at: new Date(Math.min(cover?.cameAtMs ?? Date.now(), Date.now())) },
      waits_because: "unreadable",
    })
    .onConflict((conflict) => conflict.columns(["source", "source_id"]).doNothing())
    .execute();
}
