/** Everything learned anew from all orders, in steps of a few seconds. Hints go on with what was learned before until its products' turn comes. */
import { randomUUID } from "node:crypto";
import type pg from "pg";
import { writeAllCompanions } from "./companions.ts";
import { type Counted, addUpPairs, countPairs } from "./count.ts";
import { learnCycles } from "./cycles.ts";
import type { LearningStep } from "./state.ts";

/** Called between steps with what is done of which; waits, or throws to end it. */
export type Pace = (step: LearningStep, share: number) => Promise<void>;

/**
 * @param client nobody else's, with what this needs set; its temporary tables are of no use after.
 * @throws what {@link Pace} throws, and failed queries; the counters are then void, and the next rebuild begins from the start.
 */
export async function rebuild(client: pg.ClientBase, pace: Pace): Promise<Counted> {
  await client.query("update offer_learning set run = null");
  await client.query("delete from learned_run");
  // Tables just filled have no statistics: parts would be too large and plans too bold.
  await client.query("analyze order_items");
  const counted = await countPairs(client, (share) => pace("orders", share));
  await addUpPairs(client, (share) => pace("sums", share));
  await writeAllCompanions(client, (share) => pace("companions", share));
  await learnCycles(client, (share) => pace("cycles", share));
  await client.query("analyze goes_with, category_cycles");
  const run = randomUUID();
  await client.query("insert into learned_run (run) values ($1)", [run]);
  await client.query(
    "update offer_learning set run = $1, lines = $2, left_out = $3, rebuilt_at = now()",
    [run, counted.lines, counted.leftOut],
  );
  return counted;
}
