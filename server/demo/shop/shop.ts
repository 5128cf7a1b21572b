/**
 * The sample shop: customers, products, orders, notes and past calls of a toy-and-home online shop, made from a seed, so that
 * the same seed and day always give the same shop.
 */
import type { OrderDelivery, OrderPayment, OrderStage } from "../../orders/model.ts";
import { seededRandom, type Random } from "../random.ts";
import { demoLandline, demoMobile, type DemoCountry } from "./numbers.ts";
import { inLatin, personName, places, surnameCount, type Place } from "./people.ts";
import { type Basket, basketMaker, cycle, lastsDays } from "./baskets.ts";
import { deliveryTo } from "./delivery.ts";
import { demoProducts, type DemoProduct } from "./products.ts";

import {
  type DemoCart,
  type DemoClaim,
  makeCarts,
  makeClaims,
  withPromises,
  withSegments,
} from "./unsettled.ts";

export type { DemoProduct } from "./products.ts";

/** A customer as the shop's own system would export one. Dates are ISO, "" when there is none. */
export type DemoCustomer = {
  readonly sourceId: string;
  readonly name: string;
  readonly email: string;
  readonly tier: "" | "silver" | "gold" | "platinum";
  readonly tierSince: string;
  readonly vip: boolean;
  readonly segments: readonly string[];
  readonly language: "ru" | "uk";
  readonly city: string;
  readonly region: string;
  readonly timeZone: string;
  readonly country: DemoCountry;
  readonly customerSince: string;
  readonly personalManager: string;
  /** E.164, at least one; a number may be another customer's too. */
  readonly phones: readonly string[];
};

export type DemoOrder = {
  readonly sourceId: string;
  readonly customerSourceId: string;
  readonly number: string;
  readonly stage: OrderStage;
  /** The shop's own word for the stage, in the customer's language. */
  readonly status: string;
  readonly totalMinor: number;
  readonly currency: "RUB" | "UAH" | "KZT";
  readonly placedAt: string;
  /** What the customer was told; "" when nothing. */
  readonly promisedAt: string;
  readonly updatedAt: string;
  readonly delivery: OrderDelivery;
  readonly payment: OrderPayment;
  readonly lines: readonly {
    readonly productSourceId: string;
    readonly name: string;
    readonly quantity: number;
    readonly priceMinor: number;
  }[];
};

export type DemoNote = {
  readonly customerSourceId: string;
  readonly text: string;
  readonly createdAt: string;
};

export type DemoPastCall = {
  readonly id: string;
  readonly customerSourceId: string;
  readonly phone: string;
  readonly startedAt: string;
  readonly direction: "inbound" | "outbound";
  readonly queue: string;
  readonly answered: boolean;
  readonly waitMs: number;
  readonly talkMs: number;
  readonly extension: string;
  readonly disposition: string;
  readonly note: string;
};

export type DemoShop = {
  readonly customers: readonly DemoCustomer[];
  readonly products: readonly DemoProduct[];
  readonly orders: readonly DemoOrder[];
  readonly notes: readonly DemoNote[];
  readonly calls: readonly DemoPastCall[];
  readonly claims: readonly DemoClaim[];
  readonly carts: readonly DemoCart[];
};

export type DemoShopOptions = {
  /** [7] */
  readonly seed?: number;
  /** The shop's "now": orders end here. */
  readonly nowMs: number;
  /** [2000] */
  readonly customers?: number;
  /** [8000] */
  readonly orders?: number;
};

const dayMs = 86_400_000;
const yearsBack = 2;
const isoDate = (ms: number): string => new Date(ms).toISOString().slice(0, 10);

/** Makes the shop. */
export function makeDemoShop(options: DemoShopOptions): DemoShop {
  const random = seededRandom(options.seed ?? 7);
  // A row of its own, so that who the customers are and what they bought does not depend on it.
  const unsettled = seededRandom((options.seed ?? 7) + 1);
  const products = demoProducts(() => (random.chance(0.06) ? 0 : random.whole(1, 140)));
  const people = makeCustomers(random, options.customers ?? 2000, options.nowMs);
  const bought = makeOrders(random, people, products, options.orders ?? 8000, options.nowMs);
  const customers = withSegments(unsettled, people);
  const orders = withPromises(unsettled, bought);
  return {
    customers,
    products,
    orders,
    notes: makeNotes(random, customers, options.nowMs),
    calls: makeCalls(random, customers, options.nowMs),
    claims: makeClaims(unsettled, customers, orders, options.nowMs),
    carts: makeCarts(unsettled, customers, products, options.nowMs),
  };
}

