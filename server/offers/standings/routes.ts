/** Thresholds of tiers and segments over HTTP: supervisors read, admins write. */
import { Type } from "@fastify/type-provider-typebox";
import type { App } from "../../http/app.ts";
import { nameOf } from "../../http/auth.ts";
import { ErrorBody } from "../../http/errors.ts";
import { refusing } from "../api-errors.ts";
import type { OfferRuleCheck, StandingsBody } from "../rest.ts";
import { answer } from "../schemas.ts";
import { checkStandings } from "./check.ts";
import type { StandingsKeeper } from "./keeper.ts";

/** Registers `/api/v1/standings`. */
export function standingsRoutes(app: App, keeper: StandingsKeeper): void {
  const tags = ["offers"];
  const reads = { onRequest: app.requireRole("supervisor") };

  app.get(
    "/api/v1/standings",
    {
      ...reads,
      schema: {
        ...{ tags, summary: "Thresholds of tiers and segments, and how many fit each" },
        response: { 200: answer<StandingsBody>("Standings") },
      },
    },
    async () => keeper.body(),
  );
  app.post(
    "/api/v1/standings/check",
    {
      ...reads,
      schema: {
        ...{ tags, summary: "What would be said of thresholds" },
        body: Type.Object({ settings: Type.Unknown() }),
        response: { 200: answer<OfferRuleCheck>("StandingsCheck") },
      },
    },
    async (request) => {
      const { problems, warnings } = checkStandings(request.body.settings);
      return { problems, warnings };
    },
  );
  app.put(
    "/api/v1/standings",
    {
      onRequest: app.requireRole("admin"),
      schema: {
        ...{ tags, summary: "Change the thresholds; everybody is judged by them anew" },
        body: Type.Object({
          settings: Type.Unknown(),
          revision: Type.Integer({ minimum: 0 }),
        }),
        response: {
          200: answer<StandingsBody>("Standings"),
          409: ErrorBody,
          422: answer<object>("RefusedStandings"),
        },
      },
    },
    async (request, reply) =>
      refusing(reply, () => keeper.save({ ...request.body, by: nameOf(request.principal!) })),
  );
}
