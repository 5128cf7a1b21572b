/**
 * How busy operators are kept and how many people are abandoned for it: whole days, simulated with seeds, under five rules of pacing; and what one
 * decision costs. The product's rule starts each seed from nothing learned.
 */
import { NOTHING_LEARNED } from "../../server/campaigns/pacing/learn.ts";
import type { Learned, PacingState } from "../../server/campaigns/pacing/model.ts";
import { decideLines } from "../../server/campaigns/pacing/pace.ts";
import { MOST_SHARE, type Run, ruleFor } from "./pacing/days.ts";
import { type Players, startPlayers } from "./pacing/player.ts";
import { RING_LIMIT_MS, type DayResult } from "./pacing/shift.ts";
import type { Bench, Figure } from "./run.ts";

const TARGET_SHARE = 0.027;
/** Most of the changing day's loss against the usual one, in points. */
const MOST_LOSS = 1.5;

type Size = {
  readonly operators: number;
  readonly seeds: number;
  readonly days: number;
  readonly goal: number | null;
  /** Most days over the cap, as a share. */
  readonly daysOver: number | null;
};

const SIZES: readonly Size[] = [
  { operators: 5, seeds: 4, days: 10, goal: null, daysOver: null },
  { operators: 10, seeds: 8, days: 15, goal: 83.5, daysOver: 0.02 },
  { operators: 20, seeds: 6, days: 8, goal: 87.5, daysOver: 0 },
  { operators: 40, seeds: 5, days: 6, goal: 91, daysOver: 0 },
  { operators: 100, seeds: 4, days: 4, goal: 94.5, daysOver: 0 },
];

export const pacing: Bench = async ({ quick }) => {
  await using players = startPlayers();
  const figures: Figure[] = [];
  const sizes = quick ? SIZES.slice(1, 3).map((size) => ({ ...size, seeds: 2, days: 2 })) : SIZES;
  for (const size of sizes) figures.push(...(await compared(players, size)));
  figures.push(...decisionCosts());
  return figures;
};

async function compared(players: Players, size: Size): Promise<readonly Figure[]> {
  const { operators } = size;
  const few = { ...size, seeds: Math.min(2, size.seeds), days: Math.min(4, size.days) };
  const ratio = await tunedRatio(players, few);
  const figure = async (what: string, sized: Size, run: Partial<Run>) => {
    const summary = await played(players, sized, run);
    return { summary, figure: { what: `${operators} operators: ${what}`, ...said(summary) } };
  };
  const progressive = await figure("one line for each who is free", few, { pacer: "progressive" });
  const fixed = await figure(`${ratio.toFixed(2)} lines for each who is free, tuned by hand`, few, {
    pacer: "ratio",
    ratio,
  });
  const adaptive = await figure("level by the day's drop rate, an open dialer's defaults", few, {
    pacer: "adaptive",
  });
  const ours = await figure("ours, from nothing learned", size, { pacer: "ours" });
  const wrapUps = await figure("ours, a quarter is wrap-up and seen", few, {
    pacer: "ours",
    wrapUpPart: 0.25,
  });
  const changing = await figure("ours, answers and talks changing through the day", few, {
    pacer: "ours",
    changing: true,
  });
  const bound = await figure("bound: every talk's end known, steered to 3 %", few, {
    pacer: "bound",
    targetShare: MOST_SHARE,
  });
  const { goal, daysOver } = size;
  const loss = ours.summary.busy - changing.summary.busy;
  return [
    progressive.figure,
    fixed.figure,
    adaptive.figure,
    {
      ...ours.figure,
      ...(goal === null
        ? {}
        : {
            goal: `at least ${goal} %, no seed over 3 %`,
            met: ours.summary.busy >= goal && ours.summary.worstSeed <= MOST_SHARE,
          }),
    },
    ...(daysOver === null
      ? []
      : [
          {
            what: `${operators} operators: ours, days over 3 %`,
            value: (100 * ours.summary.daysOver) / ours.summary.days,
            unit: "% of days",
            beside: `${ours.summary.daysOver} of ${ours.summary.days}; the dialer's defaults ${adaptive.summary.daysOver} of ${adaptive.summary.days}`,
            goal: daysOver === 0 ? "none" : `at most ${100 * daysOver} %`,
            met: ours.summary.daysOver <= daysOver * ours.summary.days,
          },
        ]),
    wrapUps.figure,
    {
      ...changing.figure,
      goal: `at most ${MOST_LOSS} points less`,
      met: loss <= MOST_LOSS && changing.summary.worstSeed <= MOST_SHARE,
    },
    bound.figure,
  ];
}

