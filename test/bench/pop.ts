/**
 * How long a pop takes: from the bytes that tell of a ringing on the AMI socket to the card painted in Chromium, with 200
 * operators connected and 20 calls a second, beside a relay that does the least that could be done.
 */
import { fileURLToPath } from "node:url";
import type { Browser, Page } from "playwright-core";
import { SESSION_COOKIE } from "../../server/http/auth.ts";
import { openChromium, profile } from "../support/chromium.ts";
import { type SeatedOperator, openScreen, seatOperators } from "../support/operators.ts";
import { percentile, startChild, startServer } from "./children.ts";
import { type Load, startLoad } from "./load.ts";
import type { Bench, Figure } from "./run.ts";
import { openShop } from "./shop.ts";

const OPERATORS = 200;
/**
 * Operators among them with a page of a real Chromium, the others with a socket. Few: each page is a computer of its own in a
 * contact centre, and here they share the processors with the server.
 */
const PAGES = 4;
const CALLS_PER_SECOND = 20;
/** A little more than everybody gets, so that a minute has enough pops to speak of. */
const WATCHED_PER_SECOND = 0.5;
/** Long enough for two or three calls to each page. */
const WARM_UP_SECONDS = 20;
const PBX = "bench";

const file = (name: string) => fileURLToPath(new URL(name, import.meta.url));

type Painted = readonly (readonly [ringId: string, atMs: number])[];

/** p50, p95 and p99 of pops, and the relay's. */
export const pop: Bench = async ({ quick }) => {
  const seconds = quick ? 10 : 60;
  await using parts = new AsyncDisposableStack();
  const { storage, databaseUrl, numbers } = await openShop(parts);
  const extensions = Array.from({ length: OPERATORS }, (_, at) => String(1000 + at));
  const operators = await seatOperators(storage, PBX, extensions);

  const load = await startLoad(parts, {
    operators: extensions.slice(PAGES),
    watched: extensions.slice(0, PAGES),
    numbers,
    pace: { answerAfterMs: 1500, talkMs: 4000 },
  });
  const { ami } = load;
  const browser = await openChromium();
  parts.defer(() => browser.close());

  let stages: readonly Figure[] = [];
  let first: readonly number[] = [];
  const ours = await measureCallcard();
  const relay = await measureRelay();
  const cold: Figure = {
    what: "first pop of a page, median",
    value: percentile(first, 0.5),
    unit: "ms",
    beside: `${first.length} pages`,
  };
  return [...figures(ours, relay), cold, ...stages];

  async function measureCallcard(): Promise<readonly number[]> {
    await using serving = new AsyncDisposableStack();
    const server = startServer({
      ...{ PORT: "0", LOG_LEVEL: "warn", DATA_DIR: process.env["DATA_DIR"] ?? "data" },
      ...{ DATABASE_URL: databaseUrl, PBX_NAME: PBX, ADMIN_PASSWORD: "not used here" },
      AMI_HOST: "127.0.0.1",
      AMI_PORT: String(ami.port),
      AMI_USERNAME: ami.username,
      AMI_SECRET: ami.secret,
    });
    serving.defer(() => server.end());
    const { url } = await server.next();
    const screens = operators.map((operator) => openScreen(url, operator, { wrapUp: true }));
    serving.defer(async () => screens.forEach((screen) => screen.close()));
    while (screens.some((screen) => screen.state()?.presence.state !== "ready")) await pause(50);
    const pages = await Promise.all(
      operators.slice(0, PAGES).map((operator) => openDesk(browser, url, operator)),
    );
    serving.defer(
      async () => void (await Promise.all(pages.map((page) => page.context().close()))),
    );
    // Every page's first calls warm the code up; the very first is told apart, the rest of them are not counted.
    const early = await runLoad(load, WARM_UP_SECONDS);
    const firstOfPages = (await Promise.all(pages.map(collect))).map((all) => all.slice(0, 1));
    first = latencies(early, firstOfPages.flat(), (ringId) => ringId.slice(PBX.length + 1));
    const rang = await runLoad(load, seconds);
    const painted = (await Promise.all(pages.map(collect))).flat();
    stages = await meanStages(url);
    return latencies(rang, painted, (ringId) => ringId.slice(PBX.length + 1));
  }

  async function measureRelay(): Promise<readonly number[]> {
    await using serving = new AsyncDisposableStack();
    const relay = startChild<{ port: number }>(file("relay.ts"), {
      args: [String(ami.port), ami.username, ami.secret],
    });
    serving.defer(() => relay.end());
    const { port } = await relay.next();
    const pages = await Promise.all(
      extensions.slice(0, PAGES).map(async (extension) => {
        const page = await (await profile(browser)).newPage();
        await page.goto(`http://127.0.0.1:${port}/#${extension}`);
        return page;
      }),
    );
    serving.defer(
      async () => void (await Promise.all(pages.map((page) => page.context().close()))),
    );
    await runLoad(load, 2);
    await Promise.all(pages.map(collect));
    const rang = await runLoad(load, Math.min(seconds, 30));
    const painted = (await Promise.all(pages.map(collect))).flat();
    return latencies(rang, painted, (ringId) => ringId);
  }
};

