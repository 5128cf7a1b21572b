/** Operators leave while phones ring: the dialler over AMI, against the simulated PBX. */
import { afterEach, expect, test, vi } from "vitest";
import { fixedPbxs } from "../../../server/asterisk/pbxs.ts";
import { PbxLink } from "../../../server/asterisk/link.ts";
import { LiveCalls } from "../../../server/calls/live.ts";
import { Dialler } from "../../../server/campaigns/dialler/dialler.ts";
import { AsteriskTelephone } from "../../../server/campaigns/dialler/telephone.ts";
import { startSimulatedPbx } from "../../../server/demo/pbx/simulated-pbx.ts";
import { TestLease } from "../../support/lease.ts";
import { MemoryAttempts, MemoryBook, aCampaign } from "./support/memory.ts";

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

async function house() {
  const pbx = await startSimulatedPbx({
    queues: [
      {
        name: "outbound",
        members: [{ interface: "PJSIP/101" }, { interface: "PJSIP/102" }],
      },
    ],
    phones: { do: "answer", afterMs: 50 },
    outside: { do: "ignore" },
  });
  const { host, port, username, secret } = pbx;
  const link = new PbxLink({ name: "main", host, port, username, secret, tls: false });
  const calls = new LiveCalls({ pbxs: fixedPbxs([link]), extensionPattern: /^[0-9]{2,5}$/ });
  const telephone = new AsteriskTelephone({ pbx: link, calls, region: "RU" });
  const attempts = new MemoryAttempts();
  const dialler = new Dialler({
    ...{ telephone, calls, attempts, lease: new TestLease(), seats: () => [] },
    campaigns: new MemoryBook(aCampaign()),
    ownPhone: (extension) => `PJSIP/${extension}`,
    prepare: async () => undefined,
    doNotCall: async () => undefined,
    log: { info: () => undefined, warn: () => undefined, error: () => undefined },
    tuning: { everyMs: 100, gapMs: 20 },
  });
  calls.open();
  telephone.open();
  dialler.open();
  link.start();
  closing.push(
    () => pbx.stop(),
    () => link.stop(),
    () => calls.close(),
    () => telephone.close(),
    () => dialler.close(),
  );
  await vi.waitFor(() => expect(telephone.up()).toBe(true));
  const pause = (extension: string, paused: boolean) =>
    link.action("QueuePause", {
      ...{ Queue: "outbound", Interface: `PJSIP/${extension}` },
      ...{ Paused: String(paused), Reason: "lunch" },
    });
  const until = (check: () => void) => vi.waitFor(check, { interval: 50 });
  // This house goes by the real clock.
  const add = (count: number) => attempts.add(count, { windowEndsAtMs: Date.now() + 3_600_000 });
  return { pbx, attempts, dialler, telephone, pause, until, add };
}

test(
  "everybody pauses: the phones stop ringing, and each attempt ends as let go",
  { timeout: 30_000 },
  async () => {
    const { pbx, attempts, dialler, telephone, pause, until, add } = await house();
    const ids = add(2);
    await until(() => expect(attempts.states()).toEqual({ ringing: 2 }));
    await pause("101", true);
    await pause("102", true);
    await until(() => expect(attempts.states()).toEqual({ letGo: 2 }));
    await until(() => expect(pbx.live().channels).toBe(0));
    for (const id of ids)
      expect(await telephone.record(id)).toMatchObject({
        evidence: { dialStatus: "CANCEL", rang: true, answered: false },
      });
    expect(dialler.counters()).toMatchObject({ letGo: 2, dialled: 2 });
  },
);

test("one of two pauses, and one phone rings on for the other", { timeout: 30_000 }, async () => {
  const { attempts, pause, until, dialler, add } = await house();
  add(2);
  await until(() => expect(attempts.states()).toEqual({ ringing: 2 }));
  await pause("102", true);
  await until(() => expect(dialler.views()[0]?.operators.free).toBe(1));
  const { promise, resolve } = Promise.withResolvers<void>();
  setTimeout(resolve, 3000);
  await promise;
  expect(attempts.states()["ringing"]).toBeGreaterThanOrEqual(1);
});
