/** Campaigns that share operators, and phones that ring for nobody. */
import { afterEach, describe, expect, test } from "vitest";
import { MemoryAttempts, aCampaign, aMember } from "./support/memory.ts";
import { type Stage, openStage } from "./support/stage.ts";

let stage: Stage;
afterEach(() => stage.close());

const talk = { answered: true, connected: true, dialStatus: "ANSWER", cause: 16 };
const paceOf = (id: string) =>
  stage.dialler.views().find(({ campaignId }) => campaignId === id)!.pace;

describe("campaigns of one queue", () => {
  test("together dial one line for each free operator, and the lower one says why it waits", async () => {
    const attempts = new MemoryAttempts();
    const high = attempts.add(9, { campaignId: "2" });
    attempts.add(9, { campaignId: "1" });
    stage = await openStage(
      { extensions: ["101", "102", "103"], attempts },
      aCampaign({ priority: 0 }, "1"),
      aCampaign({ priority: 9 }, "2"),
    );
    await stage.pass(20_000);
    expect(stage.telephone.ids).toEqual(high.slice(0, 3));
    expect(paceOf("1")).toMatchObject({ lines: 0, reason: "othersFirst", values: { kept: 3 } });
    expect(paceOf("2")).toMatchObject({ reason: "progressive", values: { kept: 0, others: 0 } });
  });

  test("lines that the lower one has ringing count when the higher one gets work", async () => {
    const attempts = new MemoryAttempts();
    const low = attempts.add(9, { campaignId: "1" });
    stage = await openStage(
      { extensions: ["101", "102"], attempts },
      aCampaign({ priority: 0 }, "1"),
      aCampaign({ priority: 9 }, "2"),
    );
    expect(stage.telephone.ids).toEqual(low.slice(0, 2));
    const high = attempts.add(9, { campaignId: "2" });
    await stage.pass(5000);
    expect(stage.telephone.ids).toHaveLength(2);
    expect(paceOf("2")).toMatchObject({ lines: 0, values: { others: 2, ringing: 2 } });
    stage.telephone.over(low[0]!, { dialStatus: "BUSY", cause: 17 });
    await stage.pass(2000);
    expect(stage.telephone.ids.slice(2)).toEqual([high[0]]);
  });

  test("of the same priority take turns, so that neither waits for ever", async () => {
    const attempts = new MemoryAttempts();
    attempts.add(20, { campaignId: "1" });
    attempts.add(20, { campaignId: "2" });
    stage = await openStage({ attempts }, aCampaign({}, "1"), aCampaign({}, "2"));
    for (let call = 0; call < 8; call++) {
      await stage.pass(1100);
      stage.telephone.over(stage.telephone.ids.at(-1)!, { dialStatus: "BUSY", cause: 17 });
    }
    const of = stage.telephone.ids.map((id) => attempts.rows.get(id)!.campaignId);
    expect(of.slice(0, 8)).toEqual(["1", "2", "1", "2", "1", "2", "1", "2"]);
  });

  test("a paused campaign's people on the line keep the other one from dialling for their operator", async () => {
    const attempts = new MemoryAttempts();
    const [low] = attempts.add(1, { campaignId: "1" });
    stage = await openStage({ attempts }, aCampaign({}, "1"), aCampaign({}, "2"));
    stage.book.change("1", { state: "paused" });
    attempts.add(3, { campaignId: "2" });
    await stage.pass(3000);
    expect(stage.telephone.ids).toEqual([low]);
  });

  test("queues with some of the same members: the other one gets operators who are only its own", async () => {
    const attempts = new MemoryAttempts();
    const high = attempts.add(5, { campaignId: "2" });
    const low = attempts.add(5, { campaignId: "1" });
    stage = await openStage(
      { extensions: ["101", "102"], attempts },
      aCampaign({ queue: "second", priority: 0 }, "1"),
      aCampaign({ priority: 9 }, "2"),
    );
    await stage.pass(1100);
    expect(stage.telephone.ids).toEqual(high.slice(0, 2));
    stage.floor.set("102", { members: [aMember("102"), aMember("102", { queue: "second" })] });
    stage.floor.set("103", { members: [aMember("103", { queue: "second" })] });
    await stage.pass(1100);
    expect(stage.telephone.ids.slice(2)).toEqual([low[0]]);
  });
});

