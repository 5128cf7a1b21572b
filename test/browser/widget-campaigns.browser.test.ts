/** What an operator's screen promises about calls that campaigns make, in a real Chromium against a scripted server. */
import type { Page } from "playwright-core";
import { describe, expect, test } from "vitest";
import { complaintsOf } from "../support/chromium.ts";
import * as sample from "../support/desk-samples.ts";
import { shot } from "../support/looking.ts";
import { deskScenes } from "../support/scenes.ts";

const stage = deskScenes();

const now = (): number => Date.now();
const heading = (page: Page, name: string): Promise<void> =>
  page.getByRole("heading", { level: 1, name, exact: true }).waitFor();
const card = (page: Page) => page.locator("callcard-card:not([hidden])");
const tooWide = (page: Page): Promise<number> =>
  page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);

describe("the card of a campaign's call", () => {
  test("says that we call, for which campaign, why and how often; its order is open, and first", async () => {
    const { double, tab } = await stage.scene();
    const page = await tab();
    const complaints = complaintsOf(page);
    await heading(page, "Вы на линии");
    double.call(sample.campaignCall(now()));
    await heading(page, "Мария Кузнецова");
    const top = card(page).locator(".campaign");
    for (const words of [
      "Исходящий звонок",
      "Подтверждение заказов",
      "Новый заказ, № 104512, попытка 2",
    ])
      await top.getByText(words).waitFor();
    const about = card(page).getByRole("region", { name: "О чём звонок" });
    for (const words of ["№ 104512", "Кофемашина Delonghi Magnifica S", "× 2", "2 000 ₽"])
      await about.getByText(words).waitFor();
    const others = card(page).getByRole("region", { name: "Заказы", exact: true });
    expect(await others.getByText("№ 104512").count()).toBe(0);
    await others.getByText("№ 103877").waitFor();
    await page
      .locator("[aria-live=assertive]", { hasText: "Исходящий звонок: Мария Кузнецова" })
      .waitFor({ state: "attached" });
    expect(complaints).toEqual([]);
  });

  test("names who promised to call back, and what a list said, as text", async () => {
    const { double, tab } = await stage.scene();
    const page = await tab();
    await heading(page, "Вы на линии");
    const campaign = sample.sampleCampaign({
      ...{ reason: "callbackPromised", promised: true, promisedBy: "Пётр Иванов" },
      ...{ orderIds: ["nowhere"], attempt: 1, data: { повод: "<img src=x onerror=alert(1)>" } },
    });
    double.call(sample.campaignCall(now(), { campaign }));
    const top = card(page).locator(".campaign");
    await top.getByText("Перезвонить обещал оператор Пётр Иванов").waitFor();
    await top.getByText("<img src=x onerror=alert(1)>").waitFor();
    expect(await top.getByText("попытка").count()).toBe(0);
    await card(page).getByText("Заказ, о котором звонок, загрузить не удалось.").waitFor();
  });

  test("has the script, which stays closed once it was closed, also after a reload", async () => {
    const { double, tab } = await stage.scene();
    const page = await tab();
    await heading(page, "Вы на линии");
    double.call(sample.talking(sample.campaignCall(now()), now(), 5000));
    const words = card(page).getByText("Удобно ли получить заказ завтра");
    await words.waitFor();
    const button = card(page).getByRole("button", { name: "Сценарий разговора" });
    await button.click();
    await words.waitFor({ state: "detached" });
    await page.reload();
    await heading(page, "Мария Кузнецова");
    expect(await button.getAttribute("aria-expanded")).toBe("false");
    await button.click();
    await words.waitFor();
  });

  test("tells earlier calls' outcomes in words though they are another campaign's", async () => {
    const { double, tab } = await stage.scene();
    const page = await tab();
    await heading(page, "Вы на линии");
    const [past] = sample.samplePastCalls(now());
    const dispositionLabels = { ru: "Просил позже", uk: "Просив пізніше", en: "Asked for later" };
    const calls = [{ ...past!, disposition: "campaign-3-later", dispositionLabels }];
    double.call(sample.campaignCall(now(), { card: sample.sampleCard(now(), { calls }) }));
    await card(page).getByText("Просил позже, Пётр Иванов").waitFor();
  });
});

