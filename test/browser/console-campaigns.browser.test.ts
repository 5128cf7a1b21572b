/** What the campaigns' screens promise, in a real Chromium against a scripted server. */
import { readFile } from "node:fs/promises";
import type { Locator, Page } from "playwright-core";
import { expect, test } from "vitest";
import type { WithdrawnContact } from "../../server/campaigns/rest.ts";
import { complaintsOf } from "../support/chromium.ts";
import { sampleWithdrawn } from "../support/console-campaign-samples.ts";
import { axeFindings, isFocused } from "../support/looking.ts";
import { consoleScenes } from "../support/scenes.ts";

const stage = consoleScenes();

const campaign = (page: Page, name = "Подтверждение заказов"): Locator =>
  page.getByRole("region", { name });
const csv = (text: string) => ({
  name: "people.csv",
  mimeType: "text/csv",
  buffer: Buffer.from(text),
});

test("a campaign is live: what stands where, operators, pace in words, abandoned calls by the rule and in truth", async () => {
  const { double, page } = await stage.scene({ place: "#campaigns" });
  const complaints = complaintsOf(page);
  const running = campaign(page);
  await running.getByText("Линий больше, чем свободных: отвечают 35").waitFor();
  await running.getByText("свободно 1").waitFor();
  const row = running.getByRole("row", { name: /30 дней/ });
  expect((await row.innerText()).replaceAll(/\s+/g, " ")).toContain("2,38 % 122 2,56 % 131 5 120");
  const talking = running.getByRole("definition").last();
  expect(await talking.innerText()).toBe("8");
  const before = double.campaigns.diallers.get("1")!;
  double.campaigns.diallers.set("1", {
    ...before,
    talking: 9,
    pace: {
      lines: 1,
      reason: "atCap",
      values: { share: 0.0312, most: 0.03, answered: 320, abandoned: 10 },
    },
  });
  double.campaigns.show();
  await running
    .getByText("без оператора осталось 3,12 % при пределе 3 %".replaceAll(" %", "\u00a0%"))
    .waitFor();
  expect(await talking.innerText()).toBe("9");
  expect(complaints).toEqual([]);
});

