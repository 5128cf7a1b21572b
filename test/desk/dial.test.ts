import { describe, expect, test } from "vitest";
import { describePhone } from "../../server/customers/phone.ts";
import { dialledDigits, origination, ownPhone } from "../../server/desk/dial.ts";

const phone = describePhone("+79130000001");

describe("what is sent to the dialplan", () => {
  test.each([
    ["e164", "+79130000001"],
    ["plain", "79130000001"],
    ["national", "89130000001"],
  ] as const)("an outside number as %s", (format, expected) => {
    expect(dialledDigits("8 (913) 000-00-01", phone, "8 (913) 000-00-01", format)).toBe(expected);
  });
  test("a foreign number has no national form", () => {
    expect(dialledDigits("+77010000001", describePhone("+77010000001"), "", "national")).toBe(
      "77010000001",
    );
  });
  test.each(["102", "*98", "#1", "0"])("%s as it was typed", (typed) => {
    expect(dialledDigits(typed, null, "", "plain")).toBe(typed);
  });
  test.each(["", "abc", "102\r\nAction: Originate", "+", "+12", "1;2", "1".repeat(40), "${EXTEN}"])(
    "nothing for %j",
    (typed) => {
      expect(dialledDigits(typed, null, "", "plain")).toBeNull();
    },
  );
});

describe("the operator's own phone", () => {
  test("is the member when that is a device", () => {
    const members = [{ interface: "PJSIP/101", stateInterface: "PJSIP/101" }];
    expect(ownPhone("101", members, "from-internal")).toBe("PJSIP/101");
  });
  test("is the device whose state the member has", () => {
    const members = [{ interface: "Local/101@agents/n", stateInterface: "SIP/101" }];
    expect(ownPhone("101", members, "from-internal")).toBe("SIP/101");
  });
  test("is called through the dialling context for FreePBX's members", () => {
    const members = [{ interface: "Local/101@from-queue/n", stateInterface: "hint:101@ext-local" }];
    expect(ownPhone("101", members, "from-internal")).toBe("Local/101@from-internal");
  });
  test("is a PJSIP endpoint when no queue tells", () => {
    expect(ownPhone("101", [], "from-internal")).toBe("PJSIP/101");
  });
});

test("the call bears our own channel ids, both of them when the own phone is a Local channel", () => {
  const call = { channelId: "callcard-1.1", digits: "79130000001", extension: "101", context: "c" };
  expect(origination({ ...call, ownPhone: "Local/101@c" })).toEqual({
    channel: "Local/101@c",
    channelId: "callcard-1.1",
    otherChannelId: "callcard-1.1-2",
    context: "c",
    exten: "79130000001",
    callerNumber: "101",
    ringTimeoutMs: 30_000,
  });
  expect(origination({ ...call, ownPhone: "PJSIP/101" })).not.toHaveProperty("otherChannelId");
});
