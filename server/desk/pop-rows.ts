/**
 * Pops in PostgreSQL. Several processes see the same ringing and write it in any order; what is kept is what got furthest: painted before
 * received, received before sent, sent before missed. Every column of a row that is there and of one that comes is joined by a rule that does
 * not ask which of them came first, nor how often.
 */
import { sql } from "kysely";
import type { Database } from "../storage/database.ts";
import type { Missed, Pop } from "./pop.ts";

/** One pop as it is written, with the verdict. */
export type PopRow = Pop & {
  readonly missed: string;
  /** Nothing more is expected of it in this process; absent: it goes on. */
  readonly settled?: boolean;
};

/** Verdicts at each stage, the weaker ones first; at every stage time only leads from weaker to stronger ones. */
const VERDICTS = {
  rang: ["", "noOperator", "notConnected"],
  sent: ["", "browserGone"],
  received: ["", "identificationFailed", "notPainted", "cardLate"],
  painted: ["cardLate", "identificationFailed", "tabHidden", ""],
} as const satisfies Record<string, readonly Missed[]>;

/** How far a row of this table got, as a number. */
function reachOf(table: "excluded" | "pops") {
  const column = (name: string) => sql.ref(`${table}.${name}`);
  const place = (stage: keyof typeof VERDICTS) =>
    sql`coalesce(array_position(${[...VERDICTS[stage]]}::text[], ${column("missed")}), 0)`;
  return sql`case when ${column("painted_at")} is not null then 30 + ${place("painted")}
    when ${column("received_at")} is not null then 20 + ${place("received")}
    when ${column("sent_at")} is not null then 10 + ${place("sent")}
    else ${place("rang")} end`;
}

/**
 * Writes pops, all or none. A stage that was reached stays reached (after a restart of the server the same ring is seen again, from the
 * middle), at the earliest time at which anybody says it was.
 * @returns ring ids among them whose card was sent to a browser, by whichever process.
 */
export async function upsertPops(
  db: Database,
  pops: readonly PopRow[],
): Promise<ReadonlySet<string>> {
  const time = (ms: number | null) => (ms === null ? null : new Date(ms));
  const earliest = (name: string) =>
    sql<never>`least(${sql.ref(`pops.${name}`)}, ${sql.ref(`excluded.${name}`)})`;
  const before = reachOf("pops");
  const now = reachOf("excluded");
  /** Of the row that got further; of two that got equally far, what `tie` says. */
  const furthest = (name: string, tie: ReturnType<typeof sql>) =>
    sql<never>`case when ${now} > ${before} then ${sql.ref(`excluded.${name}`)}
      when ${now} < ${before} then ${sql.ref(`pops.${name}`)} else ${tie} end`;
  // A look-up that did not fail knows more than one that did.
  const knows = (table: string) =>
    sql`(case ${sql.ref(`${table}.outcome`)} when '' then 0 when 'failed' then 1 else 2 end, ${sql.ref(`${table}.outcome`)})`;
  const rows = await db
    .insertInto("pops")
    .values(
      pops.map((pop) => ({
        ring_id: pop.ringId,
        call_id: pop.callId,
        pbx: pop.pbx,
        extension: pop.extension,
        user_id: pop.userId,
        queue: pop.queue,
        told_by: pop.toldBy,
        joined_at: time(pop.joinedAtMs),
        identified_at: time(pop.identifiedAtMs),
        identify_ms: pop.identifyMs,
        outcome: pop.outcome,
        composed_at: time(pop.composedAtMs),
        rang_at: new Date(pop.rangAtMs),
        sent_at: time(pop.sentAtMs),
        received_at: time(pop.receivedAtMs),
        painted_at: time(pop.paintedAtMs),
        missed: pop.missed,
      })),
    )
    .onConflict((conflict) =>
      conflict.column("ring_id").doUpdateSet({
        user_id: earliest("user_id"),
        joined_at: earliest("joined_at"),
        identified_at: earliest("identified_at"),
        identify_ms: earliest("identify_ms"),
        outcome: sql`case when ${knows("excluded")} > ${knows("pops")} then excluded.outcome else pops.outcome end`,
        composed_at: earliest("composed_at"),
        sent_at: earliest("sent_at"),
        received_at: earliest("received_at"),
        // A tab that nobody looked at may have painted it before the one that counts.
        painted_at: furthest("painted_at", earliest("painted_at")),
        missed: furthest("missed", sql`pops.missed`),
      }),
    )
    .returning(["ring_id", sql<boolean>`sent_at is not null`.as("shown")])
    .execute();
  return new Set(rows.filter(({ shown }) => shown).map((row) => row.ring_id));
}

/** So long after the ringing began nothing more is expected of a pop that nobody has closed; a process that still follows it says more later. */
const LEFT_AFTER_MS = 120_000;
/** What is older was left by other versions, and stays as it is. */
const LEFT_WITHIN_MS = 86_400_000;

/** Closes the pops of processes that died before they could: each gets the reason for the stage it stopped at. May be done by all. */
export async function closeLeftPops(db: Database, nowMs: number): Promise<void> {
  await sql`
    update pops set missed = case
      when sent_at is null then case when user_id is null then 'noOperator' else 'notConnected' end
      when received_at is null then 'browserGone'
      when composed_at is null then 'cardLate'
      else 'notPainted' end
    where missed = '' and painted_at is null
      and rang_at between ${new Date(nowMs - LEFT_WITHIN_MS)} and ${new Date(nowMs - LEFT_AFTER_MS)}`.execute(
    db,
  );
}
