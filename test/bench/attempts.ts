/**
 * A million attempts that wait: how long the choice of the next hundred takes with everything that is asked about them, how many four
 * processes claim in a second, and how many contacts are planned in a second. Beside it, the bare read of the same hundred rows.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { askedOf } from "../../server/campaigns/attempts/claim.ts";
import { chooseDue } from "../../server/campaigns/attempts/due.ts";
import { readFacts } from "../../server/campaigns/attempts/facts.ts";
import { NOTHING_SAID, planContacts } from "../../server/campaigns/attempts/plan.ts";
import type { CampaignSettings } from "../../server/campaigns/model.ts";
import { type Database, type Storage, openStorage } from "../../server/storage/database.ts";
import { startEmbeddedPostgres } from "../../server/storage/embedded.ts";
import { migrate } from "../../server/storage/migrate.ts";
import { campaign, everyDay } from "../campaigns/samples.ts";
import type { ClaimOrder, Claimed } from "./attempts-claimer.ts";
import { percentile, startChild } from "./children.ts";
import type { Bench, Figure } from "./run.ts";

const HUNDRED = 100;
const PROCESSES = 4;
const MOST_CHOOSING_MS = 10;

/** Choosing, claiming, planning. */
export const attempts: Bench = async ({ quick }) => {
  await using parts = new AsyncDisposableStack();
  const directory = await mkdtemp(join(tmpdir(), "callcard-bench-"));
  parts.defer(() => rm(directory, { recursive: true, force: true }));
  const postgres = await startEmbeddedPostgres(join(directory, "postgres"), {
    endWithParent: true,
  });
  parts.defer(() => postgres.stop());
  const storage = openStorage(postgres.url, { maxConnections: 5, statementTimeoutMs: 0 });
  parts.defer(() => storage.close());
  await migrate(storage.db);

  const waiting = quick ? 20_000 : 1_000_000;
  const nowMs = Date.now();
  const settings = openAllDay();
  const campaignId = await addCampaign(storage.db, settings);
  await addWaiting(storage, campaignId, waiting, nowMs);

  const chosen = await choosing(storage, campaignId, settings, { nowMs, times: quick ? 20 : 200 });
  const claimed = await claiming(postgres.url, campaignId, quick ? 2 : 10);
  const planned = await planning(storage.db, settings, { nowMs, people: quick ? 1000 : 20_000 });
  const p99 = percentile(chosen.ms, 0.99);
  const beside = (share: number) => `bare read ${percentile(chosen.bareMs, share).toFixed(2)} ms`;
  return [
    {
      what: `choosing the next ${HUNDRED} of ${waiting.toLocaleString("en")} that wait: p50`,
      ...{ value: percentile(chosen.ms, 0.5), unit: "ms", beside: beside(0.5) },
    },
    {
      ...{ what: "p99", value: p99, unit: "ms", beside: beside(0.99) },
      ...{ goal: `at most ${MOST_CHOOSING_MS} ms`, met: p99 <= MOST_CHOOSING_MS },
    },
    {
      what: `claimed by ${PROCESSES} processes at once`,
      ...{ value: claimed.perSecond, unit: "/s", beside: `${claimed.count} in all` },
    },
    {
      ...{ what: "claimed twice", value: claimed.twice, unit: "" },
      ...{ goal: "none", met: claimed.twice === 0 },
    },
    {
      ...{ what: "contacts planned by one process", value: planned, unit: "/s" },
      beside: "each with zones, first attempt and its step",
    },
  ] satisfies readonly Figure[];
};

function openAllDay(): CampaignSettings {
  return campaign({
    hours: everyDay("00:00", "24:00"),
    exclude: { talkedWithinHours: 2, openClaim: true, withoutConsent: false },
  });
}

async function addCampaign(db: Database, settings: CampaignSettings): Promise<string> {
  const row = await db
    .insertInto("campaigns")
    .values({ settings: JSON.stringify(settings), state: "running" })
    .returning("id")
    .executeTakeFirstOrThrow();
  return row.id;
}

