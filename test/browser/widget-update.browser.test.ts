/** The server is updated, or goes away for another process, under open screens. */
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import * as sample from "../support/desk-samples.ts";
import { DeskStage } from "../support/desk-stage.ts";
import { isFocused } from "../support/looking.ts";
import { isMarked, mark, newScreens } from "../support/new-screens.ts";

let stage: DeskStage;
beforeAll(async () => {
  stage = await DeskStage.open();
});
afterEach(() => stage.clear());
afterAll(() => stage.close());

const now = (): number => Date.now();
const LINE = "Готова новая версия. Она загрузится сама, когда вы освободитесь.";
const HOST_LINE = "Готова новая версия. Она загрузится вместе со страницей.";

test("an idle page loads the new screens by itself, once", async () => {
  const { double, tab } = await stage.scene();
  const page = await tab();
  await page.getByText("Вы на линии").waitFor();
  await mark(page);
  double.update(await newScreens(stage.folder));
  await expect.poll(() => isMarked(page), { timeout: 15_000 }).toBe(false);
  await page.getByText("Вы на линии").waitFor();
  expect(await page.getByText(LINE).count()).toBe(0);
  await mark(page);
  // Told of a version that its server does not give: it is not loaded again and again.
  double.update("of-another-process");
  await page.getByText(LINE).waitFor();
  await expect.poll(() => isMarked(page), { timeout: 15_000 }).toBe(false);
  await page.getByText(LINE).waitFor();
  await mark(page);
  double.update("of-another-process");
  await page.waitForTimeout(11_500);
  expect(await isMarked(page)).toBe(true);
}, 60_000);

test("in a talk, and while a wrap-up is typed, it only says so; what was typed is there after it was loaded by hand", async () => {
  const { double, tab } = await stage.scene();
  const page = await tab();
  await page.getByText("Вы на линии").waitFor();
  const call = sample.talking(sample.sampleCall(now()), now(), 0);
  double.call(call);
  await page.getByRole("textbox", { name: "Комментарий" }).fill("Просила перезвонить");
  await mark(page);
  double.update(await newScreens(stage.folder));
  await page.getByText(LINE).waitFor();
  double.call(sample.ended(call, now()));
  await page.waitForTimeout(12_500);
  expect(await isMarked(page)).toBe(true);
  await page.getByRole("button", { name: "Загрузить сейчас" }).click();
  await expect.poll(() => isMarked(page)).toBe(false);
  await expect
    .poll(() => page.getByRole("textbox", { name: "Комментарий" }).inputValue())
    .toBe("Просила перезвонить");
  expect(await page.getByText(LINE).count()).toBe(0);
}, 60_000);

test("a page of another product is not loaded anew: it is told that it may be", async () => {
  const { double, context } = await stage.scene({ session: false });
  const host = await stage.host(
    `<!doctype html><html lang="ru"><head><meta charset="utf-8"><title>CRM</title>
     <script type="module" src="${double.url}/widget/callcard.js"></script></head>
     <body><callcard-desk token="${double.token}" style="height:700px"></callcard-desk></body></html>`,
  );
  const page = await context.newPage();
  await page.goto(`${host.url.replace("127.0.0.1", "localhost")}/host`);
  await page.getByText("Вы на линии").waitFor();
  await mark(page);
  double.update("of-tomorrow");
  await page.getByText(HOST_LINE).waitFor();
  expect(await page.getByRole("button", { name: "Загрузить сейчас" }).count()).toBe(0);
  await page.waitForTimeout(11_500);
  expect(await isMarked(page)).toBe(true);
}, 30_000);

test("a process that goes tells its screens: each connects anew within two seconds and says nothing of it", async () => {
  const { double, tab } = await stage.scene();
  const page = await tab();
  await page.getByText("Вы на линии").waitFor();
  const offlineSeen = page.getByText(/Нет связи/).waitFor({ timeout: 4000 });
  offlineSeen.catch(() => undefined);
  const handshakes: string[] = [];
  page.on("websocket", (socket) => handshakes.push(socket.url()));
  double.leave();
  await expect.poll(() => handshakes.length, { timeout: 3000 }).toBe(1);
  // It rings while it connects: the card is there with the state that it gets.
  double.call(sample.sampleCall(now()));
  await page.getByRole("heading", { name: "Мария Кузнецова" }).waitFor();
  await expect(offlineSeen).rejects.toThrow();
}, 20_000);

