/** Results on their way back to a source: a real receiver on loopback, the real queue in a real PostgreSQL. */
import { createServer } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createLog } from "../../server/http/log.ts";
import { type Results, type ResultsOptions, openResults } from "../../server/orders/results.ts";
import { afterTry } from "../../server/webhooks/retries.ts";
import { orderRoutes } from "../../server/orders/routes.ts";
import { isSigned } from "../../server/orders/signature.ts";
import { changeSource } from "../../server/orders/sources.ts";
import { openStorage } from "../../server/storage/database.ts";
import { testApp } from "../http/support.ts";
import { cuttingProxy } from "../support/cutting-proxy.ts";
import { type TestDatabase, testDatabase } from "../support/postgres.ts";

const secret = "signs the results";
let database: TestDatabase;
let campaignId: string;
const open: { close(): Promise<unknown> }[] = [];

beforeAll(async () => {
  database = await testDatabase();
  await (await openResults({ storage: database, log: createLog({ level: "silent" }) })).close();
  const made = await database.pool.query<{ id: string }>(
    "insert into campaigns (settings) values ('{}') returning id",
  );
  campaignId = made.rows[0]!.id;
});
afterAll(() => database.drop());
beforeEach(async () => {
  await database.pool.query("truncate contacts, order_sources cascade");
  await database.pool.query("delete from graphile_worker._private_jobs");
});
afterEach(async () => {
  for (const one of open.splice(0).toReversed()) await one.close();
});

/** Retries as in the product, a thousand times faster. */
const fast: Partial<ResultsOptions> = {
  judge: (outcome, tries, sinceMs, atMs) => {
    const after = afterTry(outcome, tries, sinceMs, atMs, 0.5);
    return after.next === "again" ? { ...after, inMs: after.inMs / 1000 } : after;
  },
};
async function sending(options: Partial<ResultsOptions> = {}): Promise<Results> {
  const results = await openResults({
    ...{ storage: database, log: createLog({ level: "silent" }) },
    ...options,
  });
  open.push(results);
  return results;
}

