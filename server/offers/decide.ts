/**
 * What is offered to a customer about a cart, and why the rest is not. Pure: the same facts give the same offers, whoever asks.
 *
 * Rules are asked by their stated priority; each sees what those before it gave, so that a product is offered once, of a group one rule
 * gives, and the floors of all hold together. What was learned comes after the rules.
 */
import { obstaclesOf, openRules } from "./conditions.ts";
import type { OfferFacts } from "./facts.ts";
import { type Given, type Table, give } from "./gives.ts";
import type { GivenUp } from "./given-up.ts";
import { isOpen } from "./hinted.ts";
import { openLedger } from "./ledger.ts";
import type { Hint, Offer, OffersAnswer } from "./model.ts";
import { type Pooled, couldServe } from "./needs.ts";
import type { OfferRule } from "./rules.ts";

/** An answer, and every rule that gives nothing to it. */
export type Decided = { readonly answer: OffersAnswer; readonly givenUp: readonly GivenUp[] };

/** Decides. `facts.rules` are on and in the order of their priority. */
export function decideOffers(facts: OfferFacts): Decided {
  const { customer, rules } = facts;
  const answer = {
    bonusMinor: customer?.bonusMinor ?? null,
    tier: customer?.tier ?? "",
    segments: customer?.segments ?? [],
  };
  if (customer?.openClaim === true) {
    const givenUp = rules.map((rule) => givenUpOf(rule, { because: "openClaim" }));
    return { answer: { offers: [], silentBecause: "openClaim", ...answer }, givenUp };
  }

  const givenUp: GivenUp[] = [];
  const groups = new Map<string, string>();
  let table: Table = { ledger: openLedger(facts), takenBy: new Map() };
  const offers: Offer[] = [];
  const obstacles = obstaclesOf(facts);
  for (let place = 0; place < rules.length; place++) {
    const rule = rules[place]!;
    const obstacle = obstacles[place] ?? null;
    if (obstacle !== null) {
      givenUp.push(givenUpOf(rule, obstacle));
      continue;
    }
    const { group } = rule.settings;
    const other = group === "" ? undefined : groups.get(group);
    if (other !== undefined) {
      givenUp.push(givenUpOf(rule, { because: "group", other }));
      continue;
    }
    const given: Given = give(rule, facts, table);
    if ("because" in given) {
      givenUp.push(givenUpOf(rule, given));
      continue;
    }
    if (group !== "") groups.set(group, rule.id);
    table = given.table;
    offers.push(...given.offers);
  }
  const hinted = facts.hints.filter((hint) => isOpen(hint, facts));
  const withReasons = offers.map((offer) => withHint(offer, hinted));
  const learned = hinted
    .filter(({ product }) => !table.takenBy.has(product.id))
    .map((hint) => offerOf(hint, facts));
  return {
    answer: { offers: bestFirst([...withReasons, ...learned]), silentBecause: null, ...answer },
    givenUp,
  };
}

/**
 * Products whose price and stock a decision about these facts needs, beside the cart's: `facts.products` may have the cart's alone.
 * `pools`: those that rules of kind `needed` look through, by rule.
 */
export function candidatesOf(
  facts: OfferFacts,
  poolOf: (rule: OfferRule) => readonly Pooled[],
): { readonly ids: readonly string[]; readonly pools: ReadonlyMap<string, readonly string[]> } {
  const ids = new Set<string>();
  const pools = new Map<string, readonly string[]>();
  if (facts.customer?.openClaim === true) return { ids: [], pools };
  const cart = facts.question.lines.flatMap(({ productId }) => facts.products.get(productId) ?? []);
  for (const rule of openRules(facts)) {
    const { give: gift } = rule.settings;
    if (gift.kind === "needed") {
      const pool = couldServe(poolOf(rule), gift, cart, MOST_IN_POOL);
      if (pool.length > 0) pools.set(rule.id, pool);
    } else if ("products" in gift) for (const id of gift.products) ids.add(id);
  }
  for (const { productId } of facts.question.lines) ids.delete(productId);
  return { ids: [...ids], pools };
}

/** Of one size and make there are not more; who lists more gets the first. */
const MOST_IN_POOL = 50;

function offerOf({ kind, product, quantity, reasons, confidence }: Hint, facts: OfferFacts): Offer {
  return {
    key: `${kind}:${product.id}`,
    kind,
    ruleId: null,
    product,
    quantity,
    priceMinor: product.priceMinor,
    amountMinor: Math.round(product.priceMinor * quantity),
    currency: facts.question.currency,
    reasons,
    saying: "",
    confidence,
  };
}

/** What was learned speaks for a rule's product too. */
function withHint(offer: Offer, hints: readonly Hint[]): Offer {
  const hint = hints.find(({ product }) => product.id === offer.product?.id);
  if (hint === undefined || offer.kind === "gift") return offer;
  const confidence = Math.max(offer.confidence, hint.confidence);
  return { ...offer, reasons: [...offer.reasons, ...hint.reasons], confidence };
}

/** What the cart does not work without, then what rules give in their order, then what was learned, the likeliest first. */
function bestFirst(offers: readonly Offer[]): readonly Offer[] {
  const rank = ({ kind, ruleId }: Offer) => (kind === "needed" ? 0 : ruleId !== null ? 1 : 2);
  return offers.toSorted(
    (a, b) => rank(a) - rank(b) || (rank(a) === 2 ? b.confidence - a.confidence : 0),
  );
}

function givenUpOf(
  rule: OfferRule,
  why: Pick<GivenUp, "because"> & Partial<Pick<GivenUp, "condition" | "other">>,
): GivenUp {
  const { because, condition = null, other = "" } = why;
  return { ruleId: rule.id, rule: rule.settings.name, because, condition, other };
}
