/** Schemas of the call backs' routes: what comes in is checked here, what goes out is typed by `rest.ts`. */
import { Type } from "@fastify/type-provider-typebox";

/** An answer whose shape is a type of `rest.ts`. */
export const answer = <T>(title: string) => Type.Unsafe<T>({ title });

const strict = { additionalProperties: false };
const Id = Type.String({ pattern: "^\\d{1,18}$" });
const At = Type.String({
  pattern: "^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d$",
  description: "On the person's own clock, `2026-11-23T15:00`",
});
const Zone = Type.String({
  ...{ minLength: 1, maxLength: 64 },
  description: "IANA zone of that clock, `Europe/Moscow`",
});

export const IdParams = Type.Object({ id: Type.String({ maxLength: 64 }) });
export const CheckInput = Type.Object({ settings: Type.Unknown() });
export const SaveInput = Type.Object({
  settings: Type.Unknown(),
  revision: Type.Integer({ minimum: 0 }),
});

export const ListQuery = Type.Object({
  state: Type.Union([Type.Literal("open"), Type.Literal("over")], {
    ...{ default: "open", description: "`open`: also those that are taken" },
  }),
  origin: Type.Optional(
    Type.Union([
      ...[Type.Literal("promised"), Type.Literal("missed")],
      ...[Type.Literal("lost"), Type.Literal("asked")],
    ]),
  ),
  queue: Type.Optional(Type.String({ maxLength: 100 })),
  userId: Type.Optional(Id),
  phone: Type.Optional(Type.String({ maxLength: 40 })),
  customerId: Type.Optional(Id),
  only: Type.Optional(
    Type.Union(
      [
        ...[Type.Literal("late"), Type.Literal("escalated")],
        ...[Type.Literal("taken"), Type.Literal("free")],
      ],
      { description: "`free`: nobody has it, and no campaign calls" },
    ),
  ),
  limit: Type.Integer({ minimum: 1, maximum: 200, default: 50 }),
  after: Type.String({ maxLength: 40, default: "", description: "`next` of the page before" }),
});

export const AskInput = Type.Object(
  {
    phone: Type.String({ minLength: 1, maxLength: 40 }),
    name: Type.Optional(Type.String({ maxLength: 200 })),
    at: Type.Optional(At),
    timeZone: Type.Optional(Zone),
    queue: Type.Optional(Type.String({ maxLength: 100, description: "Whose operators call" })),
    reason: Type.Optional(Type.String({ maxLength: 1000 })),
    customer: Type.Optional(
      Type.Union([
        Type.Object({ id: Id }, strict),
        Type.Object(
          {
            source: Type.String({ minLength: 1, maxLength: 128 }),
            sourceId: Type.String({ minLength: 1, maxLength: 128 }),
          },
          strict,
        ),
      ]),
    ),
  },
  { ...strict, description: "Without a time: as soon as the shop calls" },
);
export const SettleInput = Type.Object(
  {
    how: Type.Union([
      ...[Type.Literal("giveBack"), Type.Literal("done"), Type.Literal("notNeeded")],
    ]),
  },
  strict,
);
export const AssignInput = Type.Object({ userId: Type.Union([Id, Type.Null()]) }, strict);
export const MoveInput = Type.Object({ at: At, timeZone: Zone }, strict);
