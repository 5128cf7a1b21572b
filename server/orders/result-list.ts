/**
 * `GET /api/v1/results?after=&limit=`: results for those who rather ask than be told.
 *
 * A result is given its place once it can be seen, under a lock: ids are given when a transaction writes, and one that ends later would
 * be passed by for good. One that changed is given another place.
 */
import { Type } from "@fastify/type-provider-typebox";
import { sql } from "kysely";
import type { ResultBody } from "../campaigns/rest.ts";
import type { App } from "../http/app.ts";
import type { Database, Storage } from "../storage/database.ts";

const MOST = 1000;

const Result = Type.Unsafe<ResultBody>(
  Type.Object(
    {
      id: Type.String({ description: "The same as in the webhook" }),
      campaign: Type.Object({ id: Type.String(), name: Type.String() }),
      customer: Type.Union([
        Type.Object({ source: Type.String(), sourceId: Type.String() }),
        Type.Null(),
      ]),
      phone: Type.String(),
      orders: Type.Array(
        Type.Object({ source: Type.String(), sourceId: Type.String(), number: Type.String() }),
      ),
      state: Type.Union([Type.Literal("done"), Type.Literal("withdrawn")]),
      result: Type.String({ description: "The disposition's code, or why it was withdrawn" }),
      note: Type.String(),
      operator: Type.String(),
      attempts: Type.Array(Type.Object({ at: Type.String(), outcome: Type.String() })),
      closedAt: Type.String(),
      data: Type.Record(Type.String(), Type.String()),
    },
    { title: "Result" },
  ),
);

/** Registers the route. */
export function resultRoutes(app: App, { db }: Pick<Storage, "db">): void {
  app.get(
    "/api/v1/results",
    {
      onRequest: app.requireRole("supervisor", "integrator"),
      schema: {
        tags: ["orders"],
        summary: "What became of campaigns' calls, oldest first",
        description:
          "Keep `next` and give it as `after` the next time: nothing is passed by. Results of all sources unless one is named.",
        querystring: Type.Object({
          after: Type.String({ pattern: "^\\d{1,18}$", default: "0" }),
          limit: Type.Integer({ minimum: 1, maximum: MOST, default: 100 }),
          source: Type.Optional(Type.String({ maxLength: 64 })),
        }),
        response: { 200: Type.Object({ results: Type.Array(Result), next: Type.String() }) },
      },
    },
    async (request) => {
      const { after, limit, source } = request.query;
      await givePlaces(db);
      let query = db
        .selectFrom("results")
        .select(["body", "place"])
        .where("place", ">", after)
        .orderBy("place")
        .limit(limit);
      if (source !== undefined) query = query.where("source", "=", source);
      const rows = await query.execute();
      return {
        results: rows.map(({ body }) => body as ResultBody),
        next: rows.at(-1)?.place ?? after,
      };
    },
  );
}

async function givePlaces(db: Database): Promise<void> {
  await db.transaction().execute(async (trx) => {
    await sql`select pg_advisory_xact_lock(hashtext('callcard.results'))`.execute(trx);
    // One that is being written again by somebody is placed the next time.
    await sql`
      with unplaced as materialized (
        select id from results where place is null order by id limit ${MOST * 10}
        for update skip locked
      )
      update results r set place = nextval('results_place')
      from (select id from unplaced order by id) u where r.id = u.id`.execute(trx);
  });
}
