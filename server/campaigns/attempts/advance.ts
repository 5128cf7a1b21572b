/** One transition of one attempt, with its step and what follows, in one transaction. */
import { sql } from "kysely";
import { type Database, prepared } from "../../storage/database.ts";
import type { CampaignSettings, CampaignState } from "../model.ts";
import { closeWithdrawn } from "./close.ts";
import { type Fence, heldUnder } from "./fence.ts";
import { follow } from "./follow.ts";
import { type Attempt, type AttemptFacts, type AttemptState, NEXT } from "./model.ts";
import { type AttemptRow, attemptOf } from "./rows.ts";
import type { StepEvidence } from "./step-evidence.ts";
import { writeSteps } from "./steps.ts";

/** States that say what happened and have nothing follow from them but their step. */
const PLAIN = ["dialling", "ringing", "answered", "waiting"] as const;
type PlainState = (typeof PLAIN)[number];

/**
 * @param fence for who may only write while it holds a lease; null for a person's deed.
 * @returns null when the attempt does not stand where this may follow, there is none, or the lease is another process's by now. Fails when
 * PostgreSQL does; nothing was changed then.
 */
export async function advance(
  db: Database,
  attemptId: string,
  to: AttemptState,
  facts: AttemptFacts,
  fence: Fence | null = null,
): Promise<Attempt | null> {
  if (isPlain(to)) return await stepOn(db, attemptId, to, facts, fence);
  return db.transaction().execute(async (trx) => {
    const { rows } = await sql<
      AttemptRow & { settings: CampaignSettings; campaign_state: CampaignState }
    >`
      with lease as (${heldUnder(fence)})
      select a.*, k.settings, k.state as campaign_state
      from lease, attempts a join campaigns k on k.id = a.campaign_id
      where a.id = ${attemptId} for update of a`.execute(trx);
    const row = rows[0];
    if (row === undefined || !NEXT[row.state].includes(to)) return null;
    const { settings, campaign_state: campaignState } = row;
    const changed = await trx
      .updateTable("attempts")
      .set({
        ...told(facts),
        ...stamps(row, to, facts, settings),
        state: to,
        changed_at: sql<Date>`now()`,
      })
      .where("id", "=", attemptId)
      .returningAll()
      .executeTakeFirstOrThrow();
    const step = { attemptId, from: row.state, to, evidence: evidenceOf(facts) };
    await writeSteps(trx, [step], facts.atMs);
    if (to === "ended") {
      const { contact_id: contactId } = row;
      const outcome = facts.outcome ?? "failed";
      await follow(trx, { attemptId, contactId, outcome, settings, campaignState }, facts.atMs);
    }
    if (to === "withdrawn") {
      const because = facts.withdrawnBecause ?? "byHand";
      await closeWithdrawn(trx, [{ contactId: row.contact_id, because }], facts.atMs);
    }
    return attemptOf(changed);
  });
}

function isPlain(to: AttemptState): to is PlainState {
  return (PLAIN as readonly AttemptState[]).includes(to);
}

/** Where an attempt may stand before it. */
function before(to: AttemptState): readonly AttemptState[] {
  return (Object.keys(NEXT) as AttemptState[]).filter((from) => NEXT[from].includes(to));
}

/** A transition and its step in one statement: a call makes several of them within a second, and each round trip is a wait. */
async function stepOn(
  db: Database,
  attemptId: string,
  to: PlainState,
  facts: AttemptFacts,
  fence: Fence | null,
): Promise<Attempt | null> {
  const at = new Date(facts.atMs);
  const { trunk, extension, userId, greetingEndedAtMs, cause, abandonedByRule } = facts;
  const evidence = JSON.stringify(evidenceOf(facts));
  const { rows } = await sql<AttemptRow>`${prepared}
    with lease as (${heldUnder(fence)}), stands as (
      select a.id, a.state from attempts a, lease
      where a.id = ${attemptId} and a.state = any(${before(to)}::text[]) for update of a
    ), changed as (
      update attempts a set state = ${to}::text, changed_at = now(),
        trunk = coalesce(${trunk ?? null}::text, a.trunk),
        extension = coalesce(${extension ?? null}::text, a.extension),
        user_id = case when ${userId !== undefined} then ${userId ?? null}::bigint else a.user_id end,
        greeting_ended_at = coalesce(${dateOf(greetingEndedAtMs)}::timestamptz, a.greeting_ended_at),
        cause = coalesce(${cause ?? null}::integer, a.cause),
        abandoned_by_rule = a.abandoned_by_rule or ${abandonedByRule === true},
        dialled_at = case when ${to} = 'dialling' then ${at} else a.dialled_at end,
        call_id = case when ${to} = 'dialling' then a.pbx || '-' || a.id else a.call_id end,
        ringing_at = case when ${to} = 'ringing' then ${at} else a.ringing_at end,
        answered_at = case when ${to} = 'answered' then ${at}
          when ${to} = 'waiting' then coalesce(a.answered_at, ${at}) else a.answered_at end,
        waiting_at = case when ${to} = 'waiting' then ${at} else a.waiting_at end
      from stands where a.id = stands.id
      returning a.*
    ), told as (
      insert into attempt_steps (attempt_id, at, from_state, to_state, evidence)
      select id, ${at}, state, ${to}, ${evidence}::jsonb from stands
    )
    select * from changed`.execute(db);
  return rows[0] === undefined ? null : attemptOf(rows[0]);
}

