/** States, calls and customers for tests and pictures of the widget. Times count back from `nowMs`. */
import type { Customer } from "../../server/customers/model.ts";
import type {
  Card,
  DeskCall,
  DeskCampaign,
  DeskPreview,
  DeskState,
  PastCall,
} from "../../server/desk/protocol.ts";
import type { OrderSummary } from "../../server/orders/model.ts";

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

export function sampleCustomer(change: Partial<Customer> = {}): Customer {
  return {
    id: "1",
    name: "Мария Кузнецова",
    email: "m.kuznetsova@example.ru",
    tier: "gold",
    tierSince: "2023-03-01",
    vip: false,
    language: "ru",
    city: "Новосибирск",
    region: "Новосибирская область",
    timeZone: "Asia/Novosibirsk",
    externalUrl: "https://crm.example/customers/1",
    personalManager: "",
    customerSince: "2019-05-14",
    ...change,
  };
}

const iso = (ms: number): string => new Date(ms).toISOString();

export function sampleOrders(nowMs: number): readonly OrderSummary[] {
  const order = (
    number: string,
    daysAgo: number,
    stage: OrderSummary["stage"],
    status: string,
    totalMinor: number,
    items: readonly [string, number][],
  ): OrderSummary => ({
    id: number,
    number,
    placedAt: iso(nowMs - daysAgo * DAY_MS),
    stage,
    status,
    totalMinor,
    currency: "RUB",
    itemCount: items.length,
    // All but the first at one price, so that the lines add up to the sum.
    items: items.map(([name, quantity], index) => {
      const others = items.slice(1).reduce((sum, [, count]) => sum + count * 100_000, 0);
      const priceMinor = index > 0 ? 100_000 : Math.round((totalMinor - others) / quantity);
      return { name, quantity, priceMinor };
    }),
  });
  return [
    order("104512", 2, "shipped", "Передан в СДЭК", 1_249_000, [
      ["Кофемашина Delonghi Magnifica S", 1],
      ["Кофе в зёрнах Lavazza Oro, 1 кг", 2],
    ]),
    order("103877", 24, "completed", "Выполнен", 389_050, [["Кофе в зёрнах Lavazza Oro, 1 кг", 3]]),
    order("101240", 96, "returned", "Возврат оформлен", 215_000, [["Турка медная, 350 мл", 1]]),
    order("98316", 201, "completed", "Выполнен", 742_000, [
      ["Кофемолка Baratza Encore", 1],
      ["Фильтры бумажные, 100 шт.", 4],
    ]),
  ];
}

export function samplePastCalls(nowMs: number): readonly PastCall[] {
  const base = { direction: "inbound", operatorName: "Пётр Иванов" } as const;
  return [
    {
      ...base,
      callId: "p1",
      startedAt: iso(nowMs - DAY_MS),
      answered: true,
      talkMs: 252_000,
      disposition: "consult",
      note: "Спрашивала, когда приедет курьер. Удобно после шести вечера.",
    },
    {
      ...base,
      callId: "p2",
      startedAt: iso(nowMs - DAY_MS - 40 * MINUTE_MS),
      answered: false,
      talkMs: 0,
      operatorName: "",
      disposition: "",
      note: "",
    },
    {
      ...base,
      callId: "p3",
      startedAt: iso(nowMs - 96 * DAY_MS),
      answered: true,
      talkMs: 431_000,
      disposition: "return",
      note: "",
    },
  ];
}

export function sampleCard(nowMs: number, change: Partial<Card> = {}): Card {
  return {
    outcome: "one",
    phone: {
      e164: "+79130000001",
      display: "+7 913 000-00-01",
      country: "RU",
      timeZones: ["Asia/Novosibirsk"],
    },
    rawNumber: "+79130000001",
    rawName: "",
    customer: sampleCustomer(),
    verified: true,
    candidates: [],
    orders: sampleOrders(nowMs),
    totals: { count: 23, totalMinor: 18_423_050, currency: "RUB" },
    calls: samplePastCalls(nowMs),
    notes: [
      {
        id: "n1",
        text: "Просит звонить после 12:00. Предпочитает доставку в пункт выдачи на Красном проспекте.",
        authorName: "Анна Белова",
        createdAt: iso(nowMs - 60 * DAY_MS),
      },
    ],
    place: { city: "Новосибирск", region: "Новосибирская область", country: "RU" },
    timeZones: ["Asia/Novosibirsk"],
    work: null,
    problems: [],
    ...change,
  };
}

/** A card without a customer. */
export function blankCard(nowMs: number, change: Partial<Card>): Card {
  return sampleCard(nowMs, {
    customer: null,
    orders: [],
    totals: null,
    calls: [],
    notes: [],
    ...change,
  });
}

export function sampleCall(nowMs: number, change: Partial<DeskCall> = {}): DeskCall {
  return {
    callId: "demo-1",
    direction: "inbound",
    state: "ringing",
    queue: "Продажи",
    startedAtMs: nowMs - 50_000,
    joinedAtMs: nowMs - 42_000,
    ringingSinceMs: nowMs - 4000,
    answeredAtMs: null,
    endedAtMs: null,
    ringId: "demo-1-ring",
    left: null,
    fromName: "",
    card: sampleCard(nowMs),
    priority: null,
    campaign: null,
    needsWrapUp: false,
    draft: null,
    ...change,
  };
}