function makeCustomers(random: Random, count: number, nowMs: number): DemoCustomer[] {
  const customers: DemoCustomer[] = [];
  const nextMobile: Record<DemoCountry, number> = { RU: 0, UA: 0, KZ: 0 };
  const nextLandline = new Map<string, number>();
  const weighted = places.flatMap((each) => Array.from({ length: each.weight }, () => each));
  // 3571 has no factor in common with 10,000: the numbers look scattered and still never repeat.
  const scattered = (n: number): number => (n * 3571 + 1234) % 10_000;
  const mobile = (country: DemoCountry): string =>
    demoMobile(country, scattered(nextMobile[country]++));
  const landline = (home: Place): string => {
    const n = nextLandline.get(home.areaCode) ?? 0;
    nextLandline.set(home.areaCode, n + 1);
    return demoLandline(home.areaCode, scattered(n));
  };

  const add = (home: Place, surname: number, sex: "f" | "m", phones: readonly string[]): void => {
    const index = customers.length + 1;
    const sinceMs = nowMs - random.whole(5, yearsBack * 365 + 900) * dayMs;
    const name = personName(
      home.country,
      sex,
      (n) => random.whole(0, n - 1),
      surname,
      random.chance(0.18),
    );
    const tier = random.chance(0.05)
      ? "platinum"
      : random.chance(0.13)
        ? "gold"
        : random.chance(0.24)
          ? "silver"
          : "";
    const [first = "", last = ""] = name.split(" ");
    customers.push({
      sourceId: `customer-${String(index).padStart(5, "0")}`,
      name,
      email: random.chance(0.82)
        ? `${inLatin(first)}.${inLatin(last)}${index}@${random.pick(["mail", "post", "box"])}.example`
        : "",
      tier,
      tierSince: tier === "" ? "" : isoDate(sinceMs + (nowMs - sinceMs) * random.next()),
      segments: [],
      vip: tier === "platinum" ? random.chance(0.5) : random.chance(0.01),
      language: home.country === "UA" ? "uk" : "ru",
      city: home.city,
      region: home.region,
      timeZone: home.timeZone,
      country: home.country,
      customerSince: isoDate(sinceMs),
      personalManager: tier === "platinum" && random.chance(0.4) ? "operator" : "",
      phones,
    });
  };

  while (customers.length < count) {
    const home = random.pick(weighted);
    const surname = random.whole(0, surnameCount(home.country) - 1);
    // One household in eight is known as two customers who share a phone.
    if (random.chance(0.12) && customers.length + 2 <= count) {
      const shared =
        home.areaCode !== "" && random.chance(0.6) ? landline(home) : mobile(home.country);
      add(home, surname, "f", [mobile(home.country), shared]);
      add(home, surname, "m", random.chance(0.6) ? [mobile(home.country), shared] : [shared]);
      continue;
    }
    const phones = [mobile(home.country)];
    if (home.areaCode !== "" && random.chance(0.15)) phones.push(landline(home));
    if (random.chance(0.12)) phones.push(mobile(home.country));
    add(home, surname, random.chance(0.66) ? "f" : "m", phones);
  }
  return customers;
}

/** What a shop calls its stages, in both languages. */
export const statusWords: Readonly<Record<string, Readonly<Record<"ru" | "uk", string>>>> = {
  new: { ru: "Новый", uk: "Нове" },
  confirmed: { ru: "Подтверждён", uk: "Підтверджено" },
  paid: { ru: "Оплачен", uk: "Оплачено" },
  assembling: { ru: "Собирается на складе", uk: "Збирається на складі" },
  shipped: { ru: "Передан в доставку", uk: "Передано в доставку" },
  delivered: { ru: "Ждёт в пункте выдачи", uk: "Чекає у відділенні" },
  completed: { ru: "Выполнен", uk: "Виконано" },
  cancelled: { ru: "Отменён", uk: "Скасовано" },
  returned: { ru: "Возврат", uk: "Повернення" },
};

/** Kopecks of a rouble price in the customer's currency, and the step prices are rounded to. */
export const currencies: Readonly<
  Record<
    DemoCountry,
    { readonly code: DemoOrder["currency"]; readonly rate: number; readonly stepMinor: number }
  >
> = {
  RU: { code: "RUB", rate: 1, stepMinor: 100 },
  UA: { code: "UAH", rate: 0.46, stepMinor: 100 },
  KZ: { code: "KZT", rate: 5.6, stepMinor: 1000 },
};

