import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { describePhone } from "../../server/customers/phone.ts";
import type { Customer, Identification } from "../../server/customers/model.ts";
import { Cards } from "../../server/desk/cards.ts";
import type { Note, PastCall } from "../../server/desk/protocol.ts";

const anna = { id: "7", name: "Анна", timeZone: "", city: "Томск", region: "" } as Customer;
const boris = { ...anna, id: "8", name: "Борис" };
const phone = describePhone("+79130000001");
const one: Identification = { outcome: "one", phone, customer: anna, verified: true };
const party = { number: "89130000001", name: "" };
const totals = { count: 2, totalMinor: 100, currency: "RUB" };
const note: Note = { id: "1", text: "любит чай", authorName: "", createdAt: "" };

/** Sources that answer when told to. */
class Sources {
  readonly asked: string[] = [];
  readonly waiting = new Map<string, PromiseWithResolvers<unknown>>();
  ask(what: string): Promise<never> {
    this.asked.push(what);
    const deferred = Promise.withResolvers<unknown>();
    this.waiting.set(what, deferred);
    return deferred.promise as Promise<never>;
  }
  async answer(what: string, value: unknown): Promise<void> {
    this.waiting.get(what)!.resolve(value);
    await vi.advanceTimersByTimeAsync(0);
  }
  async fail(what: string): Promise<void> {
    this.waiting.get(what)!.reject(new Error("down"));
    await vi.advanceTimersByTimeAsync(0);
  }
  async answerParts(): Promise<void> {
    await this.answer("orders", []);
    await this.answer("totals", totals);
    await this.answer("calls", [] as PastCall[]);
    await this.answer("notes", [] as Note[]);
  }
}

let sources: Sources;
let cards: Cards;
let changed: string[];

beforeEach(() => {
  vi.useFakeTimers();
  sources = new Sources();
  changed = [];
  cards = new Cards({
    sources: {
      directory: { identify: () => sources.ask("identify"), customer: () => Promise.resolve(null) },
      orders: {
        ofCustomer: () => sources.ask("orders"),
        totals: () => sources.ask("totals"),
      },
      pastCalls: () => sources.ask("calls"),
      notes: () => sources.ask("notes"),
    },
    deadlines: { identifyMs: 300, partsMs: 200, retryMs: 500 },
    sameNumber: (a, b) => a.replace(/\D/g, "").slice(-10) === b.replace(/\D/g, "").slice(-10),
    now: () => Date.now(),
    changed: (callId) => changed.push(callId),
  });
});
afterEach(() => {
  cards.close();
  expect(vi.getTimerCount(), "nothing is left running").toBe(0);
  vi.useRealTimers();
});

