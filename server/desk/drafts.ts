/**
 * What operators have typed of their wrap-ups and not saved. Kept in PostgreSQL, so that closing the browser loses nothing, and in
 * memory, so that a call is told with its draft at once.
 */
import { sql } from "kysely";
import { LRUCache } from "lru-cache";
import type { Database } from "../storage/database.ts";
import type { WrapUpDraft } from "./work-protocol.ts";

/** A draft that nobody came back to is forgotten after this. */
const KEPT_DAYS = 14;
/** Drafts in memory; one more than all operators of a large centre have open. */
const MOST_IN_MEMORY = 20_000;

/** The drafts of one process. */
export class WrapUpDrafts {
  readonly #db: Database;
  readonly #known = new LRUCache<string, WrapUpDraft>({ max: MOST_IN_MEMORY });

  /** When a draft was last written here, so that what was read before does not come back. */
  readonly #written = new LRUCache<string, number>({ max: MOST_IN_MEMORY });
  #writes = 0;

  /** @param db Over connections of its own: what operators write does not wait behind look-ups. */
  constructor(db: Database) {
    this.#db = db;
  }

  /** Forgets the oldest. @throws when PostgreSQL does not answer. */
  async open(): Promise<void> {
    await this.#db
      .deleteFrom("wrap_up_drafts")
      .where("changed_at", "<", sql<Date>`now() - make_interval(days => ${KEPT_DAYS})`)
      .execute();
  }

  /** What this operator typed of this call; null for nothing. At once. */
  of(userId: string, callId: string): WrapUpDraft | null {
    return this.#known.get(key(userId, callId)) ?? null;
  }

  /**
   * Reads an operator's drafts again: another process may have taken them.
   * @param callIds of these calls what is not there any more is forgotten.
   * @returns the calls whose draft is another than before.
   */
  async read(userId: string, callIds: Iterable<string> = []): Promise<readonly string[]> {
    const before = this.#writes;
    const rows = await this.#db
      .selectFrom("wrap_up_drafts")
      .select(["call_id", "draft"])
      .where("user_id", "=", userId)
      .execute();
    const kept = new Map(rows.map((row) => [row.call_id, draftOf(row.draft)]));
    const changed: string[] = [];
    for (const callId of new Set([...kept.keys(), ...callIds])) {
      const read = kept.get(callId) ?? null;
      const known = this.of(userId, callId);
      if (read === null ? known === null : isSame(read, known)) continue;
      if ((this.#written.get(key(userId, callId)) ?? 0) > before) continue;
      if (read === null) this.#known.delete(key(userId, callId));
      else this.#known.set(key(userId, callId), read);
      changed.push(callId);
    }
    return changed;
  }

  /** Keeps a draft; an empty one is forgotten. Resolves when PostgreSQL has it. @returns false when nothing changed. */
  async save(userId: string, callId: string, draft: WrapUpDraft): Promise<boolean> {
    if (isSame(draft, this.of(userId, callId) ?? EMPTY)) return false;
    if (isSame(draft, EMPTY)) {
      await this.forget(userId, callId);
      return true;
    }
    this.#writing(userId, callId);
    const written = { draft: JSON.stringify(draft), changed_at: sql<Date>`now()` };
    await this.#db
      .insertInto("wrap_up_drafts")
      .values({ call_id: callId, user_id: userId, ...written })
      .onConflict((conflict) => conflict.columns(["call_id", "user_id"]).doUpdateSet(written))
      .execute();
    this.#known.set(key(userId, callId), draft);
    return true;
  }

  /** The wrap-up is saved, or nothing is left of its draft. */
  async forget(userId: string, callId: string): Promise<void> {
    this.#writing(userId, callId);
    this.#known.delete(key(userId, callId));
    await this.#db
      .deleteFrom("wrap_up_drafts")
      .where("call_id", "=", callId)
      .where("user_id", "=", userId)
      .execute();
  }

  /** It was saved or forgotten at another process. */
  forgotten(userId: string, callId: string): void {
    this.#known.delete(key(userId, callId));
  }

  #writing(userId: string, callId: string): void {
    this.#writes += 1;
    this.#written.set(key(userId, callId), this.#writes);
  }
}

const EMPTY: WrapUpDraft = { disposition: "", note: "", tags: [] };

function key(userId: string, callId: string): string {
  return `${userId} ${callId}`;
}

function isSame(one: WrapUpDraft, other: WrapUpDraft | null): boolean {
  return (
    other !== null &&
    one.disposition === other.disposition &&
    one.note === other.note &&
    one.tags.length === other.tags.length &&
    one.tags.every((tag, index) => tag === other.tags[index])
  );
}

/** A draft as it was kept, null when an older version kept something else. */
function draftOf(value: unknown): WrapUpDraft | null {
  const { disposition, note, tags } = (value ?? {}) as Partial<Record<keyof WrapUpDraft, unknown>>;
  if (typeof disposition !== "string" || typeof note !== "string" || !Array.isArray(tags))
    return null;
  return { disposition, note, tags: tags.filter((tag) => typeof tag === "string") };
}
