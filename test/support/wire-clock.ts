/**
 * A clock that stands still until a test moves it.
 */
import type { Clock } from "../../server/asterisk/clock.ts";

export type WireClock = Clock & {
  /** Moves time on and runs what falls due, in order of its time. */
  readonly advance: (ms: number) => void;
  /** Delays of the timers that are set now, shortest first. */
  readonly pending: () => number[];
};

/** A clock at an arbitrary moment; `random` gives the same number for ever unless told otherwise. */
export function wireClock(random: () => number = () => 0.5): WireClock {
  let nowMs = 1_763_800_000_000;
  const timers = new Set<{ readonly atMs: number; readonly run: () => void }>();
  const next = () => [...timers].toSorted((a, b) => a.atMs - b.atMs)[0];
  return {
    nowMs: () => nowMs,
    random,
    after: (delayMs, run) => {
      const timer = { atMs: nowMs + delayMs, run };
      timers.add(timer);
      return { cancel: () => void timers.delete(timer) };
    },
    advance: (ms) => {
      const untilMs = nowMs + ms;
      for (let due = next(); due && due.atMs <= untilMs; due = next()) {
        timers.delete(due);
        nowMs = Math.max(nowMs, due.atMs);
        due.run();
      }
      nowMs = untilMs;
    },
    pending: () => [...timers].map((timer) => timer.atMs - nowMs).toSorted((a, b) => a - b),
  };
}