describe("a preview", () => {
  test("shows whom to call and counts down; one key dials, and the call's card follows", async () => {
    const { double, tab } = await stage.scene();
    const page = await tab();
    await heading(page, "Вы на линии");
    double.preview(sample.samplePreview(now(), { dialledAtMs: now() + 30_000 }));
    await heading(page, "Мария Кузнецова");
    await page.getByText("Удобно ли получить заказ завтра").waitFor();
    await page.locator(".timer", { hasText: /0:2\d/ }).waitFor();
    await page.getByText("+7 913 000-00-01").waitFor();
    expect(await card(page).locator("callcard-number").count(), "not by hand too").toBe(0);
    await expect.poll(() => page.title()).toContain("Мария Кузнецова");
    await page.keyboard.press("d");
    await page.keyboard.press("d");
    await page.getByText("Сначала зазвонит ваш телефон").waitFor();
    expect(double.requests("previewCall")).toEqual([{ attemptId: "cc-1" }]);
    double.preview(null);
    double.call(sample.campaignCall(now()));
    await card(page).locator(".status", { hasText: "Исходящий" }).waitFor();
    await page.waitForTimeout(1300);
    expect(await page.getByText("Звонок больше не нужен").count()).toBe(0);
  });

  test("is put aside for a reason, by keys alone", async () => {
    const { double, tab } = await stage.scene();
    const page = await tab();
    await heading(page, "Вы на линии");
    double.preview(sample.samplePreview(now()));
    await heading(page, "Мария Кузнецова");
    await page.keyboard.press("3");
    expect(double.requests("previewSkip"), "not before it was asked").toEqual([]);
    await page.keyboard.press("s");
    await page.getByText("Почему пропускаете?").waitFor();
    await page.keyboard.press("3");
    await heading(page, "Вы на линии");
    expect(double.requests("previewSkip")).toEqual([{ attemptId: "cc-1", reason: "wrongPerson" }]);
  });

  test("that is not needed any more says so and goes", async () => {
    const { double, tab } = await stage.scene();
    const page = await tab();
    await heading(page, "Вы на линии");
    double.preview(sample.samplePreview(now()));
    await heading(page, "Мария Кузнецова");
    double.preview(null);
    await heading(page, "Вы на линии");
    await page.getByText("Звонок больше не нужен (Мария Кузнецова)").waitFor();
  });

  test("rings the bell once, in one tab", async () => {
    const { double, context, tab } = await stage.scene();
    await context.addInitScript(() => {
      const counter = window as unknown as { bells: number };
      counter.bells = 0;
      window.AudioContext = class extends AudioContext {
        override createOscillator(): OscillatorNode {
          counter.bells += 1;
          return super.createOscillator();
        }
      };
    });
    const pages = [await tab(), await tab()];
    for (const page of pages) {
      await heading(page, "Вы на линии");
      await page.mouse.click(5, 5);
    }
    await pages[1]!.waitForTimeout(600);
    const bells = async () => {
      const counts = await Promise.all(
        pages.map((page) => page.evaluate(() => (window as unknown as { bells: number }).bells)),
      );
      return counts.toSorted((a, b) => a - b);
    };
    double.preview(sample.samplePreview(now()));
    // One bell is four strokes of two tones.
    await expect.poll(bells, { timeout: 5000 }).toEqual([0, 8]);
    double.preview(sample.samplePreview(now(), { card: sample.sampleCard(now(), { notes: [] }) }));
    await pages[1]!.waitForTimeout(3000);
    expect(await bells()).toEqual([0, 8]);
  });

  test("takes no field away that is typed in, and comes after a live call", async () => {
    const { double, tab } = await stage.scene({ width: 800 });
    const page = await tab();
    await heading(page, "Вы на линии");
    const over = sample.ended(sample.sampleCall(now()), now());
    double.call(over);
    const note = page.getByLabel("Комментарий");
    await note.fill("просила");
    const customer = sample.sampleCustomer({ name: "Олег Сидоров" });
    double.preview(sample.samplePreview(now(), { card: sample.sampleCard(now(), { customer }) }));
    await page.getByText("Ждёт вашего звонка: Олег Сидоров").waitFor();
    await page.keyboard.type(" позже d s");
    expect(await note.inputValue()).toBe("просила позже d s");
    expect(double.requests("previewCall")).toEqual([]);
    double.call(sample.sampleCall(now(), { callId: "live", ringId: "live-ring" }));
    await page.keyboard.press("Escape");
    await note.blur();
    double.call(
      sample.talking(
        sample.sampleCall(now(), { callId: "live", ringId: "live-ring" }),
        now(),
        1000,
      ),
    );
    await page.locator(".offered").waitFor();
    await page.getByRole("button", { name: "Показать" }).click();
    await heading(page, "Олег Сидоров");
    await page.getByRole("button", { name: "Позвонить", exact: false }).first().waitFor();
  });
});

