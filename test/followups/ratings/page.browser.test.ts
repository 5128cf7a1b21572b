/** The page behind a message's link, in a real Chromium: answered without a script, on a phone and with the keyboard alone. */
import type { AddressInfo } from "node:net";
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { recordOf } from "../../../server/calls/record.ts";
import { saveCalls } from "../../../server/calls/store.ts";
import { ratingRoutes } from "../../../server/followups/ratings/routes.ts";
import { tokenSecret, writeToken } from "../../../server/followups/ratings/token.ts";
import type { App } from "../../../server/http/app.ts";
import { addCustomer, nextPhone } from "../../campaigns/attempts/house.ts";
import { testApp } from "../../http/support.ts";
import { complaintsOf, openChromium } from "../../support/chromium.ts";
import { axeFindings, shot } from "../../support/looking.ts";
import { type TestDatabase, testDatabase } from "../../support/postgres.ts";
import { MOSCOW, answeredCall } from "../call-backs/house.ts";

const HOUR_MS = 3_600_000;
let database: TestDatabase;
let browser: Browser;
let app: App;
let base: string;
beforeAll(async () => {
  [database, browser] = await Promise.all([testDatabase(), openChromium()]);
});
afterAll(async () => {
  await browser.close();
  await database.drop();
});
beforeEach(async () => {
  app = await testApp();
  await ratingRoutes(app, {
    ...{
      db: database.db,
      timeZone: MOSCOW,
      clock: Date.now,
      publicUrl: "",
      stored: () => undefined,
    },
  });
  await app.listen({ host: "127.0.0.1", port: 0 });
  base = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`;
});
afterEach(() => app.close());

/** A link of a finished call, good for so long. */
async function link(language = "", forMs = HOUR_MS): Promise<string> {
  const phone = nextPhone();
  const customerId = await addCustomer(database.db, phone);
  await database.db
    .updateTable("customers")
    .set({ language })
    .where("id", "=", customerId)
    .execute();
  const call = answeredCall(phone, Date.now() - HOUR_MS);
  await saveCalls(database.db, [recordOf(call, phone, customerId)]);
  return `${base}/rate/${writeToken(await tokenSecret(database.db), call.id, Date.now() + forMs)}`;
}
async function phonePage(locale: string, own: object = {}): Promise<Page> {
  const context = await browser.newContext({
    ...{ locale, viewport: { width: 360, height: 640 }, hasTouch: true, isMobile: true },
    ...{ javaScriptEnabled: false, ...own },
  });
  return context.newPage();
}
const isWide = (page: Page) =>
  page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth);

test("is answered on a phone without a script, in the customer's language; the first answer stays", async () => {
  const page = await phonePage("en-GB");
  const url = await link("uk");
  await page.goto(url);
  await expect.poll(() => page.locator("h1").textContent()).toMatch(/порадите нас друзям/);
  await page.locator("label", { hasText: /^8$/ }).tap();
  await page.locator("textarea").fill("<b>Швидко</b>");
  await page.locator("button").tap();
  await expect.poll(() => page.locator("main").textContent()).toMatch(/Дякуємо!\s+Ваша оцінка — 8/);
  // Also from the page that was left open elsewhere.
  const other = await phonePage("ru-RU");
  await other.goto(`${url}?lang=ru`);
  await expect
    .poll(() => other.locator("main").textContent())
    .toMatch(/Спасибо!\s+Ваша оценка — 8/);
  const { rows } = await database.pool.query("select score, comment from ratings");
  expect(rows).toEqual([{ score: 8, comment: "<b>Швидко</b>" }]);
});

test("fits a phone and a screen, light and dark, and axe finds nothing", async () => {
  const looks: readonly [string, object][] = [
    ["phone", {}],
    ["phone-dark", { colorScheme: "dark" }],
    ["screen", { viewport: { width: 1200, height: 800 }, isMobile: false }],
  ];
  const url = await link();
  for (const [name, own] of looks) {
    const page = await phonePage("ru-RU", { javaScriptEnabled: true, bypassCSP: true, ...own });
    const complaints = complaintsOf(page);
    await page.goto(url);
    await page.locator("label", { hasText: /^10$/ }).click();
    expect(await isWide(page)).toBe(false);
    // Nothing that is touched is smaller than a finger.
    for (const box of await page.locator(".scores span").all())
      expect(
        Math.min((await box.boundingBox())!.width, (await box.boundingBox())!.height),
      ).toBeGreaterThanOrEqual(40);
    expect(await axeFindings(page)).toEqual([]);
    await shot(page, `rate-${name}`);
    expect(complaints).toEqual([]);
    await page.context().close();
  }
});

test("its style is let in by the policy of contents, and nothing is asked of anybody else", async () => {
  const page = await phonePage("ru-RU", { javaScriptEnabled: true });
  const complaints = complaintsOf(page);
  const asked: string[] = [];
  page.on("request", (request) => asked.push(new URL(request.url()).origin));
  await page.goto(await link());
  const back = await page
    .locator("button")
    .evaluate((one) => getComputedStyle(one).backgroundColor);
  expect(back).toBe("rgb(26, 95, 208)");
  expect(complaints).toEqual([]);
  expect(new Set(asked)).toEqual(new Set([base]));
});

test("is answered by the keyboard alone, and says when no number was chosen without losing what was written", async () => {
  const page = await phonePage("en-GB", { isMobile: false });
  await page.goto(await link());
  // Whoever's browser does not insist on a number is told by the page.
  await page.locator("form").evaluate((form) => form.setAttribute("novalidate", ""));
  await page.locator("textarea").fill("quick");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await expect
    .poll(() => page.locator("[role=alert]").textContent())
    .toBe("Choose a number from 0 to 10.");
  expect(await page.locator("textarea").inputValue()).toBe("quick");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Space");
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("Enter");
  await expect.poll(() => page.locator("main").textContent()).toMatch(/Your answer is 1\./);
});

test("a link that is too old or was cut says so, in the browser's language or the chosen one", async () => {
  const page = await phonePage("uk-UA");
  await page.goto(await link("", -1000));
  expect(await page.locator("main").textContent()).toMatch(/Посилання більше не діє/);
  expect((await page.goto((await link()).slice(0, -2)))!.status()).toBe(410);
  await page.locator("nav a", { hasText: "English" }).tap();
  await expect.poll(() => page.locator("h1").textContent()).toBe("This link is not valid any more");
  const answer = await page.request.get(await link("", -1000));
  expect(answer.headers()).toMatchObject({
    "cache-control": "no-store",
    "x-robots-tag": "noindex",
  });
});

test("whoever is logged in here may try a link; a form of another site may not", async () => {
  const url = await link();
  const post = (origin: string) =>
    fetch(url, {
      ...{ method: "POST", body: "score=5", redirect: "manual" as const },
      headers: {
        "content-type": "application/x-www-form-urlencoded",
        ...{ cookie: "callcard_session=x", origin },
      },
    });
  expect((await post("https://evil.example")).status).toBe(403);
  expect((await post(base)).status).toBe(303);
});

test("one address is let in so often and no more", async () => {
  const statuses = new Set<number>();
  for (let n = 0; n < 40; n += 1) {
    const answer = await fetch(`${base}/rate/guess${n}`, { headers: { "accept-language": "ru" } });
    statuses.add(answer.status);
    if (answer.status === 429) expect(await answer.text()).toContain("Слишком много запросов");
  }
  expect([...statuses]).toEqual([410, 429]);
});
