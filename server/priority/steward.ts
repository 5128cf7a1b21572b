/**
 * The steward keeps the queues of real PBXs in the wanted order.
 *
 *     joined, left, rings, verdict, published, overtaken, by hand, reconnected
 *                 |
 *                 v          per queue, one action at a time
 *     who waits (LiveCalls) --> wantedOrder --> planMoves --> first move --> Asterisk
 *                 ^                                                            |
 *                 +------- what is known after it; read back a little later <--+
 *
 * Every move is planned from what is true after the one before, so somebody who left meanwhile, a lost connection or a hand on Asterisk's
 * console only lead to another plan. A priority is never sent to who has it, so nobody is sent behind their equals by repetition. When
 * Callcard ends, everybody stays in line as they are and Asterisk goes on.
 *
 * Priorities that somebody else gives out (QUEUE_PRIO, the console) are read back and are where the next plan starts from. Queues the policy
 * leaves alone, or all of them while no rule is on, are not touched except for callers placed by hand. When the policy lets go of a
 * queue, those who wait in it are put back in the order of their joining, once.
 *
 * Every process plans, so that it shows the same and can go on at once; only the one that holds a PBX's lease moves and records there. It tells
 * the others of its moves, and where it takes over, it first reads where callers stand and who was placed by hand. Without a lease anywhere
 * (PostgreSQL is away) nobody moves, and everybody keeps the place they have.
 */
import { AmiError, type Pbx } from "../asterisk/model.ts";
import type { Pbxs } from "../asterisk/pbxs.ts";
import type { LiveCalls } from "../calls/live.ts";
import type { CallFact } from "../calls/model.ts";
import type { WantedPlace } from "../console/picture.ts";
import type { ConsoleQueue, WhyPlaced } from "../console/protocol.ts";
import type { Bus } from "../storage/bus.ts";
import type { Lease } from "../storage/lease.ts";
import type { ByHandStore } from "./by-hand.ts";
import { isOrdered } from "./decide.ts";
import { QueueKeeper } from "./keeper.ts";
import { KeptPlaces } from "./kept-places.ts";
import { type Stay, historyOf, putByHand, stayEnded } from "./line.ts";
import { PLAIN, type Policy, type Verdict } from "./model.ts";
import { type History, NO_HISTORY } from "./order.ts";
import type { PriorityRecorder } from "./record.ts";
import { ToldMoves } from "./told-moves.ts";
import { DEFAULT_TUNING, type StewardCounts, type StewardTuning } from "./tuning.ts";
import { whyPlaced } from "./why.ts";

/** Everything the steward works with. */
export type StewardOptions = {
  readonly calls: Pick<
    LiveCalls,
    | "onFact"
    | "onQueues"
    | "queues"
    | "queue"
    | "call"
    | "calls"
    | "callerMoved"
    | "lineRead"
    | "followedSince"
  >;
  readonly pbxs: Pbxs;
  /** Who holds a PBX's moves callers there. */
  readonly leaseOf: (pbx: string) => Lease;
  readonly byHand: ByHandStore;
  readonly bus: Pick<Bus, "publish" | "on">;
  /** What the policy says of a caller; null while nobody knows who it is. */
  readonly verdictOf: (callId: string, queue: string) => Verdict | null;
  /** Tells when one came or changed. */
  readonly onVerdict: (listener: (callId: string, queue: string) => void) => () => void;
  readonly policies: {
    published(): { readonly version: number; readonly policy: Policy };
    onPublished(listener: () => void): () => void;
  };
  readonly record: PriorityRecorder;
  readonly log: {
    info(fields: object, message: string): void;
    warn(fields: object, message: string): void;
    error(fields: object, message: string): void;
  };
  readonly now?: () => number;
  readonly tuning?: Partial<StewardTuning>;
};

/** A caller is put to a place by hand. */
export type ByHandMove = {
  readonly pbx: string;
  readonly queue: string;
  readonly channelId: string;
  readonly position: number;
  readonly by: string;
};

