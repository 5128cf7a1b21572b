/** The calls and queues of all PBXs as they are now: listens, folds, and tells what happened. Knows nothing of customers. */
import {
  AmiError,
  type Pbx,
  type PbxInput,
  type PbxSnapshot,
  type QueueMember,
  type QueueSnapshot,
} from "../asterisk/model.ts";
import type { Pbxs } from "../asterisk/pbxs.ts";
import { PREFERRED_QUEUE } from "../asterisk/preferred-queue.ts";
import { forgetGone } from "./audit.ts";
import { type CallState, createCallState, fold, settle, size, view } from "./fold.ts";
import {
  type LiveQueueView,
  liveQueue,
  preferredMembers,
  preferringIn,
  queuesMeant,
} from "./live-queues.ts";
import type { Call, CallFact } from "./model.ts";
import {
  type ExtensionView,
  type QueueChange,
  type QueueState,
  createQueueState,
  extensionViews,
  foldQueues,
  lineRead,
  moveCaller,
  queueView,
  queueViews,
} from "./queues.ts";

/** Receives facts in order; must return at once (it runs in the read path of a PBX) and may throw without harm. */
export type FactListener = (fact: CallFact) => void;

/** Told that queues, members or devices of a PBX changed. */
export type QueueListener = (pbx: string, change: QueueChange) => void;

/**
 * An extension with the calls it takes part in, by id. Whether a member is in a call is told here: QueueMemberStatus comes before app_queue
 * sets `InCall`, so `members[].inCall` is only right after a snapshot.
 */
export type LiveExtensionView = ExtensionView & {
  readonly ringingIn: readonly string[];
  readonly talkingIn: readonly string[];
};

/** What `/metrics` shows of the call model; everything but `live` and `remembered` only grows. */
export type CallCounters = {
  readonly inputs: number;
  readonly facts: number;
  /** Listeners that threw. */
  readonly listenerFailures: number;
  /** Inputs that the model failed on; each is a bug. */
  readonly foldFailures: number;
  /** Legs whose end was never told and that an audit found gone. */
  readonly lostEnds: number;
  /** Events that belong to nothing known, by kind. */
  readonly unplaced: Readonly<Record<string, number>>;
  /** Calls that live now. */
  readonly live: number;
  /** Everything remembered of live calls; 0 when no call lives. */
  readonly remembered: number;
};

export type { LiveQueueView, LiveWaitingCaller, PreferringCaller } from "./live-queues.ts";

export type LiveCallsOptions = {
  readonly pbxs: Pbxs;
  /** Which whole device names are operators' extensions. */
  readonly extensionPattern: RegExp;
  /** Epoch milliseconds on the clock the PBXs stamp their inputs with. */
  readonly now?: () => number;
  /** How often time decides what no event did; default 1 s. */
  readonly settleEveryMs?: number;
  /** How often channels that have been silent as long are looked for in Asterisk's own list; default 60 s, 0 for never. */
  readonly auditEveryMs?: number;
  /** Told of a throwing listener or fold, for the log. */
  readonly onFailure?: (error: unknown, where: "listener" | "fold" | "audit") => void;
};

type Followed = {
  readonly pbx: Pbx;
  readonly calls: CallState;
  readonly queues: QueueState;
  /** Queues that somebody in the queue of preferred operators called for. */
  preferredFor: ReadonlySet<string>;
  /** Null while closed. */
  stopListening: (() => void) | null;
  auditing: boolean;
  /** Epoch ms; null while the PBX is not heard. */
  followedSinceMs: number | null;
};

const NOTHING_LEFT: PbxSnapshot = { channels: [], queues: [], devices: [], restarted: true };

/**
 * The live call model of every PBX. {@link open} listens, {@link close} stops listening; what is known stays readable. Facts are handed to
 * every listener before the next fact is.
 */
export class LiveCalls {
  readonly #followed = new Map<string, Followed>();
  readonly #factListeners = new Set<FactListener>();
  readonly #queueListeners = new Set<QueueListener>();
  readonly #options: Required<Omit<LiveCallsOptions, "pbxs" | "extensionPattern">>;
  readonly #stopFollowing: () => Promise<void>;
  #timers: NodeJS.Timeout[] = [];
  #closed = false;
  #inputs = 0;
  #facts = 0;
  #listenerFailures = 0;
  #foldFailures = 0;
  #lostEnds = 0;

