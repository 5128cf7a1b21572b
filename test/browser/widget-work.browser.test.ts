/** What an operator does with a card, by clicks and keys, in a real Chromium against a scripted server and shop. */
import type { Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { complaintsOf } from "../support/chromium.ts";
import type { DeskDouble } from "../support/desk-double.ts";
import * as sample from "../support/desk-samples.ts";
import { DeskStage, type SceneOptions } from "../support/desk-stage.ts";
import * as work from "../support/desk-work-samples.ts";

let stage: DeskStage;
beforeAll(async () => {
  stage = await DeskStage.open();
});
afterEach(() => stage.clear());
afterAll(() => stage.close());

const now = (): number => Date.now();
const worked = (change: Parameters<typeof sample.sampleCard>[1] = {}) =>
  sample.sampleCard(now(), { work: work.sampleWork(now()), ...change });
const talking = (change: Parameters<typeof worked>[0] = {}) =>
  sample.talking(sample.sampleCall(now(), { card: worked(change) }), now(), 60_000);

type Desk = {
  page: Page;
  double: DeskDouble;
  complaints: string[];
  order: ReturnType<Page["locator"]>;
};

async function open(call = talking(), options: SceneOptions = {}): Promise<Desk> {
  const { double, tab } = await stage.scene({
    height: 1000,
    ...options,
    state: { calls: [call], ...options.state },
  });
  const page = await tab();
  // What never comes is named, rather than the test.
  page.setDefaultTimeout(15_000);
  const complaints = complaintsOf(page);
  await page.getByRole("heading", { level: 1 }).waitFor();
  return { page, double, complaints, order: page.locator("callcard-order") };
}

/** The screen said nothing that the server would not take, and complained of nothing. */
function allWell({ double, complaints }: Desk): void {
  expect(double.misfits).toEqual([]);
  expect(complaints).toEqual([]);
}

const acted = (double: DeskDouble) =>
  double.requests("actOnOrder").map((input) => ("request" in input ? input.request : null));

describe("the order that is talked about", () => {
  test("stands on top with its lines, sum, delivery and history, and not again below", async () => {
    const desk = await open();
    const { order, page } = desk;
    for (const text of [
      "Заказ № 104512",
      "12 490 ₽",
      "10 490 ₽",
      "Красный проспект, 17",
      "Оплачен картой",
      "оплачено 5 000 ₽, осталось 7 490 ₽, Картой на сайте",
      "Интернет-магазин",
    ])
      await order.getByText(text).first().waitFor();
    expect(await page.getByText("№ 104512").count()).toBe(1);
    await page.getByText("Кофе в зёрнах, Кофемашины").waitFor();
    await page.getByText("Яндекс Маркет").waitFor();
    await page.locator(".facts").getByText("1 возврат").waitFor();
    allWell(desk);
  });

  test("is shown from the list of orders while its details are on their way, and nothing moves when they come", async () => {
    const late = { ...work.sampleWork(now()), order: null, background: null };
    const { payment } = work.sampleOrder(now());
    const orders = sample
      .sampleOrders(now())
      .map((one) => (one.id === "104512" && payment ? { ...one, payment } : one));
    const call = talking({ work: late, orders });
    const desk = await open(call);
    const { order, double } = desk;
    await order.getByText("Загружаем подробности").waitFor();
    const line = order.getByText("Кофемашина Delonghi");
    const before = await line.boundingBox();
    double.call({ ...call, card: { ...call.card, work: work.sampleWork(now()) } });
    await order.getByRole("button", { name: "Подтвердить" }).waitFor();
    expect((await line.boundingBox())?.y).toBeCloseTo(before?.y ?? 0, 0);
    allWell(desk);
  });

  test("changes a quantity, adds a product, takes one out, and asks the shop once for all of it", async () => {
    const desk = await open();
    const { order, page, double } = desk;
    const quantity = order.getByLabel("Количество: Кофе в зёрнах");
    await quantity.fill("");
    await page.keyboard.press("Tab");
    expect(await quantity.inputValue()).toBe("2");
    await quantity.fill("4");
    // Told while it is typed, before the field is left.
    await order.getByText("Было 12 490 ₽, станет 14 490 ₽").waitFor();
    await order.getByRole("button", { name: "Меньше: Кофе в зёрнах" }).click();
    await order.getByText("Было 12 490 ₽, станет 13 490 ₽").waitFor();
    await order.getByRole("button", { name: "Добавить товар" }).click();
    await page.keyboard.type("чашки");
    await order.getByRole("button", { name: "Чашки для эспрессо" }).click();
    await order.getByRole("button", { name: "Убрать: Кофемашина" }).click();
    expect(acted(double)).toEqual([]);
    await order.getByRole("button", { name: "Отправить в магазин" }).click();
    await order.getByText("Изменение состава: магазин выполнил").waitFor();
    expect(acted(double)).toEqual([
      {
        kind: "changeLines",
        lines: [
          expect.objectContaining({ sourceProductId: "s501", quantity: 0 }),
          expect.objectContaining({ sourceProductId: "s502", quantity: 3 }),
          expect.objectContaining({ sourceProductId: "s507", quantity: 1, showingId: "" }),
        ],
      },
    ]);
    await order.getByText("4 890 ₽").first().waitFor();
    allWell(desk);
  });

  test("is confirmed; what the shop refuses is said in its own words and what was typed stays", async () => {
    const desk = await open();
    const { order, double } = desk;
    double.work.shop = "refuses";
    await order.getByRole("button", { name: "Больше: Кофе в зёрнах" }).click();
    await order.getByRole("button", { name: "Отправить в магазин" }).click();
    await order.getByText(`Магазин говорит: ${double.work.refusal}`).waitFor();
    expect(await order.getByLabel("Количество: Кофе в зёрнах").inputValue()).toBe("3");
    await order.getByRole("button", { name: "Не менять" }).click();
    double.work.shop = "works";
    await order.getByRole("button", { name: "Подтвердить" }).click();
    await order.getByText("Подтверждён", { exact: true }).first().waitFor();
    expect(await order.getByRole("button", { name: "Подтвердить" }).count()).toBe(0);
    allWell(desk);
  });

  test("that the shop cannot be asked about waits, is given back plainly, and can be asked again", async () => {
    const desk = await open();
    const { order, double } = desk;
    double.work.shop = "down";
    await order.getByRole("button", { name: "Подтвердить" }).click();
    await order.getByText("магазин пока не отвечает. Повторяем сами").waitFor();
    expect(await order.getByRole("button", { name: "Подтвердить" }).isDisabled()).toBe(true);
    double.work.actionEnds("104512", "givenBack");
    await order.getByText("магазин так и не ответил").waitFor();
    double.work.shop = "works";
    await order.getByRole("button", { name: "Попросить ещё раз" }).click();
    await order.getByText("Подтверждение заказа: магазин выполнил").waitFor();
    const ids = double.requests("actOnOrder").map((input) => ("id" in input ? input.id : ""));
    expect(new Set(ids).size).toBe(2);
    allWell(desk);
  });

  test("asked while no reply comes is asked again with the same id", async () => {
    const desk = await open();
    const { order, double, page } = desk;
    double.mute = true;
    await order.getByRole("button", { name: "Подтвердить" }).click();
    await order.getByRole("button", { name: "Попросить ещё раз" }).waitFor({ timeout: 12_000 });
    double.mute = false;
    await order.getByRole("button", { name: "Попросить ещё раз" }).click();
    await page.getByText("Подтверждение заказа: магазин выполнил").waitFor();
    const ids = double.requests("actOnOrder").map((input) => ("id" in input ? input.id : ""));
    expect(ids).toHaveLength(2);
    expect(ids[0]).toBe(ids[1]);
  });

  test("is cancelled with a reason in one click", async () => {
    const desk = await open();
    await desk.order.getByRole("button", { name: "Отменить заказ" }).click();
    await desk.order.getByRole("button", { name: "Долго ждать" }).click();
    await desk.order.getByText("Отменён").first().waitFor();
    expect(acted(desk.double)).toEqual([{ kind: "cancel", reason: "tooLong", text: "" }]);
    allWell(desk);
  });

  test("makes room for another one, and comes back", async () => {
    const desk = await open();
    const { order, page } = desk;
    await page.getByRole("button", { name: "№ 103877" }).click();
    await order.getByText("Заказ № 103877").waitFor();
    await page.getByRole("button", { name: "К заказу 104512" }).click();
    await order.getByText("Заказ № 104512").waitFor();
    allWell(desk);
  });
});

describe("somebody with a thousand orders", () => {
  const loyal = (): Parameters<typeof talking>[0] => ({
    orders: work.sampleOlderOrders(now(), 5).map((order) => ({
      ...order,
      itemCount: 1,
      items: order.lines,
    })),
  });

  test("has them all within reach: pages follow as one scrolls, the oldest opens on top", async () => {
    const desk = await open(talking(loyal()));
    const { page, double, order } = desk;
    for (const older of work.sampleOlderOrders(now(), 1000)) double.work.book.set(older.id, older);
    const list = page.locator("callcard-orders");
    await list.getByRole("button", { name: "Показать все заказы" }).click();
    const rows = list.getByRole("listitem");
    await expect.poll(() => rows.count()).toBeGreaterThanOrEqual(24);
    // The order on top is not listed again.
    await expect
      .poll(
        async () => {
          await list.locator(".all").evaluate((box) => box.scrollTo(0, box.scrollHeight));
          return rows.count();
        },
        { timeout: 30_000 },
      )
      .toBe(1001);
    await list.getByText("Это все заказы.").waitFor();
    expect(double.requests("orders").length).toBe(41);
    await list.getByRole("button", { name: "№ 89001", exact: true }).click();
    await order.getByText("Заказ № 89001").waitFor();
    await expect
      .poll(() => order.evaluate((one) => one.getBoundingClientRect().top))
      .toBeGreaterThan(0);
    allWell(desk);
  });

  test("is told when they cannot be had, and nothing else is lost", async () => {
    const desk = await open(talking(loyal()));
    const { page, double } = desk;
    double.work.broken.add("orders");
    const list = page.locator("callcard-orders");
    await list.getByRole("button", { name: "Показать все заказы" }).click();
    await list.getByText("Заказы загрузить не удалось").waitFor();
    expect(await list.getByRole("listitem").count()).toBe(5);
    double.work.broken.delete("orders");
    await list.getByRole("button", { name: "Попросить ещё раз" }).click();
    await list.getByText("Это все заказы.").waitFor();
    allWell(desk);
  });
});

test("delivery: quotes with price, days and how sure they are; a pick-up point; the shop is asked for what was heard", async () => {
  const desk = await open();
  const { order, double } = desk;
  await order.getByRole("button", { name: "Изменить доставку" }).click();
  const delivery = order.locator("callcard-delivery");
  for (const text of [
    "280 ₽",
    "оценка",
    "от 5 до 9 дней",
    "цена сейчас",
    "Не ответили: Новая почта",
  ])
    await delivery.getByText(text).first().waitFor();
  const save = delivery.getByRole("button", { name: "Выбрать доставку" });
  expect(await save.isDisabled()).toBe(true);
  await delivery.getByText("Посылка склад-склад").click();
  expect(await save.isDisabled()).toBe(true);
  await delivery.locator("select").selectOption("NSK40");
  await save.click();
  await order.getByText("Изменение доставки: магазин выполнил").waitFor();
  expect(acted(double)).toEqual([
    {
      kind: "changeDelivery",
      delivery: expect.objectContaining({
        city: "Новосибирск",
        address: "ул. Ленина, 3",
      }) as object,
      chosen: {
        ...{ quoteId: "cdek:136", provider: "cdek", service: "Посылка склад-склад" },
        ...{ priceMinor: 31_500, pointId: "NSK40" },
      },
    },
  ]);
  double.work.quotesAnswer = { quotes: [], silent: [], missing: "weight" };
  await order.getByRole("button", { name: "Изменить доставку" }).click();
  await delivery.getByLabel("Город").fill("Томск");
  await delivery.getByLabel("Индекс").focus();
  await delivery.getByText("Вес товаров неизвестен").waitFor();
  await delivery.getByRole("button", { name: "Сменить только адрес" }).click();
  await expect
    .poll(() => acted(double).at(-1))
    .toMatchObject({ chosen: null, delivery: { city: "Томск" } });
  allWell(desk);
});

describe("offers", () => {
  test("have product, price, stock and a reason; one click adds, one click refuses, another reason is two", async () => {
    const desk = await open();
    const { page, double, order } = desk;
    const offers = page.locator("callcard-offers");
    for (const text of [
      "43 из 120 купивших «Кофемашина Delonghi Magnifica S» взяли и это",
      "Для «Кофемашина Delonghi Magnifica S» нужна 1 штука",
      "DS-500, в наличии 31",
      "Бонусов: 845 ₽",
    ])
      await offers.getByText(text).waitFor();
    await offers.getByRole("button", { name: "Добавить в заказ: Питчер" }).click();
    // It is in the order then, and not offered any more.
    await order.getByText("Питчер для молока, 600 мл").waitFor();
    const [request] = acted(double);
    expect(request).toMatchObject({ kind: "changeLines" });
    await expect
      .poll(
        () =>
          [...double.work.showings.values()].filter(({ answer }) => answer === "accepted").length,
      )
      .toBe(1);
    await offers.getByRole("button", { name: "Не нужно: Средство от накипи" }).click();
    await offers.getByText("Отказ: Не нужно").waitFor();
    await offers.getByRole("button", { name: "Другая причина отказа: Фильтры" }).click();
    await offers.getByRole("button", { name: "Дорого" }).click();
    await offers.getByText("Отказ: Дорого").waitFor();
    expect(
      double.requests("answerOffer").map((input) => ("reason" in input ? input.reason : "")),
    ).toEqual(["notNeeded", "tooExpensive"]);
    allWell(desk);
  });

  test("on the whole order go into it as far as the shop allows; it says no in its own words", async () => {
    const desk = await open();
    const { page, double, order } = desk;
    double.work.shop = "refuses";
    double.work.refusal = "Скидки вместе не могут быть больше 30 %";
    await page.getByRole("button", { name: "Показать ещё" }).click();
    const apply = page.getByRole("button", { name: "Учесть в заказе: Скидка 500 ₽" });
    await apply.click();
    await order.getByText(`Магазин говорит: ${double.work.refusal}`).waitFor();
    double.work.shop = "works";
    await apply.click();
    await page.getByText("Учтено в заказе").waitFor();
    await order.getByText("11 990 ₽").first().waitFor();
    expect(acted(double)[1]).toEqual({
      kind: "applyOffer",
      offer: {
        ...{ showingId: expect.any(String), kind: "discount", ruleId: "8", amountMinor: -50_000 },
        ruleName: "Осенняя скидка постоянным",
        saying: "Скидка 500 ₽ на этот заказ как постоянному покупателю",
      },
    });
    expect(double.requests("answerOffer")).toEqual([]);
    allWell(desk);
  });

  test("on the whole order of a shop that takes none from here are agreed, and the operator is told what to do", async () => {
    const order = work.sampleOrder(now(), { may: ["confirm", "changeLines"] });
    const desk = await open(talking({ work: work.sampleWork(now(), { order }) }));
    const { page, double } = desk;
    await page.getByRole("button", { name: "Показать ещё" }).click();
    await page.getByRole("button", { name: "Клиент согласен: Скидка 500 ₽" }).click();
    await page.getByText("внесите её в заказ в самом магазине").waitFor();
    expect(double.requests("answerOffer")).toMatchObject([{ answer: "accepted", reason: "" }]);
    expect(acted(double)).toEqual([]);
    allWell(desk);
  });

  test("wait for the talk, and are silent while a claim is open", async () => {
    const ringing = sample.sampleCall(now(), { card: worked() });
    const desk = await open(ringing);
    const { page, double } = desk;
    await page.getByText("Подсказки появятся, когда начнётся разговор").waitFor();
    double.work.filed[0] = work.sampleClaim(now(), { status: "open" });
    double.call(
      sample.talking(
        {
          ...ringing,
          card: worked({ work: work.sampleWork(now(), { claims: double.work.filed }) }),
        },
        now(),
        100,
      ),
    );
    await page.getByText("сначала решим его, потом предложим").waitFor();
    await page.getByText("C-000123").waitFor();
    expect(double.work.showings.size).toBe(0);
    allWell(desk);
  });
});

test("a claim takes one step, and its number is there to be said", async () => {
  const desk = await open();
  const { page, double } = desk;
  await page.keyboard.press("f");
  const claim = page.locator("callcard-claim");
  await claim.getByRole("button", { name: "Завести обращение" }).click();
  await claim.getByText("Выберите вид обращения").waitFor();
  await claim.getByLabel("О каком заказе?").selectOption("103877");
  await claim.getByLabel("О каком товаре?").selectOption("0");
  await claim.getByRole("radio", { name: "Повреждён" }).check();
  await claim.getByRole("radio", { name: "Заменить" }).check();
  await claim.getByLabel("Своими словами").fill("Пакет порван");
  await claim.getByLabel("Ссылки на фото").fill("картинка");
  await claim.getByRole("button", { name: "Завести обращение" }).click();
  await claim.getByText("Это не ссылка: картинка").waitFor();
  await claim.getByLabel("Ссылки на фото").fill("https://x.example/1.jpg\nhttps://x.example/2.jpg");
  await page.keyboard.press("Control+Enter");
  await claim.getByText("C-000124").waitFor();
  expect(double.requests("fileClaim")).toMatchObject([
    {
      ...{ customerId: "1", orderId: "103877", line: 0, kind: "damaged", wish: "replace" },
      photos: ["https://x.example/1.jpg", "https://x.example/2.jpg"],
    },
  ]);
  await claim.getByRole("button", { name: "Закрыть" }).click();
  await page.getByText("сначала решим его, потом предложим").waitFor();
  allWell(desk);
});

describe("call backs", () => {
  test("are promised from the card on the customer's clock", async () => {
    const desk = await open();
    const { page, double } = desk;
    await page.keyboard.press("b");
    const promise = page.locator("callcard-promise");
    await promise.getByRole("button", { name: "Пообещать звонок" }).click();
    await promise
      .getByRole("alert")
      .filter({ hasText: /ерезвонить/ })
      .waitFor();
    await promise.getByRole("button", { name: "Завтра утром" }).click();
    await promise.getByRole("radio", { name: "Только я" }).check();
    await promise.getByLabel("О чём перезвонить").fill("про размер");
    await promise.getByRole("button", { name: "Пообещать звонок" }).click();
    await page.getByText("Обещали перезвонить").waitFor();
    expect(double.requests("promiseCallBack")).toMatchObject([
      { timeZone: "Asia/Novosibirsk", toMe: true, reason: "про размер" },
    ]);
    allWell(desk);
  });

  test("stand on the start screen: late first, taken and dialled by one press, then done", async () => {
    const callBacks = work.sampleCallBacks(now());
    const { double, tab } = await stage.scene({ state: { callBacks } });
    double.work.promised.push(...callBacks);
    const page = await tab();
    const list = page.locator("callcard-call-backs");
    await list.getByText("опоздали на").waitFor();
    expect(await list.getByRole("listitem").first().textContent()).toContain("+79131112233");
    await list.getByText("Взял: Пётр Иванов").waitFor();
    await list.getByRole("button", { name: "Взять и позвонить: Игорь Павлов" }).click();
    await expect.poll(() => double.requests("dial")).toEqual([{ number: "+79139998877" }]);
    expect(double.requests("takeCallBack")).toEqual([{ id: "71" }]);
    await list.getByRole("button", { name: "Не нужно: +79131112233" }).click();
    await list.getByText("+79131112233").waitFor({ state: "detached" });
    expect(double.misfits).toEqual([]);
  });
});

test("the timeline asks for nothing before it is near, brings pages as one scrolls, filters and searches", async () => {
  const desk = await open();
  const { page, double } = desk;
  await page.waitForTimeout(300);
  expect(double.requests("timeline")).toEqual([]);
  const timeline = page.locator("callcard-timeline");
  await timeline.evaluate((element) => element.scrollIntoView());
  await timeline.getByText("Заказ 100999").waitFor();
  const rows = timeline.getByRole("listitem");
  await expect.poll(() => rows.count()).toBeGreaterThanOrEqual(40);
  for (let step = 0; step < 4; step++) {
    await page
      .locator("[role=main]")
      .evaluate((element) => element.scrollTo(0, element.scrollHeight));
    await page.waitForTimeout(150);
  }
  await expect.poll(() => rows.count()).toBeGreaterThanOrEqual(120);
  double.work.book.set("999", { ...work.sampleOldOrder(now()), id: "999", number: "100999" });
  await timeline.getByRole("button", { name: "Заказ 100999" }).click();
  await page.locator("callcard-order").getByText("Заказ № 100999").waitFor();
  await timeline.getByRole("button", { name: "Обращения" }).click();
  await expect
    .poll(async () => (await rows.first().textContent())?.includes("Обращение"))
    .toBe(true);
  await timeline.getByRole("button", { name: "Обращения" }).click();
  await timeline.getByLabel("Искать в истории").fill("Запись 995");
  await expect.poll(() => rows.count()).toBe(1);
  allWell(desk);
});

describe("the wrap-up", () => {
  test("has tags by keyboard, is kept by the server as it is typed, and promises a call back", async () => {
    const call = sample.ended(talking(), now());
    const desk = await open(call);
    const { page, double } = desk;
    const form = page.locator("callcard-wrap-up");
    await form.getByRole("radio", { name: "Консультация" }).check();
    await form.getByPlaceholder("Метка и Enter").fill("опт");
    await page.keyboard.press("Enter");
    await page.keyboard.type("подарок,");
    await form.getByText("Черновик сохранён на сервере").waitFor();
    expect(double.drafts.get(call.callId)).toEqual({
      ...{ disposition: "consult", note: "", tags: ["опт", "подарок"] },
    });
    await form.getByRole("button", { name: "Пообещать звонок" }).click();
    await form.getByRole("button", { name: "Завтра утром" }).click();
    await page.keyboard.press("Control+Enter");
    await expect.poll(() => double.saved.size).toBe(1);
    expect([...double.saved.values()]).toMatchObject([
      { tags: ["опт", "подарок"], callBack: { timeZone: "Asia/Novosibirsk", toMe: false } },
    ]);
    allWell(desk);
  });

  test("typed on another computer goes on here", async () => {
    const draft = { disposition: "consult", note: "начато дома", tags: ["опт"] };
    const desk = await open({ ...sample.ended(talking(), now()), draft });
    const form = desk.page.locator("callcard-wrap-up");
    await expect.poll(() => form.locator("textarea").inputValue()).toBe("начато дома");
    await form.getByText("опт").waitFor();
    expect(await form.getByRole("radio", { name: "Консультация" }).isChecked()).toBe(true);
    allWell(desk);
  });
});

test("somebody who buys for the first time: where they live and how they came, nothing about habits", async () => {
  const [order] = sample.sampleOrders(now());
  const desk = await open(
    talking({ orders: [order!], totals: { count: 1, totalMinor: 1, currency: "RUB" }, calls: [] }),
  );
  const { page } = desk;
  await page.getByText("Покупает впервые").waitFor();
  await page.getByText("Первый заказ № 104512").waitFor();
  await page.getByText("Новосибирск, Красный проспект, 17, кв. 42").first().waitFor();
  expect(await page.getByText("Чаще берёт").count()).toBe(0);
  allWell(desk);
});

test("a card where nothing is worked on is as it was", async () => {
  const desk = await open(talking({ work: null }));
  await desk.page.getByText("№ 104512").waitFor();
  expect(await desk.order.count()).toBe(0);
  expect(await desk.page.locator("callcard-timeline").count()).toBe(0);
});

describe.each([
  ["uk-UA", "uk", "Замовлення № 104512", "43 із 120 покупців"],
  ["en-GB", "en", "Order No. 104512", "43 of 120 who bought"],
])("in %s", (locale, language, title, reason) => {
  test("the words are the language's own, and long names stay inside 420 px", async () => {
    const long = "Александра-Виктория Константинопольская-Задунайская ".repeat(2).trim();
    const order = work.sampleOrder(now());
    const lines = order.lines.map((line) => ({ ...line, name: `${line.name} ${long}` }));
    const call = talking({
      customer: sample.sampleCustomer({ name: long }),
      work: work.sampleWork(now(), { order: { ...order, lines } }),
    });
    const user = { ...sample.sampleState(now()).user, language };
    const desk = await open(call, { locale, width: 420, state: { user } });
    await desk.page.getByText(title).waitFor();
    await desk.page.getByText(reason).waitFor();
    const wide = await desk.page.evaluate(() => {
      const found: string[] = [];
      const visit = (root: ParentNode): void => {
        for (const element of root.querySelectorAll("*")) {
          const { right, width } = element.getBoundingClientRect();
          const style = getComputedStyle(element);
          if (width > 2 && right > innerWidth + 1 && style.position !== "absolute")
            found.push(element.localName + element.className);
          if (element.shadowRoot) visit(element.shadowRoot);
        }
      };
      visit(document);
      return found;
    });
    expect(wide).toEqual([]);
    allWell(desk);
  });
});