/** The stage an order of this age is in. */
function stageAtAge(random: Random, ageDays: number): OrderStage {
  if (ageDays > 14) {
    return random.chance(0.06) ? "cancelled" : random.chance(0.03) ? "returned" : "completed";
  }
  if (ageDays > 6) {
    return random.pick(["completed", "completed", "delivered", "shipped", "cancelled"] as const);
  }
  if (ageDays > 2) return random.pick(["shipped", "shipped", "delivered", "assembling"] as const);
  if (ageDays > 0.5) return random.pick(["confirmed", "paid", "assembling", "shipped"] as const);
  return random.pick(["new", "new", "confirmed", "paid"] as const);
}

function makeOrders(
  random: Random,
  customers: readonly DemoCustomer[],
  products: readonly DemoProduct[],
  count: number,
  nowMs: number,
): DemoOrder[] {
  const tierWeight = { "": 1, silver: 3, gold: 6, platinum: 11 } as const;
  // A tenth has never ordered; the rest by tier, so that loyal customers have a history to match.
  const buyers = customers.flatMap((customer) =>
    customer.tier === "" && random.chance(0.12)
      ? []
      : Array.from({ length: tierWeight[customer.tier] }, () => customer),
  );
  const again = cycleDrafts(random, buyers, products, Math.floor(count * CYCLES), nowMs);
  const baskets = basketMaker(random, products);
  const chosen = Array.from({ length: count - again.length }, (): Draft => {
    const customer = random.pick(buyers);
    const sinceMs = since(customer, nowMs);
    // More of the recent orders: the shop grows.
    const placedMs = sinceMs + (nowMs - sinceMs) * Math.sqrt(random.next());
    return {
      customer,
      placedMs: Math.min(placedMs, nowMs - 60_000),
      basket: baskets(random.pick([1, 1, 1, 2, 2, 3])),
    };
  });
  const drafts = [...chosen, ...again].sort((a, b) => a.placedMs - b.placedMs);
  return drafts.map(({ customer, placedMs, basket }, index) => {
    const currency = currencies[customer.country];
    const ageDays = (nowMs - placedMs) / dayMs;
    const stage = stageAtAge(random, ageDays);
    const lines = basket.map(({ product, quantity }) => ({
      productSourceId: product.sourceId,
      name: customer.language === "uk" ? product.nameUk : product.name,
      quantity,
      priceMinor: priceIn(product, customer.country),
    }));
    const totalMinor = lines.reduce((sum, line) => sum + line.quantity * line.priceMinor, 0);
    const updatedMs = placedMs + Math.min(ageDays, random.whole(1, 9)) * random.next() * dayMs;
    return {
      sourceId: `order-${String(index + 1).padStart(6, "0")}`,
      customerSourceId: customer.sourceId,
      number: `${new Date(placedMs).getUTCFullYear() % 100}-${String(100_000 + index).slice(1)}`,
      stage,
      status: statusWords[stage]?.[customer.language] ?? stage,
      totalMinor,
      currency: currency.code,
      placedAt: new Date(placedMs).toISOString(),
      promisedAt: "",
      updatedAt: new Date(updatedMs).toISOString(),
      delivery: deliveryTo(customer),
      payment: paymentOf(customer.language, stage, totalMinor, index, { placedMs, updatedMs }),
      lines,
    };
  });
}

/** What a shop calls ways of paying, in both languages. */
export const paymentWords = {
  ru: { cash: "При получении", card: "Картой на сайте" },
  uk: { cash: "При отриманні", card: "Карткою на сайті" },
} as const;

/** Every third pays on delivery; the others by card, before it is packed. */
function paymentOf(
  language: "ru" | "uk",
  stage: OrderStage,
  totalMinor: number,
  index: number,
  when: { readonly placedMs: number; readonly updatedMs: number },
): OrderPayment {
  const isCash = index % 3 === 0;
  const method = paymentWords[language][isCash ? "cash" : "card"];
  const paidAt = new Date(isCash ? when.updatedMs : when.placedMs).toISOString();
  if (stage === "returned") return { method, state: "refunded", paidMinor: 0, paidAt };
  const isPaid = isCash
    ? stage === "completed"
    : stage !== "new" && stage !== "confirmed" && stage !== "cancelled";
  return isPaid
    ? { method, state: "paid", paidMinor: totalMinor, paidAt }
    : { method, state: "unpaid", paidMinor: 0 };
}

/** Of all orders those in which somebody buys what ran out. */
const CYCLES = 0.2;

type Draft = {
  readonly customer: DemoCustomer;
  readonly placedMs: number;
  readonly basket: Basket;
};

