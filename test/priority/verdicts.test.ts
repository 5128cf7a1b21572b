/** Everybody who waits is judged by the published policy, whatever the database does meanwhile. */
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { fixedPbxs } from "../../server/asterisk/pbxs.ts";
import { LiveCalls } from "../../server/calls/live.ts";
import type { Customer, Identification } from "../../server/customers/model.ts";
import { decide } from "../../server/priority/decide.ts";
import type { Policy, Rule, Standing } from "../../server/priority/model.ts";
import { Verdicts, type VerdictsOptions } from "../../server/priority/verdicts.ts";
import { localBus } from "../../server/storage/bus.ts";
import { Caller, ScriptedPbx, member } from "../desk/scripted-pbx.ts";
import { nobody } from "./samples.ts";

const rule = (id: string, when: Rule["when"], rate: number): Rule => ({
  id,
  name: id,
  on: true,
  when,
  then: { rate, headStartSeconds: 14, skipQuestions: false, preferred: null, message: "" },
});
const policyOf = (...rules: readonly Rule[]): Policy => ({
  rules,
  guard: { mostExtraWaitSeconds: null, neverPassedAfterSeconds: null },
  queues: [],
  timeZone: "Europe/Moscow",
});
const goldFirst = policyOf(rule("gold", [{ fact: "tier", in: ["gold"] }], 2));

const standing = (customerId: string, more: Partial<Standing> = {}): Standing => ({
  ...nobody,
  customerId,
  name: `Customer ${customerId}`,
  ...more,
});

/** A published policy that a test replaces. */
class Publisher {
  version = 1;
  policy: Policy;
  readonly listeners = new Set<() => void>();
  constructor(policy: Policy) {
    this.policy = policy;
  }
  published() {
    return { version: this.version, policy: this.policy };
  }
  onPublished(listener: () => void) {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }
  publish(policy: Policy) {
    this.policy = policy;
    this.version += 1;
    for (const listener of this.listeners) listener();
  }
}

const phone = (e164: string) => ({ e164, display: `<${e164}>`, country: "RU", timeZones: [] });

let pbx: ScriptedPbx;
let calls: LiveCalls;
let policies: Publisher;
let verdicts: Verdicts;
let standings: Map<string, Standing>;
/** Customers by number. */
let owners: Map<string, readonly string[]>;
let asked: string[];
let told: string[];
const bus = localBus((error) => {
  throw error;
});
const quiet = { warn: () => {}, error: () => {} };

async function identify(number: string): Promise<Identification> {
  asked.push(`identify ${number}`);
  if (number === "") return { outcome: "withheld" };
  const ids = owners.get(number) ?? [];
  const customers = ids.map((id) => ({ id, name: `Customer ${id}`, tier: "" }) as Customer);
  if (customers.length === 0) return { outcome: "none", phone: phone(number) };
  if (customers.length === 1)
    return { outcome: "one", phone: phone(number), customer: customers[0]!, verified: true };
  return {
    outcome: "several",
    phone: phone(number),
    candidates: customers.map((customer) => ({ customer, reason: "other", lastOrderAt: "" })),
  };
}

function open(more: Partial<VerdictsOptions> = {}): Verdicts {
  verdicts = new Verdicts({
    calls,
    directory: { identify },
    standingOf: async (id) => {
      asked.push(`standing ${id}`);
      return standings.get(id) ?? null;
    },
    lostAtOf: async (e164) => (e164 === "+79130000009" ? 1_790_000_000_000 : null),
    decide,
    policies,
    bus,
    log: quiet,
    retryMs: 20,
    ...more,
  });
  verdicts.onVerdict((callId, queue) => told.push(`${callId} ${queue}`));
  return verdicts;
}

beforeEach(() => {
  pbx = new ScriptedPbx("main");
  calls = new LiveCalls({ pbxs: fixedPbxs([pbx]), extensionPattern: /^\d{2,6}$/ });
  calls.open();
  pbx.snapshot([member("101")]);
  policies = new Publisher(goldFirst);
  standings = new Map([
    ["1", standing("1", { tier: "gold" })],
    ["2", standing("2")],
  ]);
  owners = new Map([
    ["+79130000001", ["1"]],
    ["+79130000002", ["2"]],
    ["+79130000003", ["1", "2"]],
  ]);
  asked = [];
  told = [];
});
afterEach(() => {
  verdicts?.close();
  calls.close();
});

