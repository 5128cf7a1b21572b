/**
 * What the published policy says of everybody who waits in a queue, and why.
 *
 *     queueJoined --> who is it? --> their standing --> decide --> listeners (steward, screens)
 *                       (cached directory)              ^
 *                              policy published --------+-------- an operator said who it is
 *
 * A caller nobody could look up yet has no verdict and stands in plain order; the look-up is tried again for as long as they wait.
 * The verdict they left the queue with stays, also a while after the call, so that the operator who talks with them or wraps the
 * call up still sees why they came first.
 */
import { LRUCache } from "lru-cache";
import type { Call, CallFact } from "../calls/model.ts";
import type { Bus } from "../storage/bus.ts";
import { type LookUpSources, type LookedUp, type Person, lookUp } from "./look-up.ts";
import type { Policy, Subject, Verdict } from "./model.ts";
import type { Who } from "./subject.ts";

/** What verdicts are made from. */
export type VerdictsOptions = LookUpSources & {
  readonly calls: {
    onFact(listener: (fact: CallFact) => void): () => void;
    /** Calls that live already. */
    calls(): readonly Call[];
  };
  readonly decide: (policy: Policy, subject: Subject, nowMs: number) => Verdict;
  readonly policies: {
    published(): { readonly version: number; readonly policy: Policy };
    onPublished(listener: () => void): () => void;
  };
  /** Whom an operator said a call is with, or its card is about; null when nobody knows. */
  readonly customerOf?: (callId: string) => string | null;
  /** Tells when a customer or who a phone belongs to was changed. */
  readonly bus?: Pick<Bus, "on">;
  readonly log: {
    warn(fields: object, message: string): void;
    error(fields: object, message: string): void;
  };
  readonly now?: () => number;
  /** A look-up that takes longer is given up and tried again; default 1 s. */
  readonly deadlineMs?: number;
  /** First pause before a failed look-up is tried again, doubles up to eight times this; default 500. */
  readonly retryMs?: number;
  /** Look-ups at the same time; the rest wait their turn. Default 16. */
  readonly atOnce?: number;
};

/** Told that a verdict came or changed, or that it became known who waits. */
export type VerdictListener = (callId: string, queue: string) => void;

export type VerdictCounters = {
  /** Look-ups that answered. */
  readonly lookedUp: number;
  /** Look-ups that failed or were late; each is tried again. */
  readonly failed: number;
  readonly decided: number;
  /** Listeners or rules that threw. */
  readonly failures: number;
};

type Stay = { readonly queue: string; waiting: boolean; verdict: Verdict | null; version: number };

type Entry = {
  readonly callId: string;
  number: string;
  internal: boolean;
  /** Customer the call is known to be with, whatever its number says. */
  chosen: string | null;
  /** An operator named that customer here; such a word stays when the number changes. */
  named: boolean;
  who: Who | null;
  person: Person;
  e164: string | null;
  readonly stays: Map<string, Stay>;
  /** Answers to questions of an earlier generation are thrown away. */
  generation: number;
  retries: number;
  timer: NodeJS.Timeout | null;
  queued: boolean;
  gone: boolean;
};

const CALLS_OVER = 2000;

/** Listens from its making until {@link close}. */
export class Verdicts {
  readonly #options: VerdictsOptions;
  readonly #now: () => number;
  readonly #entries = new Map<string, Entry>();
  /** Last verdicts of calls that are over, by call and queue. */
  readonly #over = new LRUCache<string, ReadonlyMap<string, Verdict>>({ max: CALLS_OVER });
  readonly #listeners = new Set<VerdictListener>();
  readonly #releases: (() => void)[] = [];
  /** Whose turn for a look-up has not come. */
  readonly #line: Entry[] = [];
  #running = 0;
  #lookedUp = 0;
  #failed = 0;
  #decided = 0;
  #failures = 0;

  constructor(options: VerdictsOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.timeOrigin + performance.now());
    this.#releases.push(
      options.calls.onFact((fact) => this.#hear(fact)),
      options.policies.onPublished(() => this.#decideAll()),
    );
    if (options.bus !== undefined)
      this.#releases.push(options.bus.on("customersChanged", (change) => this.#changed(change)));
    for (const call of options.calls.calls()) {
      for (const visit of call.visits)
        if (visit.leftAtMs === null && call.endedAtMs === null) this.#joined(call, visit.queue);
    }
  }

  /** What the policy says of a caller; null while nobody knows who it is (plain order), or for who never waited there. */
  of(callId: string, queue: string): Verdict | null {
    const entry = this.#entries.get(callId);
    if (entry === undefined) return this.#over.get(callId)?.get(queue) ?? null;
    return entry.stays.get(queue)?.verdict ?? null;
  }

