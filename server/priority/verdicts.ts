/**
 * What the published policy says of everybody who waits in a queue, and why.
 *
 *     queueJoined --> who is it? --> their standing --> decide --> listeners (steward, screens)
 *                       (cached directory)              ^
 *                  policy published, the clock ---------+-------- an operator said who it is
 *
 * What a rule says may change while somebody waits: by the clock (a time of day, an hour since a cart was left), by news of the
 * customer or their orders, by a load of the whole shop. Each leads to another verdict; a load looks everybody up once, not once a row.
 *
 * A caller nobody could look up yet has no verdict and stands in plain order; the look-up is tried again for as long as they wait.
 * The verdict they left the queue with stays, also a while after the call, so that the operator who talks with them or wraps the
 * call up still sees why they came first.
 */
import { isDeepStrictEqual } from "node:util";
import { LRUCache } from "lru-cache";
import type { Call, CallFact } from "../calls/model.ts";
import type { Bus, Hints } from "../storage/bus.ts";
import { Alarm } from "./alarm.ts";
import type { LookUpSources, LookedUp, Person } from "./look-up.ts";
import { type LookUpTuning, LookUps } from "./look-ups.ts";
import type { Policy, Subject, Verdict } from "./model.ts";
import type { Who } from "./subject.ts";
import { nextVerdictMs } from "./verdict-change.ts";

/** What verdicts are made from. */
export type VerdictsOptions = LookUpSources &
  LookUpTuning & {
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
    /** Tells when a customer, their orders or who a phone belongs to was changed. */
    readonly bus?: Pick<Bus, "on">;
    readonly log: {
      warn(fields: object, message: string): void;
      error(fields: object, message: string): void;
    };
    readonly now?: () => number;
    /** Least time between two times that everybody is looked up again after loads that named nobody; default 5 s. */
    readonly againGapMs?: number;
    /** Who waits for longer is looked up again so often, for what nobody told of (a file loaded by another program); default a minute. */
    readonly freshMs?: number;
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

type Stay = {
  readonly queue: string;
  waiting: boolean;
  verdict: Verdict | null;
  version: number;
  /** When the clock alone may change the verdict. */
  changesAtMs: number;
};

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
};

const CALLS_OVER = 2000;
const FRESH_MS = 60_000;

/** Listens from its making until {@link close}. */
export class Verdicts {
  readonly #options: VerdictsOptions;
  readonly #now: () => number;
  readonly #entries = new Map<string, Entry>();
  /** Last verdicts of calls that are over, by call and queue. */
  readonly #over = new LRUCache<string, ReadonlyMap<string, Verdict>>({ max: CALLS_OVER });
  readonly #listeners = new Set<VerdictListener>();
  readonly #releases: (() => void)[] = [];
  readonly #lookUps: LookUps<Entry>;
  /** Verdicts that the clock changes. */
  readonly #clock: Alarm;
  /** Everybody is looked up again then. */
  readonly #loaded: Alarm;
  /** Phones may belong to others since. */
  #loadedOwners = false;
  #againAtMs = -Infinity;
  #decided = 0;
  #failures = 0;