const waits = (number: string): Caller => {
  const caller = new Caller(pbx, number);
  caller.arrive();
  return caller;
};
const verdictOf = (caller: Caller) => verdicts.of(caller.callId, "sales");

describe("a waiting caller", () => {
  test("is judged by the customer's standing, with one question each", async () => {
    open();
    const gold = waits("+79130000001");
    expect(verdictOf(gold)).toBeNull();
    await vi.waitFor(() => expect(verdictOf(gold)).not.toBeNull());
    expect(verdictOf(gold)).toMatchObject({ rate: 2, headStartMs: 14_000, rule: { id: "gold" } });
    expect(verdicts.subjectOf(gold.callId, "sales")).toMatchObject({
      queue: "sales",
      caller: "customer",
      standing: { customerId: "1" },
    });
    expect(verdicts.person(gold.callId)).toEqual({
      title: "Customer 1",
      tier: "gold",
      vip: false,
      customerId: "1",
    });
    expect(asked).toEqual(["identify +79130000001", "standing 1"]);
    expect(told).toEqual([`${gold.callId} sales`]);
  });

  test.each([
    ["nobody's number", "+79130000009", "unknown", "<+79130000009>", 1_790_000_000_000],
    ["no number", "", "withheld", "", null],
    ["a shared number", "+79130000003", "customer", "<+79130000003>", null],
  ])(
    "with %s has no standing and is named as far as is known",
    async (_, number, kind, title, lost) => {
      open();
      const caller = waits(number);
      await vi.waitFor(() => expect(verdictOf(caller)).not.toBeNull());
      expect(verdicts.subjectOf(caller.callId, "sales")).toMatchObject({
        caller: kind,
        standing: null,
        lostAtMs: lost,
      });
      expect(verdicts.person(caller.callId)).toMatchObject({ title, tier: "", customerId: null });
      expect(verdictOf(caller)?.rule).toBeNull();
    },
  );

  test("is judged anew at once when a policy is published, and only who is concerned is told of", async () => {
    open();
    const gold = waits("+79130000001");
    const other = waits("+79130000002");
    await vi.waitFor(() => expect(told).toHaveLength(2));
    const before = asked.length;
    policies.publish(policyOf(rule("gold", [{ fact: "tier", in: ["gold"] }], 3)));
    expect(verdictOf(gold)?.rate).toBe(3);
    expect(verdicts.versionOf(gold.callId, "sales")).toBe(2);
    expect(verdictOf(other)?.rate).toBe(1);
    expect(verdicts.versionOf(other.callId, "sales")).toBe(2);
    expect(told.slice(2)).toEqual([`${gold.callId} sales`]);
    expect(asked).toHaveLength(before);
  });

  test("is who an operator says, also when that was said before they joined", async () => {
    const second = new Caller(pbx, "+79130000003");
    open({ customerOf: (callId) => (callId === second.callId ? "1" : null) });
    const first = waits("+79130000003");
    await vi.waitFor(() => expect(verdictOf(first)).not.toBeNull());
    expect(verdictOf(first)?.rule).toBeNull();
    verdicts.customerChosen(first.callId, "1");
    await vi.waitFor(() => expect(verdictOf(first)?.rule?.id).toBe("gold"));
    second.arrive();
    await vi.waitFor(() => expect(verdictOf(second)?.rule?.id).toBe("gold"));
    expect(verdicts.person(second.callId)?.title).toBe("Customer 1");
  });

  test("is looked up again when their number turns out to be another, or its owner changes", async () => {
    open();
    const caller = waits("+79130000002");
    await vi.waitFor(() => expect(verdictOf(caller)).not.toBeNull());
    owners.set("+79130000002", ["1"]);
    bus.publish("customersChanged", { customerIds: [], phones: ["+79130000002"] });
    await vi.waitFor(() => expect(verdictOf(caller)?.rule?.id).toBe("gold"));
    pbx.say({
      type: "channelIdentity",
      channel: { ...caller.channel(), callerNumber: "+79130000009" },
    });
    await vi.waitFor(() => expect(verdicts.person(caller.callId)?.title).toBe("<+79130000009>"));
    expect(verdictOf(caller)?.rule).toBeNull();
  });

  test("who left is not judged any more; their verdict is remembered while they talk and are wrapped up", async () => {
    open();
    const caller = waits("+79130000001");
    await vi.waitFor(() => expect(verdictOf(caller)).not.toBeNull());
    caller.ring("101");
    caller.answer("101");
    policies.publish(policyOf());
    expect(verdictOf(caller)?.rule?.id).toBe("gold");
    expect(told).toHaveLength(1);
    caller.hangUp([], ["101"]);
    expect(verdictOf(caller)?.rule?.id).toBe("gold");
    expect(verdicts.size).toBe(0);
    expect(verdicts.person(caller.callId)).toBeNull();
    const others = Array.from({ length: 2000 }, () => waits("+79130000001"));
    await vi.waitFor(() => expect(verdicts.counters().lookedUp).toBe(2001));
    for (const other of others) other.hangUp();
    expect(verdictOf(others[0]!)).toMatchObject({ rate: 1, rule: null });
    expect(verdictOf(caller)).toBeNull();
    expect(verdicts.size).toBe(0);
  });
});