test("a campaign is paused at once; stopping says first what it does", async () => {
  const { double, page } = await stage.scene({ place: "#campaigns" });
  await page.getByRole("button", { name: "Пауза: Подтверждение заказов" }).click();
  await campaign(page).getByText("Пауза поставлена вручную").waitFor();
  // The button is gone; the keyboard stays with what can be done now.
  await isFocused(page.getByRole("button", { name: "Запустить: Подтверждение заказов" }));
  await page.getByRole("button", { name: "Завершить: Подтверждение заказов" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByText("Всё незаконченное отзывается: людям (251) больше не позвонят").waitFor();
  await page.keyboard.press("Escape");
  expect(double.campaigns.one("1")!.state).toBe("paused");
  await page.getByRole("button", { name: "Завершить: Подтверждение заказов" }).click();
  await dialog.getByRole("button", { name: "Завершить" }).click();
  await expect.poll(() => double.campaigns.one("1")!.state).toBe("ended");
  await campaign(page).waitFor({ state: "detached" });
  await page.getByText("Завершённые: 1").waitFor();
});

test("trunk trouble says what to do", async () => {
  const { double, page } = await stage.scene({ place: "#campaigns" });
  await campaign(page).waitFor();
  double.campaigns.change("1", { state: "paused", pausedBecause: "trunkTrouble" });
  await campaign(page).getByText("Проверьте, что линия провайдера зарегистрирована").waitFor();
});

test("a supervisor runs what an admin made: pauses, starts, stops; the rules are for looking", async () => {
  const { double, page } = await stage.scene({ role: "supervisor", place: "#campaigns" });
  await page.getByText("Настройки меняют администраторы").waitFor();
  await page.getByRole("button", { name: "Пауза: Подтверждение заказов" }).click();
  const start = page.getByRole("button", { name: "Запустить: Подтверждение заказов" });
  await start.waitFor();
  expect(double.campaigns.one("1")!.pausedBecause).toBe("byHand");
  await start.click();
  await page.getByRole("button", { name: "Пауза: Подтверждение заказов" }).waitFor();
  await page.getByRole("button", { name: /^Запустить: / }).click();
  await expect.poll(() => double.campaigns.one("2")!.state).toBe("running");
  await page.getByRole("button", { name: /^Завершить: (?!Подтверждение)/ }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Завершить" }).click();
  await expect.poll(() => double.campaigns.one("2")!.state).toBe("ended");
  expect(await page.getByRole("link", { name: "Новый обзвон" }).count()).toBe(0);
  await page.goto(`${double.url}/console#campaigns/1/settings`);
  const name = page.getByLabel("Название обзвона");
  expect(await name.evaluate((input: HTMLInputElement) => input.readOnly)).toBe(true);
  expect(await page.getByRole("button", { name: "Сохранить" }).count()).toBe(0);
  await page.goto(`${double.url}/console#campaigns/1/people/cc-8`);
  await page.getByRole("button", { name: "Не ответили" }).click();
  await expect.poll(() => double.campaigns.settled).toEqual([{ id: "cc-8", outcome: "noAnswer" }]);
  await page.goto(`${double.url}/console#campaigns/trunks`);
  await page.getByRole("heading", { name: "Линии наружу" }).waitFor();
  await page.getByRole("article", { name: "provider" }).waitFor();
  expect(await page.getByRole("button", { name: /Добавить|Изменить|Удалить/ }).count()).toBe(0);
  // Somebody asks not to be called: that cannot wait for an admin. Taking off the list can.
  await page.goto(`${double.url}/console#campaigns/do-not-call`);
  await page.getByLabel("Телефон").fill("+79990000001");
  await page.getByRole("button", { name: "Добавить", exact: true }).click();
  await page.getByText("+79990000001", { exact: true }).waitFor();
  expect(await page.getByRole("button", { name: /^Убрать/ }).count()).toBe(0);
});

test("a new campaign begins from a template, says what is missing at its place, and is created", async () => {
  const { double, page } = await stage.scene({ place: "#campaigns" });
  await page.getByRole("link", { name: "Новый обзвон" }).click();
  await page.getByRole("button", { name: "Начать с этого: Подтверждение заказов" }).click();
  const lines = page.getByRole("region", { name: "Через что" });
  await lines.getByText("Здесь чего-то не хватает.").first().waitFor();
  await page.getByText(/Нужно исправить: \d/).waitFor();
  await lines.getByLabel("АТС").selectOption("office");
  await lines.getByLabel("Очередь").selectOption("Продажи");
  await lines.getByLabel("Линии: добавить").selectOption("provider");
  await lines.getByLabel("Показываемый номер").fill("12 часов");
  await lines.getByText("«12 часов» — не номер").waitFor();
  await lines.getByLabel("Показываемый номер").fill("+74951234567");
  await lines.getByText("— не номер").waitFor({ state: "detached" });
  await page.getByLabel("Секунд звонка").fill("5");
  await page
    .getByRole("region", { name: "Как", exact: true })
    .getByText("5 здесь нельзя: от 15 до 120.")
    .waitFor();
  await page.getByLabel("Секунд звонка").fill("30");
  await page.getByLabel("Сценарий").fill("Здравствуйте, {client}!");
  await page.getByText("{client} карточка подставить не может; она знает {customer}").waitFor();
  await page.getByLabel("Сценарий").fill("Здравствуйте, {customer}!");
  await page.getByText("Новый обзвон; никому не позвонят").waitFor();
  await page.getByRole("button", { name: "Создать" }).click();
  await campaign(page)
    .getByRole("button", { name: /Запустить/ })
    .waitFor();
  expect(double.campaigns.one("9")!).toMatchObject({
    state: "draft",
    settings: {
      ...{ pbx: "office", queue: "Продажи", trunks: ["provider"], ringSeconds: 30 },
      callerId: { number: "+74951234567" },
      script: "Здравствуйте, {customer}!",
    },
  });
});

test("settings are sentences: retries, hours, holidays, exclusions and ends come out as they were typed", async () => {
  const { double, page } = await stage.scene({ place: "#campaigns/1/settings" });
  const complaints = complaintsOf(page);
  await page.getByLabel("Повод для звонка").selectOption({ label: "заказ сменил этап" });
  await page.getByLabel("Этапы для звонка: добавить").selectOption({ label: "Новый" });
  await page.getByRole("checkbox", { name: "У кого открыта претензия" }).check();
  await page.getByLabel("Часов с последнего разговора").fill("6");
  await page.getByLabel("Занято: шаг 1", { exact: true }).fill("10");
  await page.getByRole("button", { name: "Убрать: Занято: шаг 3" }).click();
  await page.getByLabel("Занято: шаг", { exact: true }).selectOption("half");
  await page.getByLabel("С понедельника по пятницу: с").fill("10:30");
  await page.getByRole("checkbox", { name: "Воскресенье" }).uncheck();
  await page.getByRole("button", { name: "Убрать: 4 нояб." }).click();
  await page.getByLabel("Цель, процентов").fill("2.5");
  await page.getByRole("button", { name: "Добавить исход" }).click();
  const fresh = page.getByRole("group", { name: "result-7" });
  await fresh.getByLabel("Код").fill("later");
  for (const [language, label] of [
    ["По-русски", "Позже"],
    ["По-украински", "Пізніше"],
    ["По-английски", "Later"],
  ] as const)
    await page
      .getByRole("group")
      .filter({ has: page.locator("input").and(page.getByLabel("Код")) })
      .last()
      .getByLabel(language)
      .fill(label);
  await page
    .getByRole("group", { name: "Позже" })
    .getByLabel("Что дальше")
    .selectOption("callBack");
  await page.getByRole("button", { name: "Сохранить" }).click();
  await page.getByText("Сохранено.").waitFor();
  const { settings } = double.campaigns.one("1")!;
  expect(settings.trigger).toEqual({ type: "orderStage", stages: ["new"], sources: [] });
  expect(settings.exclude).toEqual({
    talkedWithinHours: 6,
    openClaim: true,
    withoutConsent: false,
  });
  expect(settings.retries.busy).toEqual([
    { afterMinutes: 10 },
    { afterMinutes: 15 },
    "otherHalfOfNextDay",
  ]);
  expect(settings.hours.weekdays).toEqual({ from: "10:30", to: "22:00" });
  expect(settings.hours.sunday).toBeNull();
  expect(settings.hours.holidays).not.toContain("11-04");
  expect(settings.abandonment.targetShare).toBe(0.025);
  expect(settings.dispositions.at(-1)).toEqual({
    code: "later",
    labels: { ru: "Позже", uk: "Пізніше", en: "Later" },
    effect: "callBack",
  });
  expect(complaints).toEqual([]);
});

test("where people may be called this minute is shown while hours are typed", async () => {
  const { page } = await stage.scene({ place: "#campaigns/1/settings" });
  const now = page.getByRole("group", { name: "Прямо сейчас" });
  await now.getByText(/^Владивосток, \d\d:\d\d$/).waitFor();
  for (const day of ["С понедельника по пятницу", "Суббота", "Воскресенье", "Праздники"]) {
    await page.getByLabel(`${day}: с`, { exact: true }).fill("00:00");
    await page.getByLabel(`${day}: до`, { exact: true }).fill("24:00");
  }
  await expect.poll(() => now.getByText(/можно до/).count()).toBe(12);
  for (const day of ["С понедельника по пятницу", "Суббота", "Воскресенье", "Праздники"])
    await page.getByRole("checkbox", { name: day }).uncheck();
  await expect.poll(() => now.getByText("никогда").count()).toBe(12);
  await page.getByText("Нет ни одного дня, когда можно звонить.").waitFor();
});

test("another admin's settings are not overwritten, a pause meanwhile hinders nobody", async () => {
  const { double, page } = await stage.scene({ place: "#campaigns/1/settings" });
  await page.getByLabel("Секунд звонка").fill("40");
  double.campaigns.change("1", { state: "paused", pausedBecause: "byHand" });
  await page.getByRole("button", { name: "Сохранить" }).click();
  await expect.poll(() => double.campaigns.one("1")!.settings.ringSeconds).toBe(40);
  await page.getByText("Сохранено.").waitFor();

  await page.getByLabel("Секунд звонка").fill("45");
  double.campaigns.change("1", { settings: { name: "Чужое имя" } });
  await page.getByText("Тем временем эти настройки изменил кто-то другой.").waitFor();
  expect(await page.getByLabel("Секунд звонка").inputValue()).toBe("45");
  await page.getByRole("button", { name: "Оставить мои" }).click();
  await page.getByRole("button", { name: "Сохранить" }).click();
  await expect.poll(() => double.campaigns.one("1")!.settings.ringSeconds).toBe(45);

  await page.getByText("Сохранено.").waitFor();
  double.campaigns.change("1", { settings: { ringSeconds: 20 } });
  await expect.poll(() => page.getByLabel("Секунд звонка").inputValue()).toBe("20");
});

test("what was typed is there after a look at another page, and can be given up", async () => {
  const { page } = await stage.scene({ place: "#campaigns/1/settings" });
  await page.getByLabel("Секунд звонка").fill("40");
  await page.getByRole("link", { name: "Люди" }).click();
  await page.getByRole("region", { name: "Позже" }).waitFor();
  await page.getByRole("link", { name: "Настройки" }).click();
  expect(await page.getByLabel("Секунд звонка").inputValue()).toBe("40");
  await page.getByRole("button", { name: "Отменить правку" }).click();
  await expect.poll(() => page.getByLabel("Секунд звонка").inputValue()).toBe("25");
});

test("who is next, who later and who never, and why; anybody is found", async () => {
  const { page } = await stage.scene({ place: "#campaigns/1/people" });
  const later = page.getByRole("region", { name: "Позже" });
  const elena = later.getByRole("listitem").filter({ hasText: "Елена Орлова" });
  await elena.getByText("Там сейчас слишком рано или поздно").waitFor();
  await elena.getByText("там 09:00 (Владивосток, адрес доставки)").waitFor();
  const never = page.getByRole("region", { name: "Не позвоним" });
  await never.getByText("В списке «не звонить»").waitFor();
  const anna = never.getByRole("listitem").filter({ hasText: "Анна Ли" });
  await anna.getByText("Позвонили нам сами").waitFor();
  await anna.getByText(/^отозвано /).waitFor();
  await page.getByRole("searchbox").fill("108");
  const found = page.getByRole("search").getByRole("listitem");
  await found.filter({ hasText: "Ольга Петрова" }).waitFor();
  expect(await found.count()).toBe(1);
  await page.getByRole("searchbox").fill("никто");
  await page.getByText("В этом обзвоне таких нет.").waitFor();
});

test("who was withdrawn is listed page by page, and what is withdrawn meanwhile comes on top", async () => {
  const [one] = sampleWithdrawn();
  const person = (n: number): WithdrawnContact => ({
    ...{ ...one!, contactId: `gone-${n}`, attemptId: `cc-gone-${n}`, name: `Отозван ${n}` },
  });
  const { double, page } = await stage.scene({
    place: "#campaigns/1/people",
    before: ({ campaigns }) => {
      campaigns.withdrawn = Array.from({ length: 70 }, (_, n) => person(n));
    },
  });
  const never = page.getByRole("region", { name: "Не позвоним" });
  const shown = () => never.getByRole("listitem").count();
  // One is planned still, and thirty to a page.
  await expect.poll(shown).toBe(31);
  await never.getByRole("button", { name: "Показать ещё" }).click();
  await expect.poll(shown).toBe(61);
  double.campaigns.withdrawn.unshift({ ...person(99), because: "orderPaid" });
  const fresh = never.getByRole("listitem").filter({ hasText: "Отозван 99" });
  await fresh.getByText("Заказ оплачен").waitFor({ timeout: 8000 });
  expect(await shown()).toBe(62);
  await never.getByRole("button", { name: "Показать ещё" }).click();
  await expect.poll(shown).toBe(72);
  expect(await never.getByRole("button", { name: "Показать ещё" }).count()).toBe(0);
  expect(new Set(await never.getByRole("listitem").allInnerTexts()).size).toBe(72);
});

test("an attempt's story is told in words, and an unknown one is settled by a person", async () => {
  const { double, page } = await stage.scene({ place: "#campaigns/1/people" });
  const waiting = page.getByRole("region", { name: "Решать вам" });
  await waiting.getByRole("link", { name: /Неизвестно, чем кончилась/ }).click();
  const steps = page.getByRole("region", { name: "Что было" });
  await steps.getByText("АТС попросили набрать").waitFor();
  await steps.getByText("линия provider").waitFor();
  await steps.getByText("повод: пришёл новый заказ").waitFor();
  await steps.getByText("у АТС нет записи об этом звонке").waitFor();
  await page.getByRole("button", { name: "Не ответили" }).click();
  await page.getByRole("region", { name: "Попытка" }).getByText("Не ответили").waitFor();
  expect(double.campaigns.settled).toEqual([{ id: "cc-8", outcome: "noAnswer" }]);
  expect(await page.getByRole("button", { name: "Позвонить снова" }).count()).toBe(0);
  await page.getByRole("link", { name: "← Люди" }).click();
  await waiting.waitFor({ state: "detached" });
});

test("a list is uploaded as it is, and refused lines are told with their reasons", async () => {
  const { double, page } = await stage.scene({ place: "#campaigns/1/people" });
  const text = "phone,name\n+79130000001,Мария\n12,Пётр\n";
  await page.getByLabel("Файл (CSV)").setInputFiles(csv(text));
  await page.getByText("people.csv: добавлено 2, уже были 1, не приняты 1.").waitFor();
  await page.getByRole("row", { name: /3 phone это не номер телефона/ }).waitFor();
  expect(double.campaigns.uploads).toEqual([text]);
  double.campaigns.uploadAnswer = [
    422,
    {
      error: { code: "unreadableFile", message: "Line 1 is not UTF-8" },
      problems: [
        { path: "", code: "fileNotUtf8", message: "Line 1 is not UTF-8", values: { line: 1 } },
      ],
    },
  ];
  await page.getByLabel("Файл (CSV)").setInputFiles(csv("тел"));
  await page.getByText("people.csv не принят: строка 1 не в UTF-8").waitFor();
});

test("the do-not-call list is searched, added to, taken from, put back and kept as a file", async () => {
  const { double, page } = await stage.scene({ place: "#campaigns/do-not-call" });
  await page.getByLabel("Телефон").fill("завтра");
  await page.getByRole("button", { name: "Добавить", exact: true }).click();
  await page.getByText("завтра: это не номер телефона").waitFor();
  await page.getByLabel("Телефон").fill("+79990000001");
  await page.getByLabel("Причина").fill("По письму");
  await page.keyboard.press("Enter");
  await page.getByText("+79990000001", { exact: true }).waitFor();
  expect(double.campaigns.doNotCall[0]).toMatchObject({ reason: "По письму" });
  await page.getByLabel("Найти номер").fill("9990");
  await expect.poll(() => page.getByRole("listitem").count()).toBe(1);
  await page.getByRole("button", { name: "Убрать: +79990000001" }).click();
  await expect.poll(() => double.campaigns.doNotCall.length).toBe(2);
  await page.getByRole("button", { name: "Вернуть" }).click();
  await page.getByRole("button", { name: "Убрать: +79990000001" }).waitFor();
  const [file] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("button", { name: "Скачать (CSV)" }).click(),
  ]);
  expect(file.suggestedFilename()).toBe("do-not-call.csv");
  expect(await readFile(await file.path(), "utf8")).toBe(
    "\ufeffphone,reason\n+79990000001,По письму\n+79130000007,Попросил не звонить\n+79130000010,\n",
  );
});

test("trunks are added, changed and removed; one that a campaign names stays", async () => {
  const { double, page } = await stage.scene({ place: "#campaigns/trunks" });
  await page.getByRole("button", { name: "Изменить: spare" }).click();
  await page.getByLabel("Звонков сразу, не больше").fill("12");
  await page.getByRole("checkbox", { name: "Через неё можно звонить" }).check();
  await page.getByRole("button", { name: "Сохранить" }).click();
  await page.getByText("Сразу 12 звонков").waitFor();
  expect(double.campaigns.trunks.find(({ name }) => name === "spare")).toMatchObject({
    ...{ pbx: "office", lines: 12, enabled: true, dial: "PJSIP/{number}@spare" },
  });
  await page.getByRole("button", { name: "Добавить линию" }).click();
  await page.getByLabel("Название").fill("gsm");
  await page.getByLabel("Что набирает Asterisk").fill("Dongle/gsm/");
  await page.getByRole("button", { name: "Сохранить" }).click();
  // The browser itself says that the number is missing.
  expect(double.campaigns.trunks).toHaveLength(2);
  await page.getByLabel("Что набирает Asterisk").fill("Dongle/gsm/{number}");
  await page.getByRole("button", { name: "Сохранить" }).click();
  await page.getByRole("article", { name: "gsm" }).waitFor();
  await page.getByRole("button", { name: "Удалить: provider" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Удалить" }).click();
  await page.getByText("a campaign names provider").waitFor();
  await page.getByRole("button", { name: "Удалить: gsm" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Удалить" }).click();
  await page.getByRole("article", { name: "gsm" }).waitFor({ state: "detached" });
});

test("the ledger is kept as a file", async () => {
  const { page } = await stage.scene({ place: "#campaigns/1" });
  const [file] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("button", { name: /Скачать журнал/ }).click(),
  ]);
  expect(file.suggestedFilename()).toBe("ledger-1.csv");
});

test("nobody looks at campaigns on the server while another place is open", async () => {
  const { double, page } = await stage.scene({ place: "#queues" });
  await page.getByRole("region", { name: "Продажи" }).waitFor();
  expect(double.campaigns.lookers.size).toBe(0);
  await page.getByRole("link", { name: "Обзвоны" }).click();
  await campaign(page).waitFor();
  expect(double.campaigns.lookers.size).toBe(1);
  await page.getByRole("link", { name: "Очереди" }).click();
  await expect.poll(() => double.campaigns.lookers.size).toBe(0);
});

test("without a mouse: from the list to a campaign's people and to an attempt, the keyboard goes on at the new heading", async () => {
  const { page } = await stage.scene({ place: "#campaigns" });
  await page.getByRole("link", { name: "Подтверждение заказов" }).focus();
  await page.keyboard.press("Enter");
  await isFocused(page.getByRole("heading", { name: "Подтверждение заказов", level: 1 }));
  await page.getByRole("link", { name: "Люди" }).focus();
  await page.keyboard.press("Enter");
  await page.getByRole("link", { name: "Мария Кузнецова" }).focus();
  await page.keyboard.press("Enter");
  await page.getByRole("region", { name: "Что было" }).waitFor();
  await isFocused(page.getByRole("heading", { name: "Подтверждение заказов", level: 1 }));
});

test.each([
  ["uk-UA", "Обдзвони", "Підтвердження замовлень"],
  ["en-GB", "Campaigns", "Order confirmation"],
])("speaks %s", async (locale, place, template) => {
  const { page } = await stage.scene({ locale, place: "#campaigns/new" });
  await page.getByRole("link", { name: place }).first().waitFor();
  await page.getByRole("heading", { name: template }).waitFor();
});

const places = [
  ...[
    "#campaigns",
    "#campaigns/1",
    "#campaigns/new",
    "#campaigns/1/settings",
    "#campaigns/1/people",
  ],
  ...["#campaigns/1/people/cc-8", "#campaigns/do-not-call", "#campaigns/trunks"],
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
  },
);
