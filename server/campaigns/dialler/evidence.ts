/**
 * What a PBX tells of attempts' calls, gathered until each is over. Nothing is judged by the order in which it came: facts are kept as
 * sets and earliest times, and read out together ({@link EvidenceBook.evidence}).
 *
 * Which channels belong to an attempt, customer first (C) and operator first (O):
 *
 *     C  <id>    Local/<number>@callcard-out;1   waits in the queue
 *        <id>-2  Local/<number>@callcard-out;2   dials the person: its callees are the person's legs
 *     O  <id>    the operator's own phone         dials the person: its callees are the person's legs
 */
import type { ChannelInfo, DialStatus, PbxInput, PbxSnapshot } from "../../asterisk/model.ts";
import type { CallEvidence, Progress } from "../ports.ts";
import { secondHalf } from "./originate.ts";

/** The dialplan's event about an attempt; its `Stage` says what. */
export const ATTEMPT_EVENT = "CallcardAttempt";

/** What the dialplan says last of a dialling, in its event and in AstDB. */
export type LastWord = {
  readonly status: string;
  readonly cause: number;
  /** It was ringing, or something was heard (183), when it was given up. */
  readonly rang: boolean;
  /** How long the person's phone was answered, 0 for never. */
  readonly answeredMs: number;
};

/** One attempt's call as told so far. */
type Watch = {
  readonly id: string;
  /** Null until its first channel or {@link EvidenceBook.expect} tells. */
  operatorFirst: boolean | null;
  /** Every channel that is or was part of its call, by Uniqueid. */
  readonly channels: Map<string, Heard>;
  /** Callees by their dialler. */
  readonly dialled: Map<string, Set<string>>;
  readonly dialEnds: {
    readonly callee: string;
    readonly status: DialStatus;
    readonly atMs: number;
  }[];
  originateReason: number | null;
  lastWord: LastWord | null;
  /** When the dialplan told of the answer, Infinity before. */
  answeredAtMs: number;
  machine: boolean;
  machineCause: string;
  greeted: boolean;
  waited: boolean;
  refused: boolean;
  connected: boolean;
  /** Of the operator who talks, "" before. */
  extension: string;
  /** The dialplan refused to dial it a second time. */
  again: boolean;
  /** What was missed may have been a talk: answered, and not in the queue when everything was looked at anew. */
  isDoubtful: boolean;
  readonly told: Set<Progress["type"]>;
};

type Heard = { upAtMs: number; ringing: boolean; gone: Gone | null };
type Gone = { readonly cause: number; readonly atMs: number };

