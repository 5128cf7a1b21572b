/** Claims over HTTP: for supervisors, and for the systems that settle them: `/api/v1/claims` and `/api/v1/claim-settings`. */
import { Type } from "@fastify/type-provider-typebox";
import type { App } from "../../http/app.ts";
import { nameOf } from "../../http/auth.ts";
import { ApiError, ErrorBody, invalidField, notFound } from "../../http/errors.ts";
import { CLAIM_KINDS, CLAIM_STATUSES } from "../model.ts";
import type { ClaimRecord, ClaimsBook } from "./open.ts";
import { type ClaimSettings, ClaimSettingsBody, ClaimSettingsError } from "./settings.ts";
import type { ClaimStep } from "./store.ts";

const oneOf = <T extends string>(values: readonly T[]) =>
  Type.Union(values.map((value) => Type.Literal(value)));
const Time = Type.Union([Type.String(), Type.Null()]);
const OrNull = Type.Union([Type.String(), Type.Null()]);

/** A claim with whose it is and how new it is. */
export type ClaimBody = ClaimRecord["claim"] & Pick<ClaimRecord, "customerName" | "version">;
const ClaimBody = Type.Unsafe<ClaimBody>(
  Type.Object(
    {
      id: Type.String(),
      number: Type.String({
        description: "Given to the customer; the source's own of one from outside",
      }),
      ...{ source: Type.String(), customerId: Type.String(), orderId: OrNull },
      ...{ customerName: Type.String(), orderNumber: Type.String() },
      line: Type.Union([Type.Integer(), Type.Null()], { description: "Of the order, from 0" }),
      ...{ lineName: Type.String(), kind: Type.String(), wish: Type.String() },
      ...{ subject: Type.String(), text: Type.String(), photos: Type.Array(Type.String()) },
      ...{ status: Type.String(), openedAt: Type.String(), deadlineAt: Time, closedAt: Time },
      ...{ answer: Type.String(), madeByName: Type.String(), late: Type.Boolean() },
      version: Type.Union([Type.Integer(), Type.Null()], { description: "Of the last news" }),
    },
    { title: "Claim" },
  ),
);
const StepBody = Type.Unsafe<ClaimStep>(
  Type.Object({
    ...{ at: Type.String(), status: Type.String(), toldBy: Type.String(), text: Type.String() },
  }),
);
const params = Type.Object({ number: Type.String({ minLength: 1, maxLength: 128 }) });
const ofSource = Type.Object({
  source: Type.String({
    maxLength: 64,
    default: "",
    description: "When two systems call theirs the same; `callcard` for those filed here",
  }),
});
const Id = Type.Optional(Type.String({ pattern: "^[1-9]\\d{0,17}$" }));

