/** The simulated PBX's part of the dialplan for campaigns, through the product's own telephone. */
import { afterEach, expect, test, vi } from "vitest";
import { fixedPbxs } from "../../../server/asterisk/pbxs.ts";
import { PbxLink } from "../../../server/asterisk/link.ts";
import { LiveCalls } from "../../../server/calls/live.ts";
import { AsteriskTelephone } from "../../../server/campaigns/dialler/telephone.ts";
import { outcomeOf } from "../../../server/campaigns/dialler/outcome.ts";
import type { Progress } from "../../../server/campaigns/ports.ts";
import type { PhoneReaction } from "../../../server/demo/pbx/phones.ts";
import { startSimulatedPbx } from "../../../server/demo/pbx/simulated-pbx.ts";
import { aDialling, campaign } from "../../campaigns/samples.ts";

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

const call = aDialling("cc-a", "+79130000009", campaign({ queue: "600", ringSeconds: 15 }));

async function house(outside: PhoneReaction, phone: PhoneReaction) {
  const pbx = await startSimulatedPbx({
    queues: [{ name: "600", members: [{ interface: "PJSIP/101" }] }],
    phones: phone,
    outside,
  });
  const { host, port, username, secret } = pbx;
  const link = new PbxLink({ name: "main", host, port, username, secret, tls: false });
  const calls = new LiveCalls({ pbxs: fixedPbxs([link]), extensionPattern: /^[0-9]{2,5}$/ });
  const telephone = new AsteriskTelephone({ pbx: link, calls, region: "RU" });
  const told: Progress[] = [];
  telephone.onProgress((progress) => told.push(progress));
  calls.open();
  telephone.open();
  link.start();
  closing.push(
    () => pbx.stop(),
    () => link.stop(),
    () => calls.close(),
    () => telephone.close(),
  );
  const up = () => vi.waitFor(() => expect(telephone.up()).toBe(true));
  const over = () =>
    vi.waitFor(() => {
      const last = told.findLast(({ type }) => type === "over");
      if (last?.type !== "over") throw new Error(told.map(({ type }) => type).join());
      return last.evidence;
    });
  await up();
  return { pbx, telephone, told, up, over };
}

test("who answers is connected to an operator, and the record says so", async () => {
  const { telephone, told, over, pbx } = await house(
    { do: "answer", afterMs: 50 },
    { do: "answer", afterMs: 50, talkMs: 200 },
  );
  expect(await telephone.record("cc-a")).toEqual({ dialled: false });
  await telephone.dial(call);
  expect(outcomeOf(await over(), 2000)).toBe("talked");
  expect(told.map(({ type }) => type)).toEqual([
    ...["ringing", "answered", "waiting", "connected", "over"],
  ]);
  expect(await telephone.record("cc-a")).toMatchObject({ evidence: { connected: true } });
  expect(pbx.dialledForAttempts()).toMatchObject([{ attemptId: "cc-a", number: "+79130000009" }]);
});

test("the end of a greeting is told, and kept in the record, as time after the answer", async () => {
  const { telephone, told, over } = await house(
    { do: "answer", afterMs: 50 },
    { do: "answer", afterMs: 50, talkMs: 200 },
  );
  const listening = campaign({ queue: "600", ringSeconds: 15, onMachine: "hangUp" });
  await telephone.dial(aDialling("cc-a", "+79130000009", listening));
  expect(await over()).toMatchObject({ connected: true, greetingEndedMs: 1700 });
  const atMs = (type: Progress["type"]) => told.find((one) => one.type === type)!.atMs;
  expect(atMs("greetingEnded") - atMs("answered")).toBe(1700);
  expect(atMs("greetingEnded")).toBeLessThan(atMs("waiting"));
  expect(await telephone.record("cc-a")).toMatchObject({ evidence: { greetingEndedMs: 1700 } });
});

test.each([
  ["where nobody listens for it, it ends with the answer", "ignore", false, 0],
  ["a machine's never does", "hangUp", true, null],
] as const)("the end of a greeting: %s", async (_name, onMachine, machine, greetingEndedMs) => {
  const { telephone, over } = await house(
    { do: "answer", afterMs: 50, machine },
    { do: "answer", afterMs: 50, talkMs: 200 },
  );
  const settings = campaign({ queue: "600", ringSeconds: 15, onMachine });
  await telephone.dial(aDialling("cc-a", "+79130000009", settings));
  expect(await over()).toMatchObject({ machine, greetingEndedMs });
  expect(await telephone.record("cc-a")).toMatchObject({ evidence: { machine, greetingEndedMs } });
});

test.each([
  ["unallocated", { do: "fail", cause: 1, sip: "404" }],
  ["wrongTrunk", { do: "fail", cause: 21, sip: "403" }],
  ["rejected", { do: "reject", afterMs: 50 }],
  ["cutOff", { do: "answer", afterMs: 50, talkMs: 300 }],
] as const)("%s", async (outcome, outside) => {
  const { telephone, over } = await house(outside, { do: "ignore" });
  await telephone.dial(call);
  expect(outcomeOf(await over(), 2000)).toBe(outcome);
});

test("who gets nobody and presses 1 has refused", { timeout: 20_000 }, async () => {
  const { telephone, told, over } = await house(
    { do: "answer", afterMs: 50, presses: "1" },
    { do: "ignore" },
  );
  await telephone.dial(call);
  expect(outcomeOf(await over(), 2000)).toBe("abandoned");
  expect(told.map(({ type }) => type)).toContain("refused");
});

test(
  "a restart loses calls but not what was dialled: nobody is dialled again",
  { timeout: 30_000 },
  async () => {
    const { telephone, up, pbx } = await house({ do: "ignore" }, { do: "ignore" });
    await telephone.dial(call);
    await vi.waitFor(() => expect(pbx.dialledForAttempts()).toHaveLength(1));
    const synchronised = new Promise<void>((done) => telephone.onSynchronised(done));
    pbx.restart();
    await synchronised;
    await up();
    expect(await telephone.alive(["cc-a"])).toEqual(new Set());
    expect(await telephone.record("cc-a")).toMatchObject({ dialled: true });
    await telephone.dial(call);
    await vi.waitFor(() => expect(pbx.live().channels).toBe(0));
    expect(pbx.dialledForAttempts()).toHaveLength(1);
  },
);
