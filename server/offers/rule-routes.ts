/** The book of offer rules over HTTP: supervisors read, admins write. */
import { Type } from "@fastify/type-provider-typebox";
import type { App } from "../http/app.ts";
import { nameOf } from "../http/auth.ts";
import { ErrorBody } from "../http/errors.ts";
import type { Storage } from "../storage/database.ts";
import { refusing } from "./api-errors.ts";
import type { OfferedProduct } from "./model.ts";
import { findProducts } from "./product-search.ts";
import type {
  OfferRuleBody,
  OfferRuleCheck,
  OfferRuleVersion,
  OfferVocabularyBody,
} from "./rest.ts";
import type { RuleBook } from "./rule-book.ts";
import { answer } from "./schemas.ts";

const IdParams = Type.Object({ id: Type.String({ maxLength: 64 }) });
const CHECKED = { 404: ErrorBody, 409: ErrorBody, 422: answer<object>("RefusedOfferRule") };
const tags = ["offers"];

/** Registers `/api/v1/offers/rules` and `/api/v1/offers/products`. */
export function ruleRoutes(
  app: App,
  { book, storage }: { readonly book: RuleBook; readonly storage: Pick<Storage, "pool"> },
): void {
  const reads = { onRequest: app.requireRole("supervisor") };
  const writes = { onRequest: app.requireRole("admin") };

  app.get(
    "/api/v1/offers/rules",
    {
      ...reads,
      schema: {
        ...{ tags, summary: "Offer rules, the highest priority first" },
        response: { 200: answer<{ rules: readonly OfferRuleBody[] }>("OfferRules") },
      },
    },
    async () => ({ rules: await book.list() }),
  );
  app.get(
    "/api/v1/offers/rules/vocabulary",
    {
      ...reads,
      schema: {
        ...{ tags, summary: "What a rule can name here" },
        response: { 200: answer<OfferVocabularyBody>("OfferVocabulary") },
      },
    },
    async () => book.vocabulary(),
  );
  app.post(
    "/api/v1/offers/rules/check",
    {
      ...reads,
      schema: {
        ...{ tags, summary: "What would be said of a rule" },
        body: Type.Object({
          settings: Type.Unknown(),
          id: Type.Optional(
            Type.String({
              maxLength: 64,
              description: "Which rule it is to be; default a new one",
            }),
          ),
        }),
        response: { 200: answer<OfferRuleCheck>("OfferRuleCheck") },
      },
    },
    async (request) => book.check(request.body.settings, request.body.id),
  );
  app.post(
    "/api/v1/offers/rules",
    {
      ...writes,
      schema: {
        ...{ tags, summary: "Make a rule, as a draft" },
        body: Type.Object({ settings: Type.Unknown() }),
        response: { 201: answer<OfferRuleBody>("OfferRule"), ...CHECKED },
      },
    },
    async (request, reply) =>
      refusing(reply, async () => {
        const by = nameOf(request.principal!);
        const made = await book.create({ settings: request.body.settings, by });
        return reply.code(201).send(made);
      }),
  );
  app.get(
    "/api/v1/offers/rules/:id",
    {
      ...reads,
      schema: {
        ...{ tags, summary: "One rule", params: IdParams },
        response: { 200: answer<OfferRuleBody>("OfferRule"), ...CHECKED },
      },
    },
    async (request, reply) => refusing(reply, () => book.body(request.params.id)),
  );
  app.put(
    "/api/v1/offers/rules/:id",
    {
      ...writes,
      schema: {
        ...{ tags, summary: "Change a rule; it acts at once", params: IdParams },
        body: Type.Object({
          settings: Type.Unknown(),
          revision: Type.Integer({ minimum: 1 }),
        }),
        response: { 200: answer<OfferRuleBody>("OfferRule"), ...CHECKED },
      },
    },
    async (request, reply) =>
      refusing(reply, () =>
        book.save(request.params.id, { ...request.body, by: nameOf(request.principal!) }),
      ),
  );
  for (const state of ["on", "off"] as const)
    app.post(
      `/api/v1/offers/rules/:id/${state}`,
      {
        ...writes,
        schema: {
          ...{ tags, summary: `Switch a rule ${state}`, params: IdParams },
          response: { 200: answer<OfferRuleBody>("OfferRule"), ...CHECKED },
        },
      },
      async (request, reply) =>
        refusing(reply, () => book.turn(request.params.id, state, nameOf(request.principal!))),
    );
  app.get(
    "/api/v1/offers/rules/:id/versions",
    {
      ...reads,
      schema: {
        ...{ tags, summary: "What a rule was before, newest first", params: IdParams },
        response: {
          200: answer<{ versions: readonly OfferRuleVersion[] }>("OfferRuleVersions"),
          ...CHECKED,
        },
      },
    },
    async (request, reply) =>
      refusing(reply, async () => ({ versions: await book.versions(request.params.id) })),
  );
  app.get(
    "/api/v1/offers/products",
    {
      ...reads,
      schema: {
        ...{ tags, summary: "Products by words of their name, article number or our id" },
        querystring: Type.Object({
          search: Type.String({ maxLength: 100, default: "" }),
          limit: Type.Integer({ minimum: 1, maximum: 100, default: 20 }),
        }),
        response: { 200: answer<{ products: readonly OfferedProduct[] }>("OfferProducts") },
      },
    },
    async (request) => ({
      products: await findProducts(storage.pool, request.query.search, request.query.limit),
    }),
  );
}
