/** Claims, letters, what did not arrive, carriers, settings and versions in the console, against the whole server and in a real Chromium. */
import { randomUUID } from "node:crypto";
import type { Locator, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { openClaims } from "../../server/followups/claims/open.ts";
import { createLog } from "../../server/http/log.ts";
import { localBus } from "../../server/storage/bus.ts";
import { addTarget } from "../../server/webhooks/targets.ts";
import { complaintsOf } from "../support/chromium.ts";
import { sampleRules } from "../support/console-offer-samples.ts";
import { ConsoleServer } from "../support/console-server.ts";
import { axeFindings, isFocused, shot } from "../support/looking.ts";

let server: ConsoleServer;
const pages: Page[] = [];
/** Ends what hangs; judges nobody's speed. */
const TIMEOUT_MS = 20_000;
beforeAll(async () => {
  server = await ConsoleServer.open();
});
afterEach(async () => {
  for (const page of pages.splice(0)) await page.context().close();
});
afterAll(() => server?.close());

async function screen(
  login: "admin" | "vera",
  hash: string,
  options: Parameters<ConsoleServer["screen"]>[1] = {},
): Promise<Page> {
  const page = await server.screen(login, options);
  pages.push(page);
  page.setDefaultTimeout(TIMEOUT_MS);
  await page.goto(`${server.callcard.url}/console${hash}`);
  return page;
}
const rows = async (text: string) =>
  (await server.database.pool.query<Record<string, unknown>>(text)).rows;
const item = (page: Page, name: string | RegExp): Locator => page.getByRole("listitem", { name });

/** Maria's order and its id; Anna's is late too. */
async function orderOf(name: string): Promise<{ customer: string; order: string; number: string }> {
  const [row] = await rows(
    `select c.id as customer, o.id as "order", o.number from orders o join customers c on c.id = o.customer_id where c.name = '${name}'`,
  );
  return row as { customer: string; order: string; number: string };
}

/** @returns the claim's number. */
async function claim(name: string, text: string, lateHours = 0): Promise<string> {
  const { database } = server;
  const claims = openClaims({
    ...{ storage: database, bus: localBus(() => undefined), timeZone: "Europe/Moscow" },
    log: createLog({ level: "silent" }),
  });
  const { customer, order } = await orderOf(name);
  const { claim: filed } = await database.db.transaction().execute((trx) =>
    claims.fileIn(trx, {
      ...{ id: randomUUID(), customerId: customer, orderId: order, line: 0, kind: "damaged" },
      ...{ wish: "replace", subject: "", text, photos: ["https://photos.example/1.jpg"] },
      ...{ userId: null, callId: "", by: "test" },
    }),
  );
  claims.close();
  if (lateHours > 0)
    await rows(
      `update claims set deadline_at = now() - interval '${lateHours} hours' where id = ${filed.id}`,
    );
  return filed.number;
}

test("a supervisor finds a late claim, answers it, and sees its story; whoever is told hears of it", async () => {
  const { db } = server.database;
  await addTarget(
    db,
    {
      ...{ name: "Бухгалтерия", url: "http://127.0.0.1:9/hook", secret: "sixteen characters" },
      ...{ events: ["claim.changed"], enabled: true },
    },
    "test",
  );
  const late = await claim("Мария Кузнецова", "Приехал с трещиной на раме", 3);
  const other = await claim("Анна Ким", "Не тот цвет");
  const page = await screen("vera", "#claims");
  const complaints = complaintsOf(page);
  const found = item(page, late);
  await found.getByText("просрочено").waitFor();
  await found.getByText("Мария Кузнецова").waitFor();
  await found.getByText(/заказ 26-00414, Беговел мятный/).waitFor();
  await found.getByRole("link", { name: "Фото 1" }).waitFor();
  await item(page, other).waitFor();
  await shot(page, "claims-1");
  await page.getByRole("button", { name: "Просроченные" }).click();
  await item(page, other).waitFor({ state: "detached" });
  await page.getByRole("button", { name: `Заняться: ${late}` }).focus();
  await page.keyboard.press("Enter");
  await isFocused(found.getByLabel("Состояние"));
  await found.getByText("Что было").waitFor();
  await found.getByRole("button", { name: "Сохранить" }).click();
  await found.getByText("Пока ничего не изменено.").waitFor();
  await found.getByLabel("Состояние").selectOption("Решено");
  await found.getByLabel("Что ответить клиенту").fill("Отправили новый, трек 123");
  await found.getByLabel(/Заметка/).fill("Звонила Мария, всё хорошо");
  await shot(page, "claims-2");
  await found.getByRole("button", { name: "Сохранить" }).click();
  await found.getByText("Звонила Мария, всё хорошо").waitFor();
  await found.getByText("Ответ: Отправили новый, трек 123").waitFor();
  expect(
    await rows(
      `select status, closed_at is not null as closed from claims where number = '${late}'`,
    ),
  ).toEqual([{ status: "solved", closed: true }]);
  await page.getByRole("button", { name: "Закрытые" }).click();
  await page.getByLabel("Номер или слова").fill("трек 123");
  await item(page, late).waitFor();
  await page.getByLabel("Номер или слова").fill("трек 124");
  await page.getByText("Таких претензий нет.").waitFor();
  expect(complaints).toEqual([]);
});

test("a letter of nobody we know becomes a claim of whom the supervisor names; another is settled", async () => {
  const letter = (from: string, subject: string) =>
    rows(`insert into messages (source, source_id, direction, channel, party, subject, text, links, at, waits_because)
      values ('mail', '${subject}', 'in', 'email', '${from}', '${subject}', 'Здравствуйте!\nКолесо скрипит.', '{}', now(), 'unmatched')`);
  await letter("new@mail.example", "Скрипит колесо");
  await letter("ads@mail.example", "Купите слона");
  const page = await screen("vera", "#claims/letters");
  const squeak = item(page, "Скрипит колесо");
  await squeak.getByText("такого клиента нет").waitFor();
  await page.getByRole("button", { name: "Делать нечего: Купите слона" }).click();
  await item(page, "Купите слона").waitFor({ state: "detached" });
  await squeak.getByRole("button", { name: /Чьё это/ }).click();
  await page.keyboard.type("Анна");
  await shot(page, "letters-1");
  await page.getByRole("button", { name: "Анна Ким, +79130000005" }).click();
  await page.getByLabel(/Номер заказа/).fill("нет такого");
  await page.getByLabel("Это претензия?").selectOption("Брак");
  await shot(page, "letters-2");
  await page.getByRole("button", { name: "Завести претензию" }).click();
  await page.getByText("у этого клиента нет заказа с таким номером.").waitFor();
  await page.getByLabel(/Номер заказа/).fill("26-00413");
  await page.getByRole("button", { name: "Завести претензию" }).click();
  await page.getByText("Писем, которые ждут разбора, нет.").waitFor();
  const { customer, order } = await orderOf("Анна Ким");
  expect(
    await rows(
      "select customer_id, order_id, settled_by from messages where subject = 'Скрипит колесо'",
    ),
  ).toEqual([{ customer_id: customer, order_id: order, settled_by: "vera" }]);
  expect(await rows("select kind from claims where subject = 'Скрипит колесо'")).toEqual([
    { kind: "defect" },
  ]);
});

test("an action the shop never answered is done by hand, with words for the operator; another is asked again", async () => {
  const { order } = await orderOf("Мария Кузнецова");
  const act = async (action: object): Promise<string> => {
    const id = randomUUID();
    await server.database.pool.query(
      `insert into order_actions (id, order_id, asked_by, action, state, tries, last_error, ended_at)
        values ($1, $2, 'token:site', $3, 'givenBack', 9, 'no answer: ECONNREFUSED', now())`,
      [id, order, JSON.stringify(action)],
    );
    return id;
  };
  const cancel = await act({ kind: "cancel", reason: "tooLong", text: "ждать не хочет" });
  const confirm = await act({ kind: "confirm" });
  const page = await screen("vera", "#undelivered");
  const cancelled = item(page, /Отмена заказа/);
  await cancelled.getByText("по этому адресу никто не отвечает").waitFor();
  await cancelled.getByText(/ждать не хочет/).waitFor();
  await shot(page, "undelivered-1");
  await page.getByRole("button", { name: /^Сделано вручную: Отмена/ }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Что сказать оператору").fill("Отменили в админке");
  await dialog.getByRole("button", { name: "Сделано вручную" }).click();
  await cancelled.waitFor({ state: "detached" });
  expect(await rows(`select state, answer from order_actions where id = '${cancel}'`)).toEqual([
    { state: "done", answer: "Отменили в админке" },
  ]);
  await page.getByRole("button", { name: /^Спросить ещё раз/ }).click();
  await page.getByText("Вас ничто не ждёт: магазин ответил на всё.").waitFor();
  // The shop takes no such requests here; that it was asked anew is what the button promises.
  const [again] = await rows(
    `select state, tried_since > now() - interval '1 minute' as anew from order_actions where id = '${confirm}'`,
  );
  expect(again).toMatchObject({ anew: true });
  await page.getByRole("link", { name: "В другие системы" }).click();
  await page.getByText("Отправку в другие системы видят только администраторы.").waitFor();
});

test("an admin sees why a webhook did not arrive, and sends it again", async () => {
  await claim("Мария Кузнецова", "Ещё одна");
  await rows(`insert into webhook_deliveries (id, target_id, event, subject, body, tries, last_error, given_up_at)
    select gen_random_uuid(), id, 'claim.changed', 'claim/77', '{}', 40, 'answered 500; given up', now() from webhook_targets`);
  const page = await screen("admin", "#undelivered/webhooks");
  const given = item(page, "Претензия изменена, Бухгалтерия").filter({ hasText: "claim/77" });
  await given.getByText("Последняя попытка: у них сбой (500)").waitFor();
  await item(page, "Бухгалтерия").getByText("http://127.0.0.1:9/hook").waitFor();
  await shot(page, "webhooks-1");
  await page.getByRole("button", { name: /^Отправить ещё раз: .*claim\/77/ }).click();
  await page.getByText("Всё дошло.").waitFor();
  await page.getByRole("button", { name: "Ждут" }).click();
  await given.waitFor();
});

test("an admin fills a table of zones, is told what is wrong with it, and tries it out", async () => {
  const page = await screen("admin", "#delivery");
  await page.getByText("Служб пока нет: сказать, сколько стоит доставка, некому.").waitFor();
  await page.getByRole("button", { name: "Таблица зон и весов" }).click();
  const form = page.getByRole("region", { name: "Новая служба" });
  await isFocused(form.getByLabel("Название", { exact: true }));
  await page.keyboard.type("Курьеры");
  await form.getByLabel("Название, как его слышит клиент").fill("Курьер");
  await form.getByLabel("Название зоны").fill("Город");
  await form.getByLabel("Цена").fill("300");
  await form.getByRole("button", { name: "Добавить вес" }).click();
  await form.getByLabel("До, кг").nth(1).fill("1");
  await form.getByRole("button", { name: "Сохранить" }).click();
  await page.getByText("Курьер, Город: вес должен расти от строки к строке.").waitFor();
  await shot(page, "delivery-1");
  await form.getByLabel("До, кг").nth(1).fill("5");
  await form.getByLabel("Цена").nth(1).fill("450");
  await form.getByRole("button", { name: "Сохранить" }).click();
  const own = item(page, "Курьеры");
  await own.getByText("работает").waitFor();
  await page.getByRole("button", { name: "СДЭК" }).click();
  await form.getByLabel("Название", { exact: true }).fill("СДЭК");
  await form.getByLabel("Аккаунт").fill("a");
  await form.getByLabel("Пароль интеграции").fill("s3cret");
  await form.getByRole("button", { name: "Сохранить" }).click();
  await item(page, "СДЭК").getByText("после запуска ещё не спрашивали").waitFor();
  await page.getByRole("button", { name: "Выключить: СДЭК" }).click();
  await item(page, "СДЭК").getByText("выключена").waitFor();
  const [cdek] = await rows("select settings from delivery_providers where name = 'СДЭК'");
  expect(cdek).toMatchObject({ settings: { password: "s3cret" } });
  await shot(page, "delivery-2");

  await page.getByRole("link", { name: "Проверить" }).click();
  await page.getByLabel("Город").fill("Москва");
  await page.getByLabel("Вес, кг").fill("3");
  await page.getByRole("button", { name: "Спросить службы" }).click();
  const answers = page.getByRole("region", { name: "Что ответили" });
  await answers.getByRole("row", { name: /Курьеры Курьер До двери 1–3 450 ₽/ }).waitFor();
  await answers.getByText(/Вариантов: 1, за \d+ мс/).waitFor();
  await shot(page, "delivery-3");
  await page.getByLabel("Вес, кг").fill("30");
  await page.getByRole("button", { name: "Спросить службы" }).click();
  await answers.getByText("посылка слишком большая").waitFor();
});

test("settings of call backs are changed and refused in words; a supervisor only looks", async () => {
  const page = await screen("admin", "#call-backs/settings");
  const late = page.getByLabel("Минут опоздания");
  await late.fill("0");
  await page.getByText("0 здесь нельзя: от 1 до 10080.").waitFor();
  await late.fill("25");
  await shot(page, "call-back-settings-1");
  await page.getByRole("button", { name: "Сохранить" }).click();
  await page.getByText("Настройки перезвонов сохранены.").first().waitFor();
  expect(
    await rows(
      "select value -> 'settings' -> 'lateMinutes' as late from installation where key = 'callBacks'",
    ),
  ).toEqual([{ late: 25 }]);
  const vera = await screen("vera", "#call-backs/settings");
  await vera.getByText("Менять настройки могут только администраторы.").waitFor();
  expect(await vera.getByLabel("Минут опоздания").getAttribute("readonly")).not.toBeNull();
  expect(await vera.getByLabel("Минут опоздания").inputValue()).toBe("25");
});

test("versions of an offer rule say who changed what; one is taken again", async () => {
  const page = await screen("admin", "#offers");
  const settings = sampleRules().find(
    ({ settings: { give, when } }) => give.kind === "discount" && when.length === 0,
  )?.settings ?? {
    ...sampleRules()[0]!.settings,
    when: [],
    give: { kind: "discount", percent: 5, sumMinor: null, mostMinor: null },
  };
  const put = async (method: "PUT" | "POST", path: string, data: object) => {
    const answer = await page.request.fetch(`${server.callcard.url}/api/v1/offers/rules${path}`, {
      method,
      data,
      headers: { "x-callcard": "1" },
    });
    return [answer.status(), await answer.json()] as const;
  };
  const made = await put("POST", "", { settings });
  expect(made[0]).toBe(201);
  const { id } = made[1] as { id: string };
  const renamed = { settings: { ...settings, name: "Другое имя" }, revision: 1 };
  expect((await put("PUT", `/${id}`, renamed))[0]).toBe(200);
  await page.goto(`${server.callcard.url}/console#offers/${id}`);
  await page.getByRole("link", { name: "Версии: 2" }).click();
  const newest = page.getByRole("article", { name: "Версия 2" });
  await newest.getByText(`${settings.name} → Другое имя`).waitFor();
  await newest.getByText(/admin/).waitFor();
  await page.getByRole("article", { name: "Версия 1" }).getByText("Правило создано.").waitFor();
  await shot(page, "versions-1");
  await page.getByRole("button", { name: "Вернуть эту версию: Версия 1" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Вернуть эту версию" }).click();
  await page
    .getByRole("article", { name: "Версия 3" })
    .getByText(`Другое имя → ${settings.name}`)
    .waitFor();
  expect(
    await rows(`select settings ->> 'name' as name, revision from offer_rules where id = ${id}`),
  ).toEqual([{ name: settings.name, revision: 3 }]);
});

const PLACES = [
  ...["#claims", "#claims/letters", "#undelivered", "#undelivered/webhooks", "#delivery"],
  ...["#delivery/try", "#call-backs/settings"],
];

test("nothing is left untranslated, nothing scrolls sideways at 320 px, and axe finds nothing", async () => {
  await claim("Анна Ким", "Для снимка", 2);
  for (const [locale, colorScheme] of [
    ["uk-UA", "dark"],
    ["en-GB", "light"],
  ] as const) {
    const page = await screenIn(locale, colorScheme);
    for (const place of PLACES) {
      await page.goto(`${server.callcard.url}/console${place}`);
      await page.locator("main.pane h1").first().waitFor({ state: "attached" });
      await page.getByText(/Завантаження|Loading/).waitFor({ state: "detached" });
      const text = await page.locator("main.pane").innerText();
      expect(text, place).not.toMatch(/undefined|\{\w+\}|\b(cl|lt|un|dl|cbs|ofV)_/);
      await page.setViewportSize({ width: 320, height: 700 });
      const pane = page.locator("main.pane");
      expect([place, await pane.evaluate((one) => one.scrollWidth - one.clientWidth)]).toEqual([
        place,
        0,
      ]);
      await shot(page, `narrow-${colorScheme}-${place.replaceAll(/\W+/g, "-")}`);
      await page.setViewportSize({ width: 1280, height: 900 });
      expect([place, await axeFindings(page)]).toEqual([place, []]);
    }
  }
});

/** An admin whose browser speaks another language: logged in by the same session as the page's own form would. */
async function screenIn(locale: string, colorScheme: "light" | "dark"): Promise<Page> {
  const page = await server.screen("admin");
  const cookies = await page.context().cookies();
  const browser = page.context().browser()!;
  await page.context().close();
  const context = await browser.newContext({
    locale,
    colorScheme,
    viewport: { width: 1280, height: 900 },
  });
  await context.addCookies(cookies);
  const other = await context.newPage();
  pages.push(other);
  other.setDefaultTimeout(TIMEOUT_MS);
  return other;
}
