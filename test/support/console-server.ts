/**
 * The whole server for tests of the console: real PostgreSQL with a shop's customers, a simulated PBX where they wait, the screens as
 * they are built, and a Chromium.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { PbxLink } from "../../server/asterisk/link.ts";
import { parseConfig } from "../../server/config.ts";
import { importCustomers } from "../../server/customers/import.ts";
import {
  type SimulatedPbx,
  type SimulatedPbxOptions,
  startSimulatedPbx,
} from "../../server/demo/pbx/simulated-pbx.ts";
import { type Callcard, start } from "../../server/main.ts";
import { importOrders } from "../../server/orders/import.ts";
import { createUser } from "../../server/people/users.ts";
import { openChromium, profile } from "./chromium.ts";
import { type TestDatabase, testDatabase } from "./postgres.ts";
import { buildScreens } from "./stage.ts";

/** Who may call. */
const CUSTOMERS = [
  ["Пётр Иванов", "+79130000002", "", ""],
  ["Елена Орлова", "+79130000003", "silver", ""],
  ["Игорь Сафин", "+79130000004", "gold", ""],
  ["Анна Ким", "+79130000005", "", "late"],
  ["Мария Кузнецова", "+79130000001", "gold", "late"],
] as const;

/** Everybody in {@link CUSTOMERS}, by name. */
export type CustomerName = (typeof CUSTOMERS)[number][0];

export const PASSWORD = "correct horse";
const QUEUE = "sales";

/** One server under test. */
export class ConsoleServer {
  readonly database: TestDatabase;
  readonly pbx: SimulatedPbx;
  readonly callcard: Callcard;
  readonly #eye: PbxLink;
  readonly #browser: Browser;
  readonly #parts: AsyncDisposableStack;

  private constructor(
    parts: AsyncDisposableStack,
    made: { database: TestDatabase; pbx: SimulatedPbx; callcard: Callcard },
    eye: PbxLink,
    browser: Browser,
  ) {
    this.database = made.database;
    this.pbx = made.pbx;
    this.callcard = made.callcard;
    this.#eye = eye;
    this.#browser = browser;
    this.#parts = parts;
  }

  /** Opens everything; the PBX is as `own` wants it. An admin `admin` and a supervisor `vera` may log in with {@link PASSWORD}. */
  static async open(own: Partial<SimulatedPbxOptions> = {}): Promise<ConsoleServer> {
    await using parts = new AsyncDisposableStack();
    const folder = await mkdtemp(join(tmpdir(), "callcard-console-"));
    parts.defer(() => rm(folder, { recursive: true, force: true }));
    await buildScreens(join(folder, "widget"));
    const database = await testDatabase();
    parts.defer(() => database.drop());
    await loadShop(database);
    // Nobody answers until a test says so: what is looked at is the line.
    const pbx = await startSimulatedPbx({
      queues: [
        { name: QUEUE, members: [{ interface: "PJSIP/101", paused: true }] },
        { name: "support", members: [{ interface: "PJSIP/102" }] },
      ],
      ...own,
    });
    parts.defer(() => pbx.stop());
    const { host, port, secret, username } = pbx;
    const config = parseConfig(
      {
        ...{ PORT: "0", LOG_LEVEL: "error", ADMIN_PASSWORD: PASSWORD, PBX_NAME: "office" },
        ...{ AMI_HOST: host, AMI_PORT: String(port), AMI_USERNAME: username, AMI_SECRET: secret },
        ...{ DATABASE_URL: database.url, DATA_DIR: folder },
      },
      null,
    );
    const callcard = await start(config);
    parts.defer(() => callcard.stop());
    const vera = { login: "vera", name: "Вера Громова", role: "supervisor" } as const;
    await createUser(database.db, { ...vera, password: PASSWORD }, "test");
    // Asterisk is asked beside the server, over a connection of the test's own.
    const eye = new PbxLink({ name: "eye", host, port, username, secret, tls: false });
    eye.start();
    parts.defer(() => eye.stop());
    const browser = await openChromium();
    parts.defer(() => browser.close());
    return new ConsoleServer(parts.move(), { database, pbx, callcard }, eye, browser);
  }

  /** A customer calls and waits. */
  call(name: CustomerName): ReturnType<SimulatedPbx["placeCall"]> {
    const [, phone] = CUSTOMERS.find(([one]) => one === name)!;
    return this.pbx.placeCall({ number: phone.replace("+7", "8"), to: QUEUE });
  }

  /** Who waits, first in line first, as Asterisk itself lists them. */
  async line(): Promise<readonly string[]> {
    const { items } = await this.#eye.action("QueueStatus", { Queue: QUEUE }, { list: true });
    return items
      .filter((item) => item["event"] === "QueueEntry")
      .toSorted((a, b) => Number(a["position"]) - Number(b["position"]))
      .map(
        (item) =>
          CUSTOMERS.find(([, phone]) => phone.slice(2) === item["calleridnum"]?.slice(1))?.[0] ??
          "?",
      );
  }

  /** The console in a Chromium profile of its own, with somebody logged in through its page. */
  async screen(
    login: "admin" | "vera",
    options: NonNullable<Parameters<typeof profile>[1]> & { readonly url?: string } = {},
  ): Promise<Page> {
    const context = await profile(this.#browser, options);
    const page = await context.newPage();
    await page.goto(`${options.url ?? this.callcard.url}/console`);
    await page.getByLabel("Логин").fill(login);
    await page.getByLabel("Пароль").fill(PASSWORD);
    await page.getByRole("button", { name: "Войти" }).click();
    await page.getByRole("link", { name: "Очереди" }).waitFor();
    return page;
  }

  async close(): Promise<void> {
    await this.#parts.disposeAsync();
  }
}

async function loadShop(database: TestDatabase): Promise<void> {
  const load = { source: "shop", defaultRegion: "RU" } as const;
  const dayMs = 86_400_000;
  const day = (days: number): string => new Date(Date.now() + days * dayMs).toISOString();
  const callers = CUSTOMERS.map(([name, phone, tier], at) => ({
    ...{ sourceId: `c${at}`, name, tier, phones: [phone] },
  }));
  // Most customers of a shop have no tier: without them nearly everybody would be loyal.
  const others = Array.from({ length: 60 }, (_, at) => ({
    ...{ sourceId: `m${at}`, name: `Покупатель ${at}`, tier: "" },
    phones: [`+7914000${String(1000 + at)}`],
  }));
  await importCustomers(database, [...callers, ...others], load);
  await importOrders(
    database,
    CUSTOMERS.flatMap(([, , , late], at) =>
      late === ""
        ? []
        : {
            ...{ sourceId: `o${at}`, customerSourceId: `c${at}`, number: `26-0041${at}` },
            ...{ stage: "shipped" as const, status: "Передан в доставку", totalMinor: 459_000 },
            ...{ currency: "RUB", placedAt: day(-9), promisedAt: day(-2) },
            lines: [{ name: "Беговел мятный", quantity: 1, priceMinor: 459_000 }],
          },
    ),
    load,
  );
}