describe("a database that is away", () => {
  test("means plain order, and a verdict as soon as it is back", async () => {
    let away = true;
    open({
      standingOf: async (id) => {
        if (away) throw new Error("connection refused");
        return standings.get(id) ?? null;
      },
    });
    const caller = waits("+79130000001");
    await vi.waitFor(() => expect(verdicts.counters().failed).toBeGreaterThan(1));
    expect(verdictOf(caller)).toBeNull();
    expect(verdicts.subjectOf(caller.callId, "sales")).toBeNull();
    away = false;
    await vi.waitFor(() => expect(verdictOf(caller)?.rule?.id).toBe("gold"));
  });

  test("does not make somebody of a customer an operator named and who is gone", async () => {
    let away = true;
    open({
      customerOf: () => "99",
      directory: {
        identify: async (number) =>
          away ? { outcome: "failed", raw: number, reason: "directoryDown" } : identify(number),
      },
    });
    const caller = waits("+79130000001");
    await vi.waitFor(() => expect(verdicts.counters().failed).toBeGreaterThan(1));
    expect(verdictOf(caller)).toBeNull();
    away = false;
    await vi.waitFor(() => expect(verdictOf(caller)?.rule?.id).toBe("gold"));
  });

  test("keeps a verdict that was there", async () => {
    let away = false;
    open({
      standingOf: async (id) => {
        if (away) throw new Error("connection refused");
        return standings.get(id) ?? null;
      },
    });
    const caller = waits("+79130000001");
    await vi.waitFor(() => expect(verdictOf(caller)).not.toBeNull());
    away = true;
    bus.publish("customersChanged", { customerIds: ["1"], phones: [] });
    await vi.waitFor(() => expect(verdicts.counters().failed).toBeGreaterThan(0));
    expect(verdictOf(caller)?.rule?.id).toBe("gold");
  });

  test("that never answers holds up nobody for longer than the deadline", async () => {
    open({
      deadlineMs: 20,
      atOnce: 1,
      directory: {
        identify: (number) =>
          number === "+79130000002" ? new Promise(() => {}) : identify(number),
      },
    });
    waits("+79130000002");
    const caller = waits("+79130000001");
    await vi.waitFor(() => expect(verdictOf(caller)?.rule?.id).toBe("gold"));
  });

  test("is asked by so many at once and no more", async () => {
    let now = 0;
    let most = 0;
    open({
      atOnce: 4,
      standingOf: async (id) => {
        most = Math.max(most, ++now);
        await new Promise((resolve) => setTimeout(resolve, 2));
        now -= 1;
        return standings.get(id) ?? null;
      },
    });
    const callers = Array.from({ length: 40 }, () => waits("+79130000001"));
    await vi.waitFor(() => {
      for (const caller of callers) expect(verdictOf(caller)?.rule?.id).toBe("gold");
    });
    expect(most).toBe(4);
  });
});

