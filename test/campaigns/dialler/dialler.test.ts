import { afterEach, describe, expect, test } from "vitest";
import { NOTHING_LEARNED } from "../../../server/campaigns/pacing/learn.ts";
import { MemoryAttempts, MemoryTelephone, aCampaign, aTrunk } from "./support/memory.ts";
import { type Stage, openStage } from "./support/stage.ts";

let stage: Stage;
afterEach(() => stage.close());

const talk = { answered: true, connected: true, dialStatus: "ANSWER", cause: 16 };

describe("progressive, customer first", () => {
  test("one line is dialled for each free operator, written before the PBX is asked", async () => {
    const attempts = new MemoryAttempts();
    const ids = attempts.add(5);
    const telephone = new MemoryTelephone();
    const written: string[] = [];
    telephone.whileAsked = async (id) => void written.push(attempts.state(id));
    stage = await openStage({ extensions: ["101", "102"], attempts, telephone }, aCampaign());

    expect(telephone.ids).toEqual(ids.slice(0, 2));
    expect(written).toEqual(["dialling", "dialling"]);
    expect(stage.prepared).toEqual(ids.slice(0, 2));
    await stage.pass(5000);
    expect(telephone.ids).toHaveLength(2);
  });

  test("a call is followed from its ringing to the end of the talk, with the operator's name", async () => {
    stage = await openStage({}, aCampaign());
    const [id] = stage.attempts.add(1);
    await stage.pass(1000);
    stage.telephone.word(id!, "ringing");
    await stage.pass(4000);
    stage.telephone.word(id!, "answered");
    stage.telephone.word(id!, "waiting");
    await stage.pass(500);
    stage.telephone.connect(id!, "101");
    stage.floor.set("101", { device: "inUse", talkingIn: [`main-${id}`] });
    await stage.pass(60_000);
    stage.telephone.over(id!, talk);
    await stage.pass(10);

    expect(stage.attempts.steps.map(({ to }) => to)).toEqual([
      ...["dialling", "ringing", "answered", "waiting", "connected", "ended"],
    ]);
    const row = stage.attempts.rows.get(id!)!;
    expect(row).toMatchObject({ outcome: "talked", extension: "101", userId: "u101" });
    expect(stage.telephone.forgotten).toEqual([id]);
  });

  test("the next person is dialled as soon as an operator is free again", async () => {
    stage = await openStage({}, aCampaign());
    const ids = stage.attempts.add(2);
    await stage.pass(1000);
    stage.telephone.connect(ids[0]!, "101");
    stage.floor.set("101", { device: "inUse" });
    await stage.pass(10_000);
    expect(stage.telephone.ids).toEqual([ids[0]]);
    stage.telephone.over(ids[0]!, talk);
    stage.floor.set("101", {});
    await stage.pass(100);
    expect(stage.telephone.ids).toEqual(ids);
  });

  test("an operator who writes up is not counted on", async () => {
    stage = await openStage({}, aCampaign());
    stage.seats.set("101", { ...stage.seats.get("101")!, wrappingUp: true });
    await stage.pass(1000);
    stage.attempts.add(1);
    await stage.pass(3000);
    expect(stage.telephone.ids).toEqual([]);
    expect(stage.dialler.views()[0]).toMatchObject({ operators: { free: 0, wrappingUp: 1 } });
  });

  test("while somebody who called us waits, nothing new is dialled; a campaign's own caller does not count", async () => {
    stage = await openStage({ extensions: ["101", "102"] }, aCampaign());
    const queue = { name: "outbound", preferring: [] };
    stage.floor.waiting = [{ ...queue, callers: [{ channelId: "1700000000.1" }] }];
    stage.attempts.add(3);
    await stage.pass(3000);
    expect(stage.telephone.ids).toEqual([]);
    stage.floor.waiting = [{ ...queue, callers: [{ channelId: "cc-1" }] }];
    await stage.pass(1100);
    expect(stage.telephone.ids).toHaveLength(2);
  });

  test("two campaigns of one queue share its operators; the higher priority goes first, the lower gets who is left", async () => {
    const attempts = new MemoryAttempts();
    const low = attempts.add(9, { campaignId: "1" });
    const high = attempts.add(2, { campaignId: "2" });
    stage = await openStage(
      { extensions: ["101", "102", "103"], attempts },
      aCampaign({ priority: 0 }, "1"),
      aCampaign({ priority: 9 }, "2"),
    );
    await stage.pass(3000);
    expect(stage.telephone.ids.toSorted()).toEqual([...high, low[0]!].toSorted());
  });

  test("a campaign that is paused, not begun or over dials nobody, and what is in hand goes on", async () => {
    stage = await openStage({ extensions: ["101", "102"] }, aCampaign());
    const ids = stage.attempts.add(1);
    await stage.pass(1100);
    stage.book.change("1", { state: "paused" });
    stage.attempts.add(3);
    await stage.pass(3000);
    expect(stage.telephone.ids).toEqual(ids);
    stage.telephone.over(ids[0]!, { dialStatus: "BUSY", cause: 17 });
    await stage.pass(100);
    expect(stage.attempts.rows.get(ids[0]!)).toMatchObject({ state: "ended", outcome: "busy" });

    const { settings } = stage.book.get("1")!;
    for (const own of [{ startsAt: "2026-11-23T12:00:00Z" }, { endsAt: "2026-11-23T08:00:00Z" }]) {
      stage.book.change("1", { state: "running", settings: { ...settings, ...own } });
      await stage.pass(2000);
      expect(stage.telephone.ids).toEqual(ids);
    }
    stage.book.change("1", { state: "running", settings });
    await stage.pass(100);
    expect(stage.telephone.ids).toHaveLength(3);
  });

  test("a call back that an operator promised rings that operator first", async () => {
    stage = await openStage({ extensions: ["101", "102"] }, aCampaign());
    const [mine] = stage.attempts.add(1, { userId: "u102", promised: true });
    await stage.pass(6000);
    expect(stage.telephone.asked).toEqual([
      { id: mine, trunk: "provider", extension: "102", ownPhone: "PJSIP/102" },
    ]);
  });
});

