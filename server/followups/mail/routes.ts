/** Letters over HTTP: those a person has to look at, the rules, and the services: `/api/v1/messages/unsettled`, `/api/v1/mail/...`. */
import { Type } from "@fastify/type-provider-typebox";
import type { App } from "../../http/app.ts";
import { nameOf } from "../../http/auth.ts";
import { ErrorBody, invalidField, notFound } from "../../http/errors.ts";
import { CLAIM_KINDS, type ClaimKind } from "../model.ts";
import { mailHookRoute } from "./hook-route.ts";
import { SERVICE_KINDS, type ServiceKind } from "./readers.ts";
import { listServices, readRules, removeService, saveRules, saveService } from "./settings.ts";
import { settleLetter } from "./settle.ts";
import type { TakeParts } from "./take.ts";

const words = (maxLength: number) =>
  Type.Array(Type.String({ minLength: 1, maxLength }), { maxItems: 200 });
const Rules = Type.Object(
  {
    complaintAddresses: words(254),
    complaintWords: words(100),
    ownAddresses: words(254),
  },
  { additionalProperties: false },
);
const Kind = Type.Unsafe<ServiceKind>(Type.Union(SERVICE_KINDS.map((kind) => Type.Literal(kind))));
const Service = Type.Object({
  ...{ name: Type.String(), kind: Kind, enabled: Type.Boolean(), changedAt: Type.String() },
});
const Name = Type.Object({ name: Type.String({ pattern: "^[a-z0-9][a-z0-9_-]{0,63}$" }) });
const Message = Type.Object({
  ...{ id: Type.String(), from: Type.String(), subject: Type.String(), text: Type.String() },
  ...{ links: Type.Array(Type.String()), at: Type.String() },
  because: Type.String({ description: "unmatched, ambiguous, tooMany or unreadable" }),
  customerId: Type.Union([Type.String(), Type.Null()]),
});
const Id = Type.String({ pattern: "^[1-9]\\d{0,17}$" });

/** Registers the routes. */
export async function mailRoutes(app: App, parts: TakeParts): Promise<void> {
  const { db } = parts;
  const tags = ["mail"];
  const reads = app.requireRole("supervisor");
  const admin = app.requireRole("admin");
  await mailHookRoute(app, parts);

  app.get(
    "/api/v1/messages/unsettled",
    {
      onRequest: reads,
      schema: {
        ...{ tags, summary: "Letters a person has to look at, oldest first" },
        querystring: Type.Object({
          after: Type.String({ pattern: "^\\d{1,18}$", default: "0" }),
          limit: Type.Integer({ minimum: 1, maximum: 200, default: 50 }),
        }),
        response: { 200: Type.Object({ messages: Type.Array(Message), next: Type.String() }) },
      },
    },
    async ({ query: { after, limit } }) => {
      const rows = await db
        .selectFrom("messages")
        .selectAll()
        .where("settled_at", "is", null)
        .where("id", ">", after)
        .orderBy("id")
        .limit(limit)
        .execute();
      const messages = rows.map((row) => ({
        ...{ id: row.id, from: row.party, subject: row.subject, text: row.text, links: row.links },
        ...{ at: row.at.toISOString(), because: row.waits_because, customerId: row.customer_id },
      }));
      return { messages, next: rows.length < limit ? "" : rows.at(-1)!.id };
    },
  );
  app.post(
    "/api/v1/messages/:id/settle",
    {
      onRequest: reads,
      schema: {
        tags,
        summary: "Somebody looked at a letter: whose it is, or that nothing is to be done",
        description: "With `claimKind` a claim is filed with its words; the answer has its number.",
        params: Type.Object({ id: Id }),
        body: Type.Object(
          {
            customerId: Type.Optional(Id),
            orderNumber: Type.Optional(
              Type.String({ maxLength: 128, description: "Of that customer" }),
            ),
            claimKind: Type.Optional(
              Type.Unsafe<ClaimKind>(Type.Union(CLAIM_KINDS.map((kind) => Type.Literal(kind)))),
            ),
          },
          { additionalProperties: false },
        ),
        response: {
          200: Type.Object({ claimNumber: Type.String({ description: "Empty for none" }) }),
          ...{ 400: ErrorBody, 404: ErrorBody },
        },
      },
    },
    async (request) => {
      const { params, principal } = request;
      const userId = principal!.kind === "user" ? principal!.user.id : null;
      const by = { name: nameOf(principal!), userId };
      const settled = await settleLetter(parts, params.id, request.body, by);
      if (settled === null) throw notFound("An unsettled message of this id");
      return { claimNumber: settled.claim?.number ?? "" };
    },
  );

  app.get(
    "/api/v1/mail/rules",
    {
      onRequest: reads,
      schema: {
        ...{ tags, summary: "Which letters are complaints", response: { 200: Rules } },
      },
    },
    async () => {
      const { complaintAddresses, complaintWords, ownAddresses } = await readRules(db);
      return {
        complaintAddresses: [...complaintAddresses],
        complaintWords: [...complaintWords],
        ownAddresses: [...ownAddresses],
      };
    },
  );
  app.put(
    "/api/v1/mail/rules",
    {
      onRequest: admin,
      schema: {
        ...{ tags, summary: "Change which letters are complaints", body: Rules },
        response: { 204: Type.Null(), 400: ErrorBody },
      },
    },
    async (request, reply) => {
      await saveRules(db, request.body, nameOf(request.principal!));
      return reply.code(204).send(null);
    },
  );
  app.get(
    "/api/v1/mail/services",
    {
      onRequest: admin,
      schema: {
        ...{ tags, summary: "Services that may hand letters over" },
        response: { 200: Type.Object({ services: Type.Array(Service) }) },
      },
    },
    async () => ({ services: [...(await listServices(db))] }),
  );
  app.put(
    "/api/v1/mail/services/:name",
    {
      onRequest: admin,
      schema: {
        ...{ tags, summary: "Let a service hand letters over; a secret that is left out stays" },
        params: Name,
        body: Type.Object(
          {
            kind: Kind,
            enabled: Type.Optional(Type.Boolean({ description: "true when left out" })),
            secret: Type.Optional(Type.String({ minLength: 16, maxLength: 256 })),
          },
          { additionalProperties: false },
        ),
        response: { 204: Type.Null(), 400: ErrorBody },
      },
    },
    async (request, reply) => {
      const by = nameOf(request.principal!);
      if (!(await saveService(db, request.params.name, { enabled: true, ...request.body }, by)))
        throw invalidField("secret", "is missing: nobody is believed without one");
      return reply.code(204).send(null);
    },
  );
  app.delete(
    "/api/v1/mail/services/:name",
    {
      onRequest: admin,
      schema: {
        ...{ tags, summary: "Hear a service no more", params: Name },
        response: { 204: Type.Null(), 404: ErrorBody },
      },
    },
    async (request, reply) => {
      if (!(await removeService(db, request.params.name, nameOf(request.principal!))))
        throw notFound("The service");
      return reply.code(204).send(null);
    },
  );
}
