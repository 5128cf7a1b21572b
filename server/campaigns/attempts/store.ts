/** Every attempt, in PostgreSQL: one deed one file; here they are put together. */
import { sql } from "kysely";
import type { Bus } from "../../storage/bus.ts";
import type { Database } from "../../storage/database.ts";
import type { Lease } from "../../storage/lease.ts";
import type { AbandonmentRule, Campaign } from "../model.ts";
import type { Learned } from "../pacing/model.ts";
import type { AttemptStore } from "../ports.ts";
import { abandonmentOf } from "./abandonment.ts";
import { advance } from "./advance.ts";
import { type Claimer, claim } from "./claim.ts";
import type { Fence } from "./fence.ts";
import {
  IN_FLIGHT,
  type Attempt,
  type AttemptFacts,
  type AttemptState,
  type ClaimedAttempt,
} from "./model.ts";
import { attemptOf, claimedOf, isAttemptId } from "./rows.ts";
import { Limit } from "./limit.ts";

/** What the store needs of the rest. */
export type AttemptStoreOptions = {
  readonly db: Database;
  readonly bus: Pick<Bus, "on">;
  /** The shop's own IANA zone: the day of `abandonment`. */
  readonly timeZone: string;
};

/** Transitions written at one time: as many as share one flush of the log well, and few enough that none waits long for a connection. */
const WRITTEN_AT_ONCE = 8;

const TAKEN = ["claimed", ...IN_FLIGHT] as const;

/** The store of one process. Holds nothing but a count; any number of them may work on one database. */
export class PgAttemptStore implements AttemptStore {
  readonly #db: Database;
  readonly #bus: AttemptStoreOptions["bus"];
  readonly #timeZone: string;
  readonly #writes = new Limit(WRITTEN_AT_ONCE);
  #refused = 0;

  constructor(options: AttemptStoreOptions) {
    this.#db = options.db;
    this.#bus = options.bus;
    this.#timeZone = options.timeZone;
  }

  /** Transitions that were late, repeated or impossible. */
  get refused(): number {
    return this.#refused;
  }

  claim(
    campaign: Campaign,
    wanted: number,
    by: Claimer,
    nowMs: number,
    lease?: Pick<Lease, "fenced">,
  ): Promise<readonly ClaimedAttempt[]> {
    return claim(this.#db, campaign, wanted, by, nowMs, lease);
  }

  async hasDue(campaignId: string, nowMs: number): Promise<boolean> {
    const now = new Date(nowMs);
    const { rows } = await sql<{ due: boolean }>`
      select exists (
        select from attempts
        where campaign_id = ${campaignId} and state = 'planned' and user_id is null
          and due_at <= ${now} and window_ends_at > ${now}
      ) as due`.execute(this.#db);
    return rows[0]?.due === true;
  }

  async advance(
    attemptId: string,
    to: AttemptState,
    facts: AttemptFacts,
    fence: Fence | null = null,
  ): Promise<Attempt | null> {
    const attempt = await this.#writes.take(() => advance(this.#db, attemptId, to, facts, fence));
    if (attempt === null) this.#refused += 1;
    return attempt;
  }

  async taken(pbx: string): Promise<readonly Attempt[]> {
    const rows = await this.#db
      .selectFrom("attempts")
      .selectAll()
      .where("state", "in", TAKEN)
      .where(sql<boolean>`(pbx = ${pbx} or (pbx = '' and state = 'claimed'))`)
      .orderBy("id")
      .execute();
    return rows.map(attemptOf);
  }

  async withdrawnAmong(attemptIds: readonly string[]): Promise<readonly string[]> {
    if (attemptIds.length === 0) return [];
    const { rows } = await sql<{ id: string }>`
      select id from attempts where id = any(${attemptIds}::text[]) and state = 'withdrawn'`.execute(
      this.#db,
    );
    return rows.map(({ id }) => id);
  }

  async get(attemptId: string): Promise<ClaimedAttempt | null> {
    if (!isAttemptId(attemptId)) return null;
    const row = await this.#db
      .selectFrom("attempts as a")
      .innerJoin("contacts as c", "c.id", "a.contact_id")
      .leftJoin("customers as u", "u.id", "a.customer_id")
      .selectAll("a")
      .select(sql<string>`coalesce(nullif(c.name, ''), u.name, '')`.as("name"))
      .where("a.id", "=", attemptId)
      .executeTakeFirst();
    return row === undefined ? null : claimedOf(row, row.name);
  }

  onWithdrawn(listener: (attemptId: string) => void): () => void {
    return this.#bus.on("attemptsWithdrawn", ({ attemptIds }) => attemptIds.forEach(listener));
  }

  async abandonment(
    campaignId: string,
    rule: AbandonmentRule,
    nowMs: number,
  ): Promise<{ readonly answered: number; readonly abandoned: number }> {
    const { answered, abandonedByRule } = await abandonmentOf(
      this.#db,
      { campaignId, window: rule.window, timeZone: this.#timeZone },
      nowMs,
    );
    return { answered, abandoned: abandonedByRule };
  }

  async learned(campaignId: string): Promise<Learned | null> {
    const row = await this.#db
      .selectFrom("campaigns")
      .select("learned")
      .where("id", "=", campaignId)
      .executeTakeFirst();
    return row?.learned ?? null;
  }

  async saveLearned(campaignId: string, learned: Learned): Promise<void> {
    await this.#db
      .updateTable("campaigns")
      .set({ learned: JSON.stringify(learned) })
      .where("id", "=", campaignId)
      .execute();
  }
}
