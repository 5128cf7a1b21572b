/** Campaigns to begin with; they lack only PBX, queue, caller id and trunks. */
import type { OrderStage } from "../orders/model.ts";
import { kindRules, yearlyHolidays } from "./kinds.ts";
import type { CampaignDisposition, CampaignKind, CampaignSettings, Exclusions } from "./model.ts";
import type { CampaignTemplate } from "./rest.ts";

/** Language of names and scripts; labels of dispositions come in all. */
export type TemplateLanguage = "ru" | "uk" | "en";

/**
 * The ready settings.
 * @param country ISO 3166 alpha-2, for its public holidays; "" for none.
 */
export function campaignTemplates(
  language: TemplateLanguage,
  country: string,
): readonly CampaignTemplate[] {
  const settings = (
    id: CampaignTemplate["id"],
    kind: CampaignKind,
    own: Partial<CampaignSettings> & Pick<CampaignSettings, "trigger" | "dispositions">,
  ): CampaignTemplate => {
    const { name, script } = TEXTS[id][language];
    return { id, settings: { ...common(kind, country), name, script, ...own } };
  };
  return [
    settings("confirmOrders", "service", {
      trigger: { type: "orderPlaced", sources: [] },
      settledStages: PAST_NEW,
      priority: 10,
      dispositions: [CONFIRMED, CHANGED, CANCELLED, CALL_BACK, NOT_REACHED, WRONG_NUMBER],
    }),
    settings("leftCarts", "advert", {
      trigger: { type: "cartLeft", afterMinutes: 60 },
      exclude: { talkedWithinHours: 72, openClaim: true, withoutConsent: true },
      priority: -10,
      dispositions: [ORDERED, NOT_INTERESTED, CALL_BACK, NOT_REACHED, DO_NOT_CALL, WRONG_NUMBER],
    }),
    settings("callBacks", "service", {
      trigger: { type: "callbackPromised" },
      exclude: { ...NOBODY_EXCLUDED, talkedWithinHours: null },
      mode: "preview",
      bridge: "operatorFirst",
      priority: 50,
      dispositions: [ANSWERED, CALL_BACK, NOT_REACHED, WRONG_NUMBER],
    }),
    settings("list", "service", {
      trigger: { type: "list" },
      exclude: { ...NOBODY_EXCLUDED, talkedWithinHours: 24 },
      mode: "progressive",
      dispositions: [INFORMED, NOT_INTERESTED, CALL_BACK, NOT_REACHED, DO_NOT_CALL, WRONG_NUMBER],
    }),
  ];
}

/** Everything after `new`: somebody has taken the order on, or it is over. */
const PAST_NEW: readonly OrderStage[] = [
  ...(["confirmed", "paid", "assembling", "shipped", "delivered"] as const),
  ...(["completed", "cancelled", "returned"] as const),
];

const NOBODY_EXCLUDED: Exclusions = {
  talkedWithinHours: 2,
  openClaim: false,
  withoutConsent: false,
};

function common(
  kind: CampaignKind,
  country: string,
): Omit<CampaignSettings, "name" | "script" | "trigger" | "dispositions"> {
  const { consentRequired, defaults } = kindRules(kind);
  const { mode, abandonment, limits, retries } = defaults;
  return {
    kind,
    settledStages: [],
    exclude: { ...NOBODY_EXCLUDED, withoutConsent: consentRequired },
    ...{ pbx: "", queue: "", callerId: { number: "", name: "" }, trunks: [] },
    mode,
    bridge: mode === "preview" ? "operatorFirst" : "customerFirst",
    // Six rings; half of those who answer at all do so within fifteen seconds.
    ringSeconds: 25,
    onMachine: "ignore",
    previewSeconds: null,
    abandonment,
    mostLinesPerOperator: 3,
    retries,
    limits,
    hours: { ...defaults.hours, holidays: yearlyHolidays(country) },
    priority: 0,
    startsAt: null,
    endsAt: null,
  };
}

const disposition = (
  code: string,
  effect: CampaignDisposition["effect"],
  ru: string,
  uk: string,
  en: string,
): CampaignDisposition => ({ code, effect, labels: { ru, uk, en } });

