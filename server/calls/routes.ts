/** Finished calls over HTTP: `/api/v1/calls`, with every pop's stages. Operators read their own, supervisors and admins all. */
import { Type } from "@fastify/type-provider-typebox";
import { type Pop, missedReasons, stageDurations } from "../desk/pop.ts";
import { popsOfCall, wrapUpsOfCall } from "../desk/store.ts";
import type { App } from "../http/app.ts";
import { roleOf } from "../http/auth.ts";
import { ApiError, ErrorBody, notFound } from "../http/errors.ts";
import type { Principal } from "../people/model.ts";
import type { Database } from "../storage/database.ts";
import type { Call } from "./model.ts";
import {
  type CallFilter,
  type CallSummary,
  CursorError,
  findCall,
  isTheirCall,
  listCalls,
  movesOfCall,
  prioritiesOfCall,
} from "./store.ts";

const Time = Type.String({ format: "date-time" });
const TimeOrNull = Type.Union([Time, Type.Null()]);
const Ms = Type.Union([Type.Number(), Type.Null()]);
const DirectionWord = Type.Enum(["inbound", "outbound", "internal"]);
const EndedHow = Type.Enum(["completed", "abandoned", "unanswered", "lostSight", "merged"]);

const summaryFields = {
  id: Type.String(),
  pbx: Type.String(),
  direction: DirectionWord,
  partyNumber: Type.String({ description: "As the PBX gave it, empty when withheld" }),
  partyName: Type.String(),
  partyE164: Type.Union([Type.String(), Type.Null()]),
  customerId: Type.Union([Type.String(), Type.Null()]),
  dialled: Type.String(),
  fromExtension: Type.String(),
  queues: Type.Array(Type.String()),
  startedAt: Time,
  answeredAt: TimeOrNull,
  endedAt: Time,
  endedHow: EndedHow,
  waitMs: Ms,
  talkMs: Type.Number(),
  extensions: Type.Array(Type.String(), { description: "Who talked, in order" }),
};
const CallSummaryBody = Type.Object(summaryFields, { title: "CallSummary" });

const PopBody = Type.Object(
  {
    ringId: Type.String(),
    extension: Type.String(),
    userId: Type.Union([Type.String(), Type.Null()]),
    operatorName: Type.String(),
    queue: Type.String(),
    toldBy: Type.String({ description: "The event that told first that the phone rings" }),
    outcome: Type.String({ description: "How the identification ended" }),
    missed: Type.String({
      description: `Empty when the card was painted in time; else one of ${missedReasons.join(", ")}`,
    }),
    joinedAt: TimeOrNull,
    identifiedAt: TimeOrNull,
    composedAt: TimeOrNull,
    rangAt: Time,
    sentAt: TimeOrNull,
    receivedAt: TimeOrNull,
    paintedAt: TimeOrNull,
    identifyMs: Ms,
    joinedToIdentifiedMs: Ms,
    identifiedToComposedMs: Ms,
    rangToSentMs: Ms,
    sentToReceivedMs: Ms,
    receivedToPaintedMs: Ms,
    rangToPaintedMs: Ms,
  },
  { title: "Pop" },
);

