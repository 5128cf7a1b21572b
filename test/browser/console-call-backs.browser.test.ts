/** What the list of call backs and the report of ratings promise, in a real Chromium against a scripted server. */
import type { Locator, Page } from "playwright-core";
import { expect, test } from "vitest";
import { axeFindings, isFocused, shot } from "../support/looking.ts";
import { consoleScenes } from "../support/scenes.ts";

const stage = consoleScenes();

const entry = (page: Page, name: string): Locator =>
  page.getByRole("listitem").filter({ hasText: name });

test("call backs by their time: which are late, who has them, what clock the person has", async () => {
  const { page } = await stage.scene({ place: "#call-backs" });
  const maria = entry(page, "Мария Кузнецова");
  await maria.getByText("просрочен, нужен руководитель").waitFor();
  await maria.getByText("кому: Анна Белова").waitFor();
  await maria.getByText("Уточнить размер").waitFor();
  await maria.getByText(/там будет \d\d:\d\d/).waitFor();
  await entry(page, "Елена Орлова").getByText("у кого: Пётр Иванов").waitFor();
  await shot(page, "call-backs-1");
  await page.getByRole("button", { name: "Просрочены 2" }).click();
  await expect.poll(() => page.getByRole("listitem").count()).toBe(2);
  await page.getByRole("button", { name: "Закрытые" }).click();
  await entry(page, "Олег Дёмин").getByText("человек дозвонился сам").waitFor();
});

test("an admin gives one to an operator, takes one from another, and settles by keys", async () => {
  const { double, page } = await stage.scene({ place: "#call-backs" });
  await page.getByLabel("Кто перезвонит: Игорь Сафин").selectOption("Пётр Иванов");
  await entry(page, "Игорь Сафин").getByText("кому: Пётр Иванов").waitFor();
  await page.getByRole("button", { name: "Вернуть в список: Елена Орлова" }).click();
  await page.getByRole("button", { name: "Взять себе: Елена Орлова" }).waitFor();
  await page.getByRole("button", { name: "Не нужно: Мария Кузнецова" }).focus();
  await page.keyboard.press("Enter");
  await entry(page, "Мария Кузнецова").waitFor({ state: "detached" });
  // What was pressed is gone: the keyboard goes on at the view.
  await isFocused(page.getByRole("button", { name: "Открытые 3" }));
  expect(double.callBacks.entries.map(({ userId, state }) => [userId, state])).toEqual([
    ...[["3", "done"] as const, [null, "open"] as const, ["4", "open"] as const],
    ...[["4", "open"] as const, [null, "closed"] as const],
  ]);
});

test("somebody else was faster: it is said, and the list is as it is now", async () => {
  const { double, page } = await stage.scene({ place: "#call-backs" });
  await entry(page, "Игорь Сафин").waitFor();
  double.callBacks.isGone = true;
  double.callBacks.entries = double.callBacks.entries.filter(({ name }) => name !== "Игорь Сафин");
  await page.getByRole("button", { name: "Взять себе: Игорь Сафин" }).click();
  await page.getByRole("alert").getByText("Не получилось").waitFor();
  await entry(page, "Игорь Сафин").waitFor({ state: "detached" });
});

test("a supervisor names an operator by name and extension, and gives a call back to anybody", async () => {
  const { double, page } = await stage.scene({ role: "supervisor", place: "#call-backs" });
  const whom = page.getByLabel("Кто перезвонит: Мария Кузнецова");
  await whom.selectOption("Любой");
  await entry(page, "Мария Кузнецова").getByText("кому: любому").waitFor();
  expect(double.callBacks.entries[0]!.userId).toBeNull();
  await whom.selectOption("Анна Белова, 101");
  await entry(page, "Мария Кузнецова").getByText("кому: Анна Белова").waitFor();
  expect(double.callBacks.entries[0]!.userId).toBe("3");
});

test("ratings by queue and operator, with how sure the score is", async () => {
  const { page } = await stage.scene({ place: "#reports" });
  const ratings = page.getByRole("region", { name: "Как люди оценивают разговоры" });
  await ratings.getByRole("row", { name: "Продажи 50 41 от 22 до 58 30 12 8" }).waitFor();
  await ratings.getByLabel("Разбивка:").selectOption({ label: "Оператор" });
  await ratings.getByRole("row", { name: /Анна Белова/ }).waitFor();
  await ratings.getByRole("row", { name: /не указано/ }).waitFor();
});

test.each([
  ["uk-UA", "Передзвони", "прострочено, потрібен керівник"],
  ["en-GB", "Call backs", "late, for the supervisor"],
])("speaks %s", async (locale, place, text) => {
  const { page } = await stage.scene({ locale, place: "#call-backs" });
  await page.getByRole("link", { name: place }).waitFor();
  await page.getByText(text).waitFor();
  expect(await page.locator("main.pane").innerText()).not.toMatch(/undefined|\{\w+\}|cb_/);
});

test("fits 320 px without scrolling sideways", async () => {
  const { page } = await stage.scene({ place: "#call-backs", width: 320, height: 700 });
  await page.getByRole("listitem").first().waitFor();
  const pane = page.locator("main.pane");
  expect(await pane.evaluate((one) => one.scrollWidth - one.clientWidth)).toBe(0);
});

test.each(["light", "dark"] as const)("axe finds nothing: %s", async (colorScheme) => {
  const { page } = await stage.scene({ place: "#call-backs", colorScheme });
  await page.getByRole("listitem").first().waitFor();
  expect(await axeFindings(page)).toEqual([]);
});
