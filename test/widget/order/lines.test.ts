import { describe, expect, test } from "vitest";
import type { OrderAction } from "../../../server/orders/actions/model.ts";
import { toTell } from "../../../widget/order/answers.ts";
import {
  isChanged,
  linesOf,
  totalAfter,
  wantedOf,
  withProduct,
  withQuantity,
} from "../../../widget/order/lines.ts";
import { catalogue, sampleOrder } from "../../support/desk-work-samples.ts";

const order = sampleOrder(Date.UTC(2026, 10, 22));
const cups = catalogue.find(({ productId }) => productId === "507")!;
const coffee = catalogue.find(({ productId }) => productId === "502")!;

describe("the lines of an order that is being changed", () => {
  test("are unchanged at first, and again when a change is taken back", () => {
    const lines = linesOf(order);
    expect(isChanged(lines)).toBe(false);
    const changed = withQuantity(lines, 1, 5);
    expect(isChanged(changed)).toBe(true);
    expect(isChanged(withQuantity(changed, 1, 2))).toBe(false);
  });

  test("keep a line that is taken out, with nothing of it, so that the shop is told", () => {
    const lines = withQuantity(linesOf(order), 0, -3);
    expect(wantedOf(lines)[0]).toMatchObject({ sourceProductId: "s501", quantity: 0 });
    expect(wantedOf(withQuantity(linesOf(order), 0, Number.NaN))[0]?.quantity).toBe(0);
  });

  test("forget a new line that is taken out again", () => {
    const lines = withProduct(linesOf(order), cups, 1);
    expect(withQuantity(lines, 2, 0)).toEqual(linesOf(order));
  });

  test("grow where the product is already, and are two lines at two prices", () => {
    expect(withProduct(linesOf(order), coffee, 2, "s")[1]).toMatchObject({
      ...{ quantity: 4, showingId: "s" },
    });
    const gift = withProduct(linesOf(order), { ...coffee, priceMinor: 0 }, 1);
    expect(gift.map(({ quantity, priceMinor }) => [quantity, priceMinor]).slice(1)).toEqual([
      [2, 100_000],
      [1, 0],
    ]);
  });

  test("cost what they cost; delivery and discounts stay as they were", () => {
    const withDelivery = { ...order, totalMinor: order.totalMinor + 49_000 };
    expect(totalAfter(withDelivery, withQuantity(linesOf(order), 1, 3))).toBe(
      withDelivery.totalMinor + 100_000,
    );
  });
});

describe("what became of what was asked", () => {
  const action = (
    id: string,
    kind: "confirm" | "cancel",
    state: OrderAction["state"],
  ): OrderAction => ({
    ...{ id, orderId: "1", state, answer: "", askedAt: "", askedByName: "" },
    request: kind === "confirm" ? { kind } : { kind, reason: "mistake", text: "" },
  });

  test("is told while it waits, and when it was given back and not asked for again", () => {
    const actions = [action("3", "confirm", "waiting"), action("2", "cancel", "givenBack")];
    expect(toTell(actions, new Set()).map(({ id }) => id)).toEqual(["3", "2"]);
    const again = [action("4", "cancel", "done"), ...actions];
    expect(toTell(again, new Set(["4"])).map(({ id }) => id)).toEqual(["4", "3"]);
  });

  test("is told of others' requests only when it needs somebody", () => {
    expect(toTell([action("1", "confirm", "done")], new Set())).toEqual([]);
    expect(toTell([action("1", "confirm", "refused")], new Set())).toHaveLength(1);
  });
});
