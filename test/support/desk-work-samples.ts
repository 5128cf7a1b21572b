/** Orders, offers, quotes, claims and call backs for tests and pictures of the operator's screen. Times count back from `nowMs`. */
import type { CustomerBackground, TimelineEntry } from "../../server/customers/timeline-model.ts";
import { TIMELINE_KINDS } from "../../server/customers/timeline-model.ts";
import type { PickUpPoint, Quote } from "../../server/delivery/model.ts";
import type { CardWork } from "../../server/desk/work-protocol.ts";
import type { CallBackEntry, Claim } from "../../server/followups/model.ts";
import type { Offer } from "../../server/offers/model.ts";
import type { FoundProduct, OrderDetail } from "../../server/orders/actions/model.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const iso = (ms: number): string => new Date(ms).toISOString();

/** What the shop sells. */
export const catalogue: readonly FoundProduct[] = [
  product("501", "KM-220", "Кофемашина Delonghi Magnifica S", 1_049_000, 4),
  product("502", "LV-1000", "Кофе в зёрнах Lavazza Oro, 1 кг", 100_000, 120),
  product("503", "DS-500", "Средство от накипи для кофемашин, 500 мл", 64_900, 31),
  product("504", "FB-100", "Фильтры бумажные, 100 шт.", 35_000, 260),
  product("505", "TR-350", "Турка медная, 350 мл", 215_000, 0),
  product("506", "ML-600", "Питчер для молока, 600 мл", 129_000, 9),
  product("507", "CP-6", "Чашки для эспрессо, набор из 6", 189_000, 14),
];

function product(
  id: string,
  sku: string,
  name: string,
  priceMinor: number,
  stock: number | null,
): FoundProduct {
  return {
    productId: id,
    sourceProductId: `s${id}`,
    sku,
    name,
    priceMinor,
    currency: "RUB",
    stock,
  };
}

export function sampleOrder(nowMs: number, change: Partial<OrderDetail> = {}): OrderDetail {
  const line = (id: string, quantity: number): OrderDetail["lines"][number] => {
    const { productId, sourceProductId, name, priceMinor, stock } = catalogue.find(
      (one) => one.productId === id,
    )!;
    return { name, quantity, priceMinor, sourceProductId, productId, stock };
  };
  return {
    id: "104512",
    source: "shop",
    sourceTitle: "Интернет-магазин",
    sourceId: "WC-104512",
    number: "104512",
    placedAt: iso(nowMs - 2 * DAY_MS),
    promisedAt: iso(nowMs + DAY_MS),
    stage: "new",
    status: "Ждёт подтверждения",
    totalMinor: 1_249_000,
    currency: "RUB",
    lines: [line("501", 1), line("502", 2)],
    delivery: {
      method: "СДЭК, до двери",
      country: "RU",
      postalCode: "630099",
      region: "Новосибирская область",
      city: "Новосибирск",
      address: "Красный проспект, 17, кв. 42",
      timeZone: "Asia/Novosibirsk",
    },
    payment: {
      method: "Картой на сайте",
      state: "partly",
      paidMinor: 500_000,
      paidAt: iso(nowMs - DAY_MS),
    },
    comment: "Позвонить за час до доставки",
    history: [
      { at: iso(nowMs - 2 * DAY_MS), stage: "new", status: "Ждёт подтверждения" },
      { at: iso(nowMs - 2 * DAY_MS + HOUR_MS), stage: "paid", status: "Оплачен картой" },
    ],
    actions: [],
    may: ["confirm", "changeLines", "changeDelivery", "applyOffer", "cancel"],
    ...change,
  };
}

/** Those of the card's other orders. */
export function sampleOldOrder(nowMs: number): OrderDetail {
  return sampleOrder(nowMs, {
    id: "103877",
    sourceId: "WC-103877",
    number: "103877",
    placedAt: iso(nowMs - 24 * DAY_MS),
    promisedAt: null,
    stage: "completed",
    status: "Выполнен",
    totalMinor: 389_050,
    lines: [{ ...sampleOrder(nowMs).lines[1]!, quantity: 3 }],
    comment: "",
    history: [{ at: iso(nowMs - 20 * DAY_MS), stage: "completed", status: "Выполнен" }],
    may: [],
  });
}

