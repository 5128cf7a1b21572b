/** What admins do with people: `/api/v1/users`, `/api/v1/tokens`, `/api/v1/audit`; and whom supervisors may name. */
import { Type } from "@fastify/type-provider-typebox";
import type { App } from "../http/app.ts";
import { nameOf } from "../http/auth.ts";
import { ErrorBody, notFound } from "../http/errors.ts";
import type { Bus } from "../storage/bus.ts";
import type { Database } from "../storage/database.ts";
import { listAudit } from "./audit.ts";
import { operatorRoute } from "./operator-route.ts";
import { AnyRole, Id, Language, PersonRole, UserBody, asApiError } from "./schemas.ts";
import type { Sessions } from "./sessions.ts";
import { createToken, listTokens, revokeToken } from "./tokens.ts";
import { changeUser, createUser, findUser, listUsers, setPassword } from "./users.ts";

const UserRecordBody = Type.Object(
  {
    ...UserBody.properties,
    active: Type.Boolean(),
    createdAt: Type.String({ format: "date-time" }),
  },
  { title: "UserRecord" },
);

const TokenRecordBody = Type.Object(
  {
    id: Type.String(),
    name: Type.String(),
    role: AnyRole,
    createdAt: Type.String(),
    lastUsedAt: Type.Union([Type.String(), Type.Null()]),
    revokedAt: Type.Union([Type.String(), Type.Null()]),
  },
  { title: "Token" },
);

const Name = Type.String({ minLength: 1, maxLength: 200 });
const Password = Type.String({ minLength: 1, maxLength: 200 });

