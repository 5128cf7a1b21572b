/**
 * The fewest moves that put the callers of a queue in the wanted order. Pure.
 *
 * All that Asterisk offers is a priority: whoever gets one is taken out of the line and put before the first who has a lower one
 * (AMI QueueChangePriorityCaller with Immediate). So a caller can only come to stand between two whose priorities differ, and
 * callers who just joined all have the same. Those who must be passed by nobody who comes behind them are raised then, each at most
 * once in their stay as long as the order holds, and far apart, so that there is room between them.
 *
 * Nobody is ever put below the newcomers' priority: were Callcard to end now, those who come later would stand before them.
 */

/** Somebody in line, as Asterisk has them. */
export type InLine = {
  readonly key: string;
  readonly priority: number;
  /** A phone rings for them: not moved, and where the others stand beside them does not matter. */
  readonly ringing: boolean;
};

/** One QueueChangePriorityCaller. */
export type PlannedMove = { readonly key: string; readonly priority: number };

/** What somebody who joins gets. */
const NEWCOMERS = 0;
/** The first who is raised; far from both ends of a 32-bit number. */
const MIDDLE = 2 ** 30;
const MOST = 2 ** 31 - 1;
/** Between two who are raised one after another: room for 16 halvings. */
const STEP = 2 ** 16;

/** The line after one move, by Asterisk's rule. */
export function moved(line: readonly InLine[], move: PlannedMove): readonly InLine[] {
  const caller = line.find(({ key }) => key === move.key);
  if (!caller) return line;
  const others = line.filter((one) => one !== caller);
  const lower = others.findIndex(({ priority }) => priority < move.priority);
  const at = lower < 0 ? others.length : lower;
  return [...others.slice(0, at), { ...caller, priority: move.priority }, ...others.slice(at)];
}

/**
 * The moves, in the order to make them, after which everybody for whom nothing rings stands as in `wanted` (all keys of `line`; who rings may be
 * among them or not). None when they already do. A line in falling order of priority, as Asterisk's own rules make it, is put right with the
 * fewest moves there are that move nobody twice; for another, such as priorities changed without Immediate leave behind, some more may be needed.
 *
 * Every state between two moves has nobody further from their place than before, so that it may end anywhere.
 */
export function planMoves(
  line: readonly InLine[],
  wanted: readonly string[],
): readonly PlannedMove[] {
  const rank = new Map(wanted.map((key, index) => [key, index]));
  if (inOrder(line, rank)) return [];
  const staying = whoStays(line, wanted, rank);
  return carriedOut(line, wanted, rank, staying) ?? raiseAll(line, wanted, rank);
}

function inOrder(line: readonly InLine[], rank: ReadonlyMap<string, number>): boolean {
  let last = -1;
  for (const { key, ringing } of line) {
    if (ringing) continue;
    const at = rank.get(key) ?? -1;
    if (at < last) return false;
    last = at;
  }
  return true;
}

/** One who may stay, reached over others who stay. */
type Stay = {
  /** Place in the line. */
  readonly at: number;
  /** Place among those who are to be put in order. */
  readonly rank: number;
  readonly count: number;
  /** Lowest priority of anybody who is not moved, up to here: whoever is put behind them needs one not above it. */
  readonly floor: number;
  readonly before: Stay | null;
};

/** The longest part of the line that may stay where it is, with room for the others between. */
function whoStays(
  line: readonly InLine[],
  wanted: readonly string[],
  rank: ReadonlyMap<string, number>,
): ReadonlySet<string> {
  const byKey = new Map(line.map((one) => [one.key, one]));
  const order = wanted.flatMap((key) => {
    const one = byKey.get(key);
    return one && !one.ringing ? [one] : [];
  });
  const place = new Map(order.map(({ key }, index) => [key, index]));
  const stays: Stay[] = [];
  let best: Stay | null = null;
  for (const [at, one] of line.entries()) {
    if (one.ringing || !rank.has(one.key)) continue;
    const own = place.get(one.key)!;
    let chosen = stayAfter(null, at, own, line, order);
    for (const before of stays) {
      if (before.rank >= own || before.count < (chosen?.count ?? 0)) continue;
      const stay = stayAfter(before, at, own, line, order);
      if (stay && isBetter(stay, chosen)) chosen = stay;
    }
    if (!chosen) continue;
    stays.push(chosen);
    if (isBetter(chosen, best) && hasRoom(chosen.floor, NEWCOMERS - 1, order, own + 1))
      best = chosen;
  }
  const keys = new Set<string>();
  for (let stay = best; stay; stay = stay.before) keys.add(line[stay.at]!.key);
  return keys;
}

function isBetter(one: Stay, other: Stay | null): boolean {
  return (
    !other || one.count > other.count || (one.count === other.count && one.floor > other.floor)
  );
}

/** Somebody staying next after `before`; null when those who belong between find no room. */
function stayAfter(
  before: Stay | null,
  at: number,
  rank: number,
  line: readonly InLine[],
  order: readonly InLine[],
): Stay | null {
  const lowest = lowestFixed(line, (before?.at ?? -1) + 1, at);
  const ceiling = before?.floor ?? MOST;
  if (!hasRoom(ceiling, lowest, order, (before?.rank ?? -1) + 1, rank)) return null;
  return { at, rank, count: (before?.count ?? 0) + 1, floor: Math.min(ceiling, lowest), before };
}

/** The lowest priority of whoever stays at `to`, and of those ringing between `from` and them: the first of those ends a search for lower ones. */
function lowestFixed(line: readonly InLine[], from: number, to: number): number {
  let lowest = line[to]!.priority;
  for (let between = from; between < to; between += 1) {
    const one = line[between]!;
    if (one.ringing && one.priority < lowest) lowest = one.priority;
  }
  return lowest;
}

