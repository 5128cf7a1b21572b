/**
 * Who makes a request and what it may do: sessions in a cookie, API tokens and CRM-signed tokens as bearers, roles declared
 * by every route, and the guard against requests that another site makes in a logged-in person's browser.
 */
import { fastifyCookie as cookie } from "@fastify/cookie";
import type { FastifyReply, FastifyRequest, RouteOptions } from "fastify";
import type { IncomingMessage } from "node:http";
import {
  type Authenticator,
  type Principal,
  type Role,
  type User,
  roleAllows,
} from "../people/model.ts";
import type { App } from "./app.ts";
import { ApiError } from "./errors.ts";
import { type OriginPolicy, originOf } from "./origin.ts";

/** The session's cookie; its value is a 256-bit random token. */
export const SESSION_COOKIE = "callcard_session";
/** The header that a page of another site cannot send without our leave. Its value is `1`. */
export const CSRF_HEADER = "x-callcard";

/** Who may use a route: everybody, or whoever has one of these roles (or more, see {@link roleAllows}). */
export type Access = "public" | readonly Role[];

/** A hook for a route's `onRequest` (or `preHandler`), which also declares who may use the route. */
export type AccessHook = ((request: FastifyRequest, reply: FastifyReply) => Promise<void>) & {
  readonly access: Access;
};

declare module "fastify" {
  interface FastifyRequest {
    /** Who asks; null for nobody. Set before a route that requires a role runs; elsewhere ask `principalOf`. */
    principal: Principal | null;
  }
  interface FastifyContextConfig {
    /** Declares a route that needs no role: `config: { access: "public" }`. */
    access?: Access;
    /** A form of our own page that nobody has to log in for: it is nobody's deed, so a login's cookie beside it proves nothing. */
    ownForm?: true;
  }
  interface FastifyInstance {
    /**
     * Who may use a route: `onRequest: app.requireRole("supervisor")`. A role includes the persons' roles above it;
     * `integrator` is only let in where it is named. With no role named, anybody who proved who they are.
     */
    requireRole(...roles: Role[]): AccessHook;
    /** Every route and who may use it, for the test that walks them. */
    accessTable(): readonly RouteAccess[];
    /** Who makes this request, or null; a wrong bearer token is refused with 401. */
    principalOf(request: FastifyRequest): Promise<Principal | null>;
  }
}

/** One line of {@link App.accessTable}. */
export type RouteAccess = {
  readonly method: string;
  readonly url: string;
  /** Undefined for a route that does not say: the server then refuses to start. */
  readonly access: Access | undefined;
};

/** What authentication needs of the rest. */
export type AuthOptions = OriginPolicy & { readonly authenticator: Authenticator };

const ANYBODY: readonly Role[] = ["operator", "integrator"];
const SAFE_METHODS = new Set(["GET", "HEAD", "OPTIONS", "TRACE"]);

/** Adds cookies, `request.principal`, `app.requireRole` and the cross-site guard to an app. */
export async function addAuth(app: App, options: AuthOptions): Promise<void> {
  await app.register(cookie);
  app.decorateRequest("principal", null);

  const principalOf = async (request: FastifyRequest) => {
    request.principal ??= await identify(request, options.authenticator);
    return request.principal;
  };
  app.decorate("principalOf", principalOf);

  app.decorate("requireRole", (...roles: Role[]): AccessHook => {
    const allowed = roles.length === 0 ? ANYBODY : roles;
    const hook = async (request: FastifyRequest) => {
      const principal = await principalOf(request);
      if (principal === null) throw new ApiError(401, "notLoggedIn", "Log in first");
      if (!roleAllows(roleOf(principal), allowed)) {
        throw new ApiError(403, "forbidden", `This needs the role ${allowed.join(" or ")}`);
      }
      request.log = request.log.child({ who: nameOf(principal) });
    };
    return Object.assign(hook, { access: allowed });
  });

  const routes: RouteOptions[] = [];
  app.addHook("onRoute", (route) => void routes.push(route));
  const table = () =>
    routes.flatMap((route) =>
      [route.method]
        .flat()
        .map((method) => ({ method, url: route.url, access: declaredAccess(route) })),
    );
  app.decorate("accessTable", table);
  // A route that forgot to say who may use it must not exist.
  app.addHook("onReady", async () => {
    const open = table().filter((route) => route.access === undefined);
    if (open.length > 0) {
      const names = open.map((route) => `${route.method} ${route.url}`).join(", ");
      throw new Error(`Routes that do not declare who may use them: ${names}`);
    }
  });

  app.addHook("onRequest", (request, _reply, next) => {
    guardCrossSite(request, options);
    next();
  });
}

