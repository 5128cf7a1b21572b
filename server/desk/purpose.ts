/** A call that we make for a reason: whom it is for and which orders it is about, seen from its card. */
import type { CustomerDirectory, Identification } from "../customers/model.ts";
import type { OrderSummary } from "../orders/model.ts";

/** Why a call is made. */
export type Purpose = {
  /** Whom it is for; null when only the number is known. */
  readonly customerId: string | null;
  readonly orderIds: readonly string[];
};

/**
 * Who it is when we know whom we call: that customer, also where the number is several people's, somebody else's, or nobody's yet. What
 * was found stays when the directory does not know the customer. @throws what the directory throws.
 */
export async function whomItIsFor(
  found: Identification,
  customerId: string | null,
  directory: Pick<CustomerDirectory, "customer">,
): Promise<Identification> {
  if (customerId === null || !("phone" in found)) return found;
  if (found.outcome === "one" && found.customer.id === customerId) return found;
  const customer =
    found.outcome === "several"
      ? found.candidates.find((one) => one.customer.id === customerId)?.customer
      : undefined;
  const whom = customer ?? (await directory.customer(customerId));
  if (whom === null) return found;
  return { outcome: "one", phone: found.phone, customer: whom, verified: true };
}

/** The orders a card shows: those it is about first, then the newest others. */
export function inView(
  orders: readonly OrderSummary[],
  about: readonly string[],
  others: number,
): readonly OrderSummary[] {
  const isMeant = ({ id }: OrderSummary) => about.includes(id);
  return [...orders.filter(isMeant), ...orders.filter((order) => !isMeant(order)).slice(0, others)];
}