describe("operator first", () => {
  const first = aCampaign({ bridge: "operatorFirst", mode: "predictive" });

  test("each free operator's own phone is called for one person, and is taken until the talk", async () => {
    stage = await openStage({ extensions: ["101", "102"] }, first);
    const ids = stage.attempts.add(5);
    await stage.pass(6000);
    expect(stage.telephone.asked.map(({ ownPhone }) => ownPhone).toSorted()).toEqual([
      "PJSIP/101",
      "PJSIP/102",
    ]);
    const [one] = stage.telephone.ids;
    stage.telephone.over(one!, { operatorAnswered: false });
    await stage.pass(1000);
    expect(stage.attempts.rows.get(one!)!.outcome).toBe("operatorGone");
    expect(stage.telephone.ids).toHaveLength(3);
    expect(ids).toContain(stage.telephone.ids[2]);
  });
});

describe("withdrawn", () => {
  test("a phone that rings stops ringing", async () => {
    stage = await openStage({}, aCampaign());
    const [id] = stage.attempts.add(1);
    await stage.pass(1000);
    stage.telephone.word(id!, "ringing");
    await stage.pass(10);
    stage.attempts.withdraw(id!);
    await stage.pass(10);
    expect(stage.telephone.hungUp).toEqual([id]);
    expect(stage.attempts.state(id!)).toBe("withdrawn");
    expect(stage.dialler.gauges().inHand).toBe(0);
  });

  test("what is withdrawn while the PBX is asked for it is hung up as soon as the PBX has it", async () => {
    const attempts = new MemoryAttempts();
    const [id] = attempts.add(1);
    const telephone = new MemoryTelephone();
    telephone.whileAsked = async () => attempts.withdraw(id!);
    stage = await openStage({ attempts, telephone }, aCampaign());
    await stage.pass(100);
    expect(telephone.hungUp).toEqual([id]);
    expect(telephone.living.size).toBe(0);
  });

  test("while the PBX cannot be reached it is kept in mind, and hung up when it can", async () => {
    stage = await openStage({}, aCampaign());
    const [id] = stage.attempts.add(1);
    await stage.pass(1000);
    stage.telephone.isUp = false;
    stage.attempts.withdraw(id!);
    await stage.pass(2000);
    expect(stage.telephone.hungUp).toEqual([]);
    stage.telephone.isUp = true;
    stage.telephone.synchronise();
    await stage.pass(1100);
    expect(stage.telephone.hungUp).toContain(id);
  });

  test("a talk that began is not cut", async () => {
    stage = await openStage({}, aCampaign());
    const [id] = stage.attempts.add(1);
    await stage.pass(1000);
    stage.telephone.connect(id!, "101");
    stage.attempts.withdraw(id!);
    await stage.pass(2000);
    expect(stage.telephone.hungUp).toEqual([]);
  });
});