/** What `/metrics` shows; everything grows. */
export type StewardCounters = {
  readonly moves: number;
  readonly movesByHand: number;
  /** Callers who had left when their move came. */
  readonly gone: number;
  /** Actions that failed otherwise, by AMI error code. */
  readonly failed: Readonly<Record<string, number>>;
  readonly readBacks: number;
  /** Read-backs that found another order or other priorities than known. */
  readonly corrected: number;
  readonly plans: number;
};

/** A PBX as this process sees it. */
type Seat = {
  readonly lease: Lease;
  readonly places: KeptPlaces;
  /** Took over: places by hand are read. */
  ready: boolean;
};

/** Moves callers of the given PBXs. Works from its making until {@link close}. */
export class Steward {
  readonly #options: StewardOptions;
  readonly #tuning: StewardTuning;
  readonly #now: () => number;
  readonly #pbxs: Pbxs;
  readonly #stopFollowing: () => Promise<void>;
  readonly #keepers = new Map<string, QueueKeeper>();
  readonly #seats = new Map<string, Seat>();
  readonly #toldMoves: ToldMoves;
  /** One move by hand at a time in each queue. */
  readonly #hands = new WeakMap<QueueKeeper, Promise<unknown>>();
  /** Rings of each call that go on. */
  readonly #rings = new Map<string, Set<string>>();
  readonly #listeners = new Set<() => void>();
  readonly #releases: (() => void)[] = [];
  readonly #counts: StewardCounts = {
    ...{ moves: 0, movesByHand: 0, gone: 0, failed: {}, readBacks: 0, corrected: 0, plans: 0 },
  };
  #closing: Promise<void> | null = null;

  constructor(options: StewardOptions) {
    this.#options = options;
    this.#tuning = { ...DEFAULT_TUNING, ...options.tuning };
    this.#now = options.now ?? (() => performance.timeOrigin + performance.now());
    this.#pbxs = options.pbxs;
    this.#toldMoves = new ToldMoves(options.bus);
    const { calls, onVerdict, policies } = options;
    for (const call of calls.calls())
      for (const ring of call.rings) if (ring.endedAtMs === null) this.#ring(call.id).add(ring.id);
    this.#releases.push(
      calls.onFact((fact) => this.#hear(fact)),
      calls.onQueues((pbx, { queues }) => this.#changed(pbx, queues)),
      onVerdict((callId, queue) => this.#judged(callId, queue)),
      policies.onPublished(() => {
        for (const keeper of this.#keepers.values()) keeper.touch();
      }),
      options.bus.on("callersMoved", ({ pbx, queue, moves }) => {
        const keeper = this.#keepers.get(keyOf(pbx, queue));
        for (const { channelId, ...move } of moves)
          keeper?.movedElsewhere({ channelId, move: { ...move, pbx, queue } });
      }),
    );
    this.#stopFollowing = options.pbxs.each((pbx) => this.#follow(pbx));
  }

  #follow(pbx: Pbx): () => Promise<void> {
    const lease = this.#options.leaseOf(pbx.name);
    const places = new KeptPlaces({
      ...{ pbx: pbx.name, store: this.#options.byHand, lease, log: this.#options.log },
      lines: () => this.#of(pbx.name),
      changed: () => {
        for (const keeper of this.#of(pbx.name)) keeper.touch();
        this.#tell();
      },
    });
    const seat: Seat = { lease, places, ready: false };
    this.#seats.set(pbx.name, seat);
    const releases = [
      () => places.close(),
      lease.onChange((held) => {
        seat.ready = false;
        if (held) void this.#take(pbx.name, seat);
        else places.lost();
      }),
      pbx.onStatus(({ state }) => {
        if (state === "up") for (const keeper of this.#of(pbx.name)) keeper.touch();
      }),
      pbx.listen((input) => {
        if (input.type !== "snapshot") return;
        for (const keeper of this.#of(pbx.name)) keeper.afresh();
        // Once the live calls took it in.
        setImmediate(() => places.sweep());
      }),
    ];
    if (lease.held()) void this.#take(pbx.name, seat);
    this.#changed(
      pbx.name,
      this.#options.calls.queues(pbx.name).map(({ name }) => name),
    );
    return async () => {
      for (const release of releases) release();
      seat.ready = false;
      if (this.#seats.get(pbx.name) === seat) this.#seats.delete(pbx.name);
      const keepers = this.#of(pbx.name);
      for (const keeper of keepers) this.#keepers.delete(keyOf(pbx.name, keeper.queue));
      await Promise.all(keepers.map((keeper) => keeper.close()));
    };
  }

  /** This process moves callers from now on: in the order that Asterisk has, with those who were placed by hand. */
  async #take(pbx: string, seat: Seat): Promise<void> {
    if (!(await seat.places.take())) return;
    seat.ready = true;
    if (this.#options.calls.followedSince(pbx) !== null) seat.places.sweep();
    for (const keeper of this.#of(pbx)) {
      keeper.took();
      for (const stay of keeper.line.stays.values()) this.#placed(keeper, stay);
    }
  }

  #isHolder(pbx: string): boolean {
    const seat = this.#seats.get(pbx);
    return seat !== undefined && seat.ready && seat.lease.held();
  }

  /** Why callers of a queue are not moved by the policy, "" when they are. */
  notMoved(pbx: string, queue: string): ConsoleQueue["notMoved"] {
    const status = this.#pbxs.get(pbx)?.status();
    if (status?.state !== "up") return "pbxDown";
    if (!status.capabilities.immediatePriority) return "notPossible";
    return this.#isOrdered(queue) ? "" : "notInPolicy";
  }

  /** Where each caller of a queue should stand now, by channel id. */
  wanted(pbx: string, queue: string): ReadonlyMap<string, WantedPlace> {
    const keeper = this.#keepers.get(keyOf(pbx, queue));
    return new Map(
      keeper?.places().map(({ caller: { channelId }, position, guard }) => {
        const movedBy = keeper.line.byHand.get(channelId)?.by ?? "";
        const policyPosition =
          movedBy === "" ? position : (keeper.placeGivenBack(channelId) ?? position);
        return [channelId, { position, policyPosition, guard, movedBy }];
      }),
    );
  }

  /** What happened in a queue so far, for orders under other policies; to be read at once. */
  history(pbx: string, queue: string): History {
    const keeper = this.#keepers.get(keyOf(pbx, queue));
    return keeper ? historyOf(keeper.line) : NO_HISTORY;
  }

  /** Why a caller stands where they stand; null for who does not wait there. `titleOf` names people by their call. */
  why(
    pbx: string,
    queue: string,
    callId: string,
    titleOf: (callId: string) => string,
  ): WhyPlaced | null {
    const keeper = this.#keepers.get(keyOf(pbx, queue));
    if (!keeper) return null;
    const callers = keeper.callers();
    const channelId = callers.find((caller) => caller.callId === callId)?.channelId ?? "";
    const nowMs = this.#now();
    const places = new Map(
      keeper.places(callers, nowMs).map((placed) => [placed.caller.channelId, placed]),
    );
    return whyPlaced({
      queue,
      callId,
      line: callers.flatMap((caller) => places.get(caller.channelId) ?? []),
      nowMs,
      policy: this.#options.policies.published().policy,
      verdict: this.#options.verdictOf(callId, queue),
      moves: keeper.line.moves.get(channelId) ?? [],
      titleOf,
    });
  }

  /**
   * Puts a caller to a place, 1 is next, where they stay until they are answered; as those before them are answered they move up. 0 gives them
   * back to the policy. Resolves when the queue is in order again.
   *
   * @throws {AmiError} `disconnected` (also when another process moves the callers of this PBX), `invalid` (this Asterisk cannot, or a phone rings
   * for them), `refused` (they do not wait there), or what Asterisk said; then their place is what it was. PostgreSQL's errors: the place could
   * not be kept, and nobody was moved.
   */
  async moveByHand(move: ByHandMove): Promise<void> {
    const refuse = (code: AmiError["code"], message: string) =>
      new AmiError(code, "QueueChangePriorityCaller", message);
    const why = this.notMoved(move.pbx, move.queue);
    if (why === "pbxDown") throw refuse("disconnected", `the PBX ${move.pbx} is not connected`);
    if (why === "notPossible")
      throw refuse("invalid", "this Asterisk cannot move a waiting caller");
    const keeper = this.#keepers.get(keyOf(move.pbx, move.queue));
    const caller = keeper?.callers().find(({ channelId }) => channelId === move.channelId);
    if (!keeper || !caller)
      throw refuse("refused", `nobody waits in ${move.queue} on this channel`);
    if (this.#isRinging(caller.callId))
      throw refuse("invalid", "a phone already rings for this caller");
    if (!this.#isHolder(move.pbx))
      throw refuse("disconnected", `this process does not move the callers of ${move.pbx}`);
    const before = this.#hands.get(keeper) ?? Promise.resolve();
    const put = before.then(() => this.#put(keeper, move));
    this.#hands.set(
      keeper,
      put.catch(() => undefined),
    );
    await put;
    this.#counts.movesByHand += 1;
    this.#tell();
  }

  /** Kept first, then done: whoever takes over meanwhile does the rest. */
  async #put(keeper: QueueKeeper, { channelId, position, by }: ByHandMove): Promise<void> {
    const places = this.#seats.get(keeper.pbx.name)?.places;
    const { byHand } = keeper.line;
    const before = [...byHand].map(([key, place]) => [key, { ...place }] as const);
    putByHand(keeper.line, channelId, Math.trunc(position), by);
    try {
      await places?.write(keeper);
      await keeper.settle();
    } catch (error) {
      keeper.line.givingBack = new Set();
      byHand.clear();
      for (const [key, place] of before) if (keeper.line.stays.has(key)) byHand.set(key, place);
      places?.shifted(keeper);
      throw error;
    }
  }

  /** Adds a listener that is told when what is wanted changed by itself or by hand; returns how to remove it. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** What was done so far. */
  counters(): StewardCounters {
    return { ...this.#counts, failed: { ...this.#counts.failed } };
  }

  /** Stops moving, and tells the others of the last moves. What is on its way to Asterisk ends by itself; nobody's place changes by the stop. */
  close(): Promise<void> {
    for (const release of this.#releases.splice(0)) release();
    this.#closing ??= this.#stopFollowing().then(() => this.#toldMoves.close());
    return this.#closing;
  }

  #isOrdered(queue: string): boolean {
    const { policy } = this.#options.policies.published();
    return policy.rules.some(({ on }) => on) && isOrdered(policy, queue);
  }

  #isRinging(callId: string): boolean {
    return (this.#rings.get(callId)?.size ?? 0) > 0;
  }

  /**
   * Somebody whom a campaign called and who waits for an operator: Asterisk put them before everybody else, and they stay there. They are counted
   * in seconds, not in claims.
   */
  #isOurs(callId: string): boolean {
    return this.#options.calls.call(callId)?.direction === "outbound";
  }

  #ring(callId: string): Set<string> {
    const rings = this.#rings.get(callId) ?? new Set();
    this.#rings.set(callId, rings);
    return rings;
  }

  #hear(fact: CallFact): void {
    const { call } = fact;
    switch (fact.type) {
      case "ringStarted":
        this.#ring(call.id).add(fact.ring.id);
        break;
      case "ringEnded":
        this.#rings.get(call.id)?.delete(fact.ring.id);
        // Whoever was not answered after all may be moved again.
        for (const { queue } of call.visits) this.#keepers.get(keyOf(call.pbx, queue))?.touch();
        break;
      case "queueLeft": {
        const keeper = this.#keepers.get(keyOf(call.pbx, fact.visit.queue));
        const { how, leftAtMs, preferredExtension } = fact.visit;
        // Who waited for their preferred operator was in no line.
        if (keeper && preferredExtension === undefined)
          stayEnded(keeper.line, call.id, how === "answered", leftAtMs ?? fact.atMs);
        break;
      }
      case "callEnded":
        this.#rings.delete(call.id);
        for (const { queue } of call.visits) {
          const keeper = this.#keepers.get(keyOf(call.pbx, queue));
          if (keeper) stayEnded(keeper.line, call.id, false, fact.atMs);
        }
        break;
      case "callStarted":
      case "partyChanged":
      case "queueJoined":
      case "talkStarted":
      case "talkEnded":
      case "held":
      case "resumed":
      case "transferred":
      case "merged":
      case "rated":
        break;
    }
  }

  /** Somebody joined or left. */
  #changed(pbxName: string, queues: readonly string[]): void {
    const pbx = this.#pbxs.get(pbxName);
    if (!pbx) return;
    for (const queue of queues) {
      const known = this.#keepers.get(keyOf(pbxName, queue));
      if (!known && (this.#options.calls.queue(pbxName, queue)?.callers.length ?? 0) === 0)
        continue;
      const keeper = known ?? this.#open(pbx, queue);
      for (const stay of keeper.look()) this.#placed(keeper, stay);
      this.#seats.get(pbxName)?.places.shifted(keeper);
    }
  }

  #open(pbx: Pbx, queue: string): QueueKeeper {
    const { calls, log, policies, record, verdictOf } = this.#options;
    const keeper = new QueueKeeper({
      ...{ pbx, queue, calls, record, log, now: this.#now, tuning: this.#tuning },
      counts: this.#counts,
      rule: () => ({
        ordered: this.#isOrdered(queue),
        guard: policies.published().policy.guard,
        overtakingMs: this.#tuning.overtakingMs,
        verdictOf: (callId) => verdictOf(callId, queue),
        isRinging: (callId) => this.#isRinging(callId) || this.#isOurs(callId),
      }),
      version: () => policies.published().version,
      isPossible: () => ["", "notInPolicy"].includes(this.notMoved(pbx.name, queue)),
      isHolder: () => this.#isHolder(pbx.name),
      onMoved: (moves) => this.#toldMoves.tell(moves),
      onTime: () => this.#tell(),
    });
    this.#seats.get(pbx.name)?.places.adopt(keeper);
    // Whoever moved callers here before may not have come to an end.
    if (this.#isHolder(pbx.name)) keeper.took();
    this.#keepers.set(keyOf(pbx.name, queue), keeper);
    return keeper;
  }

  #judged(callId: string, queue: string): void {
    for (const { name } of this.#pbxs.all()) {
      const keeper = this.#keepers.get(keyOf(name, queue));
      for (const stay of keeper?.line.stays.values() ?? []) {
        if (stay.callId !== callId) continue;
        this.#placed(keeper!, stay);
        keeper!.touch();
      }
    }
  }

  #placed({ pbx, queue }: QueueKeeper, { callId, joinedAtMs }: Stay): void {
    if (callId === "" || !this.#isOrdered(queue) || !this.#isHolder(pbx.name)) return;
    const verdict = this.#options.verdictOf(callId, queue);
    this.#options.record.placed({
      ...{ callId, joinedAtMs, pbx: pbx.name, queue },
      policyVersion: this.#options.policies.published().version,
      rule: verdict?.rule ?? null,
      rate: verdict?.rate ?? PLAIN.rate,
      headStartMs: verdict?.headStartMs ?? 0,
    });
  }

  #of(pbx: string): readonly QueueKeeper[] {
    return [...this.#keepers.values()].filter((keeper) => keeper.pbx.name === pbx);
  }

  #tell(): void {
    for (const listener of this.#listeners) {
      try {
        listener();
      } catch (error) {
        this.#options.log.error({ err: error }, "a listener of the steward failed");
      }
    }
  }
}

const keyOf = (pbx: string, queue: string): string => `${pbx}\0${queue}`;
