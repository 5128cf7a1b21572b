/**
 * One Asterisk as the dialler uses it: asks for calls, hangs them up, asks what became of them, and tells what it hears.
 *
 * It keeps nothing that a crash could lose: what it heard of calls under way is told as it comes, and of calls whose end it did not hear
 * (connection lost, Asterisk restarted) the dialler asks {@link AsteriskTelephone.alive} and {@link AsteriskTelephone.record} after
 * {@link AsteriskTelephone.onSynchronised}.
 */
import type { CountryCode } from "libphonenumber-js/max";
import { hangup, originate } from "../../asterisk/actions.ts";
import { AmiError, type Pbx, type PbxInput } from "../../asterisk/model.ts";
import type { CallFact } from "../../calls/model.ts";
import type { CallEvidence, PbxRecord, Progress, Telephone } from "../ports.ts";
import { EvidenceBook } from "./evidence.ts";
import { type Dialling, mostForgotten, originationOf, secondHalf } from "./originate.ts";
import { readRecord } from "./pbx-record.ts";
import { noEvidence } from "./watch.ts";

export type TelephoneOptions = {
  readonly pbx: Pbx;
  /** The live call model, which tells who talks with whom. */
  readonly calls: { onFact(listener: (fact: CallFact) => void): () => void };
  /** Country of the trunks: how numbers are dialled the national way. */
  readonly region: CountryCode;
  /** How the ids of attempts begin [cc-]. */
  readonly prefix?: string;
  /** Epoch milliseconds. */
  readonly now?: () => number;
  /** Told of listeners that threw and questions to the PBX that failed, for the log. */
  readonly onFailure?: (error: unknown, doing: string) => void;
  /** How long what is missing may come after the last channel is gone [1500 ms]. */
  readonly graceMs?: number;
  /** A call of which nothing at all was heard for so long after it was asked for never came to be [60 s]. */
  readonly silentMs?: number;
  /** An attempt is forgotten by the PBX no sooner than this after it was settled: an Originate that is late is still refused [10 min]. */
  readonly forgetAfterMs?: number;
  /** An Asterisk that began anew so soon after the connection was lost went down with it: nothing happened unheard in between [30 s]. */
  readonly downWithinMs?: number;
};

/** An Originate that failed without a channel, kept until its ActionID is known. */
const mostEarly = 200;

/** Settled attempts kept for the PBX to forget, and calls that went down with it; beyond that the oldest are left out. */
const mostSettled = 10_000;

/** @see Telephone */
export class AsteriskTelephone implements Telephone {
  readonly pbx: string;
  readonly #options: Required<Omit<TelephoneOptions, "pbx" | "calls">>;
  readonly #pbx: Pbx;
  readonly #calls: TelephoneOptions["calls"];
  readonly #book: EvidenceBook;
  readonly #progress = new Set<(progress: Progress) => void>();
  readonly #synchronised = new Set<() => void>();
  /** Asked for and not heard of yet; each with the timer that gives it up. */
  readonly #silent = new Map<string, NodeJS.Timeout>();
  /** Attempts by the ActionID of their Originate, until they are heard of. */
  readonly #byAction = new Map<string, string>();
  /** Reasons of Originates that failed before their ActionID was known here. */
  readonly #early = new Map<string, number>();
  /** Over, and something may still come. */
  readonly #ending = new Map<string, NodeJS.Timeout>();
  /** To be hung up as soon as they have a channel. */
  readonly #unwanted = new Set<string>();
  /** What was heard of calls until they went down with their Asterisk, which could not write down how they ended; until they are settled. */
  readonly #cut = new Map<string, CallEvidence>();
  #lostAtMs: number | null = null;
  /** When attempts were settled, oldest first. */
  readonly #settled = new Map<string, number>();
  #stop: (() => void)[] = [];