/** The same people come back for the same thing, until there are so many orders. */
function cycleDrafts(
  random: Random,
  buyers: readonly DemoCustomer[],
  products: readonly DemoProduct[],
  most: number,
  nowMs: number,
): readonly Draft[] {
  const goods = products.filter((product) => lastsDays(product) !== null);
  const drafts: Draft[] = [];
  const taken = new Set<string>();
  while (drafts.length < most && goods.length > 0 && taken.size < buyers.length / 4) {
    const customer = random.pick(buyers);
    if (taken.has(customer.sourceId)) continue;
    taken.add(customer.sourceId);
    const product = random.pick(goods);
    const quantity = random.pick([1, 1, 2]);
    const fromMs = Math.max(since(customer, nowMs), nowMs - 400 * dayMs);
    for (const placedMs of cycle(random, product, fromMs, nowMs - 60_000))
      if (drafts.length < most)
        drafts.push({ customer, placedMs, basket: [{ product, quantity }] });
  }
  return drafts;
}

/** From when on a customer may have ordered, epoch ms. */
function since(customer: DemoCustomer, nowMs: number): number {
  return Math.max(Date.parse(customer.customerSince), nowMs - yearsBack * 365 * dayMs);
}

/** What one costs in the currency of a country, minor units. */
export function priceIn(product: Pick<DemoProduct, "priceMinor">, country: DemoCountry): number {
  const { rate, stepMinor } = currencies[country];
  return Math.round((product.priceMinor * rate) / stepMinor) * stepMinor;
}

const noteTexts: Readonly<Record<"ru" | "uk", readonly string[]>> = {
  ru: [
    "Просит звонить после 18:00.",
    "Заказывает подарки внукам, любит совет по возрасту.",
    "Предпочитает пункт выдачи у дома, курьера не вызывать.",
    "Была задержка доставки в октябре, извинились промокодом.",
    "Спрашивает, когда снова будут беговелы в мятном цвете.",
    "Оплачивает только при получении.",
    "Аллергия у ребёнка: игрушки без шерсти.",
    "Просит писать в мессенджер, если не берёт трубку.",
    "Оптовый покупатель для детского сада, нужен счёт.",
  ],
  uk: [
    "Просить телефонувати після 18:00.",
    "Замовляє подарунки онукам, радить за віком.",
    "Забирає з відділення, кур’єра не викликати.",
    "Була затримка доставки в жовтні, вибачилися промокодом.",
    "Платить лише при отриманні.",
    "Просить писати в месенджер, якщо не бере слухавку.",
  ],
};

function makeNotes(random: Random, customers: readonly DemoCustomer[], nowMs: number): DemoNote[] {
  return customers
    .filter((each) => random.chance(each.tier === "" ? 0.08 : 0.35))
    .map((each) => ({
      customerSourceId: each.sourceId,
      text: random.pick(noteTexts[each.language]),
      createdAt: new Date(nowMs - random.whole(1, 400) * dayMs).toISOString(),
    }));
}

const callNotes: Readonly<Record<"ru" | "uk", readonly string[]>> = {
  ru: ["", "", "", "Уточнили срок доставки.", "Добавили товар в заказ.", "Подобрали подарок."],
  uk: ["", "", "", "Уточнили термін доставки.", "Додали товар до замовлення."],
};

function makeCalls(
  random: Random,
  customers: readonly DemoCustomer[],
  nowMs: number,
): DemoPastCall[] {
  const calls: DemoPastCall[] = [];
  for (const customer of customers) {
    const count = random.chance(customer.tier === "" ? 0.25 : 0.7) ? random.whole(1, 3) : 0;
    for (let i = 0; i < count; i += 1) {
      const answered = random.chance(0.9);
      const inbound = random.chance(0.8);
      calls.push({
        id: `past-${calls.length + 1}`,
        customerSourceId: customer.sourceId,
        phone: random.pick(customer.phones),
        startedAt: new Date(nowMs - random.whole(3600, 300 * 86_400) * 1000).toISOString(),
        direction: inbound ? "inbound" : "outbound",
        queue: inbound ? random.pick(["sales", "support"]) : "",
        answered,
        waitMs: random.whole(3, 90) * 1000,
        talkMs: answered ? random.whole(25, 420) * 1000 : 0,
        extension: answered ? String(random.whole(101, 106)) : "",
        disposition: answered
          ? random.pick(["order", "order_changed", "question", "delivery", "claim"])
          : "",
        note: answered ? random.pick(callNotes[customer.language]) : "",
      });
    }
  }
  return calls.sort((a, b) => (a.startedAt < b.startedAt ? -1 : 1));
}
