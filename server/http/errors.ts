/**
 * Errors at the HTTP edge: one shape, stable codes, words that say what was expected. What a caller did wrong is told to the
 * caller; what went wrong inside is told to the log alone.
 */
import { Type } from "@fastify/type-provider-typebox";
import type { FastifyError, FastifyReply, FastifyRequest } from "fastify";
import type { TLocalizedValidationError } from "typebox/error";

/** The body of every answer that is not a success. */
export const ErrorBody = Type.Object(
  {
    error: Type.Object({
      code: Type.String({ description: "Stable; made for programs." }),
      message: Type.String({ description: "For a person; may change." }),
      field: Type.Optional(
        Type.String({ description: "The field that was wrong, such as `body.login`." }),
      ),
      retryAfterSeconds: Type.Optional(Type.Integer()),
      requestId: Type.Optional(
        Type.String({ description: "Stands in the server's log beside the cause." }),
      ),
    }),
  },
  { title: "Error" },
);

/** Codes of the edge itself; the domains add their own (`badLogin`, `lastAdmin`, ...). */
export type EdgeErrorCode =
  | "invalid"
  | "badJson"
  | "unsupportedMediaType"
  | "tooLarge"
  | "badRequest"
  | "notLoggedIn"
  | "badToken"
  | "forbidden"
  | "csrf"
  | "foreignOrigin"
  | "notFound"
  | "conflict"
  | "tooManyAttempts"
  | "databaseDown"
  | "internal";

/** Thrown by a route to answer with a stable code. The message is shown to the caller: no internals in it. */
export class ApiError extends Error {
  readonly status: number;
  readonly code: string;
  /** Which field was wrong, `body.phones.0`. */
  readonly field: string | undefined;
  /** Seconds after which trying again makes sense; also sent as `Retry-After`. */
  readonly retryAfterSeconds: number | undefined;
  constructor(
    status: number,
    code: EdgeErrorCode | (string & {}),
    message: string,
    options: ErrorOptions & {
      readonly field?: string;
      readonly retryAfterSeconds?: number;
    } = {},
  ) {
    super(message, options);
    this.name = "ApiError";
    this.status = status;
    this.code = code;
    this.field = options.field;
    this.retryAfterSeconds = options.retryAfterSeconds;
  }
}

/** Refuses one field of the body with what was expected. */
export function invalidField(field: string, expected: string): ApiError {
  return new ApiError(400, "invalid", `body.${field} ${expected}`, { field: `body.${field}` });
}

/** The answer for a thing that is not there. */
export function notFound(what: string): ApiError {
  return new ApiError(404, "notFound", `${what} was not found`);
}

/** Fastify's own refusals, by its codes, in our words. */
const FASTIFY_ERRORS: Readonly<
  Record<string, readonly [number, EdgeErrorCode, string] | undefined>
> = {
  FST_ERR_CTP_INVALID_JSON_BODY: [400, "badJson", "The body is not valid JSON"],
  FST_ERR_CTP_EMPTY_JSON_BODY: [400, "badJson", "The body is empty; JSON was expected"],
  FST_ERR_CTP_INVALID_MEDIA_TYPE: [
    415,
    "unsupportedMediaType",
    "Send the body with Content-Type: application/json",
  ],
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: [
    400,
    "badRequest",
    "The body's size differs from Content-Length",
  ],
  FST_ERR_CTP_BODY_TOO_LARGE: [413, "tooLarge", "The body is larger than this server takes"],
  FST_ERR_BAD_URL: [400, "badRequest", "The address cannot be read"],
};

/** PostgreSQL is away: not the caller's fault, and worth another try. SQLSTATE classes 08 and 57P, and pg's own words. */
export function isDatabaseDown(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = (error as { code?: unknown }).code;
  if (typeof code === "string") {
    if (/^(ECONNREFUSED|ECONNRESET|EPIPE|ENOTFOUND|ETIMEDOUT|EAI_AGAIN)$/.test(code)) return true;
    if (/^(08|57P|53300)/.test(code)) return true;
  }
  if (
    /^(Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error|Query read timeout)/.test(
      error.message,
    )
  )
    return true;
  if (error instanceof AggregateError) return error.errors.some(isDatabaseDown);
  return error.cause !== undefined && isDatabaseDown(error.cause);
}

