/** What breaks in real life: Asterisk, the network to it, PostgreSQL, the operator's network. Everything is right again by itself. */
import { setTimeout as sleep } from "node:timers/promises";
import type { QueryResultRow } from "pg";
import type { Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { type CuttingProxy, cuttingProxy } from "../support/cutting-proxy.ts";
import { type Lab, labStartMs, startLab } from "../support/lab.ts";
import { type House, PBX, eventually, maria, openHouse } from "./house.ts";

let lab: Lab;
let house: House;
let toAsterisk: CuttingProxy;
let toPostgres: CuttingProxy;
let toServer: CuttingProxy;
/** When the present test began: its calls are those that started later. */
let since: Date;

beforeAll(async () => {
  lab = await startLab({ version: 22 });
  await lab.phone("101", { answerAfterMs: "onCommand" });
  toAsterisk = await cuttingProxy(lab.amiPort);
  const postgres = new URL(process.env["CALLCARD_TEST_POSTGRES"]!);
  toPostgres = await cuttingProxy(Number(postgres.port));
  house = await openHouse({
    ami: { port: toAsterisk.port, username: lab.username, secret: lab.secret },
    databaseUrl(direct) {
      const url = new URL(direct);
      url.port = String(toPostgres.port);
      return url.href;
    },
  });
  toServer = await cuttingProxy(Number(new URL(house.callcard().url).port));
}, labStartMs);
afterAll(async () => {
  await house?.close();
  await Promise.all([toAsterisk, toPostgres, toServer].map((proxy) => proxy?.close()));
});
beforeEach(() => {
  since = new Date();
});
afterEach(async () => {
  toPostgres.refuse(false);
  toServer.refuse(false);
  if (lab.isRunning()) await lab.hangUpAll();
});

const number = "+79130000001";
const screen = () => house.screen(house.operators[0]!);

/** Waits until a person would see these words, and no others in that place, on the card. */
const see = (page: Page, words: string) =>
  page
    .getByRole("main")
    .getByText(words, { exact: true })
    .filter({ visible: true })
    .first()
    .waitFor();

const wrapUp = async (page: Page, disposition: string) => {
  await page.getByRole("radio", { name: disposition }).check();
  await page.getByRole("button", { name: "Сохранить" }).click();
};

/** The one row that a query over this test's calls (started after `$1`) gives, once it is there. */
async function row<T extends QueryResultRow>(query: string): Promise<T> {
  return eventually(async () => {
    const { rows } = await house.database.pool.query<T>(query, [since]);
    return rows.length === 1 && rows[0];
  });
}

async function pbxIs(state: string): Promise<void> {
  await eventually(async () => {
    const answer = await fetch(`${house.callcard().url}/readyz`);
    const { parts } = (await answer.json()) as { parts: { name: string; ok: boolean }[] };
    return parts.some(({ name, ok }) => name === `pbx ${PBX}` && ok === (state === "up"));
  });
}

test("Asterisk is killed in a conversation: the call ends on the screen, and the next one pops when Asterisk is back", async () => {
  const phone = await lab.phone("101", { answerAfterMs: "onCommand" });
  const page = await screen();
  await lab.call({ from: number, to: "600" });
  await phone.ringing();
  await phone.answer();
  await see(page, "Разговор");
  await lab.kill();
  await pbxIs("down");
  await lab.start();
  await pbxIs("up");
  await see(page, "Звонок завершён");
  await wrapUp(page, "Связь прервалась");
  await lab.hangUpAll();

  const again = await lab.phone("101", { answerAfterMs: "onCommand" });
  await lab.call({ from: number, to: "600" });
  await again.ringing();
  await see(page, "Звонит");
  await page.getByRole("main").getByRole("heading", { name: maria.name }).waitFor();
  const kept = await row(
    `select c.ended_how, w.disposition from calls c join wrap_ups w on w.call_id = c.id where c.started_at > $1`,
  );
  expect(kept).toEqual({ ended_how: "lostSight", disposition: "dropped" });
  await page.context().close();
});

test("the AMI connection is cut in the middle of a message while a phone rings: the card stays and follows the call", async () => {
  const phone = await lab.phone("101", { answerAfterMs: "onCommand" });
  const page = await screen();
  const caller = await lab.call({ from: number, to: "600" });
  await phone.ringing();
  await see(page, "Звонит");
  toAsterisk.cutAfter(37);
  await phone.answer();
  await see(page, "Разговор");
  await caller.hangUp();
  await see(page, "Звонок завершён");
  await wrapUp(page, "Другое");
  const kept = await row("select ended_how, extensions from calls where started_at > $1");
  expect(kept).toEqual({ ended_how: "completed", extensions: ["101"] });
  await page.context().close();
});

test("PostgreSQL is away for a minute: the card opens and says that it is from memory, the wrap-up says that it is not saved, and is saved once when PostgreSQL is back", async () => {
  // Known from before: what the directory remembers serves while the database is away.
  const warm = await lab.phone("101", { answerAfterMs: "onCommand" });
  const page = await screen();
  const main = page.getByRole("main");
  const first = await lab.call({ from: number, to: "600" });
  await warm.ringing();
  await main.getByRole("heading", { name: maria.name }).waitFor();
  await first.hangUp();
  await lab.hangUpAll();

  const phone = await lab.phone("101", { answerAfterMs: "onCommand" });
  toPostgres.refuse(true);
  const awaySince = Date.now();
  const caller = await lab.call({ from: number, to: "600" });
  await phone.ringing();
  await see(page, "Звонит");
  await main.getByRole("heading", { name: maria.name }).waitFor();
  await main.getByText("Это из памяти и могло устареть: база клиентов не отвечает.").waitFor();
  await phone.answer();
  await see(page, "Разговор");
  await caller.hangUp();
  await page.getByRole("radio", { name: "Ответили на вопрос" }).check();
  await page.getByRole("textbox", { name: "Комментарий" }).fill("Спросила про доставку");
  await page.getByRole("button", { name: "Сохранить" }).click();
  await page
    .getByText(/ещё не сохран/i)
    .first()
    .waitFor();
  await sleep(Math.max(0, 60_000 - (Date.now() - awaySince)));
  expect(await page.getByText(/^Сохранено/).count()).toBe(0);
  toPostgres.refuse(false);
  // The pop of the time without a database is in the ledger too.
  const kept = await row(
    `select w.note, c.ended_how, p.painted_at is not null as painted
     from wrap_ups w join calls c on c.id = w.call_id join pops p on p.call_id = c.id where c.started_at > $1`,
  );
  expect(kept).toEqual({ note: "Спросила про доставку", ended_how: "completed", painted: true });
  await page.context().close();
});

test("the browser is offline for 20 s while a call comes and is answered: the screen is right again by itself", async () => {
  const phone = await lab.phone("101", { answerAfterMs: "onCommand" });
  const page = await house.screen(house.operators[0]!, {
    url: `http://127.0.0.1:${toServer.port}`,
  });
  const main = page.getByRole("main");
  toServer.refuse(true);
  await page.context().setOffline(true);
  const caller = await lab.call({ from: number, to: "600" });
  await phone.ringing();
  await phone.answer();
  await sleep(20_000);
  expect(await main.getByRole("heading", { name: maria.name }).count()).toBe(0);
  toServer.refuse(false);
  await page.context().setOffline(false);
  await see(page, "Разговор");
  await main.getByRole("heading", { name: maria.name }).waitFor();
  // The ledger says why no card was there when the phone rang.
  await row("select 1 as told from pops where rang_at > $1 and missed = 'notConnected'");
  await caller.hangUp();
  await see(page, "Звонок завершён");
  await wrapUp(page, "Другое");
  await page.context().close();
});

test("the server restarts while a phone rings: the screen comes back with the call on it", async () => {
  const phone = await lab.phone("101", { answerAfterMs: "onCommand" });
  const page = await screen();
  const main = page.getByRole("main");
  const caller = await lab.call({ from: number, to: "600" });
  await phone.ringing();
  await see(page, "Звонит");
  await house.restart();
  await phone.answer();
  await see(page, "Разговор");
  await main.getByRole("heading", { name: maria.name }).waitFor();
  await caller.hangUp();
  await see(page, "Звонок завершён");
  await page.context().close();
});
