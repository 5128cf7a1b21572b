/** The parcel that some goods make. Pure. */
import type { Parcel } from "./model.ts";

/** What the catalogue says of one product; null: it does not tell. */
export type Goods = {
  readonly quantity: number;
  readonly grams: number | null;
  readonly size: readonly [number, number, number] | null;
};

/**
 * Weights add up. The box is as long and as wide as the longest and the widest of them and as high as their volume makes it; without the
 * size of one of them the box is not known. @returns null when a weight is missing and there is no default.
 */
export function parcelOf(goods: readonly Goods[], defaultGrams: number | null): Parcel | null {
  let grams = 0;
  let volume = 0;
  let [length, width, height] = [0, 0, 0];
  let known = goods.length > 0;
  for (const each of goods) {
    const weight = each.grams ?? defaultGrams;
    if (weight === null) return null;
    grams += weight * each.quantity;
    if (each.size === null) {
      known = false;
      continue;
    }
    const [a, b, c] = each.size.toSorted((x, y) => y - x) as [number, number, number];
    length = Math.max(length, a);
    width = Math.max(width, b);
    height = Math.max(height, c);
    volume += a * b * c * each.quantity;
  }
  if (!known) return { grams: Math.ceil(grams), size: null };
  const stacked = Math.ceil(volume / Math.max(1, length * width));
  return { grams: Math.ceil(grams), size: [length, width, Math.max(height, stacked)] };
}