/** So many more of the same customer, older than those, newest first. */
export function sampleOlderOrders(nowMs: number, count: number): readonly OrderDetail[] {
  return Array.from({ length: count }, (_, index) => ({
    ...sampleOldOrder(nowMs),
    ...{ id: String(50_000 - index), number: String(90_000 - index) },
    placedAt: iso(nowMs - (60 + index) * DAY_MS),
  }));
}

export function sampleBackground(change: Partial<CustomerBackground> = {}): CustomerBackground {
  return {
    returned: 1,
    favouriteCategories: ["Кофе в зёрнах", "Кофемашины", "Посуда для кофе"],
    cameBy: "Яндекс Маркет",
    firstOrderAt: "2019-05-14T08:00:00Z",
    segments: ["постоянные"],
    bonusMinor: 84_500,
    ...change,
  };
}

export function sampleClaim(nowMs: number, change: Partial<Claim> = {}): Claim {
  return {
    id: "31",
    number: "C-000123",
    source: "callcard",
    customerId: "1",
    orderId: "101240",
    orderNumber: "101240",
    line: 0,
    lineName: "Турка медная, 350 мл",
    kind: "damaged",
    wish: "refund",
    subject: "",
    text: "Пришла с вмятиной, ручка отходит.",
    photos: ["https://photos.example/1.jpg"],
    status: "solved",
    openedAt: iso(nowMs - 90 * DAY_MS),
    deadlineAt: null,
    closedAt: iso(nowMs - 84 * DAY_MS),
    answer: "Деньги возвращены на карту",
    madeByName: "Пётр Иванов",
    late: false,
    ...change,
  };
}

export function sampleCallBack(nowMs: number, change: Partial<CallBackEntry> = {}): CallBackEntry {
  return {
    id: "71",
    phone: "+79139998877",
    customerId: "9",
    name: "Игорь Павлов",
    origin: "promised",
    queue: "Продажи",
    reason: "Спросить, подошёл ли размер",
    dueAt: iso(nowMs + 40 * 60_000),
    timeZone: "Asia/Novosibirsk",
    userId: "u1",
    userName: "Анна Белова",
    state: "open",
    takenByName: "",
    tries: 0,
    late: false,
    escalated: false,
    byCampaign: false,
    madeAt: iso(nowMs - 3 * HOUR_MS),
    ...change,
  };
}

/** One late, one due later, one somebody else works on. */
export function sampleCallBacks(nowMs: number): readonly CallBackEntry[] {
  return [
    sampleCallBack(nowMs, {
      ...{ id: "70", phone: "+79131112233", name: "", origin: "missed", reason: "" },
      ...{ userId: null, userName: "", dueAt: iso(nowMs - 25 * 60_000), tries: 1, late: true },
    }),
    sampleCallBack(nowMs),
    sampleCallBack(nowMs, {
      ...{
        id: "72",
        phone: "+380441112233",
        name: "Оксана Шевченко-Остроградская",
        origin: "lost",
      },
      ...{ userId: null, userName: "", timeZone: "Europe/Kyiv", state: "taken" },
      ...{ takenByName: "Пётр Иванов", dueAt: iso(nowMs + 3 * HOUR_MS) },
    }),
  ];
}

export function sampleWork(nowMs: number, change: Partial<CardWork> = {}): CardWork {
  return {
    order: sampleOrder(nowMs),
    background: sampleBackground(),
    claims: [sampleClaim(nowMs)],
    callBack: null,
    ...change,
  };
}

