/** Ratings over HTTP: sent by the shop or by whoever got a link, counted for supervisors. */
import { Type } from "@fastify/type-provider-typebox";
import type { App } from "../../http/app.ts";
import { nameOf, roleOf } from "../../http/auth.ts";
import { ApiError, ErrorBody, invalidField, notFound } from "../../http/errors.ts";
import { roleAllows } from "../../people/model.ts";
import type { Database } from "../../storage/database.ts";
import type { Redis } from "../../storage/redis.ts";
import { AskingSchema, readAsking, saveAsking } from "./asking/settings.ts";
import { ratingPages } from "./page/routes.ts";
import { REPORT_KEYS, type RatingBody, type RatingReport, type RatingToken } from "./rest.ts";
import { type Rating, reportOf, saveRating } from "./store.ts";
import { TOKEN_TTL_MS, readToken, tokenSecret, writeToken } from "./token.ts";

/** What the routes work with. */
export type RatingRouteParts = {
  readonly db: Database;
  /** Absent or null: who asks for the page of links is counted by this process alone. */
  readonly redis?: Redis | null;
  /** The shop's own IANA zone. */
  readonly timeZone: string;
  readonly clock: () => number;
  /** Where browsers reach the server, "" when only the Host header tells. */
  readonly publicUrl: string;
  /** Counts what was stored. */
  readonly stored: () => void;
};

const DAY_MS = 86_400_000;
const answer = <T>(title: string) => Type.Unsafe<T>({ title });
const strict = { additionalProperties: false };
const CallId = Type.String({ minLength: 1, maxLength: 200, description: "Of `/api/v1/calls`" });
const said = {
  score: Type.Integer({ minimum: 0, maximum: 10 }),
  comment: Type.Optional(Type.String({ maxLength: 2000 })),
};
const RatingInput = Type.Union([
  Type.Object(
    { token: Type.String({ minLength: 1, maxLength: 600, description: "Of a link" }), ...said },
    strict,
  ),
  Type.Object({ callId: CallId, ...said }, { ...strict, description: "By integrators" }),
]);
const Moment = Type.Optional(Type.String({ format: "date-time" }));
const ReportQuery = Type.Object({
  by: Type.Union(
    REPORT_KEYS.map((key) => Type.Literal(key)),
    { default: "queue" },
  ),
  from: Moment,
  to: Moment,
});

/** Registers `/api/v1/ratings` and the page of links. */
export async function ratingRoutes(app: App, parts: RatingRouteParts): Promise<void> {
  const { clock, db, publicUrl, stored, timeZone } = parts;
  await ratingPages(app, parts);
  const tags = ["ratings"];
  app.post(
    "/api/v1/ratings",
    {
      config: { access: "public" },
      schema: {
        ...{ tags, summary: "How likely a customer recommends the shop, after a call; once" },
        description:
          "With the token of a link by anybody, with a call's id by an integrator. A second answer changes nothing.",
        body: RatingInput,
        response: {
          ...{ 200: answer<RatingBody>("Rating"), 201: answer<RatingBody>("Rating") },
          ...{ 400: ErrorBody, 401: ErrorBody, 403: ErrorBody, 404: ErrorBody },
        },
      },
    },
    async (request, reply) => {
      const { body } = request;
      const { score, comment = "" } = body;
      let who: Pick<Rating, "callId" | "askedBy">;
      if ("token" in body) {
        const callId = readToken(await tokenSecret(db), body.token, clock());
        if (callId === null)
          throw new ApiError(403, "badLink", "This link is not valid any more", {
            field: "body.token",
          });
        who = { callId, askedBy: "link" };
      } else {
        const principal = await app.principalOf(request);
        if (principal === null) throw new ApiError(401, "notLoggedIn", "Log in first");
        if (!roleAllows(roleOf(principal), ["integrator"]))
          throw new ApiError(403, "forbidden", "This needs the role integrator");
        who = { callId: body.callId, askedBy: nameOf(principal) };
      }
      const isNew = await saveRating(db, { ...who, score, comment, atMs: clock(), live: null });
      if (isNew === null) throw notFound("The call");
      if (isNew) stored();
      return reply.code(isNew ? 201 : 200).send({ callId: who.callId, score, new: isNew });
    },
  );
  app.post(
    "/api/v1/ratings/tokens",
    {
      onRequest: app.requireRole("integrator"),
      schema: {
        ...{ tags, summary: "A token for the link in a message; good for 30 days" },
        body: Type.Object({ callId: CallId }, strict),
        response: { 201: answer<RatingToken>("RatingToken"), 404: ErrorBody },
      },
    },
    async (request, reply) => {
      const { callId } = request.body;
      const call = await db
        .selectFrom("calls")
        .select("id")
        .where("id", "=", callId)
        .executeTakeFirst();
      if (call === undefined) throw notFound("The call");
      const expiresAtMs = clock() + TOKEN_TTL_MS;
      const token = writeToken(await tokenSecret(db), callId, expiresAtMs);
      return reply.code(201).send({ token, expiresAt: new Date(expiresAtMs).toISOString() });
    },
  );
  app.get(
    "/api/v1/ratings/asking",
    {
      onRequest: app.requireRole("supervisor"),
      schema: {
        ...{ tags, summary: "Whether people are asked by message after a call" },
        response: { 200: AskingSchema },
      },
    },
    async () => readAsking(db),
  );
  app.put(
    "/api/v1/ratings/asking",
    {
      onRequest: app.requireRole("admin"),
      schema: {
        ...{ tags, summary: "Ask people by message after a call, or no more" },
        description:
          "The webhook `rating.wanted` carries `{rating: {callId, phone, name, language, link, text, customer, queue, expiresAt}}`: " +
          "whoever takes it sends `text` to `phone`. Nobody is asked who rated the call by phone or is on the do-not-call list.",
        body: AskingSchema,
        response: { 204: Type.Null(), 400: ErrorBody },
      },
    },
    async (request, reply) => {
      if (request.body.enabled && publicUrl === "")
        throw invalidField("enabled", "needs PUBLIC_URL: without it links lead nowhere");
      await saveAsking(db, request.body, nameOf(request.principal!));
      return reply.code(204).send(null);
    },
  );
  app.get(
    "/api/v1/ratings/report",
    {
      onRequest: app.requireRole("supervisor"),
      schema: {
        ...{ tags, summary: "Promoters, passives, detractors and NPS with its 95 % interval" },
        description: "Of the last 30 days, when nothing else is asked. Days are the shop's.",
        querystring: ReportQuery,
        response: { 200: answer<RatingReport>("RatingReport"), 400: ErrorBody },
      },
    },
    async (request) => {
      const { by, from, to } = request.query;
      const until = to === undefined ? new Date(clock()) : new Date(to);
      const since = from === undefined ? new Date(until.getTime() - 30 * DAY_MS) : new Date(from);
      if (since >= until)
        throw new ApiError(400, "invalid", "query.from must be before query.to", {
          field: "query.from",
        });
      return reportOf(db, by, { from: since, to: until }, timeZone);
    },
  );
}
