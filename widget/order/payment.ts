/** How an order is paid, in words. Pure. */
import type { OrderDetail } from "../../server/orders/actions/model.ts";
import type { Locale } from "../shared/locale.ts";

/** What stands beside the sum. */
export type PaymentWords = {
  readonly look: "paid" | "open" | "back";
  /** "" when only the way of paying is known. */
  readonly state: string;
  /** What was paid so far, how and when. */
  readonly details: string;
};

/** Null when the source told nothing of it. */
export function paymentWords(
  { payment = {}, totalMinor, currency }: Pick<OrderDetail, "payment" | "totalMinor" | "currency">,
  locale: Locale,
  nowMs: number,
): PaymentWords | null {
  const { method = "", paidMinor, paidAt = "" } = payment;
  const state = payment.state ?? stateOf(paidMinor, totalMinor);
  if (state === null && method === "") return null;
  const left = totalMinor - (paidMinor ?? 0);
  const sums =
    state === "partly" && paidMinor !== undefined && left > 0
      ? locale.t("payPaid", {
          paid: locale.money(paidMinor, currency),
          left: locale.money(left, currency),
        })
      : "";
  const when = state === "unpaid" || paidAt === "" ? "" : locale.date(paidAt, nowMs);
  return {
    look: state === "refunded" ? "back" : state === "paid" ? "paid" : "open",
    state: state === null ? "" : locale.t(`pay_${state}`),
    details: [sums, method, when].filter(Boolean).join(", "),
  };
}

/** Of a source that tells only how much was paid. */
function stateOf(
  paidMinor: number | undefined,
  totalMinor: number,
): "unpaid" | "partly" | "paid" | null {
  if (paidMinor === undefined) return null;
  if (paidMinor >= totalMinor) return "paid";
  return paidMinor > 0 ? "partly" : "unpaid";
}
