/**
 * What the fold remembers of one PBX: legs, bridges and the calls they make up.
 *
 * The state is a value owned by whoever folds, advanced in place: a busy PBX gives tens of thousands of events a second, and
 * copying maps for each would cost more than everything else. Nothing of it is handed out; calls and facts are immutable values
 * built anew ({@link view}). It holds no clock, no handle and no closure, so the same inputs always make the same state.
 */
import type { ChannelInfo, ChannelState } from "../asterisk/model.ts";
import type { PreferredWish } from "../asterisk/preferred-queue.ts";
import type {
  Call,
  CallEndedHow,
  CallFact,
  Direction,
  Party,
  QueueVisit,
  Ring,
  RingOutcome,
  Talk,
  Transfer,
} from "./model.ts";

/** One channel that lives, with what the fold needs to judge its next event. */
export type Leg = {
  readonly id: string;
  readonly name: string;
  /** Of the phone, or of the interface a Local channel was made from; "" for the outside. */
  readonly extension: string;
  /** Half of a Local channel: a pipe to another leg, not a person. */
  readonly local: boolean;
  call: LiveCall;
  linkedId: string;
  state: ChannelState;
  callerNumber: string;
  callerName: string;
  exten: string;
  bridge: Bridge | null;
  /** Who last shared a bridge with it; may have hung up since. */
  company: Leg | null;
  /** The other half of a Local channel while it lives. */
  other: Leg | null;
  /** Who dialled it, when told. */
  dialler: Leg | null;
  /** On both halves of a Local channel: a phone was dialled from it, so the pipe itself is not the one who answers. */
  dialsPhones: boolean;
  /** On both halves of a Local channel: the leg that answered behind it. */
  behind: Leg | null;
  /** The ring it took part in, kept after the ring's end: a leg rings once in its life. */
  ring: LiveRing | null;
  /** Its phone has truly rung (Newstate Ringing). */
  alerted: boolean;
  answered: boolean;
  /** When an event last told of it. */
  heardAtMs: number;
  /** AgentConnect told of it. */
  served: boolean;
  /** Its far end asked to hang up, with this Q.850 cause (0 for none told); null until then. */
  hangupRequested: number | null;
  /** It handed its call to somebody else, or hung up: it talks no more, wherever it still is. */
  gone: boolean;
  /** For what it will join the queue of preferred operators next; null when nothing was said. */
  wish: PreferredWish | null;
};

export type Bridge = { readonly id: string; type: string; readonly legs: Set<Leg> };

/** A ring while it is going on, and what is known of it afterwards. */
export type LiveRing = {
  value: Ring;
  readonly legs: Set<Leg>;
  /** What a leg of it said first; a later vaguer word does not overrule it. */
  hint: RingOutcome | null;
  /** Number of the input that started it. */
  readonly startedSeq: number;
};

export type LiveTalk = {
  value: Talk;
  /** It was seen bridged with somebody; before that, AgentConnect alone told of it. */
  connected: boolean;
  /** Since when its leg is out of any conversation; the end, if it does not come back. */
  apartSinceMs: number | null;
};

export type LiveVisit = {
  value: QueueVisit;
  readonly leg: Leg;
  /** As Asterisk's events call the queue. */
  readonly asteriskQueue: string;
  /** A member answered this caller. */
  answered: boolean;
  /** QueueCallerAbandon was seen. */
  abandoned: boolean;
  /** QueueCallerLeave was seen; how it left is not decided yet (see visits.ts). */
  leftAtMs: number | null;
};

/** A call while it lives. The arrays are values: they are replaced, never changed. */
export type LiveCall = {
  readonly id: string;
  /** The leg it began with; null once that hung up. */
  origin: Leg | null;
  /** Begun by Callcard or another AMI client rather than by a phone. */
  originated: boolean;
  /** The outside party's leg; null for internal calls and once it hung up. */
  partyLeg: Leg | null;
  partyGone: boolean;
  direction: Direction;
  party: Party;
  dialled: string;
  fromExtension: string;
  readonly startedAtMs: number;
  answeredAtMs: number | null;
  endedAtMs: number | null;
  endedHow: CallEndedHow | null;
  readonly seenFromMiddle: boolean;
  visits: readonly QueueVisit[];
  rings: readonly Ring[];
  talks: readonly Talk[];
  transfers: readonly Transfer[];
  openVisits: LiveVisit[];
  openRings: LiveRing[];
  openTalks: LiveTalk[];
  readonly legs: Set<Leg>;
  readonly linkedIds: Set<string>;
  /** Number of the input at which a dialled leg of it last answered; 0 for never. */
  answeredSeq: number;
};

/** A set that forgets by itself: what was not added for one to two lifetimes (30 s) is gone. */
export type Fading = { young: Set<string>; old: Set<string>; turnedAtMs: number };

export type CallState = {
  readonly pbx: string;
  readonly extensionPattern: RegExp;
  readonly legs: Map<string, Leg>;
  readonly bridges: Map<string, Bridge>;
  readonly calls: Map<string, LiveCall>;
  /** Every Linkedid a live call was seen with. */
  readonly linked: Map<string, LiveCall>;
  /** Local channels by the part of the name both halves share; one living half. */
  readonly locals: Map<string, Leg>;
  /** Calls with a visit whose way out is not decided. */
  readonly undecided: Set<LiveCall>;
  /** Whether this PBX tells who asked for a hang-up (HangupRequest); without it hang-ups are judged by time. */
  tellsHangupRequests: boolean;
  /** Members of each queue that could take a call, for telling an empty queue from an impatient one. */
  readonly usable: Map<string, Map<string, boolean>>;
  /** Channels that hung up lately, so that a late event does not raise them from the dead. */
  readonly dead: Fading;
  /** Names of calls that ended lately: a straggler's own call gets another name. */
  readonly ended: Fading;
  /** Events the fold could not place, by kind. */
  readonly unplaced: Map<string, number>;
  seq: number;
  atMs: number;
  facts: CallFact[];
};

