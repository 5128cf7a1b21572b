import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { PbxInput } from "../../server/asterisk/model.ts";
import { fold, size } from "../../server/calls/fold.ts";
import type { CallFact } from "../../server/calls/model.ts";
import { expectSound, folded } from "./facts.ts";
import { channelsIn } from "./pbx-model.ts";
import { type Timed, outcomesOf, readTrace, traceNames } from "./traces.ts";

const traces = traceNames().map(readTrace);
const anyTrace = fc.constantFrom(...traces);

/** What became of every call, in an order that does not depend on which of two calls was heard of first. */
const ends = (facts: readonly CallFact[]) =>
  outcomesOf(facts)
    .map((outcome) =>
      JSON.stringify({ ...outcome, rings: outcome.rings.map((r) => JSON.stringify(r)).sort() }),
    )
    .sort();

/** {@link ends} of each trace as it was recorded. */
const usualEnds = new Map(traces.map(({ name, inputs }) => [name, ends(folded(inputs).facts)]));

describe("events told twice", () => {
  test("change nothing when the second comes right behind the first", () => {
    for (const { name, inputs } of traces) {
      const twice = inputs.flatMap((timed) => [timed, timed]);
      const { facts, state } = folded(twice);
      expect(facts, name).toEqual(folded(inputs).facts);
      expect(size(state)).toBe(0);
    }
  });

  /** States that come and go: the same words later would be news (a channel enters a bridge again, a caller joins again). */
  const comesAndGoes: ReadonlySet<PbxInput["type"]> = new Set([
    "bridgeEntered",
    "bridgeLeft",
    "queueJoined",
    "queueLeft",
    "queueAbandoned",
    "held",
    "resumed",
    "channelState",
    "channelIdentity",
    "memberChanged",
    "snapshot",
  ]);

  test("change nothing however late the second comes", () => {
    fc.assert(
      fc.property(
        anyTrace,
        fc.array(fc.tuple(fc.nat(), fc.nat(200)), { minLength: 1, maxLength: 20 }),
        ({ name, inputs }, repeats) => {
          const late: Timed[] = [...inputs];
          for (const [pick, distance] of repeats) {
            const index = pick % late.length;
            const timed = late[index]!;
            if (comesAndGoes.has(timed.input.type)) continue;
            const at = Math.min(late.length, index + 1 + distance);
            late.splice(at, 0, { ...timed, atMs: late[at - 1]!.atMs });
          }
          const { facts, state } = folded(late);
          expectSound(facts);
          expect(ends(facts)).toEqual(usualEnds.get(name));
          expect(size(state)).toBe(0);
        },
      ),
      { numRuns: 1000 },
    );
  });
});

describe("events in another order that Asterisk may choose", () => {
  const isOf = (input: PbxInput, ...types: readonly PbxInput["type"][]) =>
    types.includes(input.type);
  const ringing: readonly PbxInput["type"][] = ["agentCalled", "dialBegan", "channelState"];

  /** Which order Asterisk does not promise. */
  function mayComeFirst(later: PbxInput, earlier: PbxInput): boolean {
    const either = (a: readonly PbxInput["type"][], b: readonly PbxInput["type"][]) =>
      (isOf(later, ...a) && isOf(earlier, ...b)) || (isOf(later, ...b) && isOf(earlier, ...a));
    // Who tells of a ringing phone (2.3). A phone does not ring before it is dialled on its own channel only.
    if (isOf(later, ...ringing) && isOf(earlier, ...ringing) && later.type !== earlier.type)
      return !isUp(later) && !isUp(earlier);
    // OriginateResponse goes past stasis (2.7).
    if (isOf(later, "originateEnded") || isOf(earlier, "originateEnded")) return true;
    // The parties of a transfer (2.6).
    if (either(["attendedTransferred"], ["bridgeEntered", "bridgeLeft", "agentCompleted"]))
      return true;
    if (either(["blindTransferred"], ["bridgeLeft", "agentCompleted"])) return true;
    // A pickup and what comes of it.
    if (either(["pickedUp"], ["queueLeft", "agentConnected", "bridgeEntered"])) return true;
    // AgentComplete and the end of its channels (2.4).
    if (either(["agentCompleted"], ["channelHungUp", "bridgeLeft", "hangupRequested"])) return true;
    // Caller id and device states say nothing about calls.
    return either(["channelIdentity"], ["deviceState", "agentCalled", "dialBegan"]);
  }
  const isUp = (input: PbxInput) => input.type === "channelState" && input.channel.state === "up";

  test("make no difference", () => {
    fc.assert(
      fc.property(
        anyTrace,
        fc.array(fc.nat(), { minLength: 50, maxLength: 400 }),
        ({ name, inputs }, picks) => {
          const order = [...inputs];
          for (const pick of picks) {
            const index = 1 + (pick % (order.length - 1));
            const [earlier, later] = [order[index - 1]!, order[index]!];
            if (!mayComeFirst(later.input, earlier.input)) continue;
            order[index - 1] = { ...later, atMs: earlier.atMs };
            order[index] = { ...earlier, atMs: later.atMs };
          }
          const { facts, state } = folded(order);
          expectSound(facts);
          expect(ends(facts)).toEqual(usualEnds.get(name));
          expect(size(state)).toBe(0);
        },
      ),
      { numRuns: 1000 },
    );
  });
});

