/**
 * What the steward remembers of one queue: who waits since when, what plain order would have done, who was placed by hand, who rings.
 * Advanced in place and pure: no clock, no chance, no Asterisk.
 */
import type { LiveQueueView } from "../calls/live.ts";
import { type Gaps, UNSEEN_GAP_MS, createGaps, noteGap, upperGapMs } from "./gaps.ts";
import { type Guard, type Move, PLAIN, type Verdict, type Waiting, claimMs } from "./model.ts";
import { type History, type Placed, nextChangeMs, wantedOrder } from "./order.ts";
import {
  type PlainOrder,
  createPlainOrder,
  noteAnswered,
  noteJoined,
  noteLeft,
} from "./plain-order.ts";

/** A caller as the live model has them. */
export type LiveCaller = LiveQueueView["callers"][number];

/** Somebody who waits. */
export type Stay = {
  readonly channelId: string;
  callId: string;
  /** Since when they wait for this queue, as first known: a snapshot after a lost connection only tells whole seconds. */
  readonly joinedAtMs: number;
  readonly inLineSinceMs: number;
};

/** One queue. */
export type LineState = {
  readonly plain: PlainOrder;
  readonly gaps: Gaps;
  gapMs: number;
  /** By channel, in line as last seen. */
  stays: Map<string, Stay>;
  /** Out of the line, by call; how they left is not told yet. */
  readonly leaving: Map<string, string>;
  readonly byHand: Map<string, { position: number; readonly by: string }>;
  /** The joining taken in last: as told, and as remembered. */
  lastJoined: { readonly told: number; readonly given: number };
  /** Moves of those who wait, by channel, oldest first. */
  readonly moves: Map<string, Move[]>;
  /** Whom the policy, or a hand, let go of in a queue that is left alone: they go back, once, before whoever joined later. By channel. */
  givingBack: ReadonlySet<string>;
};

/** A queue nobody waits in. */
export function createLine(): LineState {
  return {
    plain: createPlainOrder(),
    gaps: createGaps(),
    gapMs: UNSEEN_GAP_MS,
    stays: new Map(),
    leaving: new Map(),
    byHand: new Map(),
    lastJoined: { told: -Infinity, given: -Infinity },
    moves: new Map(),
    givingBack: new Set(),
  };
}

/** Between two who joined at the same moment. */
const TIE_MS = 0.001;

/** At the same moment (a snapshot tells whole seconds) the older channel came first. */
function byJoining(a: LiveCaller, b: LiveCaller): number {
  return (
    a.joinedAtMs - b.joinedAtMs || a.channelId.localeCompare(b.channelId, "en", { numeric: true })
  );
}

/** Takes over who waits now. Returns who is new and who is not there any more. */
export function seen(
  line: LineState,
  callers: readonly LiveCaller[],
): { readonly joined: readonly Stay[]; readonly left: readonly Stay[] } {
  const before = line.stays;
  const joined: Stay[] = [];
  for (const caller of callers.filter(({ channelId }) => !before.has(channelId)).sort(byJoining)) {
    const { channelId, callId, inLineSinceMs } = caller;
    const { told, given } = line.lastJoined;
    // Joinings that were read at the same moment keep the order in which they were told.
    const joinedAtMs = caller.joinedAtMs === told ? given + TIE_MS : caller.joinedAtMs;
    line.lastJoined = { told: caller.joinedAtMs, given: joinedAtMs };
    joined.push({ channelId, callId, joinedAtMs, inLineSinceMs });
  }
  const fresh = new Map(joined.map((stay) => [stay.channelId, stay]));
  line.stays = new Map(
    callers.map(({ channelId, callId }) => {
      const known = before.get(channelId) ?? fresh.get(channelId)!;
      // Whose channel was not known at their joining.
      if (callId !== "") known.callId = callId;
      return [channelId, known];
    }),
  );
  for (const { channelId, joinedAtMs, inLineSinceMs } of joined)
    noteJoined(line.plain, channelId, joinedAtMs, inLineSinceMs);
  const left = [...before.values()].filter(({ channelId }) => !line.stays.has(channelId));
  for (const stay of left) forget(line, stay, [...before.keys()]);
  return { joined, left };
}

function forget(line: LineState, { channelId, callId }: Stay, order: readonly string[]): void {
  if (line.plain.waiting.has(channelId)) {
    if (callId === "") noteLeft(line.plain, channelId);
    else line.leaving.set(callId, channelId);
  }
  line.byHand.delete(channelId);
  line.moves.delete(channelId);
  const position = order.indexOf(channelId) + 1;
  // Whoever was put to the third place has two before them, and now one.
  for (const place of line.byHand.values())
    if (place.position > position) place.position = Math.max(1, place.position - 1);
}

/** A stay of a call here ended, and how. */
export function stayEnded(line: LineState, callId: string, answered: boolean, atMs: number): void {
  const channelId = line.leaving.get(callId) ?? channelOf(line, callId);
  if (channelId === undefined) return;
  line.leaving.delete(callId);
  if (!answered) {
    noteLeft(line.plain, channelId);
    return;
  }
  const answering = noteAnswered(line.plain, channelId, atMs);
  if (!answering) return;
  noteGap(line.gaps, answering.gapMs);
  line.gapMs = upperGapMs(line.gaps);
}