  constructor(options: LiveCallsOptions) {
    this.#options = {
      now: options.now ?? (() => performance.timeOrigin + performance.now()),
      settleEveryMs: options.settleEveryMs ?? 1000,
      auditEveryMs: options.auditEveryMs ?? 60_000,
      onFailure: options.onFailure ?? (() => undefined),
    };
    this.#stopFollowing = options.pbxs.each((pbx) => {
      const followed: Followed = {
        pbx,
        calls: createCallState(pbx.name, options.extensionPattern),
        queues: createQueueState(options.extensionPattern),
        preferredFor: new Set(),
        stopListening: null,
        auditing: false,
        followedSinceMs: null,
      };
      this.#followed.set(pbx.name, followed);
      if (this.#timers.length > 0) this.#listen(followed);
      return () => this.#gone(followed);
    });
  }

  /** Begins to listen; may be called again without harm. */
  open(): void {
    if (this.#timers.length > 0) return;
    for (const followed of this.#followed.values()) this.#listen(followed);
    this.#timers.push(setInterval(() => this.#settle(), this.#options.settleEveryMs));
    if (this.#options.auditEveryMs > 0)
      this.#timers.push(setInterval(() => this.#audit(), this.#options.auditEveryMs));
    for (const timer of this.#timers) timer.unref();
  }

  /** Stops listening; may be called again without harm. */
  close(): void {
    for (const timer of this.#timers) clearInterval(timer);
    this.#timers = [];
    for (const followed of this.#followed.values()) {
      followed.stopListening?.();
      followed.stopListening = null;
    }
    this.#closed = true;
    void this.#stopFollowing();
  }

  /** Since when everything that lives on this PBX is known: the connection is up and its lists were read. Epoch ms, null while not. */
  followedSince(pbx: string): number | null {
    return this.#followed.get(pbx)?.followedSinceMs ?? null;
  }

  /** A call that lives now. */
  call(id: string): Call | undefined {
    for (const { pbx, calls } of this.#followed.values()) {
      const call = calls.calls.get(id);
      if (call) return view(pbx.name, call);
    }
    return undefined;
  }

  /** All calls that live now. */
  calls(): readonly Call[] {
    return [...this.#followed.values()].flatMap(({ pbx, calls }) =>
      [...calls.calls.values()].map((call) => view(pbx.name, call)),
    );
  }

  /** Queues of one PBX, by name; none for a PBX that is not known. */
  queues(pbx: string): readonly LiveQueueView[] {
    const followed = this.#followed.get(pbx);
    if (!followed) return [];
    const preferring = preferringIn(followed);
    return queueViews(followed.queues).flatMap(
      (queue) => liveQueue(followed, queue, preferring) ?? [],
    );
  }

  /** One queue; undefined for one that is not known. */
  queue(pbx: string, name: string): LiveQueueView | undefined {
    const followed = this.#followed.get(pbx);
    const queue = followed && queueView(followed.queues, name);
    return queue && liveQueue(followed, queue, preferringIn(followed));
  }

  /** Members of the queue of preferred operators, whoever added them; null when this PBX has no such queue. */
  preferredMembers(pbx: string): readonly QueueMember[] | null {
    const followed = this.#followed.get(pbx);
    return followed ? preferredMembers(followed) : null;
  }

  /** A waiting caller was moved by QueueChangePriorityCaller with Immediate, of which no event tells. */
  callerMoved(pbx: string, queue: string, channelId: string, priority: number): void {
    const followed = this.#followed.get(pbx);
    const change = followed ? moveCaller(followed.queues, queue, channelId, priority) : null;
    if (change) this.#tellQueues(pbx, change);
  }

  /** QueueStatus listed the callers of a queue. @returns whether they stood otherwise than known. */
  lineRead(pbx: string, queue: string, listed: QueueSnapshot["callers"]): boolean {
    const followed = this.#followed.get(pbx);
    const change = followed ? lineRead(followed.queues, queue, listed) : null;
    if (change) this.#tellQueues(pbx, change);
    return change !== null;
  }

  /**
   * Extensions of one PBX that are members of queues or have a device; none for a PBX that is not known. Their place in the queue of preferred
   * operators is no membership.
   */
  extensions(pbx: string): readonly LiveExtensionView[] {
    const followed = this.#followed.get(pbx);
    if (!followed) return [];
    const ringing = new Map<string, string[]>();
    const talking = new Map<string, string[]>();
    const note = (parts: Map<string, string[]>, extension: string, id: string) =>
      parts.set(extension, [...(parts.get(extension) ?? []), id]);
    for (const { id, openRings, openTalks } of followed.calls.calls.values()) {
      for (const { value } of openRings) note(ringing, value.extension, id);
      for (const { value } of openTalks) note(talking, value.extension, id);
    }
    return extensionViews(followed.queues).map((extension) => ({
      ...extension,
      members: extension.members.filter(({ queue }) => queue !== PREFERRED_QUEUE),
      ringingIn: ringing.get(extension.extension) ?? [],
      talkingIn: talking.get(extension.extension) ?? [],
    }));
  }

  /** Adds a listener of facts; returns how to remove it. */
  onFact(listener: FactListener): () => void {
    this.#factListeners.add(listener);
    return () => this.#factListeners.delete(listener);
  }

  /** Adds a listener of changes of queues, members and devices; returns how to remove it. */
  onQueues(listener: QueueListener): () => void {
    this.#queueListeners.add(listener);
    return () => this.#queueListeners.delete(listener);
  }

  counters(): CallCounters {
    const unplaced: Record<string, number> = {};
    let live = 0;
    let remembered = 0;
    for (const { calls } of this.#followed.values()) {
      live += calls.calls.size;
      remembered += size(calls);
      for (const [kind, count] of calls.unplaced) unplaced[kind] = (unplaced[kind] ?? 0) + count;
    }
    return {
      inputs: this.#inputs,
      facts: this.#facts,
      listenerFailures: this.#listenerFailures,
      foldFailures: this.#foldFailures,
      lostEnds: this.#lostEnds,
      unplaced,
      live,
      remembered,
    };
  }

  #listen(followed: Followed): void {
    followed.stopListening ??= followed.pbx.listen((input, atMs) =>
      this.#receive(followed, input, atMs),
    );
  }

  /** This PBX is none of ours any more: whatever lived there is out of sight for good. When this is only closed, what is known stays. */
  #gone(followed: Followed): void {
    if (this.#closed) return;
    followed.stopListening?.();
    followed.stopListening = null;
    this.#receive(followed, { type: "snapshot", snapshot: NOTHING_LEFT }, this.#options.now());
    followed.followedSinceMs = null;
    this.#followed.delete(followed.pbx.name);
    // Once more, for those who read what is left when they are told.
    this.#tellQueues(followed.pbx.name, { queues: [], extensions: [] });
  }

  #receive(followed: Followed, input: PbxInput, atMs: number): void {
    this.#inputs += 1;
    if (input.type === "snapshot") followed.followedSinceMs = atMs;
    else if (input.type === "connectionLost") followed.followedSinceMs = null;
    let facts: readonly CallFact[] = [];
    let change: QueueChange | null = null;
    try {
      facts = fold(followed.calls, input, atMs);
      change = foldQueues(followed.queues, input, atMs);
      if (change?.queues.includes(PREFERRED_QUEUE)) {
        const before = followed.preferredFor;
        followed.preferredFor = new Set(preferringIn(followed).keys());
        change = queuesMeant(change, before, followed.preferredFor);
      }
    } catch (error) {
      // The folds do not throw; if one does after all, the other calls of this PBX must not suffer for it.
      this.#foldFailures += 1;
      this.#options.onFailure(error, "fold");
    }
    this.#tell(facts);
    if (change) this.#tellQueues(followed.pbx.name, change);
  }

  #settle(): void {
    for (const { calls } of this.#followed.values()) {
      if (calls.undecided.size > 0) this.#tell(settle(calls, this.#options.now()));
    }
  }

  #tell(facts: readonly CallFact[]): void {
    for (const fact of facts) {
      this.#facts += 1;
      for (const listener of this.#factListeners) this.#guarded(() => listener(fact));
    }
  }

  #tellQueues(pbx: string, change: QueueChange): void {
    for (const listener of this.#queueListeners) this.#guarded(() => listener(pbx, change));
  }

  #guarded(deed: () => void): void {
    try {
      deed();
    } catch (error) {
      this.#listenerFailures += 1;
      this.#options.onFailure(error, "listener");
    }
  }

  #audit(): void {
    for (const followed of this.#followed.values()) {
      if (
        followed.calls.legs.size > 0 &&
        followed.pbx.status().state === "up" &&
        !followed.auditing
      )
        void this.#auditOne(followed);
    }
  }

  /** The safety net: a leg that Asterisk does not list any more ended without our hearing of it. */
  async #auditOne(followed: Followed): Promise<void> {
    followed.auditing = true;
    const askedAtMs = this.#options.now();
    try {
      const { items } = await followed.pbx.action("CoreShowChannels", {}, { list: true });
      const present = new Set(items.map((item) => item["uniqueid"] ?? ""));
      const silentSinceMs = askedAtMs - this.#options.auditEveryMs;
      const { facts, gone } = forgetGone(
        followed.calls,
        present,
        silentSinceMs,
        this.#options.now(),
      );
      this.#lostEnds += gone;
      this.#tell(facts);
    } catch (error) {
      // The connection went or Asterisk is late: the next audit asks again, or a snapshot makes it needless.
      if (!(error instanceof AmiError)) this.#options.onFailure(error, "audit");
    } finally {
      followed.auditing = false;
    }
  }
}
