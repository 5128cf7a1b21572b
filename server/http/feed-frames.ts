/**
 * What the feed says: the schema of every frame, and the views that turn facts and pops into frames. Supervisors and
 * integrators may see numbers and names; channel names, interfaces and other internals stay inside.
 */
import { Type } from "@fastify/type-provider-typebox";
import type { Static, TObject, TProperties, TSchema } from "typebox";
import type { Call, CallFact, QueueVisit } from "../calls/model.ts";
import type { Pop } from "../desk/pop.ts";

const Time = Type.String({ format: "date-time", description: "UTC, to the millisecond" });
const TimeOrNull = Type.Union([Time, Type.Null()]);
const Milliseconds = Type.Number({ minimum: 0 });
const Queue = Type.String({ description: 'Queue name, "" outside queues' });
const Extension = Type.String({ description: "An operator's extension, such as 101" });
const PreferredExtension = Type.Optional(
  Type.String({
    description:
      "Only for a caller who waits for one operator alone: that operator's extension, empty when not known",
  }),
);

/** A call as the feed shows it. */
export const FeedCall = Type.Object(
  {
    id: Type.String(),
    pbx: Type.String(),
    direction: Type.Enum(["inbound", "outbound", "internal"]),
    number: Type.String({ description: 'The other side\'s number, "" when withheld' }),
    name: Type.String({ description: "The other side's name as the PBX gives it" }),
    dialled: Type.String({ description: "The shop's number (inbound) or the number called" }),
    fromExtension: Type.String({ description: 'Who dialled, "" for inbound' }),
    state: Type.Enum(["new", "waiting", "ringing", "talking", "onHold", "ended"]),
    startedAt: Time,
    answeredAt: TimeOrNull,
    endedAt: TimeOrNull,
    endedHow: Type.Union([
      Type.Enum(["completed", "abandoned", "unanswered", "lostSight", "merged"]),
      Type.Null(),
    ]),
    seenFromMiddle: Type.Boolean({
      description: "It was running when Callcard came; early stages are unknown",
    }),
  },
  { title: "Call" },
);

const call = { call: FeedCall };
const ring = { ringId: Type.String(), extension: Extension, queue: Queue };
const talk = { extension: Extension, queue: Queue };

/** Everything that can be published, by type: the payload beside `seq`, `epoch`, `at` and `type`. */
const payloads = {
  callStarted: [call, "A call began."],
  partyChanged: [call, "The other side's number or name became known or changed."],
  queueJoined: [
    { ...call, queue: Queue, position: Type.Integer(), preferredExtension: PreferredExtension },
    "The caller waits in a queue; or, with `preferredExtension` and position 0, for one operator alone before standing in line there.",
  ],
  queueLeft: [
    {
      ...call,
      queue: Queue,
      preferredExtension: PreferredExtension,
      how: Type.Enum([
        "answered",
        "abandoned",
        "timeout",
        "empty",
        "withdrawn",
        "exitKey",
        "transferred",
        "unknown",
      ]),
      waitMs: Milliseconds,
    },
    "The caller is out of the queue, and how.",
  ],
  ringStarted: [{ ...call, ...ring }, "An operator's phone rings."],
  ringEnded: [
    {
      ...call,
      ...ring,
      outcome: Type.Enum([
        "answered",
        "noAnswer",
        "busy",
        "rejected",
        "unavailable",
        "answeredElsewhere",
        "callerGone",
        "unknown",
      ]),
      ringMs: Milliseconds,
    },
    "It rings no more, and why.",
  ],
  talkStarted: [{ ...call, ...talk }, "An operator and the other side talk."],
  talkEnded: [
    { ...call, ...talk, talkMs: Milliseconds, heldMs: Milliseconds },
    "The operator's part in the conversation is over.",
  ],
  held: [{ ...call, extension: Extension }, "The other side is on hold."],
  resumed: [{ ...call, extension: Extension }, "The hold is over."],
  transferred: [
    {
      ...call,
      kind: Type.Enum(["blind", "attended", "blonde", "pickup"]),
      fromExtension: Extension,
      to: Type.String({ description: "Extension or number" }),
    },
    "The call was handed on.",
  ],
  rated: [
    { ...call, score: Type.Integer({ minimum: 0, maximum: 10 }) },
    "The other side said how likely they recommend the shop.",
  ],
  merged: [
    { ...call, intoCallId: Type.String() },
    "This call is now part of another one and ends.",
  ],
  callEnded: [call, "The call is over."],
  pop: [
    {
      ringId: Type.String(),
      callId: Type.String(),
      pbx: Type.String(),
      extension: Extension,
      queue: Queue,
      userId: Type.Union([Type.String(), Type.Null()], { description: "Whose screen it was for" }),
      outcome: Type.String({ description: "How the identification ended" }),
      missed: Type.String({ description: 'Why no card was seen, "" when it was' }),
      joinedAt: TimeOrNull,
      identifiedAt: TimeOrNull,
      composedAt: TimeOrNull,
      rangAt: Time,
      sentAt: TimeOrNull,
      receivedAt: TimeOrNull,
      paintedAt: TimeOrNull,
    },
    "A card's way to an operator's screen, stage by stage. Comes again when a stage is added.",
  ],
} as const satisfies Record<string, readonly [TProperties, string]>;

/** Types of published frames. */
export type FeedType = keyof typeof payloads;

/** Every type of published frame, for checking filters. */
export const feedTypes = Object.keys(payloads) as FeedType[];

/** What is published under a type. */
export type FeedPayload<T extends FeedType> = T extends FeedType
  ? Static<TObject<(typeof payloads)[T][0]>>
  : never;

const envelope = {
  seq: Type.Integer({
    description: "Rises by one per published frame; a filter makes readers see jumps",
  }),
  epoch: Type.String({ description: "Changes when the server starts anew; numbers then restart" }),
  at: Time,
};

