/** Bodies of the simulations' routes; ./model.ts says what the fields mean. */
import { Type } from "@fastify/type-provider-typebox";

const strict = { additionalProperties: false };
const share = (description: string) => Type.Number({ minimum: 0, maximum: 1, description });
const date = Type.String({ pattern: "^\\d{4}-\\d{2}-\\d{2}$", examples: ["2026-03-31"] });

const GeneratedDaySchema = Type.Object(
  {
    kind: Type.Literal("generated"),
    callersPerHour: Type.Number({ minimum: 1, maximum: 20_000 }),
    hours: Type.Number({ minimum: 0.25, maximum: 24 * 14 }),
    handlingSeconds: Type.Object(
      {
        mean: Type.Number({ minimum: 1, maximum: 7200 }),
        cv: Type.Number({ minimum: 0, maximum: 5, description: "Standard deviation by mean." }),
      },
      strict,
    ),
    patienceSeconds: Type.Number({ minimum: 1, maximum: 86_400 }),
    operators: Type.Integer({ minimum: 1, maximum: 2000 }),
    tiers: Type.Array(
      Type.Object(
        {
          tier: Type.String({ minLength: 1, maxLength: 100 }),
          share: share("Of all callers."),
        },
        strict,
      ),
      { maxItems: 20 },
    ),
    seed: Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }),
  },
  strict,
);

const RecordedDaysSchema = Type.Object(
  {
    kind: Type.Literal("recorded"),
    from: date,
    to: date,
    queues: Type.Array(Type.String({ minLength: 1, maxLength: 100 }), {
      maxItems: 100,
      description: "Empty means all.",
    }),
  },
  strict,
);

export const SimulationInputSchema = Type.Object(
  {
    source: Type.Union([GeneratedDaySchema, RecordedDaysSchema]),
    policies: Type.Array(
      Type.Object(
        {
          name: Type.String({ minLength: 1, maxLength: 200 }),
          policy: Type.Unknown({ description: "As in the draft." }),
        },
        strict,
      ),
      { minItems: 1, maxItems: 4, description: "The first is what the others are compared with." },
    ),
  },
  strict,
);

const TierResultSchema = Type.Object({
  tier: Type.String({ description: '"" for none, "*" for everybody.' }),
  callers: Type.Integer(),
  meanWaitSeconds: Type.Number(),
  p90WaitSeconds: Type.Number(),
  p95WaitSeconds: Type.Number(),
  longestWaitSeconds: Type.Number(),
  answeredWithin20s: share("Of all of them."),
  lost: share("Hung up before they were answered."),
  lostPlusMinus: Type.Number({ description: "Half of the 95 % interval of `lost`." }),
  mostExtraWaitSeconds: Type.Number(),
});

const shares = Type.Array(Type.Number());
const PolicyResultSchema = Type.Object({
  name: Type.String(),
  tiers: Type.Array(TierResultSchema),
  distribution: Type.Object({
    seconds: shares,
    everybody: shares,
    favoured: shares,
    others: shares,
  }),
});

const RemarkSchema = Type.Union([
  Type.Object({ code: Type.Literal("totalLossesUnchanged") }),
  Type.Object({
    code: Type.Literal("tooManyFavoured"),
    policy: Type.String(),
    share: Type.Number(),
  }),
  Type.Object({ code: Type.Literal("fewCalls"), calls: Type.Integer() }),
  Type.Object({ code: Type.Literal("patienceGuessed") }),
  Type.Object({ code: Type.Literal("standingOfToday") }),
  Type.Object({ code: Type.Literal("dutyEstimated"), minutes: Type.Number() }),
  Type.Object({
    code: Type.Literal("guardBroken"),
    policy: Type.String(),
    seconds: Type.Number(),
  }),
]);

export const SimulationStateSchema = Type.Object({
  id: Type.String(),
  state: Type.Union([
    Type.Literal("running"),
    Type.Literal("done"),
    Type.Literal("failed"),
    Type.Literal("cancelled"),
  ]),
  progress: share("How far it is."),
  error: Type.String(),
  result: Type.Union([
    Type.Null(),
    Type.Object({
      calls: Type.Integer(),
      tookMs: Type.Number(),
      load: share("Operators busy on average under the first policy."),
      policies: Type.Array(PolicyResultSchema),
      remarks: Type.Array(RemarkSchema),
    }),
  ]),
});
