/** The lines of an order while an operator changes them, before the shop is asked. Pure. */
import type {
  FoundProduct,
  OrderDetail,
  OrderDetailLine,
  WantedLine,
} from "../../server/orders/actions/model.ts";

/** A line as it is to be; quantity 0 takes it out. */
export type EditedLine = WantedLine & {
  /** Null for a line that the order does not have yet. */
  readonly was: number | null;
  readonly stock: number | null;
};

/** The lines as they are. */
export function linesOf(order: Pick<OrderDetail, "lines">): readonly EditedLine[] {
  return order.lines.map((line: OrderDetailLine) => ({
    sourceProductId: line.sourceProductId,
    name: line.name,
    quantity: line.quantity,
    priceMinor: line.priceMinor,
    showingId: "",
    was: line.quantity,
    stock: line.stock,
  }));
}

/** True when the shop has something to do. */
export function isChanged(lines: readonly EditedLine[]): boolean {
  return lines.some(({ quantity, was }) => quantity !== (was ?? 0));
}

/** With this quantity at a place; a new line that is taken out is gone. */
export function withQuantity(
  lines: readonly EditedLine[],
  index: number,
  quantity: number,
): readonly EditedLine[] {
  const wanted = Math.max(0, Number.isFinite(quantity) ? quantity : 0);
  return lines.flatMap((line, at) => {
    if (at !== index) return [line];
    return wanted === 0 && line.was === null ? [] : [{ ...line, quantity: wanted }];
  });
}

/** With so many more of a product; a line that has it already grows, unless its price is another. */
export function withProduct(
  lines: readonly EditedLine[],
  product: Pick<FoundProduct, "sourceProductId" | "name" | "priceMinor" | "stock">,
  quantity: number,
  showingId = "",
): readonly EditedLine[] {
  const { sourceProductId, name, priceMinor, stock } = product;
  const at = lines.findIndex(
    (line) => line.sourceProductId === sourceProductId && line.priceMinor === priceMinor,
  );
  const known = lines[at];
  if (known === undefined || sourceProductId === "")
    return [...lines, { sourceProductId, name, quantity, priceMinor, showingId, was: null, stock }];
  const grown = {
    ...known,
    quantity: known.quantity + quantity,
    showingId: showingId || known.showingId,
  };
  return lines.with(at, grown);
}

/** What the lines cost, minor units. */
export function sumOf(
  lines: readonly { readonly priceMinor: number; readonly quantity: number }[],
): number {
  return lines.reduce(
    (sum, { priceMinor, quantity }) => sum + Math.round(priceMinor * quantity),
    0,
  );
}

/** What the order will cost: what is not lines (delivery, discounts) stays as it was. */
export function totalAfter(
  order: Pick<OrderDetail, "lines" | "totalMinor">,
  lines: readonly EditedLine[],
): number {
  return order.totalMinor - sumOf(order.lines) + sumOf(lines);
}

/** What the shop is asked for. */
export function wantedOf(lines: readonly EditedLine[]): readonly WantedLine[] {
  return lines.map(({ sourceProductId, name, quantity, priceMinor, showingId }) => ({
    ...{ sourceProductId, name, quantity, priceMinor, showingId },
  }));
}
