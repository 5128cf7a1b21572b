/**
 * Keeps one queue of one PBX in order, one action at a time:
 *
 *     who waits --> wantedOrder --> planMoves --> first move --> Asterisk
 *         ^                                                        |
 *         +------ what is known after it; read back a little later +
 *
 * Only the process that holds the PBX's lease moves. The others plan the same, so that they show the same and can go on at once; they are told
 * of its moves, and where callers do not come to stand as they should, they read the queue themselves, less and less often.
 */
import { changePriority } from "../asterisk/actions.ts";
import { AmiError, type Pbx } from "../asterisk/model.ts";
import { queuesOf } from "../asterisk/snapshot.ts";
import type { LiveCalls } from "../calls/live.ts";
import { Alarm } from "./alarm.ts";
import {
  type LineState,
  type LiveCaller,
  type PlacingRule,
  type Stay,
  createLine,
  nextLookMs,
  placesOf,
  seen,
} from "./line.ts";
import type { Move } from "./model.ts";
import { planMoves } from "./moves.ts";
import type { Placed } from "./order.ts";
import type { PriorityRecorder } from "./record.ts";
import type { MoveOfChannel } from "./told-moves.ts";
import type { StewardCounts, StewardTuning } from "./tuning.ts";

/** What a queue is kept by; `rule` and `version` are asked anew for every plan. */
export type KeeperOptions = {
  readonly pbx: Pbx;
  readonly queue: string;
  readonly calls: Pick<LiveCalls, "queue" | "callerMoved" | "lineRead">;
  readonly rule: () => PlacingRule;
  readonly version: () => number;
  /** Whether callers may be moved at all now. */
  readonly isPossible: () => boolean;
  /** Whether it is for this process to move them; asked right before every move. */
  readonly isHolder: () => boolean;
  /** Told of moves made here, and again once it was read where they led. */
  readonly onMoved: (moves: readonly MoveOfChannel[]) => void;
  readonly record: PriorityRecorder;
  readonly log: {
    warn(fields: object, message: string): void;
    error(fields: object, message: string): void;
  };
  readonly now: () => number;
  readonly tuning: StewardTuning;
  readonly counts: StewardCounts;
  /** Told when time, and nothing else, may have changed what is wanted. */
  readonly onTime: () => void;
};

/** What another process moves is read after this at the earliest, should it not be told: it may be on its way. */
const MOVED_ELSEWHERE_MS = 700;
/** Where reading shows nothing new, it is done this seldom at last. */
const SELDOM_MS = 8000;

/** One queue. */
export class QueueKeeper {
  readonly line: LineState = createLine();
  readonly #options: KeeperOptions;
  /** Priorities may be others than known: read them before anybody is moved. */
  #unsure = false;
  /** Another process moved callers until now: nothing is planned before they were read. */
  #mustRead = false;
  /** Not the holder, and callers do not stand as they should: since when, and how long to wait before they are read (again). */
  #expectedSinceMs: number | null = null;
  #expectMs = MOVED_ELSEWHERE_MS;
  /** Callers join here with priorities of their own (QUEUE_PRIO). */
  #joinsWithPriority = false;
  /** Asterisk said these are not there; their leaving is on its way. */
  readonly #gone = new Set<string>();
  /** Moves whose place has not been read back. */
  #unread: MoveOfChannel[] = [];
  #movedAtMs = -Infinity;
  #readAtMs = -Infinity;
  #holdUntilMs = -Infinity;
  #running: Promise<void> | null = null;
  #again = false;
  #due = false;
  readonly #alarm: Alarm;
  #failure: Error | null = null;
  #ownChange = false;
  /** The policy put this queue in order when it was last looked at. */
  #ordered = false;
  #closed = false;

