/** The server is updated, or goes away for another process, under an open console. */
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { ConsoleStage } from "../support/console-stage.ts";
import { isFocused } from "../support/looking.ts";
import { isMarked, mark, newScreens } from "../support/new-screens.ts";

let stage: ConsoleStage;
beforeAll(async () => {
  stage = await ConsoleStage.open();
});
afterEach(() => stage.clear());
afterAll(() => stage.close());

const LINE = "Готова новая версия. Она загрузится сама, когда вы освободитесь.";

test("an idle console loads the new screens by itself, at the same place, scrolled as it was, with the keyboard where it was", async () => {
  const { double, page } = await stage.scene({ width: 1000, height: 420 });
  const caller = page.getByRole("button", { name: "Почему Игорь Сафин" });
  await caller.focus();
  const pane = page.locator("main.pane");
  await expect.poll(() => pane.evaluate((one) => one.scrollTop)).toBeGreaterThan(0);
  const top = await pane.evaluate((one) => one.scrollTop);
  await mark(page);
  double.update(await newScreens(stage.folder));
  await expect.poll(() => isMarked(page), { timeout: 15_000 }).toBe(false);
  await isFocused(caller);
  await expect.poll(() => pane.evaluate((one) => one.scrollTop)).toBe(top);
  expect(await page.getByText(LINE).count()).toBe(0);
}, 60_000);

test("what is typed and kept nowhere holds the old screens, until the person wants the new ones", async () => {
  const { double, page } = await stage.scene({ place: "#campaigns/do-not-call" });
  const field = page.getByRole("main").getByRole("textbox").first();
  await field.fill("+7 913 000-00-01");
  await mark(page);
  double.update(await newScreens(stage.folder));
  await page.getByText(LINE).waitFor();
  await page.waitForTimeout(11_500);
  expect(await isMarked(page)).toBe(true);
  await page.getByRole("button", { name: "Загрузить сейчас" }).click();
  await expect.poll(() => isMarked(page)).toBe(false);
  await field.waitFor();
  expect(new URL(page.url()).hash).toBe("#campaigns/do-not-call");
}, 60_000);

test("a process that goes tells its consoles: each connects anew within two seconds, says nothing of it, and moves nothing", async () => {
  const { double, page } = await stage.scene();
  const caller = page.getByRole("button", { name: "Почему Мария Кузнецова" });
  await caller.focus();
  const offlineSeen = page.getByText(/Нет связи/).waitFor({ timeout: 4000 });
  offlineSeen.catch(() => undefined);
  const handshake = page.waitForEvent("websocket", { timeout: 3000 });
  double.leave();
  await handshake;
  await isFocused(caller);
  double.show({ queues: double.picture.queues.slice(1) });
  await caller.waitFor({ state: "detached" });
  await expect(offlineSeen).rejects.toThrow();
}, 20_000);
