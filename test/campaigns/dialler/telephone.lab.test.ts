/** Campaigns' calls on real Asterisk: the outcome of every kind of customer, and a number dialled once whatever breaks. */
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import type { PhoneBehaviour } from "../../../asterisk-config/lab/scenarios.ts";
import { fixedPbxs } from "../../../server/asterisk/pbxs.ts";
import { PbxLink } from "../../../server/asterisk/link.ts";
import { LiveCalls } from "../../../server/calls/live.ts";
import type { ClaimedAttempt } from "../../../server/campaigns/attempts/model.ts";
import { outcomeOf } from "../../../server/campaigns/dialler/outcome.ts";
import { AsteriskTelephone } from "../../../server/campaigns/dialler/telephone.ts";
import type { CampaignSettings, Trunk } from "../../../server/campaigns/model.ts";
import type { Progress } from "../../../server/campaigns/ports.ts";
import { type CuttingProxy, cuttingProxy } from "../../support/cutting-proxy.ts";
import { type Lab, labStartMs, startLab } from "../../support/lab.ts";
import { campaign } from "../samples.ts";

const phone = "+79130000009";
const trunk: Trunk = {
  ...{ pbx: "main", name: "provider", dial: "PJSIP/{number}@pstn", format: "e164" as const },
  ...{ lines: 10, callsPerSecond: 10, enabled: true },
};
const anna = { extension: "101", ownPhone: "PJSIP/101" };

let dialled = 0;

function attempt(): ClaimedAttempt {
  dialled += 1;
  const id = `cc-00000000-0000-4000-8000-${String(Date.now()).slice(-8)}${String(dialled).padStart(4, "0")}`;
  return {
    ...{ id, contactId: "c", campaignId: "k", n: 1, phone, state: "dialling" as const },
    ...{ dueAtMs: 0, windowEndsAtMs: 0, pbx: "main", trunk: "provider", claimedBy: "test" },
    ...{
      dialledAtMs: null,
      ringingAtMs: null,
      answeredAtMs: null,
      greetingEndedAtMs: null,
      waitingAtMs: null,
    },
    ...{ connectedAtMs: null, endedAtMs: null, outcome: null, cause: 0, userId: null },
    ...{ extension: "", customerId: null, customerName: "Пётр <&> Петров", promised: false },
  };
}

const call = (own: Partial<CampaignSettings> = {}) => ({
  attempt: attempt(),
  campaign: {
    id: "k",
    settings: campaign({ queue: "600", ringSeconds: 15, onMachine: "ignore", ...own }),
    ...{ state: "running" as const, pausedBecause: "" as const, revision: 1 },
    ...{ createdAt: "", changedAt: "" },
  },
  trunk,
  operator: null,
});