const CONFIRMED = disposition(
  "confirmed",
  "done",
  "Заказ подтверждён",
  "Замовлення підтверджено",
  "Order confirmed",
);
const CHANGED = disposition(
  "changed",
  "done",
  "Подтверждён с изменениями",
  "Підтверджено зі змінами",
  "Confirmed with changes",
);
const CANCELLED = disposition(
  "cancelled",
  "done",
  "Отказ от заказа",
  "Відмова від замовлення",
  "Order cancelled",
);
const CALL_BACK = disposition(
  "call-back",
  "callBack",
  "Перезвонить в другое время",
  "Передзвонити в інший час",
  "Call back at another time",
);
const NOT_REACHED = disposition(
  "not-reached",
  "retry",
  "Поговорить не удалось",
  "Поговорити не вдалося",
  "Could not talk",
);
const WRONG_NUMBER = disposition(
  "wrong-number",
  "refused",
  "Чужой номер",
  "Чужий номер",
  "Wrong number",
);
const ORDERED = disposition(
  "ordered",
  "done",
  "Оформлен заказ",
  "Оформлено замовлення",
  "Order placed",
);
const NOT_INTERESTED = disposition(
  "not-interested",
  "done",
  "Неинтересно",
  "Не цікаво",
  "Not interested",
);
const DO_NOT_CALL = disposition(
  "do-not-call",
  "doNotCall",
  "Просит не звонить",
  "Просить не телефонувати",
  "Asks not to be called",
);
const ANSWERED = disposition(
  "answered",
  "done",
  "Вопрос решён",
  "Питання вирішено",
  "Matter settled",
);
const INFORMED = disposition("informed", "done", "Сообщили", "Повідомили", "Informed");

type Texts = Readonly<Record<TemplateLanguage, { readonly name: string; readonly script: string }>>;

const TEXTS: Readonly<Record<CampaignTemplate["id"], Texts>> = {
  confirmOrders: {
    ru: {
      name: "Подтверждение заказов",
      script: `Здравствуйте, {customer}! Это {shop}. Вы оформили заказ {orders}.

1. Назовите товары и сумму, спросите, всё ли верно.
2. Проверьте адрес, способ доставки и удобное время.
3. Скажите, когда заказ приедет и как оплатить.

Спасибо за заказ!`,
    },
    uk: {
      name: "Підтвердження замовлень",
      script: `Добрий день, {customer}! Це {shop}. Ви оформили замовлення {orders}.

1. Назвіть товари й суму, запитайте, чи все правильно.
2. Перевірте адресу, спосіб доставки та зручний час.
3. Скажіть, коли замовлення приїде та як оплатити.

Дякуємо за замовлення!`,
    },
    en: {
      name: "Order confirmation",
      script: `Hello {customer}, this is {shop}. You placed order {orders}.

1. Name the goods and the sum, and ask whether all is right.
2. Check the address, the way of delivery and a good time for it.
3. Say when the order comes and how to pay.

Thank you for your order!`,
    },
  },
  leftCarts: {
    ru: {
      name: "Брошенные корзины",
      script: `Здравствуйте, {customer}! Это {shop}. Удобно говорить?

Вы выбрали товары и не закончили заказ. Спросите, что помешало, и помогите оформить.
Если человек против таких звонков, извинитесь и отметьте это.`,
    },
    uk: {
      name: "Покинуті кошики",
      script: `Добрий день, {customer}! Це {shop}. Зручно розмовляти?

Ви вибрали товари й не завершили замовлення. Запитайте, що завадило, і допоможіть оформити.
Якщо людина проти таких дзвінків, вибачтеся й позначте це.`,
    },
    en: {
      name: "Left carts",
      script: `Hello {customer}, this is {shop}. Is it a good time?

You chose goods and did not finish the order. Ask what was in the way and help to place it.
If the person does not want such calls, apologise and mark it.`,
    },
  },
  callBacks: {
    ru: {
      name: "Обещанные звонки",
      script: `Здравствуйте, {customer}! Это {shop}. Мы обещали вам перезвонить.

Прочитайте заметку о прошлом разговоре, прежде чем звонить.`,
    },
    uk: {
      name: "Обіцяні дзвінки",
      script: `Добрий день, {customer}! Це {shop}. Ми обіцяли вам передзвонити.

Прочитайте нотатку про попередню розмову, перш ніж телефонувати.`,
    },
    en: {
      name: "Promised calls",
      script: `Hello {customer}, this is {shop}. We promised to call you back.

Read the note of the last talk before you call.`,
    },
  },
  list: {
    ru: {
      name: "Обзвон по списку",
      script: `Здравствуйте, {customer}! Это {shop}.

Напишите здесь, что нужно сказать.`,
    },
    uk: {
      name: "Обдзвін за списком",
      script: `Добрий день, {customer}! Це {shop}.

Напишіть тут, що потрібно сказати.`,
    },
    en: {
      name: "Calls from a list",
      script: `Hello {customer}, this is {shop}.

Write here what has to be said.`,
    },
  },
};
