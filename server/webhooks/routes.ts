/** Webhooks over HTTP, for admins: `/api/v1/webhooks` and `/api/v1/webhook-deliveries`. Secrets go in and never come out. */
import { Type } from "@fastify/type-provider-typebox";
import type { App } from "../http/app.ts";
import { nameOf } from "../http/auth.ts";
import { ErrorBody, invalidField, notFound } from "../http/errors.ts";
import { recordAudit } from "../people/audit.ts";
import type { Database } from "../storage/database.ts";
import { listDeliveries, sendAgain } from "./deliveries.ts";
import { WEBHOOK_EVENTS, type WebhookDelivery, type WebhookTarget } from "./model.ts";
import { TargetError, addTarget, changeTarget, listTargets, removeTarget } from "./targets.ts";

const Event = Type.Union(WEBHOOK_EVENTS.map((event) => Type.Literal(event)));
const fields = {
  name: Type.String({ minLength: 1, maxLength: 100 }),
  url: Type.String({ maxLength: 2000, description: "http or https" }),
  secret: Type.String({ minLength: 16, maxLength: 256, description: "Signs every body" }),
  events: Type.Array(Event, { minItems: 1, uniqueItems: true }),
};
const enabled = Type.Boolean({ description: "false: nothing is sent; what is not sent yet waits" });
const NewTarget = Type.Object(
  { ...fields, enabled: Type.Optional(enabled) },
  { additionalProperties: false },
);
const Change = Type.Partial(Type.Object({ ...fields, enabled }), { additionalProperties: false });
const Time = Type.Union([Type.String(), Type.Null()]);

const TargetBody = Type.Unsafe<WebhookTarget>(
  Type.Object(
    {
      ...{ id: Type.String(), name: Type.String(), url: Type.String(), hasSecret: Type.Boolean() },
      ...{ events: Type.Array(Type.String()), enabled: Type.Boolean() },
      restingUntil: Time,
      waiting: Type.Integer({ description: "Deliveries it does not have yet" }),
      givenUp: Type.Integer(),
      lastError: Type.String({ description: "What the last try of those came to" }),
      changedAt: Type.String(),
    },
    { title: "WebhookTarget" },
  ),
);
const State = Type.Union([
  Type.Literal("waiting"),
  Type.Literal("givenUp"),
  Type.Literal("delivered"),
]);
const DeliveryBody = Type.Unsafe<WebhookDelivery>(
  Type.Object(
    {
      id: Type.String({ description: "The receiver's Idempotency-Key" }),
      ...{ targetId: Type.String(), targetName: Type.String(), event: Type.String() },
      subject: Type.String({ description: "Of one subject they are sent in order: `claim/12`" }),
      ...{ state: State, tries: Type.Integer(), lastError: Type.String() },
      ...{ writtenAt: Type.String(), nextAt: Time, deliveredAt: Time },
    },
    { title: "WebhookDelivery" },
  ),
);
const params = Type.Object({ id: Type.String({ maxLength: 36 }) });

/** Registers the routes. */
export async function webhookRoutes(app: App, { db }: { readonly db: Database }): Promise<void> {
  const onRequest = app.requireRole("admin");
  const tags = ["webhooks"];
  const one = async (id: string) => {
    const target = (await listTargets(db)).find((target) => target.id === id);
    if (target === undefined) throw notFound("The webhook");
    return { target };
  };

  app.get(
    "/api/v1/webhooks",
    {
      onRequest,
      schema: {
        ...{ tags, summary: "Who is told of what" },
        response: { 200: Type.Object({ targets: Type.Array(TargetBody) }) },
      },
    },
    async () => ({ targets: [...(await listTargets(db))] }),
  );
  app.post(
    "/api/v1/webhooks",
    {
      onRequest,
      schema: {
        tags,
        summary: "Tell somebody of what happens",
        description:
          "A POST of JSON `{id, event, at, data}` for each event, with `Idempotency-Key` (the same each time it is tried), " +
          "`X-Callcard-Event` and `X-Callcard-Signature: t=<epoch seconds>,v1=<hex>` (HMAC-SHA256 with the secret over `<t>.` and " +
          "the body). Any 2xx takes it; everything else is tried again for 3 days, of one subject in order.",
        body: NewTarget,
        response: { 201: Type.Object({ target: TargetBody }), 400: ErrorBody },
      },
    },
    async (request, reply) => {
      const by = nameOf(request.principal!);
      const id = await told(() => addTarget(db, { enabled: true, ...request.body }, by));
      return reply.code(201).send(await one(id));
    },
  );
  app.put(
    "/api/v1/webhooks/:id",
    {
      onRequest,
      schema: {
        ...{ tags, summary: "Change who is told of what; what is left out stays as it was" },
        ...{ params, body: Change },
        response: {
          ...{ 200: Type.Object({ target: TargetBody }), 400: ErrorBody, 404: ErrorBody },
        },
      },
    },
    async (request) => {
      const { id } = request.params;
      const by = nameOf(request.principal!);
      if (!(await told(() => changeTarget(db, id, request.body, by))))
        throw notFound("The webhook");
      return one(id);
    },
  );
  app.delete(
    "/api/v1/webhooks/:id",
    {
      onRequest,
      schema: {
        ...{ tags, summary: "Tell somebody no more; what they were not told yet is forgotten" },
        ...{ params, response: { 204: Type.Null(), 404: ErrorBody } },
      },
    },
    async (request, reply) => {
      if (!(await removeTarget(db, request.params.id, nameOf(request.principal!))))
        throw notFound("The webhook");
      return reply.code(204).send(null);
    },
  );

  app.get(
    "/api/v1/webhook-deliveries",
    {
      onRequest,
      schema: {
        ...{ tags, summary: "What was told and what was not; undelivered first, newest first" },
        querystring: Type.Object({
          target: Type.Optional(Type.String({ pattern: "^[1-9]\\d{0,17}$" })),
          state: Type.Optional(State),
          subject: Type.String({ maxLength: 100, default: "" }),
          after: Type.String({
            pattern: "^([01]-\\d{1,18})?$",
            default: "",
            description: "`next` of the page before",
          }),
          limit: Type.Integer({ minimum: 1, maximum: 500, default: 100 }),
        }),
        response: {
          200: Type.Object({ deliveries: Type.Array(DeliveryBody), next: Type.String() }),
        },
      },
    },
    async (request) => {
      const { target = null, state = null, ...rest } = request.query;
      const page = await listDeliveries(db, { targetId: target, state, ...rest });
      return { deliveries: [...page.deliveries], next: page.next };
    },
  );
  app.post(
    "/api/v1/webhook-deliveries/:id/send-again",
    {
      onRequest,
      schema: {
        ...{ tags, summary: "Send now what was given up or waits" },
        params: Type.Object({ id: Type.String({ format: "uuid" }) }),
        response: { 200: Type.Object({ delivery: DeliveryBody }), 404: ErrorBody },
      },
    },
    async (request) => {
      const delivery = await sendAgain(db, request.params.id);
      if (delivery === null) throw notFound("An undelivered webhook of this id");
      await recordAudit(db, {
        actor: nameOf(request.principal!),
        action: "webhook.sentAgain",
        detail: { id: delivery.id, target: delivery.targetName },
      });
      return { delivery };
    },
  );
}

async function told<T>(deed: () => Promise<T>): Promise<T> {
  try {
    return await deed();
  } catch (error) {
    if (error instanceof TargetError) throw invalidField(error.field, error.message);
    throw error;
  }
}