describe("events that never come", () => {
  test("leave every call with one beginning and one end, told at the latest by the next list of channels", () => {
    fc.assert(
      fc.property(
        anyTrace,
        fc.double({ min: 0.05, max: 0.6, noNaN: true }),
        fc.infiniteStream(fc.double({ min: 0, max: 1, noNaN: true })),
        ({ inputs }, share, chances) => {
          const kept = inputs.filter(() => (chances.next().value as number) > share);
          const { facts, state } = folded(kept);
          const empty = { channels: [], queues: [], devices: [], restarted: false };
          const last = fold(state, { type: "snapshot", snapshot: empty }, 2_000_000_000_000);
          expectSound([...facts, ...last]);
          expect(size(state)).toBe(0);
        },
      ),
      { numRuns: 1000 },
    );
  });

  test("but for hang-ups, end every call without any list", () => {
    fc.assert(
      fc.property(anyTrace, fc.infiniteStream(fc.boolean()), ({ inputs }, chances) => {
        const kept = inputs.filter(
          ({ input }) => input.type === "channelHungUp" || (chances.next().value as boolean),
        );
        const { facts, state } = folded(kept);
        // A channel whose every other event was lost is never heard of; one that was, is gone with its Hangup.
        expectSound(facts);
        expect(size(state)).toBe(0);
      }),
      { numRuns: 1000 },
    );
  });
});

describe("several calls at once", () => {
  test("do not disturb each other, whatever order their events are dealt in", () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(anyTrace, { minLength: 2, maxLength: 4, selector: (trace) => trace.name }),
        fc.infiniteStream(fc.nat(3)),
        (chosen, deals) => {
          const hands = chosen.map((trace, index) => renumbered(trace.inputs.slice(1), index));
          const dealt: Timed[] = [];
          while (hands.some((hand) => hand.length > 0)) {
            const hand = hands[(deals.next().value as number) % hands.length]!;
            const next = hand.shift();
            if (next) dealt.push({ ...next, atMs: 1_800_000_000_000 + dealt.length });
          }
          // Whether a queue is empty depends on its members, who are the same for all.
          const about = dealt.filter(({ input }) => input.type !== "memberChanged");
          const alone = chosen.flatMap((trace, index) =>
            ends(
              folded(
                renumbered(trace.inputs.slice(1), index).filter(
                  ({ input }) => input.type !== "memberChanged",
                ),
              ).facts,
            ),
          );
          const { facts, state } = folded(about);
          expectSound(facts);
          expect(withoutHow(ends(facts))).toEqual(withoutHow(alone.sort()));
          expect(size(state)).toBe(0);
        },
      ),
      { numRuns: 300 },
    );
  });

  /** Who hung up is told by the PBX as a whole sooner or later (HangupRequest), so a first call alone may be judged by time. */
  const withoutHow = (outcomes: readonly string[]) =>
    outcomes.map((outcome) => outcome.replaceAll(/"how":"[a-zA-Z]+"/g, '"how":""')).sort();

  /** The same events on channels and bridges of their own. */
  function renumbered(inputs: readonly Timed[], index: number): Timed[] {
    const text = JSON.stringify(inputs)
      .replaceAll(/"(\d{10})\.(\d+)"/g, `"$1.${index}$2"`)
      .replaceAll(/;([12])"/g, `x${index};$1"`)
      .replaceAll(/"bridgeId":"/g, `"bridgeId":"${index}`)
      .replaceAll(/(?:callcard|cc)-story/g, `story-${index}`);
    return JSON.parse(text) as Timed[];
  }
});

test("every channel of every input is seen by the tests' own model", () => {
  const kinds = new Set(
    traces.flatMap(({ inputs }) =>
      inputs.flatMap(({ input }) => (channelsIn(input).length > 0 ? [input.type] : [])),
    ),
  );
  expect(kinds.size).toBeGreaterThan(20);
});