/** Registers the routes. */
export async function claimRoutes(
  app: App,
  { claims }: { readonly claims: ClaimsBook },
): Promise<void> {
  const tags = ["claims"];
  const reads = app.requireRole("supervisor", "integrator");

  app.get(
    "/api/v1/claims",
    {
      onRequest: reads,
      schema: {
        tags,
        summary: "Claims: open ones by their deadlines, otherwise newest first",
        querystring: Type.Object({
          state: Type.Union([Type.Literal("open"), Type.Literal("closed"), Type.Literal("all")], {
            default: "open",
          }),
          status: Type.Optional(oneOf(CLAIM_STATUSES)),
          kind: Type.Optional(oneOf(CLAIM_KINDS)),
          late: Type.Boolean({
            default: false,
            description: "Only open ones after their deadline",
          }),
          ...{ customerId: Id, orderId: Id },
          source: Type.Optional(Type.String({ maxLength: 64 })),
          text: Type.String({ maxLength: 200, default: "" }),
          after: Type.String({
            maxLength: 200,
            default: "",
            description: "`next` of the page before",
          }),
          limit: Type.Integer({ minimum: 1, maximum: 200, default: 50 }),
        }),
        response: {
          200: Type.Object({ claims: Type.Array(ClaimBody), next: Type.String() }),
          400: ErrorBody,
        },
      },
    },
    async (request) => {
      const { status = null, kind = null, customerId = null, orderId = null } = request.query;
      const { source = null, ...rest } = request.query;
      const page = await claims.list({ ...rest, status, kind, customerId, orderId, source });
      if (page === null)
        throw new ApiError(400, "invalid", "query.after is not the `next` of a page", {
          field: "query.after",
        });
      return { claims: page.claims.map(bodyOf), next: page.next };
    },
  );

  app.get(
    "/api/v1/claims/:number",
    {
      onRequest: app.requireRole("operator", "integrator"),
      schema: {
        ...{ tags, summary: "One claim with its story", params, querystring: ofSource },
        response: {
          200: Type.Object({ claim: ClaimBody, steps: Type.Array(StepBody) }),
          ...{ 404: ErrorBody, 409: ErrorBody },
        },
      },
    },
    async (request) => {
      const found = await one(request.params.number, request.query.source);
      return { claim: bodyOf(found), steps: [...(await claims.steps(found.claim.id))] };
    },
  );

  app.post(
    "/api/v1/claims/:number/status",
    {
      onRequest: reads,
      schema: {
        tags,
        summary: "News of a claim from whoever settles it",
        description:
          "What is left out stays as it was. With `version` late news is harmless: what is not newer than the last is answered " +
          "with `taken: false` and changes nothing. `solved` and `rejected` close it, any other status opens it again.",
        ...{ params, querystring: ofSource },
        body: Type.Object(
          {
            status: Type.Optional(oneOf(CLAIM_STATUSES)),
            answer: Type.Optional(
              Type.String({ maxLength: 4000, description: "What the customer is to be told" }),
            ),
            deadlineAt: Type.Optional(
              Type.Union([Type.String({ format: "date-time" }), Type.Null()]),
            ),
            version: Type.Optional(Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER })),
            text: Type.Optional(Type.String({ maxLength: 4000, description: "For its story" })),
          },
          { additionalProperties: false, minProperties: 1 },
        ),
        response: {
          200: Type.Object({ claim: ClaimBody, taken: Type.Boolean() }),
          ...{ 404: ErrorBody, 409: ErrorBody, 400: ErrorBody },
        },
      },
    },
    async (request) => {
      const { id } = (await one(request.params.number, request.query.source)).claim;
      const { deadlineAt } = request.body;
      if (typeof deadlineAt === "string" && Number.isNaN(Date.parse(deadlineAt)))
        throw invalidField("deadlineAt", "is not a time");
      const outcome = await claims.change(id, request.body, nameOf(request.principal!));
      if (outcome === null) throw notFound("The claim");
      const after = await one(request.params.number, outcome.claim.source);
      return { claim: bodyOf(after), taken: outcome.taken };
    },
  );

  app.get(
    "/api/v1/claim-settings",
    {
      onRequest: app.requireRole("supervisor"),
      schema: {
        ...{ tags, summary: "How long claims may take, and who is told of them" },
        response: { 200: Type.Object({ settings: Type.Unsafe<ClaimSettings>(ClaimSettingsBody) }) },
      },
    },
    async () => ({ settings: await claims.settings() }),
  );
  app.put(
    "/api/v1/claim-settings",
    {
      onRequest: app.requireRole("admin"),
      schema: {
        ...{ tags, summary: "Change how long claims may take, and who is told of them" },
        body: Type.Unsafe<ClaimSettings>(ClaimSettingsBody),
        response: {
          200: Type.Object({ settings: Type.Unsafe<ClaimSettings>(ClaimSettingsBody) }),
          400: ErrorBody,
        },
      },
    },
    async (request) => {
      try {
        await claims.saveSettings(request.body, nameOf(request.principal!));
      } catch (error) {
        if (error instanceof ClaimSettingsError) throw invalidField(error.field, error.message);
        throw error;
      }
      return { settings: await claims.settings() };
    },
  );

  async function one(number: string, source: string): Promise<ClaimRecord> {
    const found = await claims.byNumber(number, source);
    if (found.length > 1)
      throw new ApiError(409, "conflict", "Several systems have a claim of this number: name one", {
        field: "query.source",
      });
    if (found[0] === undefined) throw notFound("The claim");
    return found[0];
  }
}

function bodyOf({ claim, customerName, version }: ClaimRecord): ClaimBody {
  return { ...claim, customerName, version };
}
