/** Which of the learned hints may be said at all. Pure. */
import { isNamed, isSameCurrency } from "./conditions.ts";
import type { OfferFacts } from "./facts.ts";
import type { Hint } from "./model.ts";

/** Whatever the source of hints promises, this is kept here. */
export function isOpen({ product, quantity }: Hint, { question, customer }: OfferFacts): boolean {
  return (
    isSameCurrency(product.currency, question.currency) &&
    (product.stock === null || product.stock >= quantity) &&
    !question.lines.some(({ productId }) => productId === product.id) &&
    customer?.unwanted.has(product.id) !== true
  );
}

/** Hinted products that a rule's personal price holds for. */
export function hintedFor(
  named: Parameters<typeof isNamed>[1],
  facts: OfferFacts,
): readonly Hint[] {
  return facts.hints.filter(
    (hint) =>
      isOpen(hint, facts) &&
      isNamed(hint.product, named) &&
      !named.products.includes(hint.product.id),
  );
}
