/** The console against the whole server: real PostgreSQL, a simulated PBX with people who wait, a real Chromium. Clicks and keys only. */
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { complaintsOf } from "../support/chromium.ts";
import { ConsoleServer } from "../support/console-server.ts";
import { cuttingProxy } from "../support/cutting-proxy.ts";
import { shot } from "../support/looking.ts";

const PLAIN = [
  "Пётр Иванов",
  "Елена Орлова",
  "Игорь Сафин",
  "Анна Ким",
  "Мария Кузнецова",
] as const;
const [PETR, ELENA, IGOR, ANNA, MARIA] = PLAIN;

let server: ConsoleServer;
beforeAll(async () => {
  server = await ConsoleServer.open();
  for (const [at, name] of PLAIN.entries()) {
    server.call(name);
    await line(...PLAIN.slice(0, at + 1));
  }
});
afterAll(() => server?.close());

/** Asterisk comes to list them so. */
const line = (...names: readonly string[]) =>
  vi.waitFor(async () => expect(await server.line()).toEqual(names));

test("gold customers with a late order first, nobody else two minutes longer: from the first look to the way back", async () => {
  const page = await server.screen("admin", { width: 1280 });
  const complaints = complaintsOf(page);
  const dialog = page.getByRole("dialog");
  await page.getByRole("button", { name: "Почему Мария Кузнецова на месте 5" }).waitFor();
  await page.getByText("Правил пока нет: во всех очередях отвечают по порядку.").waitFor();
  await shot(page, "1-queues");

  await page.getByRole("link", { name: "Правила" }).click();
  await page
    .getByText(/Потери, золото: .* → /)
    .first()
    .waitFor();
  await shot(page, "2-start");
  await page.getByRole("button", { name: "Написать свои" }).click();
  await page.getByLabel("Название правила").fill("Золото с опозданием");
  await page.getByLabel("условие", { exact: true }).selectOption({ label: "Уровень" });
  await page.getByLabel("Уровень: добавить").selectOption({ label: "Золото" });
  await page.getByLabel("условие", { exact: true }).selectOption({ label: "Заказ опаздывает" });
  await page.getByLabel("Фора, секунды").fill("3600");
  await page.getByRole("checkbox", { name: /Никто не ждёт больше/ }).check();
  await expect
    .poll(() => page.getByRole("spinbutton", { name: /Никто не ждёт больше/ }).inputValue())
    .toBe("120");
  const preview = page.getByRole("region", { name: "Кто ждёт сейчас" });
  await preview.getByText("выше на 4").waitFor({ state: "attached" });
  await page.getByText("Сохранено.").waitFor();
  await shot(page, "3-rules");
  // A draft moves nobody.
  expect(await server.line()).toEqual(PLAIN);

  await page.getByRole("link", { name: "Что если" }).click();
  await page.getByRole("button", { name: "Проиграть" }).click();
  await page.getByRole("table").waitFor();
  expect(await page.getByRole("rowheader", { name: "Черновик" }).count()).toBeGreaterThan(2);
  await shot(page, "4-what-if");

  await page.getByRole("link", { name: "Версии" }).click();
  await page.getByRole("button", { name: "Опубликовать" }).click();
  await dialog.getByText("Новое правило «Золото с опозданием»").waitFor();
  await dialog.getByLabel("Заметка для коллег").fill("Опоздания вперёд");
  await shot(page, "5-publish");
  await dialog.getByRole("button", { name: "Опубликовать" }).click();
  await page.getByRole("heading", { name: "Версия 1" }).waitFor();
  await line(MARIA, PETR, ELENA, IGOR, ANNA);
  await page.getByRole("link", { name: /Очереди/ }).click();
  await page.getByRole("button", { name: "Почему Мария Кузнецова на месте 1" }).click();
  await page.getByText("Действует правило «Золото с опозданием».").waitFor();
  await shot(page, "6-queues");

  await page.getByRole("link", { name: "Версии" }).click();
  await page.getByRole("button", { name: /^Вернуть: По порядку/ }).click();
  await dialog.getByText("Правила «Золото с опозданием» больше нет.").waitFor();
  await shot(page, "7-roll-back");
  await dialog.getByRole("button", { name: "Вернуть" }).click();
  await page.getByRole("heading", { name: "Версия 2" }).waitFor();
  await page.getByText("возвращён обычный порядок").waitFor();
  await line(...PLAIN);
  await shot(page, "8-rolled-back");

  const { rows } = await server.database.pool.query<{ actor: string; action: string }>(
    "select actor, action, detail ->> 'version' as version from audit where action like 'policy.%' order by id",
  );
  expect(rows).toEqual([
    { actor: "admin", action: "policy.published", version: "1" },
    { actor: "admin", action: "policy.rolledBack", version: "2" },
  ]);
  expect(complaints).toEqual([]);
  await page.context().close();
});