describe("a card", () => {
  test("is pending until the customer and every part are there, then it is told once", async () => {
    cards.open("c", party);
    expect(cards.card("c")?.outcome).toBe("pending");
    await sources.answer("identify", one);
    expect(sources.asked).toEqual(["identify", "orders", "totals", "notes", "calls"]);
    expect(changed).toEqual([]);
    await sources.answerParts();
    expect(changed).toEqual(["c"]);
    expect(cards.card("c")).toMatchObject({
      outcome: "one",
      customer: { name: "Анна" },
      totals,
      problems: [],
      place: { city: "Томск", country: "RU" },
    });
    expect(cards.composed("c")).toBe(true);
  });

  test("asks for all parts at once, and only for what the outcome needs", async () => {
    cards.open("c", party);
    await sources.answer("identify", { outcome: "none", phone });
    expect(sources.asked).toEqual(["identify", "calls"]);
    await sources.answer("calls", []);
    expect(cards.card("c")).toMatchObject({ outcome: "none", customer: null });
    cards.open("w", { number: "", name: "" });
    await sources.answer("identify", { outcome: "withheld" });
    expect(cards.card("w")?.outcome).toBe("withheld");
  });

  test("goes without what is late, names it, and is filled in when it comes", async () => {
    cards.open("c", party);
    await sources.answer("identify", one);
    await sources.answer("calls", []);
    await sources.answer("notes", []);
    await vi.advanceTimersByTimeAsync(199);
    expect(changed).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(cards.card("c")).toMatchObject({ outcome: "one", problems: ["ordersMissing"] });
    await sources.answer("orders", []);
    await sources.answer("totals", totals);
    expect(cards.card("c")).toMatchObject({ totals, problems: [] });
    expect(changed).toEqual(["c", "c"]);
  });

  test("says that the directory is late, and shows the customer when it answers after all", async () => {
    cards.open("c", party);
    await vi.advanceTimersByTimeAsync(300);
    expect(cards.card("c")).toMatchObject({ outcome: "failed", problems: ["directoryLate"] });
    expect(cards.times("c").identifiedAtMs).toBeNull();
    await sources.answer("identify", one);
    await sources.answerParts();
    expect(cards.card("c")).toMatchObject({ outcome: "one", problems: [] });
  });

  test("asks a directory that is down again until it answers", async () => {
    cards.open("c", party);
    await sources.fail("identify");
    expect(cards.card("c")).toMatchObject({ outcome: "failed", problems: ["directoryDown"] });
    await vi.advanceTimersByTimeAsync(500);
    await sources.answer("identify", { outcome: "failed", raw: "", reason: "directoryDown" });
    await vi.advanceTimersByTimeAsync(1000);
    await sources.answer("identify", one);
    await sources.answerParts();
    expect(cards.card("c")?.outcome).toBe("one");
  });

  test("shows what was last seen while nothing can be read, says that it is old, and is as it should be again", async () => {
    const order = { id: "o1", number: "26-1" };
    cards.open("first", party);
    await sources.answer("identify", one);
    await sources.answer("orders", [order]);
    await sources.answer("totals", totals);
    await sources.answer("calls", []);
    await sources.answer("notes", [note]);
    cards.drop("first");

    cards.open("c", party);
    await sources.answer("identify", { ...one, fromMemory: true });
    for (const part of ["orders", "totals", "calls", "notes"]) await sources.fail(part);
    const old = {
      outcome: "one",
      orders: [order],
      totals,
      notes: [note],
      problems: ["fromMemory"],
    };
    expect(cards.card("c")).toMatchObject(old);
    const told = changed.length;
    await vi.advanceTimersByTimeAsync(500);
    await sources.answer("identify", { ...one, fromMemory: true });
    expect(changed.length, "what did not change is not told again").toBe(told);
    await vi.advanceTimersByTimeAsync(4000);
    await sources.answer("identify", one);
    expect(cards.card("c")?.problems, "its parts are still old").toEqual(["fromMemory"]);
    await sources.answerParts();
    expect(cards.card("c")).toMatchObject({ orders: [], notes: [], problems: [] });
  });

  test("of somebody else shows nothing that was remembered", async () => {
    cards.open("first", party);
    await sources.answer("identify", one);
    await sources.answerParts();
    cards.open("c", { number: "89130000002", name: "" });
    await sources.answer("identify", { ...one, customer: boris });
    for (const part of ["orders", "calls", "notes"]) await sources.fail(part);
    expect(cards.card("c")).toMatchObject({
      orders: [],
      problems: ["ordersMissing", "historyMissing"],
    });
  });

  test("asks a part that is down again", async () => {
    cards.open("c", party);
    await sources.answer("identify", one);
    await sources.answer("orders", []);
    await sources.answer("totals", totals);
    await sources.answer("calls", []);
    await sources.fail("notes");
    expect(cards.card("c")?.problems).toEqual(["historyMissing"]);
    await vi.advanceTimersByTimeAsync(500);
    await sources.answer("notes", [note]);
    expect(cards.card("c")).toMatchObject({ notes: [note], problems: [] });
  });

  test("is not composed twice for another spelling of the same number", () => {
    cards.open("c", party);
    cards.open("c", { number: "+7 913 000-00-01", name: "ANNA" });
    expect(sources.asked).toEqual(["identify"]);
  });

  test("of another number begins anew and forgets the first person", async () => {
    cards.open("c", party);
    await sources.answer("identify", one);
    await sources.answerParts();
    cards.open("c", { number: "+79990000002", name: "" });
    expect(cards.card("c")).toMatchObject({ outcome: "pending", customer: null });
    await sources.answer("identify", { ...one, customer: boris });
    await sources.answerParts();
    expect(cards.card("c")?.customer?.name).toBe("Борис");
  });

  test("keeps the answer of the newest question when answers come late", async () => {
    cards.open("c", party);
    const first = sources.waiting.get("identify")!;
    cards.open("c", { number: "+79990000002", name: "" });
    await sources.answer("identify", { ...one, customer: boris });
    first.resolve(one);
    await sources.answerParts();
    expect(cards.card("c")?.customer?.name).toBe("Борис");
  });

  test("is about whom the operator chose, with the found ones still there to correct a wrong click", async () => {
    const candidates = [anna, boris].map((customer) => ({
      customer,
      reason: "other" as const,
      lastOrderAt: "",
    }));
    cards.open("c", party);
    await sources.answer("identify", { outcome: "several", phone, candidates });
    await sources.answer("calls", []);
    expect(cards.card("c")).toMatchObject({ outcome: "several", customer: null });
    cards.choose("c", boris);
    await sources.answerParts();
    expect(cards.card("c")).toMatchObject({ outcome: "one", customer: boris, verified: false });
    expect(cards.card("c")?.candidates).toHaveLength(2);
  });

  test("of a colleague asks nobody", () => {
    cards.open("c", { number: "102", name: "" }, true);
    expect(sources.asked).toEqual([]);
    expect(cards.card("c")?.outcome).toBe("internal");
  });

  test("takes the choice along when calls become one", async () => {
    cards.open("a", party);
    cards.open("b", { number: "102", name: "" }, true);
    cards.choose("a", boris);
    cards.merge("a", "b");
    await sources.answerParts();
    expect(cards.card("b")?.customer?.name).toBe("Борис");
  });

  test("is forgotten when dropped, but for the customer's id", async () => {
    cards.open("c", party);
    await sources.answer("identify", one);
    await sources.answerParts();
    cards.drop("c");
    expect(cards.size).toBe(0);
    expect(cards.card("c")).toBeNull();
    expect(cards.customerOf("c")).toBe("7");
  });
});
