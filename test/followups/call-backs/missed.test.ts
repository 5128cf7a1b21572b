import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Call, QueueLeftHow } from "../../../server/calls/model.ts";
import { nextOpening } from "../../../server/campaigns/windows.ts";
import { type MissedFacts, decideMissed } from "../../../server/followups/call-backs/missed.ts";
import { PLAIN_CALL_BACKS } from "../../../server/followups/call-backs/settings.ts";
import { HOUR_MS, MINUTE_MS, MOSCOW, NOON_MS, answeredCall, lostCall } from "./house.ts";

const phone = "+79130000001";
const plain: MissedFacts = {
  ...{ phone, doNotCall: false, inCampaign: false, settledSince: false, open: null },
  timeZone: MOSCOW,
};
const settings = PLAIN_CALL_BACKS;
const decide = (call: Call, facts: Partial<MissedFacts> = {}, missed = {}) =>
  decideMissed(
    call,
    { ...plain, ...facts },
    { ...settings, missed: { ...settings.missed, ...missed } },
  );
/** Somebody who was in queue 600 for so long and left it so. */
function waited(how: QueueLeftHow, own: Partial<Call> = {}, seconds = 60): Call {
  const joinedAtMs = NOON_MS - seconds * 1000;
  const visit = { queue: "600", joinedAtMs, position: 1, leftAtMs: NOON_MS, how };
  return lostCall(phone, { startedAtMs: joinedAtMs, visits: [visit], ...own });
}

describe("a call that ended", () => {
  test("whose caller gave up is called back at once by day", () => {
    expect(decide(waited("abandoned"))).toEqual({
      ...{ deed: "make", phone, origin: "lost", queue: "600", dueAtMs: NOON_MS },
    });
  });

  test.each(["timeout", "empty", "withdrawn", "unknown"] as const)(
    "that left the queue by %s was missed by us",
    (how) => {
      const call = waited(how, { endedHow: "unanswered" });
      expect(decide(call)).toMatchObject({ deed: "make", origin: "missed" });
    },
  );

  test("at night is called back when the shop opens", () => {
    const endedAtMs = Date.parse("2026-11-23T23:00:00Z");
    const verdict = decide(lostCall(phone, { endedAtMs }));
    expect(verdict).toMatchObject({ dueAtMs: Date.parse("2026-11-24T06:00:00Z") });
  });

  test("after a talk and a transfer in vain is called back; after a talk alone it is not", () => {
    const { talks, visits, ...rest } = answeredCall(phone, NOON_MS);
    const second = {
      ...{ queue: "601", joinedAtMs: NOON_MS + 30_000, position: 1 },
      ...{ leftAtMs: NOON_MS + 50_000, how: "abandoned" as const },
    };
    expect(decide({ ...rest, talks, visits })).toMatchObject({ because: "answered" });
    expect(decide({ ...rest, talks, visits: [...visits, second] })).toMatchObject({
      ...{ deed: "make", origin: "lost", queue: "601" },
    });
  });

  test("outside the hours counts though it came to no queue; by day only one that rang somewhere", () => {
    const night = Date.parse("2026-11-23T23:00:00Z");
    const none = { visits: [], endedHow: "unanswered" as const };
    expect(decide(lostCall(phone, { ...none, endedAtMs: night }))).toMatchObject({ deed: "make" });
    const off = { closed: false };
    expect(decide(lostCall(phone, { ...none, endedAtMs: night }), {}, off)).toMatchObject({
      because: "noQueue",
    });
    expect(decide(lostCall(phone, none))).toMatchObject({ because: "noQueue" });
    const ring = {
      ...{ id: "r", extension: "101", queue: "", interface: "", startedAtMs: NOON_MS - 5000 },
      ...{ toldBy: "dialBegan" as const, endedAtMs: NOON_MS, outcome: "noAnswer" as const },
    };
    expect(decide(lostCall(phone, { ...none, rings: [ring] }))).toMatchObject({ deed: "make" });
  });

  test("of whom was seen waiting last when the PBX went away is made: they may wait for us still", () => {
    expect(decide(waited("unknown", { endedHow: "lostSight" }))).toMatchObject({
      ...{ deed: "make", origin: "missed", queue: "600" },
    });
  });

  test.each([
    ["who pressed a key to go elsewhere", waited("exitKey"), {}, {}, "wentElsewhere"],
    [
      "who was gone when the PBX came back, and had not been waiting",
      waited("timeout", { endedHow: "lostSight" }),
      {},
      {},
      "lostSight",
    ],
    [
      "that became part of another",
      waited("transferred", { endedHow: "merged" }),
      {},
      {},
      "lostSight",
    ],
    ["who waited four seconds", waited("abandoned", {}, 4), {}, {}, "short"],
    ["that went out", waited("abandoned", { direction: "outbound" }), {}, {}, "notInbound"],
    [
      "between two extensions",
      waited("abandoned", { direction: "internal" }),
      {},
      {},
      "notInbound",
    ],
    ["of a queue that is not named", waited("abandoned"), {}, { queues: ["601"] }, "otherQueue"],
    ["who withheld the number", waited("abandoned"), { phone: null }, {}, "noNumber"],
    ["whom nobody may call", waited("abandoned"), { doNotCall: true }, {}, "doNotCall"],
    ["whom a campaign calls", waited("abandoned"), { inCampaign: true }, {}, "inCampaign"],
    ["who was talked to since", waited("abandoned"), { settledSince: true }, {}, "settled"],
    ["when it is switched off", waited("abandoned"), {}, { enabled: false }, "off"],
  ] as const)("%s leads to none", (_, call, facts, missed, because) => {
    expect(decide(call, facts, missed)).toEqual({ deed: "nothing", because });
  });

  test("of somebody who has a call back leads to no second one; what waits for another try is due at once", () => {
    const open = { origin: "missed", dueAtMs: NOON_MS - MINUTE_MS, byCampaign: false } as const;
    const call = waited("abandoned");
    expect(decide(call, { open })).toMatchObject({ because: "known" });
    const later = { ...open, dueAtMs: NOON_MS + HOUR_MS };
    expect(decide(call, { open: later })).toEqual({ deed: "hasten", phone, dueAtMs: NOON_MS });
    for (const other of [
      { origin: "promised" },
      { origin: "asked" },
      { byCampaign: true },
    ] as const)
      expect(decide(call, { open: { ...later, ...other } })).toMatchObject({ because: "known" });
  });
});

