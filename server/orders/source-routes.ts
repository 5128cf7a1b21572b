/** The sources of orders over HTTP, for admins: `/api/v1/order-sources`. Secrets go in and never come out. */
import { Type } from "@fastify/type-provider-typebox";
import type { App } from "../http/app.ts";
import { RecordError } from "../customers/loading.ts";
import { line } from "../customers/record-fields.ts";
import { nameOf } from "../http/auth.ts";
import { ErrorBody, invalidField, notFound } from "../http/errors.ts";
import type { Storage } from "../storage/database.ts";
import { ACTION_KINDS } from "./actions/check.ts";
import { type OrderSource, changeSource, listSources, removeSource } from "./sources.ts";

/** A secret that cannot be guessed; "" takes it away. */
const Secret = (description: string) =>
  Type.Optional(
    Type.Union([Type.Literal(""), Type.String({ minLength: 16, maxLength: 256 })], { description }),
  );

const SourceBody = Type.Object(
  {
    source: Type.String(),
    title: Type.String({
      description: "As people call it, on operators' screens; empty: as it calls itself",
    }),
    hasHookSecret: Type.Boolean(),
    resultsUrl: Type.String(),
    hasResultsSecret: Type.Boolean(),
    actionsUrl: Type.String({ description: "Where operators' actions are asked for" }),
    hasActionsSecret: Type.Boolean(),
    actions: Type.Array(Type.String(), { description: "Which of them it takes" }),
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
    async () => ({ sources: (await listSources(db)).map(bodyOf) }),
  );

  app.put(
    "/api/v1/order-sources/:source",
    {
      onRequest,
      schema: {
        tags,
        summary: "Set a source's secrets, where its results go and which actions it takes",
        description:
          "What is left out stays as it was; an empty text takes it away. Secrets have 16 to 256 characters. " +
          "Telling where results go sends those of the last 3 days that it does not have yet.",
        params,
        body: Type.Object(
          {
            title: Type.Optional(
              Type.String({ maxLength: 100, description: "As people call it: `Web shop`" }),
            ),
            hookSecret: Secret("Signs `POST /api/v1/hooks/orders/:source`"),
            resultsUrl: Type.Optional(
              Type.String({ maxLength: 2000, description: "http or https" }),
            ),
            resultsSecret: Secret("Signs results that are sent to `resultsUrl`"),
            actionsUrl: Type.Optional(
              Type.String({ maxLength: 2000, description: "http or https" }),
            ),
            actionsSecret: Secret("Signs actions that are sent to `actionsUrl`"),
            actions: Type.Optional(
              Type.Array(Type.Union(ACTION_KINDS.map((kind) => Type.Literal(kind))), {
                uniqueItems: true,
                description: "Which actions it takes; an empty list: none",
              }),
            ),
          },
          { additionalProperties: false },
        ),
        response: { 200: Type.Object({ source: SourceBody }), 400: ErrorBody },
      },
    },
    async (request) => {
      const { source } = request.params;
      if (source.trim() !== source) throw invalidField("source", "begins or ends with a space");
      const { title, resultsUrl, actionsUrl, ...rest } = request.body;
      const unsigned = await changeSource(
        db,
        source,
        {
          ...rest,
          ...(title === undefined ? {} : { title: titleOf(title) }),
          ...(resultsUrl === undefined ? {} : { resultsUrl: addressOf("resultsUrl", resultsUrl) }),
          ...(actionsUrl === undefined ? {} : { actionsUrl: addressOf("actionsUrl", actionsUrl) }),
        },
        nameOf(request.principal!),
      );
      if (unsigned === "resultsSecret")
        throw invalidField(unsigned, "is missing: results are signed, or not sent");
      if (unsigned === "actionsSecret")
        throw invalidField(unsigned, "is missing: actions are signed, or not sent");
      return { source: bodyOf((await listSources(db)).find((one) => one.source === source)!) };
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

/** The schema's types have no readonly. */
function bodyOf(source: OrderSource) {
  return { ...source, actions: [...source.actions] };
}

/** Words for a screen, one line. @throws ApiError naming the field. */
function titleOf(text: string): string {
  try {
    return line("title", text);
  } catch (error) {
    if (error instanceof RecordError) throw invalidField(error.field, error.message);
    throw error;
  }
}

/** An address something may be sent to, or "". */
function addressOf(field: string, text: string): string {
  const clean = text.trim();
  if (clean === "") return "";
  const url = URL.canParse(clean) ? new URL(clean) : null;
  if (url === null || !/^https?:$/.test(url.protocol))
    throw invalidField(field, "must start with https:// or http://");
  // They would be shown to whoever reads the list.
  if (url.username !== "" || url.password !== "")
    throw invalidField(field, "must hold no user and password");
  return url.href;
}
