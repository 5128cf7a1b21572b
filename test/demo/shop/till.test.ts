import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { OrderActionRequest } from "../../../server/orders/actions/model.ts";
import { ORDER_STAGES } from "../../../server/orders/record.ts";
import { makeDemoShop } from "../../../server/demo/shop/shop.ts";
import { type ShopOrder, decide, totalOf } from "../../../server/demo/shop/till.ts";

const shop = makeDemoShop({
  nowMs: Date.parse("2026-11-22T12:00:00Z"),
  customers: 50,
  orders: 100,
});
const [bear, doll] = shop.products;
const shelf = (stock: Readonly<Record<string, number>> = {}) => ({
  product: (id: string) => shop.products.find((one) => one.sourceId === id),
  stock: (id: string) => stock[id] ?? 5,
});
const order: ShopOrder = {
  ...{ sourceId: "1", number: "26-1", stage: "new", status: "Новый", currency: "RUB" },
  ...{ placedAt: "2026-11-20T10:00:00Z", promisedAt: "", delivery: { city: "Томск" } },
  lines: [{ productId: bear!.sourceId, name: bear!.name, quantity: 2, priceMinor: 1000 }],
  ...{ deliveryMinor: 300, version: 4 },
};
const wanted = (product: typeof bear, quantity: number, own: object = {}) => ({
  ...{ sourceProductId: product!.sourceId, name: product!.name, quantity },
  ...{ priceMinor: product!.priceMinor, showingId: "", ...own },
});
const lines = (...list: ReturnType<typeof wanted>[]): OrderActionRequest => ({
  kind: "changeLines",
  lines: list,
});
const showingId = "00000000-0000-4000-8000-000000000001";

