import { describe, expect, test } from "vitest";
import { createCallState, fold, size } from "../../server/calls/fold.ts";
import type { Call, CallFact, Talk } from "../../server/calls/model.ts";
import type { LiveCall } from "../../server/calls/state.ts";
import { expectSound, extensionPattern, folded } from "./facts.ts";
import { snapshotAfter } from "./pbx-model.ts";
import { type Timed, readTrace, startMs, traceNames } from "./traces.ts";

const traces = traceNames().map(readTrace);

type Stages = Pick<Call, "rings" | "talks" | "visits" | "transfers">;

/** What of a call was not over yet at an earlier moment; the rest is its early stages. */
function lateStages(final: Call, then: Call | undefined): Stages {
  const over = new Set(then?.rings.filter((ring) => ring.endedAtMs !== null).map(({ id }) => id));
  const begun = (talk: Talk) => `${talk.extension} ${talk.startedAtMs}`;
  const spoken = new Set(then?.talks.filter((talk) => talk.endedAtMs !== null).map(begun));
  return {
    rings: final.rings.filter((ring) => !over.has(ring.id)),
    talks: final.talks.filter((talk) => !spoken.has(begun(talk))),
    visits: final.visits.slice(then?.visits.filter((visit) => visit.leftAtMs !== null).length ?? 0),
    transfers: final.transfers.slice(then?.transfers.length ?? 0),
  };
}

/**
 * What no list can tell for the moment between two events of one happening: a phone that was given up and is still listed as ringing, a leg
 * between two bridges, a caller who left a queue and did nothing else yet, somebody who asked to hang up and is still there.
 */
function unclearIn(call: LiveCall | undefined) {
  const legs = [...(call?.legs ?? [])];
  const phones = legs.filter((leg) => leg.extension !== "" && !leg.local);
  const extensions = (some: typeof legs) => new Set(some.map((leg) => leg.extension));
  const over = (leg: (typeof legs)[number]) =>
    leg.ring !== null && leg.ring.value.endedAtMs !== null && !leg.answered;
  return {
    talks: new Set([
      ...extensions(
        phones.filter((leg) => leg.gone || (leg.answered && (leg.bridge?.legs.size ?? 0) < 2)),
      ),
      ...(call?.openTalks.filter((talk) => talk.apartSinceMs !== null) ?? []).map(
        (talk) => talk.value.extension,
      ),
    ]),
    rings: extensions(legs.filter((leg) => leg.hangupRequested !== null || over(leg))),
    leaving: call?.openVisits.some((visit) => visit.abandoned || visit.leftAtMs !== null) ?? false,
    asked: legs.some((leg) => leg.hangupRequested !== null),
  };
}

const lastOf = (facts: readonly CallFact[]) => {
  const last = new Map<string, Call>();
  for (const { call } of facts) last.set(call.id, call);
  return last;
};

/** Moments worth a look: after an input that may change a call. */
function cutsOf(inputs: readonly Timed[]): readonly number[] {
  const dull = new Set(["memberChanged", "deviceState", "channelIdentity"]);
  return inputs
    .flatMap(({ input }, index) => (dull.has(input.type) ? [] : [index + 1]))
    .slice(0, -1);
}

/** The snapshot of the moment after `inputs`. */
const snapshotInput = (inputs: readonly Timed[]): Timed => ({
  input: { type: "snapshot", snapshot: snapshotAfter(inputs) },
  atMs: inputs.at(-1)?.atMs ?? startMs,
});

describe("a snapshot that says nothing new changes nothing", () => {
  for (const trace of traces) {
    test(`at every moment of ${trace.name}`, () => {
      const usual = folded(trace.inputs).facts;
      const told = JSON.stringify(usual);
      for (const cut of cutsOf(trace.inputs)) {
        const seen = trace.inputs.slice(0, cut);
        const { facts, state } = folded([...seen, snapshotInput(seen), ...trace.inputs.slice(cut)]);
        // Compared as text first: there are many moments, and nearly all are the same.
        if (JSON.stringify(facts) !== told) expect(facts, `after input ${cut}`).toEqual(usual);
        expect(size(state)).toBe(0);
      }
    });
  }
});

describe("connected in the middle, the rest is told as if all had been seen", () => {
  for (const trace of traces) {
    test(`from every moment of ${trace.name}`, () => {
      const whole = folded(trace.inputs).facts;
      const finals = lastOf(whole);
      for (const cut of cutsOf(trace.inputs)) {
        const seen = trace.inputs.slice(0, cut);
        const thenState = createCallState("lab", extensionPattern);
        const before = seen.flatMap(({ input, atMs }) => fold(thenState, input, atMs));
        const then = lastOf(before);
        const { facts, state } = folded([snapshotInput(seen), ...trace.inputs.slice(cut)]);
        const where = `after input ${cut}: ${trace.inputs[cut - 1]?.input.type}`;
        expectSound(facts);
        expect(size(state), where).toBe(0);
        // Of two calls that have just become one, the lists still show two; the second only comes to its end.
        const told = lastOf(facts);
        const expected = [...finals.values()].filter((call) => !isOver(then.get(call.id)));
        let joining = false;
        for (const [id, call] of told) {
          if (!isOver(then.get(id))) continue;
          expect(call.endedHow === "merged" || call.talks.length === 0, where).toBe(true);
          told.delete(id);
          joining = true;
        }
        expect([...told.keys()].sort(), where).toEqual(expected.map((call) => call.id).sort());
        for (const final of expected) {
          const call = told.get(final.id)!;
          const live = thenState.calls.get(final.id);
          if (!live || live.origin !== null) {
            expect(call.party.number, where).toBe(final.party.number);
            expect(call.direction, where).toBe(final.direction);
            expect(call.fromExtension, where).toBe(final.fromExtension);
          }
          const unclear = unclearIn(live);
          const stages = (of: Stages) => ({
            rings: of.rings
              .filter((ring) => !unclear.rings.has(ring.extension) && !joining)
              .map((ring) => `${ring.extension} ${ring.outcome}`)
              .sort(),
            talks: of.talks
              .map((talk) => talk.extension)
              .filter((extension) => !unclear.talks.has(extension))
              .sort(),
            visits: unclear.leaving
              ? []
              : of.visits.map((visit) => `${visit.queue} ${unclear.asked ? "" : visit.how}`),
            transfers: of.transfers.map(({ kind, fromExtension, to }) => ({
              kind,
              fromExtension,
              to,
            })),
          });
          expect(stages(call), where).toEqual(stages(lateStages(final, then.get(final.id))));
        }
      }
    });
  }
});

function isOver(call: Call | undefined): boolean {
  return call !== undefined && call.endedAtMs !== null;
}
