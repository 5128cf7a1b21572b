/** What came of offers, over HTTP: `/api/v1/offers/report` and `/api/v1/offers/held`. */
import { Type } from "@fastify/type-provider-typebox";
import type { App } from "../../http/app.ts";
import { ApiError } from "../../http/errors.ts";
import type { Database } from "../../storage/database.ts";
import { REPORT_BY, heldReport, reportOf } from "./report.ts";

const Stretch = {
  from: Type.String({ format: "date-time" }),
  to: Type.String({ format: "date-time", description: "Up to, but not with" }),
};
const LONGEST_MS = 400 * 86_400_000;

const Row = Type.Object({
  key: Type.String({ description: "What it is by: a kind, an id, a code, a date; empty for none" }),
  name: Type.String(),
  shown: Type.Integer(),
  accepted: Type.Integer(),
  refused: Type.Integer(),
  ignored: Type.Integer({ description: "Nobody answered" }),
  open: Type.Integer({ description: "Not answered yet" }),
  takenMinor: Type.Integer({ description: "What was taken adds this to the orders" }),
  currency: Type.String(),
});
const HeldBody = Type.Object({
  rows: Type.Array(
    Type.Object({
      currency: Type.String(),
      arm: Type.Union([Type.Literal("shown"), Type.Literal("held")]),
      customers: Type.Integer(),
      meanMinor: Type.Integer({ description: "Bought within 7 days, for each customer" }),
      standardErrorMinor: Type.Integer(),
    }),
  ),
  added: Type.Array(
    Type.Object({
      currency: Type.String(),
      meanMinor: Type.Integer({ description: "What hints add, for each customer" }),
      betweenMinor: Type.Array(Type.Integer(), {
        description: "With 95 % certainty; nothing is said with fewer than 30 customers",
      }),
    }),
  ),
});

/** Registers them. @param timeZone the shop's own: whose days the report counts. */
export async function loopRoutes(
  app: App,
  { db, timeZone }: { readonly db: Database; readonly timeZone: string },
): Promise<void> {
  const reads = { onRequest: app.requireRole("supervisor", "integrator") };
  app.get(
    "/api/v1/offers/report",
    {
      ...reads,
      schema: {
        tags: ["offers"],
        summary: "Offers shown, taken and refused, and the money they brought",
        querystring: Type.Object({
          ...Stretch,
          by: Type.Union(
            REPORT_BY.map((by) => Type.Literal(by)),
            { default: "kind" },
          ),
        }),
        response: { 200: Type.Object({ rows: Type.Array(Row) }) },
      },
    },
    async ({ query }) => {
      const stretch = stretchOf(query);
      return { rows: [...(await reportOf(db, { ...stretch, by: query.by, timeZone }))] };
    },
  );
  app.get(
    "/api/v1/offers/held",
    {
      ...reads,
      schema: {
        tags: ["offers"],
        summary: "What learned hints add, against customers who were shown none",
        querystring: Type.Object(Stretch),
        response: { 200: HeldBody },
      },
    },
    async ({ query }) => {
      const { rows, added } = await heldReport(db, stretchOf(query));
      return {
        rows: [...rows],
        added: added.map((each) => ({ ...each, betweenMinor: [...each.betweenMinor] })),
      };
    },
  );
}

function stretchOf({ from, to }: { from: string; to: string }): { fromMs: number; toMs: number } {
  const [fromMs, toMs] = [Date.parse(from), Date.parse(to)];
  if (!(fromMs < toMs)) throw wrong("to", "must be later than from");
  if (toMs - fromMs > LONGEST_MS) throw wrong("to", "must be within 400 days of from");
  return { fromMs, toMs };
}

function wrong(field: string, why: string): ApiError {
  return new ApiError(400, "invalid", `${field}: ${why}`, { field: `query.${field}` });
}
