/** The whole product for one test file: a real Asterisk with phones, a real PostgreSQL, the server, and operators in a real Chromium. */
import { resolve } from "node:path";
import { Writable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { parseConfig } from "../../server/config.ts";
import { importCustomers } from "../../server/customers/import.ts";
import { importOrders } from "../../server/orders/import.ts";
import { SESSION_COOKIE } from "../../server/http/auth.ts";
import { type Callcard, start } from "../../server/main.ts";
import { openChromium, profile } from "../support/chromium.ts";
import { type SeatedOperator, seatOperators } from "../support/operators.ts";
import { type TestDatabase, testDatabase } from "../support/postgres.ts";

/** Who calls in these tests. */
export const maria = {
  sourceId: "c1",
  name: "Мария Кузнецова",
  phones: ["+7 913 000-00-01"],
  tier: "gold",
  tierSince: "2021-03-01",
  city: "Новосибирск",
  region: "Новосибирская область",
  timeZone: "Asia/Novosibirsk",
};
const order = {
  sourceId: "o1",
  customerSourceId: maria.sourceId,
  number: "26-00417",
  stage: "shipped",
  status: "Передан в доставку",
  totalMinor: 459_000,
  currency: "RUB",
  placedAt: "2026-11-18T09:30:00Z",
  lines: [{ name: "Беговел мятный", quantity: 1, priceMinor: 459_000 }],
};

/** The PBX's name in the configuration of these tests. */
export const PBX = "lab";

/** One product under test. */
export type House = {
  readonly database: TestDatabase;
  readonly operators: readonly SeatedOperator[];
  readonly browser: Browser;
  callcard(): Callcard;
  /** Every line the server logged. */
  log(): string;
  /** Stops the server and starts it again on the same data. */
  restart(): Promise<void>;
  /** The operator's screen in a Chromium of their own; `url` when not straight to the server. */
  screen(operator: SeatedOperator, options?: { url?: string; locale?: string }): Promise<Page>;
  close(): Promise<void>;
};

/** Opens the house on an AMI port. Operators sit at 101, 102 and 103. */
export async function openHouse(options: {
  readonly ami: { readonly port: number; readonly username: string; readonly secret: string };
  /** Through which PostgreSQL is reached, when not straight. */
  readonly databaseUrl?: (direct: string) => string;
  readonly env?: Readonly<Record<string, string>>;
}): Promise<House> {
  await using parts = new AsyncDisposableStack();
  const database = await testDatabase();
  parts.defer(() => database.drop());
  const load = { source: "shop", defaultRegion: "RU" } as const;
  await importCustomers(database, [maria], load);
  await importOrders(database, [order], load);
  const operators = await seatOperators(database, PBX, ["101", "102", "103"]);
  const lines: string[] = [];
  const logTo = new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines.push(chunk.toString());
      done();
    },
  });
  const config = parseConfig(
    {
      ...{ PORT: "0", LOG_LEVEL: "debug", ADMIN_PASSWORD: "correct horse", PBX_NAME: PBX },
      ...{ AMI_HOST: "127.0.0.1", AMI_PORT: String(options.ami.port) },
      ...{ AMI_USERNAME: options.ami.username, AMI_SECRET: options.ami.secret },
      DATABASE_URL: options.databaseUrl?.(database.url) ?? database.url,
      // Where the screens were built.
      DATA_DIR: resolve(import.meta.dirname, "../../data"),
      ...options.env,
    },
    null,
  );
  let callcard = await start(config, { logTo });
  parts.defer(() => callcard.stop());
  const browser = await openChromium();
  parts.defer(() => browser.close());
  const opened = parts.move();
  return {
    database,
    operators,
    browser,
    callcard: () => callcard,
    log: () => lines.join(""),
    async restart() {
      const port = new URL(callcard.url).port;
      await callcard.stop();
      callcard = await start({ ...config, port: Number(port) }, { logTo });
    },
    async screen(operator, { url = callcard.url, locale = "ru-RU" } = {}) {
      const context: BrowserContext = await profile(browser, { locale });
      await context.addCookies([{ name: SESSION_COOKIE, value: operator.cookie, url }]);
      const page = await context.newPage();
      await page.goto(url);
      await page
        .getByRole("button", { name: /^(Пауза|На линию)/ })
        .first()
        .waitFor();
      return page;
    },
    close: () => opened.disposeAsync(),
  };
}

/** Asks again and again until the answer is there; the test's own limit ends what never comes. */
export async function eventually<T>(ask: () => Promise<T | null | undefined | false>): Promise<T> {
  for (;;) {
    const answer = await ask();
    if (answer !== null && answer !== undefined && answer !== false) return answer;
    await sleep(50);
  }
}
