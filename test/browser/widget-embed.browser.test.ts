/** The screen inside a page of another product, on another origin. */
import { expect, test } from "vitest";
import type { DeskDouble } from "../support/desk-double.ts";
import * as sample from "../support/desk-samples.ts";
import { deskScenes } from "../support/scenes.ts";

const stage = deskScenes();

const now = (): number => Date.now();
const onOtherOrigin = (host: DeskDouble): string =>
  `${host.url.replace("127.0.0.1", "localhost")}/host`;

const hostPage = (callcard: string, attributes: string, script = ""): string => `<!doctype html>
  <html lang="ru"><head><meta charset="utf-8"><title>CRM</title>
  <style>
    html { font-size: 7px; }
    * { color: red !important; }
    button { background: red; border-radius: 0; padding: 40px; }
    h1 { font-size: 99px; }
    callcard-desk { height: 700px; width: 380px; }
  </style>
  <script>
    window.heard = [];
    for (const type of ["callcard:ringing", "callcard:answered", "callcard:ended"])
      document.addEventListener(type, (event) => {
        heard.push({ type, detail: event.detail, target: event.target.localName });
        sessionStorage.total = Number(sessionStorage.total ?? 0) + 1;
      });
    ${script}
  </script>
  <script type="module" src="${callcard}/widget/callcard.js"></script></head>
  <body><h1>CRM</h1><callcard-desk ${attributes}></callcard-desk></body></html>`;

test("a CRM page on another origin gets the events of a call, with a token it signed", async () => {
  const { double, context } = await stage.scene({ session: false });
  const host = await stage.host(hostPage(double.url, `token="${double.token}"`));
  const page = await context.newPage();
  await page.goto(onOtherOrigin(host));
  await page.getByText("Вы на линии").waitFor();
  const call = sample.sampleCall(now());
  const talk = sample.talking(call, now(), 0);
  double.call(call);
  double.call(talk);
  double.call(sample.ended(talk, now()));
  type Heard = { type: string; target: string; detail: Record<string, unknown> };
  const heard = (): Promise<Heard[]> =>
    page.evaluate(() => (window as unknown as { heard: Heard[] }).heard);
  await expect
    .poll(async () => (await heard()).map((event) => event.type))
    .toEqual(["callcard:ringing", "callcard:answered", "callcard:ended"]);
  expect((await heard())[0]).toEqual({
    type: "callcard:ringing",
    target: "callcard-desk",
    detail: {
      callId: "demo-1",
      number: "+79130000001",
      direction: "inbound",
      queue: "Продажи",
      customer: {
        id: "1",
        name: "Мария Кузнецова",
        externalUrl: "https://crm.example/customers/1",
      },
      ringId: "demo-1-ring",
      leads: true,
    },
  });
});

test("a page that is loaded anew during the call is not told again", async () => {
  const { double, context } = await stage.scene({ session: false });
  const host = await stage.host(hostPage(double.url, `token="${double.token}"`));
  const page = await context.newPage();
  await page.goto(onOtherOrigin(host));
  await page.getByText("Вы на линии").waitFor();
  double.call(sample.sampleCall(now()));
  await expect.poll(() => page.evaluate(() => sessionStorage["total"])).toBe("1");
  await page.reload();
  await page.getByRole("heading", { name: "Мария Кузнецова" }).waitFor();
  expect(await page.evaluate(() => sessionStorage["total"])).toBe("1");
});

test("the host's styles do not reach the screen, and the host's keys stay its own", async () => {
  const { double, context } = await stage.scene({ session: false });
  const host = await stage.host(hostPage(double.url, `token="${double.token}" theme="light"`));
  const page = await context.newPage();
  await page.goto(onOtherOrigin(host));
  double.call(sample.sampleCall(now()));
  const name = page.getByRole("heading", { name: "Мария Кузнецова" });
  await name.waitFor();
  const look = await name.evaluate((element) => {
    const { color, fontSize } = getComputedStyle(element);
    return { color, fontSize };
  });
  expect(look).toEqual({ color: "rgb(28, 27, 24)", fontSize: "25px" });
  await page.locator("body > h1").click();
  await page.keyboard.press("p");
  await page.waitForTimeout(100);
  expect(await page.getByRole("group", { name: "Причина паузы" }).count()).toBe(0);
});

test("a token that was not accepted is asked for again from the page, then the screen works", async () => {
  const { double, context } = await stage.scene({ session: false });
  const script = `window.asked = 0;
    customElements.whenDefined("callcard-desk").then(() => {
      document.querySelector("callcard-desk").tokenProvider = async () =>
        ++asked === 1 ? "stale" : "${double.token}";
    });`;
  const host = await stage.host(hostPage(double.url, "", script));
  const page = await context.newPage();
  await page.goto(onOtherOrigin(host));
  await page.getByText("Вы на линии").waitFor();
  expect(await page.evaluate(() => (window as unknown as { asked: number }).asked)).toBe(2);
});

test("a token that is never accepted is explained, not retried for ever", async () => {
  const { double, context } = await stage.scene({ session: false });
  const host = await stage.host(hostPage(double.url, 'token="forged"'));
  const page = await context.newPage();
  await page.goto(onOtherOrigin(host));
  await page.getByText("Сервер не принял вход с этой страницы").waitFor();
  expect(double.screens).toBe(0);
});
