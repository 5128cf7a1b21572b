/**
 * `POST /api/v1/offers` as a shop's site asks it: one process answers out of PostgreSQL with a hundred rules, over connections that stay open.
 * Beside it, in the same run, a bare fastify route that gives the same bytes. And how long it takes to judge every customer anew.
 */
import { fileURLToPath } from "node:url";
import { type Child, cpuMs, percentile, startChild } from "./children.ts";
import type { OffersAsked, OffersOrder } from "./offers-asker.ts";
import { makeOffersShop } from "./offers-shop.ts";
import { judgeEverybody } from "./offers-standings.ts";
import type { Bench, Figure } from "./run.ts";

const WANTED_PER_SECOND = 2000;
/** Questions in flight: as many as a few web servers of a shop have. */
const AT_A_TIME = 16;

export const offers: Bench = async ({ quick }) => {
  await using parts = new AsyncDisposableStack();
  const size = quick
    ? { customers: 2000, products: 1000 }
    : { customers: 200_000, products: 20_000 };
  const shop = await makeOffersShop(parts, size);
  const standings = await judgeEverybody(shop.storage);

  const asker = startChild<OffersAsked | "ready">(fileOf("offers-asker.ts"));
  parts.defer(() => asker.end());
  await asker.next();
  const server = startChild<{ url: string }>(fileOf("offers-server.ts"), {
    env: { BENCH_DATABASE_URL: shop.databaseUrl },
  });
  parts.defer(() => server.end());
  const url = await urlOf(server);
  const ours = await measure(server, url);
  const recorded = await measure(server, url, "visit");
  await server.end();
  const bare = startChild<{ url: string }>(fileOf("offers-bare.ts"), {
    env: { BENCH_ANSWER: ours.sample },
  });
  parts.defer(() => bare.end());
  return [...figures(ours, recorded, await measure(bare, await urlOf(bare))), ...standings];

  async function urlOf(answering: Child<{ url: string }>): Promise<string> {
    return (await answering.next()).url;
  }

  async function measure(
    answering: Child<{ url: string }>,
    url: string,
    visits = "",
  ): Promise<Measured> {
    // As long as it takes to compile what is asked all the time.
    await ask(url, quick ? 10 : 20, visits && `first-${visits}`);
    const beforeMs = await cpuMs(answering);
    const asked = await ask(url, quick ? 5 : 20, visits);
    return { ...asked, cpuMs: ((await cpuMs(answering)) - beforeMs) / asked.ms.length };
  }

  async function ask(url: string, seconds: number, visits: string): Promise<OffersAsked> {
    const order: OffersOrder = {
      ...{ port: Number(new URL(url).port), seconds, atATime: AT_A_TIME, visits, ...size },
    };
    asker.tell(order);
    const asked = (await asker.next()) as OffersAsked;
    if (asked.refusal !== "") throw new Error(`no answer but ${asked.refusal}`);
    return asked;
  }
};

/** CPU of the answering process, ms for each question. */
type Measured = OffersAsked & { readonly cpuMs: number };

function figures(ours: Measured, recorded: Measured, floor: Measured): readonly Figure[] {
  const perSecond = (one: Measured) => one.ms.length / one.seconds;
  // What one core gives when it does nothing else: here PostgreSQL and who asks share the machine.
  const perCore = (one: Measured) => 1000 / one.cpuMs;
  const beside = (value: number, unit: string) => `bare fastify route ${value.toFixed(2)} ${unit}`;
  return [
    {
      what: `offers for a cart of 3 by 100 rules, ${AT_A_TIME} at a time`,
      value: perSecond(ours),
      unit: "/s",
      beside: beside(perSecond(floor), "/s"),
      goal: `at least ${WANTED_PER_SECOND}/s`,
      met: perSecond(ours) >= WANTED_PER_SECOND,
    },
    {
      what: "the same, of one core of the server's own time",
      value: perCore(ours),
      unit: "/s",
      beside: beside(perCore(floor), "/s"),
      goal: `at least ${WANTED_PER_SECOND}/s`,
      met: perCore(ours) >= WANTED_PER_SECOND,
    },
    {
      what: "each of a visit, recorded as shown: of one core of the server's own time",
      value: perCore(recorded),
      unit: "/s",
      beside: `${perSecond(recorded).toFixed(0)}/s, beside PostgreSQL and who asks`,
    },
    ...([0.5, 0.99] as const).map((share) => ({
      what: `p${share * 100}`,
      value: percentile(ours.ms, share),
      unit: "ms",
      beside: beside(percentile(floor.ms, share), "ms"),
    })),
    {
      what: "offers in an answer, on average",
      value: ours.offers / ours.ms.length,
      unit: "",
      beside: `${(ours.bytes / ours.ms.length).toFixed(0)} bytes an answer`,
    },
  ];
}

function fileOf(name: string): string {
  return fileURLToPath(new URL(name, import.meta.url));
}
