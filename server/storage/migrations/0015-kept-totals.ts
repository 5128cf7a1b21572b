/** What the card's head says of somebody's orders, kept where their standing is: counted anew it costs a look at each of them. */
import { type Kysely, sql } from "kysely";

export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    alter table customer_standing
      -- Of \`orders\` those in \`currency\`, whose sum \`total_minor\` is; null: not counted yet.
      add column in_currency integer,
      -- The \`changed_at\` it was counted at; where that is another, an older version judged since.
      add column in_currency_at timestamptz`.execute(db);
}
