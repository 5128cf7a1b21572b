import { Histogram } from "prom-client";
import { afterEach, describe, expect, test, vi } from "vitest";
import type { App } from "../../server/http/app.ts";
import {
  type MetricsAccess,
  type Readiness,
  createReadiness,
  healthRoutes,
} from "../../server/http/health.ts";
import { type Metrics, createMetrics, observeRequests } from "../../server/http/metrics.ts";
import { testApp } from "./support.ts";

let app: App;
let readiness: Readiness;
let metrics: Metrics;
afterEach(() => app.close());

async function open(metricsAccess: MetricsAccess = "loopback") {
  readiness = createReadiness();
  metrics = createMetrics();
  app = await testApp();
  observeRequests(app, metrics);
  await healthRoutes(app, { readiness, metrics, metricsAccess });
}

describe("readiness", () => {
  test("a server without parts, and one whose parts all work, is ready", async () => {
    await open();
    expect((await app.inject("/readyz")).json()).toEqual({ ready: true, parts: [] });
    readiness.add("database", () => ({ ok: true, detail: "answers" }));
    const answer = await app.inject("/readyz");
    expect(answer.statusCode).toBe(200);
    expect(answer.json().parts).toEqual([{ name: "database", ok: true, detail: "answers" }]);
  });

  test("503 names every part, which is not ready, and why", async () => {
    await open();
    readiness.add("database", async () => ({ ok: true, detail: "" }));
    readiness.add("pbx main", () => ({ ok: false, detail: "login refused" }));
    readiness.add("broken", () => {
      throw new Error("secret detail at 10.0.0.1");
    });
    const answer = await app.inject("/readyz");
    expect(answer.statusCode).toBe(503);
    expect(answer.json()).toEqual({
      ready: false,
      parts: [
        { name: "database", ok: true, detail: "" },
        { name: "pbx main", ok: false, detail: "login refused" },
        { name: "broken", ok: false, detail: "its check failed" },
      ],
    });
    expect((await app.inject("/healthz")).statusCode).toBe(200);
  });

  test("a part that does not answer counts as not ready, and one that left is not asked", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout"] });
    try {
      await open();
      const remove = readiness.add("stuck", () => new Promise(() => undefined));
      const report = readiness.report();
      await vi.advanceTimersByTimeAsync(2000);
      expect(await report).toEqual({
        ready: false,
        parts: [{ name: "stuck", ok: false, detail: "no answer within 2 s" }],
      });
      remove();
      expect((await readiness.report()).ready).toBe(true);
    } finally {
      vi.useRealTimers();
    }
  });
});

describe("a part that can be done without", () => {
  test("is told when it is away, and the whole stays ready", async () => {
    await open();
    readiness.add("redis", () => ({ ok: false, detail: "ECONNREFUSED" }), { needed: false });
    readiness.add("database", () => ({ ok: true, detail: "answers" }));
    const answer = await app.inject("/readyz");
    expect([answer.statusCode, answer.json()]).toEqual([
      200,
      {
        ready: true,
        parts: [
          { name: "redis", ok: false, detail: "ECONNREFUSED" },
          { name: "database", ok: true, detail: "answers" },
        ],
      },
    ]);
  });
});

describe("a process that is about to end", () => {
  test("is not ready at once, though a part would be long in answering", async () => {
    await open();
    readiness.add("stuck", () => new Promise(() => undefined));
    readiness.leave();
    const answer = await app.inject("/readyz");
    expect(answer.statusCode).toBe(503);
    expect(answer.json()).toEqual({
      ready: false,
      parts: [{ name: "process", ok: false, detail: "leaving" }],
    });
  });

  test("takes no new screens; one whose PostgreSQL is away does", async () => {
    await open();
    readiness.add("database", () => ({ ok: false, detail: "away" }));
    expect((await app.inject("/readyz")).statusCode).toBe(503);
    expect((await app.inject("/openz")).statusCode).toBe(200);
    readiness.leave();
    const answer = await app.inject("/openz");
    expect([answer.statusCode, answer.json()]).toEqual([503, { open: false }]);
  });
});

describe("metrics", () => {
  test("show the parts' own counters and gauges, fresh at each scrape", async () => {
    await open();
    const counters = { eventsRead: 3, unplaced: { lateHangup: 2, "no such leg": 1 } };
    metrics.exposeCounters("callcard_calls_", () => counters, { pbx: "main" });
    metrics.exposeCounters("callcard_calls_", () => ({ eventsRead: 9 }), { pbx: "second" });
    metrics.exposeGauges("callcard_ami_", () => ({ roundTripMs: null, live: 4 }));
    metrics.exposeCounters("callcard_bad_", () => {
      throw new Error("broken");
    });
    await app.inject("/metrics");
    counters.eventsRead = 5;
    const { body } = await app.inject("/metrics");
    expect(body).toContain('callcard_calls_events_read_total{pbx="main"} 5');
    expect(body).toContain('callcard_calls_events_read_total{pbx="second"} 9');
    expect(body).toContain('callcard_calls_unplaced_total{pbx="main",kind="lateHangup"} 2');
    expect(body).toContain("# TYPE callcard_calls_events_read_total counter");
    expect(body).toContain("callcard_ami_live 4");
    expect(body).not.toContain("round_trip");
    expect(body).toContain('callcard_metrics_failed_total{prefix="callcard_bad_"}');
    expect(body).toContain("process_resident_memory_bytes");
  });

  test("time requests by route, never by address", async () => {
    await open();
    const seconds = new Histogram({ name: "own", help: "own", registers: [metrics.registry] });
    seconds.observe(1);
    app.get("/calls/:id", { config: { access: "public" } }, async () => 1);
    await app.inject("/calls/main-17.3");
    await app.inject("/no/such/thing");
    const { body } = await app.inject("/metrics");
    expect(body).toContain('route="/calls/:id",status="200"} 1');
    expect(body).not.toContain("main-17.3");
    expect(body).not.toContain("no/such");
    expect(body).toContain("own_count 1");
  });

  test("are open to this machine, but not to what a proxy on it forwards", async () => {
    await open();
    const status = async (options: object) =>
      (await app.inject({ url: "/metrics", ...options })).statusCode;
    expect(await status({})).toBe(200);
    expect(await status({ remoteAddress: "::1" })).toBe(200);
    expect(await status({ remoteAddress: "10.0.0.7" })).toBe(401);
    expect(await status({ headers: { "x-forwarded-for": "127.0.0.1" } })).toBe(401);
    const from = { remoteAddress: "10.0.0.7" };
    const by = (role: string) => ({ headers: { authorization: `Bearer cc_${role}` } });
    expect(await status({ ...from, ...by("integrator") })).toBe(200);
    expect(await status({ ...from, ...by("admin") })).toBe(200);
    expect(await status({ ...from, ...by("supervisor") })).toBe(403);
    expect(await status({ ...from, ...by("nobody") })).toBe(401);
  });

  test("need a token even here when the setting says so", async () => {
    await open("token");
    expect((await app.inject("/metrics")).statusCode).toBe(401);
  });
});