test("a supervisor moves a caller, and gives them back to where the dialog said", async () => {
  const page = await server.screen("vera");
  const dialog = page.getByRole("dialog");
  await page.getByRole("button", { name: "Переставить: Анна Ким" }).click();
  await page.getByRole("button", { name: "В начало" }).click();
  await dialog.getByText("С места 4 на место 1").waitFor();
  await dialog.getByRole("button", { name: "Переставить" }).click();
  await line(ANNA, PETR, ELENA, IGOR, MARIA);
  await page.getByText("Вручную: vera").waitFor();
  // Whoever moved them has the keyboard where they left it, though the line was drawn anew.
  const menu = page.getByRole("button", { name: "Переставить: Анна Ким" });
  await expect.poll(() => menu.evaluate((one) => one.matches(":focus"))).toBe(true);
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: "Вернуть в общий порядок" }).click();
  await dialog.getByText("сейчас это место 4 в очереди sales").waitFor();
  await shot(page, "9-give-back");
  await dialog.getByRole("button", { name: "Вернуть" }).click();
  await line(...PLAIN);
  await page.getByRole("button", { name: "Почему Анна Ким на месте 4" }).waitFor();
  const { rows } = await server.database.pool.query(
    "select actor, detail ->> 'from' as from, detail ->> 'to' as to from audit where action = 'priority.moved' order by id",
  );
  expect(rows).toEqual([
    { actor: "vera", from: "4", to: "1" },
    { actor: "vera", from: "1", to: "0" },
  ]);
  await page.context().close();
});

test("a lost connection is said until it is back, and then the screen is of now", async () => {
  const proxy = await cuttingProxy(Number(new URL(server.callcard.url).port));
  try {
    const page = await server.screen("vera", { url: `http://127.0.0.1:${proxy.port}` });
    const bar = page.getByText(/Нет связи с сервером с \d/);
    await page.getByRole("button", { name: "Почему Мария Кузнецова на месте 5" }).waitFor();
    expect(await bar.count()).toBe(0);
    proxy.refuse(true);
    await bar.waitFor();
    await shot(page, "10-offline");
    // What was seen stays on the screen, and nothing can be done that would not arrive.
    await page.getByRole("button", { name: "Переставить: Анна Ким" }).click();
    await page.getByRole("button", { name: "В начало" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Переставить" }).click();
    await page.getByText("Сервер не ответил").first().waitFor();
    const second = server.call(IGOR);
    await line(...PLAIN, IGOR);
    proxy.refuse(false);
    await bar.waitFor({ state: "detached" });
    await page.getByRole("button", { name: "Почему Игорь Сафин на месте 6" }).waitFor();
    second.hangUp();
    await page
      .getByRole("button", { name: "Почему Игорь Сафин на месте 6" })
      .waitFor({ state: "detached" });
    expect(await server.line()).toEqual(PLAIN);
    await page.context().close();
  } finally {
    await proxy.close();
  }
});

test("a simulation can be cancelled on the screen, and another one begun at once", async () => {
  const page = await server.screen("admin");
  await page.getByRole("link", { name: "Что если" }).click();
  // Nothing holds and nothing is drafted: what could be begun with is compared.
  await page.getByRole("listitem").filter({ hasText: "Постоянные вперёд, мягко" }).waitFor();
  await page.getByLabel("Часов").fill("336");
  await page.getByRole("button", { name: "Проиграть" }).click();
  await page
    .getByText(/Готово \d+ %/)
    .first()
    .waitFor();
  await shot(page, "11-simulating");
  await page.getByRole("button", { name: "Прервать" }).click();
  await page.getByText("Прервано.").waitFor();
  expect(await page.getByRole("table").count()).toBe(0);
  await page.getByLabel("Часов").fill("1");
  await page.getByRole("button", { name: "Проиграть" }).click();
  await page.getByRole("table").waitFor();
  expect(await page.getByText("Прервано.").count()).toBe(0);
  await page.context().close();
});

test("what the console's pictures cost is on /metrics", async () => {
  const text = await (await fetch(new URL("/metrics", server.callcard.url))).text();
  const total = (name: string): number =>
    Number(new RegExp(`^${name} (\\d+)$`, "m").exec(text)?.[1] ?? Number.NaN);
  expect(total("callcard_console_pictures_composed_total")).toBeGreaterThan(0);
  expect(total("callcard_console_pictures_sent_total")).toBeGreaterThan(0);
});
