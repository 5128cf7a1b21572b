/** Actions on orders over HTTP: `/api/v1/orders/:source/:sourceId/actions` and `/api/v1/orders/actions`. */
import { Type } from "@fastify/type-provider-typebox";
import { Refusal } from "../../desk/replies.ts";
import type { App } from "../../http/app.ts";
import { nameOf } from "../../http/auth.ts";
import { ApiError, ErrorBody, notFound } from "../../http/errors.ts";
import { compileSchema } from "../../http/validation.ts";
import type { Principal } from "../../people/model.ts";
import { recordAudit } from "../../people/audit.ts";
import type { Storage } from "../../storage/database.ts";
import { ActionRequestBody } from "./check.ts";
import { wordsOf } from "./http-door.ts";
import type { ActionRecord, Asker } from "./store.ts";
import type { RunningOrderWork } from "./work.ts";

/** What the routes work with. */
export type ActionRouteParts = {
  readonly storage: Pick<Storage, "db">;
  readonly work: Pick<RunningOrderWork, "ask" | "action" | "unsettled" | "settle">;
};

const State = Type.Union([
  Type.Literal("waiting"),
  Type.Literal("done"),
  Type.Literal("refused"),
  Type.Literal("givenBack"),
]);

const ActionBody = Type.Object(
  {
    id: Type.String(),
    source: Type.String(),
    sourceId: Type.String({ description: "The order's id at its source" }),
    orderId: Type.String(),
    orderNumber: Type.String(),
    request: Type.Unsafe<object>({ additionalProperties: true, description: "What was asked" }),
    state: Type.Unsafe<ActionRecord["state"]>(State),
    answer: Type.String({ description: "The source's own words" }),
    lastError: Type.String({ description: "Why it could not be asked, or its answer not be read" }),
    tries: Type.Integer(),
    askedAt: Type.String(),
    askedByName: Type.String(),
    userId: Type.Union([Type.String(), Type.Null()]),
    endedAt: Type.Union([Type.String(), Type.Null()]),
  },
  { title: "OrderActionState" },
);
const Answer = Type.Object({ action: ActionBody });
const uuid = Type.String({ pattern: "^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$" });

/** Registers the routes. */
export function actionRoutes(app: App, { storage, work }: ActionRouteParts): void {
  const { db } = storage;
  const tags = ["orders"];

  app.post(
    "/api/v1/orders/:source/:sourceId/actions",
    {
      onRequest: app.requireRole("operator", "integrator"),
      // The schema of the body is for the reader: what is wrong with an action is said of the kind that was meant.
      validatorCompiler: (part) =>
        part.httpPart === "body"
          ? (value: unknown) => ({ value })
          : compileSchema(part as Parameters<typeof compileSchema>[0]),
      schema: {
        tags,
        summary: "Ask the source of an order to confirm, change or cancel it",
        description:
          "200: done or refused, see `state`, with the source's own words in `answer`; 202: the source could not be reached, " +
          "it is tried again for 15 minutes. Asking again with the same `id` asks once.",
        params: Type.Object({
          source: Type.String({ minLength: 1, maxLength: 64 }),
          sourceId: Type.String({ minLength: 1, maxLength: 128 }),
        }),
        body: Type.Object(
          {
            id: Type.String({ description: "A UUID, made by who asks" }),
            action: ActionRequestBody,
          },
          { additionalProperties: false },
        ),
        response: { 200: Answer, 202: Answer, 400: ErrorBody, 403: ErrorBody, 404: ErrorBody },
      },
    },
    async (request, reply) => {
      const { source, sourceId } = request.params;
      const order = await db
        .selectFrom("orders")
        .select("id")
        .where("source", "=", source)
        .where("source_id", "=", sourceId)
        .executeTakeFirst();
      if (order === undefined) throw notFound("The order");
      const body = (request.body ?? {}) as { readonly id?: unknown; readonly action?: unknown };
      const id = typeof body.id === "string" ? body.id : "";
      const action = await answering(() =>
        work.ask({ id, orderId: order.id, request: body.action }, askerOf(request.principal!)),
      );
      return reply.code(action.state === "waiting" ? 202 : 200).send({ action });
    },
  );

  app.get(
    "/api/v1/orders/actions",
    {
      onRequest: app.requireRole("supervisor", "integrator"),
      schema: {
        tags,
        summary: "What sources were asked for and did not answer: waiting, or given back to people",
        querystring: Type.Object({
          state: Type.Union([Type.Literal("givenBack"), Type.Literal("waiting")], {
            default: "givenBack",
          }),
          limit: Type.Integer({ minimum: 1, maximum: 500, default: 100 }),
        }),
        response: { 200: Type.Object({ actions: Type.Array(ActionBody) }) },
      },
    },
    async (request) => ({
      actions: [...(await work.unsettled(request.query.state, request.query.limit))],
    }),
  );

  app.get(
    "/api/v1/orders/actions/:id",
    {
      onRequest: app.requireRole("operator", "integrator"),
      schema: {
        tags,
        summary: "What became of an action",
        params: Type.Object({ id: uuid }),
        response: { 200: Answer, 404: ErrorBody },
      },
    },
    async (request) => {
      const action = await work.action(request.params.id);
      if (action === null) throw notFound("The action");
      return { action };
    },
  );

  app.post(
    "/api/v1/orders/actions/:id/settle",
    {
      onRequest: app.requireRole("supervisor", "integrator"),
      schema: {
        tags,
        summary: "Settle an action that was given back: try again, done by hand, or dropped",
        params: Type.Object({ id: uuid }),
        body: Type.Object(
          {
            how: Type.Union([Type.Literal("again"), Type.Literal("done"), Type.Literal("dropped")]),
            text: Type.Optional(
              Type.String({ maxLength: 500, description: "Shown to the operator who asked" }),
            ),
          },
          { additionalProperties: false },
        ),
        response: { 200: Answer, 404: ErrorBody, 409: ErrorBody },
      },
    },
    async (request) => {
      const { id } = request.params;
      const { how, text = "" } = request.body;
      const action = await work.settle(id, how, wordsOf(text));
      if (action === "overtaken")
        throw new ApiError(409, "conflict", "A later change of this order was done: ask anew", {
          field: "body.how",
        });
      if (action !== null) {
        const detail = { id: action.id, order: action.orderNumber, how };
        const actor = nameOf(request.principal!);
        await recordAudit(db, { actor, action: "orderAction.settled", detail });
        return { action };
      }
      if ((await work.action(id)) === null) throw notFound("The action");
      throw new ApiError(409, "conflict", "The action is not given back");
    },
  );
}

function askerOf(principal: Principal): Asker {
  return principal.kind === "user"
    ? { userId: principal.user.id, askedBy: "", callId: "" }
    : { userId: null, askedBy: nameOf(principal), callId: "" };
}

const STATUS: Readonly<Record<string, number>> = { invalid: 400, forbidden: 403, notFound: 404 };

/** A refusal as HTTP says it. */
async function answering<T>(deed: () => Promise<T>): Promise<T> {
  try {
    return await deed();
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const status = STATUS[error.code] ?? 409;
    throw new ApiError(status, error.code, error.message, { cause: error });
  }
}
