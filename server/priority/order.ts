/**
 * In which order the people who wait in one queue should be answered: by their claim (`claimMs`), within the promises of the guard.
 *
 * Pure. Sorting takes O(n log n) and filling the line at most O(n x places nobody may give up), well under a millisecond for 100 callers;
 * {@link pickNext} finds only the first of the line in O(n), for who plays days of calls.
 */
import { type Guard, type Waiting, claimMs } from "./model.ts";
import { type PlainOrder, latestPlaces } from "./plain-order.ts";

/** What the order needs to know beyond who waits. */
export type History = {
  /** What plain order would have done, keyed by `channelId`; null when nothing is known, then `mostExtraWaitSeconds` cannot bind. */
  readonly plain: PlainOrder | null;
  /** Longest expected time from one answering to the next while somebody waits: an observed upper quantile. */
  readonly gapMs: number;
  /** Places given by hand, by `channelId`, 1 is next. */
  readonly byHand: ReadonlyMap<string, number>;
};

/** Nothing happened yet and nobody was moved by hand. */
export const NO_HISTORY: History = { plain: null, gapMs: 0, byHand: new Map() };

/** Where somebody should stand, and why. */
export type Placed = {
  readonly caller: Waiting;
  /** 1 is next. */
  readonly position: number;
  readonly claimMs: number;
  /**
   * The promise that holds their place against a greater claim of a later joiner: `passed` (waited so long that nobody passes them any more),
   * `extra` (would wait too long beyond plain order); "" when their claim alone does.
   */
  readonly guard: "" | "passed" | "extra";
  /** Stands where a person put them. */
  readonly byHand: boolean;
};

/** Somebody who wants a place, with what decides it. */
type Candidate = {
  readonly caller: Waiting;
  /** Rank by joining; whoever came at the same moment keeps the order of the line. */
  readonly arrival: number;
  readonly claim: number;
  readonly veteran: boolean;
  /** Last place that keeps the promise of `mostExtraWaitSeconds`. */
  readonly latest: number;
};

/**
 * The order in which `callers` (as they stand in line now) should be answered.
 *
 * - A greater claim comes first; equal claims by joining.
 * - Who rings keeps the place they have; who was placed by hand has that place, or the nearest one behind that is free.
 * - `neverPassedAfterSeconds`: who has waited as long comes before every later joiner, whatever their claims. Always kept, except
 *   against callers placed by hand or ringing.
 * - `mostExtraWaitSeconds`: everybody is answered at most as much later than plain order would have answered them. Kept for every history
 *   in which (1) the line is answered from its first place on, put in this order before every answering, (2) `history.plain` was told
 *   everything, (3) no gap between two answerings with somebody waiting was longer than the `history.gapMs` of that time, which never
 *   grew, and (4) nobody was placed by hand. A promise shorter than one gap therefore means plain order. Where gaps turn out longer,
 *   those who are late come first, by joining, which keeps the worst lateness smallest.
 */
export function wantedOrder(
  callers: readonly Waiting[],
  guard: Guard,
  nowMs: number,
  history: History = NO_HISTORY,
): readonly Placed[] {
  const slots: (Placed | undefined)[] = callers.map((caller, index) =>
    caller.ringing
      ? { caller, position: index + 1, claimMs: claimMs(caller, nowMs), guard: "", byHand: false }
      : undefined,
  );
  placeByHand(slots, callers, nowMs, history.byHand);
  const free = slots.flatMap((slot, index) => (slot === undefined ? [index + 1] : []));
  if (free.length > 0) {
    const taken = new Set(slots.flatMap((slot) => (slot ? [slot.caller.channelId] : [])));
    const others = callers.filter((caller) => !taken.has(caller.channelId));
    for (const placed of fill(others, free, guard, nowMs, history))
      slots[placed.position - 1] = placed;
  }
  return slots as Placed[];
}

/**
 * The place in `callers` (all who wait, by joining; nobody rings, nobody was placed by hand) of whom {@link wantedOrder} puts first; -1 when
 * nobody waits. Answering whom it names at every answering keeps the guard's promises as told there.
 */
