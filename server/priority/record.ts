/** Moves and the reasons of places on their way to PostgreSQL, in the background; moving never waits for it. */
import type { Database } from "../storage/database.ts";
import { Outbox, type OutboxLog } from "../storage/outbox.ts";
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

/** Writes why callers stood where they stood; the newest word on a stay holds. */
export async function savePlacements(
  db: Database,
  placements: readonly Placement[],
): Promise<void> {
  if (placements.length === 0) return;
  await db
    .insertInto("call_priorities")
    .values(
      placements.map((placement) => ({
        call_id: placement.callId,
        queue: placement.queue,
        joined_at: new Date(placement.joinedAtMs),
        pbx: placement.pbx,
        policy_version: placement.policyVersion,
        rule_id: placement.rule?.id ?? "",
        rule_name: placement.rule?.name ?? "",
        rate: placement.rate,
        head_start_ms: Math.round(placement.headStartMs),
      })),
    )
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
}
