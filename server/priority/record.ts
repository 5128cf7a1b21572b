/** Moves and the reasons of places on their way to PostgreSQL, in the background; moving never waits for it. */
import { type Insertable, sql } from "kysely";
import type { Database } from "../storage/database.ts";
import { Outbox, type OutboxLog } from "../storage/outbox.ts";
import type { Schema } from "../storage/schema.ts";
import type { Move } from "./model.ts";

/** Why a caller stood where they stood during one stay in a queue. */
export type Placement = {
  readonly callId: string;
  readonly pbx: string;
  readonly queue: string;
  readonly joinedAtMs: number;
  readonly policyVersion: number;
  readonly rule: { readonly id: string; readonly name: string } | null;
  readonly rate: number;
  readonly headStartMs: number;
};

/** Where the steward leaves what it did. Returns at once. */
export interface PriorityRecorder {
  moved(move: Move): void;
  /** The same stay again replaces what was said of it. */
  placed(placement: Placement): void;
}

/** The record of one process. */
export class PriorityRecord implements PriorityRecorder {
  readonly #moves: Outbox<Move>;
  readonly #placements: Outbox<Placement>;
  #made = 0;

  constructor({ db, log }: { readonly db: Database; readonly log: OutboxLog }) {
    this.#moves = new Outbox({
      name: "priority moves",
      log,
      write: (moves) => saveMoves(db, moves),
    });
    this.#placements = new Outbox({
      name: "call priorities",
      log,
      write: (placements) => savePlacements(db, placements),
    });
  }

  moved(move: Move): void {
    this.#made += 1;
    this.#moves.put(String(this.#made), move);
  }

  placed(placement: Placement): void {
    const { callId, queue, joinedAtMs } = placement;
    this.#placements.put(JSON.stringify([callId, queue, joinedAtMs]), placement);
  }

  /** Rows not in PostgreSQL yet, and rows given up. */
  counters(): { readonly waiting: number; readonly lost: number } {
    const parts = [this.#moves, this.#placements];
    return {
      waiting: parts.reduce((sum, { waiting }) => sum + waiting, 0),
      lost: parts.reduce((sum, { lost }) => sum + lost, 0),
    };
  }

  /** Resolves when everything put so far is in PostgreSQL, or was given up. */
  async flush(): Promise<void> {
    await Promise.all([this.#moves.flush(), this.#placements.flush()]);
  }

  /** Writes what is left, for at most `limitMs`. */
  async close(limitMs = 5000): Promise<void> {
    await Promise.all([this.#moves.close(limitMs), this.#placements.close(limitMs)]);
  }
}

/** Adds moves; those that stand there already (a batch whose confirmation was lost) are left out. */
export async function saveMoves(db: Database, moves: readonly Move[]): Promise<void> {
  if (moves.length === 0) return;
  await db.transaction().execute(async (tx) => {
    const calls = [...new Set(moves.map(({ callId }) => callId))];
    const known = await tx
      .selectFrom("priority_moves")
      .select(["call_id", "queue", "at"])
      .where("call_id", "in", calls)
      .execute();
    const key = (callId: string, queue: string, at: Date) =>
      JSON.stringify([callId, queue, at.getTime()]);
    const there = new Set(known.map((row) => key(row.call_id, row.queue, row.at)));
    const rows = moves
      .map((move) => ({
        call_id: move.callId,
        pbx: move.pbx,
        queue: move.queue,
        at: new Date(move.atMs),
        made_by: move.by,
        from_position: move.fromPosition,
        to_position: move.toPosition,
        from_priority: move.fromPriority,
        to_priority: move.toPriority,
        policy_version: move.policyVersion,
      }))
      .filter((row) => !there.has(key(row.call_id, row.queue, row.at)));
    if (rows.length > 0) await tx.insertInto("priority_moves").values(rows).execute();
  });
}

/**
 * After a restart, or a connection that was lost, a PBX tells in whole seconds for how long somebody has waited: the same stay is told with
 * another beginning then. Nobody leaves a queue and joins it again as soon.
 */
const SAME_STAY_MS = 2000;

/** Writes why callers stood where they stood; the newest word on a stay holds, and it has one row however often Callcard was restarted. */
export async function savePlacements(
  db: Database,
  placements: readonly Placement[],
): Promise<void> {
  if (placements.length === 0) return;
  await db.transaction().execute(async (tx) => {
    // Two servers may tell of the same stay at the same moment, a little apart.
    await sql`select pg_advisory_xact_lock(hashtext('callcard.call_priorities'))`.execute(tx);
    const known = await tx
      .selectFrom("call_priorities")
      .select(["call_id", "queue", "joined_at"])
      .where("call_id", "in", [...new Set(placements.map(({ callId }) => callId))])
      .execute();
    const begun = new Map<string, number[]>();
    const beginnings = (callId: string, queue: string) => {
      const key = JSON.stringify([callId, queue]);
      const all = begun.get(key) ?? [];
      begun.set(key, all);
      return all;
    };
    for (const row of known) beginnings(row.call_id, row.queue).push(row.joined_at.getTime());
    const rows = new Map<string, Insertable<Schema["call_priorities"]>>();
    for (const placement of placements) {
      const { callId, queue } = placement;
      const told = Math.trunc(placement.joinedAtMs);
      const all = beginnings(callId, queue);
      const joinedAtMs = nearest(all, told) ?? told;
      if (!all.includes(joinedAtMs)) all.push(joinedAtMs);
      rows.set(JSON.stringify([callId, queue, joinedAtMs]), {
        ...{ call_id: callId, queue, joined_at: new Date(joinedAtMs), pbx: placement.pbx },
        policy_version: placement.policyVersion,
        rule_id: placement.rule?.id ?? "",
        rule_name: placement.rule?.name ?? "",
        rate: placement.rate,
        head_start_ms: Math.round(placement.headStartMs),
      });
    }
    await tx
      .insertInto("call_priorities")
      .values([...rows.values()])
      .onConflict((conflict) =>
        conflict.columns(["call_id", "queue", "joined_at"]).doUpdateSet((eb) => ({
          policy_version: eb.ref("excluded.policy_version"),
          rule_id: eb.ref("excluded.rule_id"),
          rule_name: eb.ref("excluded.rule_name"),
          rate: eb.ref("excluded.rate"),
          head_start_ms: eb.ref("excluded.head_start_ms"),
        })),
      )
      .execute();
  });
}

/** The beginning among `known` that is the same stay's; null for a stay nobody knows. */
function nearest(known: readonly number[], atMs: number): number | null {
  let best: number | null = null;
  for (const one of known) {
    const away = Math.abs(one - atMs);
    if (away <= SAME_STAY_MS && (best === null || away < Math.abs(best - atMs))) best = one;
  }
  return best;
}