describe("phones that ring for nobody", () => {
  const ringing = async (count: number, extensions: readonly string[]) => {
    stage = await openStage({ extensions }, aCampaign());
    const ids = stage.attempts.add(count);
    await stage.pass(1100);
    for (const id of stage.telephone.ids) stage.telephone.word(id, "ringing");
    await stage.pass(100);
    return ids;
  };
  const paused = (extension: string) => ({
    members: [aMember(extension, { paused: true, pausedReason: "lunch" })],
  });

  test("everybody pauses: they are hung up, and end as let go, not as the person's no answer", async () => {
    const ids = await ringing(2, ["101", "102"]);
    stage.floor.set("101", paused("101"));
    stage.floor.set("102", paused("102"));
    await stage.pass(1000);
    expect(stage.telephone.hungUp).toEqual([]);
    await stage.pass(2500);
    expect(stage.telephone.hungUp.toSorted()).toEqual(ids);
    for (const id of ids)
      expect(stage.attempts.rows.get(id)).toMatchObject({ state: "ended", outcome: "letGo" });
    expect(stage.dialler.counters().letGo).toBe(2);
    await stage.pass(11_000);
    expect(stage.attempts.saved.get("1")).toMatchObject({ dials: expect.closeTo(0, 1) });
  });

  test("a pause that is taken back within a second changes nothing", async () => {
    await ringing(1, ["101"]);
    stage.floor.set("101", paused("101"));
    await stage.pass(900);
    stage.floor.set("101", {});
    await stage.pass(5000);
    expect(stage.telephone.hungUp).toEqual([]);
  });

  test("the only operator takes a call of somebody who called us", async () => {
    const [id] = await ringing(1, ["101"]);
    stage.floor.set("101", { device: "inUse", talkingIn: ["main-1700000000.1"] });
    await stage.pass(4000);
    expect(stage.telephone.hungUp).toEqual([id]);
  });

  test("while somebody who called us waits for one of two operators, one phone rings on", async () => {
    const ids = await ringing(2, ["101", "102"]);
    const queue = { name: "outbound", preferring: [] };
    stage.floor.waiting = [{ ...queue, callers: [{ channelId: "1700000000.1" }] }];
    await stage.pass(6000);
    expect(stage.telephone.hungUp.length).toBeLessThan(2);
    expect(ids.filter((id) => stage.attempts.state(id) === "ringing")).not.toEqual([]);
  });

  test("who answered waits, and one operator's phone rings for them: the other operator's line rings on", async () => {
    const [first, second] = await ringing(2, ["101", "102"]);
    stage.telephone.word(first!, "answered");
    stage.telephone.word(first!, "waiting");
    stage.floor.set("101", { device: "ringing", ringingIn: [`main-${first}`] });
    await stage.pass(6000);
    expect(stage.telephone.hungUp).toEqual([]);
    expect(stage.attempts.state(second!)).toBe("ringing");
  });

  test("who answered already is not hung up: they hear who called, or get the next operator", async () => {
    const [id] = await ringing(1, ["101"]);
    stage.telephone.word(id!, "answered");
    stage.telephone.word(id!, "waiting");
    stage.floor.set("101", paused("101"));
    await stage.pass(6000);
    expect(stage.telephone.hungUp).toEqual([]);
  });

  test("who answers at the very moment was abandoned by us, in truth and by the rule", async () => {
    const [id] = await ringing(1, ["101"]);
    stage.telephone.hangUp = async (of) => {
      stage.telephone.word(of, "answered");
      stage.telephone.over(of, { answered: true, answeredForMs: 40, dialStatus: "ANSWER" });
      return true;
    };
    stage.floor.set("101", paused("101"));
    await stage.pass(4000);
    expect(stage.attempts.steps.at(-1)).toMatchObject({
      ...{ id, to: "ended" },
      facts: { outcome: "abandoned", abandonedByRule: true },
    });
  });

  test("while the PBX cannot be reached nothing is believed of its operators; answered meanwhile, it is left", async () => {
    const [id] = await ringing(1, ["101"]);
    stage.telephone.isUp = false;
    stage.floor.set("101", paused("101"));
    await stage.pass(5000);
    stage.telephone.isUp = true;
    stage.telephone.synchronise();
    stage.telephone.connect(id!, "101");
    await stage.pass(5000);
    expect(stage.telephone.hungUp).toEqual([]);
    stage.telephone.over(id!, talk);
    await stage.pass(100);
    expect(stage.attempts.rows.get(id!)).toMatchObject({ outcome: "talked" });
  });
});