/** A page as the operator has it; notes for every ringing when its card was on the screen, on the browser's own clock. */
async function openDesk(browser: Browser, url: string, operator: SeatedOperator): Promise<Page> {
  const context = await profile(browser);
  await context.addCookies([{ name: SESSION_COOKIE, value: operator.cookie, url }]);
  const page = await context.newPage();
  await page.addInitScript(() => {
    const painted: [string, number][] = [];
    Object.assign(globalThis, { painted });
    document.addEventListener("callcard:ringing", (event) => {
      const { ringId } = (event as CustomEvent<{ ringId: string }>).detail;
      requestAnimationFrame(() => {
        const channel = new MessageChannel();
        channel.port1.addEventListener("message", () =>
          painted.push([ringId, performance.timeOrigin + performance.now()]),
        );
        channel.port1.start();
        channel.port2.postMessage(null);
      });
    });
  });
  await page.goto(url);
  await page.waitForFunction(
    () => document.querySelector("callcard-desk")?.shadowRoot?.textContent?.trim() !== "",
  );
  return page;
}

/** What the page noted since the last time. */
async function collect(page: Page): Promise<Painted> {
  return page.evaluate(() =>
    (globalThis as unknown as { painted: [string, number][] }).painted.splice(0),
  );
}

async function runLoad(load: Load, seconds: number): Promise<ReadonlyMap<string, number>> {
  const { rang } = await load.run({
    ...{ seconds, callsPerSecond: CALLS_PER_SECOND, watchedPerSecond: WATCHED_PER_SECOND },
  });
  return rang;
}

function latencies(
  rang: ReadonlyMap<string, number>,
  painted: Painted,
  legOf: (ringId: string) => string,
): readonly number[] {
  return painted.flatMap(([ringId, atMs]) => {
    const from = rang.get(legOf(ringId));
    return from === undefined ? [] : [atMs - from];
  });
}

/** Where the time goes by the server's own ledger, the warm-up included. */
async function meanStages(url: string): Promise<readonly Figure[]> {
  const metrics = await (await fetch(`${url}/metrics`)).text();
  const value = (name: string) => Number(new RegExp(`^${name} (\\S+)`, "m").exec(metrics)?.[1]);
  return ["rang_to_sent", "sent_to_received", "received_to_painted"].map((stage) => {
    const name = `callcard_pop_${stage}_seconds`;
    const count = value(`${name}_count`);
    return {
      what: `mean ${stage.replaceAll("_", " ")}`,
      value: (value(`${name}_sum`) / count) * 1000,
      unit: "ms",
      beside: `${count} pops`,
    };
  });
}

function figures(ours: readonly number[], relay: readonly number[]): readonly Figure[] {
  const at = (share: number) => ({
    ours: percentile(ours, share),
    relay: percentile(relay, share),
  });
  const [p50, p95, p99] = [at(0.5), at(0.95), at(0.99)];
  const beside = (ms: number) => `bare relay ${ms.toFixed(1)} ms`;
  return [
    {
      what: "pops measured in Chromium",
      value: ours.length,
      unit: "",
      beside: `bare relay ${relay.length}`,
    },
    {
      what: "pop p50",
      value: p50.ours,
      unit: "ms",
      beside: beside(p50.relay),
      goal: "at most 3 x relay",
      met: p50.ours <= 3 * p50.relay,
    },
    { what: "pop p95", value: p95.ours, unit: "ms", beside: beside(p95.relay) },
    {
      what: "pop p99",
      value: p99.ours,
      unit: "ms",
      beside: beside(p99.relay),
      goal: "at most 50 ms",
      met: p99.ours <= 50,
    },
  ];
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