describe("the clock", () => {
  const HOUR = 3_600_000;
  /** Noon in Moscow is at nine. */
  const startMs = Date.parse("2026-11-23T08:59:00Z");
  beforeEach(() => {
    vi.useFakeTimers({ now: startMs, toFake: ["Date", "setTimeout", "clearTimeout"] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });
  const openAt = () => open({ now: () => Date.now(), freshMs: Infinity });
  const judged = async (...callers: readonly Caller[]) => {
    for (let turn = 0; turn < 20; turn += 1) await vi.advanceTimersByTimeAsync(0);
    for (const caller of callers) expect(verdictOf(caller)).not.toBeNull();
    told.length = 0;
  };

  test("brings everybody who waits the verdict of another time of day, and asks nobody for it", async () => {
    const noon = rule("noon", [{ fact: "timeOfDay", from: "12:00", to: "12:02" }], 5);
    policies.publish(policyOf(noon, ...goldFirst.rules));
    openAt();
    const [gold, other] = [waits("+79130000001"), waits("+79130000002")];
    await judged(gold, other);
    const before = asked.length;
    await vi.advanceTimersByTimeAsync(59_999);
    expect([gold, other].map((one) => verdictOf(one)?.rule?.id)).toEqual(["gold", undefined]);
    expect(told).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect([gold, other].map((one) => verdictOf(one)?.rule?.id)).toEqual(["noon", "noon"]);
    expect(told).toEqual([gold, other].map(({ callId }) => `${callId} sales`));
    await vi.advanceTimersByTimeAsync(120_000);
    expect([gold, other].map((one) => verdictOf(one)?.rule?.id)).toEqual(["gold", undefined]);
    expect(told).toHaveLength(4);
    expect(asked).toHaveLength(before);
  });

  test("takes a rule from whose cart is too long ago, and gives one to whose order becomes late", async () => {
    policies.publish(
      policyOf(
        rule("cart", [{ fact: "cartLeft", withinHours: 1 }], 2),
        rule("late", [{ fact: "orderLate" }], 3),
      ),
    );
    standings.set("1", standing("1", { cartLeftAtMs: startMs - HOUR + 30_000 }));
    standings.set("2", standing("2", { orderDueAtMs: startMs + 10 * 60_000 }));
    openAt();
    const [left, due] = [waits("+79130000001"), waits("+79130000002")];
    await judged(left, due);
    expect([left, due].map((one) => verdictOf(one)?.rule?.id)).toEqual(["cart", undefined]);
    await vi.advanceTimersByTimeAsync(30_001);
    expect(verdictOf(left)?.rule).toBeNull();
    expect(told).toEqual([`${left.callId} sales`]);
    await vi.advanceTimersByTimeAsync(10 * 60_000);
    expect(verdictOf(due)?.rule?.id).toBe("late");
  });

  test("wakes nobody when no rule asks for it", async () => {
    openAt();
    await judged(waits("+79130000001"));
    expect(vi.getTimerCount()).toBe(0);
  });

  test("has everybody looked up again once a minute, for what nobody told of, while somebody waits", async () => {
    open({ now: () => Date.now() });
    const [caller, other] = [waits("+79130000002"), waits("+79130000009")];
    await judged(caller, other);
    standings.set("2", standing("2", { tier: "gold" }));
    asked.length = 0;
    await vi.advanceTimersByTimeAsync(61_000);
    expect(verdictOf(caller)?.rule?.id).toBe("gold");
    expect(told).toEqual([`${caller.callId} sales`]);
    expect(asked).toHaveLength(3);
    caller.hangUp();
    other.hangUp();
    await vi.advanceTimersByTimeAsync(121_000);
    expect(asked).toHaveLength(3);
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe("a load", () => {
  const all = { customerIds: [], phones: [] };

  test("that names nobody looks everybody up who waits, once for however many parts", async () => {
    open({ againGapMs: 60 });
    const callers = Array.from({ length: 30 }, () => waits("+79130000002"));
    await vi.waitFor(() => expect(told).toHaveLength(30));
    standings.set("2", standing("2", { tier: "gold" }));
    asked.length = 0;
    for (let part = 0; part < 100; part += 1) bus.publish("customersChanged", all);
    await vi.waitFor(() => {
      for (const caller of callers) expect(verdictOf(caller)?.rule?.id).toBe("gold");
    });
    await new Promise((resolve) => setTimeout(resolve, 150));
    expect(asked.filter((what) => what.startsWith("standing"))).toHaveLength(30);
    expect(told).toHaveLength(60);
    // The last parts of a long load come while its first are being looked up.
    standings.set("2", standing("2"));
    bus.publish("standingsChanged", { customerIds: [] });
    bus.publish("standingsChanged", { customerIds: [] });
    await vi.waitFor(() => {
      for (const caller of callers) expect(verdictOf(caller)?.rule).toBeNull();
    });
    expect(asked.filter((what) => what.startsWith("standing"))).toHaveLength(60);
  });

  test("is looked up by few at once, and a newcomer does not wait for it", async () => {
    let now = 0;
    let most = 0;
    let slow = false;
    open({
      standingOf: async (id) => {
        most = Math.max(most, ++now);
        if (slow) await new Promise((resolve) => setTimeout(resolve, 20));
        now -= 1;
        return standings.get(id) ?? null;
      },
    });
    const callers = Array.from({ length: 60 }, () => waits("+79130000001"));
    await vi.waitFor(() => expect(told).toHaveLength(60));
    [most, slow] = [0, true];
    bus.publish("customersChanged", all);
    await vi.waitFor(() => expect(now).toBe(4));
    const newcomer = waits("+79130000001");
    const before = verdicts.counters().lookedUp;
    await vi.waitFor(() => expect(verdictOf(newcomer)).not.toBeNull());
    expect(verdicts.counters().lookedUp - before).toBeLessThan(20);
    await vi.waitFor(() => expect(verdicts.counters().lookedUp).toBe(121));
    expect(most).toBe(5);
    expect(callers).toHaveLength(60);
  });

  test("of orders that names its customers concerns those of them who wait, and no others", async () => {
    open();
    const [one, other] = [waits("+79130000001"), waits("+79130000002")];
    await vi.waitFor(() => expect(told).toHaveLength(2));
    asked.length = 0;
    bus.publish("standingsChanged", { customerIds: ["77", "78"] });
    standings.set("2", standing("2", { tier: "gold" }));
    bus.publish("standingsChanged", { customerIds: ["2", "77"] });
    await vi.waitFor(() => expect(verdictOf(other)?.rule?.id).toBe("gold"));
    expect(verdictOf(one)?.rule?.id).toBe("gold");
    expect(asked).toEqual(["identify +79130000002", "standing 2"]);
    expect(told.slice(2)).toEqual([`${other.callId} sales`]);
  });
});

test("a listener or rule that throws hurts nobody", async () => {
  open({
    decide: (policy, subject, nowMs) => {
      if (subject.standing?.customerId === "2") throw new Error("bad rule");
      return decide(policy, subject, nowMs);
    },
  });
  verdicts.onVerdict(() => {
    throw new Error("bad listener");
  });
  const bad = waits("+79130000002");
  const gold = waits("+79130000001");
  await vi.waitFor(() => expect(verdictOf(gold)).not.toBeNull());
  expect(verdictOf(bad)).toBeNull();
  expect(verdicts.counters().failures).toBeGreaterThanOrEqual(2);
});

test("who waited already when Callcard came, or came while the PBX was out of sight, is judged too", async () => {
  const early = waits("+79130000001");
  open();
  await vi.waitFor(() => expect(verdictOf(early)?.rule?.id).toBe("gold"));
  pbx.say({ type: "connectionLost", reason: "cut" });
  const late = new Caller(pbx, "+79130000001");
  const channels = [early, late].map((caller) => ({
    ...caller.channel(),
    ageMs: 40_000,
    bridgeId: "",
    application: "Queue",
    applicationData: "sales",
  }));
  pbx.say({
    type: "snapshot",
    snapshot: {
      channels,
      queues: [
        {
          name: "sales",
          strategy: "ringall",
          weight: 0,
          members: [member("101")],
          callers: channels.map(({ id, name }, index) => ({
            channelId: id,
            channelName: name,
            position: index + 1,
            waitMs: 30_000,
            priority: 0,
          })),
        },
      ],
      devices: [],
      restarted: false,
    },
  });
  await vi.waitFor(() => expect(verdictOf(late)?.rule?.id).toBe("gold"));
  expect(verdictOf(early)?.rule?.id).toBe("gold");
  expect(asked.filter((what) => what.startsWith("identify"))).toHaveLength(2);
});
