/** How far learning is: one row that every process reads and the one that learns writes. */
import type pg from "pg";

/** As it is told to people. Times are ISO. */
export type LearningState = {
  /** What is being done now, "" for nothing. */
  readonly doing: "" | "rebuild" | "refresh";
  /** Of a rebuild: reading orders, adding up, companions, cycles. */
  readonly step: "" | "orders" | "sums" | "companions" | "cycles";
  /** Of that step, 0 to 1. */
  readonly progress: number;
  readonly beganAt: string | null;
  /** When everything was last learned anew, and how long that took; null: never. */
  readonly rebuiltAt: string | null;
  readonly rebuildMs: number | null;
  /** When changes of orders were last taken in. */
  readonly refreshedAt: string | null;
  /** A rebuild somebody asked for that has not begun. */
  readonly asked: { readonly at: string; readonly by: string } | null;
  /** Lines of orders the last rebuild read. */
  readonly lines: number;
  /** Orders it left out: with more than 60 different products they are wholesale and say nothing of what goes with what. */
  readonly leftOutOrders: number;
  /** Changes of orders not taken in yet; counted up to 1,000. */
  readonly waiting: number;
  /** Why it last failed, "" when it went well since. */
  readonly lastError: string;
};

/** What is done with the row. */
export type LearningStep = Exclude<LearningState["step"], "">;

/** Changes that are counted for people. */
const MOST_COUNTED = 1000;

/** The row as it is read. */
export type LearningRow = {
  doing: LearningState["doing"];
  step: LearningState["step"];
  progress: number;
  began_at: Date | null;
  rebuilt_at: Date | null;
  rebuild_ms: number | null;
  refreshed_at: Date | null;
  asked_at: Date | null;
  asked_by: string;
  lines: string;
  left_out: number;
  waiting: number;
  last_error: string;
  /** The counters are of the last rebuild and all changes since. */
  is_whole: boolean;
  failed_at: Date | null;
};

const READ = `
  select s.*, coalesce(s.run = (select run from learned_run limit 1), false) as is_whole,
    (select count(*) from (select from basket_changes limit ${MOST_COUNTED}) c)::int as waiting
  from offer_learning s`;

/** Reads the row. */
export async function readState(pool: pg.Pool): Promise<LearningRow> {
  return (await pool.query<LearningRow>({ name: "learning_state", text: READ })).rows[0]!;
}

/** As it is told to people. */
export function stateOf(row: LearningRow): LearningState {
  return {
    ...{ doing: row.doing, step: row.step, progress: row.progress },
    beganAt: row.began_at?.toISOString() ?? null,
    rebuiltAt: row.rebuilt_at?.toISOString() ?? null,
    rebuildMs: row.rebuild_ms,
    refreshedAt: row.refreshed_at?.toISOString() ?? null,
    asked: row.asked_at === null ? null : { at: row.asked_at.toISOString(), by: row.asked_by },
    ...{ lines: Number(row.lines), leftOutOrders: row.left_out, waiting: row.waiting },
    lastError: row.last_error,
  };
}

/** Asks whichever process learns to learn everything anew; asked twice is asked once. */
export async function askForRebuild(pool: pg.Pool, by: string): Promise<void> {
  await pool.query(
    "update offer_learning set asked_at = now(), asked_by = $1 where asked_at is null",
    [by],
  );
}