export function pickNext(
  callers: readonly Waiting[],
  guard: Guard,
  nowMs: number,
  history: Pick<History, "plain" | "gapMs">,
): number {
  const first = callers[0];
  if (!first) return -1;
  if (isVeteran(first, guard, nowMs)) return 0;
  let best = 0;
  let bestClaim = claimMs(first, nowMs);
  for (let index = 1; index < callers.length; index += 1) {
    const claim = claimMs(callers[index]!, nowMs);
    if (claim > bestClaim) [best, bestClaim] = [index, claim];
  }
  const { plain } = history;
  if (best === 0 || plain === null || guard.mostExtraWaitSeconds === null) return best;
  // Only those who joined before the greatest claim could be passed by it.
  const extraMs = guard.mostExtraWaitSeconds * 1000;
  const places = latestPlaces(plain, extraMs, history.gapMs, nowMs, best);
  const urgent = places.findIndex(({ place }, index) => place <= index + 1);
  if (urgent < 0) return best;
  // Who would be late even in plain order: nothing is left to choose.
  if (places[urgent]!.place < urgent + 1) return 0;
  return greatestUpTo(callers, urgent, nowMs);
}

function greatestUpTo(callers: readonly Waiting[], last: number, nowMs: number): number {
  let best = 0;
  for (let index = 1; index <= last; index += 1) {
    if (claimMs(callers[index]!, nowMs) > claimMs(callers[best]!, nowMs)) best = index;
  }
  return best;
}

/**
 * When the order next changes although nobody joins, leaves or is answered: a claim overtakes another, somebody has waited so long that nobody
 * passes them any more, or an answering is overdue. Infinity for never. `placed` is {@link wantedOrder}'s of the same moment.
 */
export function nextChangeMs(
  placed: readonly Placed[],
  guard: Guard,
  nowMs: number,
  history: History = NO_HISTORY,
): number {
  let soonest = Infinity;
  const waiting = placed.filter(({ caller, byHand }) => !caller.ringing && !byHand);
  const byClaim = waiting.toSorted((a, b) => b.claimMs - a.claimMs);
  for (const [index, ahead] of byClaim.entries()) {
    const behind = byClaim[index + 1];
    if (behind)
      soonest = Math.min(
        soonest,
        overtakesAtMs(ahead.caller, behind.caller, nowMs) ?? Infinity,
        overtakesAtMs(behind.caller, ahead.caller, nowMs) ?? Infinity,
      );
    if (guard.neverPassedAfterSeconds !== null) {
      const atMs = ahead.caller.joinedAtMs + guard.neverPassedAfterSeconds * 1000;
      if (atMs > nowMs) soonest = Math.min(soonest, atMs);
    }
  }
  const { plain } = history;
  if (plain === null || guard.mostExtraWaitSeconds === null) return soonest;
  const gap = Math.max(1, history.gapMs);
  for (const { caller, position } of waiting) {
    const owedMs = plain.waiting.get(caller.channelId)?.owedSinceMs ?? null;
    if (owedMs === null) continue;
    // From here on an overdue answering takes away the place they have.
    const atMs = owedMs + guard.mostExtraWaitSeconds * 1000 - (position - 1) * gap;
    if (atMs > nowMs) soonest = Math.min(soonest, atMs + 1);
  }
  return soonest;
}

/** When `behind`, whose claim is not greater now, has the greater claim; null for never. */
export function overtakesAtMs(behind: Waiting, ahead: Waiting, nowMs: number): number | null {
  const lead = claimMs(ahead, nowMs) - claimMs(behind, nowMs);
  const gain = behind.rate - ahead.rate;
  if (lead < 0 || gain <= 0) return null;
  // At the very moment the claims are equal and joining decides; one millisecond later they are not.
  return Math.floor(nowMs + lead / gain) + 1;
}

function isVeteran(caller: Waiting, guard: Guard, nowMs: number): boolean {
  const seconds = guard.neverPassedAfterSeconds;
  return seconds !== null && nowMs - caller.joinedAtMs >= seconds * 1000;
}

