/** What the offers' screens and reports promise, in a real Chromium against a scripted server. */
import { readFile } from "node:fs/promises";
import type { Locator, Page } from "playwright-core";
import { expect, test } from "vitest";
import { complaintsOf } from "../support/chromium.ts";
import { axeFindings, isFocused, shot } from "../support/looking.ts";
import { consoleScenes } from "../support/scenes.ts";

const stage = consoleScenes();

const rule = (page: Page, name: string): Locator => page.getByRole("article", { name });
const saved = (page: Page): Locator => page.getByRole("status").getByText("Сохранено.");
/** A space that does not break, as sums and per cents are written. */
const plain = async (one: Locator): Promise<string> =>
  (await one.innerText()).replaceAll(/\s+/g, " ");

test("every rule is a sentence with its state, limits and uses; the highest priority first", async () => {
  const { page } = await stage.scene({ place: "#offers" });
  const complaints = complaintsOf(page);
  const gift = rule(page, "Чехол в подарок");
  await gift.waitFor();
  const names = await page.getByRole("article").getByRole("link").allInnerTexts();
  expect(names[0]).toBe("Батарейки к игрушкам");
  const said = await plain(gift);
  expect(said).toContain(
    "Когда сумма корзины от 5 000 ₽ и уровень клиента Золото или Серебро: подарок — Чехол для робота.",
  );
  expect(said).toContain("всего не больше 100 раз");
  expect(said).toContain("взяли: 14, сегодня: 2");
  expect(await plain(rule(page, "Батарейки к игрушкам"))).toContain(
    "к товару (любой, у которого есть «batteries») предложить то, без чего он не работает: всё из «Батарейки», сколько указано в «batteryCount»",
  );
  await shot(page, "offers-1-list");
  expect(complaints).toEqual([]);
});

test("a rule is switched off and on where it stands; one that is wrong stays off and says why", async () => {
  const { double, page } = await stage.scene({ place: "#offers" });
  await page.getByRole("button", { name: "Выключить: Чехол в подарок" }).click();
  await page.getByRole("button", { name: "Включить: Чехол в подарок" }).waitFor();
  expect(double.offers.one("2")!.state).toBe("off");
  double.offers.change("2", { give: { kind: "gift", products: ["404"] } });
  await page.getByRole("button", { name: "Включить: Чехол в подарок" }).click();
  await page.getByText("В каталоге нет товара 404").waitFor();
  expect(double.offers.one("2")!.state).toBe("off");
});

test("a new gift: products by name, what is missing said at its place, a discount of 120 % refused, saved as a draft", async () => {
  const { double, page } = await stage.scene({ place: "#offers/new" });
  await page.getByRole("button", { name: /^Подарок/ }).click();
  const given = page.getByRole("region", { name: "Подарок" });
  await given.getByText("Выберите хотя бы один товар или категорию.").waitFor();
  await page.getByRole("button", { name: "Сохранить" }).click();
  expect(double.offers.rules).toHaveLength(5);
  await page.getByLabel("Название правила").fill("Наклейки в подарок");
  const find = given.getByRole("combobox", { name: "Товары" });
  await find.fill("накл");
  await page.getByRole("option", { name: /Наклейки/ }).waitFor();
  await page.keyboard.press("Enter");
  // A doubt does not stop it.
  await given.getByText("«Наклейки» сейчас нет: пока не появится, не предлагается.").waitFor();
  await isFocused(find);
  await page.getByLabel("Маржа, процент").fill("120");
  await page
    .getByRole("region", { name: "Когда и сколько раз" })
    .getByText("120 здесь нельзя: от 0 до 99.")
    .waitFor();
  await page.getByLabel("Маржа, процент").fill("12");
  await page.getByLabel("По-русски").fill("Дарим {товар}");
  await page.getByText("Вместо «товар» нечего подставить.").waitFor();
  await page.getByLabel("По-русски").fill("Дарим {product}");
  await shot(page, "offers-2-new");
  await page.getByRole("button", { name: "Сохранить" }).click();
  await rule(page, "Наклейки в подарок").getByText("черновик").waitFor();
  expect(double.offers.one("9")!.settings).toMatchObject({
    give: { kind: "gift", products: ["5"] },
    when: [{ fact: "cartValue", fromMinor: 300_000 }],
    limits: { marginFloorPercent: 12 },
  });
});