/**
 * Whether those of `order` from `from` to before `to` can be given priorities of at most `most`, above `lowest` and not below the newcomers',
 * none rising and none what it was.
 */
function hasRoom(
  most: number,
  lowest: number,
  order: readonly InLine[],
  from: number,
  to = order.length,
): boolean {
  const above = Math.max(lowest, NEWCOMERS - 1);
  return (
    from >= to ||
    most - above > 2 * (to - from) ||
    (most > above && fromAbove(most, above, order.slice(from, to)) !== null)
  );
}

/** The highest such priorities; null when there are none. */
function fromAbove(
  most: number,
  above: number,
  callers: readonly InLine[],
): readonly number[] | null {
  let next = most;
  const priorities: number[] = [];
  for (const { priority } of callers) {
    if (next === priority) next -= 1;
    if (next <= above) return null;
    priorities.push(next);
  }
  return priorities;
}

/** Priorities for `callers` who come to stand in one gap, with room left between and beside them. */
function spread(most: number, above: number, callers: readonly InLine[]): readonly number[] | null {
  const count = callers.length;
  const down = (from: number) => callers.map((_, index) => from - index * STEP);
  let priorities: readonly number[];
  if (most === MOST && above <= NEWCOMERS && MIDDLE - count * STEP > above)
    priorities = down(MIDDLE);
  else if (most === MOST && above + count * STEP < MOST) priorities = down(above + count * STEP);
  // Next to the newcomers there will be many more to raise: as little as possible is used up.
  else if (above <= NEWCOMERS && most - count * STEP > above) priorities = down(most - STEP);
  else
    priorities = callers.map((_, index) => {
      const share = (count - index) / (count + 1);
      return Math.max(above + 1, above + Math.floor((most - above) * share));
    });
  let last = most;
  const given: number[] = [];
  for (const [index, { priority }] of callers.entries()) {
    let own = Math.min(last, priorities[index]!);
    // The same value again would send them behind their equals wherever they stand by then.
    if (own === priority) own -= 1;
    if (own <= above) return fromAbove(most, above, callers);
    given.push(own);
    last = own;
  }
  return given;
}

/** The moves that leave `staying` alone; null when somebody else in a wrong place stands in the way. */
function carriedOut(
  line: readonly InLine[],
  wanted: readonly string[],
  rank: ReadonlyMap<string, number>,
  staying: ReadonlySet<string>,
): readonly PlannedMove[] | null {
  const moves = targets(line, wanted, staying);
  // In falling order of priority nobody who is still to be moved can be in another's way.
  if (!moves || line.every(({ priority }, at) => at === 0 || priority <= line[at - 1]!.priority))
    return moves;
  const due = [...moves];
  const made: PlannedMove[] = [];
  const settled = new Set(staying);
  let now = line;
  while (due.length > 0) {
    const next = due.findIndex((move) => {
      const after = moved(now, move).filter(({ key }) => settled.has(key) || key === move.key);
      return inOrder(after, rank);
    });
    if (next < 0) return null;
    const [move] = due.splice(next, 1);
    now = moved(now, move!);
    settled.add(move!.key);
    made.push(move!);
  }
  return inOrder(now, rank) ? made : null;
}

/** What priority each who does not stay has to get; in the wanted order. */
function targets(
  line: readonly InLine[],
  wanted: readonly string[],
  staying: ReadonlySet<string>,
): readonly PlannedMove[] | null {
  const at = new Map(line.map(({ key }, index) => [key, index]));
  const moves: PlannedMove[] = [];
  let gap: InLine[] = [];
  let ceiling = MOST;
  let from = 0;
  const close = (lowest: number): boolean => {
    const priorities = spread(ceiling, Math.max(lowest, NEWCOMERS - 1), gap);
    if (!priorities) return gap.length === 0;
    for (const [index, { key }] of gap.entries()) moves.push({ key, priority: priorities[index]! });
    gap = [];
    return true;
  };
  for (const key of wanted) {
    const place = at.get(key);
    const one = place === undefined ? undefined : line[place];
    if (!one || place === undefined || one.ringing) continue;
    if (!staying.has(key)) {
      gap.push(one);
      continue;
    }
    const lowest = lowestFixed(line, from, place);
    if (gap.length > 0 && !close(lowest)) return null;
    ceiling = Math.min(ceiling, lowest);
    from = place + 1;
  }
  if (gap.length > 0 && !close(NEWCOMERS - 1)) return null;
  return moves;
}

/**
 * Puts one after another before everybody who is left, until those are in order by themselves. Always possible, unless somebody else gave out
 * priorities close to 2^31: nobody can be put before those.
 */
function raiseAll(
  line: readonly InLine[],
  wanted: readonly string[],
  rank: ReadonlyMap<string, number>,
): readonly PlannedMove[] {
  const callers = wanted.flatMap((key) => line.filter((one) => one.key === key && !one.ringing));
  const highest = Math.max(NEWCOMERS, ...line.map(({ priority }) => priority));
  const step = Math.max(1, Math.min(STEP, Math.floor((MOST - highest) / (callers.length + 1))));
  const made: PlannedMove[] = [];
  let now = line;
  for (const [index, { key }] of callers.entries()) {
    if (inOrder(now, rank)) break;
    const move = { key, priority: Math.min(MOST, highest + (callers.length - index) * step) };
    if (line.some((one) => one.key === key && one.priority === move.priority)) continue;
    made.push(move);
    now = moved(now, move);
  }
  return made;
}
