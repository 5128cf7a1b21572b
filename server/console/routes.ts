/** The console over HTTP, for who has no socket: the live picture, why somebody stands where they stand, a move by hand. */
import { Type } from "@fastify/type-provider-typebox";
import type { App } from "../http/app.ts";
import { nameOf } from "../http/auth.ts";
import { ApiError, ErrorBody } from "../http/errors.ts";
import type { Condition } from "../priority/model.ts";
import type { Console } from "./console.ts";
import type { ConsoleReply } from "./protocol.ts";
import { ConsoleRefusal, refusedBy } from "./refusal.ts";
import { consoleSchemas } from "./schemas.ts";

const RuleOrNull = Type.Union([
  Type.Object({ id: Type.String(), name: Type.String() }),
  Type.Null(),
]);
const Ms = Type.Number();
const GuardWord = Type.Enum(["", "passed", "extra"], {
  description: "The promise of the guard that holds this place, empty for none",
});

const PictureBody = Type.Object(
  {
    serverTimeMs: Ms,
    policyVersion: Type.Integer(),
    pbxs: Type.Array(
      Type.Object({
        name: Type.String(),
        up: Type.Boolean(),
        version: Type.String(),
        canMove: Type.Boolean(),
        reason: Type.String(),
      }),
    ),
    queues: Type.Array(
      Type.Object({
        pbx: Type.String(),
        name: Type.String(),
        members: Type.Object({
          ready: Type.Integer(),
          busy: Type.Integer(),
          paused: Type.Integer(),
        }),
        callers: Type.Array(
          Type.Object({
            callId: Type.String(),
            channelId: Type.String(),
            position: Type.Integer({ description: "1 is next; as Asterisk has it" }),
            wantedPosition: Type.Integer({
              description: "Where the published policy wants them, or somebody put them by hand",
            }),
            policyPosition: Type.Integer({ description: "Where the policy alone wants them" }),
            title: Type.String(),
            tier: Type.String(),
            vip: Type.Boolean(),
            joinedAtMs: Ms,
            rate: Type.Number(),
            headStartMs: Ms,
            rule: RuleOrNull,
            identified: Type.Boolean(),
            ringing: Type.Boolean(),
            guard: GuardWord,
            movedBy: Type.String(),
          }),
        ),
        preferring: Type.Array(
          Type.Object({
            callId: Type.String(),
            channelId: Type.String(),
            title: Type.String(),
            tier: Type.String(),
            vip: Type.Boolean(),
            joinedAtMs: Ms,
            ringing: Type.Boolean(),
            extension: Type.String({ description: "The operator's; empty when not known" }),
          }),
          { description: "Who waits for one operator alone before standing in line here" },
        ),
        notMoved: Type.Enum(["", "notInPolicy", "notPossible", "pbxDown"], {
          description: "Why callers are not moved here, empty when they are",
        }),
      }),
    ),
  },
  { title: "ConsolePicture" },
);

const NeighbourFields = { title: Type.String() };
const MsOrNull = Type.Union([Ms, Type.Null()]);
const WhyBody = Type.Object(
  {
    callId: Type.String(),
    queue: Type.String(),
    position: Type.Integer(),
    claimMs: Type.Number({ description: "Effective waiting: head start + rate x waited" }),
    rule: RuleOrNull,
    passedOver: Type.Array(
      Type.Object({
        ruleId: Type.String(),
        ruleName: Type.String(),
        failed: Type.Union([
          Type.Unsafe<Condition>(Type.Record(Type.String(), Type.Any())),
          Type.Null(),
        ]),
      }),
    ),
    guard: GuardWord,
    ahead: Type.Union([Type.Object({ ...NeighbourFields, overtakenInMs: MsOrNull }), Type.Null()]),
    behind: Type.Union([Type.Object({ ...NeighbourFields, overtakesInMs: MsOrNull }), Type.Null()]),
    moves: Type.Array(
      Type.Object({
        atMs: Ms,
        by: Type.String({ description: "`policy`, or the login of who moved them by hand" }),
        fromPosition: Type.Integer(),
        toPosition: Type.Union([Type.Integer(), Type.Null()]),
      }),
    ),
  },
  { title: "WhyPlaced" },
);

/** Registers `/api/v1/priority/queues`, `/why` and `/move`. */
export async function consoleRoutes(app: App, parts: { readonly console: Console }): Promise<void> {
  const { console } = parts;

  app.get(
    "/api/v1/priority/queues",
    {
      onRequest: app.requireRole("supervisor", "integrator"),
      schema: {
        tags: ["priority"],
        summary: "Who waits in the queues now, in which order, and by which rule",
        response: { 200: PictureBody },
      },
    },
    async () => mutable(console.picture()),
  );

  app.get(
    "/api/v1/priority/why",
    {
      onRequest: app.requireRole("supervisor", "integrator"),
      schema: {
        tags: ["priority"],
        summary: "Why a waiting caller stands where they stand",
        querystring: consoleSchemas.why,
        response: { 200: Type.Object({ why: WhyBody }), 404: ErrorBody, 410: ErrorBody },
      },
    },
    async (request) => {
      const { callId, queue } = request.query;
      try {
        return { why: mutable(console.why(callId, queue)) };
      } catch (error) {
        throw asApiError(error);
      }
    },
  );

  app.post(
    "/api/v1/priority/move",
    {
      onRequest: app.requireRole("supervisor"),
      schema: {
        tags: ["priority"],
        summary: "Put one waiting caller to a place by hand",
        description:
          "They stay there until they are answered; position 0 gives them back to the policy. Written into the audit.",
        body: consoleSchemas.move,
        response: {
          204: Type.Null(),
          404: ErrorBody,
          409: ErrorBody,
          410: ErrorBody,
          503: ErrorBody,
        },
      },
    },
    async (request, reply) => {
      try {
        await console.move(request.body, nameOf(request.principal!));
      } catch (error) {
        throw asApiError(error);
      }
      return reply.code(204).send(null);
    },
  );
}

type Code = Extract<ConsoleReply, { ok: false }>["code"];

const STATUS: Readonly<Record<Code, number>> = {
  invalid: 400,
  forbidden: 403,
  notFound: 404,
  gone: 410,
  notPossible: 409,
  pbxDown: 503,
  nobodyActs: 503,
  failed: 500,
};

/** What was refused as HTTP says it; what nobody expected stays as it is. */
function asApiError(error: unknown): unknown {
  const { reply } = refusedBy(error);
  if (!(error instanceof ConsoleRefusal) && reply.code === "failed") return error;
  return new ApiError(STATUS[reply.code], reply.code, reply.message, { cause: error });
}

/** The schema's type has no readonly; the value is only serialised. */
function mutable<T>(value: T): Mutable<T> {
  return value as Mutable<T>;
}

type Mutable<T> = T extends readonly (infer One)[]
  ? Mutable<One>[]
  : T extends object
    ? { -readonly [K in keyof T]: Mutable<T[K]> }
    : T;