type Summary = {
  /** Percent. */
  readonly busy: number;
  readonly leastBusySeed: number;
  /** Shares of live-answered calls. */
  readonly abandoned: number;
  readonly worstSeed: number;
  readonly worstDay: number;
  readonly daysOver: number;
  readonly days: number;
};

async function played(
  players: Players,
  { operators, seeds, days }: Size,
  more: Partial<Run>,
): Promise<Summary> {
  const runs = Array.from({ length: seeds }, (_, at) => ({
    pacer: "ours" as const,
    ratio: 1,
    operators,
    seed: at + 1,
    days,
    targetShare: TARGET_SHARE,
    changing: false,
    wrapUpPart: 0,
    ...more,
  }));
  const bySeed = await players.play(runs);
  const all = bySeed.flat();
  const dayShares = all.map((day) => lost([day]));
  return {
    busy: busy(all),
    leastBusySeed: Math.min(...bySeed.map(busy)),
    abandoned: lost(all),
    worstSeed: Math.max(...bySeed.map(lost)),
    worstDay: Math.max(...dayShares),
    daysOver: dayShares.filter((share) => share > MOST_SHARE).length,
    days: all.length,
  };
}

const busy = (days: readonly DayResult[]) =>
  (100 * days.reduce((sum, { busyShare }) => sum + busyShare, 0)) / days.length;

const lost = (days: readonly DayResult[]) =>
  days.reduce((sum, { abandoned }) => sum + abandoned, 0) /
  Math.max(
    1,
    days.reduce((sum, { answered }) => sum + answered, 0),
  );

function said(summary: Summary): Pick<Figure, "value" | "unit" | "beside"> {
  const percent = (share: number) => (100 * share).toFixed(2);
  return {
    value: summary.busy,
    unit: "% busy",
    beside:
      `abandoned ${percent(summary.abandoned)} %, worst seed ${percent(summary.worstSeed)}, worst day ${percent(summary.worstDay)}, ` +
      `over 3 % on ${summary.daysOver} of ${summary.days} days; least busy seed ${summary.leastBusySeed.toFixed(1)}`,
  };
}

/** The highest ratio, to a twentieth, that abandons at most 3 % in every seed of these very days: what no admin could know beforehand. */
async function tunedRatio(players: Players, size: Size): Promise<number> {
  let low = 20;
  let high = 160;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    const { worstSeed } = await played(players, size, { pacer: "ratio", ratio: middle / 20 });
    if (worstSeed <= MOST_SHARE) low = middle;
    else high = middle;
  }
  return low / 20;
}

/** At 100 operators with 60 lines ringing, as asked every second and whenever one of them is done. */
function decisionCosts(): readonly Figure[] {
  const nowMs = 1_800_000_000_000;
  const learned: Learned = {
    ...NOTHING_LEARNED,
    dials: 300,
    answers: 105,
    ringSeconds: Array.from({ length: 25 }, (_, s) => 30 * Math.exp(-(((s - 13) / 5) ** 2))),
    talk: { samples: 300, meanLog: Math.log(140_000), varianceLog: 0.5 },
  };
  const state: PacingState = {
    nowMs,
    mode: "predictive",
    rule: ruleFor(TARGET_SHARE),
    ringLimitMs: RING_LIMIT_MS,
    mostLinesPerOperator: 5,
    operators: Array.from({ length: 100 }, (_, at) => ({
      state: at < 4 ? ("free" as const) : ("talking" as const),
      sinceMs: nowMs - 1700 * at,
    })),
    ringing: Array.from({ length: 60 }, (_, at) => ({ sinceMs: nowMs - 400 * at, chance: null })),
    waiting: 0,
    linesFree: 1000,
    others: [],
    kept: 0,
    learned,
    window: { answered: 5000, abandoned: 120 },
  };
  const writtenUp = {
    ...learned,
    wrapUp: { samples: 300, meanLog: Math.log(20_000), varianceLog: 0.5 },
  };
  const plain = microseconds({ ...state, mode: "progressive" });
  return [
    {
      what: "one decision, 100 operators and 60 lines ringing",
      value: microseconds(state),
      unit: "µs",
      beside: `with wrap-ups learned ${microseconds({ ...state, learned: writtenUp }).toFixed(1)} µs, progressive ${plain.toFixed(1)} µs`,
    },
  ];
}

/** The middle of five rounds. */
function microseconds(state: PacingState): number {
  const rounds = Array.from({ length: 5 }, () => {
    const startedMs = performance.now();
    for (let time = 0; time < 4000; time += 1) decideLines(state);
    return (performance.now() - startedMs) / 4;
  });
  return rounds.toSorted((a, b) => a - b)[2]!;
}
