/** Callers whom somebody put to a place by hand: they stay there whichever process moves callers. */
import { type Kysely, sql } from "kysely";

export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table placements_by_hand (
      pbx text not null,
      queue text not null,
      channel_id text not null,
      call_id text not null,
      -- 1 is next; it falls as those before them are answered.
      position integer not null,
      placed_by text not null,
      placed_at timestamptz not null default now(),
      primary key (pbx, queue, channel_id)
    )`.execute(db);
}
