// @vitest-environment node
import { beforeAll, expect, test } from "vitest";
import type { DeskCall } from "../../../server/desk/protocol.ts";
import { PopReporter } from "../../../widget/desk/pops.ts";

beforeAll(() => {
  // A tab that is hidden has no frames: painting is told at once, which is all these tests need of a browser.
  Object.assign(globalThis, { document: { hidden: true } });
});

type Told = readonly [stage: "received" | "painted", ringId: string];

function reporter(): { pops: PopReporter; told: Told[] } {
  const told: Told[] = [];
  const pops = new PopReporter({
    received: ({ ringId }) => told.push(["received", ringId]),
    painted: ({ ringId }) => told.push(["painted", ringId]),
  });
  return { pops, told };
}

const call = (state: DeskCall["state"], outcome: DeskCall["card"]["outcome"], ringId = "r1") =>
  ({ callId: "1", ringId, state, card: { outcome } }) as DeskCall;

test("a ringing with its card is told once as received and once as painted", async () => {
  const { pops, told } = reporter();
  pops.received([call("ringing", "one")]);
  await pops.updated();
  pops.received([call("ringing", "one")]);
  await pops.updated();
  expect(told).toEqual([
    ["received", "r1"],
    ["painted", "r1"],
  ]);
});

test("a card that is still being composed counts as painted only when it has come, also after the answer", async () => {
  const { pops, told } = reporter();
  pops.received([call("ringing", "pending")]);
  await pops.updated();
  expect(told).toEqual([["received", "r1"]]);
  pops.received([call("talking", "one")]);
  await pops.updated();
  expect(told).toEqual([
    ["received", "r1"],
    ["painted", "r1"],
  ]);
});

test("what was painted is told again to whoever it connects to, until it is written or its call is gone", async () => {
  const sent: { ringId: string; agoMs?: number }[] = [];
  const written: (() => void)[] = [];
  const pops = new PopReporter({
    received: () => undefined,
    painted: ({ ringId, agoMs }, done) => {
      sent.push(agoMs === undefined ? { ringId } : { ringId, agoMs });
      written.push(done);
    },
  });
  const ringing = call("ringing", "one");
  pops.received([ringing]);
  await pops.updated();
  expect(sent).toEqual([{ ringId: "r1" }]);
  pops.connected([call("talking", "one")]);
  const again = { ringId: "r1", agoMs: expect.any(Number) as number };
  expect(sent).toEqual([{ ringId: "r1" }, again]);
  written[1]!();
  pops.connected([call("talking", "one")]);
  expect(sent).toHaveLength(2);

  pops.received([call("ringing", "one", "r2")]);
  await pops.updated();
  pops.connected([]);
  pops.connected([call("talking", "one", "r2")]);
  expect(sent).toHaveLength(3);
});

test("a call that was never seen ringing here has no pop", async () => {
  const { pops, told } = reporter();
  pops.received([call("talking", "one"), call("dialling", "one", "")]);
  await pops.updated();
  expect(told).toEqual([]);
});