test("a painted pop that the process did not live to write is told to the next one, with how long ago it was", async () => {
  const { double, tab } = await stage.scene();
  const page = await tab();
  await page.getByText("Вы на линии").waitFor();
  double.writesPops = false;
  const call = sample.sampleCall(now());
  double.call(call);
  await expect.poll(() => double.requests("popPainted").length).toBe(1);
  double.call(sample.talking(call, now(), 0));
  double.die();
  await expect.poll(() => double.requests("popPainted").length).toBeGreaterThan(1);
  const { callId, ringId } = call;
  expect(double.requests("popPainted").at(-1)).toEqual({
    ...{ callId, ringId, visible: true },
    receivedToPaintedMs: expect.any(Number) as number,
    agoMs: expect.any(Number) as number,
  });
  double.writesPops = true;
  double.die();
  await page.waitForTimeout(2000);
  const told = double.requests("popPainted").length;
  double.die();
  await page.waitForTimeout(2000);
  expect(double.requests("popPainted").length).toBe(told);
}, 30_000);

test("after it was loaded by itself the keyboard and the panes are where they were", async () => {
  const { double, tab } = await stage.scene();
  const page = await tab();
  await page.getByText("Вы на линии").waitFor();
  // So low that the panes have to be scrolled.
  await page.setViewportSize({ width: 1000, height: 320 });
  const button = page.getByRole("button", { name: "Настройки" });
  await button.focus();
  const pane = page.locator("callcard-desk .pane");
  await pane.evaluate((one) => (one.scrollTop = 60));
  const top = await pane.evaluate((one) => one.scrollTop);
  expect(top).toBeGreaterThan(0);
  await mark(page);
  double.update(await newScreens(stage.folder));
  await expect.poll(() => isMarked(page), { timeout: 15_000 }).toBe(false);
  await page.getByText("Вы на линии").waitFor();
  await isFocused(button);
  await expect.poll(() => pane.evaluate((one) => one.scrollTop)).toBe(top);
}, 60_000);

test("on the way to another process it rings on, once, and takes neither the field nor the place on the screen away", async () => {
  const { context, double, tab } = await stage.scene();
  await context.addInitScript(() => {
    const heard = Object.assign(window, { tones: [] as number[] }).tones;
    window.AudioContext = class extends AudioContext {
      override createOscillator(): OscillatorNode {
        heard.push(performance.now());
        return super.createOscillator();
      }
    };
  });
  const page = await tab();
  await page.getByText("Вы на линии").waitFor();
  await page.setViewportSize({ width: 1280, height: 480 });
  await page.mouse.click(5, 5);
  const heard = () => page.evaluate(() => (window as unknown as { tones: number[] }).tones);
  const first = sample.talking(sample.sampleCall(now()), now(), 60_000);
  double.call(first);
  const note = page.getByRole("textbox", { name: "Комментарий" });
  await note.fill("Перезвонить");
  const pane = page.locator("callcard-desk .pane");
  await pane.evaluate((one) => (one.scrollTop = 120));
  const top = await pane.evaluate((one) => one.scrollTop);
  expect(top).toBeGreaterThan(0);
  const second = sample.sampleCall(now(), {
    callId: "second",
    ringId: "second",
    queue: "Поддержка",
  });
  double.call(second);
  await expect.poll(async () => (await heard()).length).toBeGreaterThan(0);
  for (const go of [() => double.leave(), () => double.die()]) {
    const handshake = page.waitForEvent("websocket");
    go();
    await handshake;
    await expect.poll(() => double.screens).toBe(1);
    await page.waitForTimeout(600);
    await isFocused(note);
    expect(await note.inputValue()).toBe("Перезвонить");
    expect(await pane.evaluate((one) => one.scrollTop)).toBe(top);
  }
  const tones = await heard();
  // Beside a talk a bell is two strokes of two tones, given to the sound card at one moment; the next is due 2.6 seconds later.
  const bells = tones.filter((at, index) => index === 0 || at - tones[index - 1]! > 1000).length;
  expect(tones).toHaveLength(bells * 4);
  await expect.poll(async () => (await heard()).length).toBeGreaterThan(bells * 4);
  double.call({ ...second, state: "ended", endedAtMs: now() });
  await page.waitForTimeout(500);
  const quiet = await heard();
  await page.waitForTimeout(3500);
  expect(await heard()).toEqual(quiet);
}, 60_000);