  constructor(options: VerdictsOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.timeOrigin + performance.now());
    this.#clock = new Alarm(this.#now, () => this.#decideDue());
    this.#loaded = new Alarm(this.#now, () => this.#lookUpAll());
    this.#lookUps = new LookUps({
      ...options,
      isWanted: isWaiting,
      found: (entry, found) => this.#found(entry, found),
    });
    const { bus } = options;
    this.#releases.push(
      options.calls.onFact((fact) => this.#hear(fact)),
      options.policies.onPublished(() => this.#decideAll()),
      ...(bus === undefined
        ? []
        : [
            bus.on("customersChanged", (change) => this.#customersChanged(change)),
            bus.on("standingsChanged", (change) => this.#standingsChanged(change)),
            bus.on("hintsLost", () => this.#customersChanged({ customerIds: [], phones: [] })),
          ]),
    );
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
    this.#lookUps.ask(entry);
  }

  /** How many calls that live are remembered. */
  get size(): number {
    return this.#entries.size;
  }

  counters(): VerdictCounters {
    return {
      ...this.#lookUps.counters(),
      decided: this.#decided,
      failures: this.#failures,
    };
  }

  /** Stops listening and forgets everything; may be called twice. */
  close(): void {
    for (const release of this.#releases.splice(0)) release();
    for (const entry of this.#entries.values()) this.#forget(entry);
    this.#over.clear();
    this.#clock.clear();
    this.#loaded.clear();
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
          this.#lookUps.ask(entry);
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
      case "rated":
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
      };
      this.#entries.set(call.id, entry);
      this.#loaded.set(this.#now() + (this.#options.freshMs ?? FRESH_MS));
    }
    const stay: Stay = { queue, waiting: true, verdict: null, version: 0, changesAtMs: Infinity };
    entry.stays.set(queue, stay);
    if (isNew) this.#lookUps.ask(entry);
    else if (entry.who !== null) {
      this.#decide(entry, stay);
      this.#tell(entry, stay);
    } else if (!this.#lookUps.isDue(entry)) this.#lookUps.ask(entry);
  }

  #found(entry: Entry, { who, person, e164 }: LookedUp): void {
    const isNew = entry.who === null || !isDeepStrictEqual(entry.person, person);
    entry.who = who;
    entry.person = person;
    entry.e164 = e164;
    for (const stay of entry.stays.values()) {
      if (!stay.waiting) continue;
      // After a load most are who they were.
      if (this.#decide(entry, stay) || isNew) this.#tell(entry, stay);
    }
  }

  /** A policy was published: everybody who waits is judged by it. */
  #decideAll(): void {
    this.#clock.clear();
    this.#decideThose(() => true);
  }

  /** The clock passed a moment at which verdicts may change. */
  #decideDue(): void {
    const nowMs = this.#now();
    this.#decideThose(({ changesAtMs }) => changesAtMs <= nowMs);
  }

  /** Everybody is judged before anybody is told of it. */
  #decideThose(concerned: (stay: Stay) => boolean): void {
    const told: (readonly [Entry, Stay])[] = [];
    for (const entry of this.#entries.values()) {
      for (const stay of entry.stays.values()) {
        if (!stay.waiting || entry.who === null) continue;
        if (!concerned(stay)) this.#clock.set(stay.changesAtMs);
        else if (this.#decide(entry, stay)) told.push([entry, stay]);
      }
    }
    for (const [entry, stay] of told) this.#tell(entry, stay);
  }

  /** @returns whether the verdict is another. */
  #decide(entry: Entry, stay: Stay): boolean {
    if (entry.who === null) return false;
    const before = stay.verdict;
    const subject = { ...entry.who, queue: stay.queue };
    const nowMs = this.#now();
    stay.changesAtMs = Infinity;
    try {
      const { policy, version } = this.#options.policies.published();
      stay.changesAtMs = nextVerdictMs(policy, subject, nowMs);
      stay.verdict = this.#options.decide(policy, subject, nowMs);
      stay.version = version;
      this.#decided += 1;
    } catch (error) {
      stay.verdict = null;
      this.#failures += 1;
      this.#options.log.error({ err: error, callId: entry.callId }, "a policy could not be asked");
    }
    this.#clock.set(stay.changesAtMs);
    return !isDeepStrictEqual(before, stay.verdict);
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

  #customersChanged({ customerIds, phones }: Hints["customersChanged"]): void {
    if (customerIds.length === 0 && phones.length === 0) {
      this.#loadedOwners = true;
      this.#lookUpAllSoon();
      return;
    }
    for (const entry of this.#entries.values()) {
      const { customerId } = entry.person;
      const concerns =
        (entry.e164 !== null && phones.includes(entry.e164)) ||
        (customerId !== null && customerIds.includes(customerId));
      if (!concerns || !isWaiting(entry)) continue;
      if (!entry.named) entry.chosen = null;
      this.#lookUps.ask(entry);
    }
  }

  #standingsChanged({ customerIds }: Hints["standingsChanged"]): void {
    if (customerIds.length === 0) {
      this.#lookUpAllSoon();
      return;
    }
    const concerned = new Set(customerIds);
    for (const entry of this.#entries.values())
      if (concerned.has(entry.person.customerId ?? "") && isWaiting(entry))
        this.#lookUps.ask(entry);
  }

  /** A load changes thousands at a time, in many parts: however many, everybody is looked up now and then. */
  #lookUpAllSoon(): void {
    this.#loaded.set(Math.max(this.#now(), this.#againAtMs + (this.#options.againGapMs ?? 5000)));
  }

  #lookUpAll(): void {
    const nowMs = this.#now();
    this.#againAtMs = nowMs;
    const waiting = [...this.#entries.values()].filter((entry) => isWaiting(entry));
    if (this.#loadedOwners) for (const entry of waiting) if (!entry.named) entry.chosen = null;
    this.#loadedOwners = false;
    this.#lookUps.askAgain(waiting.filter(({ who }) => who !== null));
    // Whoever is being asked about for the first time may be answered from before the load.
    for (const entry of waiting) if (entry.who === null) this.#lookUps.ask(entry);
    if (waiting.length > 0) this.#loaded.set(nowMs + (this.#options.freshMs ?? FRESH_MS));
  }

  #end(entry: Entry): void {
    const left = [...entry.stays.values()].flatMap(({ queue, verdict }) =>
      verdict === null ? [] : [[queue, verdict] as const],
    );
    if (left.length > 0) this.#over.set(entry.callId, new Map(left));
    this.#forget(entry);
  }

  #forget(entry: Entry): void {
    this.#lookUps.forget(entry);
    this.#entries.delete(entry.callId);
  }
}

function isWaiting(entry: Entry): boolean {
  for (const stay of entry.stays.values()) if (stay.waiting) return true;
  return false;
}
