/** Wrap-ups and what is typed of them, from every process: saved once, asked for nowhere any more. */
import type { User } from "../people/model.ts";
import type { Database } from "../storage/database.ts";
import { type Board, MOST_CALLS, WRAP_UP_KEPT_MS } from "./board.ts";
import { WrapUpDrafts } from "./drafts.ts";
import type { Floor, Operator } from "./floor.ts";
import type { Others } from "./others.ts";
import type { Clock, DeskCampaigns, DeskLog } from "./ports.ts";
import type { CallBack } from "./protocol.ts";
import { savedCall } from "./saved-call.ts";
import type { Message } from "./schemas.ts";
import { mayWrapUp, saveWrapUp } from "./wrap-up.ts";
import type { WrapUpPauses } from "./wrap-up-pause.ts";
import { pendingWrapUps, wrapUpsAmong } from "./wrap-up-rows.ts";

/** What wrap-ups need. */
export type WrapUpsOptions = {
  readonly db: Database;
  /** For what operators write. */
  readonly record: Database;
  readonly floor: Floor;
  readonly board: () => Board;
  readonly pauses: () => WrapUpPauses;
  readonly campaigns: DeskCampaigns | null;
  /** Promises a call back of a call that no campaign made; null: nobody keeps such promises here. */
  readonly promise:
    ((userId: string, callId: string, when: CallBack, reason: string) => Promise<unknown>) | null;
  readonly others: Others;
  readonly now: Clock;
  readonly log: DeskLog;
};

/** What is said of a call back, in characters. */
const MOST_REASON = 500;

/** The wrap-ups of one process. */
export class WrapUps {
  readonly #options: WrapUpsOptions;
  readonly #drafts: WrapUpDrafts;
  /** Calls that were told of in the log. */
  readonly #unreadable = new Set<string>();

  constructor(options: WrapUpsOptions) {
    this.#options = options;
    this.#drafts = new WrapUpDrafts(options.record);
    const { floor, others } = options;
    others.on("wrappedUp", ({ userId, callId }) => {
      const operator = floor.of(userId);
      if (operator !== null) this.#savedElsewhere(operator, callId);
    });
    others.on("draftChanged", ({ userId }) => {
      const operator = floor.of(userId);
      // Who has no browser here has their drafts read when one comes.
      if (operator !== null && operator.screen.browsers > 0) void this.readDrafts(operator);
    });
  }

  /** What an operator typed of a call and did not save. At once. */
  draftOf(userId: string, callId: string) {
    return this.#drafts.of(userId, callId);
  }

  /** Saves a wrap-up; returns after PostgreSQL has it. @throws what `saveWrapUp` refuses. */
  async save(user: User, input: Message<"saveWrapUp">): Promise<{ savedAt: string }> {
    const { board, campaigns, floor, log, others, pauses, promise, record } = this.#options;
    const { callId, note } = input;
    const keep =
      promise &&
      (async (when: CallBack) => {
        await promise(user.id, callId, when, note.slice(0, MOST_REASON));
      });
    const known = this.#isShown(user.id, callId);
    const savedAt = await saveWrapUp(
      { db: record, campaigns, promise: keep },
      user.id,
      input,
      known,
    );
    await this.#drafts.forget(user.id, callId).catch((error: unknown) => {
      // It is given back with a call that is saved: the screen does not ask for its wrap-up any more.
      log.warn({ err: error }, "the draft of a saved wrap-up is still there");
    });
    const operator = floor.of(user.id);
    if (operator !== null) {
      board().wrappedUp(operator, callId);
      pauses().saved(operator, callId);
    }
    others.tell("wrappedUp", { userId: user.id, callId });
    return { savedAt: savedAt.toISOString() };
  }

  /** Keeps what is typed of a wrap-up; returns after PostgreSQL has it, or `saved` when there is nothing to keep it for. */
  async saveDraft(
    user: User,
    { callId, draft }: Message<"saveDraft">,
  ): Promise<{ saved?: boolean }> {
    const { board, floor, others, record } = this.#options;
    const shown = this.#isShown(user.id, callId);
    await mayWrapUp(record, user.id, callId, shown);
    if (floor.of(user.id)?.calls.get(callId)?.saved !== false) {
      // Of a browser that was away the call may have left the screen, because its wrap-up was saved at another one.
      const saved = await wrapUpsAmong(record, [callId]);
      if (saved.some(({ userId }) => userId === user.id)) return { saved: true };
    }
    const changed = await this.#drafts.save(user.id, callId, draft);
    const operator = floor.of(user.id);
    if (!changed) return {};
    if (operator !== null) board().draftChanged(operator, callId, true);
    others.tell("draftChanged", { userId: user.id, callId });
    return {};
  }

  /** Forgets drafts that nobody came back to. @throws when PostgreSQL does not answer. */
  async open(): Promise<void> {
    await this.#drafts.open();
  }

  /** Reads what an operator typed, at whichever process, and shows it. Never fails. */
  async readDrafts(operator: Operator): Promise<void> {
    const { user, calls } = operator;
    try {
      for (const callId of await this.#drafts.read(user.id, calls.keys()))
        this.#options.board().draftChanged(operator, callId, false);
    } catch (error) {
      this.#options.log.warn({ err: error }, "drafts could not be read; the screen has its own");
    }
  }

  /**
   * Reads which wrap-ups are still due: those that were saved at other processes are not asked for any more, those of calls that this one did
   * not see are. @param one of this operator alone. @throws when PostgreSQL does not answer.
   */
  async readDue(one: Operator | null = null): Promise<void> {
    const { board, db, floor, log, now } = this.#options;
    const operators = one === null ? [...floor.operators()] : [one];
    const unsaved = new Set([...board().unsaved(operators)].map(({ callId }) => callId));
    for (const { userId, callId } of await wrapUpsAmong(db, [...unsaved])) {
      const operator = floor.of(userId);
      if (operator !== null) this.#savedElsewhere(operator, callId);
    }
    const since = new Date(now() - WRAP_UP_KEPT_MS);
    const due = Map.groupBy(
      await pendingWrapUps(db, since, one?.user.id ?? null),
      ({ userId }) => userId,
    );
    for (const [userId, calls] of due) {
      const operator = floor.of(userId);
      if (operator === null) continue;
      for (const { callId, detail } of calls.slice(-MOST_CALLS)) {
        const call = savedCall(detail);
        if (call !== null) board().restore(operator, call);
        else if (!this.#unreadable.has(callId))
          log.warn({ callId }, "a saved call cannot be read; its wrap-up is not asked for");
        if (call === null) this.#unreadable.add(callId);
      }
    }
  }

  #savedElsewhere(operator: Operator, callId: string): void {
    this.#drafts.forgotten(operator.user.id, callId);
    this.#options.board().wrappedUp(operator, callId);
    this.#options.pauses().saved(operator, callId);
  }

  #isShown(userId: string, callId: string): boolean {
    const operator = this.#options.floor.of(userId);
    return operator !== null && this.#options.board().isShown(operator, callId);
  }
}
