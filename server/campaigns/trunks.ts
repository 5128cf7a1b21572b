/** Trunks over HTTP: supervisors see them, admins change them. */
import { Type } from "@fastify/type-provider-typebox";
import type { App } from "../http/app.ts";
import { nameOf } from "../http/auth.ts";
import { ErrorBody } from "../http/errors.ts";
import { asApiError } from "./api-errors.ts";
import type { Campaigns } from "./campaigns.ts";
import type { Trunk } from "./model.ts";
import { TrunkInput, TrunkParams, answer } from "./schemas.ts";

/** Registers `/api/v1/trunks`. */
export function trunkRoutes(app: App, campaigns: Campaigns): void {
  const writes = { onRequest: app.requireRole("admin") };
  const tags = ["campaigns"];
  app.get(
    "/api/v1/trunks",
    {
      onRequest: app.requireRole("supervisor"),
      schema: {
        ...{ tags, summary: "Ways out of the PBXs" },
        response: { 200: answer<{ trunks: readonly Trunk[] }>("Trunks") },
      },
    },
    async () => ({ trunks: campaigns.allTrunks() }),
  );
  app.put(
    "/api/v1/trunks/:pbx/:name",
    {
      ...writes,
      schema: {
        ...{ tags, summary: "Add or change a trunk", params: TrunkParams, body: TrunkInput },
        response: { 200: answer<Trunk>("Trunk") },
      },
    },
    async (request) => {
      const trunk: Trunk = { ...request.params, ...request.body };
      await campaigns.saveTrunk(trunk, nameOf(request.principal!));
      return trunk;
    },
  );
  app.delete(
    "/api/v1/trunks/:pbx/:name",
    {
      ...writes,
      schema: {
        ...{ tags, summary: "Remove a trunk", params: TrunkParams },
        response: { 204: Type.Null(), 404: ErrorBody, 409: ErrorBody },
      },
    },
    async (request, reply) => {
      const { pbx, name } = request.params;
      try {
        await campaigns.removeTrunk(pbx, name, nameOf(request.principal!));
      } catch (error) {
        throw asApiError(error);
      }
      return reply.code(204).send(null);
    },
  );
}
