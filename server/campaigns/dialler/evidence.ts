/**
 * What a PBX tells of attempts' calls, gathered until each is over. Nothing is judged by the order in which it came: facts are kept as
 * sets and earliest times, and read out together (`watch.ts`).
 *
 * Which channels belong to an attempt, customer first (C) and operator first (O):
 *
 *     C  <id>    Local/<number>@callcard-out;1   waits in the queue
 *        <id>-2  Local/<number>@callcard-out;2   dials the person: its callees are the person's legs
 *     O  <id>    the operator's own phone         dials the person: its callees are the person's legs
 */
import type { ChannelInfo, PbxInput, PbxSnapshot } from "../../asterisk/model.ts";
import type { CallEvidence } from "../ports.ts";
import { lastWordOf, wholeOf } from "./last-word.ts";
import {
  type Heard,
  type Step,
  type Watch,
  callees,
  diallerOf,
  evidenceOf,
  isAnswered,
  newsOf,
  noEvidence,
  ownChannels,
  personsLegs,
  watchOf,
} from "./watch.ts";

/** The dialplan's event about an attempt; its `Stage` says what. */
export const ATTEMPT_EVENT = "CallcardAttempt";

const mostEnded = 5000;

/** Everything known of the attempts of one PBX that are under way. */
export class EvidenceBook {
  readonly #prefix: string;
  readonly #watches = new Map<string, Watch>();
  /** Every channel in {@link Watch.channels}. */
  readonly #byChannel = new Map<string, Watch>();

  /** Forgotten lately: a straggling event must not begin them anew. */
  readonly #ended = new Set<string>();

  /** @param prefix how the ids of attempts begin */
  constructor(prefix: string) {
    this.#prefix = prefix;
  }

  /** This attempt's call is asked for. */
  expect(attemptId: string, operatorFirst: boolean): void {
    this.#ended.delete(attemptId);
    const watch = this.#watch(attemptId);
    if (watch !== null) watch.operatorFirst ??= operatorFirst;
  }

  /** True once a channel of its own was seen. */
  hasBegun(attemptId: string): boolean {
    const watch = this.#watches.get(attemptId);
    return watch !== undefined && ownChannels(watch).length > 0;
  }

  /** True when channels of it were seen and all of them hung up. */
  isOver(attemptId: string): boolean {
    const watch = this.#watches.get(attemptId);
    const channels = watch === undefined ? [] : ownChannels(watch);
    return channels.length > 0 && channels.every(({ gone }) => gone !== null);
  }

  /** Nothing more is to come that could change the judgement. */
  isComplete(attemptId: string): boolean {
    const watch = this.#watches.get(attemptId);
    if (watch === undefined) return true;
    const neverDialled = watch.originateReason !== null && watch.originateReason !== 4;
    return watch.lastWord !== null || watch.again || neverDialled;
  }

  /** Whether the dialplan refused it because it had been dialled before. */
  wasDialledBefore(attemptId: string): boolean {
    return this.#watches.get(attemptId)?.again ?? false;
  }

