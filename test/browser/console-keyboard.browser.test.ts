/** The console without a mouse, and for those who do not see it: keys, where the focus goes, and what axe finds in what opens. */
import type { Locator, Page } from "playwright-core";
import { expect, test } from "vitest";
import { readyPolicies } from "../../server/priority/ready-policies.ts";
import type { ConsoleDouble } from "../support/console-double.ts";
import { sampleVocabulary } from "../support/console-samples.ts";
import { axeFindings, isFocused } from "../support/looking.ts";
import { consoleScenes } from "../support/scenes.ts";

const stage = consoleScenes();

const [gentle, , problems] = readyPolicies(sampleVocabulary, "Europe/Moscow");
const begun = (double: ConsoleDouble): void => {
  double.publish(gentle!.policy, "Для начала");
  double.draft = problems!.policy;
};

/** Tab until the focus is there, as somebody without a mouse would. */
async function tabTo(page: Page, to: Locator): Promise<void> {
  await to.waitFor();
  for (let pressed = 0; pressed < 120; pressed += 1) {
    if (await to.evaluate((element) => element.matches(":focus"))) return;
    await page.keyboard.press("Tab");
  }
  throw new Error(`Tab never comes to ${String(to)}`);
}
/** Opens a choice by an arrow, which alone must not choose yet, and takes what is asked for. */
async function choose(page: Page, from: Locator, label: string): Promise<void> {
  await tabTo(page, from);
  await page.keyboard.press("ArrowDown");
  expect(await from.evaluate((select: HTMLSelectElement) => select.value)).toBe("");
  await page.keyboard.press("Escape");
  await from.selectOption({ label });
}

test("a rule is written, moved, copied and deleted without a mouse", async () => {
  const { double, page } = await stage.scene({ place: "#rules", before: begun });
  await tabTo(page, page.getByRole("button", { name: "Добавить правило" }));
  await page.keyboard.press("Enter");
  const name = page.getByLabel("Название правила").last();
  await isFocused(name);
  await page.keyboard.type("Золото с опозданием");
  const rule = page.getByRole("article", { name: "Золото с опозданием" });
  await choose(page, rule.getByLabel("условие", { exact: true }), "Уровень");
  const tier = rule.getByLabel("Уровень: добавить");
  await page.keyboard.press("Shift+Tab");
  await page.keyboard.press("Shift+Tab");
  await page.keyboard.press("Shift+Tab");
  await isFocused(tier);
  await choose(page, tier, "Золото");
  await expect
    .poll(() => double.draft?.rules.at(-1)?.when)
    .toEqual([{ fact: "tier", in: ["gold"] }]);
  // What was taken out leaves the keyboard where something else can be put in.
  await page.keyboard.press("Shift+Tab");
  await isFocused(rule.getByRole("button", { name: "Убрать: Золото" }));
  await page.keyboard.press("Enter");
  await isFocused(tier);
  await tabTo(page, rule.getByRole("button", { name: "Убрать условие" }));
  await page.keyboard.press("Enter");
  await isFocused(rule.getByLabel("условие", { exact: true }));

  const handle = rule.getByRole("button", { name: /^Переместить правило/ });
  await handle.focus();
  const places = double.draft!.rules.length;
  for (let up = 1; up < places; up += 1) {
    await page.keyboard.press("ArrowUp");
    await isFocused(handle);
  }
  await expect.poll(() => double.draft?.rules[0]?.name).toBe("Золото с опозданием");
  await tabTo(page, rule.getByRole("button", { name: "Ещё: Золото с опозданием" }));
  await page.keyboard.press("Enter");
  await isFocused(page.getByRole("button", { name: "Ниже" }));
  await page.keyboard.press("Escape");
  await isFocused(rule.getByRole("button", { name: "Ещё: Золото с опозданием" }));
  await page.keyboard.press("Enter");
  await tabTo(page, page.getByRole("button", { name: "Удалить" }));
  await page.keyboard.press("Enter");
  await isFocused(page.getByRole("button", { name: /^Переместить правило Open claim/ }));
  await expect.poll(() => double.draft?.rules.length).toBe(places - 1);
  await page.getByRole("button", { name: "Вернуть" }).focus();
  await page.keyboard.press("Enter");
  await isFocused(handle);
});

