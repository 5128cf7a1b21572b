import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { checkHandshake, checkMessage, schemas } from "../../server/desk/schemas.ts";
import { TokenBucket } from "../../server/desk/token-bucket.ts";

const draftId = "0b7d1a52-8f0e-4d0e-9a50-0f6f3f6c2a11";
const wrapUp = { draftId, callId: "main-1.1", disposition: "order", note: "Перезвонить 🙂\n2-й" };

describe("a message", () => {
  test("that fits is taken as it is", () => {
    expect(checkMessage("saveWrapUp", wrapUp)).toEqual({ ok: true, value: wrapUp });
  });
  test.each<[keyof typeof schemas, unknown, string]>([
    ["pause", { reason: 5 }, "reason: must be string"],
    ["pause", {}, "reason: missing"],
    ["pause", null, "message: must be object"],
    ["pause", undefined, "message: must be object"],
    ["pause", { reason: "a\r\nAction: x" }, "reason:"],
    ["pause", { reason: "x".repeat(81) }, "reason:"],
    ["ready", { extra: 1 }, "extra:"],
    ["saveWrapUp", { ...wrapUp, draftId: "1" }, "draftId:"],
    ["saveWrapUp", { ...wrapUp, note: "a\0b" }, "note:"],
    ["chooseCustomer", { callId: "c", customerId: "1; drop table" }, "customerId:"],
    [
      "popPainted",
      { ringId: "r", callId: "c", receivedToPaintedMs: -1, visible: true },
      "receivedToPaintedMs:",
    ],
    [
      "popPainted",
      { ringId: "r", callId: "c", receivedToPaintedMs: Infinity, visible: true },
      "receivedToPaintedMs:",
    ],
    ["chooseDevice", { pbx: "main", extension: "101", takeOver: "yes" }, "takeOver:"],
  ])("%s with %j is refused naming the field", (name, value, message) => {
    const checked = checkMessage(name, value);
    expect(checked.ok).toBe(false);
    if (!checked.ok) expect(checked.message).toContain(message);
  });
  test("of any shape never throws, and a refusal never repeats what came", () => {
    const names = Object.keys(schemas) as (keyof typeof schemas)[];
    fc.assert(
      fc.property(fc.constantFrom(...names), fc.anything(), (name, value) => {
        const checked = checkMessage(name, value);
        if (!checked.ok) expect(checked.message.length).toBeLessThan(300);
      }),
    );
  });
});

test("a handshake may say nothing, and nothing wrong", () => {
  expect(checkHandshake({})).toMatchObject({ ok: true });
  expect(checkHandshake({ token: "x", epoch: "e", seq: 4 })).toMatchObject({ ok: true });
  expect(checkHandshake({ seq: "4" })).toMatchObject({ ok: false });
  expect(checkHandshake({ token: 1 })).toMatchObject({ ok: false });
});

test("a token bucket allows a burst and then a steady rate", () => {
  let nowMs = 0;
  const bucket = new TokenBucket(3, 2, () => nowMs);
  expect([1, 2, 3, 4].map(() => bucket.take())).toEqual([true, true, true, false]);
  nowMs += 500;
  expect([bucket.take(), bucket.take()]).toEqual([true, false]);
  nowMs += 60_000;
  expect([1, 2, 3, 4].map(() => bucket.take())).toEqual([true, true, true, false]);
});
