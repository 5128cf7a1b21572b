/**
 * Takes due attempts that may be dialled now. Those that may not are planned anew or withdrawn on the way, so that none of them is looked at
 * again and again and none is lost.
 */
import { sql } from "kysely";
import type { Database } from "../../storage/database.ts";
import type { Lease } from "../../storage/lease.ts";
import { endedAt, limitReached, whyNotToCall } from "../eligible.ts";
import type { Campaign, CampaignSettings, WithdrawnBecause, Zones } from "../model.ts";
import type { PutOffBecause } from "../rest.ts";
import { type PlannedTime, firstAttempt } from "../retries.ts";
import { spacedFromMs } from "../spacing.ts";
import { dayStartMs, nextDayMs } from "../windows.ts";
import { closeWithdrawn } from "./close.ts";
import { type DueRow, chooseDue, claimedFrom } from "./due.ts";
import { type Asked, type ContactFacts, readFacts } from "./facts.ts";
import type { ClaimedAttempt } from "./model.ts";
import { type Step, writeSteps } from "./steps.ts";

/** Who takes them. */
export type Claimer = { readonly process: string; readonly userId: string | null };

/** What is done with a due attempt. */
type Verdict =
  | { readonly then: "claim" }
  | { readonly then: "later"; readonly planned: PlannedTime; readonly why: PutOffBecause }
  | { readonly then: "never"; readonly because: WithdrawnBecause };

/** Looked at in one transaction at most: each costs two locks. */
const MOST_AT_ONCE = 200;
/** Transactions of one claim at most, however many of the due may not be called. */
const MOST_ROUNDS = 10;
const LOOK_FURTHER = 50;
/** A phone that somebody else has in hand is asked about again after this. */
const BUSY_AGAIN_MS = 60_000;

/** @see AttemptStore.claim */
export async function claim(
  db: Database,
  campaign: Campaign,
  wanted: number,
  by: Claimer,
  nowMs: number,
  lease: Pick<Lease, "fenced"> | null = null,
): Promise<readonly ClaimedAttempt[]> {
  const inTransaction = <T>(deed: (trx: Database) => Promise<T>) =>
    lease === null ? db.transaction().execute(deed) : lease.fenced(db, deed);
  const claimed: ClaimedAttempt[] = [];
  for (let round = 0; round < MOST_ROUNDS && claimed.length < wanted; round++) {
    const left = wanted - claimed.length;
    // Where the first ones may not be called, the next ones often may not either.
    const look = Math.min(round === 0 ? left : Math.max(left, LOOK_FURTHER), MOST_AT_ONCE);
    const { looked, taken } = await inTransaction((trx) =>
      claimSome(trx, campaign, { wanted: left, look }, by, nowMs),
    );
    claimed.push(...taken);
    if (looked === 0) break;
  }
  return claimed;
}

async function claimSome(
  trx: Database,
  campaign: Campaign,
  { wanted, look }: { readonly wanted: number; readonly look: number },
  by: Claimer,
  nowMs: number,
): Promise<{ readonly looked: number; readonly taken: readonly ClaimedAttempt[] }> {
  // The settings as they are now, also when the hint of a change was lost. A stop that comes while this goes on finds the claimed ones.
  const current = await trx
    .selectFrom("campaigns")
    .select(["state", "settings"])
    .where("id", "=", campaign.id)
    .executeTakeFirst();
  if (current?.state !== "running") return { looked: 0, taken: [] };
  const { settings } = current;
  const due = await chooseDue(trx, campaign.id, look, by.userId, nowMs);
  if (due.length === 0) return { looked: 0, taken: [] };
  const facts = await readFacts(trx, settings, askedOf(due, nowMs), nowMs);
  let room = wanted;
  const judged = due.flatMap((row) => {
    const verdict = judge(settings, row, facts.get(row.contact_id)!, nowMs);
    // More than are wanted stay as they are.
    if (verdict.then === "claim" && room-- <= 0) return [];
    return [{ row, verdict }];
  });
  await writeVerdicts(trx, judged, { pbx: settings.pbx, process: by.process, nowMs });
  const taken = judged.filter(({ verdict }) => verdict.then === "claim").map(({ row }) => row);
  const how = { campaignId: campaign.id, process: by.process, pbx: settings.pbx };
  return { looked: due.length, taken: taken.map((row) => claimedFrom(row, how)) };
}

