/** Whoever sees badly, hears badly or uses no mouse: axe finds nothing to complain about in any state. */
import { createRequire } from "node:module";
import { readFile } from "node:fs/promises";
import type { Page } from "playwright-core";
import { beforeAll, expect, test } from "vitest";
import type { DeskDouble } from "../support/desk-double.ts";
import * as sample from "../support/desk-samples.ts";
import * as work from "../support/desk-work-samples.ts";
import { deskScenes } from "../support/scenes.ts";

const stage = deskScenes();
let axe: string;
beforeAll(async () => {
  axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
});

const now = (): number => Date.now();
const workedCall = () =>
  sample.talking(
    sample.sampleCall(now(), { card: sample.sampleCard(now(), { work: work.sampleWork(now()) }) }),
    now(),
    9000,
  );

/** What axe finds, as `rule: element`. */
async function findings(page: Page): Promise<string[]> {
  // Colours on their way from one to another would be judged half-way.
  await page.emulateMedia({ reducedMotion: "reduce" });
  await page.waitForTimeout(200);
  await page.evaluate(axe);
  return page.evaluate(async () => {
    type Result = {
      violations: { id: string; nodes: { html: string; failureSummary: string }[] }[];
    };
    const { violations } = await (
      window as unknown as { axe: { run(): Promise<Result> } }
    ).axe.run();
    return violations.flatMap(({ id, nodes }) =>
      nodes.map(({ html, failureSummary }) => `${id}: ${html.slice(0, 160)} ${failureSummary}`),
    );
  });
}

const scenes: Record<string, (double: DeskDouble, page: Page) => Promise<void> | void> = {
  idle: () => {},
  ringing: (double) => double.call(sample.sampleCall(now())),
  talking: (double) =>
    double.call(sample.talking({ ...sample.sampleCall(now()), fromName: "Пётр" }, now(), 9000)),
  several: (double) => double.call(sample.sampleCall(now(), { card: sample.severalCard(now()) })),
  unknown: (double) => double.call(sample.sampleCall(now(), { card: sample.unknownCard(now()) })),
  withheld: (double) =>
    double.call(
      sample.sampleCall(now(), {
        card: sample.blankCard(now(), { outcome: "withheld", phone: null, rawNumber: "" }),
      }),
    ),
  wrapUp: (double) => {
    double.call(sample.ended(sample.sampleCall(now()), now()));
    double.presence({ state: "wrapUp", queues: [] });
  },
  notSaved: async (double, page) => {
    double.databaseDown = true;
    double.change({ kind: "pbxs", pbxs: double.state.pbxs, trouble: ["databaseDown", "pbxDown"] });
    double.call(sample.ended(sample.sampleCall(now()), now()));
    await page.keyboard.press("w");
    await page.keyboard.press("Space");
    await page.keyboard.press("Control+Enter");
    await page.getByText("база данных не отвечает").first().waitFor();
  },
  campaign: (double) => double.call(sample.talking(sample.campaignCall(now()), now(), 9000)),
  callBack: async (double, page) => {
    const customer = sample.sampleCustomer({ timeZone: "" });
    const timeZones = ["Europe/Moscow", "Asia/Novosibirsk"];
    const card = sample.sampleCard(now(), { customer, timeZones });
    double.call(sample.ended(sample.campaignCall(now(), { card }), now()));
    await page.getByText("Перезвонить позже").waitFor();
    await page.keyboard.press("4");
    await page.getByLabel("Который час у клиента?").selectOption("Europe/Moscow");
    await page.getByRole("button", { name: "Завтра утром" }).click();
  },
  preview: async (double, page) => {
    double.preview(sample.samplePreview(now()));
    await page.getByRole("button", { name: "Пропустить" }).click();
  },
  previewElsewhere: (double) => {
    double.call(sample.talking(sample.sampleCall(now()), now(), 9000));
    double.preview(sample.samplePreview(now()));
  },
  worked: async (double, page) => {
    double.work.shop = "refuses";
    double.call(workedCall());
    await page.getByText("43 из 120").waitFor();
    await page.getByRole("button", { name: "Больше: Кофемашина" }).click();
    await page.getByRole("button", { name: "Отправить в магазин" }).click();
    await page.getByText("магазин отказал").waitFor();
    await page.getByRole("button", { name: "Отменить заказ" }).click();
  },
  delivery: async (double, page) => {
    double.call(workedCall());
    await page.getByRole("button", { name: "Изменить доставку" }).click();
    await page.getByText("Посылка склад-склад").click();
    await page.locator("callcard-delivery select").waitFor();
  },
  claim: async (double, page) => {
    double.call(workedCall());
    await page.getByRole("button", { name: "Обращение" }).click();
    await page.getByRole("button", { name: "Завести обращение" }).click();
  },
  timeline: async (double, page) => {
    double.call(workedCall());
    await page.locator("callcard-timeline").evaluate((element) => element.scrollIntoView());
    await page.getByText("Заказ 100999").waitFor();
  },
  callBacks: (double) =>
    double.change({ kind: "callBacks", callBacks: work.sampleCallBacks(now()) }),
  paused: (double) => double.presence({ state: "paused", pausedReason: "lunch" }),
  pauseMenu: async (_, page) => {
    await page.keyboard.press("p");
    await page.getByRole("group", { name: "Причина паузы" }).waitFor();
  },
  settings: async (_, page) => {
    await page.getByRole("button", { name: "Настройки" }).click();
  },
  help: async (_, page) => {
    await page.keyboard.press("?");
    await page.getByRole("dialog").waitFor();
  },
};