export function sampleOffers(): readonly Offer[] {
  const of = (id: string): NonNullable<Offer["product"]> => {
    const { productId, sku, name, priceMinor, currency, stock } = catalogue.find(
      (one) => one.productId === id,
    )!;
    return { id: productId, sku, name, category: "Кофе", priceMinor, currency, stock };
  };
  const offer = (key: string, id: string | null, change: Partial<Offer>): Offer => {
    const product = id === null ? null : of(id);
    return {
      key,
      kind: "goesWith",
      ruleId: null,
      product,
      quantity: 1,
      priceMinor: product?.priceMinor ?? 0,
      amountMinor: product?.priceMinor ?? 0,
      currency: "RUB",
      reasons: [],
      saying: "",
      confidence: 0.3,
      ...change,
    };
  };
  return [
    offer("needed:3:503", "503", {
      kind: "needed",
      ruleId: "3",
      reasons: [{ code: "needs", product: "Кофемашина Delonghi Magnifica S", quantity: 1 }],
      saying: "Без него машина прослужит вдвое меньше",
      confidence: 0.9,
    }),
    offer("goesWith:506", "506", {
      reasons: [
        {
          code: "boughtTogether",
          product: "Кофемашина Delonghi Magnifica S",
          together: 43,
          of: 120,
        },
      ],
    }),
    offer("reorder:504", "504", {
      kind: "reorder",
      quantity: 2,
      amountMinor: 70_000,
      reasons: [{ code: "runsOut", everyDays: 30, lastDaysAgo: 31, by: "own" }],
    }),
    offer("discount:8", null, {
      kind: "discount",
      ruleId: "8",
      amountMinor: -50_000,
      reasons: [{ code: "rule", rule: "Осенняя скидка постоянным" }],
      saying: "Скидка 500 ₽ на этот заказ как постоянному покупателю",
      confidence: 0.5,
    }),
  ];
}

export function sampleQuotes(nowMs: number): readonly Quote[] {
  const quote = (id: string, change: Partial<Quote>): Quote => ({
    id,
    provider: "cdek",
    service: "Посылка склад-дверь",
    mode: "door",
    priceMinor: 49_000,
    currency: "RUB",
    days: [2, 3],
    pointRequired: false,
    told: "live",
    validUntilMs: nowMs + HOUR_MS,
    ...change,
  });
  return [
    quote("table:post", {
      ...{ provider: "russianpost", service: "Посылка", mode: "post", priceMinor: 28_000 },
      ...{ days: [5, 9], told: "estimate" },
    }),
    quote("cdek:136", {
      ...{
        service: "Посылка склад-склад",
        mode: "pickup",
        priceMinor: 31_500,
        pointRequired: true,
      },
    }),
    quote("cdek:137", {}),
  ];
}

export const samplePoints: readonly PickUpPoint[] = [
  point("NSK12", "Красный проспект, 29", true),
  point("NSK40", "ул. Ленина, 3", true),
  point("NSK77", "ул. Гоголя, 14, вход со двора", false),
];

function point(id: string, address: string, cashAllowed: boolean): PickUpPoint {
  return {
    id,
    provider: "cdek",
    name: `СДЭК ${id}`,
    address,
    city: "Новосибирск",
    hours: "пн–вс 10:00–20:00",
    cashAllowed,
  };
}

/** So many things that passed between a customer and the shop, newest first. */
export function sampleTimeline(nowMs: number, count: number): readonly TimelineEntry[] {
  const CODES = {
    call: "completed",
    order: "completed",
    claim: "solved",
    message: "email",
    offer: "accepted",
    note: "",
    callBack: "done",
    rating: "9",
  } as const;
  return Array.from({ length: count }, (_, index) => {
    const kind = TIMELINE_KINDS[index % TIMELINE_KINDS.length]!;
    return {
      kind,
      id: String(count - index),
      at: iso(nowMs - index * 31 * HOUR_MS),
      code: CODES[kind],
      title: kind === "order" || kind === "claim" ? `${100_000 + count - index}` : "",
      text: kind === "note" || kind === "message" ? `Запись ${count - index}: удобно вечером` : "",
      byName: kind === "order" ? "" : "Пётр Иванов",
      amountMinor: kind === "order" || kind === "offer" ? 129_000 : null,
      currency: "RUB",
      direction: kind === "call" || kind === "message" ? "in" : "",
    };
  });
}
