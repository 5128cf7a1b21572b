/**
 * The SQL of a timeline: one arm for each kind of thing, read newest first by its own index until a page is full, then merged; what is
 * shown of an entry is fetched for those of the page alone.
 */
import type { TimelineKind } from "./timeline-model.ts";

/** What one arm is made of: expressions over table `t` whose customer is `$1`. */
type Arm = {
  readonly kind: TimelineKind;
  readonly from: string;
  readonly at: string;
  /** Text; with the kind unique. */
  readonly id: string;
  /** What an entry is fetched by. */
  readonly key: string;
  /** Besides whose it is. */
  readonly only?: string;
  /** Texts that are searched. */
  readonly texts: readonly string[];
};

const nameOf = (user: string) => `coalesce((select name from users where id = ${user}), '')`;
/** The last that was said of a call. */
const WRAP_UP = (column: string) =>
  `coalesce((select ${column} from wrap_ups where call_id = t.id order by saved_at desc limit 1), '')`;
const PRODUCT = "coalesce((select name from products where id = t.product_id), '')";
/** `Мишка × 2, Открытка × 1` */
const LINES = `coalesce((
  select string_agg(l.line->>'name' || ' × ' || (l.line->>'quantity'), ', ' order by l.n)
  from jsonb_array_elements(t.lines) with ordinality l(line, n)
), '')`;

const ARMS: readonly Arm[] = [
  {
    ...{ kind: "call", from: "calls t", at: "t.started_at", id: "t.id", key: "t.id" },
    texts: ["t.party_number", "t.queue", WRAP_UP("note")],
  },
  {
    ...{ kind: "order", from: "orders t", at: "t.placed_at", id: "t.id::text", key: "t.id::text" },
    texts: ["t.number", "t.status", "t.comment", LINES],
  },
  {
    ...{ kind: "order", from: "order_statuses t", at: "t.at", only: "not t.placed" },
    ...{ id: "t.order_id || '/' || t.id", key: "t.id::text" },
    texts: ["t.status", "(select number from orders where id = t.order_id)"],
  },
  {
    ...{ kind: "claim", from: "claims t", at: "t.opened_at", id: "t.id::text", key: "t.id::text" },
    texts: ["t.number", "t.source_id", "t.subject", "t.text", "t.answer"],
  },
  {
    ...{ kind: "message", from: "messages t", at: "t.at", id: "t.id::text", key: "t.id::text" },
    texts: ["t.subject", "t.text", "t.party"],
  },
  {
    ...{ kind: "offer", from: "offer_showings t", at: "t.shown_at", only: "t.arm <> 'held'" },
    ...{ id: "t.id::text", key: "t.id::text", texts: [PRODUCT] },
  },
  {
    ...{ kind: "note", from: "notes t", at: "t.created_at", id: "t.id::text", key: "t.id::text" },
    texts: ["t.text"],
  },
  {
    ...{ kind: "callBack", from: "call_backs t", at: "t.made_at", id: "t.id::text" },
    ...{ key: "t.id::text", texts: ["t.reason", "t.name", "t.phone"] },
  },
  {
    ...{ kind: "rating", from: "ratings t", at: "t.at", id: "t.call_id", key: "t.call_id" },
    texts: ["t.comment"],
  },
];

/** What is shown of an entry: expressions over `t`, which is found by key `k`. Those that are left out say nothing. */
type Detail = {
  readonly from: string;
  readonly where: string;
  readonly code?: string;
  readonly title?: string;
  readonly text?: string;
  readonly by?: string;
  readonly amount?: string;
  readonly currency?: string;
  readonly direction?: string;
};

const BY_ID = "t.id = k.key::bigint";

