/**
 * A toy shop for tests of the whole product: goods with stock, a history of orders to learn from, a returning customer with an open order and
 * an older one, and the shop's own HTTP server, which decides by itself and which the test can make slow, silent or confused.
 */
import { type IncomingMessage, type ServerResponse, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { importCustomers } from "../../server/customers/import.ts";
import { type ShopMemory, openShopDoor } from "../../server/demo/shop/door.ts";
import { type DemoProduct, demoProducts } from "../../server/demo/shop/products.ts";
import type { DemoOrder } from "../../server/demo/shop/shop.ts";
import { LOOP_SHARES, isExplored, isHeld } from "../../server/offers/loop/arms.ts";
import type { OfferRuleSettings } from "../../server/offers/rules.ts";
import { importOrders, importProducts } from "../../server/orders/import.ts";
import type { Storage } from "../../server/storage/database.ts";

/** The shop's name among the sources. */
export const SOURCE = "shop";
const load = { source: SOURCE, defaultRegion: "RU" } as const;
const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

const OUT_OF_STOCK = "Подарочная коробка малая";
const products: readonly DemoProduct[] = demoProducts(() => 50).map((one) => ({
  ...one,
  stock: one.name === OUT_OF_STOCK ? 0 : one.stock,
}));
const product = (name: string): DemoProduct => products.find((one) => one.name === name)!;

/** Needs six AA batteries that are not in the box. */
export const car = product("Машинка на пульте красная");
export const batteries = product("Батарейки AA, упаковка 4 штуки");
/** Taken by 43 of 120 who bought the car, those who call among them. */
export const truck = product("Самосвал «Богатырь», 30 см");
/** Taken by as many, and out of stock. */
export const box = product(OUT_OF_STOCK);
/** In the older order, and what a claim is about. */
export const lamp = product("Ночник «Луна» белый");

/** Somebody who has bought before and has an open order with one car. */
export type Returning = {
  /** Ours. */
  readonly id: string;
  readonly sourceId: string;
  readonly name: string;
  readonly phone: string;
  readonly open: { readonly sourceId: string; readonly number: string };
  readonly older: { readonly sourceId: string; readonly number: string };
};

/** One person's order, as the shop has it. */
function order(
  own: Pick<DemoOrder, "sourceId" | "customerSourceId" | "number" | "stage" | "status">,
  placedMs: number,
  bought: readonly DemoProduct[],
): DemoOrder {
  const placedAt = new Date(placedMs).toISOString();
  return {
    ...own,
    ...{ placedAt, promisedAt: "", updatedAt: placedAt, currency: "RUB" },
    totalMinor: bought.reduce((sum, { priceMinor }) => sum + priceMinor, 0),
    delivery: {
      ...{ method: "Курьер", country: "RU", region: "Новосибирская область", city: "Новосибирск" },
      ...{ postalCode: "630099", address: "Красный проспект, 17" },
    },
    payment: { method: "Картой", state: "unpaid" },
    lines: bought.map(({ sourceId, name, priceMinor }) => ({
      ...{ productSourceId: sourceId, name, quantity: 1, priceMinor },
    })),
  };
}

/** `buyers` others bought the car within half a year; 43 of them took the truck too, 43 the box. */
function history(nowMs: number, buyers: number): DemoOrder[] {
  return Array.from({ length: buyers }, (_, n) => {
    const bought = [car, ...(n < 43 ? [truck] : []), ...(n >= 30 && n < 73 ? [box] : [])];
    const own = { sourceId: `past-${n}`, number: `25-${n}`, customerSourceId: `other-${n % 60}` };
    const placedMs = nowMs - (10 + n) * dayMs;
    return order({ ...own, stage: "completed", status: "Выполнен" }, placedMs, bought);
  });
}

/** How the shop answers: by its own mind, after a long while, with a page instead of data, or not at all. */
export type Mood = "works" | "slow" | "garbage" | "down";

/** Slower than an operator waits. */
const SLOW_MS = 6000;

export type ToyShop = {
  /** Who may call; a test that is tried again takes another one. */
  readonly returning: readonly Returning[];
  /** Where actions are asked, and what they are signed with. */
  readonly url: string;
  readonly secret: string;
  mood: Mood;
  /** Keys of everything that reached the shop's street, in order. */
  readonly knocks: readonly string[];
  /** What the shop itself has written down. */
  memory(): ShopMemory;
  close(): Promise<void>;
};

/** Loads the shop's data as its owner would, and opens its server. */
export async function openToyShop(storage: Storage): Promise<ToyShop> {
  const nowMs = Date.now();
  const returning = await returningCustomers(storage, nowMs);
  const orders = [
    ...history(nowMs, 120 - returning.length),
    ...returning.flatMap(({ sourceId: customerSourceId, open, older }) => [
      order({ ...open, customerSourceId, stage: "new", status: "Новый" }, nowMs - hourMs, [car]),
      order(
        { ...older, customerSourceId, stage: "completed", status: "Выполнен" },
        ...([nowMs - 40 * dayMs, [lamp, product("Пазл «Лес», 104 детали")]] as const),
      ),
    ]),
  ];
  const others = Array.from({ length: 60 }, (_, n) => ({
    ...{ sourceId: `other-${n}`, name: `Покупатель ${n}` },
    phones: [`+7913777${String(n).padStart(4, "0")}`],
  }));
  const refused = [
    await importCustomers(storage, others, load),
    await importProducts(storage, products.map(recordOf), load),
    await importOrders(
      storage,
      orders.map(({ updatedAt: _updatedAt, lines, ...rest }) => ({
        ...rest,
        lines: lines.map(({ productSourceId: productId, ...line }) => ({ ...line, productId })),
      })),
      load,
    ),
  ].flatMap((done) => done.refused);
  if (refused[0] !== undefined) throw new Error(`${refused[0].field}: ${refused[0].reason}`);

  let memory: ShopMemory = { orders: {}, stock: {}, answers: {} };
  const door = await openShopDoor({
    shop: { orders, products },
    memory: null,
    async keep(next) {
      memory = next;
    },
    async stockChanged(changed) {
      await importProducts(storage, changed.map(recordOf), load);
    },
  });
  // The street before the shop: what happens on it is no fault of the shop's.
  const knocks: string[] = [];
  const street = createServer((request, response) => {
    pass(request, response).catch(() => response.destroy());
  });
  async function pass(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    knocks.push(String(request.headers["idempotency-key"]));
    const { mood } = shop;
    if (mood === "down") {
      request.destroy();
      return;
    }
    if (mood === "garbage") {
      response.end("<html>Технические работы</html>");
      return;
    }
    if (mood === "slow") await sleep(SLOW_MS);
    const { host: _host, connection: _connection, ...headers } = request.headers;
    const answer = await fetch(door.url, {
      method: "POST",
      headers: headers as Record<string, string>,
      body: Buffer.concat(chunks),
    });
    response.writeHead(answer.status, { "content-type": "application/json" });
    response.end(await answer.text());
  }
  await new Promise<void>((listening) => street.listen(0, "127.0.0.1", listening));
  const shop: ToyShop = {
    returning,
    url: `http://127.0.0.1:${(street.address() as AddressInfo).port}/actions`,
    secret: door.secret,
    mood: "works",
    knocks,
    memory: () => memory,
    async close() {
      street.closeAllConnections();
      await new Promise((closed) => street.close(closed));
      await door.close();
    },
  };
  return shop;
}

/** Of a few those whom neither the measuring of hints nor the trying out of new ones concerns today: who that is, is by chance. */
async function returningCustomers(storage: Storage, nowMs: number): Promise<Returning[]> {
  const people = ["Соколова", "Белова", "Зимина", "Рощина", "Лунина", "Орлова", "Ивина", "Чернова"]
    .flatMap((surname) => [`Ольга ${surname}`, `Анна ${surname}`])
    .map((name, n) => ({
      ...{ sourceId: `returning-${n}`, name, phones: [`+7913555${String(n).padStart(4, "0")}`] },
      ...{ city: "Новосибирск", region: "Новосибирская область", tier: "gold" },
      timeZone: "Asia/Novosibirsk",
    }));
  await importCustomers(storage, people, load);
  const { rows } = await storage.pool.query<{ id: string; source_id: string }>(
    "select id, source_id from customers where source_id like 'returning-%' order by id",
  );
  const { held, explored } = LOOP_SHARES;
  return rows
    .filter(({ id }) => !isHeld(id, nowMs, held) && !isExplored(id, nowMs, explored))
    .map(({ id, source_id }) => {
      const { sourceId, name, phones } = people.find((one) => one.sourceId === source_id)!;
      return {
        ...{ id, sourceId, name, phone: phones[0]! },
        open: { sourceId: `open-${id}`, number: `26-09${id.padStart(2, "0")}` },
        older: { sourceId: `older-${id}`, number: `26-01${id.padStart(2, "0")}` },
      };
    });
}

function recordOf({ nameUk: _nameUk, ...record }: DemoProduct): object {
  return record;
}

/** The merchandiser's rule: a toy whose batteries are not in the box gets them, in the right number. */
export const batteryRule: OfferRuleSettings = {
  name: "Батарейки к игрушке",
  give: {
    kind: "needed",
    of: { products: [], categories: [], attribute: "batteries" },
    find: {
      ...{ products: [], categories: ["Батарейки"] },
      match: [{ of: "batteries", found: "battery" }],
    },
    count: { attribute: "batteryCount", each: 0 },
    ...{ pack: "pack", unless: ["batteriesIncluded"] },
  },
  ...{ when: [], priority: 900, from: "", until: "", group: "", currency: "" },
  limits: {
    ...{ stockAtLeast: 1, marginFloorPercent: 10, uses: null, usesPerDay: null },
    usesPerCustomer: null,
  },
  saying: { ru: "Батареек в коробке нет: положим {quantity}?", uk: "", en: "" },
};

/** How its parcels go: a table of its own. */
export const deliveryTable = {
  ...{ kind: "table", currency: "RUB" },
  services: [
    {
      ...{ name: "Курьер", mode: "door", cashPercent: 1.5, maxGrams: 100_000 },
      zones: [
        {
          ...{ name: "Новосибирск", where: { countries: ["RU"], cities: ["Новосибирск"] } },
          bands: [{ upToGrams: 100_000, priceMinor: 32_000 }],
          ...{ perKgMinor: 2500, days: [1, 2] },
        },
      ],
    },
  ],
};
