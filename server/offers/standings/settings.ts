/**
 * Tiers and segments that follow from orders: recency, frequency, money. The admin sets the thresholds, or leaves it to the CRM. Sums are minor
 * units of `currency`, days are whole and count back from now.
 */
import { Type, type Static } from "typebox";

/** How much the settings may hold. */
export const STANDING_LIMITS = { names: 50, nameCharacters: 64 } as const;

/** What their numbers may be, both ends included. */
export const STANDING_RANGES = {
  orders: [0, 1_000_000],
  sumMinor: [0, 1e14],
  days: [0, 36_500],
} as const satisfies Record<string, readonly [least: number, most: number]>;

const strict = { additionalProperties: false };
const bounds = (name: keyof typeof STANDING_RANGES, description: string) => {
  const [least, most] = STANDING_RANGES[name];
  const one = Type.Union([Type.Number({ description: `${least} to ${most}` }), Type.Null()]);
  return Type.Object({ atLeast: one, atMost: one }, { ...strict, description });
};

/** One tier or segment: everything that is not null must hold. */
export const ThresholdSchema = Type.Object(
  {
    name: Type.String({ maxLength: STANDING_LIMITS.nameCharacters }),
    orders: bounds("orders", "Frequency: orders neither cancelled nor returned"),
    totalMinor: bounds("sumMinor", "Money: their sum"),
    lastOrderDays: bounds("days", "Recency: days since the last of them"),
    firstOrderDays: bounds("days", "Days since the first of them"),
    returned: bounds("orders", "Orders that came back"),
  },
  strict,
);

const from = (description: string) => Type.Enum(["crm", "orders"], { description });
const thresholds = (description: string) =>
  Type.Array(ThresholdSchema, { maxItems: STANDING_LIMITS.names, description });
export const StandingSettingsSchema = Type.Object(
  {
    tiersFrom: from("`orders`: computed for whom the CRM gives no tier; `crm`: the CRM's alone"),
    segmentsFrom: from("`orders`: the computed ones beside the CRM's; `crm`: the CRM's alone"),
    currency: Type.String({ maxLength: 3, description: "ISO 4217; empty: of the newest order" }),
    tiers: thresholds("From the top; the first that fits is the tier"),
    segments: thresholds("Each that fits"),
  },
  { ...strict, title: "StandingSettings" },
);

type Bounds = { readonly atLeast: number | null; readonly atMost: number | null };
export type Threshold = {
  readonly name: string;
  readonly orders: Bounds;
  readonly totalMinor: Bounds;
  readonly lastOrderDays: Bounds;
  readonly firstOrderDays: Bounds;
  readonly returned: Bounds;
};
export type StandingSettings = Omit<
  Readonly<Static<typeof StandingSettingsSchema>>,
  "tiers" | "segments"
> & { readonly tiers: readonly Threshold[]; readonly segments: readonly Threshold[] };

/** Until an admin says otherwise: what the CRM says. */
export const PLAIN_STANDINGS: StandingSettings = {
  tiersFrom: "crm",
  segmentsFrom: "crm",
  currency: "",
  tiers: [],
  segments: [],
};

/** What a threshold can ask about, in the order of a screen. */
export const THRESHOLD_FIELDS = [
  "orders",
  "totalMinor",
  "lastOrderDays",
  "firstOrderDays",
  "returned",
] as const;