test("conditions are added, turned round, bounded at both ends and removed", async () => {
  const { double, page } = await stage.scene({ place: "#offers/2" });
  const when = page.getByRole("region", { name: "Кому и за что" });
  await when.getByLabel("От, до или и то и другое").selectOption({ label: "от и до" });
  await when.getByLabel("Не больше").fill("4000");
  await when.getByText("От 5 000 ₽ до 4 000 ₽: так не бывает.").waitFor();
  await when.getByLabel("Не больше").fill("9000");
  await when.getByLabel("Добавить условие").selectOption({ label: "Что покупал раньше" });
  await when.getByLabel("Категории: добавить").selectOption("Игрушки");
  await when.getByLabel("Как давно").selectOption({ label: "недавно" });
  await when.getByLabel("Дни").fill("60");
  await when.getByRole("button", { name: "Наоборот" }).last().click();
  await when.getByText("клиент ничего не покупал из").waitFor();
  await when.getByRole("button", { name: "Убрать условие" }).nth(1).click();
  await page.getByRole("button", { name: "Сохранить" }).click();
  await saved(page).waitFor();
  expect(double.offers.one("2")!.settings.when).toEqual([
    { fact: "cartValue", fromMinor: 500_000, toMinor: 900_000 },
    { fact: "bought", categories: ["Игрушки"], withinDays: 60, not: true },
  ]);
});

test("what is needed with a toy is edited: attributes that must be the same, how many, the pack", async () => {
  const { double, page } = await stage.scene({ place: "#offers/1" });
  await page.getByLabel("Сколько на один").fill("2");
  await page.getByRole("button", { name: "свойство, которое должно совпасть" }).click();
  await page.getByLabel("Свойство товара, которому нужно").last().fill("voltage");
  await page.getByText("Ни у одного товара нет свойства «voltage».").waitFor();
  await page.getByText("Здесь ещё чего-то не хватает.").waitFor();
  await page.getByRole("button", { name: "Убрать это свойство" }).last().click();
  await shot(page, "offers-3-needed");
  await page.getByRole("button", { name: "Сохранить" }).click();
  await saved(page).waitFor();
  expect(double.offers.one("1")!.settings.give).toMatchObject({
    count: { attribute: "batteryCount", each: 2 },
    find: { match: [{ of: "batteries", found: "size" }] },
  });
});

test("two admins: what the other one saved is told, and nothing typed is lost", async () => {
  const { double, page } = await stage.scene({ place: "#offers/3" });
  await page.getByLabel("Название правила").fill("Скидка тем, кто вернулся");
  double.offers.change("3", { priority: 500 });
  await page.getByRole("button", { name: "Сохранить" }).click();
  await page.getByRole("button", { name: "Оставить мои" }).click();
  expect(await page.getByLabel("Название правила").inputValue()).toBe("Скидка тем, кто вернулся");
  await page.getByRole("button", { name: "Сохранить" }).click();
  await saved(page).waitFor();
  expect(double.offers.one("3")!.settings).toMatchObject({
    name: "Скидка тем, кто вернулся",
    priority: 100,
  });
});

test("what was typed and not saved is there again after another place was looked at", async () => {
  const { page } = await stage.scene({ place: "#offers/3" });
  await page.getByLabel("Название правила").fill("Недописано");
  await page.getByRole("link", { name: "Отчёты" }).click();
  await page.getByRole("heading", { name: "Отчёты" }).waitFor();
  await page.goBack();
  await expect.poll(() => page.getByLabel("Название правила").inputValue()).toBe("Недописано");
});