/** An empty state. `extensionPattern` tells which whole device names are operators' extensions. */
export function createCallState(pbx: string, extensionPattern: RegExp): CallState {
  return {
    pbx,
    // A global or sticky pattern would remember where it stopped and give two answers to one question.
    extensionPattern: new RegExp(
      extensionPattern.source,
      extensionPattern.flags.replace(/[gy]/g, ""),
    ),
    legs: new Map(),
    bridges: new Map(),
    calls: new Map(),
    linked: new Map(),
    locals: new Map(),
    undecided: new Set(),
    tellsHangupRequests: false,
    usable: new Map(),
    dead: { young: new Set(), old: new Set(), turnedAtMs: 0 },
    ended: { young: new Set(), old: new Set(), turnedAtMs: 0 },
    unplaced: new Map(),
    seq: 0,
    atMs: 0,
    facts: [],
  };
}

/** How much of calls is remembered: 0 when no call lives. What fades by itself and the members of queues are not counted. */
export function size(state: CallState): number {
  return (
    state.legs.size +
    state.bridges.size +
    state.calls.size +
    state.linked.size +
    state.locals.size +
    state.undecided.size
  );
}

const nothing: readonly CallFact[] = [];

/** Begins one step: everything that happens in it happens at `atMs`. */
export function begin(state: CallState, atMs: number): void {
  state.seq += 1;
  if (Number.isFinite(atMs)) state.atMs = atMs;
}

/** Ends one step: the facts it made, as a value. */
export function taken(state: CallState): readonly CallFact[] {
  if (state.facts.length === 0) return nothing;
  const { facts } = state;
  state.facts = [];
  return facts;
}

/** Counts an event that belongs to nothing known. */
export function unplaced(state: CallState, kind: string): void {
  state.unplaced.set(kind, (state.unplaced.get(kind) ?? 0) + 1);
}

const fadingLifeMs = 30_000;
const fadingLimit = 16_384;

/** Adds to a fading set. */
export function remember(fading: Fading, id: string, atMs: number): void {
  const ageMs = Math.abs(atMs - fading.turnedAtMs);
  if (ageMs > fadingLifeMs || fading.young.size >= fadingLimit) {
    fading.old = ageMs > 2 * fadingLifeMs ? new Set() : fading.young;
    fading.young = new Set();
    fading.turnedAtMs = atMs;
  }
  fading.young.add(id);
}

/** True for what was added lately. */
export function remembers(fading: Fading, id: string, atMs: number): boolean {
  if (Math.abs(atMs - fading.turnedAtMs) > 2 * fadingLifeMs) return false;
  return fading.young.has(id) || fading.old.has(id);
}

/** A fact without what {@link emit} adds. */
type FactBody = CallFact extends infer Fact
  ? Fact extends CallFact
    ? Omit<Fact, "atMs" | "call">
    : never
  : never;

/** Adds a fact, with the call as it is now. */
export function emit(state: CallState, call: LiveCall, fact: FactBody): void {
  state.facts.push({ ...fact, atMs: state.atMs, call: view(state.pbx, call) });
}

/** The call as everybody else may see it. */
export function view(pbx: string, call: LiveCall): Call {
  return {
    id: call.id,
    pbx,
    direction: call.direction,
    party: call.party,
    dialled: call.dialled,
    fromExtension: call.fromExtension,
    startedAtMs: call.startedAtMs,
    answeredAtMs: call.answeredAtMs,
    endedAtMs: call.endedAtMs,
    endedHow: call.endedHow,
    state: stage(call),
    visits: call.visits,
    rings: call.rings,
    talks: call.talks,
    transfers: call.transfers,
    partyChannel:
      call.partyLeg?.name ?? (call.direction === "internal" ? (call.origin?.name ?? "") : ""),
    seenFromMiddle: call.seenFromMiddle,
  };
}

function stage(call: LiveCall): Call["state"] {
  if (call.endedAtMs !== null) return "ended";
  if (call.openTalks.length > 0) {
    return call.openTalks.every((talk) => talk.value.onHoldSinceMs !== null) ? "onHold" : "talking";
  }
  if (call.openRings.length > 0) return "ringing";
  return call.openVisits.some((visit) => visit.leftAtMs === null) ? "waiting" : "new";
}

/** `list` with `old` replaced by `fresh`. */
export function replaced<T>(list: readonly T[], old: T, fresh: T): readonly T[] {
  return list.map((item) => (item === old ? fresh : item));
}

/** An exten that somebody dialled, not one of the dialplan's own words. */
export function isDialled(exten: string): boolean {
  return exten.length > 1 || (exten >= "0" && exten <= "9");
}

/** True for the channels Asterisk makes for its own use: nobody is at their end. */
export function isHelper(channel: ChannelInfo): boolean {
  return helper.test(channel.name);
}

const helper =
  /^(?:AsyncGoto|Surrogate|OutgoingSpoolFailed|Message|Snoop|Recorder|Announcer|CBAnn|CBRec|ConfBridgeRecorder|Bridge)\//;