for (const colorScheme of ["light", "dark"] as const) {
  test.each(Object.keys(scenes))(`axe finds nothing: ${colorScheme}, %s`, async (name) => {
    const { double, tab } = await stage.scene({ colorScheme });
    const page = await tab();
    await page.getByRole("heading", { name: "Вы на линии" }).waitFor();
    await scenes[name]!(double, page);
    await page.waitForTimeout(150);
    expect(await findings(page)).toEqual([]);
  });

  test(`axe finds nothing: ${colorScheme}, login and phone`, async () => {
    const presence = { ...sample.sampleState(now()).presence, device: null };
    const { double, tab } = await stage.scene({ colorScheme, session: false, state: { presence } });
    const page = await tab();
    await page.getByLabel("Логин").fill("anna");
    await page.getByLabel("Пароль").fill("wrong");
    await page.keyboard.press("Enter");
    await page.getByText("Неверный логин").waitFor();
    expect(await findings(page)).toEqual([]);
    await page.getByLabel("Пароль").fill(double.password);
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Какой телефон ваш?" }).waitFor();
    expect(await findings(page)).toEqual([]);
  });
}

test("axe finds nothing at 360 px", async () => {
  const { double, tab } = await stage.scene({ width: 360, height: 740 });
  const page = await tab();
  await page.getByRole("heading", { name: "Вы на линии" }).waitFor();
  double.call(sample.talking(sample.sampleCall(now()), now(), 5000));
  double.call(sample.sampleCall(now(), { callId: "b", ringId: "r2" }));
  await page.locator("callcard-line .ringing").waitFor();
  expect(await findings(page)).toEqual([]);
});

test("axe finds nothing in a page that embeds the screen and has landmarks of its own", async () => {
  const { double, context } = await stage.scene({ session: false });
  const host = await stage.host(`<!doctype html><html lang="ru"><head><title>CRM</title>
    <script type="module" src="${double.url}/widget/callcard.js"></script></head>
    <body><header>CRM</header><main><h1>Клиенты</h1></main>
    <aside aria-label="Звонки"><callcard-desk token="${double.token}"></callcard-desk></aside>
    </body></html>`);
  const page = await context.newPage();
  await page.goto(`${host.url}/host`);
  double.call(sample.ended(sample.sampleCall(now()), now()));
  await page.getByText("Чем закончился звонок?").waitFor();
  expect(await findings(page)).toEqual([]);
});