const CallBody = Type.Object(
  {
    ...summaryFields,
    seenFromMiddle: Type.Boolean(),
    visits: Type.Array(
      Type.Object({
        queue: Type.String(),
        joinedAt: Time,
        position: Type.Integer({
          description: "At the joining, from 1; 0 for who waited for their preferred operator",
        }),
        preferredExtension: Type.Union([Type.String(), Type.Null()], {
          description:
            "Not null for who waited for one operator alone before standing in line: that operator's extension, empty when not known",
        }),
        leftAt: TimeOrNull,
        how: Type.Union([Type.String(), Type.Null()]),
      }),
    ),
    rings: Type.Array(
      Type.Object({
        id: Type.String(),
        extension: Type.String(),
        queue: Type.String(),
        startedAt: Time,
        endedAt: TimeOrNull,
        toldBy: Type.String(),
        outcome: Type.Union([Type.String(), Type.Null()]),
      }),
    ),
    talks: Type.Array(
      Type.Object({
        extension: Type.String(),
        ringId: Type.String(),
        queue: Type.String(),
        startedAt: Time,
        endedAt: TimeOrNull,
        heldMs: Type.Number(),
      }),
    ),
    transfers: Type.Array(
      Type.Object({
        kind: Type.String(),
        fromExtension: Type.String(),
        to: Type.String(),
        at: Time,
      }),
    ),
    pops: Type.Array(PopBody),
    wrapUps: Type.Array(
      Type.Object({
        userId: Type.String(),
        operatorName: Type.String(),
        disposition: Type.String(),
        note: Type.String(),
        tags: Type.Array(Type.String()),
        savedAt: Time,
      }),
    ),
    priorities: Type.Array(
      Type.Object({
        queue: Type.String(),
        joinedAt: Time,
        policyVersion: Type.Integer(),
        rule: Type.Union([Type.Object({ id: Type.String(), name: Type.String() }), Type.Null()], {
          description: "The rule that applied; null for plain order",
        }),
        rate: Type.Number({ description: "How fast waiting counted; 1 is plain" }),
        headStartMs: Type.Number(),
      }),
      { description: "Why the caller stood where they stood, for each stay in a queue" },
    ),
    moves: Type.Array(
      Type.Object({
        queue: Type.String(),
        at: Time,
        by: Type.String({ description: "`policy`, or the login of who moved the caller by hand" }),
        fromPosition: Type.Integer(),
        toPosition: Type.Union([Type.Integer(), Type.Null()], {
          description: "As Asterisk told it; null when it could not be read",
        }),
        policyVersion: Type.Integer(),
      }),
    ),
  },
  { title: "Call" },
);

const word = (maxLength: number, description?: string) =>
  Type.Optional(
    Type.String({
      minLength: 1,
      maxLength,
      pattern: "^[^\\u0000]*$",
      ...(description === undefined ? {} : { description }),
    }),
  );

/** Registers the routes. */
export async function callRoutes(app: App, parts: { readonly db: Database }): Promise<void> {
  const { db } = parts;
  const onRequest = app.requireRole("operator", "integrator");

  app.get(
    "/api/v1/calls",
    {
      onRequest,
      schema: {
        tags: ["calls"],
        summary: "Finished calls, newest first",
        description: "Operators get their own calls only.",
        querystring: Type.Object(
          {
            pbx: word(40),
            direction: Type.Optional(DirectionWord),
            from: Type.Optional(Time),
            to: Type.Optional(Time),
            number: word(40, "E.164 with its +, or exactly as the PBX gave it"),
            customerId: Type.Optional(Type.String({ pattern: "^[0-9]{1,18}$" })),
            extension: word(40),
            queue: word(80),
            endedHow: Type.Optional(EndedHow),
            merged: Type.Optional(
              Type.Boolean({ description: "Also calls that became part of another" }),
            ),
            userId: Type.Optional(
              Type.String({ pattern: "^[0-9]{1,18}$", description: "Calls of one operator" }),
            ),
            missed: Type.Optional(
              Type.Enum([...missedReasons], {
                description: "Calls with a pop that was missed for this reason",
              }),
            ),
            limit: Type.Integer({ minimum: 1, maximum: 200, default: 50 }),
            after: word(400, "`next` of the page before"),
          },
          { additionalProperties: false },
        ),
        response: {
          200: Type.Object({
            calls: Type.Array(CallSummaryBody),
            next: Type.Union([Type.String(), Type.Null()]),
          }),
          400: ErrorBody,
        },
      },
    },
    async (request) => {
      const { limit, after, missed, from, to, ...rest } = request.query;
      const only = onlyOf(request.principal!);
      if (only !== null && rest.userId !== undefined && rest.userId !== only)
        throw new ApiError(403, "forbidden", "Operators may read their own calls only");
      const filter: CallFilter = {
        ...rest,
        ...(from === undefined ? {} : { from: new Date(from) }),
        ...(to === undefined ? {} : { to: new Date(to) }),
        ...(missed === undefined ? {} : { missedPop: missed }),
        ...(only === null ? {} : { userId: only }),
      };
      try {
        const page = await listCalls(db, filter, {
          limit,
          ...(after === undefined ? {} : { after }),
        });
        return { calls: page.calls.map(summaryBody), next: page.next };
      } catch (error) {
        if (!(error instanceof CursorError)) throw error;
        throw new ApiError(400, "invalid", `query.${error.message}`, {
          field: "query.after",
          cause: error,
        });
      }
    },
  );

  app.get(
    "/api/v1/calls/:id",
    {
      onRequest,
      schema: {
        tags: ["calls"],
        summary:
          "One finished call: queues, why its place in them, ringings, talks, transfers, pops, wrap-ups",
        params: Type.Object({
          id: Type.String({ minLength: 1, maxLength: 200, pattern: "^[^\\u0000]*$" }),
        }),
        response: { 200: Type.Object({ call: CallBody }), 404: ErrorBody },
      },
    },
    async (request) => {
      const { id } = request.params;
      const only = onlyOf(request.principal!);
      // Somebody else's call is answered like one that does not exist: ids must not be guessable.
      if (only !== null && !(await isTheirCall(db, id, only))) throw notFound("The call");
      const [call, pops, wrapUps, priorities, moves] = await Promise.all([
        findCall(db, id),
        popsOfCall(db, id),
        wrapUpsOfCall(db, id),
        prioritiesOfCall(db, id),
        movesOfCall(db, id),
      ]);
      if (call === null) throw notFound("The call");
      const { detail, ...summary } = call;
      return {
        call: {
          ...summaryBody(summary),
          ...storyBody(detail),
          pops: pops.map((one) => popBody(one.pop, one.missed, one.operatorName)),
          wrapUps: wrapUps.map((one) => ({ ...one, savedAt: one.savedAt.toISOString() })),
          priorities: priorities.map((one) => ({
            queue: one.queue,
            joinedAt: one.joined_at.toISOString(),
            policyVersion: one.policy_version,
            rule: one.rule_id === "" ? null : { id: one.rule_id, name: one.rule_name },
            rate: one.rate,
            headStartMs: one.head_start_ms,
          })),
          moves: moves.map((one) => ({
            queue: one.queue,
            at: one.at.toISOString(),
            by: one.made_by,
            fromPosition: one.from_position,
            toPosition: one.to_position,
            policyVersion: one.policy_version,
          })),
        },
      };
    },
  );
}

