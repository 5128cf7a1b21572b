/** `/api/v1/session`: log in, who am I, log out; one's own password and one's own sessions. */
import { Type } from "@fastify/type-provider-typebox";
import type { FastifyReply } from "fastify";
import type { App } from "../http/app.ts";
import { SESSION_COOKIE, personOf } from "../http/auth.ts";
import { ApiError, ErrorBody, notFound } from "../http/errors.ts";
import type { Database } from "../storage/database.ts";
import { recordAudit } from "./audit.ts";
import { type LoginLimit, createLoginLimit } from "./login-limit.ts";
import { logIn } from "./login.ts";
import { Id, UserBody, asApiError } from "./schemas.ts";
import type { Sessions } from "./sessions.ts";
import { changeOwnPassword } from "./users.ts";

/** What these routes need. */
export type SessionRouteParts = {
  readonly db: Database;
  readonly sessions: Sessions;
  /** True when people reach the server by https: the cookie is then never sent without it. */
  readonly secureCookie: boolean;
  /** Default: a fresh one with the usual allowances. */
  readonly limit?: LoginLimit;
};

const SessionBody = Type.Object({ user: UserBody }, { title: "Session" });

/** How often expired sessions are removed; they are void the moment they expire. */
const SWEEP_MS = 3_600_000;

/** Registers the routes. */
export async function sessionRoutes(app: App, parts: SessionRouteParts): Promise<void> {
  const { db, sessions } = parts;
  const limit = parts.limit ?? createLoginLimit();
  const cookie = {
    path: "/",
    httpOnly: true,
    sameSite: "lax",
    secure: parts.secureCookie,
  } as const;
  const sweeper = setInterval(() => {
    sessions.sweep().catch((error: unknown) => {
      app.log.warn({ err: error }, "expired sessions could not be forgotten");
    });
  }, SWEEP_MS);
  sweeper.unref();
  app.addHook("onClose", async () => clearInterval(sweeper));
  const forgetCookie = (reply: FastifyReply) => void reply.clearCookie(SESSION_COOKIE, cookie);

  app.post(
    "/api/v1/session",
    {
      config: { access: "public" },
      bodyLimit: 4096,
      schema: {
        tags: ["session"],
        summary: "Log in",
        description: "Sets the session cookie. 429 tells how long to wait.",
        body: Type.Object(
          {
            login: Type.String({ minLength: 1, maxLength: 100 }),
            password: Type.String({ minLength: 1, maxLength: 200 }),
          },
          { additionalProperties: false },
        ),
        response: { 200: SessionBody, 401: ErrorBody, 429: ErrorBody },
      },
    },
    async (request, reply) => {
      const outcome = await logIn(
        { db, sessions, limit },
        {
          ...request.body,
          address: request.ip,
          userAgent: request.headers["user-agent"] ?? "",
        },
      );
      if (outcome.kind === "badLogin")
        throw new ApiError(401, "badLogin", "The login or the password is wrong");
      if (outcome.kind === "tooManyAttempts") throw tooManyAttempts(outcome.retryAfterMs);
      void reply.setCookie(SESSION_COOKIE, outcome.token, {
        ...cookie,
        maxAge: outcome.maxAgeSeconds,
      });
      return { user: outcome.user };
    },
  );

  app.get(
    "/api/v1/session",
    {
      onRequest: app.requireRole("operator"),
      schema: {
        tags: ["session"],
        summary: "Who is logged in",
        response: { 200: SessionBody, 401: ErrorBody },
      },
    },
    async (request) => ({ user: personOf(request).user }),
  );

  app.delete(
    "/api/v1/session",
    {
      config: { access: "public" },
      schema: {
        tags: ["session"],
        summary: "Log out",
        description: "Succeeds also when nobody is logged in.",
        response: { 204: Type.Null() },
      },
    },
    async (request, reply) => {
      const principal = await app.principalOf(request);
      if (
        principal?.kind === "user" &&
        (await sessions.end(principal.user.id, principal.sessionId))
      )
        await recordAudit(db, { actor: principal.user.login, action: "logout" });
      forgetCookie(reply);
      return reply.code(204).send(null);
    },
  );

  app.post(
    "/api/v1/session/password",
    {
      onRequest: app.requireRole("operator"),
      bodyLimit: 4096,
      schema: {
        tags: ["session"],
        summary: "Change one's own password",
        description: "Ends all other sessions of the person.",
        body: Type.Object(
          {
            oldPassword: Type.String({ minLength: 1, maxLength: 200 }),
            newPassword: Type.String({ minLength: 1, maxLength: 200 }),
          },
          { additionalProperties: false },
        ),
        response: { 204: Type.Null(), 400: ErrorBody, 429: ErrorBody },
      },
    },
    async (request, reply) => {
      const { user, sessionId } = personOf(request);
      // A stolen session must not become a way to guess the password.
      const waitMs = await limit.take(`password:${user.login}`, request.ip);
      if (waitMs > 0) throw tooManyAttempts(waitMs);
      try {
        await changeOwnPassword(db, user, request.body);
      } catch (error) {
        limit.failed(request.ip);
        throw asApiError(error);
      }
      limit.succeeded(`password:${user.login}`, request.ip);
      await sessions.endAll(user.id, sessionId);
      return reply.code(204).send(null);
    },
  );

  app.get(
    "/api/v1/sessions",
    {
      onRequest: app.requireRole("operator"),
      schema: {
        tags: ["session"],
        summary: "One's own sessions",
        response: {
          200: Type.Object({
            sessions: Type.Array(
              Type.Object({
                id: Type.String(),
                createdAt: Type.String({ format: "date-time" }),
                lastSeenAt: Type.String({ format: "date-time" }),
                userAgent: Type.String(),
                current: Type.Boolean(),
              }),
            ),
          }),
        },
      },
    },
    async (request) => {
      const { user, sessionId } = personOf(request);
      const all = await sessions.list(user.id);
      return { sessions: all.map((one) => ({ ...one, current: one.id === sessionId })) };
    },
  );

  app.delete(
    "/api/v1/sessions/:id",
    {
      onRequest: app.requireRole("operator"),
      schema: {
        tags: ["session"],
        summary: "End one of one's own sessions",
        params: Type.Object({ id: Id }),
        response: { 204: Type.Null(), 404: ErrorBody },
      },
    },
    async (request, reply) => {
      const { user, sessionId } = personOf(request);
      if (!(await sessions.end(user.id, request.params.id))) throw notFound("The session");
      if (request.params.id === sessionId) forgetCookie(reply);
      return reply.code(204).send(null);
    },
  );
}

function tooManyAttempts(waitMs: number): ApiError {
  return new ApiError(429, "tooManyAttempts", "Too many attempts; wait before the next", {
    retryAfterSeconds: Math.ceil(waitMs / 1000),
  });
}
