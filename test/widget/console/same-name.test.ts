import { expect, test } from "vitest";
import { samplePicture } from "../../support/console-samples.ts";
import { countsOf, queuesByName } from "../../../widget/console/queues/same-name.ts";

const [sales, support] = samplePicture(0).queues;
const [, second, third] = sales!.callers;
const { callId, channelId, joinedAtMs, ringing, tier, title, vip } = third!;
const elsewhere = {
  ...sales!,
  pbx: "warehouse",
  members: { ready: 2, busy: 1, paused: 3 },
  callers: [second!],
  preferring: [
    { ...{ callId, channelId, joinedAtMs, ringing, tier, title, vip }, extension: "101" },
  ],
};

test("a name that several PBXs have is there once, where it came first, with each PBX's own line", () => {
  const named = queuesByName([sales!, support!, elsewhere]);
  expect(named.map(({ name, queues }) => [name, queues.map(({ pbx }) => pbx)])).toEqual([
    ["Продажи", ["office", "warehouse"]],
    ["Поддержка", ["office"]],
  ]);
  expect(named[0]!.queues[1]).toBe(elsewhere);
});

test("queues of one PBX stay each by itself, in their order", () => {
  expect(queuesByName([support!, sales!])).toEqual([
    { name: "Поддержка", queues: [support] },
    { name: "Продажи", queues: [sales] },
  ]);
});

test("waiting, ready, busy and paused are summed; who waits for one operator counts as waiting", () => {
  expect(countsOf([sales!, elsewhere])).toEqual({ waiting: 7, ready: 2, busy: 7, paused: 4 });
  expect(countsOf([])).toEqual({ waiting: 0, ready: 0, busy: 0, paused: 0 });
});
