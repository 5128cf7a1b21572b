/** An order as the card works on it: everything in one prepared query. */
import type { Asking } from "../../storage/together.ts";
import type { OrderDelivery, OrderPayment, OrderStage } from "../model.ts";
import { ACTION_KINDS } from "./check.ts";
import type { OrderAction, OrderActionRequest, OrderDetail } from "./model.ts";

/** More changes of one order than anybody scrolls through. */
const MOST_CHANGES = 200;
const MOST_ACTIONS = 20;

// Products and people are probed one by one: whatever the planner believes of their tables, there are few.
const DETAIL = `
  select o.id, o.source, coalesce(nullif(s.title, ''), o.source) as source_title, o.source_id, o.number, o.placed_at, o.promised_at, o.stage, o.status, o.total_minor,
    o.currency, o.delivery, o.payment, o.comment,
    case when s.actions_url <> '' and s.actions_secret <> '' then s.actions else '{}' end as actions,
    array(
      select json_build_object('name', l.line->'name', 'quantity', l.line->'quantity',
        'priceMinor', l.line->'priceMinor', 'sourceProductId', coalesce(l.line->>'productId', ''),
        'productId', p.id::text, 'stock', p.stock)
      from jsonb_array_elements(o.lines) with ordinality l(line, n)
      left join lateral (
        select id, stock from products
        where source = o.source and source_id = l.line->>'productId' limit 1
      ) p on true
      order by l.n
    ) as lines,
    array(
      select json_build_object('at', at, 'stage', stage, 'status', status)
      from (
        select id, at, stage, status from order_statuses
        where order_id = o.id order by id desc limit ${MOST_CHANGES}
      ) told
      order by id
    ) as history,
    array(
      select json_build_object('id', a.id, 'request', a.action, 'state', a.state, 'answer', a.answer,
        'askedAt', a.asked_at, 'askedByName', coalesce((select name from users where id = a.user_id), a.asked_by))
      from (
        select * from order_actions where order_id = o.id order by n desc limit ${MOST_ACTIONS}
      ) a
      order by a.n desc
    ) as asked
  from orders o left join order_sources s on s.source = o.source
  where o.id =`;

type DetailRow = {
  id: string;
  source: string;
  source_title: string;
  source_id: string;
  number: string;
  placed_at: Date;
  promised_at: Date | null;
  stage: OrderStage;
  status: string;
  total_minor: string;
  currency: string;
  delivery: OrderDelivery;
  payment: OrderPayment;
  comment: string;
  actions: string[];
  lines: OrderDetail["lines"];
  history: OrderDetail["history"];
  asked: Omit<OrderAction, "orderId">[];
};

/** Null when there is none such. */
export async function findOrder(pool: Asking, orderId: string): Promise<OrderDetail | null> {
  if (!/^\d{1,18}$/.test(orderId)) return null;
  const found = await pool.query<DetailRow>({
    name: "order_detail",
    text: `${DETAIL} $1`,
    values: [orderId],
  });
  return detailOf(found.rows[0]);
}

/** Nothing is left to be done about an order at these. */
const SETTLED_STAGES: readonly OrderStage[] = ["completed", "cancelled", "returned", "other"];

// Chosen by nothing but what the index holds, and read by the same statement.
const TALKED_ABOUT = `${DETAIL} (
  select id from (
    select id, stage, placed_at from orders where customer_id = $1 order by placed_at desc limit $2
  ) newest
  order by stage = any($3::text[]), placed_at desc, id desc limit 1
)`;

/**
 * The order a customer's call is about when nobody says which: of so many of the newest the newest that is not settled, else the newest;
 * null of no orders.
 */
export async function findOrderTalkedAbout(
  pool: Asking,
  customerId: string,
  among: number,
): Promise<OrderDetail | null> {
  const found = await pool.query<DetailRow>({
    name: "order_talked_about",
    text: TALKED_ABOUT,
    values: [customerId, among, [...SETTLED_STAGES]],
  });
  return detailOf(found.rows[0]);
}

function detailOf(row: DetailRow | undefined): OrderDetail | null {
  if (row === undefined) return null;
  const iso = (at: string) => new Date(at).toISOString();
  return {
    id: row.id,
    source: row.source,
    sourceTitle: row.source_title,
    sourceId: row.source_id,
    number: row.number,
    placedAt: row.placed_at.toISOString(),
    promisedAt: row.promised_at?.toISOString() ?? null,
    stage: row.stage,
    status: row.status,
    totalMinor: Number(row.total_minor),
    currency: row.currency,
    lines: row.lines,
    delivery: row.delivery,
    payment: row.payment,
    comment: row.comment,
    history: row.history.map((told) => ({ ...told, at: iso(told.at) })),
    actions: row.asked.map((one) => ({ ...one, orderId: row.id, askedAt: iso(one.askedAt) })),
    may: mayNow(row.actions, row.stage),
  };
}

const IS_OVER: ReadonlySet<OrderStage> = new Set(["completed", "cancelled", "returned"]);
const IS_UNCONFIRMED: ReadonlySet<OrderStage> = new Set(["new", "paid", "other"]);

/**
 * What is worth asking for: of what the source takes at all, nothing of an order that is over, and no second confirmation. Everything
 * else is the source's to decide.
 */
export function mayNow(
  taken: readonly string[],
  stage: OrderStage,
): readonly OrderActionRequest["kind"][] {
  if (IS_OVER.has(stage)) return [];
  return ACTION_KINDS.filter(
    (kind) => taken.includes(kind) && (kind !== "confirm" || IS_UNCONFIRMED.has(stage)),
  );
}
