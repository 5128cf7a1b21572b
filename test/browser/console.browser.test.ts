/** What the supervisors' and admins' screen promises, in a real Chromium against a scripted server. */
import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { readyPolicies } from "../../server/priority/ready-policies.ts";
import { complaintsOf } from "../support/chromium.ts";
import type { ConsoleDouble } from "../support/console-double.ts";
import { sampleVocabulary } from "../support/console-samples.ts";
import { axeFindings } from "../support/looking.ts";
import { consoleScenes } from "../support/scenes.ts";

const stage = consoleScenes();

const [gentle, , problems] = readyPolicies(sampleVocabulary, "Europe/Moscow");
/** Gentle is published, "open problems first" is the draft. */
const begun = (double: ConsoleDouble): void => {
  double.publish(gentle!.policy, "Для начала");
  double.draft = problems!.policy;
};
const rules = (page: Page): Promise<(string | null)[]> =>
  page
    .locator("callcard-console-rule")
    .evaluateAll((all) => all.map((one) => one.shadowRoot!.querySelector("article")!.ariaLabel));

test("queues are live, a caller's place is explained, and a supervisor moves them after confirming", async () => {
  const { double, page } = await stage.scene({ role: "supervisor", before: begun });
  const complaints = complaintsOf(page);
  await page.getByRole("button", { name: "Почему Мария Кузнецова на месте 2" }).click();
  await page.getByText("Действует правило «Постоянные клиенты».").waitFor();
  await page.getByRole("button", { name: "Переставить: Елена Орлова" }).click();
  await page.getByRole("button", { name: "В начало" }).click();
  await page.getByRole("dialog").getByText("С места 4 на место 1").waitFor();
  // There is one PBX: its name says nothing.
  expect(await page.getByRole("dialog").getByText("Очередь на АТС").count()).toBe(0);
  expect(double.moves).toEqual([]);
  await page.getByRole("dialog").getByRole("button", { name: "Переставить" }).click();
  await page.getByRole("button", { name: "Почему Елена Орлова на месте 1" }).waitFor();
  expect(double.moves).toEqual([
    { pbx: "office", queue: "Продажи", channelId: "channel-4", position: 1 },
  ]);
  // By keyboard, back to where the rules want them.
  await page.getByRole("button", { name: "Почему Игорь Сафин" }).focus();
  await page.keyboard.press("Alt+ArrowUp");
  await page.getByRole("dialog").getByText("С места 5 на место 4").waitFor();
  await page.keyboard.press("Escape");
  expect(double.moves).toHaveLength(1);
  expect(complaints).toEqual([]);
});

test("what the phone system cannot do is said in words", async () => {
  const { double, page } = await stage.scene();
  const [queue] = double.picture.queues;
  await page.getByRole("button", { name: /Мария Кузнецова на месте/ }).waitFor();
  double.show({
    pbxs: [{ name: "old", up: true, version: "16.28.0", canMove: false, reason: "" }],
    queues: [{ ...queue!, notMoved: "notPossible" }],
  });
  await page.getByText("На old работает Asterisk 16.28.0").waitFor();
  expect(await page.getByRole("button", { name: /^Переставить/ }).count()).toBe(0);
});

test("a supervisor reads the rules and versions and can change neither", async () => {
  const { page } = await stage.scene({ role: "supervisor", before: begun, place: "#rules" });
  await page.getByText("Правила меняют только администраторы").waitFor();
  expect(await page.getByRole("button", { name: "Добавить правило" }).count()).toBe(0);
  await page.getByRole("link", { name: "Версии" }).click();
  await page.getByText("Для начала").waitFor();
  expect(await page.getByRole("button", { name: /Опубликовать|Вернуть/ }).count()).toBe(0);
});

test("an operator is told that this screen is not theirs", async () => {
  const { page } = await stage.scene({ role: "operator", session: false });
  await page.getByLabel("Логин").fill("olga");
  await page.getByLabel("Пароль").fill("secret");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Этот экран для руководителей" }).waitFor();
});

test("rules change their order by keyboard, by menu and by drag; deleting can be undone", async () => {
  const { double, page } = await stage.scene({ before: begun, place: "#rules" });
  await page.getByRole("button", { name: /Переместить правило Late order/ }).focus();
  await page.keyboard.press("ArrowUp");
  await expect
    .poll(() => rules(page))
    .toEqual(["Late order", "Open claim", "Called and got nobody", "Regular customers"]);
  const first = await page.getByRole("button", { name: /правило Late order/ }).boundingBox();
  const second = await page.getByRole("article", { name: "Open claim" }).boundingBox();
  await page.mouse.move(first!.x + 8, first!.y + 8);
  await page.mouse.down();
  await page.mouse.move(first!.x + 8, second!.y + second!.height - 4, { steps: 6 });
  await page.mouse.up();
  await expect
    .poll(async () => (await rules(page)).slice(0, 2))
    .toEqual(["Open claim", "Late order"]);
  await page.getByRole("button", { name: "Ещё: Open claim" }).click();
  await page.getByRole("button", { name: "Удалить" }).click();
  await expect.poll(async () => (await rules(page)).length).toBe(3);
  await page.getByRole("button", { name: "Вернуть" }).click();
  await expect.poll(async () => (await rules(page))[0]).toBe("Open claim");
  await expect
    .poll(() => double.draft?.rules.map(({ id }) => id))
    .toEqual(["openClaim", "lateOrder", "gotLost", "regular"]);
});

