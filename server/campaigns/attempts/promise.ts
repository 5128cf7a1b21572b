/** A call back that an operator promised, in any queue: planned by every campaign that takes such promises. */
import type { Database } from "../../storage/database.ts";
import { NOTHING_SAID, planContacts } from "./plan.ts";
import type { ZoneRules } from "./zone-facts.ts";

/** What was promised. */
export type CallBackPromise = {
  /** E.164. */
  readonly phone: string;
  readonly customerId: string | null;
  readonly atMs: number;
  /** IANA zone in which the time was said; "" when it was not. */
  readonly timeZone: string;
  /** This operator alone calls; null: anybody. */
  readonly userId: string | null;
  readonly data: Readonly<Record<string, string>>;
};

/** Inside the transaction that writes the promise down. @returns how many campaigns will keep it; 0: nobody will. */
export async function planCallBack(
  trx: Database,
  rules: ZoneRules,
  promise: CallBackPromise,
  nowMs: number,
): Promise<number> {
  const campaigns = await trx
    .selectFrom("campaigns")
    .select(["id", "settings"])
    .where("state", "in", ["running", "paused"])
    .orderBy("id")
    .execute();
  const keeping = campaigns.filter(({ settings }) => settings.trigger.type === "callbackPromised");
  const { phone, customerId, timeZone, data, userId, atMs } = promise;
  for (const campaign of keeping) {
    const person = { ...NOTHING_SAID, phone, customerId, timeZone, data, notBeforeMs: atMs };
    await planContacts(trx, campaign, rules, [{ ...person, promisedBy: { userId } }], nowMs);
  }
  return keeping.length;
}
