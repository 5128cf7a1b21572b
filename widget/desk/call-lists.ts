import type { DeskCall } from "../../server/desk/protocol.ts";
import { callsOnLine } from "./selection.ts";

/** Finished calls that the start screen lists. */
const MOST_RECENT = 12;

/** Lists of calls, with what they were made from. */
export type CallLists = {
  readonly calls: readonly DeskCall[];
  readonly left: readonly DeskCall[];
  readonly line: readonly DeskCall[];
  readonly recent: readonly DeskCall[];
};

/**
 * The calls on the line, and those that are over and written up, newest first (what the server still lists and what it
 * listed before, `left`). The same arrays as in `known` while the calls are the same: most changes are numbers of waiting callers.
 */
export function callLists(
  calls: readonly DeskCall[],
  left: readonly DeskCall[],
  known: CallLists | null,
): CallLists {
  if (known?.calls === calls && known.left === left) return known;
  const line = callsOnLine(calls);
  const over = calls.filter((call) => !line.includes(call));
  const recent = [...over, ...left]
    .toSorted((a, b) => b.startedAtMs - a.startedAtMs)
    .slice(0, MOST_RECENT);
  return { calls, left, line, recent };
}
