/** What an operator says and does with a returning customer, on real Asterisk, with a real browser and a shop that decides by itself. */
import type { Locator, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import type { OffersBody } from "../../server/offers/rest.ts";
import type { LearningState } from "../../server/offers/learn/state.ts";
import { createToken } from "../../server/people/tokens.ts";
import { type Caller, type Lab, type Phone, labStartMs, startLab } from "../support/lab.ts";
import { type House, eventually, openHouse } from "./house.ts";
import {
  type Returning,
  SOURCE,
  type ToyShop,
  batteries,
  batteryRule,
  box,
  car,
  deliveryTable,
  lamp,
  openToyShop,
  truck,
} from "./toy-shop.ts";

let lab: Lab;
let house: House;
let shop: ToyShop;
let token: string;
/** Who calls in the present try. */
let customer: Returning;
let callers: Returning[];

beforeAll(async () => {
  lab = await startLab({ version: 22 });
  await lab.phone("101", { answerAfterMs: "onCommand" });
  house = await openHouse({
    ami: { ...lab, port: lab.amiPort },
    env: { TIME_ZONE: "Asia/Novosibirsk" },
  });
  const by = { actor: "test", userId: null };
  token = (await createToken(house.database.db, { name: "tests", role: "admin" }, by)).token;
  shop = await openToyShop(house.database);
  callers = [...shop.returning];
  await openForBusiness();
}, labStartMs);
afterAll(async () => {
  await house?.close();
  await shop?.close();
});
beforeEach(() => {
  shop.mood = "works";
  customer = callers.shift()!;
});
afterEach(async () => {
  await Promise.all(house.browser.contexts().map((context) => context.close()));
  await lab.hangUpAll();
});

/** Asks the server as a program with all rights. */
async function ask<T>(method: "GET" | "POST" | "PUT", path: string, body?: object): Promise<T> {
  const answer = await fetch(`${house.callcard().url}/api/v1/${path}`, {
    method,
    headers: {
      authorization: `Bearer ${token}`,
      ...(body === undefined ? {} : { "content-type": "application/json" }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
  return (await answer.json()) as T;
}

/** What an admin sets up before the first call: the shop's door, a rule, how parcels go; and what is learned from orders. */
async function openForBusiness(): Promise<void> {
  await ask("PUT", `order-sources/${SOURCE}`, {
    ...{ actionsUrl: shop.url, actionsSecret: shop.secret },
    actions: ["confirm", "changeLines", "changeDelivery", "cancel"],
  });
  const rule = await ask<{ id: string }>("POST", "offers/rules", { settings: batteryRule });
  await ask("POST", `offers/rules/${rule.id}/on`);
  await ask("PUT", "delivery/home", {
    ...{ from: { country: "RU", city: "Новосибирск", postalCode: "630099" }, defaultGrams: 500 },
  });
  await ask("PUT", "delivery/providers/Своя", { enabled: true, settings: deliveryTable });
  const askedAt = new Date().toISOString();
  await ask("POST", "offers/learning/rebuild");
  await eventually(async () => {
    const { rebuiltAt, asked } = await ask<LearningState>("GET", "offers/learning");
    return asked === null && rebuiltAt !== null && rebuiltAt > askedAt;
  });
}

type Talk = { readonly phone: Phone; readonly caller: Caller; readonly page: Page };

/** Our customer calls; the card is on the screen, and nobody has answered. */
async function rings(): Promise<Talk> {
  const phone = await lab.phone("101", { answerAfterMs: "onCommand" });
  const page = await house.screen(house.operators[0]!);
  page.setDefaultTimeout(60_000);
  const caller = await lab.call({ from: customer.phone, to: "600" });
  await phone.ringing();
  await page.getByRole("heading", { name: customer.name }).waitFor();
  expect(phone.events.map(({ name }) => name)).not.toContain("answered");
  return { phone, caller, page };
}

/** Waits until a person would see exactly these words there. */
const see = (where: Page | Locator, words: string | RegExp) =>
  where.getByText(words, { exact: true }).filter({ visible: true }).first().waitFor();
const parts = (page: Page) => ({
  order: page.locator("callcard-order"),
  offers: page.locator("callcard-offers"),
});
const roubles = (minor: number) =>
  new Intl.NumberFormat("ru", {
    ...{ style: "currency", currency: "RUB" },
    minimumFractionDigits: minor % 100 === 0 ? 0 : 2,
  }).format(minor / 100);
const theOrder = async () =>
  (
    await ask<{
      order: {
        id: string;
        stage: string;
        totalMinor: number;
        delivery: { method?: string; address?: string };
        lines: { productId?: string; quantity: number; priceMinor: number }[];
      };
    }>("GET", `orders/${SOURCE}/${customer.open.sourceId}`)
  ).order;
const bought = (lines: readonly { readonly productId?: string; readonly quantity: number }[]) =>
  Object.fromEntries(lines.map(({ productId, quantity }) => [productId, quantity]));

test("from the ringing phone to the wrap-up: everything the operator did is in the shop, in the API, and on the next call's card", async () => {
  const knocked = shop.knocks.length;
  const { stock } = shop.memory();
  const { phone, caller, page } = await rings();
  const { order, offers } = parts(page);
  await see(order, `Заказ № ${customer.open.number}`);
  await see(order, car.name);
  await see(page, "Подсказки появятся, когда начнётся разговор.");
  await phone.answer();
  await see(page.getByRole("main"), "Разговор");

  // A quantity.
  await order.getByRole("button", { name: `Больше: ${car.name}` }).click();
  await see(order, `Было ${roubles(car.priceMinor)}, станет ${roubles(2 * car.priceMinor)}`);
  await order.getByRole("button", { name: "Отправить в магазин" }).click();
  await see(order, /^Изменение состава: магазин выполнил\./);

  // Two cars need twelve batteries, three packs; and what 43 of 120 took, but not what is sold out.
  await see(offers, `${batteries.name} × 3`);
  await see(offers, `Для «${car.name}» нужно 12 штук`);
  await see(offers, "Батареек в коробке нет: положим 3?");
  await see(offers, truck.name);
  expect(await offers.getByText(box.name).count()).toBe(0);
  const onTheCard = await Promise.all(
    (await offers.getByRole("listitem").all()).map(async (row) => ({
      name: (await row.locator(".name").textContent())!.trim(),
      price: await row.locator(".price").textContent(),
    })),
  );
  const question = {
    ...{ customer: { id: customer.id }, source: SOURCE, currency: "RUB", visit: customer.id },
    lines: [{ productId: car.sourceId, quantity: 2, priceMinor: car.priceMinor }],
  };
  const onTheSite = await ask<OffersBody>("POST", "offers", question);
  expect(
    onTheSite.offers.map(({ product, quantity, priceMinor }) => ({
      name: `${product!.name}${quantity > 1 ? ` × ${quantity}` : ""}`,
      price: roubles(quantity * priceMinor),
    })),
  ).toEqual(onTheCard);
  // A try before this one sold one more.
  const together = 43 + truck.stock - (stock[truck.sourceId] ?? truck.stock);
  expect(onTheSite.offers).toMatchObject([
    { kind: "needed", product: { name: batteries.name }, quantity: 3 },
    {
      kind: "goesWith",
      product: { name: truck.name },
      reasons: [{ code: "boughtTogether", product: car.name, together, of: 120 }],
    },
  ]);
  await see(offers, `${together} из 120 купивших «${car.name}» взяли и это`);

  await offers.getByRole("button", { name: `Добавить в заказ: ${truck.name}` }).click();
  await order.getByText(truck.name).waitFor();
  await offers.getByRole("button", { name: `Добавить в заказ: ${batteries.name}` }).click();
  await order.getByText(batteries.name).waitFor();

  // Delivery, with a price to say aloud.
  await order.getByRole("button", { name: "Изменить доставку" }).click();
  const delivery = order.locator("callcard-delivery");
  await see(delivery, /^Своя, Курьер, от 1 до 2 дней$/);
  const price = await delivery.locator(".price").first().textContent();
  expect(price).toBe(roubles(32_000));
  await delivery.getByText("До двери").click();
  await delivery.getByRole("button", { name: "Выбрать доставку" }).click();
  await see(order, /^Изменение доставки: магазин выполнил\./);
  const totalMinor = 2 * car.priceMinor + truck.priceMinor + 3 * batteries.priceMinor + 32_000;
  await see(order, roubles(totalMinor));
  await order.getByRole("button", { name: "Подтвердить" }).click();
  await see(order, /^Подтверждение заказа: магазин выполнил\./);
  await see(order, "Подтверждён");

  // A claim for the older order; its number is on the screen to be said.
  await page.getByRole("button", { name: "Обращение", exact: true }).click();
  const claim = page.locator("callcard-claim");
  const older = (await claim.locator("option").allTextContents()).find((text) =>
    text.includes(customer.older.number),
  )!;
  await claim.getByLabel("О каком заказе?").selectOption({ label: older.trim() });
  await claim.getByLabel("О каком товаре?").selectOption({ label: lamp.name });
  await claim.getByRole("radio", { name: "Брак" }).check();
  await claim.getByRole("radio", { name: "Заменить" }).check();
  await claim.getByLabel("Своими словами").fill("Не горит с первого дня");
  await claim.getByRole("button", { name: "Завести обращение" }).click();
  await see(claim, "Назовите клиенту номер обращения");
  const claimNumber = (await claim.locator(".number").textContent())!.trim();
  expect(claimNumber).toMatch(/^C-\d{6}$/);
  await claim.getByRole("button", { name: "Закрыть" }).click();
  await see(offers, "Есть открытое обращение: сначала решим его, потом предложим.");
  expect(await ask("POST", "offers", question)).toMatchObject({
    ...{ offers: [], silentBecause: "openClaim" },
  });

  // A promise, on the customer's own clock.
  await page.getByRole("button", { name: "Перезвонить позже" }).click();
  const promise = page.locator("callcard-promise");
  await promise.getByRole("button", { name: "Завтра утром" }).click();
  await promise.getByLabel("О чём перезвонить").fill("Сказать, что с ночником");
  await promise.getByRole("button", { name: "Пообещать звонок" }).click();
  await see(page, /^Обещали перезвонить: /);
  const promised = (await page.getByText(/^Обещали перезвонить: /).textContent())!;

  await caller.hangUp();
  await see(page.getByRole("main"), "Звонок завершён");
  const form = page.locator("callcard-wrap-up");
  await form.getByRole("radio", { name: "Ответили на вопрос" }).check();
  await form.getByRole("textbox", { name: "Комментарий" }).fill("Взяла вторую машинку");
  await form.getByPlaceholder("Метка и Enter").fill("подарок");
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: "Сохранить" }).click();
  await page
    .getByText(/^Сохранено/)
    .first()
    .waitFor();
  await page.context().close();

  // In the shop's own books.
  const books = shop.memory();
  const inTheShop = books.orders[customer.open.sourceId]!;
  const lines = { [car.sourceId]: 2, [truck.sourceId]: 1, [batteries.sourceId]: 3 };
  expect(bought(inTheShop.lines)).toEqual(lines);
  expect(inTheShop).toMatchObject({ stage: "confirmed", deliveryMinor: 32_000 });
  for (const [sold, pieces] of [
    [car, 1],
    [truck, 1],
    [batteries, 3],
  ] as const)
    expect(books.stock[sold.sourceId]).toBe((stock[sold.sourceId] ?? sold.stock) - pieces);

  // Through the API.
  expect(await theOrder()).toMatchObject({ stage: "confirmed", totalMinor });
  expect(bought((await theOrder()).lines)).toEqual(lines);
  const actions = await Promise.all(
    [...new Set(shop.knocks.slice(knocked))].map(
      async (id) =>
        (
          await ask<{ action: { state: string; askedByName: string; request: { kind: string } } }>(
            ...(["GET", `orders/actions/${id}`] as const),
          )
        ).action,
    ),
  );
  expect(
    actions.map(({ request, state, askedByName }) => [request.kind, state, askedByName]),
  ).toEqual(
    ["changeLines", "changeLines", "changeLines", "changeDelivery", "confirm"].map((kind) => [
      ...[kind, "done", "Operator 101"],
    ]),
  );
  const { claim: filed } = await ask<{ claim: object }>("GET", `claims/${claimNumber}`);
  expect(filed).toMatchObject({
    ...{ orderNumber: customer.older.number, lineName: lamp.name, kind: "defect", wish: "replace" },
    ...{ text: "Не горит с первого дня", status: "open", madeByName: "Operator 101" },
  });
  const { callBacks } = await ask<{ callBacks: object[] }>(
    ...(["GET", `call-backs?customerId=${customer.id}`] as const),
  );
  expect(callBacks).toMatchObject([
    { reason: "Сказать, что с ночником", timeZone: "Asia/Novosibirsk", madeByName: "Operator 101" },
  ]);
  const call = await eventually(async () => {
    const { calls } = await ask<{ calls: { id: string }[] }>(
      ...(["GET", `calls?customerId=${customer.id}`] as const),
    );
    return calls[0] && ask<object>("GET", `calls/${encodeURIComponent(calls[0].id)}`);
  });
  expect(call).toMatchObject({
    call: {
      wrapUps: [{ disposition: "question", note: "Взяла вторую машинку", tags: ["подарок"] }],
    },
  });
  const { entries } = await ask<{ entries: { kind: string; title: string; code: string }[] }>(
    ...(["GET", `customers/${customer.id}/timeline`] as const),
  );
  for (const entry of [
    { kind: "order", title: customer.open.number, code: "confirmed" },
    { kind: "order", title: customer.older.number, code: "new" },
    { kind: "claim", title: claimNumber, code: "open" },
    { kind: "offer", title: truck.name, code: "accepted" },
    { kind: "offer", title: batteries.name, code: "accepted" },
    { kind: "callBack", title: "promised", code: "open" },
    { kind: "call", title: "question", code: "completed" },
  ])
    expect(entries).toContainEqual(expect.objectContaining(entry));
  const day = 86_400_000;
  const stretch = new URLSearchParams({
    ...{ from: new Date(Date.now() - day).toISOString(), by: "product" },
    to: new Date(Date.now() + day).toISOString(),
  });
  const { rows } = await ask<{ rows: { name: string }[] }>("GET", `offers/report?${stretch}`);
  expect(rows.find(({ name }) => name === truck.name)).toMatchObject({
    ...{ accepted: 1, takenMinor: truck.priceMinor },
  });
  expect(rows.find(({ name }) => name === batteries.name)).toMatchObject({
    ...{ accepted: 1, takenMinor: 3 * batteries.priceMinor },
  });
  expect(rows.map(({ name }) => name)).not.toContain(box.name);

  // On the card of the next call, before it is answered.
  const next = await rings();
  await see(parts(next.page).order, "Подтверждён");
  await see(parts(next.page).order, roubles(totalMinor));
  await see(parts(next.page).order, truck.name);
  await see(next.page, new RegExp(`^${claimNumber}`));
  await see(next.page, promised.trim());
  await see(next.page, "Взяла вторую машинку");
  const timeline = next.page.locator("callcard-timeline");
  await timeline.evaluate((element) => element.scrollIntoView());
  await see(timeline, `Обращение ${claimNumber}`);
  await see(timeline, `Предложили: ${truck.name}`);
  await see(timeline, "согласились, Operator 101");
  await see(timeline, "Перезвон: обещанный звонок");
  await see(timeline, "поговорили, Ответили на вопрос, Operator 101");
  await next.caller.hangUp();
  await next.page.context().close();
});

test("a shop that refuses, is down, slow, or answers nonsense: the operator reads it in words, goes on, and nothing is lost or done twice", async () => {
  const { phone, caller, page } = await rings();
  const { order } = parts(page);
  await phone.answer();
  await see(page.getByRole("main"), "Разговор");
  const field = order.getByLabel(`Количество: ${car.name}`);
  const send = order.getByRole("button", { name: "Отправить в магазин" });
  const more = async () => {
    await order.getByRole("button", { name: `Больше: ${car.name}` }).click();
    await send.click();
  };
  const had = 1;
  const cars = () => {
    const changed = shop.memory().orders[customer.open.sourceId];
    return changed === undefined ? had : bought(changed.lines)[car.sourceId];
  };
  const wrapUp = page.locator("callcard-wrap-up");

  // It refuses: in its own words, and what was typed stays.
  await field.fill("500");
  await send.click();
  const left = shop.memory().stock[car.sourceId] ?? car.stock;
  await see(order, `Магазин говорит: «${car.name}»: на складе осталось ${left} шт.`);
  expect(await field.inputValue()).toBe("500");
  await order.getByRole("button", { name: "Не менять" }).click();
  expect(await field.inputValue()).toBe(String(had));

  // Down: said at once; the operator types on, and it is done by itself under the id it was asked with.
  const waits = "Изменение состава: магазин пока не отвечает. Повторяем сами, ничего не потеряно.";
  const done = /^Изменение состава: магазин выполнил\./;
  shop.mood = "down";
  const knocked = shop.knocks.length;
  await more();
  await see(order, waits);
  await wrapUp.getByRole("textbox", { name: "Комментарий" }).fill("Магазин лежал");
  expect(cars()).toBe(had);
  shop.mood = "works";
  await see(order, done);
  expect(cars()).toBe(had + 1);
  expect(await field.inputValue()).toBe(String(had + 1));
  expect(new Set(shop.knocks.slice(knocked)).size).toBe(1);

  // Slower than anybody waits: the shop does it, and does it once.
  shop.mood = "slow";
  await more();
  await see(order, waits);
  await see(order, done);
  expect(cars()).toBe(had + 2);
  expect(shop.memory().stock[car.sourceId]).toBe(left - 2);

  // Nonsense: it is asked for a quarter of an hour, then a person has it again.
  shop.mood = "garbage";
  await order.getByRole("button", { name: "Изменить доставку" }).click();
  await order.locator("callcard-delivery").getByLabel("Адрес").fill("ул. Ленина, 3");
  await order.getByRole("button", { name: "Сменить только адрес" }).click();
  await see(order, /^Изменение доставки: магазин пока не отвечает\./);
  await page.reload();
  await see(order, /^Изменение доставки: магазин пока не отвечает\./);
  expect(await wrapUp.getByRole("textbox", { name: "Комментарий" }).inputValue()).toBe(
    "Магазин лежал",
  );
  await house.database.pool.query(
    "update order_actions set tried_since = now() - interval '15 minutes' where state = 'waiting'",
  );
  const givenBack =
    "Изменение доставки: магазин так и не ответил. Заказ не изменён, решите с клиентом ещё раз.";
  await see(order, givenBack);
  expect(await ask("GET", "orders/actions?state=givenBack")).toMatchObject({
    actions: [{ orderNumber: customer.open.number, request: { kind: "changeDelivery" } }],
  });
  shop.mood = "works";
  await order.getByRole("button", { name: "Попросить ещё раз" }).click();
  await see(order, /^Изменение доставки: магазин выполнил\./);
  await order.getByText("ул. Ленина, 3").waitFor();
  expect(shop.memory().orders[customer.open.sourceId]!.delivery.address).toBe("ул. Ленина, 3");
  expect((await theOrder()).delivery.address).toBe("ул. Ленина, 3");

  await caller.hangUp();
  await wrapUp.getByRole("radio", { name: "Другое" }).check();
  await page.getByRole("button", { name: "Сохранить" }).click();
  await page
    .getByText(/^Сохранено/)
    .first()
    .waitFor();
  await page.context().close();
});
