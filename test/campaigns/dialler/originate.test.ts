import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { AmiError } from "../../../server/asterisk/model.ts";
import type { ClaimedAttempt } from "../../../server/campaigns/attempts/model.ts";
import {
  type Dialling,
  digitsFor,
  mostForgotten,
  originationOf,
} from "../../../server/campaigns/dialler/originate.ts";
import { campaign } from "../samples.ts";

const attempt: ClaimedAttempt = {
  ...{ id: "cc-1f", contactId: "c", campaignId: "k", n: 1, phone: "+79130000009" },
  ...{ state: "dialling", dueAtMs: 0, windowEndsAtMs: 0, pbx: "main", trunk: "", claimedBy: "" },
  ...{
    dialledAtMs: null,
    ringingAtMs: null,
    answeredAtMs: null,
    greetingEndedAtMs: null,
    waitingAtMs: null,
  },
  ...{ connectedAtMs: null, endedAtMs: null, outcome: null, cause: 0, userId: null },
  ...{ extension: "", customerId: null, customerName: "Пётр", promised: false },
};
const asked: Dialling = {
  attempt,
  campaign: {
    ...{ id: "k", state: "running", pausedBecause: "", revision: 1, createdAt: "", changedAt: "" },
    settings: campaign({ queue: "600", ringSeconds: 25 }),
  },
  trunk: {
    ...{ pbx: "main", name: "p", dial: "PJSIP/{number}@p", format: "national" },
    ...{ lines: 1, callsPerSecond: 1, enabled: true },
  },
  operator: null,
  forget: [],
  region: "RU",
};

describe("what the PBX is asked for", () => {
  test("customer first: both halves of the Local channel are named, the number is the trunk's way of writing it", () => {
    const call = originationOf(asked);
    expect(call).toMatchObject({
      channel: "Local/89130000009@callcard-out/n",
      ...{
        channelId: "cc-1f",
        otherChannelId: "cc-1f-2",
        context: "callcard-answered",
        exten: "s",
      },
      ...{ callerNumber: "+79130000009", callerName: "Пётр" },
    });
    expect(call.variables).toMatchObject({
      ...{ __CALLCARD_ATTEMPT: "cc-1f", CALLCARD_DIAL: "PJSIP/89130000009@p" },
      ...{ CALLCARD_RING: "25", CALLCARD_QUEUE: "600", CALLCARD_WITHIN: "2" },
    });
    // The dialplan's own limit must be the first to end the ringing.
    expect(call.ringTimeoutMs).toBeGreaterThan(25_000 + 1100);
  });

  test("operator first: their phone, then the same guard; a Local one lives as long as the call", () => {
    const operator = { extension: "101", ownPhone: "PJSIP/101" };
    const call = originationOf({ ...asked, operator });
    expect(call).toMatchObject({
      ...{
        channel: "PJSIP/101",
        channelId: "cc-1f",
        context: "callcard-out",
        exten: "89130000009",
      },
    });
    expect(call.otherChannelId).toBeUndefined();
    expect(call.variables).toMatchObject({ CALLCARD_OPERATOR: "101" });
    const local = { extension: "101", ownPhone: "Local/101@from-internal" };
    expect(originationOf({ ...asked, operator: local })).toMatchObject({
      ...{ channel: "Local/101@from-internal/n", otherChannelId: "cc-1f-2" },
    });
  });

  test.each([
    ["+79130000009", "e164", "+79130000009"],
    ["+79130000009", "plain", "79130000009"],
    ["+79130000009", "national", "89130000009"],
    ["+77011234567", "national", "87011234567"],
    ["+380441234567", "national", "810380441234567"],
    ["+12025550123", "national", "81012025550123"],
  ] as const)("%s is dialled %s as %s", (phone, format, digits) => {
    expect(digitsFor(phone, format, "RU")).toBe(digits);
  });

  test.each([
    [{ attempt: { ...attempt, phone: "+7913&PJSIP/102" } }],
    [{ attempt: { ...attempt, phone: "89130000009" } }],
    [{ attempt: { ...attempt, id: "cc-1,X=1" } }],
    [{ trunk: { ...asked.trunk, dial: "PJSIP/{number}@p&PJSIP/102" } }],
    [{ trunk: { ...asked.trunk, dial: "PJSIP/p" } }],
    [{ trunk: { ...asked.trunk, dial: "PJSIP/{number}@p,60" } }],
    [{ campaign: { ...asked.campaign, settings: campaign({ queue: "600,t" }) } }],
    [{ forget: ["cc-1)"] }],
  ])("is refused before anything is asked: %j", (parts) => {
    expect(() => originationOf({ ...asked, ...parts })).toThrow(AmiError);
  });

  test("no name, number or ring time from outside leaves its place", () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.string(), fc.double(), (name, number, own, ring) => {
        const settings = campaign({
          ...{ queue: "600", ringSeconds: ring, callerId: { name, number } },
        });
        const call = originationOf({
          ...asked,
          attempt: { ...attempt, customerName: own },
          campaign: { ...asked.campaign, settings },
        });
        for (const value of Object.values(call.variables ?? {}))
          expect(value).toMatch(/^[\p{L}\p{N} @/+._*#-]*$/u);
        expect(call.callerName).toMatch(/^[\p{L}\p{N} ._-]*$/u);
        expect(Number(call.variables?.["CALLCARD_RING"])).toBeGreaterThanOrEqual(15);
      }),
    );
  });

  test("forgets as many as fit into a line", () => {
    const forget = Array.from({ length: 40 }, (_, n) => `cc-${"0".repeat(33)}${n}`);
    const line = originationOf({ ...asked, forget }).variables?.["CALLCARD_FORGET"] ?? "";
    expect(line.split("+")).toHaveLength(mostForgotten);
    expect(line.length).toBeLessThan(1000);
  });
});
