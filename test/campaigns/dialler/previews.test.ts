import { afterEach, describe, expect, test } from "vitest";
import { Refusal } from "../../../server/desk/replies.ts";
import { aCampaign } from "./support/memory.ts";
import { type Stage, openStage } from "./support/stage.ts";

const preview = (previewSeconds: number | null = null) =>
  aCampaign({ mode: "preview", bridge: "operatorFirst", previewSeconds });

describe("previews", () => {
  let stage: Stage;
  afterEach(() => stage.close());

  test("each free operator is offered one person, and nobody is dialled before they say so", async () => {
    stage = await openStage({ extensions: ["101", "102"] }, preview());
    const ids = stage.attempts.add(3);
    await stage.pass(6000);
    expect(stage.offers.map(({ userId }) => userId).toSorted()).toEqual(["u101", "u102"]);
    expect(new Set(stage.offers.map(({ offer }) => offer!.attempt.id)).size).toBe(2);
    expect(stage.telephone.ids).toEqual([]);
    expect(stage.dialler.views()[0]).toMatchObject({ previews: 2 });

    const { userId, offer } = stage.offers[0]!;
    await stage.dialler.call(userId, offer!.attempt.id);
    expect(stage.telephone.asked).toEqual([
      expect.objectContaining({ id: offer!.attempt.id, ownPhone: `PJSIP/${offer!.extension}` }),
    ]);
    expect(stage.offers.at(-1)).toEqual({ userId, offer: null });
    // Taken by the call, they are not offered the next one.
    await stage.pass(3000);
    expect(stage.attempts.state(ids[2]!)).toBe("planned");
  });

  test("a second click finds the offer over, and dials nobody twice", async () => {
    stage = await openStage({}, preview());
    const [id] = stage.attempts.add(1);
    await stage.pass(1100);
    const first = stage.dialler.call("u101", id!);
    await expect(stage.dialler.call("u101", id!)).rejects.toThrow(Refusal);
    await expect(stage.dialler.skip("u101", id!, "notNow")).rejects.toThrow(Refusal);
    await first;
    expect(stage.telephone.ids).toEqual([id]);
  });

  test("skipped ends the attempt with the reason; the next person is offered", async () => {
    stage = await openStage({}, preview());
    const [id, next] = stage.attempts.add(2);
    await stage.pass(1100);
    await stage.dialler.skip("u101", id!, "wrongPerson");
    await stage.pass(1100);
    expect(stage.attempts.steps.at(-1)).toMatchObject({
      ...{ id, to: "ended" },
      facts: { outcome: "skipped", evidence: { skipped: "wrongPerson" }, userId: "u101" },
    });
    expect(stage.offers.at(-1)!.offer!.attempt.id).toBe(next);
    await stage.dialler.skip("u101", next!, "doNotCall");
    expect(stage.refused).toEqual([stage.attempts.rows.get(next!)!.phone]);
  });

  test("when the time to decide is over it is dialled", async () => {
    stage = await openStage({}, preview(10));
    const [id] = stage.attempts.add(1);
    await stage.pass(1100);
    expect(stage.offers[0]!.offer!.dialledAtMs).toBeGreaterThan(Date.now());
    await stage.pass(8000);
    expect(stage.telephone.ids).toEqual([]);
    await stage.pass(3000);
    expect(stage.telephone.ids).toEqual([id]);
  });

  test.each([
    ["who goes on a pause", (s: Stage) => s.floor.byExtension.delete("101")],
    ["who is on another call", (s: Stage) => s.floor.set("101", { device: "inUse" })],
    ["who left the desk", (s: Stage) => s.seats.delete("101")],
    ["whose campaign was paused", (s: Stage) => s.book.change("1", { state: "paused" })],
  ])("an operator %s loses the offer, and the person is planned again", async (_name, leave) => {
    stage = await openStage({}, preview(10));
    const [id] = stage.attempts.add(1);
    await stage.pass(1100);
    expect(stage.attempts.state(id!)).toBe("claimed");
    leave(stage);
    await stage.pass(20_000);
    expect(stage.offers.at(-1)).toEqual({ userId: "u101", offer: null });
    expect(stage.attempts.state(id!)).toBe("planned");
    expect(stage.telephone.ids).toEqual([]);
  });

  test("an offer whose reason went away disappears", async () => {
    stage = await openStage({}, preview());
    const [id] = stage.attempts.add(1);
    await stage.pass(1100);
    stage.attempts.withdraw(id!);
    await stage.pass(10);
    expect(stage.offers.at(-1)).toEqual({ userId: "u101", offer: null });
    await expect(stage.dialler.call("u101", id!)).rejects.toThrow("over");
  });

  test("a server that stops gives back what it offered", async () => {
    stage = await openStage({}, preview());
    const [id] = stage.attempts.add(1);
    await stage.pass(1100);
    const closing = stage.dialler.close();
    await stage.pass(100);
    await closing;
    expect(stage.attempts.state(id!)).toBe("planned");
  });
});
