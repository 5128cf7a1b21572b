/**
 * A day at an office as the record would have it: named operators answer first come, first served, ring, talk, write up, have lunch and
 * call out. Written apart from the simulator, so that one can be held against the other.
 */
import type { Call } from "../../../server/calls/model.ts";
import { type Draws, drawsOf } from "../../../server/priority/simulation/random.ts";

export type Office = {
  readonly queue: string;
  readonly extensions: readonly string[];
  readonly startAtMs: number;
  readonly hours: number;
  readonly callersPerHour: number;
  readonly handlingSeconds: number;
  readonly patienceSeconds: number;
  readonly ringSeconds: number;
  readonly afterWorkSeconds: number;
  readonly seed: number;
  /** Number of the caller, for one who is known or calls again. */
  readonly numberOf?: (caller: number) => string;
};

type Operator = { readonly extension: string; freeAtMs: number; lunchAtMs: number };

const LUNCH_MS = 40 * 60_000;

/** Every call of the day, in order of their start. */
export function officeDay(office: Office): readonly Call[] {
  const draws = drawsOf(office.seed, "office");
  const endMs = office.startAtMs + office.hours * 3_600_000;
  const operators = office.extensions.map((extension, at): Operator => ({
    extension,
    freeAtMs: office.startAtMs,
    // One after the other, so that the office is short of people at noon.
    lunchAtMs: office.startAtMs + (office.hours * 3_600_000) / 3 + at * (LUNCH_MS / 2),
  }));
  const calls: Call[] = [];
  let atMs = office.startAtMs;
  for (let caller = 0; ; caller += 1) {
    atMs += draws.exponential(3_600_000 / office.callersPerHour);
    if (atMs >= endMs) return calls;
    calls.push(callOf(office, caller, Math.round(atMs), operators, draws));
  }
}

/** First come, first served: callers are dealt with in order of joining, each by whoever is free first. */
function callOf(
  office: Office,
  caller: number,
  joinedAtMs: number,
  operators: readonly Operator[],
  draws: Draws,
): Call {
  const handlingMs = draws.lognormal(office.handlingSeconds, 1) * 1000;
  const patienceMs = draws.exponential(office.patienceSeconds) * 1000;
  const ringMs = office.ringSeconds * 1000;
  for (const one of operators) {
    if (Math.max(one.freeAtMs, joinedAtMs) < one.lunchAtMs) continue;
    one.freeAtMs = Math.max(one.freeAtMs, one.lunchAtMs + LUNCH_MS);
    one.lunchAtMs = Infinity;
  }
  const operator = operators.reduce((a, b) => (b.freeAtMs < a.freeAtMs ? b : a));
  const ringAtMs = Math.max(joinedAtMs, operator.freeAtMs);
  const answeredAtMs = Math.round(ringAtMs + ringMs);
  const isLost = joinedAtMs + patienceMs < answeredAtMs;
  const leftAtMs = isLost ? Math.round(joinedAtMs + patienceMs) : answeredAtMs;
  const endedAtMs = isLost ? leftAtMs : Math.round(answeredAtMs + handlingMs);
  if (!isLost) operator.freeAtMs = endedAtMs + office.afterWorkSeconds * 1000;
  else if (leftAtMs > ringAtMs) operator.freeAtMs = leftAtMs;
  const id = `office-${office.queue}.${joinedAtMs}.${caller}`;
  return {
    id,
    pbx: "office",
    direction: "inbound",
    party: { number: office.numberOf?.(caller) ?? "", name: "" },
    dialled: "74951234567",
    fromExtension: "",
    startedAtMs: joinedAtMs,
    answeredAtMs: isLost ? null : answeredAtMs,
    endedAtMs,
    endedHow: isLost ? "abandoned" : "completed",
    state: "ended",
    visits: [
      {
        queue: office.queue,
        joinedAtMs,
        position: 1,
        leftAtMs,
        how: isLost ? "abandoned" : "answered",
      },
    ],
    rings: isLost
      ? []
      : [
          {
            id: `${id}.r`,
            extension: operator.extension,
            queue: office.queue,
            interface: `PJSIP/${operator.extension}`,
            startedAtMs: Math.round(ringAtMs),
            toldBy: "agentCalled",
            endedAtMs: answeredAtMs,
            outcome: "answered",
          },
        ],
    talks: isLost
      ? []
      : [
          {
            extension: operator.extension,
            ringId: `${id}.r`,
            queue: office.queue,
            startedAtMs: answeredAtMs,
            endedAtMs,
            heldMs: 0,
            onHoldSinceMs: null,
          },
        ],
    transfers: [],
    partyChannel: "",
    seenFromMiddle: false,
  };
}
