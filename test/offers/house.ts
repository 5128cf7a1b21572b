/** A small shop with offers opened over a real database, as the server opens them. */
import { openOffers, type OpenedOffers } from "../../server/offers/open.ts";
import { openHints } from "../../server/offers/learn/hints.ts";
import { openOfferLoop, type RunningLoop } from "../../server/offers/loop/loop.ts";
import type { OfferRuleSettings } from "../../server/offers/rules.ts";
import type { App } from "../../server/http/app.ts";
import { type Bus, localBus } from "../../server/storage/bus.ts";
import { testApp } from "../http/support.ts";
import { type TestDatabase, testDatabase } from "../support/postgres.ts";
import { NOON_MS } from "./samples.ts";

const throwing = (error: unknown) => {
  throw error;
};

export type OffersHouse = {
  readonly database: TestDatabase;
  readonly offers: OpenedOffers;
  readonly loop: RunningLoop;
  readonly app: App;
  readonly bus: Bus;
  nowMs: number;
  /** What was logged as wrong; {@link close} throws what nobody took out. */
  readonly faults: string[];
  /** A request as somebody with this role; the answer's body is JSON. */
  ask(
    method: "GET" | "POST" | "PUT",
    path: string,
    body?: object,
    role?: string,
    // oxlint-disable-next-line typescript/no-explicit-any -- answers of every shape are looked into
  ): Promise<{ readonly status: number; readonly body: any }>;
  /** A rule that is on; its id. */
  addRule(settings: OfferRuleSettings): Promise<string>;
  /** Everybody is judged by now. */
  judged(): Promise<void>;
  close(): Promise<void>;
};

/** Opens one; the shop is Moscow's, its clock stands. */
export async function openOffersHouse(): Promise<OffersHouse> {
  const database = await testDatabase();
  const bus = localBus(throwing);
  const faults: string[] = [];
  const fault = (fields: object) => void faults.push(String((fields as { err?: unknown }).err));
  const log = { info: () => undefined, warn: fault, error: fault };
  let now = NOON_MS;
  const clock = () => now;
  const offers = await openOffers({
    ...{
      storage: database,
      databaseUrl: database.url,
      bus,
      hints: openHints,
      log,
      clock,
      timeZone: "Europe/Moscow",
      freshMs: 0,
    },
  });
  const loop = openOfferLoop({ storage: database, log, shares: { held: 0, explored: 0 } });
  const app = await testApp();
  offers.routes(app, { loop, region: "RU" });
  const house: OffersHouse = {
    ...{ database, offers, loop, app, bus, faults },
    get nowMs() {
      return now;
    },
    set nowMs(nowMs) {
      now = nowMs;
    },
    async ask(method, path, body, role = "admin") {
      const answer = await app.inject({
        ...{ method, url: `/api/v1/${path}` },
        headers: { authorization: `Bearer cc_${role}` },
        ...(body === undefined ? {} : { payload: body }),
      });
      return { status: answer.statusCode, body: answer.json() };
    },
    async addRule(settings) {
      const { id } = await offers.book.create({ settings, by: "test" });
      await offers.book.turn(id, "on", "test");
      return id;
    },
    judged: () => offers.standings.work(),
    async close() {
      await app.close();
      await loop.close();
      await offers.close();
      await database.drop();
      if (faults.length > 0) throw new Error(faults.join("; "));
    },
  };
  return house;
}

/** Products of the shop "s"; their ids go up from 1 in a fresh database. */
export async function addProducts(
  { database }: Pick<OffersHouse, "database">,
  products: readonly {
    readonly name: string;
    readonly category?: string;
    readonly priceMinor?: number;
    readonly costMinor?: number | null;
    readonly stock?: number | null;
    readonly attributes?: object;
  }[],
): Promise<readonly string[]> {
  const rows = await database.db
    .insertInto("products")
    .values(
      products.map(
        ({
          name,
          category = "Toys",
          priceMinor = 1000,
          costMinor = null,
          stock = 50,
          attributes,
        }) => ({
          ...{ source: "s", source_id: `p-${name}`, sku: `SKU-${name}`, name, category },
          ...{ price_minor: String(priceMinor), currency: "RUB", stock, cost_minor: costMinor },
          attributes: JSON.stringify(attributes ?? {}),
        }),
      ),
    )
    .returning("id")
    .execute();
  return rows.map(({ id }) => id);
}

let made = 0;
/** A customer of the shop "s" with a phone. */
export async function addCustomer(
  { database, bus }: Pick<OffersHouse, "database" | "bus">,
  own: { readonly tier?: string; readonly segments?: string[]; readonly bonusMinor?: number } = {},
): Promise<{ readonly id: string; readonly sourceId: string; readonly phone: string }> {
  const sourceId = `c${(made += 1)}`;
  const phone = `+7913${String(made).padStart(7, "0")}`;
  const { tier = "", segments = [], bonusMinor = null } = own;
  const { id } = await database.db
    .insertInto("customers")
    .values({
      ...{ source: "s", source_id: sourceId, name: "Мария", language: "ru", tier, segments },
      bonus_minor: bonusMinor,
    })
    .returning("id")
    .executeTakeFirstOrThrow();
  // As a load of customers says it.
  bus.publish("customersChanged", { customerIds: [], phones: [] });
  await database.db
    .insertInto("customer_phones")
    .values({ e164: phone, customer_id: id })
    .execute();
  return { id, sourceId, phone };
}

/** An order of these products (their `source_id`s), so many days before the shop's noon; its id. */
export async function addOrder(
  { database }: Pick<OffersHouse, "database">,
  customerId: string,
  own: {
    readonly stage?: string;
    readonly totalMinor?: number;
    readonly currency?: string;
    readonly daysAgo?: number;
    readonly products?: readonly string[];
  } = {},
): Promise<string> {
  const { stage = "completed", totalMinor = 1000, currency = "RUB", daysAgo = 1 } = own;
  const { id } = await database.db
    .insertInto("orders")
    .values({
      ...{ source: "s", source_id: `o${(made += 1)}`, customer_id: customerId, number: "1" },
      ...{ stage, total_minor: totalMinor, currency },
      placed_at: new Date(NOON_MS - daysAgo * 86_400_000),
      lines: JSON.stringify(
        (own.products ?? []).map((productId) => ({
          ...{ name: productId, quantity: 1, priceMinor: 1000, productId },
        })),
      ),
    })
    .returning("id")
    .executeTakeFirstOrThrow();
  return id;
}
