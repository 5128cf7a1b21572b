/** Who called on recorded days, as policies are asked about them: who they are today, and what the record knew of them at that moment. */
import { sql } from "kysely";
import { placeOfNumber } from "../../customers/phone-places.ts";
import { describePhone } from "../../customers/phone.ts";
import type { Storage } from "../../storage/database.ts";
import type { Standing, Subject } from "../model.ts";
import { type RecordedCalls, beginOf } from "./recorded-calls.ts";

/** A caller of any queue. */
export type Who = Omit<Subject, "queue">;

/** Who called and got nobody before the first day still counts as lost on it. */
const LOST_DAYS_BEFORE = 7;
const NOWHERE = { city: "", region: "", country: "" };

/**
 * One for each call, in their order; calls of the same person of whom nothing changed have the same object.
 * @param known standings of customers as they are today.
 * @param lostAtMs when somebody last got nobody before the first call, by {@link keyOf}.
 */
export function callersOf(
  { calls }: RecordedCalls,
  known: ReadonlyMap<string, Standing>,
  lostAtMs: ReadonlyMap<string, number>,
): readonly Who[] {
  const { startedAtMs, failed, isWithheld, e164, customerId, visitsEnd, talksEnd } = calls;
  const lost = new Map(lostAtMs);
  const places = new Map<string, Who["place"]>([["", NOWHERE]]);
  const before = new Map<string, Who>();
  return startedAtMs.map((atMs, call) => {
    const [id, number] = [customerId[call]!, e164[call]!];
    const key = keyOf(id, number);
    const lastMs = lost.get(key) ?? null;
    const title = `${id} ${number} ${isWithheld[call]}`;
    let who = before.get(title);
    if (who?.lostAtMs !== lastMs) {
      who = whoOf(known.get(id) ?? null, isWithheld[call]!, placeOf(number, places), lastMs);
      before.set(title, who);
    }
    if (key === "") return who;
    // Forgotten once they got through.
    if (talksEnd[call]! > beginOf(talksEnd, call)) lost.delete(key);
    else if (failed[call]! && visitsEnd[call]! > beginOf(visitsEnd, call)) lost.set(key, atMs);
    return who;
  });
}

function whoOf(
  today: Standing | null,
  isWithheld: boolean,
  place: Who["place"],
  lostAtMs: number | null,
): Who {
  // When they last got nobody is told as it was then: the record knows that much.
  const standing = today === null || today.lostAtMs === lostAtMs ? today : { ...today, lostAtMs };
  const caller = standing !== null ? "customer" : isWithheld ? "withheld" : "unknown";
  return { caller, standing, place, lostAtMs };
}

function placeOf(e164: string, places: Map<string, Who["place"]>): Who["place"] {
  let place = places.get(e164);
  if (place === undefined) {
    const { country } = describePhone(e164);
    place = { city: "", region: placeOfNumber(e164, country).region, country };
    places.set(e164, place);
  }
  return place;
}

/** "" for nobody who could be known again. */
function keyOf(customerId: string, e164: string): string {
  return customerId === "" ? e164 : `customer ${customerId}`;
}

/** Who got nobody in the week before a moment, and when last; as `server/customers/standing.ts` tells it of today. */
export async function lostBefore(
  { db }: Pick<Storage, "db">,
  fromAt: Date,
): Promise<ReadonlyMap<string, number>> {
  const { rows } = await sql<{
    customer_id: string | null;
    party_e164: string | null;
    lost_at: Date;
  }>`
    with newest as (
      select customer_id, party_e164,
        max(started_at) filter (where extensions <> '{}') as through_at,
        max(started_at) filter (
          where extensions = '{}' and direction = 'inbound' and wait_ms is not null
            and ended_how in ('abandoned', 'unanswered')
        ) as lost_at
      from calls
      where started_at >= ${fromAt}::timestamptz - make_interval(days => ${LOST_DAYS_BEFORE})
        and started_at < ${fromAt} and ended_how <> 'merged'
        and (customer_id is not null or party_e164 is not null)
      group by customer_id, party_e164
    )
    select customer_id, party_e164, lost_at from newest
    where lost_at > coalesce(through_at, '-infinity')`.execute(db);
  return new Map(
    rows.map((row) => [keyOf(row.customer_id ?? "", row.party_e164 ?? ""), row.lost_at.getTime()]),
  );
}