test("the try-out: the toy gets batteries in the right number, the gift only for who earns it, the rest with its reason", async () => {
  const { page } = await stage.scene({ place: "#offers/try" });
  await page.getByRole("combobox", { name: "Добавить товар" }).fill("робот");
  await page.getByRole("option", { name: /Робот «Искра»/ }).click();
  await page.getByRole("button", { name: "Что будет предложено?" }).click();
  const offered = page.getByRole("region", { name: "Будет предложено", exact: true });
  await offered.getByText("К Робот «Искра» нужны Батарейки AA, 4 шт., положить?").waitFor();
  const others = page.getByRole("region", { name: "Не будет предложено, и почему" });
  await others.getByText("Не выполнено: сумма корзины от 5 000 ₽.").waitFor();
  await isFocused(page.getByRole("heading", { name: "Будет предложено", exact: true }));
  await page.getByLabel("Количество: Робот «Искра»").fill("2");
  await page.getByLabel("Имя, телефон или заказ").fill("мария");
  await page.getByRole("button", { name: /Мария Кузнецова/ }).click();
  await page.getByRole("button", { name: "Что будет предложено?" }).click();
  await offered.getByText("«Дарим вам Чехол для робота»").waitFor();
  // Six batteries for two robots: two packs of four.
  await offered.getByText("Батарейки AA, 4 шт., 2 шт.").waitFor();
  await shot(page, "offers-4-try");
});

test("thresholds of tiers: a tier nobody can become is doubted, two of one name are refused, the order counts", async () => {
  const { double, page } = await stage.scene({ place: "#offers/standings" });
  const tiers = page.getByRole("region", { name: "Уровни" });
  await tiers.getByRole("row", { name: /1 200/ }).waitFor();
  await tiers.getByRole("button", { name: "уровень", exact: true }).click();
  await tiers.getByLabel("Название 3").fill("silver");
  await tiers.getByText("«silver» здесь дважды.").waitFor();
  await tiers.getByLabel("Название 3").fill("bronze");
  await tiers.getByLabel("bronze: Заказов, от").fill("3");
  await tiers.getByText("«bronze» не получит никто: все подходят под «silver» выше.").waitFor();
  await shot(page, "offers-5-standings");
  await tiers.getByRole("button", { name: "Выше: bronze" }).click();
  await page.getByRole("button", { name: "Сохранить" }).click();
  await saved(page).waitFor();
  expect(double.offers.standings.tiers.map(({ name, orders }) => [name, orders.atLeast])).toEqual([
    ["gold", 5],
    ["bronze", 3],
    ["silver", 2],
  ]);
});

test("a supervisor looks and tries out; only admins change", async () => {
  const { page } = await stage.scene({ role: "supervisor", place: "#offers/2" });
  await page.getByText("Правила меняют только администраторы").waitFor();
  await page.getByRole("region", { name: "Подарок" }).getByText("Чехол для робота").waitFor();
  expect(await page.getByRole("button", { name: "Сохранить" }).count()).toBe(0);
  expect(await page.getByLabel("Название правила").getAttribute("readonly")).not.toBeNull();
});

test("the report of offers by kind, operator, reason; what hints add in plain words; a file to keep", async () => {
  const { double, page } = await stage.scene({ place: "#reports" });
  const row = page.getByRole("row", { name: /Берут вместе/ });
  await row.waitFor();
  expect(await plain(row)).toBe("Берут вместе 420 96 23,1 % 180 140 4 18 400 ₽");
  expect(await plain(page.getByRole("row", { name: /Вместе/ }).first())).toContain("20 466 ₽");
  await page
    .getByText(
      "Подсказки добавляют около 280 ₽ на клиента. С уверенностью 95 % — от 118 ₽ до 442 ₽.",
    )
    .waitFor();
  await shot(page, "reports-1");
  await page.getByLabel("Разбивка:").first().selectOption("reason");
  await page.getByRole("row", { name: /Дорого 180/ }).waitFor();
  await page.getByLabel("Разбивка:").first().selectOption("operator");
  await page.getByRole("row", { name: /Анна Белова/ }).waitFor();
  await page.getByRole("row", { name: /никто: сайт или приложение/ }).waitFor();
  await page.getByLabel("Период").selectOption("today");
  await expect.poll(() => double.offers.reports.at(-1)!.by).toBe("operator");
  const { from, to } = double.offers.reports.at(-1)!;
  await expect.poll(() => Date.parse(to) - Date.parse(from)).toBeLessThanOrEqual(25 * 3_600_000);
  const [file] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("button", { name: "Скачать (CSV)" }).click(),
  ]);
  expect(await readFile(await file.path(), "utf8")).toContain(
    "3,Анна Белова,420,96,180,140,4,11200,RUB\n",
  );
});