const control: readonly TSchema[] = [
  Type.Object(
    {
      ...envelope,
      type: Type.Literal("welcome"),
      heartbeatSeconds: Type.Integer({
        description: "A websocket ping comes this often; no ping for twice as long means lost",
      }),
    },
    { title: "welcome", description: "The first frame. Reading goes on after `seq`." },
  ),
  Type.Object(
    {
      ...envelope,
      type: Type.Literal("gap"),
      reason: Type.Enum(["tooOld", "restarted"]),
      from: Type.Integer(),
      to: Type.Integer(),
    },
    {
      title: "gap",
      description:
        "Frames `from` to `to` cannot be given any more. With reason `restarted` the number asked for was of an earlier epoch: " +
        "whatever came after it there is lost too.",
    },
  ),
  Type.Object(
    { ...envelope, type: Type.Literal("subscribed"), types: Type.Array(Type.String()) },
    { title: "subscribed", description: "The answer to `subscribe`." },
  ),
  Type.Object(
    { ...envelope, type: Type.Literal("leaving") },
    {
      title: "leaving",
      description:
        "This process is about to end and another one goes on. Connect anew now, without `since`, and close this connection when the new one " +
        "has said `welcome`: then nothing is missed. It is closed with 1001 one to two seconds later.",
    },
  ),
];

/** JSON Schema of every frame the server sends, one per `type`. */
export const FeedFrame = Type.Union(
  [
    ...control,
    ...feedTypes.map((type) => {
      const [properties, description] = payloads[type];
      return Type.Object(
        { ...envelope, type: Type.Literal(type), ...properties },
        { title: type, description },
      );
    }),
  ],
  { title: "FeedFrame" },
);

const filter = {
  types: Type.Optional(
    Type.Array(Type.Enum(feedTypes), { description: "Only these; without it, all", maxItems: 50 }),
  ),
};

/** JSON Schema of what a reader may send. */
export const FeedMessage = Type.Union(
  [
    Type.Object(
      {
        type: Type.Literal("authorize"),
        token: Type.String({ minLength: 1, maxLength: 4096 }),
        since: Type.Optional(Type.Integer({ minimum: 0 })),
        epoch: Type.Optional(Type.String({ maxLength: 64 })),
        ...filter,
      },
      {
        additionalProperties: false,
        description: "The first message when no Authorization header came.",
      },
    ),
    Type.Object(
      { type: Type.Literal("subscribe"), ...filter },
      { additionalProperties: false, description: "Changes the filter from now on." },
    ),
  ],
  { title: "FeedMessage" },
);

/** A fact as the feed shows it. */
export function factFrame(fact: CallFact): FeedPayload<CallFact["type"]> {
  const call = callView(fact.call);
  switch (fact.type) {
    case "callStarted":
    case "partyChanged":
    case "callEnded":
      return { call };
    case "queueJoined":
      return { call, ...visitView(fact.visit), position: fact.visit.position };
    case "queueLeft":
      return {
        call,
        ...visitView(fact.visit),
        how: fact.visit.how ?? "unknown",
        waitMs: fact.waitMs,
      };
    case "ringStarted":
      return { call, ...ringView(fact.ring) };
    case "ringEnded":
      return {
        call,
        ...ringView(fact.ring),
        outcome: fact.ring.outcome ?? "unknown",
        ringMs: fact.ringMs,
      };
    case "talkStarted":
      return { call, extension: fact.talk.extension, queue: fact.talk.queue };
    case "talkEnded":
      return {
        call,
        extension: fact.talk.extension,
        queue: fact.talk.queue,
        talkMs: fact.talkMs,
        heldMs: fact.talk.heldMs,
      };
    case "held":
    case "resumed":
      return { call, extension: fact.extension };
    case "transferred": {
      const { kind, fromExtension, to } = fact.transfer;
      return { call, kind, fromExtension, to };
    }
    case "rated":
      return { call, score: fact.score };
    case "merged":
  }
  return { call, intoCallId: fact.intoCallId };
}

/** A pop as the feed shows it. */
export function popFrame(pop: Pop & { readonly missed: string }): FeedPayload<"pop"> {
  return {
    ringId: pop.ringId,
    callId: pop.callId,
    pbx: pop.pbx,
    extension: pop.extension,
    queue: pop.queue,
    userId: pop.userId,
    outcome: pop.outcome,
    missed: pop.missed,
    joinedAt: isoOf(pop.joinedAtMs),
    identifiedAt: isoOf(pop.identifiedAtMs),
    composedAt: isoOf(pop.composedAtMs),
    rangAt: new Date(pop.rangAtMs).toISOString(),
    sentAt: isoOf(pop.sentAtMs),
    receivedAt: isoOf(pop.receivedAtMs),
    paintedAt: isoOf(pop.paintedAtMs),
  };
}

function visitView({ queue, preferredExtension }: QueueVisit) {
  return { queue, ...(preferredExtension === undefined ? {} : { preferredExtension }) };
}

function ringView({ id, extension, queue }: { id: string; extension: string; queue: string }) {
  return { ringId: id, extension, queue };
}

function callView(call: Call): Static<typeof FeedCall> {
  return {
    id: call.id,
    pbx: call.pbx,
    direction: call.direction,
    number: call.party.number,
    name: call.party.name,
    dialled: call.dialled,
    fromExtension: call.fromExtension,
    state: call.state,
    startedAt: new Date(call.startedAtMs).toISOString(),
    answeredAt: isoOf(call.answeredAtMs),
    endedAt: isoOf(call.endedAtMs),
    endedHow: call.endedHow,
    seenFromMiddle: call.seenFromMiddle,
  };
}

function isoOf(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}
