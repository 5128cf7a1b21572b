/**
 * The sample shop's own server: a small HTTP shop on loopback that takes what operators ask of its orders, decides by itself
 * ({@link decide}) and answers with the order as it is now. What it decided outlives a restart, as a real shop's does.
 */
import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { randomBytes } from "node:crypto";
import type { OrderActionRequest } from "../../orders/actions/model.ts";
import { readRequest } from "../../orders/actions/check.ts";
import { IDEMPOTENCY_HEADER } from "../../orders/actions/http-door.ts";
import { SIGNATURE_HEADER, isSigned } from "../../orders/signature.ts";
import type { DemoProduct } from "./products.ts";
import type { DemoShop } from "./shop.ts";
import { type ShopOrder, decide, totalOf } from "./till.ts";

/** What the shop remembers between two runs. */
export type ShopMemory = {
  readonly orders: Readonly<Record<string, ShopOrder>>;
  /** Pieces left of products whose stock changed. */
  readonly stock: Readonly<Record<string, number>>;
  /** Answers by the idempotency key, the newest last. */
  readonly answers: Readonly<Record<string, Answer>>;
};
type Answer = { readonly status: number; readonly body: object };

/** What the door works with. */
export type ShopDoorOptions = {
  readonly shop: Pick<DemoShop, "orders" | "products">;
  /** Null the first time. */
  readonly memory: ShopMemory | null;
  /** Kept before the answer is given. */
  readonly keep: (memory: ShopMemory) => Promise<void>;
  /** Told of products whose stock changed. */
  readonly stockChanged: (
    products: readonly (DemoProduct & { readonly stock: number })[],
  ) => Promise<void>;
};

/** A shop that can be asked. */
export type ShopDoor = {
  readonly url: string;
  /** With what actions are signed; another one each time. */
  readonly secret: string;
  close(): Promise<void>;
};

const MOST_BYTES = 1024 * 1024;
const MOST_ANSWERS = 1000;

/** Opens it on a free port of loopback. */
export async function openShopDoor(options: ShopDoorOptions): Promise<ShopDoor> {
  const { shop, keep, stockChanged } = options;
  const secret = randomBytes(24).toString("hex");
  const products = new Map(shop.products.map((product) => [product.sourceId, product]));
  const placed = new Map(shop.orders.map((order) => [order.sourceId, order]));
  let memory: ShopMemory = options.memory ?? { orders: {}, stock: {}, answers: {} };
  // One after the other: two who take the last piece must not both get it.
  let last: Promise<unknown> = Promise.resolve();

  const server = createServer((request, response) => {
    take(request, response).catch(() => send(response, 500, { message: "Ошибка магазина" }));
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/actions`,
    secret,
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
      await last.catch(() => undefined);
    },
  };

  async function take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await bytesOf(request);
    if (body === null) return send(response, 413, { message: "Слишком длинно" });
    if (request.method !== "POST" || request.url !== "/actions")
      return send(response, 404, { message: "Нет такой страницы" });
    const header = String(request.headers[SIGNATURE_HEADER] ?? "");
    if (!isSigned(header, secret, body, Date.now()))
      return send(response, 401, { message: "Подпись не подходит" });
    const key = String(request.headers[IDEMPOTENCY_HEADER] ?? "");
    const turn = last.then(() => answer(key, body));
    last = turn.catch(() => undefined);
    const { status, body: said } = await turn;
    send(response, status, said);
  }

  async function answer(key: string, body: Buffer): Promise<Answer> {
    const known = Object.hasOwn(memory.answers, key) ? memory.answers[key] : undefined;
    if (known !== undefined) return known;
    const asked = readAsked(body);
    if (asked === null || key === "")
      return { status: 400, body: { message: "Запрос нельзя прочесть" } };
    const order = orderOf(asked.sourceId);
    if (order === null) return { status: 422, body: { message: "Такого заказа в магазине нет" } };
    const decision = decide(order, asked.request, {
      product: (id) => products.get(id),
      stock: stockOf,
    });
    const said: Answer = decision.ok
      ? { status: 200, body: { text: decision.text, order: recordOf(decision.order) } }
      : { status: 422, body: { message: decision.message } };
    const answers = Object.entries(memory.answers).slice(-MOST_ANSWERS + 1);
    const taken = decision.ok ? [...decision.taken].filter(([, pieces]) => pieces !== 0) : [];
    const stock = Object.fromEntries(taken.map(([id, pieces]) => [id, stockOf(id) - pieces]));
    const next: ShopMemory = {
      orders: decision.ok ? { ...memory.orders, [order.sourceId]: decision.order } : memory.orders,
      stock: { ...memory.stock, ...stock },
      answers: Object.fromEntries([...answers, [key, said]]),
    };
    await keep(next);
    memory = next;
    const changed = taken.flatMap(([id]) => {
      const product = products.get(id);
      return product === undefined ? [] : [{ ...product, stock: stockOf(id) }];
    });
    // The order is changed whether or not the stock can be told of now; the next change tells again.
    if (changed.length > 0) await stockChanged(changed).catch(() => undefined);
    return said;
  }

  function stockOf(id: string): number {
    return memory.stock[id] ?? products.get(id)?.stock ?? 0;
  }

  function orderOf(sourceId: string): ShopOrder | null {
    if (Object.hasOwn(memory.orders, sourceId)) return memory.orders[sourceId]!;
    const order = placed.get(sourceId);
    if (order === undefined) return null;
    const { number, stage, status, currency, placedAt, promisedAt, delivery } = order;
    return {
      ...{ sourceId, number, stage, status, currency, placedAt, promisedAt, delivery },
      lines: order.lines.map(({ productSourceId: productId, name, quantity, priceMinor }) => ({
        ...{ productId, name, quantity, priceMinor },
      })),
      ...{ deliveryMinor: 0, version: 0 },
    };
  }
}

/** As Callcard takes orders. */
function recordOf({ deliveryMinor, discounts = {}, ...order }: ShopOrder): object {
  return { ...order, totalMinor: totalOf({ ...order, deliveryMinor, discounts }) };
}

function readAsked(
  body: Buffer,
): { readonly sourceId: string; readonly request: OrderActionRequest } | null {
  try {
    const asked = JSON.parse(body.toString()) as { sourceId?: unknown; action?: unknown };
    return typeof asked.sourceId === "string"
      ? { sourceId: asked.sourceId, request: readRequest(asked.action) }
      : null;
  } catch {
    return null;
  }
}

/** Null when it is too long. */
async function bytesOf(request: IncomingMessage): Promise<Buffer | null> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MOST_BYTES) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function send(response: ServerResponse, status: number, body: object): void {
  if (response.headersSent) return;
  response
    .writeHead(status, { "content-type": "application/json; charset=utf-8" })
    .end(JSON.stringify(body));
}