/** The schema's complaint in one sentence that names the field and what was expected; never the value that came. */
export function describeValidation(
  errors: readonly TLocalizedValidationError[],
  part: string,
): { readonly message: string; readonly field: string } {
  const at = (path: string) => part + path.replaceAll("/", ".");
  // A union tells its branches first and itself last: its constants are what was expected.
  const first = errors[0];
  if (first === undefined) return { message: `${part} is not valid`, field: part };
  const constants = errors.filter(
    (error) => error.keyword === "const" && error.instancePath === first.instancePath,
  );
  if (first.keyword === "const" && constants.length > 0) {
    const allowed = constants.map((error) => JSON.stringify(paramOf(error, "allowedValue")));
    return { field: at(first.instancePath), message: expected(first, allowed) };
  }
  if (first.keyword === "enum") {
    const allowed = (paramOf(first, "allowedValues") as unknown[]).map((v) => JSON.stringify(v));
    return { field: at(first.instancePath), message: expected(first, allowed) };
  }
  if (first.keyword === "required") {
    const [missing = ""] = paramOf(first, "requiredProperties") as string[];
    const field = `${at(first.instancePath)}.${missing}`;
    return { field, message: `${field} is missing` };
  }
  const unknown = errors.find((error) => error.keyword === "additionalProperties");
  if (unknown !== undefined && first.keyword === "boolean") {
    const [name = ""] = paramOf(unknown, "additionalProperties") as string[];
    const field = `${at(unknown.instancePath)}.${name.slice(0, 60)}`;
    return { field, message: `${field} is not a known field` };
  }
  return {
    field: at(first.instancePath),
    message: `${at(first.instancePath)} ${first.message.replace("must not have fewer than", "must have at least").replace("must not have more than", "must have at most")}`,
  };

  function expected(error: TLocalizedValidationError, allowed: readonly string[]): string {
    return `${at(error.instancePath)} must be ${allowed.length > 1 ? `one of ${allowed.join(", ")}` : allowed[0]}`;
  }
}

function paramOf(error: TLocalizedValidationError, name: string): unknown {
  return (error.params as Record<string, unknown>)[name];
}

/** Turns anything thrown into an answer's status, body and headers. */
export function problemOf(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  const known = error as Partial<FastifyError> & {
    validation?: unknown;
    validationContext?: string;
  };
  if (Array.isArray(known.validation)) {
    const part =
      known.validationContext === "querystring" ? "query" : (known.validationContext ?? "body");
    const { message, field } = describeValidation(
      known.validation as TLocalizedValidationError[],
      part,
    );
    return new ApiError(400, "invalid", message, { field });
  }
  const mapped = typeof known.code === "string" ? FASTIFY_ERRORS[known.code] : undefined;
  if (mapped !== undefined) return new ApiError(...mapped);
  if (isDatabaseDown(error)) {
    return new ApiError(503, "databaseDown", "The database cannot be reached; try again shortly", {
      cause: error,
      retryAfterSeconds: 2,
    });
  }
  if (
    typeof known.statusCode === "number" &&
    known.statusCode >= 400 &&
    known.statusCode < 500 &&
    typeof known.code === "string" &&
    known.code.startsWith("FST_")
  ) {
    return new ApiError(known.statusCode, "badRequest", "The request cannot be understood");
  }
  return new ApiError(500, "internal", "Something went wrong on the server", { cause: error });
}

/** Fastify's error handler: answers in the one shape and writes one line into the log. */
export function answerError(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
  const problem = problemOf(error);
  if (problem.status >= 500)
    request.log.error({ err: problem.cause ?? problem, code: problem.code }, "request failed");
  else
    request.log.info(
      { code: problem.code, field: problem.field, why: problem.message },
      "request refused",
    );
  if (problem.retryAfterSeconds !== undefined)
    void reply.header("retry-after", String(problem.retryAfterSeconds));
  void reply.code(problem.status).send(errorBody(problem, request.id));
}

/** The one error shape. The request id is told only where somebody has to look into the log. */
export function errorBody(problem: ApiError, requestId: string): object {
  return {
    error: {
      code: problem.code,
      message: problem.message,
      ...(problem.field === undefined ? {} : { field: problem.field }),
      ...(problem.retryAfterSeconds === undefined
        ? {}
        : { retryAfterSeconds: problem.retryAfterSeconds }),
      ...(problem.status >= 500 ? { requestId } : {}),
    },
  };
}
