/** The sample shop's past: calls, notes, claims and left carts. Real shops get theirs by living. */
import { sql } from "kysely";
import type { Call } from "../calls/model.ts";
import { recordOf } from "../calls/record.ts";
import { saveCalls } from "../calls/store.ts";
import { importCarts, importClaims } from "../orders/unsettled-import.ts";
import type { OrderStage } from "../orders/model.ts";
import type { Database, Storage } from "../storage/database.ts";
import { type DemoPastCall, type DemoShop, paymentWords, statusWords } from "./shop/shop.ts";

/** Writes the past of a shop whose customers were loaded with this source. Calls are written once; notes once per load. */
export async function loadHistory(
  storage: Pick<Storage, "db" | "pool">,
  shop: DemoShop,
  source: string,
  pbx: string,
): Promise<void> {
  const { db } = storage;
  const rows = await db
    .selectFrom("customers")
    .select(["id", "source_id"])
    .where("source", "=", source)
    .execute();
  const idOf = new Map(rows.map((row) => [row.source_id, row.id]));
  const records = shop.calls.map((past) =>
    recordOf(callOf(past, pbx), past.phone, idOf.get(past.customerSourceId) ?? null),
  );
  await saveCalls(db, records);
  await loadUnsettled(storage, shop, source);
  await writeSteps(db, shop, source);
  await db.transaction().execute(async (tx) => {
    await sql`delete from notes where author_id is null and customer_id in
      (select id from customers where source = ${source})`.execute(tx);
    await tx
      .insertInto("notes")
      .values(
        shop.notes.flatMap(({ customerSourceId, text, createdAt }) => {
          const customerId = idOf.get(customerSourceId);
          return customerId === undefined
            ? []
            : [{ customer_id: customerId, text, created_at: createdAt }];
        }),
      )
      .execute();
  });
}

const LIFE: readonly OrderStage[] = [
  ...(["new", "confirmed", "paid", "assembling", "shipped", "delivered", "completed"] as const),
];

/** How its orders came to be as they are: a real shop tells each step when it happens. */
async function writeSteps(db: Database, shop: DemoShop, source: string): Promise<void> {
  const words = new Map(shop.customers.map(({ sourceId, language }) => [sourceId, language]));
  const steps = shop.orders.flatMap((order) => {
    const language = words.get(order.customerSourceId) ?? "ru";
    const at = LIFE.indexOf(order.stage);
    const before = at < 0 ? LIFE.slice(0, order.stage === "returned" ? -1 : 2) : LIFE.slice(0, at);
    const stages = [...before.filter((stage) => isStepOf(order, stage)), order.stage];
    const fromMs = Date.parse(order.placedAt);
    const eachMs = (Date.parse(order.updatedAt) - fromMs) / Math.max(1, stages.length - 1);
    return stages.map((stage, n) => ({
      ...{ source_id: order.sourceId, stage, placed: n === 0 },
      status: statusWords[stage]?.[language] ?? stage,
      at: new Date(fromMs + n * eachMs).toISOString(),
    }));
  });
  await db.transaction().execute(async (tx) => {
    await sql`
      delete from order_statuses s using orders o
      where o.id = s.order_id and o.source = ${source}`.execute(tx);
    await sql`
      insert into order_statuses (order_id, customer_id, stage, status, placed, at)
      select o.id, o.customer_id, step.stage, step.status, step.placed, step.at
      from jsonb_to_recordset(${JSON.stringify(steps)}::jsonb)
        as step (source_id text, stage text, status text, placed boolean, at timestamptz)
      join orders o on o.source = ${source} and o.source_id = step.source_id
      order by step.at`.execute(tx);
  });
}

/** Who pays when it comes does not pay before. */
function isStepOf({ payment }: DemoShop["orders"][number], stage: OrderStage): boolean {
  return (
    stage !== "paid" || Object.values(paymentWords).some(({ card }) => card === payment.method)
  );
}

/** Through the same doors as a real shop's. */
async function loadUnsettled(
  storage: Pick<Storage, "pool">,
  shop: DemoShop,
  source: string,
): Promise<void> {
  const options = { source, defaultRegion: "RU" } as const;
  const results = [
    await importClaims(storage, shop.claims, options),
    await importCarts(storage, shop.carts, options),
  ];
  const first = results.flatMap(({ refused }) => refused)[0];
  if (first) throw new Error(`The sample shop is wrong: ${first.field}: ${first.reason}`);
}

/** A past call as the call model would have seen it. */
function callOf(past: DemoPastCall, pbx: string): Call {
  const startedAtMs = Date.parse(past.startedAt);
  const answeredAtMs = past.answered ? startedAtMs + past.waitMs : null;
  const endedAtMs = startedAtMs + past.waitMs + past.talkMs;
  const inbound = past.direction === "inbound";
  return {
    id: `${pbx}-${past.id}`,
    pbx,
    direction: past.direction,
    party: { number: past.phone, name: "" },
    dialled: inbound ? "+73830000600" : past.phone,
    fromExtension: inbound ? "" : past.extension,
    startedAtMs,
    answeredAtMs,
    endedAtMs,
    endedHow: past.answered ? "completed" : inbound ? "abandoned" : "unanswered",
    state: "ended",
    visits: inbound
      ? [
          {
            queue: past.queue,
            joinedAtMs: startedAtMs,
            position: 1,
            leftAtMs: startedAtMs + past.waitMs,
            how: past.answered ? "answered" : "abandoned",
          },
        ]
      : [],
    rings: [],
    talks:
      answeredAtMs === null
        ? []
        : [
            {
              extension: past.extension,
              ringId: "",
              queue: past.queue,
              startedAtMs: answeredAtMs,
              endedAtMs,
              heldMs: 0,
              onHoldSinceMs: null,
            },
          ],
    transfers: [],
    partyChannel: "",
    seenFromMiddle: false,
  };
}
