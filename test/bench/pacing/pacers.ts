/** The rules that are compared. Each pacer is for one run of days: some remember. */
import { decideLines } from "../../../server/campaigns/pacing/pace.ts";
import { outlookOf } from "../../../server/campaigns/pacing/outlook.ts";
import { linesBorne } from "../../../server/campaigns/pacing/risk.ts";
import type { PacingState } from "../../../server/campaigns/pacing/model.ts";
import type { Pacer } from "./shift.ts";

/** The product's. */
export const ours = (): Pacer => ({ learns: true, lines: (state) => decideLines(state).lines });

/** The product's without a prediction. */
export const progressive = (): Pacer => ({
  learns: false,
  lines: (state) => decideLines({ ...state, mode: "progressive" }).lines,
});

/** So many lines for each operator who is free. */
export const fixedRatio = (ratio: number): Pacer => ({
  learns: false,
  lines: (state) =>
    Math.max(0, Math.floor(ratio * freeIn(state)) - state.ringing.length - state.waiting),
});

/**
 * As the widely used open dialer does with its defaults: a level of lines for each operator at work, looked at every 15 s. It grows by the share of
 * operators who were idle in the last minute, from 1 to 3, and is 1 while the day's share of abandoned calls is over 3 %.
 */
export function adaptiveLevel(): Pacer {
  let level = 1;
  let idle: number[] = [];
  let second = -1;
  return {
    learns: false,
    lines: (state) => {
      const now = Math.floor(state.nowMs / 1000);
      if (now < second) {
        level = 1;
        idle = [];
      }
      if (now !== second) {
        second = now;
        idle.push(freeIn(state) - state.waiting);
        if (idle.length > 60) idle.shift();
        if (now % 15 === 0) {
          const mean = idle.reduce((sum, count) => sum + count, 0) / idle.length;
          level *= 1 + mean / state.operators.length;
          const { answered, abandoned } = state.window;
          const over = answered > 0 && abandoned / answered > state.rule.mostShare;
          level = over ? 1 : Math.min(3, Math.max(1, level));
        }
      }
      const busy = state.operators.length - freeIn(state);
      return Math.max(
        0,
        Math.floor(level * state.operators.length) - busy - state.ringing.length - state.waiting,
      );
    },
  };
}

/** The product's rule if it were told when each operator will be done; steered to the cap itself. What nobody can know bounds what can be reached. */
export const allEndsKnown = (): Pacer => ({
  learns: true,
  lines: (state, ends) => {
    const outlook = outlookOf(state, ({ nowMs, operators, rule }, mean) => {
      for (let at = 0; at < operators.length; at += 1) {
        if (operators[at]!.state === "free") continue;
        const doneAt = Math.ceil((ends[at]! - nowMs - rule.connectWithinMs) / 1000 - 0.5);
        for (let second = Math.max(0, doneAt); second < mean.length; second += 1)
          mean[second]! += 1;
      }
    });
    const room =
      state.mostLinesPerOperator * state.operators.length - state.ringing.length - state.waiting;
    const { lines } = linesBorne(
      outlook,
      { perLine: state.learned.theta * outlook.chance, abandoned: Infinity, perAnswer: 0 },
      Math.max(0, Math.floor(room)),
    );
    return Math.max(lines, freeIn(state) - state.ringing.length - state.waiting);
  },
});

function freeIn({ operators }: PacingState): number {
  return operators.reduce((sum, { state }) => sum + (state === "free" ? 1 : 0), 0);
}
