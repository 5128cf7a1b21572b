/** Calls that campaigns make, as recorded on real PBXs: one call with the attempt's name, from the first event to the last. */
import { describe, expect, test } from "vitest";
import type { PbxSnapshot } from "../../server/asterisk/model.ts";
import { createCallState, fold, size, view } from "../../server/calls/fold.ts";
import type { CallFact } from "../../server/calls/model.ts";
import { readTrace, startMs, traceNames } from "./traces.ts";

const person = "+79130000009";
const names = traceNames().filter((name) => name.includes("/campaign-"));

function factsOf(name: string): readonly CallFact[] {
  const state = createCallState("lab", /^\d{2,6}$/);
  return readTrace(name).inputs.flatMap(({ input, atMs }) => fold(state, input, atMs));
}

describe("a campaign's call", () => {
  test("is recorded on both versions", () => {
    expect(names).toHaveLength(16);
  });

  for (const name of names) {
    test(`${name} is one call, named after its attempt, going out to the person from first to last`, () => {
      const facts = factsOf(name);
      expect(new Set(facts.map(({ call }) => call.id.replace(/\d$/, "N")))).toEqual(
        new Set(["lab-cc-story-N"]),
      );
      expect(new Set(facts.map(({ call }) => call.direction))).toEqual(new Set(["outbound"]));
      const numbers = new Set(facts.slice(1).map(({ call }) => call.party.number));
      expect(numbers).toEqual(new Set([person]));
    });
  }

  test("is waited in from the answer on, and the channel to act on is the person's own", () => {
    for (const version of ["16", "22"]) {
      const facts = factsOf(`${version}/campaign-answered`);
      const joined = facts.find(({ type }) => type === "queueJoined");
      expect(joined?.call.partyChannel).toMatch(/^PJSIP\/pstn-/);
      const left = facts.find((fact) => fact.type === "queueLeft");
      expect(left?.type === "queueLeft" && left.waitMs).toBeGreaterThan(300);
      expect(left?.type === "queueLeft" && left.waitMs).toBeLessThan(3000);
    }
  });

  test("that is waiting when the listener connects has the same name, person and direction", () => {
    const snapshot = waitingSnapshot();
    const state = createCallState("lab", /^\d{2,6}$/);
    const facts = fold(state, { type: "snapshot", snapshot }, startMs);
    expect(new Set(facts.map(({ call }) => call.id))).toEqual(new Set(["lab-cc-story-5"]));
    const [call] = [...state.calls.values()].map((each) => view("lab", each));
    expect(call).toMatchObject({
      ...{ direction: "outbound", party: { number: person }, partyChannel: "PJSIP/pstn-00000001" },
      visits: [{ queue: "600", how: null }],
    });
    fold(state, { type: "snapshot", snapshot: { ...snapshot, restarted: true } }, startMs + 1);
    fold(state, { type: "snapshot", snapshot: { ...snapshot, channels: [] } }, startMs + 2);
    expect(size(state)).toBe(0);
  });
});

/** Who answered waits in queue 600. */
function waitingSnapshot(): PbxSnapshot {
  const local = "Local/+79130000009@callcard-out-00000001";
  const channel = {
    linkedId: "cc-story-5",
    state: "up",
    callerName: "",
    connectedNumber: "",
    connectedName: "",
    ageMs: 6000,
    bridgeId: "",
  } as const;
  return {
    channels: [
      {
        ...channel,
        ...{ id: "1795340277.2", name: "PJSIP/pstn-00000001", callerNumber: person },
        ...{ context: "from-trunk", exten: "", bridgeId: "b" },
        ...{ application: "AppDial", applicationData: "(Outgoing Line)" },
      },
      {
        ...channel,
        ...{ id: "cc-story-5", name: `${local};1`, callerNumber: person },
        ...{ context: "callcard-answered", exten: "s" },
        ...{ application: "Queue", applicationData: "600,t,,,2" },
      },
      {
        ...channel,
        ...{ id: "cc-story-5-2", name: `${local};2`, callerNumber: "+73830000600" },
        ...{ context: "callcard-out", exten: person, bridgeId: "b" },
        ...{ application: "Dial", applicationData: "PJSIP/+79130000009@pstn,03," },
      },
    ],
    queues: [
      {
        ...{ name: "600", strategy: "linear", weight: 0, members: [] },
        callers: [
          {
            channelId: "cc-story-5",
            channelName: `${local};1`,
            position: 1,
            waitMs: 1000,
            priority: 1_000_000,
          },
        ],
      },
    ],
    devices: [],
    restarted: false,
  };
}