  constructor(options: TelephoneOptions) {
    const { pbx, calls, ...rest } = options;
    this.pbx = pbx.name;
    this.#pbx = pbx;
    this.#calls = calls;
    this.#options = {
      prefix: "cc-",
      now: () => Date.now(),
      onFailure: () => undefined,
      graceMs: 1500,
      silentMs: 60_000,
      forgetAfterMs: 600_000,
      downWithinMs: 30_000,
      ...rest,
    };
    this.#book = new EvidenceBook(this.#options.prefix);
  }

  /** Begins to listen; again without harm. */
  open(): void {
    if (this.#stop.length > 0) return;
    this.#stop = [
      this.#pbx.listen((input, atMs) => this.#hear(input, atMs)),
      this.#calls.onFact((fact) => this.#hearFact(fact)),
    ];
  }

  /** Stops listening; again without harm. Calls go on. */
  close(): void {
    for (const stop of this.#stop) stop();
    this.#stop = [];
    for (const timer of [...this.#silent.values(), ...this.#ending.values()]) clearTimeout(timer);
    this.#silent.clear();
    this.#ending.clear();
  }

  up(): boolean {
    return this.#pbx.status().state === "up";
  }

  async dial(call: Omit<Dialling, "forget" | "region">): Promise<void> {
    const { id } = call.attempt;
    const forget = this.#forgettable();
    const origination = originationOf({ ...call, forget, region: this.#options.region });
    this.#book.expect(id, call.operator !== null);
    let actionId: string;
    try {
      actionId = await originate(this.#pbx, origination);
    } catch (error) {
      const isRefused =
        error instanceof AmiError && (error.code === "refused" || error.code === "invalid");
      if (isRefused && !this.#book.hasBegun(id)) this.#drop(id);
      throw error;
    }
    for (const old of forget) this.#settled.delete(old);
    if (this.#book.hasBegun(id)) return;
    const reason = this.#early.get(actionId);
    if (reason !== undefined && actionId !== "") {
      this.#early.delete(actionId);
      this.#neverCame(id, reason);
      return;
    }
    if (actionId !== "") this.#byAction.set(actionId, id);
    const timer = setTimeout(() => void this.#giveUp(id), this.#options.silentMs);
    timer.unref();
    this.#silent.set(id, timer);
  }

  async hangUp(attemptId: string): Promise<boolean> {
    // Asterisk finds a channel by its Uniqueid as well as by its name.
    const hungUp = [
      await hangup(this.#pbx, attemptId),
      await hangup(this.#pbx, secondHalf(attemptId)),
    ].includes(true);
    // Asked for a moment ago and not a channel yet: it must not ring when it becomes one.
    if (!hungUp && this.#silent.has(attemptId)) this.#unwanted.add(attemptId);
    return hungUp;
  }

  async alive(attemptIds: readonly string[]): Promise<ReadonlySet<string>> {
    if (attemptIds.length === 0) return new Set();
    this.#mustBeUp("CoreShowChannels");
    const { items } = await this.#pbx.action("CoreShowChannels", {}, { list: true });
    const present = new Set(items.flatMap((item) => [item["uniqueid"], item["linkedid"]]));
    return new Set(attemptIds.filter((id) => present.has(id) || present.has(secondHalf(id))));
  }

  heard(): readonly string[] {
    return [...this.#book.ids()].filter((id) => this.#book.hasBegun(id) && !this.#book.isOver(id));
  }

  async record(attemptId: string): Promise<PbxRecord> {
    this.#mustBeUp("DBGet");
    const { record, refused } = await readRecord(this.#pbx, attemptId);
    // Pressed while nobody listened; who reads the record must learn of it as those who heard it do.
    if (refused) this.#tell({ type: "refused", attemptId, atMs: this.#options.now() });
    const cut = this.#cut.get(attemptId);
    if (cut === undefined) return record;
    // A crash takes what was written last with it; what was heard stands.
    const isUntold = record.dialled ? record.evidence === null : cut.rang || cut.answered;
    return isUntold ? { dialled: true, evidence: cut } : record;
  }

  /** Before its snapshot was heard a new connection may lead to an Asterisk that knows nothing of what the one before it did. */
  #mustBeUp(action: string): void {
    if (!this.up()) throw new AmiError("disconnected", action, `${action}: ${this.pbx} is not up`);
  }

  settled(attemptId: string): void {
    this.#cut.delete(attemptId);
    this.#settled.set(attemptId, this.#options.now());
    const [oldest] = this.#settled.keys();
    if (this.#settled.size > mostSettled && oldest !== undefined) this.#settled.delete(oldest);
  }

  onProgress(listener: (progress: Progress) => void): () => void {
    const own = (progress: Progress): void => listener(progress);
    this.#progress.add(own);
    return () => void this.#progress.delete(own);
  }

  onSynchronised(listener: () => void): () => void {
    const own = (): void => listener();
    this.#synchronised.add(own);
    return () => void this.#synchronised.delete(own);
  }

  #hear(input: PbxInput, atMs: number): void {
    if (input.type === "snapshot") {
      const { steps, lost } = this.#book.hearSnapshot(input.snapshot, atMs, this.#diedAtMs(atMs));
      this.#lostAtMs = null;
      for (const { id, evidence } of lost) {
        this.#drop(id);
        if (evidence !== null) this.#keepCut(id, evidence);
      }
      for (const step of steps) this.#tell(step);
      for (const id of this.#book.ids()) if (this.#book.hasBegun(id)) this.#begun(id);
      // After all who listen to the PBX have heard of it.
      setImmediate(() => {
        for (const listener of this.#synchronised) this.#guarded(listener);
      });
      return;
    }
    if (input.type === "connectionLost") {
      this.#lostAtMs = atMs;
      return;
    }
    if (input.type === "originateEnded" && !input.success && input.channelId === "") {
      this.#withoutChannel(input.actionId, input.reason);
      return;
    }
    const { of: id, steps } = this.#book.hear(input, atMs);
    for (const step of steps) this.#tell(step);
    if (id === null) return;
    if (this.#book.hasBegun(id)) this.#begun(id);
    if (this.#book.isOver(id)) this.#end(id);
  }

  /** When the Asterisk before this one went down, should it have; null when it may have gone on after the connection was lost. */
  #diedAtMs(nowMs: number): number | null {
    const lostAtMs = this.#lostAtMs;
    return lostAtMs !== null && nowMs - lostAtMs <= this.#options.downWithinMs ? lostAtMs : null;
  }

  #keepCut(id: string, evidence: CallEvidence): void {
    this.#cut.set(id, evidence);
    const [oldest] = this.#cut.keys();
    if (this.#cut.size > mostSettled && oldest !== undefined) this.#cut.delete(oldest);
  }

  #hearFact(fact: CallFact): void {
    if (fact.type !== "talkStarted" || fact.call.pbx !== this.pbx) return;
    const id = fact.call.id.slice(this.pbx.length + 1);
    if (!id.startsWith(this.#options.prefix)) return;
    for (const step of this.#book.hearConnected(id, fact.talk.extension, fact.atMs))
      this.#tell(step);
  }

  /** It has a channel: nothing has to be guessed about it any more. */
  #begun(id: string): void {
    const timer = this.#silent.get(id);
    if (timer === undefined) return;
    clearTimeout(timer);
    this.#silent.delete(id);
    for (const [actionId, of] of this.#byAction) if (of === id) this.#byAction.delete(actionId);
    if (this.#unwanted.delete(id))
      this.hangUp(id).catch((error: unknown) => this.#options.onFailure(error, `hang up ${id}`));
  }

  #withoutChannel(actionId: string, reason: number): void {
    const id = this.#byAction.get(actionId);
    if (id !== undefined) {
      this.#byAction.delete(actionId);
      this.#neverCame(id, reason);
      return;
    }
    this.#early.set(actionId, reason);
    const [oldest] = this.#early.keys();
    if (this.#early.size > mostEarly && oldest !== undefined) this.#early.delete(oldest);
  }

  /** Asterisk could not make a channel for it. A second Originate of one that lives fails so as well, and changes nothing. */
  #neverCame(id: string, reason: number): void {
    if (this.#book.hasBegun(id)) return;
    this.#announce(id, { ...noEvidence, originateReason: reason });
  }

  /** Nothing was heard for too long; the PBX itself must say. */
  async #giveUp(id: string): Promise<void> {
    this.#silent.delete(id);
    try {
      if (this.#book.hasBegun(id) || (await this.alive([id])).has(id)) return;
      const record = await this.record(id);
      if (this.#book.hasBegun(id)) return;
      if (!record.dialled) this.#neverCame(id, 0);
      else if (record.evidence !== null) this.#announce(id, record.evidence);
      else this.#announce(id, { ...noEvidence });
    } catch (error) {
      // Not connected: it is settled after the next snapshot.
      this.#options.onFailure(error, `ask about ${id}`);
    }
  }

  /** Its last channel is gone. */
  #end(id: string): void {
    if (this.#ending.has(id)) {
      if (!this.#book.isComplete(id)) return;
      clearTimeout(this.#ending.get(id));
    }
    const waitMs = this.#book.isComplete(id) ? 0 : this.#options.graceMs;
    const timer = setTimeout(() => void this.#conclude(id), waitMs);
    timer.unref();
    this.#ending.set(id, timer);
  }

  async #conclude(id: string): Promise<void> {
    if (!this.#book.wasDialledBefore(id)) {
      this.#announce(id, this.#book.evidence(id));
      return;
    }
    try {
      // What the first dialling came to is what this attempt came to.
      const record = await this.record(id);
      this.#announce(
        id,
        record.dialled && record.evidence !== null ? record.evidence : this.#book.evidence(id),
      );
    } catch (error) {
      this.#options.onFailure(error, `read the record of ${id}`);
      this.#drop(id);
    }
  }

  #announce(id: string, evidence: CallEvidence): void {
    this.#drop(id);
    this.#tell({ type: "over", attemptId: id, atMs: this.#options.now(), evidence });
  }

  #drop(id: string): void {
    clearTimeout(this.#silent.get(id));
    this.#silent.delete(id);
    clearTimeout(this.#ending.get(id));
    this.#ending.delete(id);
    this.#unwanted.delete(id);
    for (const [actionId, of] of this.#byAction) if (of === id) this.#byAction.delete(actionId);
    this.#book.forget(id);
  }

  #forgettable(): readonly string[] {
    const beforeMs = this.#options.now() - this.#options.forgetAfterMs;
    const old: string[] = [];
    for (const [id, endedAtMs] of this.#settled) {
      if (endedAtMs > beforeMs || old.length === mostForgotten) break;
      old.push(id);
    }
    return old;
  }

  #tell(progress: Progress): void {
    for (const listener of this.#progress) this.#guarded(() => listener(progress));
  }

  #guarded(deed: () => void): void {
    try {
      deed();
    } catch (error) {
      this.#options.onFailure(error, "listener");
    }
  }
}
