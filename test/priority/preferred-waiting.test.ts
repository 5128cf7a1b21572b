/** Who waited for their preferred operator first loses nothing by it: what the steward and the promises count begins with that waiting. */
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { fixedPbxs } from "../../server/asterisk/pbxs.ts";
import type {
  AmiAnswer,
  ChannelInfo,
  Pbx,
  PbxInput,
  PbxListener,
} from "../../server/asterisk/model.ts";
import { PREFERRED_QUEUE } from "../../server/asterisk/preferred-queue.ts";
import { LiveCalls } from "../../server/calls/live.ts";
import type { Verdict } from "../../server/priority/model.ts";
import {
  createPlainOrder,
  latestPlaces,
  noteAnswered,
  noteJoined,
  passedBy,
} from "../../server/priority/plain-order.ts";
import type { Placement } from "../../server/priority/record.ts";
import { Steward } from "../../server/priority/steward.ts";
import { alone } from "../support/lease.ts";
import { policyOf } from "../support/steward-house.ts";

const startMs = 1_800_000_000_000;
const PLAIN: Verdict = {
  ...{ rate: 1, headStartMs: 0, rule: null, passedOver: [] },
  ...{ skipQuestions: false, preferred: null, message: "" },
};
const channelOf = (n: number): ChannelInfo => ({
  ...{ id: `1800000000.${n}`, name: `PJSIP/trunk-${n}`, linkedId: `1800000000.${n}`, state: "up" },
  ...{ callerNumber: `+7913000000${n}`, callerName: "", connectedNumber: "", connectedName: "" },
  ...{ context: "callcard-queue", exten: "600" },
});
const joins = (channel: ChannelInfo, queue: string, position: number): PbxInput => ({
  ...{ type: "queueJoined", channel, queue, position, waiting: position },
});

describe("a caller who waited for their preferred operator before they came into the queue", () => {
  const known = channelOf(1);
  const other = channelOf(2);
  const releases: (() => unknown)[] = [];
  const placements: Placement[] = [];
  /** Who was moved, by channel. */
  const moved: string[] = [];
  let nowMs = startMs;
  let calls: LiveCalls;
  let steward: Steward;
  let say: (afterMs: number, ...inputs: readonly PbxInput[]) => void;

  beforeEach(() => {
    nowMs = startMs;
    const listeners = new Set<PbxListener>();
    const pbx: Pbx = {
      name: "main",
      status: () => ({
        ...{ pbx: "main", state: "up", sinceMs: 0, reason: "", roundTripMs: 1 },
        capabilities: {
          ...{ version: "22.10.1", immediatePriority: true },
          ...{ withdrawCaller: true, deviceStateList: true },
        },
      }),
      listen(listener) {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
      onStatus: () => () => undefined,
      async action(name, fields): Promise<AmiAnswer> {
        if (name === "QueueChangePriorityCaller") moved.push(String(fields?.["Caller"]));
        return { message: "", fields: {}, items: name === "QueueStatus" ? line() : [] };
      },
    };
    /** As this PBX would list the queue: what was told and moved. */
    const line = () => [
      { event: "QueueParams", queue: "600" },
      ...(calls.queue("main", "600")?.callers ?? []).map((one) => ({
        ...{ event: "QueueEntry", queue: "600", uniqueid: one.channelId, channel: one.channelName },
        ...{ position: String(one.position), wait: "0", priority: String(one.priority) },
      })),
    ];
    say = (afterMs, ...inputs) => {
      nowMs = startMs + afterMs;
      for (const input of inputs) for (const listener of listeners) listener(input, nowMs);
    };
    calls = new LiveCalls({
      ...{
        pbxs: fixedPbxs([pbx]),
        extensionPattern: /^\d{2,6}$/,
        settleEveryMs: 1e6,
        auditEveryMs: 0,
      },
    });
    calls.open();
    const policy = policyOf();
    steward = new Steward({
      ...{ calls, pbxs: fixedPbxs([pbx]), now: () => nowMs, ...alone() },
      verdictOf: () => PLAIN,
      onVerdict: () => () => undefined,
      policies: { published: () => ({ version: 1, policy }), onPublished: () => () => undefined },
      record: { moved: () => undefined, placed: (placement) => placements.push(placement) },
      log: { info: () => {}, warn: () => {}, error: (fields) => console.error(fields) },
    });
    releases.push(
      () => steward.close(),
      () => calls.close(),
    );
  });
  afterEach(async () => {
    for (const release of releases.splice(0)) await release();
    placements.length = moved.length = 0;
  });

  test("stands before who came while they waited, and the why and the record count all of it", async () => {
    const snapshot = {
      queues: [{ name: "600", strategy: "linear", weight: 0, members: [], callers: [] }],
      ...{ channels: [], devices: [], restarted: false },
    };
    say(0, { type: "snapshot", snapshot }, { type: "channelCreated", channel: known });
    const wish = { queue: "600", extension: "102" };
    say(
      10,
      { type: "userEvent", name: "CallcardPreferred", channelId: known.id, fields: wish },
      joins(known, PREFERRED_QUEUE, 1),
    );
    say(5000, { type: "channelCreated", channel: other }, joins(other, "600", 1));
    const left = { channel: known, queue: PREFERRED_QUEUE, position: 1 };
    say(
      10_000,
      { type: "queueAbandoned", ...left, originalPosition: 1, holdMs: 9990 },
      { type: "queueLeft", ...left, waiting: 0 },
      joins(known, "600", 2),
    );
    await vi.waitFor(() => expect(moved).toEqual([known.name]));
    const order = () => calls.queue("main", "600")?.callers.map(({ channelId }) => channelId);
    await vi.waitFor(() => expect(order()).toEqual([known.id, other.id]));
    const callId = `main-${known.id}`;
    expect(steward.why("main", "600", callId, String)).toMatchObject({
      position: 1,
      claimMs: 9990,
    });

    say(12_000, { type: "queueLeft", channel: known, queue: "600", position: 1, waiting: 1 });
    expect(placements).toMatchObject([{ callId, queue: "600", joinedAtMs: startMs + 10 }]);
  });
});

describe("plain order, when somebody comes into line who waited before", () => {
  test("has them where they would stand", () => {
    const plain = createPlainOrder();
    noteJoined(plain, "a", 0);
    noteJoined(plain, "c", 2000);
    noteJoined(plain, "b", 1000, 5000);
    expect(latestPlaces(plain, 0, 1000, 6000)).toEqual([
      { key: "a", place: 1 },
      { key: "b", place: 2 },
      { key: "c", place: 3 },
    ]);
    expect(noteAnswered(plain, "c", 7000)).toMatchObject({ passedBy: 0 });
    expect([passedBy(plain, "a"), passedBy(plain, "b")]).toEqual([1, 1]);
  });

  test("leaves answered whom it has answered, and does not take their waiting for one gap", () => {
    const plain = createPlainOrder();
    for (const [at, key] of ["a", "b"].entries()) noteJoined(plain, key, 1000 + at);
    noteAnswered(plain, "a", 2000);
    noteAnswered(plain, "b", 3000);
    noteJoined(plain, "first", 0, 30_000);
    expect(noteAnswered(plain, "first", 31_000)).toEqual({ extraMs: 0, passedBy: 0, gapMs: 1000 });
  });
});
