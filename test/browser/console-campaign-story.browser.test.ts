/**
 * A campaign on the whole server, from the trunk to its end: real PostgreSQL, a simulated PBX whose people answer, are busy or do not, a real
 * Chromium. Clicks and keys only; orders come by REST as a shop sends them.
 */
import type { Locator, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import type { PhoneReaction } from "../../server/demo/pbx/phones.ts";
import { complaintsOf } from "../support/chromium.ts";
import { ConsoleServer } from "../support/console-server.ts";
import { axeFindings, shot } from "../support/looking.ts";
import { type Screen, openScreen, seatOperators } from "../support/operators.ts";

const PETR = { id: "c0", name: "Пётр Иванов", phone: "+79130000002" };
const ELENA = { id: "c1", name: "Елена Орлова", phone: "+79130000003" };
const IGOR = { id: "c2", name: "Игорь Сафин", phone: "+79130000004" };
const ANNA = { id: "c3", name: "Анна Ким", phone: "+79130000005" };
const MARIA = { id: "c4", name: "Мария Кузнецова", phone: "+79130000001" };
const NAME = "Подтверждение заказов";

const PEOPLE: Readonly<Record<string, PhoneReaction>> = {
  [PETR.phone]: { do: "answer", afterMs: 1500 },
  [ELENA.phone]: { do: "busy" },
  [IGOR.phone]: { do: "reject", afterMs: 800 },
};

let server: ConsoleServer;
let screens: readonly Screen[] = [];
beforeAll(async () => {
  server = await ConsoleServer.open({
    queues: [
      { name: "sales", members: [{ interface: "PJSIP/101", paused: true }] },
      { name: "outbound", members: [{ interface: "PJSIP/103" }, { interface: "PJSIP/104" }] },
    ],
    phones: { do: "answer", afterMs: 200, talkMs: 25_000 },
    outside: ({ extension }) => PEOPLE[extension] ?? { do: "ignore" },
  });
  const operators = await seatOperators(server.database, "office", ["103", "104"]);
  screens = operators.map((one) =>
    openScreen(server.callcard.url, one, { wrapUp: () => "confirmed" }),
  );
  // The server was there before them: each says which phone is theirs.
  for (const [at, { socket }] of screens.entries()) {
    const device = { pbx: "office", extension: ["103", "104"][at]!, takeOver: true };
    expect(await socket.timeout(10_000).emitWithAck("chooseDevice", device)).toMatchObject({
      ok: true,
    });
  }
});
afterAll(async () => {
  for (const screen of screens) screen.close();
  await server?.close();
});

/** The shop's own program: a new order of somebody. */
async function order(page: Page, who: typeof PETR, number: string): Promise<void> {
  const answer = await page.request.post(`${server.callcard.url}/api/v1/orders`, {
    headers: { "X-Callcard": "1" },
    data: {
      ...{ source: "shop", sourceId: number, customerSourceId: who.id, number, stage: "new" },
      ...{ total: "4590", currency: "RUB", placedAt: new Date().toISOString() },
      lines: [{ name: "Беговел мятный", quantity: 1, price: "4590" }],
    },
  });
  expect(await answer.json()).toMatchObject({ refused: 0 });
}

/** A number of the campaign's live figures. */
const figure = (campaign: Locator, name: string): Promise<string> =>
  campaign.locator(`.flow .${name} dd`).innerText();

test("an admin makes a trunk and a campaign, starts it, watches it, and ends it", async () => {
  const page = await server.screen("admin", { width: 1280 });
  const complaints = complaintsOf(page);
  const expectAccessible = async (): Promise<void> => {
    for (const colorScheme of ["dark", "light"] as const) {
      await page.emulateMedia({ colorScheme });
      expect(await axeFindings(page)).toEqual([]);
    }
  };
  const campaign = page.getByRole("region", { name: NAME });
  await page.getByRole("link", { name: "Обзвоны" }).first().click();
  await page.getByText("Обзвонов пока нет").waitFor();
  await shot(page, "campaign-1-empty");

  await page.getByRole("link", { name: "Линии наружу" }).click();
  await page.getByRole("button", { name: "Добавить линию" }).click();
  await page.getByLabel("Название").fill("provider");
  await page.getByLabel("Что набирает Asterisk").fill("PJSIP/{number}@trunk");
  await shot(page, "campaign-2-trunk");
  await page.getByRole("button", { name: "Сохранить" }).click();
  await page.getByRole("article", { name: "provider" }).waitFor();
  await expectAccessible();

  await page.getByRole("link", { name: "Обзвоны" }).last().click();
  await page.getByRole("link", { name: "Новый обзвон" }).click();
  await page.getByRole("button", { name: `Начать с этого: ${NAME}` }).click();
  await page.getByText(/Нужно исправить: \d/).waitFor();
  const lines = page.getByRole("region", { name: "Через что" });
  await lines.getByText("Здесь чего-то не хватает.").first().waitFor();
  await shot(page, "campaign-3-missing");
  await lines.getByLabel("АТС").selectOption("office");
  await lines.getByLabel("Очередь").selectOption("outbound");
  await lines.getByLabel("Линии: добавить").selectOption("provider");
  await lines.getByLabel("Показываемый номер").fill("+74951234567");
  // Whatever the hour of the test is where these people live.
  for (const day of ["С понедельника по пятницу", "Суббота", "Воскресенье", "Праздники"]) {
    const called = page.getByRole("checkbox", { name: day });
    if (!(await called.isChecked())) await called.check();
    await page.getByLabel(`${day}: с`, { exact: true }).fill("00:00");
    await page.getByLabel(`${day}: до`, { exact: true }).fill("24:00");
  }
  // The check doubts such hours, and refuses nothing any more.
  await page
    .getByText(/Люди не любят звонков раньше/)
    .first()
    .waitFor();
  await page.getByText(/Нужно исправить/).waitFor({ state: "detached" });
  await expectAccessible();
  await shot(page, "campaign-4-ready");
  await page.getByRole("button", { name: "Создать" }).click();
  await campaign.getByRole("button", { name: /^Запустить/ }).click();
  await campaign.getByText("идёт", { exact: true }).waitFor();
  await campaign.getByText("свободно 2").waitFor();

  for (const [at, who] of [PETR, ELENA, IGOR].entries()) await order(page, who, `31-000${at}`);
  await expect.poll(() => figure(campaign, "talking"), { timeout: 30_000 }).toBe("1");
  await campaign.getByText(/Занято 1/).waitFor({ timeout: 30_000 });
  await campaign.getByText(/Сбросили 1/).waitFor();
  await shot(page, "campaign-5-live");
  await expectAccessible();

  // Whose talk goes on, step by step.
  await page.getByRole("link", { name: "Люди" }).click();
  await page.getByRole("searchbox").fill("Пётр");
  const found = page.getByRole("search").getByRole("listitem").filter({ hasText: PETR.name });
  await found.getByRole("link").first().click();
  const steps = page.getByRole("region", { name: "Что было" });
  for (const words of ["повод: пришёл новый заказ", "линия provider", "Телефон звонит"])
    await steps.getByText(words).waitFor();
  await steps.getByText("Говорит с оператором").waitFor();
  await steps.getByText("итог: поговорили").waitFor({ timeout: 40_000 });
  const whole = page.getByRole("region", { name: "Попытка" });
  await shot(page, "campaign-6-story");
  await whole.getByText("С этим человеком: закончено: заказ подтверждён").waitFor();
  expect(await steps.innerText()).not.toMatch(/\b(originate|answeredForMs|rang|true|false)\b/);
  await expectAccessible();

  await page.getByRole("link", { name: "Сейчас" }).click();
  await campaign.getByRole("button", { name: /^Пауза/ }).click();
  await campaign.getByText("Пауза поставлена вручную").waitFor();
  await order(page, ANNA, "31-0010");
  await order(page, MARIA, "31-0011");
  await page.getByRole("link", { name: "Люди" }).click();
  const person = (list: string, name: string): Locator =>
    page.getByRole("region", { name: list }).getByRole("listitem").filter({ hasText: name });
  for (const { name } of [ANNA, MARIA])
    await person("Позже", name).getByText("Обзвон не идёт").waitFor({ timeout: 15_000 });
  await person("Не позвоним", IGOR.name).getByText("Все попытки сделаны").waitFor();
  await shot(page, "campaign-7-people");

  await page.getByRole("link", { name: "Кому не звонить" }).click();
  await page.getByLabel("Телефон").fill("8 913 000-00-05");
  await page.getByLabel("Причина").fill("Просила не звонить");
  await page.getByRole("button", { name: "Добавить", exact: true }).click();
  await page.getByText(ANNA.phone, { exact: true }).waitFor();
  await shot(page, "campaign-8-do-not-call");
  await expectAccessible();
  await page.goBack();
  const gone = person("Не позвоним", ANNA.name);
  await gone.getByText("В списке «не звонить»").waitFor();
  await gone.getByText(/^отозвано/).waitFor();
  await person("Позже", MARIA.name).waitFor();
  expect(await person("Позже", ANNA.name).count()).toBe(0);
  await shot(page, "campaign-9-not-called");
  await expectAccessible();

  // A supervisor lets it go on with whoever may be called (nobody calls Anna), and ends it.
  const vera = await server.screen("vera");
  const theirs = vera.getByRole("region", { name: NAME });
  await vera.getByRole("link", { name: "Обзвоны" }).click();
  await theirs.getByRole("button", { name: /^Запустить/ }).click();
  await expect.poll(() => figure(theirs, "ringing"), { timeout: 20_000 }).toBe("1");
  // The dialplan waits a second before it dials; whose line is asked for rings only then.
  await vi.waitFor(() => expect(server.pbx.dialledForAttempts()).toHaveLength(4));
  await shot(vera, "campaign-10-supervisor");
  await theirs.getByRole("button", { name: /^Завершить/ }).click();
  const dialog = vera.getByRole("dialog");
  await dialog.getByText("Всё незаконченное отзывается").waitFor();
  await shot(vera, "campaign-11-stop");
  await dialog.getByRole("button", { name: "Завершить" }).click();
  await vera.getByText("Завершённые: 1").waitFor();
  await vera.context().close();
  await person("Не позвоним", MARIA.name).getByText("Обзвон завершён").waitFor({ timeout: 15_000 });
  await shot(page, "campaign-12-ended");
  // Whoever rang when it ended rings no more.
  await vi.waitFor(() => expect(server.pbx.live().channels).toBe(0));
  const called = server.pbx.dialledForAttempts().map(({ number }) => number.slice(-10));
  expect(called.toSorted()).toEqual(
    [MARIA, PETR, ELENA, IGOR].map(({ phone }) => phone.slice(2)).toSorted(),
  );
  expect(complaints).toEqual([]);
  await page.context().close();
});