/** The user whose calls alone may be read; null for everybody's. */
function onlyOf(principal: Principal): string | null {
  if (roleOf(principal) !== "operator") return null;
  if (principal.kind !== "user")
    throw new ApiError(403, "forbidden", "A token with an operator's role has no calls of its own");
  return principal.user.id;
}

const iso = (ms: number) => new Date(ms).toISOString();
const isoOrNull = (ms: number | null) => (ms === null ? null : iso(ms));

function summaryBody(summary: CallSummary) {
  return {
    ...summary,
    queues: [...summary.queues],
    extensions: [...summary.extensions],
  };
}

/** What happened in the call, without names of channels and interfaces. */
function storyBody(call: Call) {
  return {
    seenFromMiddle: call.seenFromMiddle,
    visits: call.visits.map(
      ({ queue, joinedAtMs, position, preferredExtension, leftAtMs, how }) => ({
        queue,
        joinedAt: iso(joinedAtMs),
        position,
        preferredExtension: preferredExtension ?? null,
        leftAt: isoOrNull(leftAtMs),
        how,
      }),
    ),
    rings: call.rings.map(({ id, extension, queue, startedAtMs, endedAtMs, toldBy, outcome }) => ({
      id,
      extension,
      queue,
      startedAt: iso(startedAtMs),
      endedAt: isoOrNull(endedAtMs),
      toldBy,
      outcome,
    })),
    talks: call.talks.map(({ extension, ringId, queue, startedAtMs, endedAtMs, heldMs }) => ({
      extension,
      ringId,
      queue,
      startedAt: iso(startedAtMs),
      endedAt: isoOrNull(endedAtMs),
      heldMs,
    })),
    transfers: call.transfers.map(({ kind, fromExtension, to, atMs }) => ({
      kind,
      fromExtension,
      to,
      at: iso(atMs),
    })),
  };
}

function popBody(pop: Pop, missed: string, operatorName: string) {
  return {
    ringId: pop.ringId,
    extension: pop.extension,
    userId: pop.userId,
    operatorName,
    queue: pop.queue,
    toldBy: pop.toldBy,
    outcome: pop.outcome,
    missed,
    joinedAt: isoOrNull(pop.joinedAtMs),
    identifiedAt: isoOrNull(pop.identifiedAtMs),
    composedAt: isoOrNull(pop.composedAtMs),
    rangAt: iso(pop.rangAtMs),
    sentAt: isoOrNull(pop.sentAtMs),
    receivedAt: isoOrNull(pop.receivedAtMs),
    paintedAt: isoOrNull(pop.paintedAtMs),
    identifyMs: pop.identifyMs,
    ...stageDurations(pop),
  };
}
