/** What the HTTP interface shows of policies. */
import { Type } from "@fastify/type-provider-typebox";
import { ErrorBody } from "../http/errors.ts";
import { PolicySchema } from "./policy-schema.ts";

const Version = Type.Integer({ minimum: 0, maximum: 2_147_483_647 });
const Time = Type.String({ format: "date-time" });
const TimeOrNull = Type.Union([Time, Type.Null()]);
const By = Type.String({ description: "Login, `token:<name>`, or empty" });

const ProblemBody = Type.Object(
  {
    path: Type.String({ description: "JSON pointer into the policy, `/rules/2/when/0/in/1`" }),
    code: Type.String({ description: "Stable; made for programs, `unknownTier`" }),
    message: Type.String({ description: "For a person" }),
    values: Type.Record(Type.String(), Type.Union([Type.String(), Type.Number()]), {
      description: "What a translated sentence needs",
    }),
  },
  { title: "PolicyProblem" },
);
export const CheckedFields = {
  problems: Type.Array(ProblemBody, { description: "The policy cannot be published" }),
  warnings: Type.Array(ProblemBody, { description: "It can; it may not do what was meant" }),
};
export const CheckedBody = Type.Object(CheckedFields, { title: "CheckedPolicy" });

export const PublishedPolicyBody = Type.Object(
  {
    version: Type.Integer({ description: "0 is the plain order nobody published" }),
    publishedAt: TimeOrNull,
    publishedBy: By,
    note: Type.String(),
    policy: PolicySchema,
  },
  { title: "PublishedPolicy" },
);

export const PolicyDraftBody = Type.Object(
  {
    policy: PolicySchema,
    revision: Type.Integer({ description: "Goes up with every save" }),
    baseVersion: Type.Integer({ description: "The version it was made from" }),
    updatedAt: TimeOrNull,
    updatedBy: By,
    changed: Type.Boolean({ description: "Differs from what is published" }),
    ...CheckedFields,
  },
  { title: "PolicyDraft" },
);

export const PolicyVersionBody = Type.Object(
  {
    version: Type.Integer(),
    publishedAt: Time,
    publishedBy: By,
    note: Type.String(),
    rolledBackTo: Type.Union([Type.Integer(), Type.Null()]),
    policy: PolicySchema,
  },
  { title: "PolicyVersion" },
);

export const ReadyPolicyBody = Type.Object(
  {
    id: Type.Enum(["gentle", "strict", "problems"]),
    policy: PolicySchema,
  },
  { title: "ReadyPolicy" },
);

export const VocabularyBody = Type.Object(
  {
    tiers: Type.Array(Type.String()),
    segments: Type.Array(Type.String()),
    queues: Type.Array(Type.String()),
    regions: Type.Array(Type.String(), { description: "Cities and regions of customers" }),
    operators: Type.Array(Type.Object({ login: Type.String(), name: Type.String() })),
    currency: Type.String({ description: "Of most orders, ISO 4217" }),
    recordedDays: Type.Array(Type.Object({ date: Type.String(), calls: Type.Integer() }), {
      description: "Days with recorded queue calls, newest first",
    }),
    cannotMove: Type.Optional(
      Type.Array(Type.Object({ name: Type.String(), version: Type.String() }), {
        description: "PBXs connected now whose Asterisk cannot move a waiting caller",
      }),
    ),
  },
  { title: "PolicyVocabulary" },
);

export const RefusedPolicyBody = Type.Object(
  { ...ErrorBody.properties, ...CheckedFields },
  { title: "RefusedPolicy" },
);

export const SaveDraftInput = Type.Object(
  {
    policy: PolicySchema,
    revision: Type.Integer({
      minimum: 0,
      description: "Of the draft that was changed; another one is refused with 409",
    }),
  },
  { additionalProperties: false },
);
export const CheckInput = Type.Object({ policy: PolicySchema }, { additionalProperties: false });
export const PublishInput = Type.Object(
  { revision: Type.Integer({ minimum: 0 }), note: Type.String({ maxLength: 500 }) },
  { additionalProperties: false },
);
export const RollBackInput = Type.Object({ version: Version }, { additionalProperties: false });
export const VersionParams = Type.Object({ version: Version });
export const VersionsQuery = Type.Object({
  limit: Type.Integer({ minimum: 1, maximum: 200, default: 50 }),
  before: Type.Optional(Version),
});