/** What has to be asked before these are called. */
export function askedOf(due: readonly DueRow[], nowMs: number): readonly Asked[] {
  return due.map((row) => ({
    contactId: row.contact_id,
    phone: row.phone,
    customerId: row.customer_id,
    refused: row.contact_refused,
    promised: row.contact_promised,
    limits: { n: row.n, dayStartMs: dayStartMs(zonesOf(row), nowMs) ?? nowMs },
  }));
}

function zonesOf(row: DueRow): Zones {
  return { names: row.time_zones, basis: row.zone_basis };
}

function judge(
  settings: CampaignSettings,
  row: DueRow,
  facts: ContactFacts,
  nowMs: number,
): Verdict {
  const because = whyNotToCall(settings, facts.person, nowMs);
  if (because !== null) return { then: "never", because };
  const zones = zonesOf(row);
  const later = (fromMs: number, why: PutOffBecause): Verdict => {
    const planned = firstAttempt(settings, zones, fromMs);
    if (planned !== null) return { then: "later", planned, why };
    const ended = settings.endsAt !== null && endedAt(settings, fromMs);
    return { then: "never", because: ended ? "campaignEnded" : "exhausted" };
  };
  // By the settings as they are now: they may have changed since it was planned.
  const opening = firstAttempt(settings, zones, nowMs);
  if (opening === null || opening.dueAtMs > nowMs) return later(nowMs, "outsideHours");
  const reached = limitReached(settings.limits, facts.counts);
  if (reached === "contact") return { then: "never", because: "exhausted" };
  if (reached !== null) {
    const why = reached === "phone" ? "phoneLimit" : "customerLimit";
    return later(nextDayMs(zones, nowMs) ?? nowMs, why);
  }
  const spacedMs = spacedFromMs(settings.kind, facts.ofKindAtMs, nowMs);
  if (spacedMs > nowMs) return later(spacedMs, "spacing");
  return facts.phoneBusy ? later(nowMs + BUSY_AGAIN_MS, "inFlight") : { then: "claim" };
}

type Judged = readonly { readonly row: DueRow; readonly verdict: Verdict }[];

async function writeVerdicts(
  trx: Database,
  judged: Judged,
  { pbx, process, nowMs }: { pbx: string; process: string; nowMs: number },
): Promise<void> {
  const ids: string[] = [];
  const later: { id: string; planned: PlannedTime }[] = [];
  const never: { attemptId: string; contactId: string; because: WithdrawnBecause }[] = [];
  const steps: Step[] = [];
  for (const { row, verdict } of judged) {
    const step = { attemptId: row.id, from: "planned" as const };
    switch (verdict.then) {
      case "claim":
        ids.push(row.id);
        steps.push({ ...step, to: "claimed", evidence: { process } });
        break;
      case "later":
        later.push({ id: row.id, planned: verdict.planned });
        steps.push({ ...step, to: "planned", evidence: { because: verdict.why } });
        break;
      case "never":
      default:
        never.push({ attemptId: row.id, contactId: row.contact_id, because: verdict.because });
        steps.push({
          ...step,
          to: "withdrawn",
          evidence: { withdrawnBecause: verdict.because },
        });
    }
  }
  const at = new Date(nowMs);
  if (ids.length > 0)
    await sql`
      update attempts set state = 'claimed', claimed_by = ${process}, claimed_at = ${at}, pbx = ${pbx}, changed_at = now()
      where id = any(${ids}::text[])`.execute(trx);
  await retime(trx, later);
  if (never.length > 0) {
    await sql`
      update attempts a set state = 'withdrawn', ended_at = ${at}, withdrawn_because = x.because, changed_at = now()
      from unnest(${never.map((one) => one.attemptId)}::text[], ${never.map((one) => one.because)}::text[])
        as x (id, because)
      where a.id = x.id`.execute(trx);
    await closeWithdrawn(trx, never, nowMs);
  }
  await writeSteps(trx, steps, nowMs);
}

/** Gives planned attempts another time. Their rows are locked. */
export async function retime(
  trx: Database,
  later: readonly { readonly id: string; readonly planned: PlannedTime }[],
): Promise<void> {
  if (later.length === 0) return;
  await sql`
    update attempts a set due_at = x.due_at, window_ends_at = x.ends_at, changed_at = now()
    from unnest(
      ${later.map((one) => one.id)}::text[],
      ${later.map((one) => new Date(one.planned.dueAtMs).toISOString())}::timestamptz[],
      ${later.map((one) => new Date(one.planned.windowEndsAtMs).toISOString())}::timestamptz[]
    ) as x (id, due_at, ends_at)
    where a.id = x.id and a.state = 'planned'`.execute(trx);
}
