import { describe, expect, test } from "vitest";
import type { QueueMember } from "../../server/asterisk/model.ts";
import {
  type PresenceFacts,
  WRAP_UP_REASON,
  presenceDifference,
  presenceOf,
} from "../../server/desk/presence.ts";
import { member } from "./scripted-pbx.ts";

const inQueues = (...members: readonly Partial<QueueMember>[]) =>
  members.map((more, index) => ({
    member: member("101", { queue: `queue${index}`, ...more }),
    waiting: index,
  }));

const facts = (more: Partial<PresenceFacts> = {}): PresenceFacts => ({
  device: { pbx: "main", extension: "101" },
  pbxUp: true,
  deviceState: "notInUse",
  memberships: inQueues({}),
  calls: [],
  wrapUpPending: false,
  nowMs: 1_763_779_000_000,
  ...more,
});

describe("presence", () => {
  test.each<[string, Partial<PresenceFacts>, string]>([
    ["no device was chosen", { device: null }, "noDevice"],
    ["the PBX is not connected", { pbxUp: false, calls: ["talking"] }, "offline"],
    ["the phone is idle and a member", {}, "ready"],
    ["the phone is in no queue", { memberships: [] }, "notInQueue"],
    [
      "the phone is away and in no queue",
      { memberships: [], deviceState: "unavailable" },
      "offline",
    ],
    [
      "the phone is away",
      { deviceState: "unavailable", memberships: inQueues({ status: "unavailable" }) },
      "offline",
    ],
    [
      "only its queue knows that the phone is away",
      { deviceState: "unknown", memberships: inQueues({ status: "invalid" }) },
      "offline",
    ],
    ["a call rings", { calls: ["ringing"] }, "ringing"],
    ["a call rings while another is talked on", { calls: ["ringing", "talking"] }, "talking"],
    ["a call is on hold", { calls: ["onHold"] }, "talking"],
    ["the operator dials", { calls: ["dialling"] }, "talking"],
    ["calls are over", { calls: ["ended", "elsewhere"] }, "ready"],
    ["the device rings with a call we do not know", { deviceState: "ringing" }, "ringing"],
    ["the device is in use with a call we do not know", { deviceState: "inUse" }, "talking"],
    ["a queue says in use", { memberships: inQueues({ status: "busy" }) }, "talking"],
    [
      "paused in every queue",
      { memberships: inQueues({ paused: true }, { paused: true }) },
      "paused",
    ],
    ["paused in one of two queues", { memberships: inQueues({ paused: true }, {}) }, "ready"],
    [
      "paused while talking",
      { memberships: inQueues({ paused: true }), calls: ["talking"] },
      "talking",
    ],
    ["a wrap-up is pending", { wrapUpPending: true }, "wrapUp"],
    ["a wrap-up is pending outside queues", { wrapUpPending: true, memberships: [] }, "wrapUp"],
    [
      "an own pause stands above a pending wrap-up",
      { wrapUpPending: true, memberships: inQueues({ paused: true, pausedReason: "lunch" }) },
      "paused",
    ],
    [
      "Callcard itself paused for the wrap-up",
      { memberships: inQueues({ paused: true, pausedReason: WRAP_UP_REASON }) },
      "wrapUp",
    ],
  ])("when %s", (_, more, state) => {
    expect(presenceOf(facts(more)).state).toBe(state);
  });

  test("tells why it is paused and in which queues", () => {
    const paused = presenceOf(
      facts({ memberships: inQueues({ paused: true, pausedReason: "lunch" }) }),
    );
    expect(paused.pausedReason).toBe("lunch");
    const one = presenceOf(facts({ memberships: inQueues({}, { paused: true }) }));
    expect(one.queues).toEqual([
      { name: "queue0", paused: false, waiting: 0 },
      { name: "queue1", paused: true, waiting: 1 },
    ]);
  });

  test("is wrap-up until the member's own wrap-up time is over, and says until when", () => {
    const nowMs = 1_763_779_000_000;
    const memberships = inQueues({ lastCallAtSeconds: nowMs / 1000 - 10, wrapUpSeconds: 30 });
    const now = presenceOf(facts({ memberships, nowMs }));
    expect(now).toMatchObject({ state: "wrapUp", untilMs: nowMs + 20_000 });
    expect(presenceOf(facts({ memberships, nowMs: nowMs + 20_000 })).state).toBe("ready");
  });
});

describe("the difference of two presences", () => {
  const one = presenceOf(facts());
  test("is nothing for the same", () => {
    expect(presenceDifference(one, presenceOf(facts()))).toBe("none");
  });
  test("is small when only numbers of waiting callers differ", () => {
    const memberships = [{ member: member("101", { queue: "queue0" }), waiting: 7 }];
    expect(presenceDifference(one, presenceOf(facts({ memberships })))).toBe("waiting");
  });
  test("is a state's when anything else does", () => {
    expect(presenceDifference(one, presenceOf(facts({ calls: ["ringing"] })))).toBe("state");
    expect(
      presenceDifference(one, presenceOf(facts({ memberships: inQueues({ paused: true }, {}) }))),
    ).toBe("state");
  });
});
