/** Webhooks on their way: real receivers on loopback, the real queue in a real PostgreSQL, processes that are killed. */
import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { App } from "../../server/http/app.ts";
import { createLog } from "../../server/http/log.ts";
import { isSigned } from "../../server/orders/signature.ts";
import { openWebhooks } from "../../server/webhooks/open.ts";
import { webhookRoutes } from "../../server/webhooks/routes.ts";
import { addTarget, changeTarget } from "../../server/webhooks/targets.ts";
import { writeWebhooks } from "../../server/webhooks/write.ts";
import { startChild } from "../bench/children.ts";
import { testApp } from "../http/support.ts";
import { type TestDatabase, testDatabase } from "../support/postgres.ts";
import { fast } from "./fast.ts";

const secret = "signs every webhook";
const log = createLog({ level: "silent" });
let database: TestDatabase;
const open: { close(): Promise<unknown> }[] = [];

beforeAll(async () => {
  database = await testDatabase();
  await (await openWebhooks({ storage: database, log })).close();
});
afterAll(() => database.drop());
beforeEach(async () => {
  await database.pool.query("truncate webhook_targets cascade");
  await database.pool.query("delete from graphile_worker._private_jobs");
});
afterEach(async () => {
  for (const one of open.splice(0).toReversed()) await one.close();
});

