/**
 * How the sample shop decides about its own orders: what it still lets be changed, what it has in stock, and what things cost. Pure: an
 * order and the stock in, both as they become or a refusal in the shop's words out.
 */
import type { AgreedOffer, OrderActionRequest } from "../../orders/actions/model.ts";
import type { OrderDelivery, OrderStage } from "../../orders/model.ts";
import type { DemoProduct } from "./products.ts";
import { currencies, priceIn, statusWords } from "./shop.ts";

/** An order as the shop keeps it. */
export type ShopOrder = {
  readonly sourceId: string;
  readonly number: string;
  readonly stage: OrderStage;
  readonly status: string;
  readonly currency: string;
  readonly placedAt: string;
  readonly promisedAt: string;
  readonly lines: readonly ShopLine[];
  readonly delivery: OrderDelivery;
  /** What the customer pays for delivery, minor units. */
  readonly deliveryMinor: number;
  /** What is taken off the sum of the lines, by the rule it follows from; one for each rule. */
  readonly discounts?: Readonly<Record<string, number>>;
  readonly version: number;
};

export type ShopLine = {
  readonly productId: string;
  readonly name: string;
  readonly quantity: number;
  readonly priceMinor: number;
};

/** What the shop says: the order as it is now, with what left the stock (less than nothing: came back), or why not. */
export type Decision =
  | {
      readonly ok: true;
      readonly order: ShopOrder;
      readonly text: string;
      readonly taken: ReadonlyMap<string, number>;
    }
  | { readonly ok: false; readonly message: string };

/** What there is to sell. */
export type Shelf = {
  product(sourceId: string): DemoProduct | undefined;
  /** Pieces left. */
  stock(sourceId: string): number;
};

/** An offer may take so much off the price, not more. */
const LEAST_SHARE_OF_PRICE = 0.7;
/** All discounts together take so much off the goods, not more. */
const MOST_SHARE_OFF = 0.3;
const IS_OPEN: ReadonlySet<OrderStage> = new Set(["new", "confirmed", "paid", "assembling"]);

/** What becomes of an order by an action. */
export function decide(order: ShopOrder, request: OrderActionRequest, shelf: Shelf): Decision {
  const closed = closedBecause(order);
  switch (request.kind) {
    case "confirm":
      if (order.stage !== "new" && order.stage !== "paid")
        return no(`Заказ ${order.number} уже не ждёт подтверждения: «${order.status}»`);
      return yes({ ...order, ...staged("confirmed") }, "Заказ подтверждён");
    case "changeLines":
      return closed === null
        ? changeLines(order, request.lines, shelf)
        : no(`${closed}, состав изменить нельзя`);
    case "changeDelivery": {
      if (closed !== null) return no(`${closed}, доставку изменит только служба доставки`);
      const { chosen } = request;
      const method =
        chosen === null ? {} : { method: `${chosen.provider} ${chosen.service}`.trim() };
      return yes(
        {
          ...order,
          delivery: { ...order.delivery, ...request.delivery, ...method },
          deliveryMinor: chosen === null ? order.deliveryMinor : chosen.priceMinor,
        },
        "Доставка изменена",
      );
    }
    case "applyOffer":
      return closed === null
        ? applyOffer(order, request.offer)
        : no(`${closed}, скидку дать уже нельзя`);
    case "cancel": {
      if (closed !== null)
        return no(`${closed}, отменить нельзя: оформите возврат после получения`);
      const back = new Map(order.lines.map((line) => [line.productId, -line.quantity]));
      return yes({ ...order, ...staged("cancelled") }, "Заказ отменён", back);
    }
    default:
      return request satisfies never;
  }
}

/** Null while the shop can still change it. */
function closedBecause({ stage, number, status }: ShopOrder): string | null {
  if (IS_OPEN.has(stage)) return null;
  if (stage === "shipped") return `Заказ ${number} уже передан в доставку`;
  return `Заказ ${number} уже закрыт: «${status}»`;
}