describe.each([22, 16] as const)("on Asterisk %i", (version) => {
  let lab: Lab;
  let proxy: CuttingProxy;
  let link: PbxLink;
  let calls: LiveCalls;
  let telephone: AsteriskTelephone;
  let progress: Progress[] = [];

  beforeAll(async () => {
    lab = await startLab({ version });
    proxy = await cuttingProxy(lab.amiPort);
    const { username, secret } = lab;
    link = new PbxLink({
      ...{ name: "main", host: "127.0.0.1", port: proxy.port, username, secret, tls: false },
    });
    calls = new LiveCalls({ pbxs: fixedPbxs([link]), extensionPattern: /^[0-9]{2,5}$/ });
    telephone = new AsteriskTelephone({ pbx: link, calls, region: "RU" });
    telephone.onProgress((step) => progress.push(step));
    calls.open();
    telephone.open();
    link.start();
    await up();
  }, labStartMs);

  afterAll(async () => {
    telephone.close();
    calls.close();
    link.stop();
    await proxy.close();
  });

  const up = () => vi.waitFor(() => expect(telephone.up()).toBe(true), { timeout: 30_000 });
  const told = (id: string) =>
    progress.filter(({ attemptId }) => attemptId === id).map(({ type }) => type);
  const over = (id: string) =>
    vi.waitFor(
      () => {
        const last = progress.find((step) => step.attemptId === id && step.type === "over");
        if (last?.type !== "over") throw new Error(`told of ${id}: ${told(id).join(", ")}`);
        return last.evidence;
      },
      { timeout: 40_000, interval: 50 },
    );
  const invited = (far: { readonly events: readonly { readonly name: string }[] }) =>
    far.events.filter(({ name }) => name === "invited").length;

  const people: readonly (readonly [string, PhoneBehaviour, readonly string[]])[] = [
    ["busy", { reject: 486 }, ["ringing"]],
    ["rejected", { reject: 603, rejectAfterMs: 500 }, ["ringing"]],
    ["unallocated", { reject: 404 }, ["ringing"]],
    ["wrongTrunk", { reject: 403 }, ["ringing"]],
    ["congestion", { reject: 503 }, ["ringing"]],
    ["noAnswer", { answerAfterMs: "never" }, ["ringing"]],
    ["cutOff", { answerAfterMs: 300, talkMs: 50 }, ["ringing", "answered", "waiting"]],
    ["abandoned", { answerAfterMs: 300, talkMs: 3500 }, ["ringing", "answered", "waiting"]],
  ];
  test.each(people)(
    "%s: a customer who does %j",
    { timeout: 60_000 },
    async (outcome, does, steps) => {
      const far = await lab.pstn(does);
      const asked = call();
      await telephone.dial(asked);
      const evidence = await over(asked.attempt.id);
      expect(outcomeOf(evidence, 2000)).toBe(outcome);
      expect(
        told(asked.attempt.id).filter((type) => type !== "waiting" || outcome === "abandoned"),
      ).toEqual([...steps.filter((step) => step !== "waiting" || outcome === "abandoned"), "over"]);
      expect(invited(far)).toBe(1);
      // The PBX wrote the same down.
      const record = await telephone.record(asked.attempt.id);
      if (!record.dialled || record.evidence === null) throw new Error("nothing was written down");
      expect(outcomeOf(record.evidence, 2000)).toBe(outcome);
      await lab.hangUpAll();
    },
  );

  test("talked: an operator of the queue answers, and is named", { timeout: 60_000 }, async () => {
    await lab.pstn({ answerAfterMs: 300 });
    await lab.phone("101", { answerAfterMs: 300, talkMs: 800 });
    const asked = call();
    const { id } = asked.attempt;
    await telephone.dial(asked);
    expect(outcomeOf(await over(id), 2000)).toBe("talked");
    expect(told(id)).toEqual(["ringing", "answered", "waiting", "connected", "over"]);
    expect(progress).toContainEqual(
      expect.objectContaining({ attemptId: id, type: "connected", extension: "101" }),
    );
    expect(await telephone.record(id)).toMatchObject({ evidence: { connected: true } });
    await lab.hangUpAll();
  });

  test(
    "operator first: talked, busy, and an operator who is away",
    { timeout: 90_000 },
    async () => {
      const outcomes: string[] = [];
      for (const [own, far] of [
        [{ answerAfterMs: 300 }, { answerAfterMs: 500, talkMs: 700 }],
        [{ answerAfterMs: 300 }, { reject: 486 }],
        [{ reject: 486 }, {}],
      ] as const) {
        const person = await lab.pstn(far);
        await lab.phone("101", own);
        const asked = { ...call(), operator: anna };
        await telephone.dial(asked);
        outcomes.push(outcomeOf(await over(asked.attempt.id), 2000));
        expect(invited(person)).toBe(outcomes.at(-1) === "operatorGone" ? 0 : 1);
        await lab.hangUpAll();
      }
      expect(outcomes).toEqual(["talked", "busy", "operatorGone"]);
    },
  );

  test("who presses 1 is told, also by the record alone", { timeout: 60_000 }, async () => {
    const far = await lab.pstn({ answerAfterMs: 300 });
    const asked = call();
    const { id } = asked.attempt;
    await telephone.dial(asked);
    await vi.waitFor(() => expect(told(id)).toContain("waiting"));
    await new Promise((done) => setTimeout(done, 4000));
    await far.press("1");
    await over(id);
    expect(told(id)).toContain("refused");
    progress = [];
    await telephone.record(id);
    expect(told(id)).toEqual(["refused"]);
    await lab.hangUpAll();
  });

  test(
    "asked twice, at once and later, a number is dialled once; withdrawn, it stops ringing",
    { timeout: 60_000 },
    async () => {
      const far = await lab.pstn({ answerAfterMs: "never" });
      const asked = call();
      const { id } = asked.attempt;
      expect(await telephone.record(id)).toEqual({ dialled: false });
      await telephone.dial(asked);
      await telephone.dial(asked);
      await far.ringing();
      expect(await telephone.alive([id, "cc-none"])).toEqual(new Set([id]));
      expect(await telephone.hangUp(id)).toBe(true);
      await far.saw("cancelled");
      await over(id);
      expect(await telephone.hangUp(id)).toBe(false);
      progress = [];
      await telephone.dial(asked);
      // The end that it had is told again; nobody is called again.
      await over(id);
      expect(invited(far)).toBe(1);
      await lab.hangUpAll();
    },
  );

  test(
    "the connection breaks while it rings: the record tells how it ended",
    { timeout: 60_000 },
    async () => {
      const far = await lab.pstn({ reject: 486, rejectAfterMs: 1500 });
      const asked = call();
      await telephone.dial(asked);
      await far.ringing();
      proxy.refuse(true);
      await far.saw("over");
      await new Promise((done) => setTimeout(done, 500));
      proxy.refuse(false);
      await up();
      expect(await telephone.alive([asked.attempt.id])).toEqual(new Set());
      const record = await telephone.record(asked.attempt.id);
      expect(record).toMatchObject({ dialled: true, evidence: { cause: 17 } });
      expect(told(asked.attempt.id)).not.toContain("over");
      await lab.hangUpAll();
    },
  );

  test(
    "Asterisk is killed the moment the number was dialled: it remembers, and does not dial again",
    { timeout: 120_000 },
    async () => {
      for (let round = 0; round < 3; round += 1) {
        const far = await lab.pstn({ answerAfterMs: "never" });
        const asked = call();
        await telephone.dial(asked);
        await vi.waitFor(() => expect(invited(far)).toBe(1), { interval: 5 });
        await lab.kill();
        await lab.start();
        await up();
        const record = await vi.waitFor(() => telephone.record(asked.attempt.id));
        expect(record.dialled).toBe(true);
        // Asterisk itself wrote no end; all that is known is what was heard of it until then.
        if (record.dialled) expect(record.evidence?.answered ?? false).toBe(false);
        await telephone.dial(asked);
        await over(asked.attempt.id);
        expect(invited(far)).toBe(1);
      }
    },
  );
});