/** The channel on which a call waits here; undefined when it does not. */
export function channelOf(line: LineState, callId: string): string | undefined {
  for (const stay of line.stays.values()) if (stay.callId === callId) return stay.channelId;
  return undefined;
}

/** Puts somebody to a place by hand; whoever was put there before, or further back, moves on by one. 0 takes the place away. */
export function putByHand(line: LineState, channelId: string, position: number, by: string): void {
  line.byHand.delete(channelId);
  if (position < 1) {
    line.givingBack = new Set([...line.givingBack, channelId]);
    return;
  }
  for (const place of line.byHand.values()) if (place.position >= position) place.position += 1;
  line.byHand.set(channelId, { position: Math.min(position, line.stays.size), by });
}

/** What orders are computed from. */
export function historyOf(line: LineState): History {
  return {
    plain: line.plain,
    gapMs: line.gapMs,
    byHand: new Map([...line.byHand].map(([channelId, { position }]) => [channelId, position])),
  };
}

/** What places are given by. */
export type PlacingRule = {
  /** False: the policy leaves this queue alone, and only who was placed by hand has a place. */
  readonly ordered: boolean;
  readonly guard: Guard;
  /** How often claims are compared; 0 at every moment. */
  readonly overtakingMs: number;
  readonly verdictOf: (callId: string) => Verdict | null;
  readonly isRinging: (callId: string) => boolean;
};

/**
 * Where everybody should stand. Claims are compared as they were at the last whole `overtakingMs`, so that two that grow past one another
 * lead to one move now and then instead of one for every pair; the promises of the guard hold at the moment itself.
 */
export function placesOf(
  line: LineState,
  callers: readonly LiveCaller[],
  rule: PlacingRule,
  nowMs: number,
): readonly Placed[] {
  const { guard, isRinging, ordered, overtakingMs, verdictOf } = rule;
  const comparedAtMs = overtakingMs > 0 ? Math.floor(nowMs / overtakingMs) * overtakingMs : nowMs;
  const ranks = ordered ? new Map<string, number>() : ranksLeftAlone(line, callers);
  const real = new Map<string, Waiting>();
  const frozen = callers.map((caller): Waiting => {
    const verdict = verdictOf(caller.callId);
    const waiting: Waiting = {
      callId: caller.callId,
      channelId: caller.channelId,
      channelName: caller.channelName,
      joinedAtMs: line.stays.get(caller.channelId)?.joinedAtMs ?? caller.joinedAtMs,
      rate: verdict?.rate ?? PLAIN.rate,
      headStartMs: verdict?.headStartMs ?? 0,
      ringing: isRinging(caller.callId),
    };
    real.set(caller.channelId, waiting);
    const claim = ordered ? claimMs(waiting, comparedAtMs) : -ranks.get(caller.channelId)!;
    return { ...waiting, rate: 0, headStartMs: claim };
  });
  return wantedOrder(frozen, ordered ? guard : NO_GUARD, nowMs, historyOf(line)).map((placed) => {
    const caller = real.get(placed.caller.channelId)!;
    return { ...placed, caller, claimMs: claimMs(caller, nowMs) };
  });
}

/** When the places next change by time alone; Infinity for never. `places` are {@link placesOf}'s of the same moment. */
export function nextLookMs(
  line: LineState,
  places: readonly Placed[],
  { guard, ordered, overtakingMs }: PlacingRule,
  nowMs: number,
): number {
  if (!ordered) return Infinity;
  const history = historyOf(line);
  const frozen = places.map((placed) => ({ ...placed, caller: { ...placed.caller, rate: 0 } }));
  const promisedMs = nextChangeMs(frozen, guard, nowMs, history);
  const claimedMs = nextChangeMs(places, NO_GUARD, nowMs);
  const stepMs = Math.max(1, overtakingMs);
  return Math.min(promisedMs, Math.ceil(Math.max(claimedMs, nowMs + 1) / stepMs) * stepMs);
}

/** In a queue the policy leaves alone everybody stays behind whom they are behind, but for who is being given back. */
function ranksLeftAlone(
  { givingBack, stays }: LineState,
  callers: readonly LiveCaller[],
): ReadonlyMap<string, number> {
  const since = ({ channelId, joinedAtMs }: LiveCaller): number =>
    stays.get(channelId)?.joinedAtMs ?? joinedAtMs;
  const order = callers.filter(({ channelId }) => !givingBack.has(channelId));
  const back = callers.filter(({ channelId }) => givingBack.has(channelId));
  for (const caller of back.sort((a, b) => since(a) - since(b))) {
    const at = order.findIndex((other) => since(other) > since(caller));
    order.splice(at < 0 ? order.length : at, 0, caller);
  }
  return new Map(order.map(({ channelId }, at) => [channelId, at]));
}

const NO_GUARD: Guard = { mostExtraWaitSeconds: null, neverPassedAfterSeconds: null };
