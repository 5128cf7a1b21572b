/** Bodies of `/api/v1/offers/...` and `/api/v1/standings/...`. The routes' schemas are held to these types. */
import type { Problem } from "../priority/rest.ts";
import type { GivenUp } from "./given-up.ts";
import type { OfferedProduct, OffersAnswer, ShownOffer } from "./model.ts";
import type { OfferRule } from "./rules.ts";
import type { StandingSettings } from "./standings/settings.ts";

/** `POST /api/v1/offers/rules/check { settings, id? }`, and part of every answer to a save. */
export type OfferRuleCheck = {
  readonly problems: readonly Problem[];
  readonly warnings: readonly Problem[];
};

/**
 * `GET /api/v1/offers/rules` (`{ rules }`, highest priority first) and `/:id`. `POST` takes `{ settings }` and makes a draft, `PUT /:id` takes
 * `{ settings, revision }`: 409 `ruleChanged` when somebody else changed it meanwhile, 422 `ruleRefused` with `problems` when it is refused.
 * `POST /:id/on`, `/:id/off` answer with the rule. Supervisors read, admins write.
 */
export type OfferRuleBody = OfferRule &
  OfferRuleCheck & {
    readonly createdAt: string;
    readonly changedAt: string;
    /** Taken so often, in all and on the present day of the shop. */
    readonly uses: number;
    readonly usesToday: number;
    /** What its ids mean, those the catalogue still has. */
    readonly products: readonly OfferedProduct[];
  };

/** `GET /api/v1/offers/rules/:id/versions` (`{ versions }`), newest first. */
export type OfferRuleVersion = {
  readonly revision: number;
  readonly settings: OfferRule["settings"];
  readonly changedBy: string;
  readonly changedAt: string;
};

/** `GET /api/v1/offers/rules/vocabulary`: what a rule can name here. Products are looked for: `GET /api/v1/offers/products?search=`. */
export type OfferVocabularyBody = {
  readonly tiers: readonly string[];
  readonly segments: readonly string[];
  readonly regions: readonly string[];
  readonly categories: readonly string[];
  /** Names that products' attributes have. */
  readonly attributes: readonly string[];
  /** Of most orders, ISO 4217; "" when there are none. */
  readonly currency: string;
  /** The shop's own IANA zone. */
  readonly timeZone: string;
};

/**
 * `POST /api/v1/offers`: what to say to this customer about this cart; the operator's card gives the same. With `visit` what is answered was
 * shown, and each offer has its `showingId` for `POST /api/v1/offers/answers { showingId, answer, reason?, quantity? }`.
 */
export type OffersBody = Omit<OffersAnswer, "offers"> & {
  readonly offers: readonly (OffersAnswer["offers"][number] & Partial<ShownOffer>)[];
  /** Null: nobody we know. */
  readonly customerId: string | null;
  /** Lines that could not be found in the catalogue, by their places; they are left out. */
  readonly unknownLines: readonly number[];
};

/** `POST /api/v1/offers/explain`, the same question: what is offered, and why every other rule that is on is not. */
export type ExplainBody = OffersBody & { readonly givenUp: readonly GivenUp[] };

/** `GET /api/v1/standings`; `PUT` takes `{ settings, revision }`: 409 `standingsChanged`, 422 `standingsRefused` with `problems`. */
export type StandingsBody = {
  readonly settings: StandingSettings;
  readonly revision: number;
  /** Customers that are still judged by earlier settings; 0: everybody is judged. */
  readonly waiting: number;
  /** How many have which tier and segment by these settings; null while they are counted. */
  readonly tiers: readonly { readonly name: string; readonly customers: number }[];
  readonly segments: readonly { readonly name: string; readonly customers: number }[];
} & OfferRuleCheck;
