import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { describePhone } from "../../server/customers/phone.ts";
import type { Customer } from "../../server/customers/model.ts";
import { type FoundWork, NO_WORK, workSource } from "../../server/desk/card-work.ts";
import { Cards } from "../../server/desk/cards.ts";
import { DeskWorkDouble } from "../support/desk-work-double.ts";

describe("what a card is worked on with", () => {
  const question = { customerId: "7", phone: "+79130000001", about: [] };

  test("is gathered of all parts", async () => {
    const work = new DeskWorkDouble();
    const found = await workSource(work)(question);
    expect(found.whole).toBe(true);
    expect(found.work.order?.number).toBe("104512");
    expect(found.work.claims).toHaveLength(1);
    expect(found.work.background?.cameBy).toBe("Яндекс Маркет");
  });

  test("keeps what is there when a part is down, and says so", async () => {
    const work = new DeskWorkDouble();
    work.broken.add("background");
    const found = await workSource(work)(question);
    expect(found.whole).toBe(false);
    expect(found.work).toMatchObject({ order: { number: "104512" }, background: null });
  });

  test("asks for a campaign's order without looking for another", async () => {
    const work = new DeskWorkDouble();
    work.broken.add("talkedAbout");
    const found = await workSource(work)({ ...question, about: ["103877"] });
    expect(found.work.order?.number).toBe("103877");
  });
});

describe("a card with work", () => {
  const anna = { id: "7", name: "Анна", timeZone: "", city: "", region: "" } as Customer;
  const boris = { ...anna, id: "8", name: "Борис" };
  const phone = describePhone("+79130000001");
  let cards: Cards;
  let changed: string[];
  let answers: PromiseWithResolvers<FoundWork>[];
  const found = (whole = true): FoundWork => ({
    whole,
    work: { ...NO_WORK, claims: [] },
  });
  const workOf = (callId: string) => cards.card(callId)?.work;
  const answer = async (index: number, value: FoundWork) => {
    answers[index]!.resolve(value);
    await vi.advanceTimersByTimeAsync(0);
  };

  beforeEach(() => {
    vi.useFakeTimers();
    changed = [];
    answers = [];
    cards = new Cards({
      sources: {
        directory: {
          identify: async () => ({ outcome: "one", phone, customer: anna, verified: true }),
          customer: async () => null,
        },
        orders: {
          ofCustomer: async () => [],
          totals: async () => ({ count: 0, totalMinor: 0, currency: "RUB" }),
        },
        pastCalls: async () => [],
        notes: async () => [],
        work: () => {
          const one = Promise.withResolvers<FoundWork>();
          answers.push(one);
          return one.promise;
        },
      },
      deadlines: { identifyMs: 300, partsMs: 200, retryMs: 500 },
      sameNumber: (a, b) => a === b,
      now: () => Date.now(),
      changed: (callId) => changed.push(callId),
    });
    cards.open("c", { number: "+79130000001", name: "" });
  });
  afterEach(() => {
    cards.close();
    expect(vi.getTimerCount(), "nothing is left running").toBe(0);
    vi.useRealTimers();
  });

  test("is composed without it, keeps its place, and is filled in when it comes", async () => {
    await vi.advanceTimersByTimeAsync(0);
    expect(cards.composed("c")).toBe(true);
    expect(workOf("c")).toEqual(NO_WORK);
    expect(cards.card("c")?.problems).toEqual([]);
    const here = { ...found(), work: { ...NO_WORK, background: null, claims: [] } };
    const claims = [{ number: "C-1" }] as unknown as FoundWork["work"]["claims"];
    await answer(0, { ...here, work: { ...here.work, claims } });
    expect(workOf("c")?.claims).toEqual(claims);
    expect(changed).toEqual(["c", "c"]);
  });

  test("says after the deadline that it is missing, and takes it back when it comes", async () => {
    await vi.advanceTimersByTimeAsync(200);
    expect(cards.card("c")?.problems).toEqual(["workMissing"]);
    await answer(0, found());
    expect(cards.card("c")?.problems).toEqual([]);
  });

  test("asks again while a part is down, and tells the screen only what is news", async () => {
    await vi.advanceTimersByTimeAsync(0);
    await answer(0, found(false));
    expect(cards.card("c")?.problems).toEqual(["workMissing"]);
    const told = changed.length;
    await vi.advanceTimersByTimeAsync(500);
    await answer(1, found(false));
    expect(changed).toHaveLength(told);
    await vi.advanceTimersByTimeAsync(1000);
    await answer(2, found());
    expect(cards.card("c")?.problems).toEqual([]);
  });

  test("asks once for many changes, and a later answer stands above an earlier one", async () => {
    await vi.advanceTimersByTimeAsync(0);
    for (let time = 0; time < 5; time++) cards.refreshWork("c");
    await vi.advanceTimersByTimeAsync(50);
    expect(answers).toHaveLength(2);
    const claims = [{ number: "C-2" }] as unknown as FoundWork["work"]["claims"];
    await answer(1, { whole: true, work: { ...NO_WORK, claims } });
    await answer(0, found());
    expect(workOf("c")?.claims).toEqual(claims);
  });

  test("never shows one customer's work on another's card", async () => {
    await vi.advanceTimersByTimeAsync(0);
    const claims = [{ number: "C-3" }] as unknown as FoundWork["work"]["claims"];
    await answer(0, { whole: true, work: { ...NO_WORK, claims } });
    cards.choose("c", boris);
    await vi.advanceTimersByTimeAsync(0);
    expect(cards.card("c")?.customer?.name).toBe("Борис");
    expect(workOf("c")).toEqual(NO_WORK);
  });
});