test("a dialog gives the focus back to what opened it, however it ends", async () => {
  const { double, page } = await stage.scene({ role: "supervisor", before: begun });
  const dialog = page.getByRole("dialog");
  const menu = page.getByRole("button", { name: "Переставить: Елена Орлова" });
  await tabTo(page, menu);
  await page.keyboard.press("Enter");
  await isFocused(page.getByRole("button", { name: "В начало" }));
  await page.keyboard.press("Enter");
  await dialog.waitFor();
  await page.keyboard.press("Escape");
  await dialog.waitFor({ state: "detached" });
  await isFocused(menu);
  expect(double.moves).toEqual([]);

  const who = page.getByRole("button", { name: /^Почему Елена Орлова/ });
  await who.focus();
  await page.keyboard.press("Alt+Home");
  await dialog.waitFor();
  // Tab stays in the dialog.
  for (let pressed = 0; pressed < 6; pressed += 1) {
    await page.keyboard.press("Tab");
    const inside = await page.evaluate(() => {
      let active = document.activeElement;
      while (active?.shadowRoot?.activeElement) active = active.shadowRoot.activeElement;
      return active === document.body || active?.closest("dialog") !== null;
    });
    expect(inside).toBe(true);
  }
  await dialog.getByRole("button", { name: "Переставить" }).focus();
  await page.keyboard.press("Enter");
  // The line is drawn anew, and the keyboard is still at the same caller.
  await page.getByRole("button", { name: "Почему Елена Орлова на месте 1" }).waitFor();
  await isFocused(who);
});

test("who publishes is led to what was published", async () => {
  const { page } = await stage.scene({ place: "#versions", before: begun });
  await tabTo(page, page.getByRole("button", { name: "Опубликовать" }));
  await page.keyboard.press("Enter");
  await isFocused(page.getByLabel("Заметка для коллег"));
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Версия 2" }).waitFor();
  await isFocused(page.getByText("Показать правила").first());
});

/** What is opened before axe looks; each in both colour schemes. */
const STATES: readonly (readonly [
  what: string,
  place: string,
  open: (page: Page, double: ConsoleDouble) => Promise<void>,
])[] = [
  [
    "a caller's reasons",
    "#queues",
    async (page) => {
      await page.getByRole("button", { name: /^Почему Мария/ }).click();
      await page.getByRole("group", { name: "Почему" }).waitFor();
    },
  ],
  [
    "the menu of a caller",
    "#queues",
    (page) => page.getByRole("button", { name: "Переставить: Елена Орлова" }).click(),
  ],
  [
    "the question before a move",
    "#queues",
    async (page) => {
      await page.getByRole("button", { name: "Переставить: Елена Орлова" }).click();
      await page.getByRole("button", { name: "В начало" }).click();
      await page.getByRole("dialog").waitFor();
    },
  ],
  [
    "a lost phone system and a lost server",
    "#queues",
    async (page, double) => {
      const pbx = { name: "old", up: false, version: "", canMove: false, reason: "ECONNREFUSED" };
      double.show({ pbxs: [pbx, { ...pbx, name: "older", up: true, version: "16.28.0" }] });
      await page.getByText("older").waitFor();
      await double.stop();
      await page.getByText(/Нет связи с сервером/).waitFor();
    },
  ],
  ["the settings", "#queues", (page) => page.getByRole("button", { name: "Настройки" }).click()],
  [
    "a rule with something wrong",
    "#rules",
    async (page) => {
      await page.getByLabel("Во сколько раз").first().fill("-2");
      await page.getByText("-2 здесь нельзя").waitFor();
    },
  ],
  [
    "the menu of a rule",
    "#rules",
    (page) => page.getByRole("button", { name: "Ещё: Open claim" }).click(),
  ],
  [
    "a simulation that runs",
    "#what-if",
    async (page, double) => {
      double.looks = 1000;
      await page.getByRole("button", { name: "Проиграть" }).click();
      await page.getByRole("progressbar").waitFor();
    },
  ],
  [
    "the question before publishing",
    "#versions",
    async (page) => {
      await page.getByRole("button", { name: "Опубликовать" }).click();
      await page.getByRole("dialog").waitFor();
    },
  ],
  [
    "the rules of a version",
    "#versions",
    (page) => page.getByText("Показать правила").first().click(),
  ],
];
test.each(
  STATES.flatMap(([what, place, open]) => [
    [what, "light" as const, place, open] as const,
    [what, "dark" as const, place, open] as const,
  ]),
)("axe finds nothing: %s, %s", async (_what, colorScheme, place, open) => {
  const { double, page } = await stage.scene({ place, colorScheme, before: begun });
  await page.emulateMedia({ reducedMotion: "reduce", colorScheme });
  await page.getByRole("heading", { level: 1 }).waitFor({ state: "attached" });
  await open(page, double);
  expect(await axeFindings(page)).toEqual([]);
});

test.each(["light", "dark"] as const)(
  "axe finds nothing: the beginning and the login, %s",
  async (colorScheme) => {
    const { double, page } = await stage.scene({ place: "#rules", colorScheme });
    await page.emulateMedia({ reducedMotion: "reduce", colorScheme });
    await page.getByText("Потери, золото").first().waitFor();
    expect(await axeFindings(page)).toEqual([]);
    await page.context().clearCookies();
    await page.goto(`${double.url}/console`);
    await page.reload();
    await page.getByLabel("Логин").waitFor();
    expect(await axeFindings(page)).toEqual([]);
  },
);