/** What a route declares about who may use it. */
export function declaredAccess(route: RouteOptions): Access | undefined {
  const hooks = [route.onRequest, route.preParsing, route.preValidation, route.preHandler].flat();
  for (const hook of hooks) {
    const { access } = (hook ?? {}) as { access?: Access };
    if (access !== undefined) return access;
  }
  return route.config?.access;
}

/**
 * Refuses what another site could make a browser do. A request with a bearer token is exempt: no browser adds one by itself.
 * @throws ApiError `foreignOrigin` or `csrf`.
 */
function guardCrossSite(request: FastifyRequest, policy: OriginPolicy): void {
  if (SAFE_METHODS.has(request.method) || request.headers.authorization !== undefined) return;
  if (originOf(request.headers, policy) === "foreign")
    throw new ApiError(403, "foreignOrigin", "Requests from this site are not allowed");
  if (request.routeOptions.config.ownForm === true) return;
  const hasCookie = request.cookies[SESSION_COOKIE] !== undefined;
  if (hasCookie && request.headers[CSRF_HEADER] !== "1")
    throw new ApiError(403, "csrf", "Send the header X-Callcard: 1 with this request");
}

async function identify(
  request: FastifyRequest,
  authenticator: Authenticator,
): Promise<Principal | null> {
  const { authorization } = request.headers;
  if (authorization !== undefined) {
    const principal = await byBearer(authorization, authenticator);
    if (principal === null)
      throw new ApiError(401, "badToken", "The bearer token is unknown, expired or revoked");
    return principal;
  }
  const session = request.cookies[SESSION_COOKIE];
  return session === undefined ? null : authenticator.bySession(session);
}

/** Whose an `Authorization` header is: `Bearer cc_...` is an API token, `Bearer <JWT>` a CRM-signed one; null for neither. */
export async function byBearer(
  authorization: string,
  authenticator: Authenticator,
): Promise<Principal | null> {
  const [, token] = /^Bearer +([^\s]{1,4096})$/i.exec(authorization) ?? [];
  return token === undefined ? null : byToken(token, authenticator);
}

/** Whose a token is, whichever kind it is. */
export function byToken(token: string, authenticator: Authenticator): Promise<Principal | null> {
  return token.startsWith("cc_")
    ? authenticator.byApiToken(token)
    : authenticator.byCrmToken(token);
}

/** The session cookie's value in a raw request, such as a websocket upgrade; "" for none. */
export function sessionCookieOf(request: IncomingMessage): string {
  return cookie.parse(request.headers.cookie ?? "")[SESSION_COOKIE] ?? "";
}

/**
 * Judges a websocket upgrade (or socket.io's polling request): true for our own pages, the configured CRM's pages, and
 * programs that are no browser. Anything else is to be answered 403 before the upgrade.
 */
export function originCheck(policy: OriginPolicy): (request: IncomingMessage) => boolean {
  return (request) => originOf(request.headers, policy) !== "foreign";
}

/** The role a principal acts with. */
export function roleOf(principal: Principal): Role {
  return principal.kind === "user" ? principal.user.role : principal.role;
}

/** How the log and the audit name a principal. */
export function nameOf(principal: Principal): string {
  return principal.kind === "user" ? principal.user.login : `token:${principal.name}`;
}

/** The person who makes the request. @throws ApiError when it is a token. */
export function personOf(request: FastifyRequest): { user: User; sessionId: string } {
  const { principal } = request;
  if (principal?.kind !== "user")
    throw new ApiError(403, "forbidden", "Only a logged-in person can do this");
  return principal;
}