/** A campaign that confirms the newest of the sample orders. */
export function sampleCampaign(change: Partial<DeskCampaign> = {}): DeskCampaign {
  const outcome = (
    code: string,
    effect: DeskCampaign["dispositions"][number]["effect"],
    ...words: readonly [string, string, string]
  ): DeskCampaign["dispositions"][number] => ({ ...disposition(code, ...words), effect });
  return {
    campaignId: "7",
    name: "Подтверждение заказов",
    attemptId: "cc-1",
    reason: "orderPlaced",
    orderIds: ["104512"],
    script:
      "Здравствуйте, Мария! Это магазин «Кофейня», звоню по вашему заказу № 104512.\n\n" +
      "Проверьте, пожалуйста, состав и адрес доставки. Удобно ли получить заказ завтра с 12 до 15?\n\n" +
      "Если передумали — уточните причину и поблагодарите за обращение.",
    data: {},
    dispositions: [
      outcome("confirmed", "done", "Подтвердил", "Підтвердив", "Confirmed"),
      outcome("changed", "done", "Изменил заказ", "Змінив замовлення", "Changed the order"),
      outcome("cancelled", "done", "Отменил", "Скасував", "Cancelled"),
      outcome("later", "callBack", "Перезвонить позже", "Передзвонити пізніше", "Call back later"),
      outcome("silent", "retry", "Не слышно", "Не чути", "Could not hear"),
      outcome("never", "doNotCall", "Просит не звонить", "Просить не дзвонити", "Do not call"),
    ],
    attempt: 2,
    promised: false,
    hours: {
      ...{ weekdays: { from: "09:00", to: "20:00" }, saturday: { from: "10:00", to: "18:00" } },
      ...{ sunday: null, holidays: [], onHolidays: null },
    },
    ...change,
  };
}

/** A call of that campaign that rings at the operator's phone. */
export function campaignCall(nowMs: number, change: Partial<DeskCall> = {}): DeskCall {
  return sampleCall(nowMs, {
    direction: "outbound",
    queue: "Обзвон",
    joinedAtMs: null,
    campaign: sampleCampaign(),
    ...change,
  });
}

/** Somebody the operator is asked to call. */
export function samplePreview(nowMs: number, change: Partial<DeskPreview> = {}): DeskPreview {
  return {
    attemptId: "cc-1",
    pbx: "office",
    campaign: sampleCampaign(),
    card: sampleCard(nowMs),
    offeredAtMs: nowMs,
    dialledAtMs: nowMs + 30_000,
    ...change,
  };
}

/** The same call in a later state. */
export function talking(call: DeskCall, nowMs: number, talkMs: number): DeskCall {
  return { ...call, state: "talking", answeredAtMs: nowMs - talkMs, needsWrapUp: true };
}

export function ended(call: DeskCall, nowMs: number, talkMs = 187_000): DeskCall {
  return {
    ...call,
    state: "ended",
    answeredAtMs: nowMs - talkMs,
    endedAtMs: nowMs,
    left: { how: "completed", byName: "" },
    needsWrapUp: true,
  };
}

export function severalCard(nowMs: number): Card {
  const candidate = (
    customer: Partial<Customer>,
    reason: Card["candidates"][number]["reason"],
    daysAgo: number,
  ): Card["candidates"][number] => ({
    customer: sampleCustomer(customer),
    reason,
    lastOrderAt: daysAgo > 0 ? iso(nowMs - daysAgo * DAY_MS) : "",
  });
  return blankCard(nowMs, {
    outcome: "several",
    candidates: [
      candidate({ id: "1" }, "openOrder", 2),
      candidate({ id: "2", name: "Олег Кузнецов", tier: "silver", vip: true }, "lastOrder", 19),
      candidate({ id: "3", name: "Екатерина Кузнецова", tier: "" }, "other", 410),
    ],
  });
}

export function unknownCard(nowMs: number): Card {
  const zones = ["Europe/Kaliningrad", "Europe/Moscow", "Asia/Vladivostok", "Asia/Kamchatka"];
  return blankCard(nowMs, {
    outcome: "none",
    phone: {
      e164: "+79245550133",
      display: "+7 924 555-01-33",
      country: "RU",
      timeZones: zones,
    },
    rawNumber: "+79245550133",
    place: { city: "", region: "", country: "RU" },
    timeZones: zones,
  });
}

export function sampleState(nowMs: number, change: Partial<DeskState> = {}): DeskState {
  return {
    seq: 1,
    epoch: "e1",
    serverTimeMs: nowMs,
    user: { id: "u1", name: "Анна Белова", login: "anna", role: "operator", language: "ru" },
    presence: {
      state: "ready",
      sinceMs: nowMs - 754_000,
      pausedReason: "",
      device: { pbx: "office", extension: "101" },
      queues: [
        { name: "Продажи", paused: false, waiting: 3 },
        { name: "Поддержка", paused: false, waiting: 0 },
      ],
    },
    calls: [],
    preview: null,
    callBacks: [],
    dispositions: [
      disposition("order", "Заказ оформлен", "Замовлення оформлено", "Order placed"),
      disposition("consult", "Консультация", "Консультація", "Consultation"),
      disposition("status", "Статус заказа", "Статус замовлення", "Order status"),
      disposition("return", "Возврат", "Повернення", "Return"),
      disposition("complaint", "Жалоба", "Скарга", "Complaint"),
      disposition("callback", "Перезвонить", "Передзвонити", "Call back"),
      disposition("wrong", "Ошиблись номером", "Помилилися номером", "Wrong number"),
    ],
    pauseReasons: ["lunch", "break", "training", "meeting"],
    pbxs: [{ name: "office", up: true, reason: "" }],
    trouble: [],
    demo: false,
    ...change,
  };
}

function disposition(
  code: string,
  ru: string,
  uk: string,
  en: string,
): DeskState["dispositions"][number] {
  return { code, labels: { ru, uk, en } };
}
