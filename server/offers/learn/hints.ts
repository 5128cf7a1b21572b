/**
 * What goes with a cart and what a customer runs out of, whatever the number of orders: what was learned for the cart's products is kept in
 * memory, the customer's own purchases and complaints are read, and the products are looked at from the best on.
 */
import type { CatalogueProduct } from "../facts.ts";
import type { HintSource, OfferQuestion } from "../model.ts";
import type { OffersReader } from "../reader.ts";
import { type Ranked, rankedCandidates } from "./candidates.ts";
import { type Candidate, hintOf } from "./model.ts";
import { NOTHING_BOUGHT, purchasesOf } from "./purchases.ts";

/** Products of a cart whose companions are looked for, the first ones; and hints that are given. */
const MOST = 100;
const DAY_MS = 86_400_000;
const ID = /^\d{1,18}$/;

/** Opens nothing by itself; lives as long as `reader`. Queries that fail are thrown. */
export function openHints(reader: OffersReader): HintSource {
  return {
    async hintsFor(question, limit, known) {
      const { customerId, lines, nowMs } = question;
      const cart = cartOf(lines);
      if ((cart.length === 0 && customerId === null) || limit <= 0) return [];
      const customer = known === undefined ? await customerOf(question, cart) : known;
      if (cart.length === 0 && customer === null) return [];
      const bought = customer === null ? NOTHING_BOUGHT : purchasesOf(customer.bought, nowMs);
      const [companions, products] = await Promise.all([
        reader.companions(cart.slice(0, MOST)),
        reader.products(cart),
      ]);
      const ranked = rankedCandidates({
        ...{ companions, bought, today: Math.floor(nowMs / DAY_MS) },
        unwanted: new Set([...cart, ...[...(customer?.unwanted ?? [])].map(Number)]),
        usualDays: (id) => reader.usualDays(customer?.boughtProducts.get(id)?.category ?? ""),
      });
      const found = await firstSold(ranked, Math.min(limit, MOST), question);
      return found.map(([one, product]) => hintOf(candidateOf(one, product, products)));
    },
  };

  async function customerOf({ customerId }: OfferQuestion, cart: readonly number[]) {
    const { customer } = await reader.read({
      customer: customerId === null ? { by: "nobody" } : { by: "id", id: customerId },
      ...{ products: cart.map((id) => ({ id: String(id) })), source: "" },
    });
    return customer;
  }

  /** The best ones that are in stock and have a price in the cart's currency. */
  async function firstSold(ranked: readonly Ranked[], limit: number, { currency }: OfferQuestion) {
    const found: (readonly [Ranked, CatalogueProduct])[] = [];
    for (let at = 0; at < ranked.length && found.length < limit; at += 2 * limit) {
      const part = ranked.slice(at, at + 2 * limit);
      const products = await reader.products(part.map(({ id }) => id));
      for (const one of part) {
        const product = products.get(one.id);
        if (product === undefined || (product.stock !== null && product.stock <= 0)) continue;
        const isPriced =
          product.currency === "" || currency === "" || product.currency === currency;
        if (isPriced && found.length < limit) found.push([one, product]);
      }
    }
    return found;
  }
}

/** Products of a cart, each once. */
function cartOf(lines: OfferQuestion["lines"]): readonly number[] {
  const cart = new Set<number>();
  for (const { productId } of lines) if (ID.test(productId)) cart.add(Number(productId));
  return [...cart];
}

function candidateOf(
  { goes, own }: Ranked,
  { id, sku, name, category, priceMinor, currency, stock }: CatalogueProduct,
  cart: ReadonlyMap<number, CatalogueProduct>,
): Candidate {
  const product = { id, sku, name, category, priceMinor, currency, stock };
  if (goes === null) return { product, because: null, likely: 0, own };
  const { together, of, unlikely } = goes;
  const because = { product: cart.get(goes.product)?.name ?? "", together, of };
  return { product, because, likely: 1 - unlikely, own };
}
