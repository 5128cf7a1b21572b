import { describe, expect, test } from "vitest";
import { checkMessage } from "../../server/desk/schemas.ts";
import type { workSchemas } from "../../server/desk/work-schemas.ts";

const id = "0b7d1a52-8f0e-4d0e-9a50-0f6f3f6c2a11";
const line = { sourceProductId: "s1", name: "Чай", quantity: 2, priceMinor: 100, showingId: "" };
const act = (request: unknown) => ({ id, callId: "c", orderId: "5", request });
const to = { country: "RU", postalCode: "", region: "", city: "Томск", address: "" };
const claim = {
  ...{ id, callId: "c", customerId: "5", orderId: "6", line: 0 },
  ...{ kind: "damaged", wish: "refund", text: "", photos: ["https://x.example/1"] },
};
const quote = {
  ...{ to, lines: [{ productId: "1", quantity: 1 }], declaredMinor: 1 },
  ...{ currency: "RUB", cashOnDelivery: false },
};

const agreed = {
  ...{ showingId: id, kind: "discount", ruleId: "8", ruleName: "Осень", amountMinor: -50_000 },
  saying: "Скидка 500 ₽",
};

describe("a request about the work", () => {
  test.each<[keyof typeof workSchemas, unknown]>([
    ["actOnOrder", act({ kind: "confirm" })],
    ["actOnOrder", act({ kind: "changeLines", lines: [line, { ...line, showingId: id }] })],
    ["actOnOrder", act({ kind: "changeLines", lines: [line, { ...line, sourceProductId: "" }] })],
    ["actOnOrder", act({ kind: "cancel", reason: "tooLong", text: "" })],
    ["actOnOrder", act({ kind: "changeDelivery", delivery: { city: "Томск" }, chosen: null })],
    ["actOnOrder", act({ kind: "applyOffer", offer: agreed })],
    ["fileClaim", claim],
    ["fileClaim", { ...claim, orderId: null, line: null, photos: [] }],
    ["quote", quote],
    ["timeline", { customerId: "5", kinds: ["call"], text: "", after: "" }],
    ["answerOffer", { showingId: id, answer: "refused", reason: "hasAlready" }],
    ["saveDraft", { callId: "c", draft: { disposition: "", note: "", tags: [] } }],
  ])("%s that fits is taken", (name, value) => {
    expect(checkMessage(name, value)).toEqual({ ok: true, value });
  });

  test.each<[keyof typeof workSchemas, unknown, string]>([
    ["actOnOrder", { ...act({ kind: "confirm" }), id: "1" }, "id:"],
    ["actOnOrder", act({ kind: "burn" }), "request"],
    // Nobody pays more because of an offer.
    ["actOnOrder", act({ kind: "applyOffer", offer: { ...agreed, amountMinor: 1 } }), "request"],
    ["actOnOrder", act({ kind: "changeLines", lines: [{ ...line, quantity: -1 }] }), "request"],
    ["actOnOrder", act({ kind: "cancel", reason: "bored", text: "" }), "request"],
    ["fileClaim", { ...claim, photos: ["javascript:alert(1)"] }, "photos.0:"],
    ["fileClaim", { ...claim, line: -1 }, "line"],
    ["fileClaim", { ...claim, kind: "other thing" }, "kind:"],
    ["quote", { ...quote, currency: "рубли" }, "currency:"],
    ["quote", { ...quote, to: { ...to, country: "Россия" } }, "to.country:"],
    ["offers", { callId: "c", orderId: null, lines: [{}], currency: "RUB" }, "productId: missing"],
    ["answerOffer", { showingId: id, answer: "refused", reason: "ugly" }, "reason:"],
    ["promiseCallBack", { callId: "c", at: "завтра" }, "missing"],
    ["settleCallBack", { id: "5", how: "lost" }, "how:"],
    [
      "saveDraft",
      { callId: "c", draft: { disposition: "", note: "", tags: ["x".repeat(61)] } },
      "draft.tags.0:",
    ],
  ])("%s with %j is refused naming the field", (name, value, message) => {
    const checked = checkMessage(name, value);
    expect(checked.ok).toBe(false);
    if (!checked.ok) expect(checked.message).toContain(message);
  });
});
