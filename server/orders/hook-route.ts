/**
 * `POST /api/v1/hooks/orders/:source`: orders from shops that cannot hold a token. Who signs with the source's secret speaks for that
 * source and no other; everybody else is told 401 and nothing more, whether there is such a source or not.
 */
import { randomBytes } from "node:crypto";
import { Type } from "@fastify/type-provider-typebox";
import { LoadBody, MOST_RECORDS, loadAnswer } from "../customers/load-route.ts";
import type { Refusal } from "../customers/loading.ts";
import type { App } from "../http/app.ts";
import { ApiError, ErrorBody } from "../http/errors.ts";
import type { Storage } from "../storage/database.ts";
import type { OrderIntake } from "./intake.ts";
import { SIGNATURE_HEADER, isSigned } from "./signature.ts";
import { hookSecret } from "./sources.ts";

/** What the route works with. */
export type HookRouteParts = {
  readonly storage: Pick<Storage, "db">;
  readonly intake: OrderIntake;
  /** Epoch; default the clock. */
  readonly now?: () => number;
};

const BODY_LIMIT_BYTES = 4 * 1024 * 1024;
/** Signs nothing: stands in for the secret of a source that has none, so that an answer takes the same time. */
const NOBODYS = randomBytes(32).toString("hex");

/** Registers the route in a scope of its own: there the body stays the bytes that were signed. */
export async function hookRoute(app: App, parts: HookRouteParts): Promise<void> {
  const { storage, intake } = parts;
  const now = parts.now ?? Date.now;
  await app.register(async (scope: App) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser("*", { parseAs: "buffer" }, (_request, body, done) =>
      done(null, body),
    );
    scope.post(
      "/api/v1/hooks/orders/:source",
      {
        config: { access: "public" },
        bodyLimit: BODY_LIMIT_BYTES,
        schema: {
          tags: ["orders"],
          summary: "Orders by a shop's webhook",
          description:
            "Signed: `X-Callcard-Signature: t=<epoch seconds>,v1=<hex>`, HMAC-SHA256 with the source's secret over `<t>.` and the body. " +
            "JSON of one order or up to 1000, or a form whose field `payload` or `order` holds it. Otherwise as `POST /api/v1/orders`.",
          params: Type.Object({ source: Type.String({ minLength: 1, maxLength: 64 }) }),
          response: { 200: LoadBody, 207: LoadBody, 422: LoadBody, 400: ErrorBody, 401: ErrorBody },
        },
      },
      async (request, reply) => {
        const { source } = request.params;
        const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
        const secret = await hookSecret(storage.db, source);
        const header = request.headers[SIGNATURE_HEADER];
        const fits = isSigned(
          typeof header === "string" ? header : "",
          secret === "" ? NOBODYS : secret,
          body,
          now(),
        );
        if (!fits || secret === "")
          throw new ApiError(401, "badSignature", "The signature is missing, old or wrong");
        const records = recordsOf(textOf(body), request.headers["content-type"] ?? "");
        const refused: Refusal[] = [];
        const own: { record: unknown; index: number }[] = [];
        for (const [index, record] of records.entries()) {
          const named = (record as { source?: unknown } | null)?.source;
          if (named === undefined || named === null || named === source)
            own.push({ record, index });
          else refused.push({ index, field: "source", reason: `is not "${source}"` });
        }
        const result = await intake(
          own.map(({ record }) => record),
          source,
        );
        const moved = result.refused.map((one) => ({ ...one, index: own[one.index]!.index }));
        const { status, answer } = loadAnswer(records, {
          ...result,
          refused: [...refused, ...moved],
        });
        return reply.code(status).send(answer);
      },
    );
  });
}

function textOf(body: Buffer): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(body);
  } catch {
    throw new ApiError(400, "badJson", "The body is not UTF-8", { field: "body" });
  }
}

/** One order or many, out of JSON or a form. @throws ApiError saying what was expected. */
function recordsOf(text: string, contentType: string): readonly unknown[] {
  let json = text;
  let where = "The body";
  if (/^application\/x-www-form-urlencoded\b/i.test(contentType)) {
    const form = new URLSearchParams(text);
    const field = form.has("payload") ? "payload" : "order";
    const value = form.get(field);
    if (value === null)
      throw new ApiError(400, "invalid", "The form has no field payload or order", {
        field: "body",
      });
    json = value;
    where = `The form's field ${field}`;
  }
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    throw new ApiError(400, "badJson", `${where} is not valid JSON`, { field: "body" });
  }
  const records: readonly unknown[] = Array.isArray(value) ? value : [value];
  if (records.length === 0 || records.length > MOST_RECORDS)
    throw new ApiError(
      400,
      "invalid",
      `${where} must hold 1 to ${MOST_RECORDS} orders; ${records.length} came`,
      { field: "body" },
    );
  return records;
}