type Got = { readonly id: string; readonly event: string; readonly signature: string };
type Came = Got & { readonly body: Buffer; readonly n: number };
/** Somebody who is told. `answer` is called with what came and how many came before. */
async function receiver(
  answer: (response: ServerResponse, came: Came, before: number) => void = (response) =>
    response.end(),
) {
  const got: Came[] = [];
  const server = createServer((request: IncomingMessage, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const body = Buffer.concat(chunks);
      const came = {
        id: String(request.headers["idempotency-key"]),
        event: String(request.headers["x-callcard-event"]),
        signature: String(request.headers["x-callcard-signature"]),
        ...{ body, n: (JSON.parse(body.toString()) as { data: { n: number } }).data.n },
      };
      got.push(came);
      answer(response, came, got.length - 1);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const close = async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  const receiving = {
    ...{ got, close },
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/told`,
  };
  open.push(receiving);
  return receiving;
}
const sending = async () => {
  const webhooks = await openWebhooks({ storage: database, log, lostAfterMs: 1500, ...fast });
  open.push(webhooks);
  return webhooks;
};
const target = (name: string, url: string) =>
  addTarget(
    database.db,
    { name, url, secret, events: ["claim.filed", "claim.changed"], enabled: true },
    "test",
  );
const tell = (n: number, subject = "claim/1", only: readonly string[] = []) =>
  database.db
    .transaction()
    .execute((trx) =>
      writeWebhooks(trx, { event: "claim.filed", subject, data: { n }, atMs: Date.now(), only }),
    );
const rows = async () =>
  (
    await database.pool.query<{
      id: string;
      subject: string;
      tries: number;
      last_error: string;
      delivered_at: Date | null;
      given_up_at: Date | null;
    }>("select * from webhook_deliveries order by n")
  ).rows;
const allDelivered = () =>
  expect
    .poll(async () => (await rows()).every((row) => row.delivered_at !== null), { timeout: 90_000 })
    .toBe(true);

describe("a webhook", () => {
  test("reaches its receiver once by its key though it fails three times first", async () => {
    const taken = new Map<string, number>();
    const shop = await receiver((response, { id }, before) => {
      if (before === 0) response.writeHead(500).end();
      else if (before === 1) response.socket?.destroy();
      else if (before === 2) response.writeHead(503).end();
      else {
        taken.set(id, (taken.get(id) ?? 0) + 1);
        response.end();
      }
    });
    await target("accounting", shop.url);
    await sending();
    await tell(1);
    await allDelivered();
    expect(shop.got).toHaveLength(4);
    expect(new Set(shop.got.map(({ id }) => id)).size).toBe(1);
    expect(new Set(shop.got.map(({ body }) => body.toString())).size).toBe(1);
    expect([...taken.values()]).toEqual([1]);
    const { body, signature, id, event } = shop.got[3]!;
    expect(isSigned(signature, secret, body, Date.now())).toBe(true);
    expect(JSON.parse(body.toString())).toMatchObject({ id, event: "claim.filed", data: { n: 1 } });
    expect(event).toBe("claim.filed");
    expect(await rows()).toMatchObject([{ tries: 4, last_error: "" }]);
  });

  test("is not sent when what it tells of did not come to be", async () => {
    const shop = await receiver();
    await target("accounting", shop.url);
    await sending();
    await database.db
      .transaction()
      .execute(async (trx) => {
        const what = { event: "claim.filed", subject: "claim/9", data: { n: 9 } } as const;
        await writeWebhooks(trx, { ...what, atMs: 0 });
        throw new Error("not filed after all");
      })
      .catch(() => undefined);
    await tell(1);
    await allDelivered();
    expect(shop.got.map(({ n }) => n)).toEqual([1]);
  });

  test("of one subject is sent in order, whatever fails in between; others do not wait for it", async () => {
    let refusals = 0;
    const shop = await receiver((response, { n }) => {
      // It will not have the first of claim 1 three times.
      if (n === 1 && (refusals += 1) <= 3) response.writeHead(400).end();
      else response.end();
    });
    await target("accounting", shop.url);
    await tell(1, "claim/1");
    await tell(2, "claim/1");
    await tell(3, "claim/2");
    await tell(4, "claim/1");
    await sending();
    await allDelivered();
    const order = shop.got.map(({ n }) => n);
    expect(order.filter((n) => n !== 3)).toEqual([1, 1, 1, 1, 2, 4]);
    // It does not wait until claim 1 is through.
    expect(order.indexOf(3)).toBeLessThan(order.lastIndexOf(1));
  });

  test("that is refused for good is given up, listed, and sent again when a person says so", async () => {
    let isRefusing = true;
    const shop = await receiver((response, { n }) =>
      response.writeHead(isRefusing && n === 1 ? 422 : 200).end(),
    );
    await target("accounting", shop.url);
    await sending();
    await tell(1);
    await tell(2);
    await expect.poll(async () => (await rows())[0]!.given_up_at).toBeInstanceOf(Date);
    // What stood behind it goes on.
    await expect.poll(async () => (await rows())[1]!.delivered_at).toBeInstanceOf(Date);
    const app = await admins();
    const list = await app.get("/api/v1/webhook-deliveries");
    expect(list.deliveries).toMatchObject([
      { state: "givenUp", lastError: "answered 422; given up", tries: 5, targetName: "accounting" },
      { state: "delivered" },
    ]);
    isRefusing = false;
    const { id } = list.deliveries[0]!;
    expect((await app.post(`/api/v1/webhook-deliveries/${id}/send-again`)).delivery).toMatchObject({
      id,
      state: "waiting",
    });
    await allDelivered();
    expect(shop.got.at(-1)).toMatchObject({ id, n: 1 });
    expect(await app.status("POST", `/api/v1/webhook-deliveries/${id}/send-again`)).toBe(404);
  });
});

describe("a receiver that is down", () => {
  test("is left alone as a whole, and gets everything once it is there again", async () => {
    let isDown = true;
    const shop = await receiver((response) => response.writeHead(isDown ? 503 : 200).end());
    const quick = await receiver();
    const targetId = await target("accounting", shop.url);
    await target("production", quick.url);
    const webhooks = await openWebhooks({
      ...{ storage: database, log, ...fast },
      restMs: () => 1500,
    });
    open.push(webhooks);
    for (let n = 0; n < 20; n++) await tell(n, `claim/${n}`);
    await expect.poll(() => quick.got.length).toBe(20);
    await expect.poll(() => shop.got.length).toBeGreaterThan(0);
    // Twenty wait for it, and it was asked once.
    expect(shop.got.length).toBe(1);
    isDown = false;
    await allDelivered();
    expect(shop.got.length).toBe(21);
    const { rows: targets } = await database.pool.query(
      "select failures, resting_until from webhook_targets where id = $1",
      [targetId],
    );
    expect(targets).toEqual([{ failures: 0, resting_until: null }]);
  });

  test("is asked again at once when an admin tells its address anew; what it was not told waits while it is off", async () => {
    const shop = await receiver();
    const id = await target("accounting", "http://127.0.0.1:9/closed");
    await sending();
    await tell(1);
    await expect.poll(async () => (await rows())[0]!.last_error).not.toBe("");
    await changeTarget(database.db, id, { enabled: false, url: shop.url }, "test");
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(shop.got).toEqual([]);
    await changeTarget(database.db, id, { enabled: true }, "test");
    await allDelivered();
    expect(shop.got).toHaveLength(1);
  });
});

test("senders killed in the middle: every delivery is taken once by its key, in order, and none is lost", async () => {
  const SUBJECTS = 8;
  const EACH = 6;
  const taken: { id: string; n: number }[] = [];
  const shop = await receiver((response, { id, n }, before) => {
    // Three times first, and now and then later.
    if (before < 3 || before % 12 === 0) {
      response.writeHead(500).end();
      return;
    }
    // What a receiver does with a key it knows: says yes and does nothing.
    if (!taken.some((one) => one.id === id)) taken.push({ id, n });
    // The answer comes late, so that some senders die after it was taken and before they know.
    setTimeout(() => response.end(), 20);
  });
  await target("accounting", shop.url);
  for (let n = 0; n < SUBJECTS * EACH; n++) await tell(n, `claim/${n % SUBJECTS}`);
  const start = () => {
    const child = startChild<{ ready: true }>(
      fileURLToPath(new URL("sending-process.ts", import.meta.url)),
      { env: { SENDING_DATABASE: database.url } },
    );
    open.push({ close: () => child.end() });
    return child;
  };
  for (let kill = 0; kill < 4; kill++) {
    const child = start();
    await child.next();
    const before = shop.got.length;
    await expect.poll(() => shop.got.length).toBeGreaterThan(before + 3);
    child.process.kill("SIGKILL");
  }
  start();
  await start().next();
  await allDelivered();
  expect(taken).toHaveLength(SUBJECTS * EACH);
  expect(new Set(taken.map(({ id }) => id)).size).toBe(SUBJECTS * EACH);
  for (let subject = 0; subject < SUBJECTS; subject++) {
    const order = taken.filter(({ n }) => n % SUBJECTS === subject).map(({ n }) => n);
    expect(order).toEqual(order.toSorted((a, b) => a - b));
  }
});

test("several processes at once send each delivery once", async () => {
  const shop = await receiver();
  await target("accounting", shop.url);
  await Promise.all([sending(), sending(), sending()]);
  await Promise.all(Array.from({ length: 40 }, (_, n) => tell(n, `claim/${n}`)));
  await allDelivered();
  expect(shop.got).toHaveLength(40);
});

/** The routes as an admin sees them. */
async function admins() {
  const app: App = await testApp();
  open.push({ close: () => app.close() });
  await webhookRoutes(app, { db: database.db });
  const ask = (
    method: "GET" | "POST" | "PUT" | "DELETE",
    url: string,
    payload?: object,
    who = "admin",
  ) =>
    app.inject({
      ...{ method, url, headers: { authorization: `Bearer cc_${who}` } },
      ...(payload === undefined ? {} : { payload }),
    });
  type Page = { deliveries: { id: string; state: string }[]; next: string };
  return {
    ask,
    get: async (url: string) => (await ask("GET", url)).json<Page>(),
    post: async (url: string) => (await ask("POST", url)).json<{ delivery: object }>(),
    status: async (method: "POST" | "GET", url: string) => (await ask(method, url)).statusCode,
  };
}

describe("over HTTP", () => {
  test("targets are kept without showing secrets, audited, and refused by the field", async () => {
    const { ask } = await admins();
    const wanted = {
      ...{ name: "Бухгалтерия", url: "https://accounting.example/hook", secret },
      events: ["claim.filed"],
    };
    const made = await ask("POST", "/api/v1/webhooks", wanted);
    expect(made.statusCode, made.body).toBe(201);
    expect(made.body).not.toContain(secret);
    const { id } = made.json<{ target: { id: string } }>().target;
    expect(made.json()).toMatchObject({
      target: { name: "Бухгалтерия", hasSecret: true, enabled: true, waiting: 0, lastError: "" },
    });
    for (const [body, field] of [
      [{ ...wanted }, "body.name"],
      [{ ...wanted, name: "B", url: "ftp://x" }, "body.url"],
      [{ ...wanted, name: "B", url: "https://user:password@x.example/" }, "body.url"],
      [{ ...wanted, name: "B", secret: "short" }, "body.secret"],
      [{ ...wanted, name: "B", events: ["claim.eaten"] }, "body.events.0"],
    ] as const) {
      const answer = await ask("POST", "/api/v1/webhooks", body);
      expect(answer.statusCode, answer.body).toBe(400);
      expect(answer.json()).toMatchObject({ error: { field } });
    }
    const changed = await ask("PUT", `/api/v1/webhooks/${id}`, { enabled: false });
    expect(changed.json()).toMatchObject({ target: { enabled: false, url: wanted.url } });
    expect((await ask("DELETE", `/api/v1/webhooks/${id}`)).statusCode).toBe(204);
    expect((await ask("DELETE", `/api/v1/webhooks/${id}`)).statusCode).toBe(404);
    expect((await ask("GET", "/api/v1/webhooks", undefined, "supervisor")).statusCode).toBe(403);
    const { rows: audit } = await database.pool.query<{ action: string; detail: object }>(
      "select action, detail from audit where action like 'webhook.%' and detail->>'id' = $1 order by id",
      [id],
    );
    expect(audit.map(({ action }) => action)).toEqual([
      ...["webhook.added", "webhook.changed", "webhook.removed"],
    ]);
    expect(JSON.stringify(audit)).not.toContain(secret);
  });

  test("deliveries come page by page, undelivered first, and by target, state and subject", async () => {
    const one = await target("one", "https://one.example/");
    const two = await target("two", "https://two.example/");
    for (let n = 0; n < 6; n++) await tell(n, `claim/${n % 2}`, n < 4 ? [one] : [two]);
    await database.pool.query(
      "update webhook_deliveries set delivered_at = now() where n in (select max(n) from webhook_deliveries)",
    );
    const { get } = await admins();
    const seen: string[] = [];
    for (let after = "", pages = 0; pages < 9; pages++) {
      const page = await get(`/api/v1/webhook-deliveries?limit=2&after=${after}`);
      seen.push(...page.deliveries.map(({ state }) => state));
      after = page.next;
      if (after === "") break;
    }
    expect(seen).toEqual([...Array.from({ length: 5 }, () => "waiting"), "delivered"]);
    const count = async (query: string) =>
      (await get(`/api/v1/webhook-deliveries?${query}`)).deliveries.length;
    expect(await count(`target=${two}`)).toBe(2);
    expect(await count(`target=${two}&state=waiting`)).toBe(1);
    expect(await count("subject=claim/1")).toBe(3);
    expect(await count("state=givenUp")).toBe(0);
  });
});
