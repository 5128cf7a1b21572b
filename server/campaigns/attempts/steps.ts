/** An attempt's story: one row for each step. */
import { sql } from "kysely";
import type { Database } from "../../storage/database.ts";
import type { AttemptState } from "./model.ts";
import type { StepEvidence } from "./step-evidence.ts";

/** One step. */
export type Step = {
  readonly attemptId: string;
  readonly from: AttemptState | "";
  readonly to: AttemptState;
  readonly evidence: StepEvidence;
};

/** Writes steps that happened at one moment. */
export async function writeSteps(
  db: Database,
  steps: readonly Step[],
  atMs: number,
): Promise<void> {
  if (steps.length === 0) return;
  await sql`
    insert into attempt_steps (attempt_id, at, from_state, to_state, evidence)
    select x.id, ${new Date(atMs)}, x.from_state, x.to_state, x.evidence
    from unnest(
      ${steps.map((one) => one.attemptId)}::text[],
      ${steps.map((one) => one.from)}::text[],
      ${steps.map((one) => one.to)}::text[],
      ${steps.map((one) => JSON.stringify(one.evidence))}::jsonb[]
    ) as x (id, from_state, to_state, evidence)`.execute(db);
}
