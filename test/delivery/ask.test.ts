import { expect, test } from "vitest";
import { Carriers } from "../../server/delivery/ask.ts";
import type { DeliveryProvider, Quote } from "../../server/delivery/model.ts";
import { RefusedByCarrier } from "../../server/delivery/refused.ts";
import { question } from "./samples.ts";

const quote = (provider: string, priceMinor: number, more: Partial<Quote> = {}): Quote => ({
  ...{ id: `${provider}:1`, provider, service: "x", mode: "door", priceMinor, currency: "RUB" },
  ...{ days: [1, 2], pointRequired: false, told: "live", validUntilMs: 1000, ...more },
});
const provider = (name: string, answer: () => Promise<readonly Quote[]>): DeliveryProvider => ({
  ...{ name, quote: answer, points: async () => [] },
});
function carriers(more: Partial<ConstructorParameters<typeof Carriers>[0]> = {}) {
  const clock = { nowMs: 0 };
  const failures: string[] = [];
  const made = new Carriers({
    ...{ now: () => clock.nowMs, deadlineMs: 30, failed: (name) => failures.push(name) },
    ...more,
  });
  return { made, clock, failures };
}

test("everybody is asked at once; the cheapest is first, of the same price the faster one", async () => {
  const { made } = carriers();
  const all = [
    provider("slow", async () => [quote("slow", 500, { days: [3, 9] })]),
    provider("dear", async () => [quote("dear", 900)]),
    provider("fast", async () => [quote("fast", 500)]),
  ];
  const { quotes } = await made.ask(all, question());
  expect(quotes.map((each) => each.provider)).toEqual(["fast", "slow", "dear"]);
});

test("who is late is said to be late, and their answer is there the next time", async () => {
  const { made } = carriers();
  const late = Promise.withResolvers<readonly Quote[]>();
  const all = [provider("late", () => late.promise), provider("b", async () => [quote("b", 1)])];
  const first = await made.ask(all, question());
  expect(first.quotes.map((each) => each.provider)).toEqual(["b"]);
  expect(first.silent).toEqual([{ provider: "late", why: "late", said: "" }]);
  late.resolve([quote("late", 2)]);
  await late.promise;
  await new Promise((resolve) => setImmediate(resolve));
  const second = await made.ask(all, question());
  expect(second.quotes.find((each) => each.provider === "late")).toMatchObject({ told: "kept" });
});

test("an answer is kept while its price stands, and told as an estimate when the carrier is down after", async () => {
  const { made, clock } = carriers();
  let asked = 0;
  let down = false;
  const one = provider("a", async () => {
    asked += 1;
    if (down) throw new Error("gone");
    return [quote("a", 7)];
  });
  expect((await made.ask([one], question())).quotes).toMatchObject([{ told: "live" }]);
  expect((await made.ask([one], question())).quotes).toMatchObject([{ told: "kept" }]);
  expect(asked).toBe(1);
  clock.nowMs = 2000;
  down = true;
  const old = await made.ask([one], question());
  expect(old.quotes).toMatchObject([{ told: "estimate", priceMinor: 7 }]);
  expect(old.silent).toMatchObject([{ why: "down", said: "gone" }]);
  expect((await made.ask([one], question({ declaredMinor: 1 }))).quotes).toEqual([]);
});

test("a carrier that fails rests, is tried by one question after, and rests longer", async () => {
  const { made, clock, failures } = carriers();
  const one = provider("a", () => Promise.reject(new Error("gone")));
  const why = async () => (await made.ask([one], question())).silent[0]!.why;
  expect([await why(), await why(), await why()]).toEqual(["down", "down", "down"]);
  expect(await why()).toBe("resting");
  expect(failures).toHaveLength(3);
  expect(made.state("a")).toMatchObject({ said: "gone", answeredAtMs: 0, restingUntilMs: 15_000 });
  clock.nowMs = 16_000;
  expect(await why()).toBe("down");
  clock.nowMs = 40_000;
  expect(await why()).toBe("resting");
  clock.nowMs = 50_000;
  expect(await why()).toBe("down");
  clock.nowMs = 500_000;
  expect(made.state("a").restingUntilMs).toBe(0);
  await made.ask([provider("a", async () => [quote("a", 1)])], question());
  expect(made.state("a")).toMatchObject({ said: "", answeredAtMs: 500_000, failedAtMs: 50_000 });
});

test("a carrier that says no is not down: it is asked again, and an older yes is not told beside it", async () => {
  const { made, clock } = carriers();
  let no = false;
  const one = provider("a", async () => {
    if (no) throw new RefusedByCarrier("tooLarge", "30 kg");
    return [quote("a", 7)];
  });
  await made.ask([one], question());
  no = true;
  clock.nowMs = 2000;
  for (const _ of [1, 2, 3, 4, 5])
    expect(await made.ask([one], question())).toEqual({
      quotes: [],
      silent: [{ provider: "a", why: "tooLarge", said: "30 kg" }],
    });
});

test("the same question of two operators is asked once; a changed carrier is asked anew", async () => {
  const { made } = carriers();
  let asked = 0;
  const one = provider("a", async () => {
    asked += 1;
    return [quote("a", 7)];
  });
  await Promise.all([made.ask([one], question()), made.ask([one], question())]);
  expect(asked).toBe(1);
  made.forget("a");
  await made.ask([one], question());
  expect(asked).toBe(2);
});
