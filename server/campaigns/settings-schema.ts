/**
 * The shape of a campaign's settings as JSON. Ranges stand in the descriptions only: `check.ts` refuses wrong values in words that
 * help.
 */
import { Type, type Static } from "typebox";
import type { CampaignSettings } from "./model.ts";

/** How much a campaign may hold. */
export const CAMPAIGN_LIMITS = {
  nameCharacters: 100,
  scriptCharacters: 10_000,
  callerNameCharacters: 40,
  labelCharacters: 60,
  codeCharacters: 30,
  wordCharacters: 200,
  trunks: 10,
  sources: 50,
  holidays: 400,
  retrySteps: 20,
  dispositions: 20,
} as const;

/** What the numbers of a campaign may be, both ends included. */
export const CAMPAIGN_RANGES = {
  cartMinutes: [5, 43_200],
  talkedWithinHours: [1, 8760],
  ringSeconds: [15, 120],
  previewSeconds: [5, 600],
  mostShare: [0.001, 0.2],
  targetShare: [0.001, 0.2],
  connectWithinMs: [500, 10_000],
  mostLinesPerOperator: [1, 10],
  afterMinutes: [1, 43_200],
  perContact: [1, 100],
  perDay: [1, 20],
  priority: [-100, 100],
} as const satisfies Record<string, readonly [least: number, most: number]>;

/** Words a script may hold; each is replaced on the operator's screen. */
export const SCRIPT_PLACEHOLDERS = ["customer", "orders", "shop"] as const;

export const ORDER_STAGES = [
  ...(["new", "confirmed", "paid", "assembling", "shipped", "delivered"] as const),
  ...(["completed", "cancelled", "returned", "other"] as const),
];

export const RETRIED_OUTCOMES = [
  ...(["busy", "noAnswer", "machine", "congestion", "abandoned", "cutOff"] as const),
];

const range = ([least, most]: readonly [number, number]) => `${least} to ${most}`;
const object = <Fields extends Type.TProperties>(fields: Fields) =>
  Type.Object(fields, { additionalProperties: false });
const word = (description: string, maxLength: number = CAMPAIGN_LIMITS.wordCharacters) =>
  Type.String({ maxLength, description });
const number = (about: string, limits: readonly [number, number]) =>
  Type.Number({ description: `${about}, ${range(limits)}` });
const OrderStageSchema = Type.Enum(ORDER_STAGES);

const stages = (description: string) =>
  Type.Array(OrderStageSchema, { maxItems: ORDER_STAGES.length, description });
const sources = Type.Array(word("Source of orders"), {
  maxItems: CAMPAIGN_LIMITS.sources,
  description: "Sources of orders; none means all",
});

/** One schema for each thing that starts a call. */
export const TRIGGER_SCHEMAS = {
  orderPlaced: object({ type: Type.Literal("orderPlaced"), sources }),
  orderStage: object({
    type: Type.Literal("orderStage"),
    stages: stages("Stages an order comes to"),
    sources,
  }),
  cartLeft: object({
    type: Type.Literal("cartLeft"),
    afterMinutes: number("Minutes", CAMPAIGN_RANGES.cartMinutes),
  }),
  callbackPromised: object({ type: Type.Literal("callbackPromised") }),
  list: object({ type: Type.Literal("list") }),
  event: object({ type: Type.Literal("event") }),
} as const;

export const SpanSchema = object({
  from: word("`09:00`, on the called person's own clock"),
  to: word("`21:00`, later than `from`, at most `24:00`"),
});
const hours = (description: string) => Type.Union([SpanSchema, Type.Null()], { description });

export const CallingHoursSchema = object({
  weekdays: hours("Monday to Friday; null: nobody is called"),
  saturday: hours("Null: nobody is called"),
  sunday: hours("Null: nobody is called"),
  holidays: Type.Array(word("`2027-01-01`, or `01-01` for every year"), {
    maxItems: CAMPAIGN_LIMITS.holidays,
  }),
  onHolidays: hours("Instead of the day of the week; null: nobody is called"),
});

export const RetryAfterSchema = object({
  afterMinutes: number("Minutes", CAMPAIGN_RANGES.afterMinutes),
});
const steps = Type.Array(Type.Union([RetryAfterSchema, Type.Literal("otherHalfOfNextDay")]), {
  maxItems: CAMPAIGN_LIMITS.retrySteps,
  description: "The nth attempt that ends so is followed by the nth step; none left: it is enough",
});

export const RetriesSchema = object({
  busy: steps,
  noAnswer: steps,
  machine: steps,
  congestion: steps,
  abandoned: steps,
  cutOff: steps,
});

