/** How long it takes to judge every customer by new thresholds, in batches as the server does it. */
import { sql } from "kysely";
import { StandingsKeeper } from "../../server/offers/standings/keeper.ts";
import type { StandingSettings, Threshold } from "../../server/offers/standings/settings.ts";
import { localBus } from "../../server/storage/bus.ts";
import type { Storage } from "../../server/storage/database.ts";
import type { Figure } from "./run.ts";

const any = { atLeast: null, atMost: null };
const threshold = (name: string, own: Partial<Threshold>): Threshold => ({
  ...{ name, orders: any, totalMinor: any, lastOrderDays: any },
  ...{ firstOrderDays: any, returned: any, ...own },
});
const SETTINGS: StandingSettings = {
  ...{ tiersFrom: "orders", segmentsFrom: "orders", currency: "RUB" },
  tiers: [
    threshold("gold", { totalMinor: { atLeast: 500_000, atMost: null } }),
    threshold("silver", { orders: { atLeast: 3, atMost: null } }),
  ],
  segments: [
    threshold("recent", { lastOrderDays: { atLeast: null, atMost: 30 } }),
    threshold("lapsed", { lastOrderDays: { atLeast: 180, atMost: null } }),
    threshold("new", { firstOrderDays: { atLeast: null, atMost: 60 } }),
  ],
};

/** Judges the marked first, who came with the shop, then everybody by new thresholds. */
export async function judgeEverybody(storage: Storage): Promise<readonly Figure[]> {
  const bus = localBus((error) => {
    throw error;
  });
  const log = { info: () => undefined, warn: () => undefined };
  const keeper = new StandingsKeeper({ storage, bus, log, everyMs: 3_600_000 });
  const markedMs = await timed(() => keeper.work());
  const { rows } = await sql<{ customers: number; orders: number }>`
    select (select count(*)::int from customers) as customers, (select count(*)::int from orders) as orders`.execute(
    storage.db,
  );
  const { customers, orders } = rows[0]!;
  await keeper.save({ settings: SETTINGS, revision: 0, by: "bench" });
  const everybodyMs = await timed(() => keeper.work());
  await keeper.close();
  await storage.pool.query("vacuum analyze customer_standing");
  const of = `${customers.toLocaleString("en")} customers, ${orders.toLocaleString("en")} orders, half of it resting`;
  return [
    {
      what: "everybody judged by new thresholds",
      value: everybodyMs / 1000,
      unit: "s",
      beside: of,
    },
    {
      what: "customers judged after their orders came",
      value: customers / (markedMs / 1000),
      unit: "/s",
    },
  ];
}

async function timed(deed: () => Promise<void>): Promise<number> {
  const beganMs = performance.now();
  await deed();
  return performance.now() - beganMs;
}
