/** The do-not-call list over HTTP. Whoever talks to people may add to it; taking off is the admin's. */
import { Type } from "@fastify/type-provider-typebox";
import type { CountryCode } from "libphonenumber-js/max";
import { Readable } from "node:stream";
import type { App } from "../http/app.ts";
import { nameOf } from "../http/auth.ts";
import { ApiError, ErrorBody, notFound } from "../http/errors.ts";
import { compileSchema } from "../http/validation.ts";
import { readPhone } from "../customers/phone.ts";
import type { Bus } from "../storage/bus.ts";
import type { Database } from "../storage/database.ts";
import { UPLOAD_LIMIT_BYTES, readUpload, refusingFile, takeCsv } from "./csv-body.ts";
import {
  type DoNotCallInput,
  addDoNotCall,
  exportDoNotCall,
  linesOf,
  listDoNotCall,
  removeDoNotCall,
} from "./do-not-call.ts";
import type { DoNotCallLine, UploadBody } from "./rest.ts";
import { DoNotCallQuery, PhoneParams, answer } from "./schemas.ts";

const MOST_LINES = 1000;

/** Registers `/api/v1/do-not-call`. */
export function doNotCallRoutes(
  app: App,
  parts: {
    readonly db: Database;
    readonly bus: Pick<Bus, "publish">;
    readonly region: CountryCode;
    readonly clock?: () => number;
  },
): void {
  const { db, bus, region, clock = Date.now } = parts;
  const tags = ["campaigns"];
  takeCsv(app);

  app.get(
    "/api/v1/do-not-call",
    {
      onRequest: app.requireRole("supervisor"),
      schema: {
        ...{ tags, summary: "Phones that nobody calls", querystring: DoNotCallQuery },
        description: "All of them as CSV with Accept: text/csv.",
        response: {
          200: answer<{ lines: readonly DoNotCallLine[]; next: string | null }>("DoNotCall"),
        },
      },
    },
    async (request, reply) => {
      if (!(request.headers.accept ?? "").includes("text/csv"))
        return listDoNotCall(db, request.query);
      void reply
        .type("text/csv; charset=utf-8")
        .header("content-disposition", 'attachment; filename="do-not-call.csv"');
      return reply.send(Readable.from(exportDoNotCall(db)) as never);
    },
  );
  app.post(
    "/api/v1/do-not-call",
    {
      onRequest: app.requireRole("supervisor", "integrator"),
      bodyLimit: UPLOAD_LIMIT_BYTES,
      validatorCompiler: (part) =>
        part.httpPart === "body"
          ? (value: unknown) => ({ value })
          : compileSchema(part as Parameters<typeof compileSchema>[0]),
      schema: {
        ...{ tags, summary: "Add phones: one, up to 1000, or a table as text/csv in UTF-8" },
        response: {
          200: answer<UploadBody>("UploadBody"),
          400: ErrorBody,
          422: answer<object>("RefusedFile"),
        },
      },
    },
    async (request, reply) =>
      refusingFile(reply, async () => {
        const by = { actor: nameOf(request.principal!), region, nowMs: clock() };
        return addDoNotCall({ db, bus }, inputOf(request.body), by);
      }),
  );
  app.delete(
    "/api/v1/do-not-call/:phone",
    {
      onRequest: app.requireRole("admin"),
      schema: {
        ...{ tags, summary: "Take a phone off the list", params: PhoneParams },
        response: { 204: Type.Null(), 404: ErrorBody },
      },
    },
    async (request, reply) => {
      const { phone } = request.params;
      const e164 = readPhone(phone, region)?.e164 ?? phone;
      if (!(await removeDoNotCall(db, e164, nameOf(request.principal!))))
        throw notFound("The phone");
      return reply.code(204).send(null);
    },
  );
}

function inputOf(body: unknown): readonly DoNotCallInput[] {
  if (body instanceof Uint8Array) return readUpload(body, linesOf);
  const values: readonly unknown[] = Array.isArray(body) ? body : [body];
  if (values.length === 0 || values.length > MOST_LINES)
    throw new ApiError(400, "invalid", `The body must hold 1 to ${MOST_LINES} lines`, {
      field: "body",
    });
  return values.map((value, at) => {
    const { phone, reason } = (value ?? {}) as { phone?: unknown; reason?: unknown };
    return { line: at + 1, phone, reason };
  });
}