function dateOf(ms: number | null | undefined): Date | null {
  return ms === null || ms === undefined ? null : new Date(ms);
}

/** Columns of what became known, whatever the transition. */
function told(facts: AttemptFacts) {
  return {
    ...(facts.trunk === undefined ? {} : { trunk: facts.trunk }),
    ...(facts.extension === undefined ? {} : { extension: facts.extension }),
    ...(facts.userId === undefined ? {} : { user_id: facts.userId }),
    ...(facts.greetingEndedAtMs === undefined
      ? {}
      : { greeting_ended_at: new Date(facts.greetingEndedAtMs) }),
    ...(facts.cause === undefined ? {} : { cause: facts.cause }),
    ...(facts.abandonedByRule === true ? { abandoned_by_rule: true } : {}),
  };
}

/** Columns that the new state sets. */
function stamps(
  row: AttemptRow,
  to: Exclude<AttemptState, PlainState>,
  facts: AttemptFacts,
  settings: CampaignSettings,
) {
  const at = new Date(facts.atMs);
  switch (to) {
    case "claimed":
      return { claimed_at: at };
    case "planned":
      // Given back: nothing was dialled, and it is for whom it was promised by.
      return {
        ...{ claimed_by: "", claimed_at: null, dialled_at: null, pbx: "", trunk: "" },
        ...{ extension: "", call_id: "" },
        user_id: sql<string | null>`(select c.user_id from contacts c where c.id = contact_id)`,
      };
    case "connected": {
      const answeredAt = row.answered_at ?? at;
      const late = isLate(answeredAt, at, settings);
      return { connected_at: at, answered_at: answeredAt, ...(late ? { abandoned: true } : {}) };
    }
    case "ended":
      return { ended_at: at, outcome: facts.outcome ?? "failed", ...left(row, at, facts) };
    case "withdrawn":
      return {
        ended_at: at,
        withdrawn_because: facts.withdrawnBecause ?? "byHand",
        ...left(row, at, facts),
      };
    case "unknown":
    default:
      return {};
  }
}

/** Whoever answered and was left without an operator, by us or for want of one. */
function left(row: AttemptRow, at: Date, facts: AttemptFacts) {
  // By the rule's clock it may be no abandoned call: a greeting still ran.
  if (facts.outcome === "abandoned")
    return {
      ...{ abandoned: true, abandoned_by_rule: facts.abandonedByRule ?? true },
      answered_at: row.answered_at ?? at,
    };
  const hungUpByUs = facts.outcome === undefined && row.answered_at !== null;
  if (hungUpByUs && row.connected_at === null && row.state !== "unknown")
    return { abandoned: true, abandoned_by_rule: true };
  return {};
}

function isLate(answeredAt: Date, connectedAt: Date, settings: CampaignSettings): boolean {
  return connectedAt.getTime() - answeredAt.getTime() > settings.abandonment.connectWithinMs;
}

function evidenceOf(facts: AttemptFacts): StepEvidence {
  const { outcome, cause, withdrawnBecause, trunk, evidence } = facts;
  return {
    ...evidence,
    ...(outcome === undefined ? {} : { outcome }),
    ...(cause === undefined || cause === 0 ? {} : { cause }),
    ...(withdrawnBecause === undefined ? {} : { withdrawnBecause }),
    ...(trunk === undefined ? {} : { trunk }),
  };
}