  /** Whom a policy would be asked about; null while nobody knows. */
  subjectOf(callId: string, queue: string): Subject | null {
    const entry = this.#entries.get(callId);
    if (entry === undefined || entry.who === null || !entry.stays.has(queue)) return null;
    return { ...entry.who, queue };
  }

  /** How lists show a caller, as far as is known by now; null for a call that never waited. */
  person(callId: string): Person | null {
    return this.#entries.get(callId)?.person ?? null;
  }

  /** The policy's version a verdict was made under; null without a verdict. */
  versionOf(callId: string, queue: string): number | null {
    const stay = this.#entries.get(callId)?.stays.get(queue);
    return stay === undefined || stay.verdict === null ? null : stay.version;
  }

  /** Adds a listener; returns how to remove it. It must return at once and may throw without harm. */
  onVerdict(listener: VerdictListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** An operator said who the caller is. Nothing happens for a call that never waited: it is asked for when it joins. */
  customerChosen(callId: string, customerId: string): void {
    const entry = this.#entries.get(callId);
    if (entry === undefined) return;
    entry.named = true;
    if (entry.chosen === customerId) return;
    entry.chosen = customerId;
    this.#again(entry);
  }

  /** How many calls that live are remembered. */
  get size(): number {
    return this.#entries.size;
  }

  counters(): VerdictCounters {
    return {
      lookedUp: this.#lookedUp,
      failed: this.#failed,
      decided: this.#decided,
      failures: this.#failures,
    };
  }

  /** Stops listening and forgets everything; may be called twice. */
  close(): void {
    for (const release of this.#releases.splice(0)) release();
    for (const entry of this.#entries.values()) this.#forget(entry);
    this.#over.clear();
    this.#line.length = 0;
    this.#listeners.clear();
  }

  #hear(fact: CallFact): void {
    const { call } = fact;
    const entry = this.#entries.get(call.id);
    switch (fact.type) {
      case "queueJoined":
        this.#joined(call, fact.visit.queue);
        break;
      case "queueLeft": {
        const stay = entry?.stays.get(fact.visit.queue);
        // A caller may have joined the same queue again before it was decided how they left.
        if (stay !== undefined)
          stay.waiting = call.visits.some(
            (visit) => visit.queue === stay.queue && visit.leftAtMs === null,
          );
        break;
      }
      case "partyChanged":
        if (entry !== undefined && entry.number !== call.party.number) {
          entry.number = call.party.number;
          entry.internal = call.direction === "internal";
          if (!entry.named) entry.chosen = null;
          this.#again(entry);
        }
        break;
      case "merged": {
        const into = this.#entries.get(fact.intoCallId);
        if (into !== undefined && !into.named && entry?.named && entry.chosen !== null)
          this.customerChosen(into.callId, entry.chosen);
        break;
      }
      case "callEnded":
        if (entry !== undefined) this.#end(entry);
        break;
      case "callStarted":
      case "ringStarted":
      case "ringEnded":
      case "talkStarted":
      case "talkEnded":
      case "held":
      case "resumed":
      case "transferred":
        break;
    }
  }

  #joined(call: Call, queue: string): void {
    let entry = this.#entries.get(call.id);
    const isNew = entry === undefined;
    if (entry === undefined) {
      // Words such as "anonymous" are no number.
      const title = /\d/.test(call.party.number) ? call.party.number : "";
      entry = {
        callId: call.id,
        number: call.party.number,
        internal: call.direction === "internal",
        chosen: this.#options.customerOf?.(call.id) ?? null,
        named: false,
        who: null,
        person: { title, tier: "", vip: false, customerId: null },
        e164: null,
        stays: new Map(),
        generation: 0,
        retries: 0,
        timer: null,
        queued: false,
        gone: false,
      };
      this.#entries.set(call.id, entry);
    }
    const stay: Stay = { queue, waiting: true, verdict: null, version: 0 };
    entry.stays.set(queue, stay);
    if (isNew) this.#again(entry);
    else if (entry.who !== null) {
      this.#decide(entry, stay);
      this.#tell(entry, stay);
    } else if (entry.timer === null && !entry.queued) this.#again(entry);
  }

  /** Looks up anew; what is known stays until the answer is there. */
  #again(entry: Entry): void {
    entry.generation += 1;
    entry.retries = 0;
    if (entry.timer !== null) clearTimeout(entry.timer);
    entry.timer = null;
    this.#enqueue(entry);
  }