test.each([
  [[11_800, 44_200], "Подсказки добавляют около 280 ₽"],
  [
    [-4_000, 60_000],
    "Пока нельзя сказать, добавляют ли подсказки что-нибудь: разница лежит между -40 ₽ и 600 ₽",
  ],
  [[-60_000, -4_000], "меньше на сумму от 40 ₽ до 600 ₽"],
] as const)("what hints add between %j is said as it is", async (betweenMinor, text) => {
  const { page } = await stage.scene({
    place: "#reports",
    before: (double) => {
      const added = double.offers.held.added.map((one) => ({ ...one, betweenMinor }));
      double.offers.held = { ...double.offers.held, added };
    },
  });
  await page.getByText(text).waitFor();
});

test("too few customers to compare: it says how many are needed", async () => {
  const { page } = await stage.scene({
    place: "#reports",
    before: (double) => (double.offers.held = { ...double.offers.held, added: [] }),
  });
  await page.getByText("с подсказками 4 210, без них 212").waitFor();
});

test.each([
  ["uk-UA", "Пропозиції", "Коли сума кошика від 5 000 ₽"],
  ["en-GB", "Offers", "When the cart is worth at least"],
])("speaks %s", async (locale, place, text) => {
  const { page } = await stage.scene({ locale, place: "#offers" });
  await page.getByRole("link", { name: place }).first().waitFor();
  await page.getByText(text).first().waitFor();
  for (const open of ["#offers/1", "#offers/2", "#offers/3", "#offers/4", "#offers/standings"]) {
    await page.evaluate((hash) => (location.hash = hash), open);
    await page
      .locator("callcard-console-offers .save, callcard-console-offers h1")
      .last()
      .waitFor();
    await page.waitForTimeout(250);
    // A place without a value, or a key without a text, would be seen.
    const seen = (await page.locator("main.pane").innerText()).replaceAll(
      /\{(name|product|quantity|price|oldPrice|percent|sum|tier|bonus|for)\}/g,
      "",
    );
    expect(seen).not.toMatch(/undefined|\{\w+\}|\bof[A-Z_]\w+/);
  }
});

const places = [
  ...["#offers", "#offers/new", "#offers/1", "#offers/2", "#offers/3", "#offers/4"],
  ...["#offers/try", "#offers/standings", "#reports"],
];

test.each(places)("fits 320 px without scrolling sideways: %s", async (place) => {
  const { page } = await stage.scene({ place, width: 320, height: 700 });
  await page.getByRole("heading", { level: 1 }).waitFor({ state: "attached" });
  await page.waitForTimeout(400);
  const pane = page.locator("main.pane");
  expect(await pane.evaluate((one) => one.scrollWidth - one.clientWidth)).toBe(0);
});

test.each(places.flatMap((place) => [[place, "light"] as const, [place, "dark"] as const]))(
  "axe finds nothing: %s, %s",
  async (place, colorScheme) => {
    const { page } = await stage.scene({ place, colorScheme });
    await page.getByRole("heading", { level: 1 }).waitFor({ state: "attached" });
    expect(await axeFindings(page)).toEqual([]);
    await shot(page, `axe-${place.slice(1).replaceAll("/", "-")}-${colorScheme}`);
  },
);