describe("a wrap-up of a campaign's call", () => {
  test("offers the campaign's own outcomes, chosen by digits", async () => {
    const { double, tab } = await stage.scene();
    const page = await tab();
    await heading(page, "Вы на линии");
    double.call(sample.ended(sample.campaignCall(now()), now()));
    const form = page.locator("callcard-wrap-up[expanded]");
    await form.getByText("Подтвердил").waitFor();
    expect(await form.getByText("Консультация").count()).toBe(0);
    await page.keyboard.press("1");
    await page.keyboard.press("w");
    await page.keyboard.press("Control+Enter");
    await page.getByText("Сохранено в").waitFor();
    expect(double.requests("saveWrapUp")).toMatchObject([
      { callId: "demo-1", disposition: "confirmed", callBack: null },
    ]);
  });

  test("with a call back asks when and by whom, keeps it through a reload, and sends it", async () => {
    const { double, tab } = await stage.scene();
    const page = await tab();
    await heading(page, "Вы на линии");
    double.call(sample.ended(sample.campaignCall(now()), now()));
    await page.getByText("Перезвонить позже").waitFor();
    await page.keyboard.press("4");
    await page.getByText("Когда перезвонить?").waitFor();
    await page.getByRole("button", { name: "Сохранить" }).click();
    await page.getByText("Выберите, когда перезвонить.").waitFor();
    expect(double.requests("saveWrapUp")).toEqual([]);
    await page.getByRole("button", { name: "Через час" }).click();
    await page.getByLabel("Дата и время по часам клиента").fill("2031-03-04T12:30");
    await page.getByText("вторник, 4 марта, 12:30 у клиента, 12:30 у вас").waitFor();
    await page.getByRole("radio", { name: "Только я" }).check();
    await page.reload();
    await page.getByText("вторник, 4 марта, 12:30 у клиента").waitFor();
    await page.getByLabel("Дата и время по часам клиента").fill("2031-03-04T21:30");
    await page.getByText("В это время кампания не звонит").waitFor();
    await page.getByRole("button", { name: "Сохранить" }).click();
    await page.getByText("Сохранено в").waitFor();
    expect(double.requests("saveWrapUp")).toMatchObject([
      {
        disposition: "later",
        callBack: { at: "2031-03-04T21:30", timeZone: "Asia/Novosibirsk", toMe: true },
      },
    ]);
  });

  test("asks what time it is there when the number leaves it open, and takes no time that is past", async () => {
    const { double, tab } = await stage.scene();
    const page = await tab();
    await heading(page, "Вы на линии");
    const customer = sample.sampleCustomer({ timeZone: "" });
    const timeZones = ["Europe/Moscow", "Asia/Vladivostok"];
    const open = sample.sampleCard(now(), { customer, timeZones });
    double.call(sample.ended(sample.campaignCall(now(), { card: open }), now()));
    await page.getByText("Перезвонить позже").waitFor();
    await page.keyboard.press("4");
    const zone = page.getByLabel("Который час у клиента?");
    await zone.waitFor();
    expect(await page.getByRole("button", { name: "Через час" }).count()).toBe(0);
    await zone.selectOption("Asia/Vladivostok");
    await page.getByText(/Сейчас у клиента \d\d:\d\d, у вас \d\d:\d\d\./).waitFor();
    await page.getByLabel("Дата и время по часам клиента").fill("2020-01-01T10:00");
    await page.getByText("Это время уже прошло.").waitFor();
    await page.getByRole("button", { name: "Сохранить" }).click();
    expect(double.requests("saveWrapUp")).toEqual([]);
    await page.getByLabel("Дата и время по часам клиента").fill("2031-03-04T12:30");
    await page.getByText("вторник, 4 марта, 12:30 у клиента, 09:30 у вас").waitFor();
  });
});

test.each(["ru", "uk", "en"])("nothing is wider than a screen of 320 px: %s", async (language) => {
  const { user } = sample.sampleState(now());
  const { double, tab } = await stage.scene({
    ...{ width: 320, height: 700 },
    state: { user: { ...user, language } },
  });
  const page = await tab();
  await page.getByRole("heading", { level: 1 }).waitFor();
  double.preview(sample.samplePreview(now()));
  await heading(page, "Мария Кузнецова");
  await page.keyboard.press("s");
  expect(await tooWide(page)).toBe(0);
  double.preview(null);
  double.call(sample.ended(sample.campaignCall(now()), now()));
  await page.locator("callcard-wrap-up[expanded]").waitFor();
  await page.keyboard.press("4");
  await page.locator("callcard-call-back").waitFor();
  expect(await tooWide(page)).toBe(0);
  const inner = await page
    .locator("callcard-wrap-up[expanded]")
    .evaluate((form) => form.scrollWidth - form.clientWidth);
  expect(inner).toBe(0);
});

test("an offer names the PBX it is dialled on where there are several", async () => {
  const { double, tab } = await stage.scene();
  const page = await tab();
  await heading(page, "Вы на линии");
  double.preview(sample.samplePreview(now(), { pbx: "warehouse" }));
  const offered = page.locator("callcard-preview");
  await offered.getByRole("heading", { name: "Следующий звонок" }).waitFor();
  expect(await offered.getByText("АТС warehouse").count()).toBe(0);
  const [office] = double.state.pbxs;
  const pbxs = [office!, { ...office!, name: "warehouse" }];
  double.change({ kind: "pbxs", pbxs, trouble: [] });
  await offered.getByText("АТС warehouse").waitFor();
  await shot(page, "preview-pbx");
});