  #enqueue(entry: Entry): void {
    if (entry.queued || entry.gone) return;
    entry.queued = true;
    this.#line.push(entry);
    this.#next();
  }

  #next(): void {
    while (this.#running < (this.#options.atOnce ?? 16)) {
      const entry = this.#line.shift();
      if (entry === undefined) return;
      entry.queued = false;
      if (entry.gone || !isWaiting(entry)) continue;
      this.#running += 1;
      void this.#lookUp(entry).finally(() => {
        this.#running -= 1;
        this.#next();
      });
    }
  }

  async #lookUp(entry: Entry): Promise<void> {
    const { generation } = entry;
    try {
      const found = await lookUp(this.#options, entry, this.#options.deadlineMs ?? 1000);
      if (entry.gone || entry.generation !== generation) return;
      this.#lookedUp += 1;
      entry.retries = 0;
      this.#found(entry, found);
    } catch (error) {
      if (entry.gone || entry.generation !== generation) return;
      this.#failed += 1;
      if (entry.retries === 0)
        this.#options.log.warn(
          { err: error, callId: entry.callId },
          "a waiting caller could not be looked up; they stand in plain order",
        );
      this.#retryLater(entry);
    }
  }

  #found(entry: Entry, { who, person, e164 }: LookedUp): void {
    entry.who = who;
    entry.person = person;
    entry.e164 = e164;
    for (const stay of entry.stays.values()) {
      if (!stay.waiting) continue;
      this.#decide(entry, stay);
      this.#tell(entry, stay);
    }
  }

  #retryLater(entry: Entry): void {
    const pauseMs = (this.#options.retryMs ?? 500) * Math.min(8, 2 ** entry.retries);
    entry.retries += 1;
    entry.timer = setTimeout(() => {
      entry.timer = null;
      this.#enqueue(entry);
    }, pauseMs);
    entry.timer.unref();
  }

  /** A policy was published: everybody who waits is judged by it, before anybody else is told of it. */
  #decideAll(): void {
    const told: (readonly [Entry, Stay])[] = [];
    for (const entry of this.#entries.values()) {
      for (const stay of entry.stays.values()) {
        if (!stay.waiting || entry.who === null) continue;
        const before = JSON.stringify(stay.verdict);
        this.#decide(entry, stay);
        if (JSON.stringify(stay.verdict) !== before) told.push([entry, stay]);
      }
    }
    for (const [entry, stay] of told) this.#tell(entry, stay);
  }

  #decide(entry: Entry, stay: Stay): void {
    if (entry.who === null) return;
    try {
      const { policy, version } = this.#options.policies.published();
      stay.verdict = this.#options.decide(policy, { ...entry.who, queue: stay.queue }, this.#now());
      stay.version = version;
      this.#decided += 1;
    } catch (error) {
      stay.verdict = null;
      this.#failures += 1;
      this.#options.log.error({ err: error, callId: entry.callId }, "a policy could not be asked");
    }
  }

  #tell(entry: Entry, stay: Stay): void {
    for (const listener of this.#listeners) {
      try {
        listener(entry.callId, stay.queue);
      } catch (error) {
        this.#failures += 1;
        this.#options.log.error({ err: error, callId: entry.callId }, "a verdict was not taken");
      }
    }
  }

  /** Loads change thousands at a time and name nobody: those are seen by the next caller. */
  #changed({
    customerIds,
    phones,
  }: {
    readonly customerIds: readonly string[];
    readonly phones: readonly string[];
  }): void {
    if (customerIds.length === 0 && phones.length === 0) return;
    for (const entry of this.#entries.values()) {
      const { customerId } = entry.person;
      const concerns =
        (entry.e164 !== null && phones.includes(entry.e164)) ||
        (customerId !== null && customerIds.includes(customerId));
      if (!concerns || !isWaiting(entry)) continue;
      if (!entry.named) entry.chosen = null;
      this.#again(entry);
    }
  }

  #end(entry: Entry): void {
    const left = [...entry.stays.values()].flatMap(({ queue, verdict }) =>
      verdict === null ? [] : [[queue, verdict] as const],
    );
    if (left.length > 0) this.#over.set(entry.callId, new Map(left));
    this.#forget(entry);
  }

  #forget(entry: Entry): void {
    entry.gone = true;
    if (entry.timer !== null) clearTimeout(entry.timer);
    this.#entries.delete(entry.callId);
  }
}

function isWaiting(entry: Entry): boolean {
  for (const stay of entry.stays.values()) if (stay.waiting) return true;
  return false;
}