describe("the sample shop", () => {
  test("confirms what waits for it, once", () => {
    const done = decide(order, { kind: "confirm" }, shelf());
    expect(done).toMatchObject({ ok: true, order: { stage: "confirmed", version: 5 } });
    if (!done.ok) return;
    expect(decide(done.order, { kind: "confirm" }, shelf())).toEqual({
      ok: false,
      message: "Заказ 26-1 уже не ждёт подтверждения: «Подтверждён»",
    });
  });

  test("keeps the price of what was ordered, takes its own for what is new, and tells what is to be paid", () => {
    const done = decide(order, lines(wanted(bear, 3), wanted(doll, 1, { priceMinor: 1 })), shelf());
    expect(done).toMatchObject({
      ok: true,
      order: {
        lines: [
          { quantity: 3, priceMinor: 1000 },
          { quantity: 1, priceMinor: doll!.priceMinor },
        ],
      },
    });
    if (!done.ok) return;
    expect(totalOf(done.order)).toBe(3000 + doll!.priceMinor + 300);
    expect([...done.taken]).toEqual([
      [bear!.sourceId, 1],
      [doll!.sourceId, 1],
    ]);
  });

  test("sells what was offered as it was offered, within reason; a gift costs nothing", () => {
    const offered = (share: number) =>
      decide(
        order,
        lines(wanted(doll, 1, { priceMinor: Math.round(doll!.priceMinor * share), showingId })),
        shelf(),
      );
    expect(offered(0.9)).toMatchObject({
      order: { lines: [{ priceMinor: Math.round(doll!.priceMinor * 0.9) }] },
    });
    expect(offered(0)).toMatchObject({ order: { lines: [{ priceMinor: 0 }] } });
    expect(offered(0.2)).toMatchObject({ ok: false });
    expect(offered(2)).toMatchObject({ order: { lines: [{ priceMinor: doll!.priceMinor }] } });
  });

  test("takes a discount into account once, all of them together up to a limit, and keeps it when lines change", () => {
    const big = { ...order, lines: [{ ...order.lines[0]!, quantity: 10, priceMinor: 1000 }] };
    const agreed = (ruleId: string, amountMinor: number): OrderActionRequest => ({
      kind: "applyOffer",
      offer: {
        ...{ showingId, kind: "discount", ruleId, ruleName: "Осень", amountMinor, saying: "" },
      },
    });
    const first = decide(big, agreed("8", -2000), shelf());
    if (!first.ok) throw new Error(first.message);
    expect(first.text).toBe("Скидка учтена, к оплате 83\u00a0₽");
    expect(totalOf(first.order)).toBe(10_000 - 2000 + 300);
    expect(decide(first.order, agreed("8", -1), shelf())).toEqual({
      ok: false,
      message: "Эта скидка в заказе уже есть",
    });
    expect(decide(first.order, agreed("9", -1001), shelf())).toEqual({
      ok: false,
      message: "Скидки вместе не могут быть больше 30 % стоимости товаров",
    });
    const both = decide(first.order, agreed("9", -1000), shelf());
    expect(both.ok && totalOf(both.order)).toBe(7300);
    const fewer = decide(first.order, lines(wanted(bear, 1)), shelf());
    expect(fewer.ok && totalOf(fewer.order)).toBe(300);
  });

  test("says how much is left of what there is too little of; what the order has already is no new demand", () => {
    expect(decide(order, lines(wanted(bear, 2), wanted(doll, 6)), shelf())).toEqual({
      ok: false,
      message: `«${doll!.name}»: на складе осталось 5 шт.`,
    });
    expect(decide(order, lines(wanted(doll, 1)), shelf({ [doll!.sourceId]: 0 }))).toEqual({
      ok: false,
      message: `«${doll!.name}» закончился на складе`,
    });
    expect(decide(order, lines(wanted(bear, 2)), shelf({ [bear!.sourceId]: 0 })).ok).toBe(true);
  });

  test("changes where it goes and what that costs", () => {
    const chosen = {
      ...{ quoteId: "cdek:136", provider: "cdek", service: "склад-склад", priceMinor: 450 },
      pointId: "TSK1",
    };
    expect(
      decide(
        order,
        { kind: "changeDelivery", delivery: { address: "ул. Новая, 1" }, chosen },
        shelf(),
      ),
    ).toMatchObject({
      order: {
        delivery: { city: "Томск", address: "ул. Новая, 1", method: "cdek склад-склад" },
        deliveryMinor: 450,
      },
    });
  });

  test("changes nothing of an order that left or is over, whatever is asked, and says why", () => {
    const requests: OrderActionRequest[] = [
      { kind: "confirm" },
      lines(wanted(bear, 1)),
      { kind: "changeDelivery", delivery: { city: "Омск" }, chosen: null },
      { kind: "cancel", reason: "mistake", text: "" },
      {
        kind: "applyOffer",
        offer: {
          ...{
            showingId,
            kind: "discount",
            ruleId: "8",
            ruleName: "",
            amountMinor: -1,
            saying: "",
          },
        },
      },
    ];
    for (const stage of ["shipped", "delivered", "completed", "cancelled", "returned"] as const)
      for (const request of requests) {
        const said = decide({ ...order, stage, status: "Слово" }, request, shelf());
        expect(said).toEqual({ ok: false, message: expect.stringContaining("26-1") });
      }
  });

  test("never has less than nothing in stock, and gives back what is cancelled", () => {
    const change = fc.record({
      stage: fc.constantFrom(...ORDER_STAGES),
      stock: fc.tuple(fc.nat(6), fc.nat(6)),
      wants: fc.array(fc.tuple(fc.nat(1), fc.nat(8)), { minLength: 1, maxLength: 4 }),
      cancels: fc.boolean(),
    });
    fc.assert(
      fc.property(change, ({ stage, stock, wants, cancels }) => {
        const left = { [bear!.sourceId]: stock[0], [doll!.sourceId]: stock[1] };
        const request: OrderActionRequest = cancels
          ? { kind: "cancel", reason: "other", text: "" }
          : lines(...wants.map(([which, quantity]) => wanted([bear, doll][which], quantity)));
        const said = decide({ ...order, stage }, request, shelf(left));
        if (!said.ok) return;
        const pieces = (one: ShopOrder, id: string) =>
          one.stage === "cancelled"
            ? 0
            : one.lines.filter((line) => line.productId === id).reduce((n, l) => n + l.quantity, 0);
        for (const [id, before] of Object.entries(left)) {
          const after = before - (said.taken.get(id) ?? 0);
          expect(after).toBeGreaterThanOrEqual(0);
          // What is in the order and on the shelf together stays the same.
          expect(after + pieces(said.order, id)).toBe(before + pieces(order, id));
        }
        expect(said.order.version).toBe(order.version + 1);
      }),
    );
  });
});
