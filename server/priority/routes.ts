/** The policy over HTTP: `/api/v1/priority/...`. Supervisors read and check, admins change. */
import { Type } from "@fastify/type-provider-typebox";
import type { TSchema } from "typebox";
import type { App } from "../http/app.ts";
import { nameOf } from "../http/auth.ts";
import { ApiError, ErrorBody, notFound } from "../http/errors.ts";
import { compileSchema } from "../http/validation.ts";
import { type Policies, PolicyError } from "./policies.ts";
import { readyPolicies } from "./ready-policies.ts";
import {
  CheckInput,
  CheckedBody,
  PolicyDraftBody,
  PolicyVersionBody,
  PublishInput,
  PublishedPolicyBody,
  ReadyPolicyBody,
  RefusedPolicyBody,
  RollBackInput,
  SaveDraftInput,
  VersionParams,
  VersionsQuery,
  VocabularyBody,
} from "./schemas.ts";
import type { VocabularySource } from "./vocabulary.ts";

/** What the routes work with. */
export type PriorityRouteParts = {
  readonly policies: Policies;
  readonly vocabulary: Pick<VocabularySource, "read">;
};

const BODY_LIMIT_BYTES = 1024 * 1024;

/** Registers the routes of the policy. Those of the simulator and the console are their own. */
export async function priorityRoutes(app: App, parts: PriorityRouteParts): Promise<void> {
  const { policies, vocabulary } = parts;
  const reads = { onRequest: app.requireRole("supervisor") };
  const writes = { onRequest: app.requireRole("admin") };
  const tags = ["priority"];

  app.get(
    "/api/v1/priority/policy",
    {
      ...reads,
      schema: {
        tags,
        summary: "The policy that holds",
        response: { 200: PublishedPolicyBody },
      },
    },
    async () => mutable(policies.published()),
  );

  app.get(
    "/api/v1/priority/draft",
    {
      ...reads,
      schema: {
        tags,
        summary: "The draft, with what is wrong with it",
        description: "The published policy, with revision 0, while nobody changed anything.",
        response: { 200: PolicyDraftBody },
      },
    },
    async () => mutable(await policies.draft()),
  );

  app.put(
    "/api/v1/priority/draft",
    {
      ...writes,
      ...judgedByUs(SaveDraftInput, "policy"),
      schema: {
        tags,
        summary: "Save the draft",
        description:
          "Kept even when its values are not right yet: the answer says what is. 422: not the shape of a policy. 409: somebody else saved meanwhile.",
        body: SaveDraftInput,
        response: { 200: PolicyDraftBody, 409: ErrorBody, 422: RefusedPolicyBody },
      },
    },
    async (request, reply) => {
      const by = nameOf(request.principal!);
      try {
        return mutable(await policies.saveDraft({ ...request.body, by }));
      } catch (error) {
        const refusal = refusalOf(error);
        if (refusal !== null) return reply.code(422).send(refusal);
        throw asApiError(error);
      }
    },
  );

  app.post(
    "/api/v1/priority/check",
    {
      ...reads,
      ...judgedByUs(CheckInput, "policy"),
      schema: {
        tags,
        summary: "What would be said of a policy",
        description: "Anything may be asked; nothing is kept.",
        body: CheckInput,
        response: { 200: CheckedBody },
      },
    },
    async (request) => mutable(await policies.check(request.body.policy)),
  );

  app.post(
    "/api/v1/priority/publish",
    {
      ...writes,
      schema: {
        tags,
        summary: "Publish the draft",
        description: "It holds at once, for those who wait already too.",
        body: PublishInput,
        response: { 200: PublishedPolicyBody, 409: ErrorBody, 422: RefusedPolicyBody },
      },
    },
    async (request, reply) => {
      const by = nameOf(request.principal!);
      try {
        return mutable(await policies.publish({ ...request.body, by }));
      } catch (error) {
        const refusal = refusalOf(error);
        if (refusal !== null) return reply.code(422).send(refusal);
        throw asApiError(error);
      }
    },
  );

  app.post(
    "/api/v1/priority/rollback",
    {
      ...writes,
      schema: {
        tags,
        summary: "Bring an earlier version back",
        description: "As a new version. 0 is the plain order: first come, first served.",
        body: RollBackInput,
        response: { 200: PublishedPolicyBody, 404: ErrorBody, 409: ErrorBody },
      },
    },
    async (request) => {
      const by = nameOf(request.principal!);
      try {
        return mutable(await policies.rollBack({ ...request.body, by }));
      } catch (error) {
        throw asApiError(error);
      }
    },
  );

  app.get(
    "/api/v1/priority/versions",
    {
      ...reads,
      schema: {
        tags,
        summary: "Published versions, newest first",
        querystring: VersionsQuery,
        response: { 200: Type.Object({ versions: Type.Array(PolicyVersionBody) }) },
      },
    },
    async (request) => ({ versions: mutable(await policies.versions(request.query)) }),
  );

  app.get(
    "/api/v1/priority/versions/:version",
    {
      ...reads,
      schema: {
        tags,
        summary: "One published version",
        params: VersionParams,
        response: { 200: PolicyVersionBody, 404: ErrorBody },
      },
    },
    async (request) => {
      const version = await policies.version(request.params.version);
      if (version === null) throw notFound("The version");
      return mutable(version);
    },
  );

  app.get(
    "/api/v1/priority/ready-policies",
    {
      ...reads,
      schema: {
        tags,
        summary: "Policies to begin with, made for the tiers of this shop",
        response: { 200: Type.Object({ policies: Type.Array(ReadyPolicyBody) }) },
      },
    },
    async () => {
      const { tierShares, ...words } = await vocabulary.read();
      const { timeZone } = policies.published().policy;
      return { policies: mutable(readyPolicies(words, timeZone, tierShares)) };
    },
  );

  app.get(
    "/api/v1/priority/vocabulary",
    {
      ...reads,
      schema: {
        tags,
        summary: "What a rule can name here",
        response: { 200: VocabularyBody },
      },
    },
    async () => mutable(await vocabulary.read()),
  );
}

/** Body checked by its schema but for one field: that one is judged by `check.ts`, which has better words. */
function judgedByUs(input: TSchema, field: string) {
  const { properties } = input as TSchema & { properties: Record<string, TSchema> };
  const open = { ...input, properties: { ...properties, [field]: {} } } as TSchema;
  return {
    bodyLimit: BODY_LIMIT_BYTES,
    validatorCompiler: (part: object) => {
      const known = part as Parameters<typeof compileSchema>[0];
      return compileSchema(known.httpPart === "body" ? { ...known, schema: open } : known);
    },
  };
}

/** Everything that is wrong with a refused policy; null for any other error. */
function refusalOf(error: unknown) {
  if (!(error instanceof PolicyError) || error.code !== "refused") return null;
  const { message, checked } = error;
  const field = `body.policy${(checked.problems[0]?.path ?? "").replaceAll("/", ".")}`;
  return mutable({ error: { code: "policyRefused", message, field }, ...checked });
}

function asApiError(error: unknown): unknown {
  if (!(error instanceof PolicyError)) return error;
  const status = error.code === "noSuchVersion" ? 404 : 409;
  return new ApiError(status, error.code, error.message, { cause: error });
}

/** The schema's type has no readonly; the value is only serialised. */
function mutable<T>(value: T): Mutable<T> {
  return value as Mutable<T>;
}

type Mutable<T> = T extends readonly (infer One)[]
  ? Mutable<One>[]
  : T extends object
    ? { -readonly [K in keyof T]: Mutable<T[K]> }
    : T;
