/** What is not settled with the sample shop's customers: late orders, claims, left carts; and the segments they are in. */
import type { Random } from "../random.ts";
import type { DemoProduct } from "./products.ts";
import { type DemoCustomer, type DemoOrder, currencies } from "./shop.ts";

/** A claim as the shop's own system would export one. Times are ISO. */
export type DemoClaim = {
  readonly sourceId: string;
  readonly customerSourceId: string;
  readonly subject: string;
  readonly openedAt: string;
  /** "" while it is open. */
  readonly closedAt: string;
};

/** A cart that was left. */
export type DemoCart = {
  readonly sourceId: string;
  readonly customerSourceId: string;
  readonly totalMinor: number;
  readonly currency: DemoOrder["currency"];
  readonly leftAt: string;
  /** "" when it never became an order. */
  readonly orderedAt: string;
};

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const iso = (ms: number): string => new Date(ms).toISOString();

/** Wholesale buyers, young parents, people who buy presents; most are in none. */
export function withSegments(
  random: Random,
  customers: readonly DemoCustomer[],
): readonly DemoCustomer[] {
  return customers.map((customer) => ({
    ...customer,
    segments: [
      ...(random.chance(0.04) ? ["wholesale"] : []),
      ...(random.chance(0.12) ? ["parents"] : []),
      ...(random.chance(0.08) ? ["gifts"] : []),
    ],
  }));
}

/** Every order was promised for a day; some of those that are still on their way are late. */
export function withPromises(random: Random, orders: readonly DemoOrder[]): readonly DemoOrder[] {
  return orders.map((order) => ({
    ...order,
    promisedAt: iso(Date.parse(order.placedAt) + random.whole(4, 10) * dayMs),
  }));
}

const subjects: Readonly<Record<DemoCustomer["language"], readonly string[]>> = {
  ru: ["Не та комплектация", "Повреждена упаковка", "Вернуть деньги", "Брак", "Долго везут"],
  uk: ["Не та комплектація", "Пошкоджена упаковка", "Повернути гроші", "Брак", "Довго везуть"],
};

/** One order in forty ends in a claim; those of the last three weeks are mostly still open. */
export function makeClaims(
  random: Random,
  customers: readonly DemoCustomer[],
  orders: readonly DemoOrder[],
  nowMs: number,
): readonly DemoClaim[] {
  const languageOf = new Map(customers.map((each) => [each.sourceId, each.language]));
  return orders
    .filter(() => random.chance(0.025))
    .map(({ customerSourceId, placedAt }, index) => {
      const openedMs = Math.min(Date.parse(placedAt) + random.whole(1, 12) * dayMs, nowMs - hourMs);
      const closedMs = openedMs + random.whole(1, 20) * dayMs;
      return {
        sourceId: `claim-${String(index + 1).padStart(5, "0")}`,
        customerSourceId,
        subject: random.pick(subjects[languageOf.get(customerSourceId) ?? "ru"]),
        openedAt: iso(openedMs),
        closedAt: closedMs < nowMs ? iso(closedMs) : "",
      };
    });
}

/** One customer in ten left a cart within the last three days; a third of them ordered after all. */
export function makeCarts(
  random: Random,
  customers: readonly DemoCustomer[],
  products: readonly DemoProduct[],
  nowMs: number,
): readonly DemoCart[] {
  return customers
    .filter(() => random.chance(0.1))
    .map(({ sourceId, country }, index) => {
      const { code, rate, stepMinor } = currencies[country];
      const priceMinor = random.pick(products).priceMinor * random.whole(1, 3) * rate;
      const leftMs = nowMs - random.whole(20, 72 * 60) * 60_000;
      return {
        sourceId: `cart-${String(index + 1).padStart(5, "0")}`,
        customerSourceId: sourceId,
        totalMinor: Math.round(priceMinor / stepMinor) * stepMinor,
        currency: code,
        leftAt: iso(leftMs),
        orderedAt: random.chance(0.33) ? iso(Math.min(leftMs + hourMs, nowMs)) : "",
      };
    });
}