type Received = { readonly body: Buffer; readonly signature: string; readonly atMs: number };
type Receiver = { readonly url: string; readonly got: Received[]; close(): Promise<void> };
/** A shop. `answer` is called with how many came before. */
async function receiver(
  answer: (response: ServerResponse, before: number) => void = (response) => response.end(),
  port = 0,
): Promise<Receiver> {
  const got: Received[] = [];
  const server: Server = createServer((request: IncomingMessage, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const signature = String(request.headers["x-callcard-signature"]);
      got.push({ body: Buffer.concat(chunks), signature, atMs: Date.now() });
      answer(response, got.length - 1);
    });
  });
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  const close = async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  const receiving = {
    ...{ got, close },
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/results`,
  };
  open.push(receiving);
  return receiving;
}
const answering = (status: number, headers: Record<string, string> = {}) => {
  return (response: ServerResponse) => response.writeHead(status, headers).end("no");
};

const target = (source: string, resultsUrl: string) =>
  changeSource(database.db, source, { resultsUrl, resultsSecret: secret }, "test");
let contacts = 0;
/** As a contact's end writes it. */
async function result(source: string, body: object = {}): Promise<string> {
  contacts += 1;
  const { rows } = await database.pool.query<{ id: string }>(
    `with c as (insert into contacts (campaign_id, phone) values ($1, $2) returning id)
     insert into results (contact_id, source, body) select id, $3, $4 from c returning id`,
    [
      campaignId,
      `+7913${1_000_000 + contacts}`,
      source,
      JSON.stringify({ id: `r${contacts}`, result: "Подтверждён", ...body }),
    ],
  );
  return rows[0]!.id;
}
async function row(id: string) {
  const found = await database.pool.query<{
    delivered_at: Date | null;
    tries: number;
    last_error: string;
  }>("select delivered_at, tries, last_error from results where id = $1", [id]);
  return found.rows[0]!;
}
const jobs = async () => (await database.pool.query("select * from graphile_worker.jobs")).rowCount;
const delivered = (id: string) =>
  expect.poll(async () => (await row(id)).delivered_at).toBeInstanceOf(Date);

describe("a result", () => {
  test("reaches its source signed, exactly the bytes that were signed, once", async () => {
    const shop = await receiver();
    await target("shop", shop.url);
    await sending();
    const id = await result("shop");
    await delivered(id);
    expect(shop.got).toHaveLength(1);
    const { body, signature } = shop.got[0]!;
    expect(isSigned(signature, secret, body, Date.now())).toBe(true);
    expect(JSON.parse(body.toString())).toEqual({ id: `r${contacts}`, result: "Подтверждён" });
    expect(await row(id)).toMatchObject({ tries: 1, last_error: "" });
    await expect.poll(jobs).toBe(0);
  });

  test("is not sent when what wrote it did not come to be", async () => {
    const shop = await receiver();
    await target("shop", shop.url);
    await sending();
    await database.pool.query(
      `begin; insert into contacts (id, campaign_id, phone) overriding system value values (-1, ${campaignId}, '+1');
         insert into results (contact_id, source, body) values (-1, 'shop', '{"id":"never"}'); rollback`,
    );
    await delivered(await result("shop"));
    expect(shop.got.map(({ body }) => JSON.parse(body.toString()).id)).not.toContain("never");
    expect(shop.got).toHaveLength(1);
  });

  test("is sent again until it is taken: 500, a hang, then 200; the same bytes each time", async () => {
    const shop = await receiver((response, before) => {
      if (before === 0) answering(500)(response);
      else if (before > 1) response.end();
    });
    await target("shop", shop.url);
    await sending({ ...fast, answerWithinMs: 300 });
    const id = await result("shop");
    await expect.poll(async () => (await row(id)).last_error).toBe("answered 500");
    await expect.poll(async () => (await row(id)).last_error).toBe("no answer within 0.3 s");
    await delivered(id);
    expect(shop.got).toHaveLength(3);
    expect(new Set(shop.got.map(({ body }) => body.toString())).size).toBe(1);
    for (const { body, signature, atMs } of shop.got)
      expect(isSigned(signature, secret, body, atMs)).toBe(true);
    expect(await row(id)).toMatchObject({ tries: 3, last_error: "" });
  });

  test("waits while nobody listens, and goes when somebody does", async () => {
    const shop = await receiver();
    const port = Number(new URL(shop.url).port);
    await shop.close();
    await target("shop", shop.url);
    await sending(fast);
    const id = await result("shop");
    await expect.poll(async () => (await row(id)).last_error).toBe("no answer: ECONNREFUSED");
    const again = await receiver(undefined, port);
    await delivered(id);
    expect(again.got).toHaveLength(1);
  });

  test("is given up after five plain refusals, and sent again when an admin sets the address", async () => {
    let status = 404;
    const shop = await receiver((response) => answering(status)(response));
    await target("shop", shop.url);
    await sending(fast);
    const id = await result("shop");
    await expect.poll(async () => (await row(id)).last_error).toBe("answered 404; given up");
    expect(shop.got).toHaveLength(5);
    await expect.poll(jobs).toBe(0);
    status = 204;
    await target("shop", shop.url);
    await delivered(id);
    expect(shop.got).toHaveLength(6);
  });

  test("follows no redirect", async () => {
    const elsewhere = await receiver();
    const shop = await receiver(answering(307, { location: elsewhere.url }));
    await target("shop", shop.url);
    await sending(fast);
    const id = await result("shop");
    await expect
      .poll(async () => (await row(id)).last_error)
      .toBe("answered 307: redirects are not followed; given up");
    expect(elsewhere.got).toEqual([]);
  });

  test("leaves a receiver alone for as long as it asks, with everything there is for it", async () => {
    const shop = await receiver((response, before) => {
      if (before === 0) answering(503, { "retry-after": "3" })(response);
      else response.end();
    });
    await target("shop", shop.url);
    await sending(fast);
    const first = await result("shop");
    await expect.poll(async () => (await row(first)).last_error).toBe("answered 503");
    const second = await result("shop");
    await delivered(first);
    await delivered(second);
    const [refused, ...later] = shop.got.map(({ atMs }) => atMs) as [number, ...number[]];
    expect(later).toHaveLength(2);
    for (const at of later) expect(at - refused).toBeGreaterThanOrEqual(2900);
    expect(await row(second)).toMatchObject({ tries: 1 });
  });

  test("of a source without an address stays for those who ask", async () => {
    await sending();
    const id = await result("shop");
    await result("");
    await expect.poll(jobs).toBe(0);
    expect(await row(id)).toMatchObject({ tries: 0, delivered_at: null });
  });
});

test("a slow source holds up nobody but itself, and is sent one after the other", async () => {
  let now = 0;
  let most = 0;
  const waiting: ServerResponse[] = [];
  const slow = await receiver((response) => {
    most = Math.max(most, (now += 1));
    waiting.push(response);
  });
  const quick = await receiver();
  await target("slow", slow.url);
  await target("quick", quick.url);
  await sending();
  for (let n = 0; n < 4; n++) await result("slow");
  await expect.poll(() => waiting.length).toBe(1);
  for (let n = 0; n < 10; n++) await result("quick");
  await expect.poll(() => quick.got.length).toBe(10);
  while (slow.got.length < 4 || waiting.length > 0) {
    await expect.poll(() => waiting.length).toBe(1);
    now -= 1;
    waiting.pop()!.end();
    if (slow.got.length === 4) break;
  }
  expect(most).toBe(1);
});

describe("whoever sends", () => {
  test("ends at once though a receiver is silent, and another goes on", async () => {
    let isSilent = true;
    const shop = await receiver((response) => {
      if (!isSilent) response.end();
    });
    await target("shop", shop.url);
    const first = await sending();
    const id = await result("shop");
    await expect.poll(() => shop.got.length).toBe(1);
    const startedMs = performance.now();
    await first.close();
    await first.close();
    expect(performance.now() - startedMs).toBeLessThan(8000);
    expect(await row(id)).toMatchObject({ delivered_at: null, tries: 0 });
    isSilent = false;
    await sending();
    await delivered(id);
  });

  test("may die in the middle: what it had taken is free again in time", async () => {
    const shop = await receiver();
    await target("shop", shop.url);
    const id = await result("shop");
    // As a process leaves it that was killed: taken by somebody who does not exist.
    await database.pool.query(`
      with j as (
        update graphile_worker._private_jobs set locked_by = 'dead', locked_at = now() - interval '1 hour',
          attempts = 1 returning job_queue_id
      )
      update graphile_worker._private_job_queues q set locked_by = 'dead', locked_at = now() - interval '1 hour'
      from j where q.id = j.job_queue_id`);
    await sending({ lostAfterMs: 2000 });
    await delivered(id);
    expect(shop.got).toHaveLength(1);
  });

  test("goes on once PostgreSQL, which was away in the middle, is there again", async () => {
    const shop = await receiver();
    await target("shop", shop.url);
    const url = new URL(database.url);
    const proxy = await cuttingProxy(Number(url.port));
    open.push(proxy);
    url.hostname = "127.0.0.1";
    url.port = String(proxy.port);
    const storage = openStorage(url.href, { maxConnections: 3 });
    open.push(storage);
    await sending({ storage, lostAfterMs: 2000 });
    await delivered(await result("shop"));
    proxy.refuse(true);
    const id = await result("shop");
    await new Promise((resolve) => setTimeout(resolve, 1500));
    expect(await row(id)).toMatchObject({ delivered_at: null });
    proxy.refuse(false);
    await delivered(id);
  });

  test("may be several: each result is sent once", async () => {
    const shop = await receiver();
    await target("shop", shop.url);
    await Promise.all([sending(), sending(), sending()]);
    const ids = await Promise.all(Array.from({ length: 30 }, () => result("shop")));
    for (const id of ids) await delivered(id);
    expect(shop.got).toHaveLength(30);
  });
});

describe("results that are asked for", () => {
  test("come in turn, none is passed by, and one that changed comes again", async () => {
    const app = await testApp();
    open.push({ close: () => app.close() });
    await orderRoutes(app, { storage: database, defaultRegion: "RU" });
    type Page = { results: { id: string }[]; next: string };
    const page = async (query: string) => {
      const headers = { authorization: "Bearer cc_integrator" };
      const answer = await app.inject({ url: `/api/v1/results?${query}`, headers });
      expect(answer.statusCode, answer.body).toBe(200);
      return answer.json<Page>();
    };
    const full = {
      ...{ campaign: { id: "1", name: "A" }, customer: null, phone: "+1", orders: [] },
      ...{ state: "done", note: "", operator: "", attempts: [], closedAt: "", data: {} },
    };
    // Written first, seen last.
    const late = await database.pool.connect();
    await late.query("begin");
    const { rows } = await late.query<{ id: string }>(
      `insert into contacts (campaign_id, phone) values (${campaignId}, '+70000000001') returning id`,
    );
    await late.query("insert into results (contact_id, source, body) values ($1, 'shop', $2)", [
      rows[0]!.id,
      JSON.stringify({ ...full, id: "late", result: "x" }),
    ]);
    const early = await result("shop", { ...full, id: "early" });
    const first = await page("after=0&limit=10");
    expect(first.results.map(({ id }) => id)).toEqual(["early"]);
    await late.query("commit");
    late.release();
    const second = await page(`after=${first.next}`);
    expect(second.results.map(({ id }) => id)).toEqual(["late"]);
    expect(await page(`after=${second.next}`)).toEqual({ results: [], next: second.next });
    await database.pool.query(
      `update results set body = body || '{"id":"early again"}' where id = ${early}`,
    );
    expect((await page(`after=${second.next}`)).results).toMatchObject([{ id: "early again" }]);
    expect((await page("source=other")).results).toEqual([]);
  });
});
