/** What follows an attempt that ended: another one, or the end of its contact. Part of the transaction that ends it. */
import type { Database } from "../../storage/database.ts";
import type { CampaignSettings, CampaignState } from "../model.ts";
import { closeDone, closeWithdrawn } from "./close.ts";
import { contactOf } from "./contacts.ts";
import type { AttemptOutcome } from "./model.ts";
import { retryOrClose } from "./retry.ts";
import { actOnSaid } from "./said.ts";

/** Plans the next attempt of the contact, or closes it. Its attempt is already written as ended. */
export async function follow(
  db: Database,
  ended: {
    readonly attemptId: string;
    readonly contactId: string;
    readonly outcome: AttemptOutcome;
    readonly settings: CampaignSettings;
    readonly campaignState: CampaignState;
  },
  nowMs: number,
): Promise<void> {
  const contact = await contactOf(db, ended.contactId);
  if (contact === null) return;
  const { said } = contact;
  if (said?.attemptId === ended.attemptId)
    return actOnSaid(db, { contact, settings: ended.settings, said }, nowMs);
  if (ended.outcome === "talked") return closeDone(db, contact.id, "", nowMs);
  if (ended.campaignState === "ended")
    return closeWithdrawn(db, [{ contactId: contact.id, because: "campaignEnded" }], nowMs);
  return retryOrClose(db, { contact, settings: ended.settings, talkAsNoAnswer: false }, nowMs);
}