/** A {@link Progress} other than `over`. */
export type Step = Exclude<Progress, { readonly type: "over" }>;

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
    return watch === null ? nothing : { of: watch.id, steps: this.#news(watch, atMs) };
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
    return this.#news(watch, atMs);
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
      steps.push(...this.#news(watch, atMs));
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
    if (watch === undefined) return noEvidence;
    const { lastWord } = watch;
    const persons = personsLegs(watch);
    const answered = isAnswered(watch);
    const gone = [...persons, secondHalf(watch.id), watch.id].flatMap(
      (id) => watch.channels.get(id)?.gone ?? [],
    );
    const causes = [lastWord?.cause ?? 0, ...gone.map(({ cause }) => cause)];
    const goneAtMs = Math.min(...gone.map(({ atMs }) => atMs));
    const heardMs = goneAtMs - answeredAtMs(watch);
    return {
      originateReason: watch.originateReason,
      dialStatus: lastWord?.status || dialStatusOf(watch, persons),
      cause: causes.find(tells) ?? causes.find((cause) => cause !== 0) ?? 0,
      rang: hasRung(watch),
      answered,
      machine: watch.machine,
      connected: watch.connected || (watch.operatorFirst === true && answered),
      operatorAnswered: watch.operatorFirst === true ? operatorAnswered(watch) : null,
      answeredForMs: answered
        ? Math.max(0, lastWord?.answeredMs ?? 0, Number.isFinite(heardMs) ? heardMs : 0)
        : null,
    };
  }

  #own(channelId: string): boolean {
    return channelId.startsWith(this.#prefix);
  }

  /** Null for one that is over. */
  #watch(attemptId: string): Watch | null {
    let watch = this.#watches.get(attemptId);
    if (watch === undefined) {
      if (this.#ended.has(attemptId)) return null;
      watch = {
        id: attemptId,
        operatorFirst: null,
        channels: new Map(),
        dialled: new Map(),
        dialEnds: [],
        originateReason: null,
        lastWord: null,
        answeredAtMs: Infinity,
        machine: false,
        machineCause: "",
        greeted: false,
        waited: false,
        refused: false,
        connected: false,
        extension: "",
        again: false,
        isDoubtful: false,
        told: new Set(),
      };
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
        watch.greeted = true;
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

  /** What follows from all that is known now and was not told yet. */
  #news(watch: Watch, atMs: number): readonly Step[] {
    const answered = isAnswered(watch);
    const news: (StepBody | false)[] = [
      hasRung(watch) && !watch.told.has("answered") && { type: "ringing" },
      answered && { type: "answered" },
      watch.machine && { type: "machine", cause: watch.machineCause },
      watch.greeted && { type: "greetingEnded" },
      watch.waited && { type: "waiting" },
      watch.extension !== "" && { type: "connected", extension: watch.extension },
      watch.refused && { type: "refused" },
    ];
    return news.flatMap((what) => {
      if (what === false || watch.told.has(what.type)) return [];
      watch.told.add(what.type);
      return [{ attemptId: watch.id, atMs, ...what }];
    });
  }
}

type StepBody = Step extends infer One
  ? One extends Step
    ? Omit<One, "attemptId" | "atMs">
    : never
  : never;

function learnSide(watch: Watch, { name }: ChannelInfo): void {
  watch.operatorFirst ??= !/^Local\/[^@]*@callcard-out-/.test(name);
}

function callees(watch: Watch, dialler: string): Set<string> {
  let found = watch.dialled.get(dialler);
  if (found === undefined) {
    found = new Set();
    watch.dialled.set(dialler, found);
  }
  return found;
}

/** The channel that dials the person. */
function diallerOf({ id, operatorFirst }: Watch): string {
  return operatorFirst === true ? id : secondHalf(id);
}

function personsLegs(watch: Watch): ReadonlySet<string> {
  return watch.dialled.get(diallerOf(watch)) ?? none;
}

const none: ReadonlySet<string> = new Set();
const nothing = { of: null, steps: [] } as const;

/** The attempt's own channels and the person's, of which it is over when all are gone. */
function ownChannels(watch: Watch): readonly Heard[] {
  const ids = new Set([watch.id, secondHalf(watch.id), ...personsLegs(watch)]);
  return [...ids].flatMap((id) => watch.channels.get(id) ?? []);
}

function hasRung(watch: Watch): boolean {
  if (watch.lastWord?.rang === true) return true;
  for (const id of personsLegs(watch)) if (watch.channels.get(id)?.ringing === true) return true;
  return false;
}

function isAnswered(watch: Watch): boolean {
  return watch.connected || watch.lastWord?.status === "ANSWER" || answeredAtMs(watch) < Infinity;
}

/** The earliest that anything told of the person's answer; Infinity when nothing did. */
function answeredAtMs(watch: Watch): number {
  const persons = personsLegs(watch);
  const upAtMs = (id: string): number => watch.channels.get(id)?.upAtMs ?? Infinity;
  return Math.min(
    watch.answeredAtMs,
    // The second half answers the first when the person does.
    watch.operatorFirst === false ? upAtMs(watch.id) : Infinity,
    ...[...persons].map(upAtMs),
    ...watch.dialEnds.flatMap(({ callee, status, atMs }) =>
      status === "answer" && persons.has(callee) ? [atMs] : [],
    ),
  );
}

/** An operator whose phone was answered is the one who dials. */
function operatorAnswered(watch: Watch): boolean {
  const own = watch.channels.get(watch.id);
  return (
    (own !== undefined && own.upAtMs < Infinity) ||
    watch.originateReason === 4 ||
    watch.lastWord !== null ||
    personsLegs(watch).size > 0
  );
}

const statusWords: readonly (readonly [DialStatus, string])[] = [
  ["answer", "ANSWER"],
  ["busy", "BUSY"],
  ["congestion", "CONGESTION"],
  ["unavailable", "CHANUNAVAIL"],
  ["noAnswer", "NOANSWER"],
  ["cancel", "CANCEL"],
];

/** DIALSTATUS as the dialling's own events tell it; Asterisk repeats DialEnd with a vaguer word, so the most definite counts. */
function dialStatusOf(watch: Watch, persons: ReadonlySet<string>): string {
  const told = new Set(
    watch.dialEnds.filter(({ callee }) => persons.has(callee)).map(({ status }) => status),
  );
  return statusWords.find(([status]) => told.has(status))?.[1] ?? "";
}

/** Whether a Q.850 cause says something of a call that was not answered. */
export function tells(cause: number): boolean {
  return ![0, 16, 26, 31, 127].includes(cause);
}

/**
 * The dialplan's last word, with what the SIP code adds to it:
 *
 * - Asterisk makes one cause, 21, of a person who declines (603) and of a trunk that refuses the caller (401, 403, 407). The latter is told
 *   as 57, "not authorized", which is what ISDN says of it (RFC 3398).
 * - A trunk that never said anything (`none`) is NOANSWER with cause 16 to Dial(). It is told as 102, "recovery on timer expiry".
 */
export function lastWordOf(status: string, cause: string, sip: string, ms: string): LastWord {
  const number = wholeOf(cause);
  const refused = number === 21 && /^(?:401|403|407)$/.test(sip);
  const silent = status === "NOANSWER" && sip === "none" && !tells(number);
  return {
    status: /^[A-Z]{1,20}$/.test(status) ? status : "",
    cause: refused ? 57 : silent ? 102 : number,
    rang: /^(?:180|183)$/.test(sip),
    answeredMs: wholeOf(ms),
  };
}

function wholeOf(text: string): number {
  return /^\d{1,9}$/.test(text) ? Number(text) : 0;
}

/** The evidence of nothing. */
export const noEvidence: CallEvidence = {
  originateReason: null,
  dialStatus: "",
  cause: 0,
  rang: false,
  answered: false,
  machine: false,
  connected: false,
  operatorAnswered: null,
  answeredForMs: null,
};