/** Registers the routes. Every one needs an admin, but the list of operators. */
export async function peopleRoutes(
  app: App,
  parts: {
    readonly db: Database;
    readonly sessions: Sessions;
    /** Told `seatChanged` of somebody who was changed: their screens and their colleagues' say so. */
    readonly bus?: Pick<Bus, "publish">;
    /** Called when a token was revoked: the feed looks at its readers again. */
    readonly onTokenRevoked?: () => void;
  },
): Promise<void> {
  const { db, sessions } = parts;
  const onRequest = app.requireRole("admin");
  operatorRoute(app, { db });

  app.get(
    "/api/v1/users",
    {
      onRequest,
      schema: {
        tags: ["people"],
        summary: "All users",
        response: { 200: Type.Object({ users: Type.Array(UserRecordBody) }) },
      },
    },
    async () => ({ users: [...(await listUsers(db))] }),
  );

  app.get(
    "/api/v1/users/:id",
    {
      onRequest,
      schema: {
        tags: ["people"],
        summary: "One user",
        params: Type.Object({ id: Id }),
        response: { 200: Type.Object({ user: UserRecordBody }), 404: ErrorBody },
      },
    },
    async (request) => {
      const user = await findUser(db, request.params.id);
      if (user === null) throw notFound("The user");
      return { user };
    },
  );

  app.post(
    "/api/v1/users",
    {
      onRequest,
      schema: {
        tags: ["people"],
        summary: "Make a user",
        body: Type.Object(
          {
            login: Type.String({ minLength: 1, maxLength: 64 }),
            name: Name,
            role: PersonRole,
            password: Password,
            language: Type.Optional(Language),
          },
          { additionalProperties: false },
        ),
        response: { 201: Type.Object({ user: UserRecordBody }), 409: ErrorBody },
      },
    },
    async (request, reply) => {
      const user = await answering(createUser(db, request.body, nameOf(request.principal!)));
      return reply.code(201).send({ user });
    },
  );

  app.patch(
    "/api/v1/users/:id",
    {
      onRequest,
      schema: {
        tags: ["people"],
        summary: "Change a user",
        description: "Deactivating and changing the role end the person's sessions.",
        params: Type.Object({ id: Id }),
        body: Type.Object(
          {
            name: Type.Optional(Name),
            role: Type.Optional(PersonRole),
            language: Type.Optional(Language),
            active: Type.Optional(Type.Boolean()),
          },
          { additionalProperties: false },
        ),
        response: { 200: Type.Object({ user: UserRecordBody }), 404: ErrorBody, 409: ErrorBody },
      },
    },
    async (request) => {
      const actor = nameOf(request.principal!);
      return { user: await change(request.params.id, request.body, actor) };
    },
  );

  app.delete(
    "/api/v1/users/:id",
    {
      onRequest,
      schema: {
        tags: ["people"],
        summary: "Deactivate a user",
        description: "The person's history stays; PATCH with `active: true` brings them back.",
        params: Type.Object({ id: Id }),
        response: { 204: Type.Null(), 404: ErrorBody, 409: ErrorBody },
      },
    },
    async (request, reply) => {
      await change(request.params.id, { active: false }, nameOf(request.principal!));
      return reply.code(204).send(null);
    },
  );

  app.put(
    "/api/v1/users/:id/password",
    {
      onRequest,
      bodyLimit: 4096,
      schema: {
        tags: ["people"],
        summary: "Set a user's password",
        description: "Ends all sessions of the person.",
        params: Type.Object({ id: Id }),
        body: Type.Object({ password: Password }, { additionalProperties: false }),
        response: { 204: Type.Null(), 404: ErrorBody },
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      await answering(setPassword(db, id, request.body.password, nameOf(request.principal!)));
      await sessions.endAll(id);
      return reply.code(204).send(null);
    },
  );

  app.get(
    "/api/v1/tokens",
    {
      onRequest,
      schema: {
        tags: ["people"],
        summary: "All API tokens",
        response: { 200: Type.Object({ tokens: Type.Array(TokenRecordBody) }) },
      },
    },
    async () => ({ tokens: [...(await listTokens(db))] }),
  );

  app.post(
    "/api/v1/tokens",
    {
      onRequest,
      schema: {
        tags: ["people"],
        summary: "Make an API token",
        description: "The answer is the only time its secret is shown.",
        body: Type.Object({ name: Name, role: AnyRole }, { additionalProperties: false }),
        response: { 201: Type.Object({ token: Type.String(), record: TokenRecordBody }) },
      },
    },
    async (request, reply) => {
      const principal = request.principal!;
      const made = await createToken(db, request.body, {
        actor: nameOf(principal),
        userId: principal.kind === "user" ? principal.user.id : null,
      });
      return reply.code(201).send(made);
    },
  );

  app.delete(
    "/api/v1/tokens/:id",
    {
      onRequest,
      schema: {
        tags: ["people"],
        summary: "Revoke an API token",
        params: Type.Object({ id: Id }),
        response: { 204: Type.Null(), 404: ErrorBody },
      },
    },
    async (request, reply) => {
      if (!(await revokeToken(db, request.params.id, nameOf(request.principal!))))
        throw notFound("The token");
      parts.onTokenRevoked?.();
      return reply.code(204).send(null);
    },
  );

  app.get(
    "/api/v1/audit",
    {
      onRequest,
      schema: {
        tags: ["people"],
        summary: "The audit, newest first",
        querystring: Type.Object({
          limit: Type.Integer({ minimum: 1, maximum: 500, default: 100 }),
          before: Type.Optional(
            Type.String({ pattern: "^[1-9][0-9]{0,17}$", description: "The last id of a page." }),
          ),
          actor: Type.Optional(Type.String({ maxLength: 200 })),
          action: Type.Optional(Type.String({ maxLength: 100 })),
        }),
        response: {
          200: Type.Object({
            entries: Type.Array(
              Type.Object({
                id: Type.String(),
                at: Type.String({ format: "date-time" }),
                actor: Type.String(),
                action: Type.String(),
                detail: Type.Unknown(),
              }),
            ),
          }),
        },
      },
    },
    async (request) => {
      const { limit, before, actor, action } = request.query;
      return { entries: [...(await listAudit(db, { limit, beforeId: before, actor, action }))] };
    },
  );

  async function change(id: string, input: Parameters<typeof changeUser>[2], actor: string) {
    const { user, ended } = await answering(changeUser(db, id, input, actor));
    if (ended) await sessions.endAll(id);
    parts.bus?.publish("seatChanged", { userId: id });
    return user;
  }
}

async function answering<T>(deed: Promise<T>): Promise<T> {
  try {
    return await deed;
  } catch (error) {
    throw asApiError(error);
  }
}