function changeLines(
  order: ShopOrder,
  wanted: Extract<OrderActionRequest, { kind: "changeLines" }>["lines"],
  shelf: Shelf,
): Decision {
  const before = new Map<string, number>();
  for (const { productId, quantity } of order.lines)
    before.set(productId, (before.get(productId) ?? 0) + quantity);
  const taken = new Map([...before].map(([id, quantity]) => [id, -quantity]));
  const lines: ShopLine[] = [];
  for (const line of wanted) {
    if (line.quantity === 0) continue;
    if (!Number.isInteger(line.quantity))
      return no(`«${line.name}» продаётся только целыми штуками`);
    const known = order.lines.find((one) => one.productId === line.sourceProductId);
    const product = shelf.product(line.sourceProductId);
    if (known === undefined && product === undefined)
      return no(`Товара «${line.name}» в магазине нет`);
    const priceMinor = known?.priceMinor ?? priceOf(product!, line, order);
    if (priceMinor === null) return no(`«${line.name}» по такой цене не продаётся`);
    const id = line.sourceProductId;
    taken.set(id, (taken.get(id) ?? 0) + line.quantity);
    const name = known?.name ?? product!.name;
    lines.push({ productId: id, name, quantity: line.quantity, priceMinor });
  }
  for (const [id, more] of taken) {
    const left = shelf.stock(id);
    const name = shelf.product(id)?.name ?? id;
    if (more > 0 && more > left)
      return no(
        left > 0 ? `«${name}»: на складе осталось ${left} шт.` : `«${name}» закончился на складе`,
      );
  }
  const total = totalOf({ ...order, lines });
  const text = `Состав изменён, к оплате ${sum(total, order.currency)}`;
  return yes({ ...order, lines }, text, taken);
}

/** As the shop's receipts write it: `4 378 ₽`. */
function sum(minor: number, currency: string): string {
  const style = { style: "currency", currency, trailingZeroDisplay: "stripIfInteger" } as const;
  return new Intl.NumberFormat("ru-RU", style).format(minor / 100);
}

function applyOffer(order: ShopOrder, offer: AgreedOffer): Decision {
  const { discounts = {} } = order;
  const key = offer.ruleId || offer.showingId;
  if (Object.hasOwn(discounts, key)) return no("Эта скидка в заказе уже есть");
  const next = { ...discounts, [key]: -offer.amountMinor };
  const off = Object.values(next).reduce((sum, minor) => sum + minor, 0);
  if (off > goodsOf(order) * MOST_SHARE_OFF)
    return no(`Скидки вместе не могут быть больше ${MOST_SHARE_OFF * 100} % стоимости товаров`);
  const changed = { ...order, discounts: next };
  const text =
    offer.amountMinor === 0
      ? "Отмечено в заказе"
      : `Скидка учтена, к оплате ${sum(totalOf(changed), order.currency)}`;
  return yes(changed, text);
}

/** The shop's own price, or what was offered when it is a fair one; null for a price nobody was offered. */
function priceOf(
  product: DemoProduct,
  wanted: { readonly priceMinor: number; readonly showingId: string },
  order: ShopOrder,
): number | null {
  const country = (Object.keys(currencies) as (keyof typeof currencies)[]).find(
    (one) => currencies[one].code === order.currency,
  );
  const own = priceIn(product, country ?? "RU");
  if (wanted.showingId === "" || wanted.priceMinor >= own) return own;
  // A gift costs nothing; everything between is checked against the margin.
  if (wanted.priceMinor === 0) return 0;
  return wanted.priceMinor >= own * LEAST_SHARE_OF_PRICE ? wanted.priceMinor : null;
}

/** What the customer pays, minor units. */
export function totalOf(order: Pick<ShopOrder, "lines" | "deliveryMinor" | "discounts">): number {
  const off = Object.values(order.discounts ?? {}).reduce((sum, minor) => sum + minor, 0);
  // Goods that were taken out take their discount with them.
  return Math.max(0, goodsOf(order) - off) + order.deliveryMinor;
}

function goodsOf({ lines }: Pick<ShopOrder, "lines">): number {
  return lines.reduce((all, line) => all + line.quantity * line.priceMinor, 0);
}

const staged = (stage: OrderStage) => ({ stage, status: statusWords[stage]?.ru ?? stage });

function yes(
  order: ShopOrder,
  text: string,
  taken: ReadonlyMap<string, number> = new Map(),
): Decision {
  return { ok: true, order: { ...order, version: order.version + 1 }, text, taken };
}

function no(message: string): Decision {
  return { ok: false, message };
}
