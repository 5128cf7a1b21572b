/** Another attempt, or the end of the contact when there is none left. Part of the transaction that asks. */
import type { Database } from "../../storage/database.ts";
import { whyNotToCall } from "../eligible.ts";
import type { CampaignSettings } from "../model.ts";
import { type PastAttempt, afterAttempt } from "../retries.ts";
import { closeWithdrawn } from "./close.ts";
import { type OpenContact, insertAttempt } from "./contacts.ts";
import { readFacts } from "./facts.ts";
import type { AttemptOutcome } from "./model.ts";
import { writeSteps } from "./steps.ts";

/** @param next.talkAsNoAnswer the last talk came to "try again". */
export async function retryOrClose(
  db: Database,
  next: {
    readonly contact: OpenContact;
    readonly settings: CampaignSettings;
    readonly talkAsNoAnswer: boolean;
  },
  nowMs: number,
): Promise<void> {
  const { contact, settings } = next;
  // While the call went on the order may have been settled, or the person may have asked not to be called.
  const asked = {
    contactId: contact.id,
    phone: contact.phone,
    customerId: contact.customerId,
    ...{ refused: contact.refused, promised: contact.promised, limits: null },
  };
  const facts = (await readFacts(db, settings, [asked], nowMs)).get(contact.id);
  const why = facts === undefined ? null : whyNotToCall(settings, facts.person, nowMs);
  if (why !== null) return closeWithdrawn(db, [{ contactId: contact.id, because: why }], nowMs);

  const past = await pastOf(db, contact.id, next.talkAsNoAnswer);
  const then = afterAttempt(settings, past, contact.zones, facts?.ofKindAtMs);
  if (then.next === "close") {
    const because = then.because === "" ? "exhausted" : then.because;
    return closeWithdrawn(db, [{ contactId: contact.id, because }], nowMs);
  }
  const attemptId = await insertAttempt(db, contact, then);
  const last = past.at(-1);
  const evidence = last === undefined ? {} : { after: last.outcome };
  await writeSteps(db, [{ attemptId, from: "", to: "planned", evidence }], nowMs);
}

async function pastOf(
  db: Database,
  contactId: string,
  talkAsNoAnswer: boolean,
): Promise<readonly PastAttempt[]> {
  const rows = await db
    .selectFrom("attempts")
    .select(["outcome", "ended_at"])
    .where("contact_id", "=", contactId)
    .where("state", "=", "ended")
    .orderBy("n")
    .execute();
  const past = rows.map((row) => ({
    outcome: row.outcome as AttemptOutcome,
    endedAtMs: row.ended_at!.getTime(),
  }));
  const last = past.at(-1);
  return talkAsNoAnswer && last !== undefined
    ? [...past.slice(0, -1), { ...last, outcome: "noAnswer" }]
    : past;
}
