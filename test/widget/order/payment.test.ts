import { expect, test } from "vitest";
import type { OrderPayment } from "../../../server/orders/model.ts";
import { paymentWords } from "../../../widget/order/payment.ts";
import { createLocale } from "../../../widget/shared/locale.ts";

const now = Date.UTC(2026, 10, 22, 10);
const say = (payment: OrderPayment, lang: "ru" | "uk" | "en" = "en") => {
  const words = paymentWords(
    { payment, totalMinor: 100_000, currency: "EUR" },
    createLocale(lang),
    now,
  );
  return words && `${words.look}: ${[words.state, words.details].filter(Boolean).join("; ")}`;
};

test("nothing is said of what the source does not tell", () => {
  expect(say({})).toBeNull();
  expect(say({ method: "Card" })).toBe("open: Card");
});

test.each<[OrderPayment, string]>([
  [{ state: "unpaid", method: "On delivery", paidMinor: 0 }, "open: Not paid; On delivery"],
  [{ state: "partly" }, "open: Partly paid"],
  [{ state: "partly", paidMinor: 40_000 }, "open: Partly paid; €400 paid, €600 left"],
  [{ state: "paid", paidAt: "2026-11-20T10:00:00Z" }, "paid: Paid; 20 November"],
  [{ state: "refunded", paidMinor: 0, method: "Card" }, "back: Refunded; Card"],
  // Of sources that tell the sum alone.
  [{ paidMinor: 100_000 }, "paid: Paid"],
  [{ paidMinor: 1 }, "open: Partly paid; €0.01 paid, €999.99 left"],
  [{ paidMinor: 0 }, "open: Not paid"],
])("%j is %s", (payment, words) => {
  expect(say(payment)).toBe(words);
});

test("the words are the language's own", () => {
  expect(say({ state: "paid" }, "ru")).toBe("paid: Оплачен");
  expect(say({ state: "paid" }, "uk")).toBe("paid: Оплачено");
});
