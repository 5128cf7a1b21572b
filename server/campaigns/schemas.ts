/** Schemas of the campaigns' routes: what comes in is checked here, what goes out is typed by `rest.ts`. */
import { Type } from "@fastify/type-provider-typebox";

/** An answer whose shape is a type of `rest.ts`. */
export const answer = <T>(title: string) => Type.Unsafe<T>({ title });

export const IdParams = Type.Object({ id: Type.String({ maxLength: 64 }) });
export const CheckInput = Type.Object({ settings: Type.Unknown() });
export const SaveInput = Type.Object({
  settings: Type.Unknown(),
  revision: Type.Integer({ minimum: 1 }),
});
export const TemplatesQuery = Type.Object({
  language: Type.Union([Type.Literal("ru"), Type.Literal("uk"), Type.Literal("en")], {
    default: "en",
  }),
});
export const LimitQuery = Type.Object({
  limit: Type.Integer({ minimum: 1, maximum: 200, default: 50 }),
});
export const ContactsQuery = Type.Object({
  search: Type.String({ maxLength: 100, default: "" }),
  unknown: Type.Boolean({ default: false }),
  limit: Type.Integer({ minimum: 1, maximum: 200, default: 50 }),
});
export const WithdrawnQuery = Type.Object({
  after: Type.String({
    ...{ pattern: "^(\\d{1,15}-\\d{1,18})?$", default: "" },
    description: "`next` of the page before",
  }),
  limit: Type.Integer({ minimum: 1, maximum: 200, default: 50 }),
});
export const UploadQuery = Type.Object({
  name: Type.String({ maxLength: 200, default: "", description: "Of an uploaded list" }),
});
export const SpanQuery = Type.Object({
  from: Type.Optional(Type.String({ maxLength: 64, description: "ISO; default 30 days ago" })),
  to: Type.Optional(Type.String({ maxLength: 64, description: "ISO, not included; default now" })),
});
export const DoNotCallQuery = Type.Object({
  search: Type.String({ maxLength: 40, default: "" }),
  after: Type.String({ maxLength: 40, default: "" }),
  limit: Type.Integer({ minimum: 1, maximum: 1000, default: 100 }),
});
export const PhoneParams = Type.Object({ phone: Type.String({ maxLength: 40 }) });
export const TrunkParams = Type.Object({
  pbx: Type.String({ minLength: 1, maxLength: 64 }),
  name: Type.String({ pattern: "^[A-Za-z0-9_-]{1,40}$" }),
});
export const TrunkInput = Type.Object(
  {
    dial: Type.String({
      maxLength: 200,
      // Nothing that would end the argument of Dial() or begin another.
      pattern: "^[A-Za-z0-9_./@:-]*\\{number\\}[A-Za-z0-9_./@:-]*$",
      description: "What Dial() is given, with {number} once: PJSIP/{number}@provider",
    }),
    format: Type.Union([Type.Literal("e164"), Type.Literal("plain"), Type.Literal("national")]),
    lines: Type.Integer({ minimum: 1, maximum: 10_000 }),
    callsPerSecond: Type.Number({ exclusiveMinimum: 0, maximum: 1000 }),
    enabled: Type.Boolean(),
  },
  { additionalProperties: false },
);
const OUTCOMES = [
  ...(["talked", "busy", "noAnswer", "rejected", "unallocated", "congestion"] as const),
  ...(["wrongTrunk", "machine", "abandoned", "cutOff", "operatorGone"] as const),
  ...(["skipped", "refusedByPbx", "failed"] as const),
];
export const SettleInput = Type.Union([
  Type.Object(
    { outcome: Type.Union(OUTCOMES.map((one) => Type.Literal(one))) },
    { additionalProperties: false },
  ),
  Type.Object({ again: Type.Literal(true) }, { additionalProperties: false }),
]);