describe("whatever happened", () => {
  const how = fc.constantFrom<QueueLeftHow>(
    ...(["answered", "abandoned", "timeout", "empty", "withdrawn", "exitKey"] as const),
    ...(["transferred", "unknown"] as const),
  );
  const anyCall = fc
    .record({
      startedAtMs: fc.integer({ min: NOON_MS, max: NOON_MS + 400 * 24 * HOUR_MS }),
      direction: fc.constantFrom<Call["direction"]>("inbound", "inbound", "outbound", "internal"),
      endedHow: fc.constantFrom<Call["endedHow"]>(
        ...(["completed", "abandoned", "unanswered", "lostSight", "merged"] as const),
      ),
      waits: fc.array(fc.record({ seconds: fc.integer({ min: 0, max: 600 }), how }), {
        maxLength: 3,
      }),
      talkedAfter: fc.option(fc.integer({ min: 0, max: 3 }), { nil: null }),
    })
    .map(({ startedAtMs, waits, talkedAfter, ...rest }): Call => {
      let atMs = startedAtMs;
      const visits = waits.map(({ seconds, how: left }) => {
        const joinedAtMs = atMs + 1;
        atMs = joinedAtMs + seconds * 1000;
        return { queue: "600", joinedAtMs, position: 1, leftAtMs: atMs, how: left };
      });
      const talk = answeredCall(phone, startedAtMs).talks[0]!;
      const talkAtMs =
        talkedAfter === null ? null : (visits[talkedAfter - 1]?.leftAtMs ?? startedAtMs);
      return {
        ...lostCall(phone, { ...rest, startedAtMs, visits, endedAtMs: atMs + 1000 }),
        talks: talkAtMs === null ? [] : [{ ...talk, startedAtMs: talkAtMs }],
      };
    });
  const anyFacts = fc.record({
    phone: fc.constantFrom(phone, null),
    doNotCall: fc.boolean(),
    inCampaign: fc.boolean(),
    settledSince: fc.boolean(),
    open: fc.option(
      fc.record({
        origin: fc.constantFrom("promised", "missed", "lost", "asked"),
        dueAtMs: fc.integer({ min: NOON_MS, max: NOON_MS + 400 * 24 * HOUR_MS }),
        byCampaign: fc.boolean(),
      }),
      { nil: null },
    ),
    timeZone: fc.constantFrom(MOSCOW, "Europe/Berlin", "Asia/Vladivostok", "America/New_York"),
  }) as fc.Arbitrary<MissedFacts>;

  test("nobody is called who must not be, nobody twice, and only within the shop's hours", () => {
    fc.assert(
      fc.property(anyCall, anyFacts, (call, facts) => {
        const verdict = decideMissed(call, facts, settings);
        if (verdict.deed === "nothing") return;
        expect(call.direction).toBe("inbound");
        expect(facts).toMatchObject({
          ...{ phone, doNotCall: false, inCampaign: false, settledSince: false },
        });
        expect(verdict.deed === "make").toBe(facts.open === null);
        expect(verdict.dueAtMs).toBeGreaterThanOrEqual(call.endedAtMs!);
        const shop = { names: [facts.timeZone], basis: "shop" } as const;
        expect(nextOpening(settings.hours, shop, verdict.dueAtMs)?.opensAtMs).toBe(verdict.dueAtMs);
        if (verdict.deed === "hasten") expect(verdict.dueAtMs).toBeLessThan(facts.open!.dueAtMs);
        const last = call.visits.at(-1);
        expect(call.talks.every(({ startedAtMs }) => startedAtMs < (last?.joinedAtMs ?? 0))).toBe(
          true,
        );
      }),
    );
  });

  test("whoever waited long enough in a queue, was not answered and may be called is called", () => {
    const left = fc.integer({ min: settings.missed.afterSeconds, max: 3600 });
    fc.assert(
      fc.property(anyCall, left, (call, seconds) => {
        const joinedAtMs = (call.endedAtMs ?? 0) + 1;
        const leftAtMs = joinedAtMs + seconds * 1000;
        const last = { queue: "600", joinedAtMs, position: 1, leftAtMs, how: "abandoned" as const };
        const waitedLast = {
          ...{ ...call, direction: "inbound" as const, endedHow: "abandoned" as const },
          ...{ visits: [...call.visits, last], endedAtMs: leftAtMs },
        };
        expect(decideMissed(waitedLast, plain, settings).deed).toBe("make");
      }),
    );
  });
});
