/** What a decision about offers is made of. Money in minor units of the question's currency unless said otherwise. */
import type { ProductAttributes } from "../storage/schema.ts";
import type { GivenUpCode } from "./given-up.ts";
import type { Hint, OfferQuestion, OfferedProduct } from "./model.ts";
import type { OfferRule } from "./rules.ts";

/** A product as the catalogue has it. */
export type CatalogueProduct = OfferedProduct & {
  /** Of one, in the price's currency; null: not told. */
  readonly costMinor: number | null;
  readonly attributes: ProductAttributes;
};

/** A customer as rules ask about them. */
export type CustomerFacts = {
  readonly id: string;
  readonly name: string;
  /** `ru`, `uk`, `en`, "" or what the CRM says. */
  readonly language: string;
  readonly vip: boolean;
  readonly tier: string;
  readonly segments: readonly string[];
  readonly city: string;
  readonly region: string;
  /** Null: no such programme. */
  readonly bonusMinor: number | null;
  /** Neither cancelled nor returned, and their sum in `currency`. */
  readonly orders: number;
  readonly totalMinor: number;
  readonly currency: string;
  readonly lastOrderAtMs: number | null;
  /** When something of a category (folded) was bought last; only of categories that rules ask about. */
  readonly boughtAtMs: ReadonlyMap<string, number>;
  /** Products they returned or complained about. */
  readonly unwanted: ReadonlySet<string>;
  readonly openClaim: boolean;
  /** How often they took what rules with a limit for each customer gave, by rule. */
  readonly uses: ReadonlyMap<string, number>;
};

/** How often what a rule gave was taken. */
export type RuleUses = { readonly all: number; readonly today: number };

/** Why a rule does not hold; `condition` is the place of the one that fails. */
export type Obstacle = { readonly because: GivenUpCode; readonly condition: number | null };

/** Everything a decision is made of. */
export type OfferFacts = {
  readonly question: OfferQuestion;
  /** Those that are on, in the order of {@link byPriority}. */
  readonly rules: readonly OfferRule[];
  /** Null: nobody we know. */
  readonly customer: CustomerFacts | null;
  /** Of the cart, and everything that rules could offer. */
  readonly products: ReadonlyMap<string, CatalogueProduct>;
  /** Products that a rule of kind `needed` looks through, by rule; the same array while they are the same. */
  readonly pools: ReadonlyMap<string, readonly CatalogueProduct[]>;
  readonly uses: ReadonlyMap<string, RuleUses>;
  readonly hints: readonly Hint[];
  /** The shop's own IANA zone. */
  readonly timeZone: string;
  /** What stands in the way of each rule, in their order, null where nothing does; when it was found before, else it is found. */
  readonly obstacles?: readonly (Obstacle | null)[];
};

/** Higher priority first, of the same the older rule. */
export function byPriority(a: OfferRule, b: OfferRule): number {
  return b.settings.priority - a.settings.priority || Number(a.id) - Number(b.id);
}