/** Of each arm, in their order. */
const DETAILS: readonly Detail[] = [
  {
    ...{ from: "calls t", where: "t.id = k.key" },
    ...{ code: "t.ended_how", title: WRAP_UP("disposition"), text: WRAP_UP("note") },
    by: `coalesce(
      (select u.name from wrap_ups w join users u on u.id = w.user_id
       where w.call_id = t.id order by w.saved_at desc limit 1),
      (select u.name from pops p join users u on u.id = p.user_id
       where p.call_id = t.id and p.extension = any(t.extensions) order by p.rang_at desc limit 1),
      t.extensions[cardinality(t.extensions)], '')`,
    direction: "case t.direction when 'inbound' then 'in' when 'outbound' then 'out' else '' end",
  },
  {
    ...{ from: "orders t", where: BY_ID, code: "'new'", title: "t.number", text: LINES },
    ...{ amount: "t.total_minor", currency: "t.currency", direction: "'in'" },
  },
  {
    from: "order_statuses t join orders o on o.id = t.order_id",
    ...{ where: BY_ID, code: "t.stage", title: "o.number", text: "t.status" },
  },
  {
    ...{ from: "claims t", where: BY_ID },
    // One that came from outside tells only that it is closed.
    code: "case when t.closed_at is not null and t.status = 'open' then 'solved' else t.status end",
    title: "case when t.number <> '' then t.number else t.source_id end",
    text: "concat_ws(' ', nullif(t.subject, ''), nullif(t.text, ''), '→ ' || nullif(t.answer, ''))",
    ...{ by: nameOf("t.made_by"), direction: "'in'" },
  },
  {
    ...{ from: "messages t", where: BY_ID, code: "t.channel", title: "t.subject" },
    ...{ text: "t.text", direction: "t.direction" },
  },
  {
    ...{ from: "offer_showings t", where: "t.id = k.key::uuid", title: PRODUCT },
    code: "case when t.answer = '' then 'shown' else t.answer end",
    ...{ text: "t.answer_reason", by: nameOf("t.user_id") },
    amount: "case when t.answer = 'accepted' then t.taken_minor else t.amount_minor end",
    ...{ currency: "t.currency", direction: "'out'" },
  },
  { from: "notes t", where: BY_ID, text: "t.text", by: nameOf("t.author_id") },
  {
    ...{ from: "call_backs t", where: BY_ID, code: "t.state", title: "t.origin" },
    ...{ text: "t.reason", by: nameOf("coalesce(t.taken_by, t.user_id, t.made_by)") },
    direction: "'out'",
  },
  {
    ...{ from: "ratings t", where: "t.call_id = k.key", code: "t.score::text", title: "t.queue" },
    ...{ text: "t.comment", by: nameOf("t.user_id"), direction: "'in'" },
  },
];

/** First lines of a letter are enough for a list. */
const MOST_TEXT = 400;

/** The text is looked for in so many of each kind, the newest: nothing tells which of them have it before they are read. */
export const SEARCHED = 3000;

/**
 * `$1` customer, `$2` kinds, `$3` to `$5` the last entry of the page before (at, kind, id), `$6` how many; with `isSearched` `$7` the text,
 * in small letters without ё.
 */
export function timelineQuery(isSearched: boolean): string {
  const arms = ARMS.map((arm, n) => {
    const has = arm.texts
      .map((text) => `strpos(translate(lower(${text}), 'ё', 'е'), $7) > 0`)
      .join(" or ");
    // Whatever the planner believes of a customer, an order by time alone is the index's own; ties are merged below.
    return `(
      select ${n} as arm, '${arm.kind}' as kind, (${arm.id}) collate "C" as id, ${arm.key} as key, ${arm.at} as at
      from ${isSearched ? newest(arm) : arm.from}
      where t.customer_id = $1 and '${arm.kind}' = any($2) and ${arm.at} <= $3
        and (${arm.at} < $3 or '${arm.kind}' collate "C" > $4 or ('${arm.kind}' = $4 and (${arm.id}) collate "C" > $5))
        ${arm.only === undefined ? "" : `and ${arm.only}`} ${isSearched ? `and (${has})` : ""}
      order by ${arm.at} desc fetch first ($6) rows with ties
    )`;
  });
  const details = DETAILS.map((one, n) => {
    const { code = "''", title = "''", text = "''", by = "''" } = one;
    const { amount = "null::bigint", currency = "''", direction = "''" } = one;
    return `select ${code} as code, ${title} as title, left(${text}, ${MOST_TEXT}) as text, ${by} as by_name,
      ${amount} as amount, ${currency} as currency, ${direction} as direction
      from ${one.from} where k.arm = ${n} and ${one.where}`;
  });
  return `
    select k.kind, k.id, k.at, to_char(k.at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as exact_at, d.*
    from (
      select * from (${arms.join(" union all ")}) found
      order by at desc, kind collate "C", id limit $6
    ) k
    cross join lateral (${details.join(" union all ")}) d
    order by k.at desc, k.kind collate "C", k.id`;
}

/** Of one kind those that are searched. */
function newest({ from, at, only }: Arm): string {
  return `(
    select * from ${from} where t.customer_id = $1 ${only === undefined ? "" : `and ${only}`}
    order by ${at} desc limit ${SEARCHED}
  ) t`;
}
