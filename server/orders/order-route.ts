/** `GET /api/v1/orders/:source/:sourceId`: one order with everything that was told of it. */
import { Type } from "@fastify/type-provider-typebox";
import type { App } from "../http/app.ts";
import { ErrorBody, notFound } from "../http/errors.ts";
import type { Storage } from "../storage/database.ts";
import { type OrderDelivery, type OrderPayment, type OrderStage, PAYMENT_STATES } from "./model.ts";
import { ORDER_STAGES } from "./record.ts";

const Stage = Type.Unsafe<OrderStage>(Type.Union(ORDER_STAGES.map((stage) => Type.Literal(stage))));
const part = Type.Optional(Type.String());

const OrderBody = Type.Object(
  {
    id: Type.String(),
    source: Type.String(),
    sourceId: Type.String(),
    customerId: Type.String(),
    number: Type.String(),
    stage: Stage,
    status: Type.String({ description: "The shop's own word" }),
    totalMinor: Type.Integer(),
    currency: Type.String(),
    placedAt: Type.String(),
    promisedAt: Type.Union([Type.String(), Type.Null()]),
    receivedAt: Type.String(),
    version: Type.Union([Type.Integer(), Type.Null()]),
    phone: Type.String({
      description: "Of the person to call about it; empty: the customer's own",
    }),
    delivery: Type.Object({
      ...{ method: part, country: part, postalCode: part, region: part, city: part },
      ...{ address: part, timeZone: part },
    }),
    payment: Type.Object({
      method: part,
      state: Type.Optional(
        Type.Unsafe<NonNullable<OrderPayment["state"]>>(Type.Enum([...PAYMENT_STATES])),
      ),
      paidMinor: Type.Optional(Type.Integer()),
      paidAt: part,
    }),
    comment: Type.String(),
    lines: Type.Array(
      Type.Object({
        name: Type.String(),
        quantity: Type.Number(),
        priceMinor: Type.Integer(),
        productId: part,
      }),
    ),
    history: Type.Array(
      Type.Object({
        at: Type.String({ description: "When it was told" }),
        stage: Stage,
        status: Type.String(),
        version: Type.Union([Type.Integer(), Type.Null()]),
        placed: Type.Boolean({ description: "The order was new with this one" }),
      }),
      { description: "Every change of stage and status, oldest first; at most the last 1000" },
    ),
  },
  { title: "Order" },
);

/** Registers the route. */
export function orderRoute(app: App, { pool }: Pick<Storage, "pool">): void {
  app.get(
    "/api/v1/orders/:source/:sourceId",
    {
      onRequest: app.requireRole("operator", "integrator"),
      schema: {
        tags: ["orders"],
        summary: "One order with the history of its stages",
        params: Type.Object({
          source: Type.String({ minLength: 1, maxLength: 64 }),
          sourceId: Type.String({ minLength: 1, maxLength: 128 }),
        }),
        response: { 200: Type.Object({ order: OrderBody }), 404: ErrorBody },
      },
    },
    async (request) => {
      const { source, sourceId } = request.params;
      const found = await pool.query<OrderTableRow>({
        name: "order_of_source",
        text: `select o.*, array(
                 select json_build_object('at', at, 'stage', stage, 'status', status, 'version', version,
                   'placed', placed)
                 from (
                   select * from order_statuses where order_id = o.id order by id desc limit 1000
                 ) told
                 order by id
               ) as history
               from orders o where o.source = $1 and o.source_id = $2`,
        values: [source, sourceId],
      });
      const row = found.rows[0];
      if (row === undefined) throw notFound("The order");
      return { order: bodyOf(row) };
    },
  );
}

type OrderTableRow = {
  id: string;
  source: string;
  source_id: string;
  customer_id: string;
  number: string;
  stage: OrderStage;
  status: string;
  total_minor: string;
  currency: string;
  placed_at: Date;
  promised_at: Date | null;
  received_at: Date;
  version: string | null;
  phone: string;
  delivery: OrderDelivery;
  payment: OrderPayment;
  comment: string;
  lines: { name: string; quantity: number; priceMinor: number; productId?: string }[];
  history: {
    at: string;
    stage: OrderStage;
    status: string;
    version: number | null;
    placed: boolean;
  }[];
};

function bodyOf(row: OrderTableRow) {
  return {
    id: row.id,
    source: row.source,
    sourceId: row.source_id,
    customerId: row.customer_id,
    number: row.number,
    stage: row.stage,
    status: row.status,
    totalMinor: Number(row.total_minor),
    currency: row.currency,
    placedAt: row.placed_at.toISOString(),
    promisedAt: row.promised_at?.toISOString() ?? null,
    receivedAt: row.received_at.toISOString(),
    version: row.version === null ? null : Number(row.version),
    phone: row.phone,
    delivery: row.delivery,
    payment: row.payment,
    comment: row.comment,
    lines: row.lines,
    history: row.history.map((told) => ({ ...told, at: new Date(told.at).toISOString() })),
  };
}