describe("people who wait", () => {
  test("later than the rule's time counts as abandoned at once, and is written with whatever comes after", async () => {
    stage = await openStage({}, aCampaign());
    const [id] = stage.attempts.add(1);
    await stage.pass(1000);
    stage.telephone.word(id!, "answered");
    stage.telephone.word(id!, "waiting");
    await stage.pass(4000);
    stage.telephone.connect(id!, "101");
    await stage.pass(10);
    expect(stage.attempts.steps.at(-1)).toMatchObject({
      to: "connected",
      facts: { abandonedByRule: true },
    });
    await stage.pass(11_000);
    expect(stage.attempts.saved.get("1")!.theta).toBeLessThan(NOTHING_LEARNED.theta);
  });

  test("with the clock from the greeting's end, who is connected in time after it was not abandoned by the rule", async () => {
    const rule = aCampaign().settings.abandonment;
    stage = await openStage(
      {},
      aCampaign({ abandonment: { ...rule, clockFrom: "greetingEnd", connectWithinMs: 2000 } }),
    );
    const [id] = stage.attempts.add(1);
    await stage.pass(1000);
    stage.telephone.word(id!, "answered");
    await stage.pass(1500);
    stage.telephone.word(id!, "greetingEnded");
    stage.telephone.word(id!, "waiting");
    await stage.pass(1500);
    stage.telephone.connect(id!, "101");
    await stage.pass(10);
    const { facts } = stage.attempts.steps.at(-1)!;
    expect(facts.abandonedByRule).toBeUndefined();
  });

  test("who presses 1 is put on the list of those not to call", async () => {
    stage = await openStage({}, aCampaign());
    const [id] = stage.attempts.add(1);
    await stage.pass(1000);
    stage.telephone.word(id!, "waiting");
    stage.telephone.word(id!, "refused");
    stage.telephone.over(id!, { answered: true, answeredForMs: 9000 });
    await stage.pass(10);
    expect(stage.refused).toEqual([stage.attempts.rows.get(id!)!.phone]);
    expect(stage.attempts.steps.at(-1)).toMatchObject({
      facts: { outcome: "abandoned", evidence: { pressedOne: true } },
    });
  });

  test("who pressed 1 hears the thanks to its end, though the list withdraws them meanwhile", async () => {
    stage = await openStage({}, aCampaign());
    const [id] = stage.attempts.add(1);
    await stage.pass(1000);
    stage.telephone.word(id!, "waiting");
    stage.telephone.word(id!, "refused");
    stage.attempts.withdraw(id!);
    await stage.pass(3000);
    expect(stage.telephone.hungUp).toEqual([]);
  });
});

describe("trunks", () => {
  test("no more lines than the trunks have, in their order", async () => {
    const attempts = new MemoryAttempts();
    attempts.add(9);
    stage = await openStage(
      { extensions: ["101", "102", "103", "104", "105"] },
      aCampaign({ trunks: ["provider", "spare"] }),
    );
    stage.book.trunkList = [aTrunk({ lines: 2 }), aTrunk({ name: "spare", lines: 1 })];
    stage.attempts.add(9);
    await stage.pass(3000);
    expect(stage.telephone.asked.map(({ trunk }) => trunk)).toEqual([
      "provider",
      "provider",
      "spare",
    ]);
  });

  test("no more calls per second than a trunk may take", async () => {
    stage = await openStage({ extensions: ["101", "102", "103", "104"] }, aCampaign());
    stage.book.trunkList = [aTrunk({ callsPerSecond: 0.5 })];
    stage.attempts.add(9);
    await stage.pass(1100);
    expect(stage.telephone.ids).toHaveLength(1);
    await stage.pass(1000);
    expect(stage.telephone.ids).toHaveLength(1);
    await stage.pass(2000);
    expect(stage.telephone.ids).toHaveLength(2);
  });

  test("five of the last eight that could not be carried pause the campaign; started again, it tries anew", async () => {
    stage = await openStage({}, aCampaign());
    stage.attempts.add(20);
    for (let call = 0; call < 5; call++) {
      await stage.pass(1100);
      stage.telephone.over(stage.telephone.ids.at(-1)!, { dialStatus: "CONGESTION", cause: 34 });
    }
    await stage.pass(2000);
    expect(stage.book.paused).toEqual([{ id: "1", because: "trunkTrouble" }]);
    expect(stage.telephone.ids).toHaveLength(5);
    stage.book.change("1", { state: "running" });
    await stage.pass(1100);
    expect(stage.telephone.ids).toHaveLength(6);
    expect(stage.book.paused).toHaveLength(1);
  });
});

test("an attempt whose hours are over before it is dialled is given back", async () => {
  stage = await openStage({}, aCampaign());
  const [id] = stage.attempts.add(1, { windowEndsAtMs: Date.now() });
  await stage.pass(1100);
  expect(stage.telephone.ids).toEqual([]);
  expect(stage.attempts.state(id!)).toBe("planned");
});