const nullable = (about: string, limits: readonly [number, number]) =>
  Type.Union([Type.Number(), Type.Null()], { description: `${about}, ${range(limits)}; or null` });
const label = word("As operators read it", CAMPAIGN_LIMITS.labelCharacters);

export const DispositionSchema = object({
  code: word("Small letters, digits, `-`, `_`; unique in the campaign"),
  labels: object({ ru: label, uk: label, en: label }),
  effect: Type.Enum(["done", "retry", "callBack", "refused", "doNotCall"]),
});

/** A campaign's settings. */
export const CampaignSettingsSchema = Type.Object(
  {
    name: word("As people call it", CAMPAIGN_LIMITS.nameCharacters),
    kind: Type.Enum(["service", "advert", "debt"]),
    trigger: Type.Union([
      TRIGGER_SCHEMAS.orderPlaced,
      TRIGGER_SCHEMAS.orderStage,
      TRIGGER_SCHEMAS.cartLeft,
      TRIGGER_SCHEMAS.callbackPromised,
      TRIGGER_SCHEMAS.list,
      TRIGGER_SCHEMAS.event,
    ]),
    settledStages: stages("An order in one of these needs no call any more"),
    exclude: object({
      talkedWithinHours: nullable("Hours", CAMPAIGN_RANGES.talkedWithinHours),
      openClaim: Type.Boolean(),
      withoutConsent: Type.Boolean(),
    }),
    pbx: word("A PBX of this installation"),
    queue: word("The queue whose members talk"),
    callerId: object({
      number: word("What the called person sees, `+74951234567`"),
      name: word("Beside it", CAMPAIGN_LIMITS.callerNameCharacters),
    }),
    trunks: Type.Array(word("Name of a trunk of the PBX"), {
      maxItems: CAMPAIGN_LIMITS.trunks,
      description: "Tried in this order for a free line",
    }),
    mode: Type.Enum(["preview", "progressive", "predictive", "automatic"]),
    bridge: Type.Enum(["customerFirst", "operatorFirst"]),
    ringSeconds: number("Seconds", CAMPAIGN_RANGES.ringSeconds),
    onMachine: Type.Enum(["ignore", "hangUp", "connect"]),
    previewSeconds: nullable("Seconds", CAMPAIGN_RANGES.previewSeconds),
    abandonment: object({
      mostShare: number("Share of live-answered calls", CAMPAIGN_RANGES.mostShare),
      targetShare: number("Below mostShare", CAMPAIGN_RANGES.targetShare),
      window: Type.Enum(["day", "24hours", "30days"]),
      clockFrom: Type.Enum(["answer", "greetingEnd"]),
      connectWithinMs: number("Milliseconds", CAMPAIGN_RANGES.connectWithinMs),
    }),
    mostLinesPerOperator: number("Lines", CAMPAIGN_RANGES.mostLinesPerOperator),
    retries: RetriesSchema,
    limits: object({
      perContact: number("Attempts", CAMPAIGN_RANGES.perContact),
      perPhoneADay: number("Attempts over all campaigns", CAMPAIGN_RANGES.perDay),
      perCustomerADay: number("Attempts over all campaigns", CAMPAIGN_RANGES.perDay),
    }),
    hours: CallingHoursSchema,
    priority: number("Higher is dialled first", CAMPAIGN_RANGES.priority),
    startsAt: Type.Union([Type.String({ maxLength: 40 }), Type.Null()], {
      description: "ISO date-time with offset; null: at once",
    }),
    endsAt: Type.Union([Type.String({ maxLength: 40 }), Type.Null()], {
      description: "ISO date-time with offset; null: no end",
    }),
    script: word(
      `What the operator says; may hold ${SCRIPT_PLACEHOLDERS.map((name) => `{${name}}`).join(", ")}`,
      CAMPAIGN_LIMITS.scriptCharacters,
    ),
    dispositions: Type.Array(DispositionSchema, {
      maxItems: CAMPAIGN_LIMITS.dispositions,
      description: "How a call can be said to have ended; at least one with effect `done`",
    }),
  },
  { additionalProperties: false, title: "CampaignSettings" },
);

/** Settings as the schema types them: the same as `CampaignSettings` of `model.ts`, only not readonly. */
export type CampaignSettingsJson = Static<typeof CampaignSettingsSchema>;

// Whoever changes one side without the other does not get past the compiler.
type Same<One, Other> = [One, Other] extends [Other, One] ? true : never;
type Frozen<Value> = Value extends object
  ? { readonly [Key in keyof Value]: Frozen<Value[Key]> }
  : Value;
export const schemaFitsModel: Same<Frozen<CampaignSettingsJson>, Frozen<CampaignSettings>> = true;