test("what is wrong is said at its place, and another admin's draft is not overwritten", async () => {
  const { double, page } = await stage.scene({ before: begun, place: "#rules" });
  const rate = page.getByRole("article", { name: "Open claim" }).getByLabel("Во сколько раз");
  await rate.fill("-2");
  await page
    .getByRole("article", { name: "Open claim" })
    .getByText("-2 здесь нельзя: от 0.1 до 20.")
    .waitFor();
  double.revision += 5;
  double.savedBy = "pavel";
  await rate.fill("3");
  await page.getByText("Тем временем другой черновик: pavel.").waitFor();
  await page.getByRole("button", { name: "Оставить мой" }).click();
  await expect.poll(() => double.draft?.rules[0]?.then.rate).toBe(3);
});

test("gold customers with a late order first, nobody else two minutes longer: written, previewed, simulated, published, rolled back", async () => {
  const { double, page } = await stage.scene({ place: "#rules", width: 1280 });
  const complaints = complaintsOf(page);
  await page.getByRole("heading", { name: "Постоянные вперёд, мягко" }).waitFor();
  await page.getByText("Потери, золото: 2,97 % → 1,47 %").first().waitFor();
  await page.getByRole("button", { name: "Написать свои" }).click();
  await page.getByLabel("Название правила").fill("Золото с опозданием");
  await page.getByLabel("условие", { exact: true }).selectOption({ label: "Уровень" });
  await page.getByLabel("Уровень: добавить").selectOption({ label: "Золото" });
  await page.getByLabel("условие", { exact: true }).selectOption({ label: "Заказ опаздывает" });
  await page.getByLabel("Фора, секунды").fill("120");
  await page.getByRole("checkbox", { name: /Никто не ждёт больше/ }).check();
  await expect.poll(() => double.draft?.guard.mostExtraWaitSeconds).toBe(120);
  expect(double.draft!.rules[0]).toMatchObject({
    name: "Золото с опозданием",
    when: [{ fact: "tier", in: ["gold"] }, { fact: "orderLate" }],
    then: { rate: 2, headStartSeconds: 120 },
  });
  const preview = page.getByRole("region", { name: "Кто ждёт сейчас" });
  await preview.getByText("выше на 1").waitFor({ state: "attached" });

  await page.getByRole("link", { name: "Что если" }).click();
  await page.getByRole("button", { name: "Проиграть" }).click();
  await page.getByRole("cell", { name: "1,47 % ± 0,40 %" }).waitFor();
  await page.getByText("Всего теряется столько же").waitFor();
  expect(await page.locator("callcard-console-chart canvas").count()).toBe(2);
  expect(double.simulated.at(-1)!.policies.map(({ name }) => name)).toEqual([
    "По порядку",
    "Черновик",
  ]);

  await page.getByRole("link", { name: "Версии" }).click();
  await page.getByRole("button", { name: "Опубликовать" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByText("Новое правило «Золото с опозданием»").waitFor();
  await dialog.getByLabel("Заметка для коллег").fill("Опоздания вперёд");
  await dialog.getByRole("button", { name: "Опубликовать" }).click();
  await page.getByRole("heading", { name: "Версия 1" }).waitFor();
  expect(double.versions[0]!.note).toBe("Опоздания вперёд");

  await page.getByRole("button", { name: /^Вернуть: По порядку/ }).click();
  await dialog.getByText("Правила «Золото с опозданием» больше нет.").waitFor();
  await dialog.getByRole("button", { name: "Вернуть" }).click();
  await page.getByRole("heading", { name: "Версия 2" }).waitFor();
  expect(double.published.rules).toEqual([]);
  expect(complaints).toEqual([]);
});

test.each([
  ["uk-UA", "Черги"],
  ["en-GB", "Queues"],
])("speaks %s", async (locale, queues) => {
  const { page } = await stage.scene({ locale });
  await page.getByRole("link", { name: queues }).waitFor();
});

/** Places whose name is not wholly in sight, and how many rows they make. */
const outOfSight = (page: Page) =>
  page.locator("nav.places").evaluate((nav) => {
    const links = [...nav.querySelectorAll("a")];
    const clipped = links.filter((link) => {
      const { left, right, top, bottom } = link.getBoundingClientRect();
      const [x, y] = [(left + right) / 2, (top + bottom) / 2];
      const on = [left + 2, x, right - 2].map((at) =>
        (nav.getRootNode() as ShadowRoot).elementFromPoint(at, y),
      );
      return on.some((one) => one !== link && !link.contains(one));
    });
    const names = clipped.map((link) => link.textContent.trim());
    return { names, rows: new Set(links.map(({ offsetTop }) => offsetTop)).size };
  });

test.each(
  ["ru-RU", "uk-UA", "en-GB"].flatMap((locale) => [
    [locale, "admin"] as const,
    [locale, "supervisor"] as const,
  ]),
)(
  "every place is in sight on small screens, and in one row at 1280: %s, %s",
  async (locale, role) => {
    const { page } = await stage.scene({ locale, role, width: 1280, height: 800 });
    await page.locator("nav.places .count").waitFor();
    expect(await outOfSight(page)).toEqual({ names: [], rows: 1 });
    await page.setViewportSize({ width: 1024, height: 768 });
    await expect.poll(() => outOfSight(page)).toEqual({ names: [], rows: 2 });
  },
);

const places = ["#queues", "#rules", "#what-if", "#versions"];
test.each(places.flatMap((place) => [[place, "light"] as const, [place, "dark"] as const]))(
  "axe finds nothing: %s, %s",
  async (place, colorScheme) => {
    const { page } = await stage.scene({ place, colorScheme, before: begun });
    await page.getByRole("heading", { level: 1 }).waitFor({ state: "attached" });
    if (place === "#what-if") {
      await page.getByRole("button", { name: "Проиграть" }).click();
      await page.getByRole("table").waitFor();
    }
    expect(await axeFindings(page)).toEqual([]);
  },
);
