/**
 * The HTTP side of the server: one fastify app with validation, OpenAPI, security headers, authentication and one error shape.
 * The domains add their routes with `app.register(...)`; each route says who may use it.
 */
import cors from "@fastify/cors";
import type { TypeBoxTypeProvider } from "@fastify/type-provider-typebox";
import fastify, {
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyRequest,
  LogController,
  type RawServerDefault,
} from "fastify";
import { randomBytes } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Logger } from "pino";
import type { Authenticator } from "../people/model.ts";
import { CSRF_HEADER, addAuth } from "./auth.ts";
import { addDocs } from "./docs.ts";
import { ApiError, answerError, errorBody } from "./errors.ts";
import { addSecurityHeaders } from "./headers.ts";
import { addJsonBodies } from "./json-body.ts";
import { closeWithoutWaiting } from "./leaving.ts";
import { RequestLog } from "./request-log.ts";
import { compileSchema } from "./validation.ts";
import { addWidgetFiles } from "./widget-files.ts";

/** The app as routes see it: schemas made with TypeBox type the request. */
export type App = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  TypeBoxTypeProvider
>;

/** What the app needs to know and to be given. */
export type AppOptions = {
  readonly log: Logger;
  readonly authenticator: Authenticator;
  /** Where people reach the server, `https://callcard.shop.example`; "" when only the Host header tells. */
  readonly publicUrl: string;
  /** Origins of the CRM pages that embed the widget, `https://crm.shop.example`. */
  readonly crmOrigins: readonly string[];
  /** Directory of the built widget: `index.html`, `callcard.js`, `assets/`. */
  readonly widgetDirectory: string;
  /** How many reverse proxies stand in front: so many last addresses of X-Forwarded-For are believed. Default 0. */
  readonly trustedProxies?: number;
  /** Largest body in bytes; default 1 MiB. A route may allow itself more. */
  readonly bodyLimitBytes?: number;
  /** Shown in the OpenAPI document. */
  readonly version?: string;
};

/** Makes the app, ready for routes; nothing listens yet. `app.close()` ends it. */
export async function createApp(options: AppOptions): Promise<App> {
  const logger: FastifyBaseLogger = options.log;
  const proxies = options.trustedProxies ?? 0;
  const app: App = fastify({
    loggerInstance: logger,
    childLoggerFactory: (_logger, bindings) => new RequestLog(options.log, bindings),
    // One line per request is written in onResponse below.
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: requestId,
    trustProxy: proxies === 0 ? false : (_address, hop) => hop < proxies,
    bodyLimit: options.bodyLimitBytes ?? 1024 * 1024,
    requestTimeout: 120_000,
    routerOptions: { maxParamLength: 200 },
    // A body that tries to set __proto__ or constructor is refused, not cleaned.
    onProtoPoisoning: "error",
    onConstructorPoisoning: "error",
    frameworkErrors: answerError,
  }).withTypeProvider<TypeBoxTypeProvider>();

  closeWithoutWaiting(app);
  addJsonBodies(app);
  app.setValidatorCompiler(compileSchema);
  app.setErrorHandler(answerError);
  app.setNotFoundHandler((request, reply) => {
    const problem = new ApiError(404, "notFound", "There is nothing at this address");
    return reply.code(404).send(errorBody(problem, request.id));
  });
  // Hooks of every request tell by a callback when they are done: to wait for a promise takes longer than what they do.
  app.addHook("onRequest", (request, reply, next) => {
    void reply.header("x-request-id", request.id);
    // Answers about customers and calls must not lie in a browser's or proxy's cache.
    if (request.url.startsWith("/api/")) void reply.header("cache-control", "no-store");
    const callId = callIdOf(request);
    if (callId !== undefined) request.log = request.log.child({ callId });
    // No text of ours has one, and PostgreSQL takes none.
    if (request.url.includes("%00"))
      throw new ApiError(400, "badRequest", "The address holds a NUL character");
    next();
  });
  app.addHook("onResponse", (request, reply, next) => {
    logRequest(request, reply.statusCode, reply.elapsedTime);
    next();
  });

  await addSecurityHeaders(app, options);
  await app.register(cors, {
    delegator: (request: FastifyRequest, done) => done(null, corsFor(request)),
  });
  await addAuth(app, options);
  await addDocs(app, options.version ?? "");
  await addWidgetFiles(app, options.widgetDirectory);
  return app;

  function corsFor(request: FastifyRequest) {
    // The widget's files are public and are fetched without credentials as modules by any page that embeds them.
    if (isWidgetFile(request.url)) return { origin: "*" };
    return {
      origin: [...options.crmOrigins],
      credentials: true,
      methods: ["GET", "POST", "PUT", "PATCH", "DELETE"],
      allowedHeaders: ["content-type", "authorization", CSRF_HEADER],
      exposedHeaders: ["x-request-id", "retry-after"],
      maxAge: 600,
    };
  }
}

/** A proxy's id when it looks like one, so that its log and ours can be laid side by side; else our own. */
function requestId(request: IncomingMessage): string {
  const given = request.headers["x-request-id"];
  return typeof given === "string" && /^[\w.-]{8,64}$/.test(given) ? given : ownId();
}

const ID_BYTES = 9;
let randomness = Buffer.alloc(0);
let used = 0;

/** Random; drawn for many at a time, because drawing takes longer than all else about an id. */
function ownId(): string {
  if (used + ID_BYTES > randomness.length) {
    randomness = randomBytes(ID_BYTES * 200);
    used = 0;
  }
  used += ID_BYTES;
  return randomness.toString("base64url", used - ID_BYTES, used);
}

function isWidgetFile(url: string): boolean {
  return url.startsWith("/widget/");
}

/** The call a request is about: routes name it `:callId`, or `:id` below `/calls/`. */
function callIdOf(request: FastifyRequest): string | undefined {
  const params = request.params as Record<string, string> | undefined;
  return (
    params?.["callId"] ??
    (request.routeOptions.url?.includes("/calls/:id") ? params?.["id"] : undefined)
  );
}

/** The path alone is written: a query may hold names and numbers of customers. */
function logRequest(request: FastifyRequest, status: number, ms: number): void {
  const path = request.url.split("?", 1)[0]!.slice(0, 300);
  const line = {
    method: request.method,
    path,
    status,
    ms: Math.round(ms * 10) / 10,
    address: request.ip,
  };
  const quiet = isWidgetFile(path) || /^\/(healthz|readyz|metrics)$/.test(path);
  request.log[quiet ? "debug" : "info"](line, "request");
}