  constructor(options: KeeperOptions) {
    this.#options = options;
    this.#alarm = new Alarm(options.now, () => {
      void this.#work().then(() => options.onTime());
    });
  }

  get queue(): string {
    return this.#options.queue;
  }

  get pbx(): Pbx {
    return this.#options.pbx;
  }

  /** Who waits, as Asterisk has them in line. */
  callers(): readonly LiveCaller[] {
    const { calls, pbx, queue } = this.#options;
    return calls.queue(pbx.name, queue)?.callers ?? [];
  }

  /** Where everybody should stand. */
  places(
    callers: readonly LiveCaller[] = this.callers(),
    nowMs: number = this.#options.now(),
  ): readonly Placed[] {
    return placesOf(this.line, callers, this.#options.rule(), nowMs);
  }

  /** Where somebody who was placed by hand would stand if they were given back to the policy; null for who does not wait. */
  placeGivenBack(channelId: string): number | null {
    const byHand = new Map(this.line.byHand);
    byHand.delete(channelId);
    const line = { ...this.line, byHand, givingBack: new Set([channelId]) };
    const places = placesOf(line, this.callers(), this.#options.rule(), this.#options.now());
    return places.find(({ caller }) => caller.channelId === channelId)?.position ?? null;
  }

  /** Takes over who waits now. @returns who left. */
  look(): readonly Stay[] {
    if (this.#ownChange) return [];
    const callers = this.callers();
    const { joined, left } = seen(this.line, callers);
    if (joined.length > 0) this.#joined(callers, joined);
    for (const { channelId } of left) this.#gone.delete(channelId);
    if (joined.length > 0 || left.length > 0) this.touch();
    return left;
  }

  /** It is for this process to move callers from now on: Asterisk tells where the one before it left them. */
  took(): void {
    this.#mustRead = true;
    this.#expectedSinceMs = null;
    this.touch();
  }

  /** Another process moved somebody, or read where they stand since. */
  movedElsewhere({ channelId, move }: MoveOfChannel): void {
    const known = this.line.moves.get(channelId) ?? [];
    const at = known.findIndex(({ atMs }) => atMs === move.atMs);
    if (at >= 0) {
      // Our own comes back as well.
      if (move.toPosition !== null) this.line.moves.set(channelId, known.with(at, move));
      return;
    }
    this.line.moves.set(channelId, [...known, move]);
    this.#expectMs = MOVED_ELSEWHERE_MS;
    // Read already: once more they would go behind their equals.
    const caller = this.callers().find((one) => one.channelId === channelId);
    if (caller !== undefined && caller.priority !== move.toPriority)
      this.#own(() =>
        this.#options.calls.callerMoved(this.pbx.name, this.queue, channelId, move.toPriority),
      );
  }

  /** Asterisk told everything anew: nothing has to be asked. */
  afresh(): void {
    this.#unsure = false;
    this.#mustRead = false;
    this.#gone.clear();
    this.#recordUnread(new Map());
  }

  /** Looks at the order once everything that came at the same moment was taken in. */
  touch(): void {
    if (this.#due || this.#closed) return;
    this.#due = true;
    setImmediate(() => {
      this.#due = false;
      void this.#work();
    });
  }

  /** Puts the queue in order now. @throws what kept it from being put in order. */
  async settle(): Promise<void> {
    await this.#work();
    if (this.#failure) throw this.#failure;
    if (!this.#options.isHolder())
      throw new AmiError(
        "disconnected",
        "QueueChangePriorityCaller",
        `another process moves the callers of ${this.pbx.name} by now`,
      );
  }

  /** Stops; resolves when the action on its way is over. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#alarm.clear();
    await this.#running;
    this.#recordUnread(new Map());
  }

  #joined(callers: readonly LiveCaller[], joined: readonly Stay[]): void {
    const nowMs = this.#options.now();
    const fresh = new Set(joined.map(({ channelId }) => channelId));
    // Who has waited for long already was found, not seen to join: look them up before anybody is moved for their sake.
    // Who waited for their preferred operator before is known by now.
    const { verdictOf } = this.#options.rule();
    if (joined.some((stay) => nowMs - stay.joinedAtMs > 500 && verdictOf(stay.callId) === null))
      this.#holdUntilMs = nowMs + this.#options.tuning.holdMs;
    // A newcomer of priority 0 stands behind everybody who has not less.
    const ahead = callers.findIndex(
      ({ channelId, priority }, at) =>
        fresh.has(channelId) &&
        callers.slice(at + 1).some((one) => !fresh.has(one.channelId) && one.priority >= priority),
    );
    if (ahead >= 0 || this.#joinsWithPriority) this.#unsure = true;
  }

  /** Puts a queue in order; one at a time. Never rejects. */
  #work(): Promise<void> {
    this.#again = true;
    this.#running ??= this.#passes().finally(() => {
      this.#running = null;
    });
    return this.#running;
  }

  async #passes(): Promise<void> {
    while (this.#again && !this.#closed) {
      this.#again = false;
      try {
        await this.#pass();
      } catch (error) {
        this.#failure = error instanceof Error ? error : new Error(String(error));
        this.#count(error);
        this.#options.log.error({ err: error, queue: this.queue }, "a queue was not put in order");
        this.#wake(this.#options.now() + 10 * this.#options.tuning.retryMs);
      }
    }
  }

  async #pass(): Promise<void> {
    this.#alarm.clear();
    this.#failure = null;
    // Somebody who undoes every move must not be fought without a pause.
    let left = 2 * this.line.stays.size + 10;
    for (;;) {
      if (this.#closed || !this.#options.isPossible()) return;
      const rule = this.#options.rule();
      const callers = this.callers();
      if (this.#ordered && !rule.ordered)
        this.line.givingBack = new Set(callers.map(({ channelId }) => channelId));
      this.#ordered = rule.ordered;
      const { byHand, givingBack } = this.line;
      const isLeftAlone = !rule.ordered && byHand.size + givingBack.size === 0;
      if (isLeftAlone && this.#unread.length === 0) return;
      const nowMs = this.#options.now();
      if (!this.#options.isHolder()) {
        if (await this.#follow(rule, callers, nowMs)) continue;
        return;
      }
      if (this.#mustRead) {
        this.#mustRead = false;
        if (await this.#readBack()) continue;
        this.#mustRead = true;
        return;
      }
      const someUnknown = callers.some(({ callId }) => rule.verdictOf(callId) === null);
      if (nowMs < this.#holdUntilMs && someUnknown) {
        this.#wake(this.#holdUntilMs);
        return;
      }
      const places = placesOf(this.line, callers, rule, nowMs);
      this.#options.counts.plans += 1;
      const moves = planMoves(
        callers.map(({ channelId, callId, priority }) => ({
          ...{ key: channelId, priority },
          ringing: rule.isRinging(callId) || this.#gone.has(channelId),
        })),
        places.map(({ caller }) => caller.channelId),
      );
      if (moves.length === 0) {
        this.line.givingBack = new Set();
        if (await this.#readBackWhenDue(nowMs)) continue;
        const lookMs = nextLookMs(this.line, places, rule, nowMs);
        this.#wake(lookMs);
        return;
      }
      if (this.#unsure) {
        if (await this.#readBack()) continue;
        return;
      }
      left -= 1;
      if (left < 0) {
        this.#options.log.warn(
          { queue: this.queue },
          "this queue does not stay in order; somebody else moves",
        );
        this.#unsure = true;
        this.#wake(nowMs + this.#options.tuning.retryMs);
        return;
      }
      for (const { key, priority } of moves) {
        // Fresh: the moves before changed where this one stands.
        const caller = this.callers().find(({ channelId }) => channelId === key);
        if (!caller || !(await this.#move(caller, priority))) break;
        // Nothing but our own move happened: the rest of the plan is what a new one would say.
        if (this.#closed || this.#due || this.#again || this.#gone.has(key)) break;
      }
      if (this.#failure) return;
    }
  }

  /**
   * Another process moves callers here, or nobody does. @returns whether something was read that the order has to be looked at for again.
   */
  async #follow(
    rule: PlacingRule,
    callers: readonly LiveCaller[],
    nowMs: number,
  ): Promise<boolean> {
    // Where the last moves led that were made here.
    if (await this.#readBackWhenDue(nowMs)) return true;
    const places = placesOf(this.line, callers, rule, nowMs);
    this.#options.counts.plans += 1;
    const stands = planMoves(
      callers.map(({ channelId, callId, priority }) => ({
        ...{ key: channelId, priority, ringing: rule.isRinging(callId) },
      })),
      places.map(({ caller }) => caller.channelId),
    );
    if (stands.length === 0) {
      this.line.givingBack = new Set();
      this.#expectedSinceMs = null;
      this.#expectMs = MOVED_ELSEWHERE_MS;
      this.#wake(nextLookMs(this.line, places, rule, nowMs));
      return false;
    }
    this.#expectedSinceMs ??= nowMs;
    const dueMs = Math.max(
      this.#expectedSinceMs + this.#expectMs,
      this.#readAtMs + this.#options.tuning.readBackGapMs,
    );
    if (nowMs < dueMs) {
      this.#wake(dueMs);
      return false;
    }
    this.#expectedSinceMs = nowMs;
    this.#expectMs = Math.min(SELDOM_MS, 2 * this.#expectMs);
    return this.#readBack();
  }

  /** @returns false when this queue has to wait. */
  async #move(caller: LiveCaller, priority: number): Promise<boolean> {
    const { channelId, channelName } = caller;
    if (!this.#options.isHolder()) return false;
    try {
      await changePriority(this.pbx, { queue: this.queue, channelName, priority });
    } catch (error) {
      return this.#moveFailed(caller, error);
    }
    this.#options.counts.moves += 1;
    this.#own(() =>
      this.#options.calls.callerMoved(this.pbx.name, this.queue, channelId, priority),
    );
    const move: Move = {
      ...{ callId: caller.callId, pbx: this.pbx.name, queue: this.queue },
      atMs: this.#options.now(),
      by: this.line.byHand.get(channelId)?.by ?? "policy",
      fromPosition: caller.position,
      toPosition: null,
      fromPriority: caller.priority,
      toPriority: priority,
      policyVersion: this.#options.version(),
    };
    this.#movedAtMs = move.atMs;
    this.#unread.push({ channelId, move });
    this.line.moves.set(channelId, [...(this.line.moves.get(channelId) ?? []), move]);
    this.#options.onMoved([{ channelId, move }]);
    return true;
  }

  #moveFailed(caller: LiveCaller, error: unknown): boolean {
    if (!(error instanceof AmiError)) throw error;
    if (error.code === "refused" && /no such caller/i.test(error.message)) {
      // They hung up or were answered; the event that tells so is on its way.
      this.#gone.add(caller.channelId);
      this.#options.counts.gone += 1;
      return true;
    }
    this.#failure = error;
    this.#count(error);
    // Whether it was done is not known, or there is something we do not know of.
    this.#unsure = true;
    if (error.code === "invalid") this.#gone.add(caller.channelId);
    if (error.code !== "disconnected") {
      this.#options.log.warn({ err: error, queue: this.queue }, "a caller was not moved");
      const slow = error.code === "deadline" ? 1 : 10;
      this.#wake(this.#options.now() + slow * this.#options.tuning.retryMs);
    }
    return false;
  }

  #count(error: unknown): void {
    const kind = error instanceof AmiError ? error.code : "other";
    const { failed } = this.#options.counts;
    failed[kind] = (failed[kind] ?? 0) + 1;
  }

  /** @returns whether something was read that the order has to be looked at for again. */
  async #readBackWhenDue(nowMs: number): Promise<boolean> {
    if (this.#unread.length === 0) return false;
    const { readBackMs, readBackGapMs } = this.#options.tuning;
    const dueMs = Math.max(this.#movedAtMs + readBackMs, this.#readAtMs + readBackGapMs);
    if (nowMs < dueMs) {
      this.#wake(dueMs);
      return false;
    }
    return this.#readBack();
  }

  /** @returns false when it could not be read. */
  async #readBack(): Promise<boolean> {
    let listed;
    try {
      const { items } = await this.pbx.action("QueueStatus", { Queue: this.queue }, { list: true });
      listed = queuesOf(items).find(({ name }) => name === this.queue)?.callers ?? [];
    } catch (error) {
      if (!(error instanceof AmiError)) throw error;
      this.#failure = error;
      this.#count(error);
      if (error.code !== "disconnected")
        this.#wake(this.#options.now() + this.#options.tuning.retryMs);
      return false;
    }
    this.#readAtMs = this.#options.now();
    this.#unsure = false;
    this.#options.counts.readBacks += 1;
    const known = new Map(this.callers().map((caller) => [caller.channelId, caller]));
    if (
      listed.some(
        ({ channelId, priority }) => known.get(channelId)?.priority === 0 && priority !== 0,
      )
    )
      this.#joinsWithPriority = true;
    this.#own(() => {
      if (this.#options.calls.lineRead(this.pbx.name, this.queue, listed))
        this.#options.counts.corrected += 1;
    });
    this.#recordUnread(
      new Map(
        listed.map(({ channelId, position }) => [known.get(channelId)?.callId ?? "", position]),
      ),
    );
    return true;
  }

  /** Hands moves on to the record with the places read back, by call. */
  #recordUnread(positions: ReadonlyMap<string, number>): void {
    if (this.#unread.length === 0) return;
    const all = this.#unread.map(({ channelId, move }) => {
      const read = { ...move, toPosition: positions.get(move.callId) ?? null };
      this.#options.record.moved(read);
      const moves = this.line.moves.get(channelId);
      if (moves !== undefined)
        this.line.moves.set(
          channelId,
          moves.map((one) => (one === move ? read : one)),
        );
      return { channelId, move: read };
    });
    this.#unread = [];
    this.#options.onMoved(all);
  }

  /** What the live model is told by us needs no look at it. */
  #own(tell: () => void): void {
    this.#ownChange = true;
    try {
      tell();
      seen(this.line, this.callers());
    } finally {
      this.#ownChange = false;
    }
  }

  /** Looks again then at the latest. */
  #wake(atMs: number): void {
    if (!this.#closed) this.#alarm.set(atMs);
  }
}
