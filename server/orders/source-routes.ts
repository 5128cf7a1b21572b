/** The sources of orders over HTTP, for admins: `/api/v1/order-sources`. Secrets go in and never come out. */
import { Type } from "@fastify/type-provider-typebox";
import type { App } from "../http/app.ts";
import { nameOf } from "../http/auth.ts";
import { ErrorBody, invalidField, notFound } from "../http/errors.ts";
import type { Storage } from "../storage/database.ts";
import { changeSource, listSources, removeSource } from "./sources.ts";

/** A secret that cannot be guessed; "" takes it away. */
const Secret = (description: string) =>
  Type.Optional(
    Type.Union([Type.Literal(""), Type.String({ minLength: 16, maxLength: 256 })], { description }),
  );

const SourceBody = Type.Object(
  {
    source: Type.String(),
    hasHookSecret: Type.Boolean(),
    resultsUrl: Type.String(),
    hasResultsSecret: Type.Boolean(),
    changedAt: Type.String(),
    waiting: Type.Integer({ description: "Results it does not have yet" }),
    lastError: Type.String({ description: "What the last of those came to" }),
  },
  { title: "OrderSource" },
);
const params = Type.Object({ source: Type.String({ minLength: 1, maxLength: 64 }) });

/** Registers the routes. */
export function sourceRoutes(app: App, { db }: Pick<Storage, "db">): void {
  const onRequest = app.requireRole("admin");
  const tags = ["orders"];

  app.get(
    "/api/v1/order-sources",
    {
      onRequest,
      schema: {
        tags,
        summary: "Sources of orders: who may send webhooks, who gets results",
        response: { 200: Type.Object({ sources: Type.Array(SourceBody) }) },
      },
    },
    async () => ({ sources: [...(await listSources(db))] }),
  );

  app.put(
    "/api/v1/order-sources/:source",
    {
      onRequest,
      schema: {
        tags,
        summary: "Set a source's secrets and where its results go",
        description:
          "What is left out stays as it was; an empty text takes it away. Secrets have 16 to 256 characters. " +
          "Telling where results go sends those of the last 3 days that it does not have yet.",
        params,
        body: Type.Object(
          {
            hookSecret: Secret("Signs `POST /api/v1/hooks/orders/:source`"),
            resultsUrl: Type.Optional(
              Type.String({ maxLength: 2000, description: "http or https" }),
            ),
            resultsSecret: Secret("Signs results that are sent to `resultsUrl`"),
          },
          { additionalProperties: false },
        ),
        response: { 200: Type.Object({ source: SourceBody }), 400: ErrorBody },
      },
    },
    async (request) => {
      const { source } = request.params;
      if (source.trim() !== source) throw invalidField("source", "begins or ends with a space");
      const { hookSecret, resultsSecret, resultsUrl } = request.body;
      const isDone = await changeSource(
        db,
        source,
        {
          ...(hookSecret === undefined ? {} : { hookSecret }),
          ...(resultsSecret === undefined ? {} : { resultsSecret }),
          ...(resultsUrl === undefined ? {} : { resultsUrl: addressOf(resultsUrl) }),
        },
        nameOf(request.principal!),
      );
      if (!isDone)
        throw invalidField("resultsSecret", "is missing: results are signed, or not sent");
      return { source: (await listSources(db)).find((one) => one.source === source)! };
    },
  );

  app.delete(
    "/api/v1/order-sources/:source",
    {
      onRequest,
      schema: {
        tags,
        summary: "Forget a source's secrets and where its results go; its orders stay",
        params,
        response: { 204: Type.Null(), 404: ErrorBody },
      },
    },
    async (request, reply) => {
      if (!(await removeSource(db, request.params.source, nameOf(request.principal!))))
        throw notFound("The source");
      return reply.code(204).send(null);
    },
  );
}

/** An address results may be sent to, or "". */
function addressOf(text: string): string {
  const clean = text.trim();
  if (clean === "") return "";
  const url = URL.canParse(clean) ? new URL(clean) : null;
  if (url === null || !/^https?:$/.test(url.protocol))
    throw invalidField("resultsUrl", "must start with https:// or http://");
  // They would be shown to whoever reads the list.
  if (url.username !== "" || url.password !== "")
    throw invalidField("resultsUrl", "must hold no user and password");
  return url.href;
}
