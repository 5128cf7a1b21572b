/** The shape that the three routes for loading records share: one record or many in, what became of each out. */
import { Type } from "@fastify/type-provider-typebox";
import type { TSchema } from "typebox";
import type { App } from "../http/app.ts";
import { ApiError, ErrorBody } from "../http/errors.ts";
import { compileSchema } from "../http/validation.ts";
import type { LoadResult } from "./loading.ts";

/** Records in one request. */
export const MOST_RECORDS = 1000;
const BODY_LIMIT_BYTES = 16 * 1024 * 1024;

/** What became of each record. */
export const LoadBody = Type.Object(
  {
    added: Type.Integer(),
    changed: Type.Integer(),
    unchanged: Type.Integer(),
    refused: Type.Integer(),
    results: Type.Array(
      Type.Object({
        index: Type.Integer({ description: "Place in the body, from 0" }),
        sourceId: Type.String(),
        status: Type.Union([Type.Literal("ok"), Type.Literal("refused")]),
        field: Type.Optional(Type.String()),
        reason: Type.Optional(Type.String()),
      }),
    ),
  },
  { title: "LoadResult" },
);

/** What one of these routes loads. */
export type LoadRoute = {
  readonly url: string;
  readonly tag: string;
  readonly summary: string;
  readonly record: TSchema;
  readonly load: (records: readonly unknown[], source: string | undefined) => Promise<LoadResult>;
};

/**
 * Adds `POST url`: 200 when every record was taken, 207 when some were refused, 422 when all were. Records are judged one by
 * one, so the body's schema is for the reader; a bad record never refuses its neighbours.
 */
export function addLoadRoute(app: App, route: LoadRoute): void {
  const many = Type.Array(route.record, { minItems: 1, maxItems: MOST_RECORDS });
  app.post(
    route.url,
    {
      onRequest: app.requireRole("integrator"),
      bodyLimit: BODY_LIMIT_BYTES,
      validatorCompiler: (part) =>
        part.httpPart === "body"
          ? (value: unknown) => ({ value })
          : compileSchema(part as Parameters<typeof compileSchema>[0]),
      schema: {
        tags: [route.tag],
        summary: route.summary,
        description:
          "Idempotent by (source, sourceId). 200: all taken; 207: some refused; 422: all refused.",
        querystring: Type.Object({
          source: Type.Optional(
            Type.String({
              minLength: 1,
              maxLength: 64,
              description: "For records that name no source",
            }),
          ),
        }),
        body: Type.Union([route.record, many]),
        response: { 200: LoadBody, 207: LoadBody, 422: LoadBody, 400: ErrorBody },
      },
    },
    async (request, reply) => {
      const body: unknown = request.body;
      const records: readonly unknown[] = Array.isArray(body) ? body : [body];
      if (records.length === 0 || records.length > MOST_RECORDS) {
        const message = `The body must hold 1 to ${MOST_RECORDS} records; ${records.length} came`;
        throw new ApiError(400, "invalid", message, { field: "body" });
      }
      const { status, answer } = loadAnswer(
        records,
        await route.load(records, request.query.source),
      );
      return reply.code(status).send(answer);
    },
  );
}

/** 200 when every record was taken, 207 when some were refused, 422 when all were. */
export function loadAnswer(records: readonly unknown[], result: LoadResult) {
  const { added, changed, unchanged, refused } = result;
  const reasons = new Map(refused.map((one) => [one.index, one]));
  const status: 200 | 207 | 422 =
    refused.length === 0 ? 200 : refused.length < records.length ? 207 : 422;
  const answer = {
    ...{ added, changed, unchanged, refused: refused.length },
    results: records.map((record, index) => {
      const refusal = reasons.get(index);
      const sourceId = sourceIdOf(record);
      return refusal === undefined
        ? { index, sourceId, status: "ok" as const }
        : {
            index,
            sourceId,
            status: "refused" as const,
            field: refusal.field,
            reason: refusal.reason,
          };
    }),
  };
  return { status, answer };
}

function sourceIdOf(record: unknown): string {
  const sourceId = (record as { sourceId?: unknown } | null | undefined)?.sourceId;
  return typeof sourceId === "string" ? sourceId.slice(0, 128) : "";
}
