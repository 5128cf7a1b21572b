import type { AddressInfo } from "node:net";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { App } from "../../server/http/app.ts";
import { feedRoutes } from "../../server/http/feed-routes.ts";
import { sessionRoutes } from "../../server/people/session-routes.ts";
import { complaintsOf, openChromium, profile } from "../support/chromium.ts";
import { testApp } from "./support.ts";

let app: App;
let browser: Browser;
beforeAll(async () => {
  app = await testApp({ version: "1.2.3" });
  const nothing = {} as never;
  await sessionRoutes(app, { db: nothing, sessions: nothing, secureCookie: false });
  await feedRoutes(app);
  await app.listen({ host: "127.0.0.1", port: 0 });
  browser = await openChromium();
});
afterAll(async () => {
  await browser?.close();
  await app?.close();
});

test("the documentation opens in a browser under our content security policy", async () => {
  const context = await profile(browser);
  const page = await context.newPage();
  const complaints = complaintsOf(page);
  const { port } = app.server.address() as AddressInfo;
  await page.goto(`http://127.0.0.1:${port}/docs`);
  await page.getByText("Log in", { exact: true }).waitFor();
  await page.getByText("Facts and pops as they happen (websocket)").click();
  await page.getByText("To go on after a lost").waitFor();
  expect(complaints).toEqual([]);
  await context.close();
});
