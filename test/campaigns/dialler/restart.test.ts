/** What is known of calls that went down with their PBX: over AMI against the simulated one, which is killed in the middle of them. */
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, test, vi } from "vitest";
import { fixedPbxs } from "../../../server/asterisk/pbxs.ts";
import { PbxLink } from "../../../server/asterisk/link.ts";
import { LiveCalls } from "../../../server/calls/live.ts";
import { outcomeOf } from "../../../server/campaigns/dialler/outcome.ts";
import { settle } from "../../../server/campaigns/dialler/recovery.ts";
import { AsteriskTelephone } from "../../../server/campaigns/dialler/telephone.ts";
import type { Progress } from "../../../server/campaigns/ports.ts";
import type { PhoneReaction } from "../../../server/demo/pbx/phones.ts";
import { startSimulatedPbx } from "../../../server/demo/pbx/simulated-pbx.ts";
import { aDialling, campaign } from "../samples.ts";
import { MemoryAttempts, START_MS } from "./support/memory.ts";

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

const answers = { do: "answer", afterMs: 50 } as const;

async function house(outside: PhoneReaction, phone: PhoneReaction, downWithinMs = 30_000) {
  const pbx = await startSimulatedPbx({
    queues: [{ name: "600", members: [{ interface: "PJSIP/101" }] }],
    phones: phone,
    outside,
  });
  const { host, port, username, secret } = pbx;
  const link = new PbxLink({ name: "main", host, port, username, secret, tls: false });
  const calls = new LiveCalls({ pbxs: fixedPbxs([link]), extensionPattern: /^[0-9]{2,5}$/ });
  const telephone = new AsteriskTelephone({ pbx: link, calls, region: "RU", downWithinMs });
  const told: Progress["type"][] = [];
  telephone.onProgress(({ type }) => told.push(type));
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
  await up();
  return {
    telephone,
    dial: (within = 15) =>
      telephone.dial(
        aDialling("cc-a", "+79130000009", campaign({ queue: "600", ringSeconds: within })),
      ),
    heard: (type: Progress["type"]) => vi.waitFor(() => expect(told).toContain(type)),
    again: async (deed: "cutConnections" | "restart") => {
      const synchronised = new Promise<void>((done) => telephone.onSynchronised(done));
      pbx[deed]();
      await synchronised;
      await up();
    },
    evidence: async () => {
      const record = await telephone.record("cc-a");
      return record.dialled ? record.evidence : null;
    },
  };
}

describe("killed in the middle of a call, with somebody listening until then", () => {
  test("who rang did not answer", { timeout: 20_000 }, async () => {
    const { dial, heard, again, evidence } = await house({ do: "ignore" }, answers);
    await dial();
    await heard("ringing");
    await again("restart");
    expect(outcomeOf((await evidence())!, 2000)).toBe("noAnswer");
  });

  test("asked for, and nothing rang yet: it came to nothing", { timeout: 20_000 }, async () => {
    const { dial, again, evidence, telephone } = await house(answers, answers);
    // Asterisk tells when it started to the second: it must not seem to be the same one afterwards.
    await sleep(1000);
    await dial();
    await vi.waitFor(async () => {
      expect(await telephone.record("cc-a")).toEqual({ dialled: true, evidence: null });
    });
    await again("restart");
    expect(outcomeOf((await evidence())!, 2000)).toBe("failed");
  });

  test("who answered and waited was left without an operator", { timeout: 20_000 }, async () => {
    const { dial, heard, again, evidence } = await house(answers, { do: "ignore" });
    await dial();
    await heard("waiting");
    await again("restart");
    const known = (await evidence())!;
    expect(known).toMatchObject({ answered: true, connected: false });
    expect(known.answeredForMs).toBeLessThan(2000);
    expect(outcomeOf(known, 2000)).toBe("cutOff");
    expect(outcomeOf(known, 0)).toBe("abandoned");
  });

  test("who talked has talked", { timeout: 20_000 }, async () => {
    const { dial, heard, again, evidence } = await house(answers, answers);
    await dial();
    await heard("connected");
    await again("restart");
    expect(outcomeOf((await evidence())!, 2000)).toBe("talked");
  });

  test("also when the connection was cut before, and all is seen again", async () => {
    const { dial, heard, again, evidence } = await house({ do: "ignore" }, answers);
    await dial();
    await heard("ringing");
    await again("cutConnections");
    await again("restart");
    expect(outcomeOf((await evidence())!, 2000)).toBe("noAnswer");
  }, 20_000);
});

test("nothing is asked of a PBX whose snapshot was not heard", { timeout: 20_000 }, async () => {
  const { dial, heard, again, telephone } = await house({ do: "ignore" }, answers);
  await dial();
  await heard("ringing");
  const restarted = again("restart");
  await vi.waitFor(() => expect(telephone.up()).toBe(false), { interval: 1 });
  await expect(telephone.record("cc-a")).rejects.toMatchObject({ code: "disconnected" });
  await expect(telephone.alive(["cc-a"])).rejects.toMatchObject({ code: "disconnected" });
  await restarted;
});

test("a PBX that may have gone on unheard before it went down: nobody knows", async () => {
  const { dial, heard, again, evidence, telephone } = await house(answers, { do: "ignore" }, -1);
  await dial();
  await heard("waiting");
  await again("restart");
  expect(await evidence()).toBeNull();
  expect(await telephone.record("cc-a")).toEqual({ dialled: true, evidence: null });
}, 20_000);

test.each([{ dialled: false }, { dialled: true, evidence: null }] as const)(
  "a talk that PostgreSQL knows of is one, though the PBX lost it: %o",
  (record) => {
    const attempts = new MemoryAttempts();
    attempts.add(1, {
      ...{ state: "connected", dialledAtMs: START_MS, connectedAtMs: START_MS + 9000 },
    });
    const [attempt] = attempts.rows.values();
    const settlement = settle({
      ...{
        attempt: attempt!,
        alive: false,
        record,
        rule: { clockFrom: "answer" as const, connectWithinMs: 2000 },
      },
      ...{ nowMs: START_MS + 60_000, settleAfterMs: 3000 },
    });
    expect(settlement).toMatchObject({ to: "ended", facts: { outcome: "talked" } });
  },
);