/** Half of them are due, each is a customer's; made by PostgreSQL itself, which is the fastest there is. */
async function addWaiting(
  { pool }: Storage,
  campaignId: string,
  count: number,
  nowMs: number,
): Promise<void> {
  await pool.query(
    `insert into customers (source, source_id, name) select 'bench', n::text, 'Customer ' || n from generate_series(1, $1::int) n`,
    [count],
  );
  await pool.query(
    `insert into contacts (campaign_id, customer_id, phone, time_zones)
     select $1::bigint, id, '+7' || (9030000000 + source_id::bigint), '{Europe/Moscow}' from customers`,
    [campaignId],
  );
  await pool.query(
    `insert into attempts (id, contact_id, campaign_id, n, phone, customer_id, due_at, window_ends_at)
     select 'cc-' || gen_random_uuid(), id, campaign_id, 1, phone, customer_id,
       $1::timestamptz + (random() - 0.5) * interval '2 hours', $1::timestamptz + interval '12 hours'
     from contacts`,
    [new Date(nowMs)],
  );
  await pool.query("vacuum analyze");
}

/** Chooses and judges as a claim does, then gives everything back. */
async function choosing(
  storage: Storage,
  campaignId: string,
  settings: CampaignSettings,
  { nowMs, times }: { readonly nowMs: number; readonly times: number },
): Promise<{ readonly ms: readonly number[]; readonly bareMs: readonly number[] }> {
  const ms: number[] = [];
  const bareMs: number[] = [];
  for (let n = -5; n < times; n++) {
    const trx = await storage.db.startTransaction().execute();
    const beganAt = performance.now();
    const due = await chooseDue(trx, campaignId, HUNDRED, null, nowMs);
    const facts = await readFacts(trx, settings, askedOf(due, nowMs), nowMs);
    const took = performance.now() - beganAt;
    await trx.rollback().execute();
    if (facts.size !== HUNDRED) throw new Error(`${facts.size} were chosen`);
    const bareAt = performance.now();
    await storage.pool.query(
      `select * from attempts where campaign_id = $1 and state = 'planned' and user_id is null and not promised and due_at <= $2
       order by due_at limit ${HUNDRED}`,
      [campaignId, new Date(nowMs)],
    );
    // The first ones find cold caches.
    if (n < 0) continue;
    ms.push(took);
    bareMs.push(performance.now() - bareAt);
  }
  return { ms, bareMs };
}

async function claiming(databaseUrl: string, campaignId: string, seconds: number) {
  const file = fileURLToPath(new URL("attempts-claimer.ts", import.meta.url));
  const claimers = Array.from({ length: PROCESSES }, () => startChild<Claimed>(file));
  try {
    await Promise.all(claimers.map((claimer) => claimer.next()));
    const order: ClaimOrder = { databaseUrl, campaignId, seconds, atOnce: HUNDRED };
    const answers = await Promise.all(
      claimers.map((claimer) => {
        claimer.tell(order);
        return claimer.next();
      }),
    );
    const ids = answers.flatMap((answer) => answer.ids);
    return {
      count: ids.length,
      perSecond: ids.length / seconds,
      twice: ids.length - new Set(ids).size,
    };
  } finally {
    await Promise.all(claimers.map((claimer) => claimer.end()));
  }
}

/** Contacts in a second, in another campaign. */
async function planning(
  db: Database,
  settings: CampaignSettings,
  { nowMs, people }: { readonly nowMs: number; readonly people: number },
): Promise<number> {
  const id = await addCampaign(db, settings);
  const rules = { timeZone: "Europe/Moscow", regionOfNumber: () => "" };
  const size = 500;
  const beganAt = performance.now();
  for (let from = 0; from < people; from += size) {
    const some = Array.from({ length: size }, (_, n) => ({
      ...{ ...NOTHING_SAID, customerId: null, notBeforeMs: nowMs },
      phone: `+7${9_100_000_000 + from + n}`,
    }));
    await db
      .transaction()
      .execute((trx) => planContacts(trx, { id, settings }, rules, some, nowMs));
  }
  return people / ((performance.now() - beganAt) / 1000);
}
