/** Which order a card shows on top, and what of it is known before its details are there. Pure. */
import type { DeskCall } from "../../server/desk/protocol.ts";
import type { OrderDetail } from "../../server/orders/actions/model.ts";
import type { OrderStage, OrderSummary } from "../../server/orders/model.ts";

const SETTLED: readonly OrderStage[] = ["completed", "cancelled", "returned", "other"];

/** An order's details, or as much as the card's list of orders tells; null of no orders. */
export function orderOf(call: DeskCall): { order: OrderDetail; whole: boolean } | null {
  const { work, orders } = call.card;
  if (work?.order) return { order: work.order, whole: true };
  const about = call.campaign?.orderIds ?? [];
  const summary =
    orders.find(({ id }) => about.includes(id)) ??
    orders.find(({ stage }) => !SETTLED.includes(stage)) ??
    orders[0];
  return summary ? { order: fromSummary(summary), whole: false } : null;
}

/** What a summary tells, in the shape of the details: nothing can be done with it yet. */
export function fromSummary(summary: OrderSummary): OrderDetail {
  const { id, number, placedAt, stage, status, totalMinor, currency, payment, items } = summary;
  return {
    ...{ id, number, placedAt, stage, status, totalMinor, currency },
    ...{ source: "", sourceTitle: "", sourceId: "", promisedAt: null, delivery: {}, comment: "" },
    ...{ history: [], actions: [], may: [], ...(payment ? { payment } : {}) },
    lines: items.map((item) => ({ ...item, sourceProductId: "", productId: null, stock: null })),
  };
}
