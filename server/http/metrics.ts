/** Numbers for Prometheus: one registry per server, its own counters, and counters other parts keep as plain objects. */
import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from "prom-client";
import type { App } from "./app.ts";

/** Counters as a part keeps them: a number, or numbers by kind. */
export type PlainCounters = Readonly<Record<string, number | Readonly<Record<string, number>>>>;

/** The metrics of one server. */
export type Metrics = {
  /** For histograms and whatever else a part makes itself: `new Histogram({ registers: [metrics.registry], ... })`. */
  readonly registry: Registry;
  /**
   * Shows a part's counters, read at each scrape: `eventsRead` becomes `<prefix>events_read_total`; an object of numbers becomes
   * one counter with the label `kind`. @param labels fixed labels, such as the PBX's name; the same prefix may be used once per value.
   * @returns how to show them no more.
   */
  exposeCounters(
    prefix: string,
    read: () => PlainCounters,
    labels?: Readonly<Record<string, string>>,
  ): () => void;
  /** The same for values that go up and down; named without `_total`. Null is not shown. */
  exposeGauges(
    prefix: string,
    read: () => Readonly<Record<string, number | null>>,
    labels?: Readonly<Record<string, string>>,
  ): () => void;
  /** Everything in Prometheus' text format. */
  text(): Promise<string>;
};

type Source<T> = {
  readonly prefix: string;
  readonly read: () => T;
  readonly labels: Readonly<Record<string, string>>;
};

type Gauges = Source<Readonly<Record<string, number | null>>>;

/** Makes the registry, with the process' own numbers (memory, event loop, garbage collection) in it. */
export function createMetrics(): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const counterSources = new Set<Source<PlainCounters>>();
  const gaugeSources = new Set<Gauges>();
  const counters = new Map<string, Counter>();
  const gauges = new Map<string, Gauge>();
  const failures = new Counter({
    name: "callcard_metrics_failed_total",
    help: "Parts whose counters could not be read",
    labelNames: ["prefix"],
    registers: [registry],
  });

  const counter = (name: string, labelNames: string[]) => {
    const known = counters.get(name);
    if (known !== undefined) return known;
    const made = new Counter({ name, help: wordsOf(name), labelNames, registers: [registry] });
    counters.set(name, made);
    return made;
  };
  const gauge = (name: string, labelNames: string[]) => {
    const known = gauges.get(name);
    if (known !== undefined) return known;
    const made = new Gauge({ name, help: wordsOf(name), labelNames, registers: [registry] });
    gauges.set(name, made);
    return made;
  };

  const refreshCounters = ({ prefix, read, labels }: Source<PlainCounters>) => {
    for (const [key, value] of Object.entries(read())) {
      const name = `${prefix}${snakeCase(key)}_total`;
      if (typeof value === "number") {
        counter(name, Object.keys(labels)).inc(labels, value);
        continue;
      }
      for (const [kind, count] of Object.entries(value))
        counter(name, [...Object.keys(labels), "kind"]).inc({ ...labels, kind }, count);
    }
  };
  const refreshGauges = ({ prefix, read, labels }: Gauges) => {
    for (const [key, value] of Object.entries(read())) {
      if (value !== null)
        gauge(`${prefix}${snakeCase(key)}`, Object.keys(labels)).set(labels, value);
    }
  };
  /** One part's broken counters must not hide all others. */
  const guarded = (prefix: string, refresh: () => void) => {
    try {
      refresh();
    } catch {
      failures.inc({ prefix });
    }
  };

  return {
    registry,
    exposeCounters(prefix, read, labels = {}) {
      return added(counterSources, { prefix, read, labels });
    },
    exposeGauges(prefix, read, labels = {}) {
      return added(gaugeSources, { prefix, read, labels });
    },
    async text() {
      // The parts keep the totals; here they are only shown.
      for (const one of counters.values()) one.reset();
      for (const one of gauges.values()) one.reset();
      for (const source of counterSources) guarded(source.prefix, () => refreshCounters(source));
      for (const source of gaugeSources) guarded(source.prefix, () => refreshGauges(source));
      return registry.metrics();
    },
  };
}

/** Times every answered request by route (never by address: that would be a label without end), method and status. */
export function observeRequests(app: App, metrics: Metrics): void {
  const seconds = new Histogram({
    name: "callcard_http_request_seconds",
    help: "Time from a request's first byte to its answer's last",
    labelNames: ["method", "route", "status"],
    buckets: [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
    registers: [metrics.registry],
  });
  app.addHook("onResponse", async (request, reply) => {
    const route = request.routeOptions.url ?? "none";
    seconds.observe(
      { method: request.method, route, status: reply.statusCode },
      reply.elapsedTime / 1000,
    );
  });
}

function added<T>(sources: Set<T>, source: T): () => void {
  sources.add(source);
  return () => void sources.delete(source);
}

function snakeCase(name: string): string {
  return name
    .replace(/([a-z0-9])([A-Z])/g, "$1_$2")
    .replace(/[^A-Za-z0-9]+/g, "_")
    .toLowerCase();
}

function wordsOf(name: string): string {
  return name.replace(/_total$/, "").replaceAll("_", " ");
}