function placeByHand(
  slots: (Placed | undefined)[],
  callers: readonly Waiting[],
  nowMs: number,
  byHand: ReadonlyMap<string, number>,
): void {
  const wanted = callers
    .flatMap((caller) => {
      const place = caller.ringing ? undefined : byHand.get(caller.channelId);
      return place === undefined ? [] : [{ caller, place }];
    })
    .sort((a, b) => a.place - b.place);
  for (const { caller, place } of wanted) {
    let at = Math.min(Math.max(1, Math.trunc(place)), slots.length) - 1;
    while (at < slots.length && slots[at] !== undefined) at += 1;
    if (at === slots.length) at = slots.lastIndexOf(undefined);
    slots[at] = {
      caller,
      position: at + 1,
      claimMs: claimMs(caller, nowMs),
      guard: "",
      byHand: true,
    };
  }
}

/**
 * Fills the free places. For each in turn the greatest claim is taken among those who may be: if everybody else follows by joining, nobody
 * stands behind their latest place. That is everybody up to the first who, by joining, has no place to spare.
 */
function fill(
  callers: readonly Waiting[],
  free: readonly number[],
  guard: Guard,
  nowMs: number,
  history: History,
): readonly Placed[] {
  const latest = latestOf(guard, nowMs, history);
  const byArrival = callers
    .toSorted((a, b) => a.joinedAtMs - b.joinedAtMs)
    .map((caller, arrival): Candidate => ({
      caller,
      arrival,
      claim: claimMs(caller, nowMs),
      veteran: isVeteran(caller, guard, nowMs),
      latest: latest?.get(caller.channelId) ?? Infinity,
    }));
  const bounded = byArrival.some((candidate) => candidate.latest < free[free.length - 1]!);
  const byClaim = byArrival.toSorted((a, b) => b.claim - a.claim || a.arrival - b.arrival);
  const done = new Set<Candidate>();
  const heldExtra = new Set<Candidate>();
  const line: { readonly candidate: Candidate; readonly held: boolean }[] = [];
  let first = 0;
  let greatest = 0;
  for (const [turn] of free.entries()) {
    while (done.has(byArrival[first]!)) first += 1;
    while (done.has(byClaim[greatest]!)) greatest += 1;
    const earliest = byArrival[first]!;
    let chosen = byClaim[greatest]!;
    if (earliest.veteran) {
      line.push({ candidate: earliest, held: chosen !== earliest });
      done.add(earliest);
      continue;
    }
    if (bounded && chosen !== earliest) {
      const urgent = firstUrgent(byArrival, first, done, free, turn);
      if (urgent && chosen.arrival > urgent.candidate.arrival) {
        heldExtra.add(urgent.candidate);
        chosen = urgent.late
          ? earliest
          : byClaim.find((one) => one.arrival <= urgent.candidate.arrival && !done.has(one))!;
      } else if (urgent?.late) chosen = earliest;
    }
    line.push({ candidate: chosen, held: false });
    done.add(chosen);
  }
  return line.map(({ candidate, held }, index) => ({
    caller: candidate.caller,
    position: free[index]!,
    claimMs: candidate.claim,
    guard: held ? "passed" : heldExtra.has(candidate) ? "extra" : "",
    byHand: false,
  }));
}

/** The first, by joining, who would stand at (or, `late`, already behind) their latest place if everybody left followed by joining. */
function firstUrgent(
  byArrival: readonly Candidate[],
  first: number,
  done: ReadonlySet<Candidate>,
  free: readonly number[],
  turn: number,
): { readonly candidate: Candidate; readonly late: boolean } | null {
  let at = turn;
  for (let index = first; index < byArrival.length; index += 1) {
    const candidate = byArrival[index]!;
    if (done.has(candidate)) continue;
    const next = free[at + 1] ?? Infinity;
    // One place further back would be too far.
    if (candidate.latest < next) return { candidate, late: candidate.latest < free[at]! };
    at += 1;
  }
  return null;
}

function latestOf(
  guard: Guard,
  nowMs: number,
  { plain, gapMs }: History,
): ReadonlyMap<string, number> | null {
  if (plain === null || guard.mostExtraWaitSeconds === null) return null;
  const places = latestPlaces(plain, guard.mostExtraWaitSeconds * 1000, gapMs, nowMs);
  return new Map(places.map(({ key, place }) => [key, place]));
}