  /** The attempts that something is known of. */
  ids(): readonly string[] {
    return [...this.#watches.keys()];
  }

  forget(attemptId: string): void {
    const watch = this.#watches.get(attemptId);
    if (watch === undefined) return;
    for (const id of watch.channels.keys()) this.#byChannel.delete(id);
    this.#watches.delete(attemptId);
    this.#ended.add(attemptId);
    const [oldest] = this.#ended;
    if (this.#ended.size > mostEnded && oldest !== undefined) this.#ended.delete(oldest);
  }

  /** Takes one input: which attempt it is about, and what it newly tells of it. A snapshot is {@link hearSnapshot}. */
  hear(
    input: PbxInput,
    atMs: number,
  ): { readonly of: string | null; readonly steps: readonly Step[] } {
    const watch = this.#note(input, atMs);
    return watch === null ? nothing : { of: watch.id, steps: newsOf(watch, atMs) };
  }

  /** The attempt an input is about, with what it says noted. */
  #note(input: PbxInput, atMs: number): Watch | null {
    if (input.type === "userEvent")
      return input.name === ATTEMPT_EVENT ? this.#stage(input.fields, atMs) : null;
    if (input.type === "originateEnded") {
      const watch = this.#watches.get(input.channelId) ?? null;
      if (watch !== null) watch.originateReason = input.success ? 4 : input.reason;
      return watch;
    }
    if (input.type === "dialBegan" || input.type === "dialEnded") {
      const { caller, callee } = input;
      const watch = caller && (this.#seen(caller) ?? this.#seen(callee));
      if (!watch) return null;
      callees(watch, caller.id).add(callee.id);
      this.#channel(watch, callee.id);
      if (input.type === "dialEnded")
        watch.dialEnds.push({ callee: callee.id, status: input.status, atMs });
      return watch;
    }
    if (
      input.type !== "channelCreated" &&
      input.type !== "channelState" &&
      input.type !== "channelIdentity" &&
      input.type !== "channelHungUp" &&
      input.type !== "queueJoined"
    )
      return null;
    const { channel } = input;
    const watch = this.#seen(channel);
    if (watch === null) return null;
    if (input.type === "channelHungUp")
      this.#channel(watch, channel.id).gone ??= { cause: input.cause, atMs };
    else if (input.type === "queueJoined") watch.waited ||= watch.id === channel.id;
    else this.#state(watch, channel, atMs);
    return watch;
  }

  /** The person and an operator talk. */
  hearConnected(attemptId: string, extension: string, atMs: number): readonly Step[] {
    const watch = this.#watches.get(attemptId);
    if (watch === undefined) return [];
    watch.connected = true;
    watch.extension ||= extension;
    return newsOf(watch, atMs);
  }

  /**
   * What is true now. Attempts whose channels are all gone are forgotten and named in `lost`: how they ended was not heard, the PBX's own
   * record must tell. Those that were asked for and have no channel yet are kept, unless Asterisk began anew.
   *
   * @param diedAtMs of an Asterisk that began anew: when the one before went down, if it was heard until then; its lost calls ended at that
   * moment, with the evidence that there is. Null when it may have gone on unheard.
   */
  hearSnapshot(
    snapshot: PbxSnapshot,
    atMs: number,
    diedAtMs: number | null = null,
  ): {
    readonly steps: readonly Step[];
    readonly lost: readonly { readonly id: string; readonly evidence: CallEvidence | null }[];
  } {
    const steps: Step[] = [];
    const present = new Map(snapshot.channels.map((channel) => [channel.id, channel]));
    const waiting = new Set(
      snapshot.queues.flatMap((queue) => queue.callers.map(({ channelId }) => channelId)),
    );
    const lost: { id: string; evidence: CallEvidence | null }[] = [];
    const endedAtMs = snapshot.restarted && diedAtMs !== null ? diedAtMs : atMs;
    for (const watch of [...this.#watches.values()]) {
      for (const [id, channel] of watch.channels)
        if (snapshot.restarted || !present.has(id)) channel.gone ??= { cause: 0, atMs: endedAtMs };
      if (this.isOver(watch.id) || (snapshot.restarted && watch.channels.size === 0)) {
        const isKnown = snapshot.restarted && diedAtMs !== null && !watch.isDoubtful;
        lost.push({ id: watch.id, evidence: isKnown ? this.#evidenceOfCut(watch) : null });
        this.forget(watch.id);
      }
    }
    for (const channel of snapshot.channels) if (this.#own(channel.id)) this.#seen(channel);
    for (const channel of snapshot.channels) {
      const watch = this.#watches.get(channel.linkedId) ?? this.#byChannel.get(channel.id);
      if (watch === undefined) continue;
      // A phone that Dial() rings before anybody answered is the person's.
      const answered = present.get(watch.id)?.state === "up";
      if (channel.application === "AppDial" && (watch.operatorFirst === true || !answered))
        callees(watch, diallerOf(watch)).add(channel.id);
      this.#state(watch, channel, atMs);
      if (waiting.has(watch.id)) watch.waited = true;
      steps.push(...newsOf(watch, atMs));
    }
    // Where the others stand is seen by their channels, as if nothing had been missed.
    for (const watch of this.#watches.values())
      watch.isDoubtful = isAnswered(watch) && !watch.connected && !waiting.has(watch.id);
    return { steps, lost };
  }

  /** Of a call that ended with its PBX: nobody let go, and nobody said how the dialling ended. */
  #evidenceOfCut(watch: Watch): CallEvidence {
    const evidence = this.evidence(watch.id);
    const wasDialling = evidence.dialStatus === "" && personsLegs(watch).size > 0;
    if (!wasDialling) return evidence;
    return { ...evidence, dialStatus: evidence.answered ? "ANSWER" : "CANCEL" };
  }

  /** Everything known of how it ended; of an attempt never heard of, nothing. */
  evidence(attemptId: string): CallEvidence {
    const watch = this.#watches.get(attemptId);
    return watch === undefined ? noEvidence : evidenceOf(watch);
  }

  #own(channelId: string): boolean {
    return channelId.startsWith(this.#prefix);
  }

  /** Null for one that is over. */
  #watch(attemptId: string): Watch | null {
    let watch = this.#watches.get(attemptId);
    if (watch === undefined) {
      if (this.#ended.has(attemptId)) return null;
      watch = watchOf(attemptId);
      this.#watches.set(attemptId, watch);
    }
    return watch;
  }

  /** The attempt a channel belongs to, by its id or by the call it is part of; null for other people's. */
  #seen(channel: ChannelInfo): Watch | null {
    const known = this.#byChannel.get(channel.id);
    if (known !== undefined) {
      if (known.id === channel.id) learnSide(known, channel);
      return known;
    }
    if (this.#own(channel.id)) {
      const whole = channel.id.endsWith("-2") ? channel.id.slice(0, -2) : channel.id;
      const isSecond = this.#watches.has(whole) || channel.linkedId === whole;
      const watch = this.#watch(isSecond ? whole : channel.id);
      if (watch === null) return null;
      if (watch.id === channel.id) learnSide(watch, channel);
      this.#channel(watch, channel.id);
      return watch;
    }
    return (this.#own(channel.linkedId) ? this.#watches.get(channel.linkedId) : null) ?? null;
  }

  #channel(watch: Watch, id: string): Heard {
    let channel = watch.channels.get(id);
    if (channel === undefined) {
      channel = { upAtMs: Infinity, ringing: false, gone: null };
      watch.channels.set(id, channel);
      this.#byChannel.set(id, watch);
    }
    return channel;
  }

  #state(watch: Watch, { id, state }: ChannelInfo, atMs: number): void {
    const channel = this.#channel(watch, id);
    if (state === "ringing") channel.ringing = true;
    else if (state === "up") channel.upAtMs = Math.min(channel.upAtMs, atMs);
  }

  #stage(fields: Readonly<Record<string, string>>, atMs: number): Watch | null {
    const field = (name: string): string => (Object.hasOwn(fields, name) ? fields[name]! : "");
    const watch = this.#own(field("attempt")) ? this.#watch(field("attempt")) : null;
    if (watch === null) return null;
    switch (field("stage")) {
      case "again":
        watch.again = true;
        break;
      case "answered":
        watch.answeredAtMs = Math.min(watch.answeredAtMs, atMs);
        break;
      case "machine":
        watch.machine = true;
        watch.machineCause ||= field("cause").slice(0, 60);
        break;
      case "human":
        watch.greetingEndedMs ??= wholeOf(field("ms"));
        break;
      case "refused":
        watch.refused = true;
        break;
      case "over":
        watch.lastWord = lastWordOf(field("status"), field("cause"), field("sip"), field("ms"));
        break;
    }
    return watch;
  }
}

const nothing = { of: null, steps: [] } as const;

function learnSide(watch: Watch, { name }: ChannelInfo): void {
  watch.operatorFirst ??= !/^Local\/[^@]*@callcard-out-/.test(name);
}
