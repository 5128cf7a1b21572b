/** What a card is worked on with: the order being talked about, claims, the open call back, and what is known of somebody. */
import type { CustomerBackground } from "../customers/timeline-model.ts";
import type { OrderDetail } from "../orders/actions/model.ts";
import type { OrderSummary } from "../orders/model.ts";
import type { DeskWork } from "./ports.ts";
import type { CardWork } from "./work-protocol.ts";

/** How many claims a card lists; open ones come first. */
const MOST_CLAIMS = 20;

/** Nothing of it is here yet: the screen keeps its place. */
export const NO_WORK: CardWork = { order: null, background: null, claims: [], callBack: null };

/** Whose work is asked for. */
export type WorkQuestion = {
  readonly customerId: string;
  /** E.164 of the call, null when it has none. */
  readonly phone: string | null;
  /** Orders a campaign's call is about. */
  readonly about: readonly string[];
};

/** What came of asking every part; `whole` is false when a part failed. */
export type FoundWork = { readonly work: CardWork; readonly whole: boolean };

/** Asks every part; one that fails leaves its place empty. Never rejects. */
export type WorkSource = (question: WorkQuestion) => Promise<FoundWork>;

/**
 * The source over these parts.
 * @param newest the customer's newest orders, newest first: which of them is talked about is told by {@link talkedAbout}.
 */
export function workSource(
  work: DeskWork,
  newest: (customerId: string) => Promise<readonly Pick<OrderSummary, "id" | "stage">[]>,
): WorkSource {
  return async ({ customerId, phone, about }) => {
    const order = async (): Promise<OrderDetail | null> => {
      const id = about[0] ?? talkedAbout(await newest(customerId), []);
      return id === null ? null : work.orders.order(id);
    };
    const [detail, background, claims, callBack] = await Promise.allSettled([
      order(),
      work.background(customerId),
      work.claims.ofCustomer(customerId, MOST_CLAIMS),
      phone === null ? null : work.callBacks.ofPhone(phone),
    ]);
    const found = {
      order: valueOf(detail, null),
      background: valueOf<CustomerBackground | null>(background, null),
      claims: valueOf(claims, []),
      callBack: valueOf(callBack, null),
    };
    const parts = [detail, background, claims, callBack];
    return { work: found, whole: parts.every(({ status }) => status === "fulfilled") };
  };
}

/**
 * Which order a call is about, by its id: the campaign's, else the newest that is not settled, else the newest; null of no orders.
 * @param orders newest first.
 */
export function talkedAbout(
  orders: readonly Pick<OrderSummary, "id" | "stage">[],
  about: readonly string[],
): string | null {
  const meant = orders.find(({ id }) => about.includes(id));
  const open = orders.find(({ stage }) => !isSettled(stage));
  return (meant ?? open ?? orders[0])?.id ?? null;
}

function isSettled(stage: OrderSummary["stage"]): boolean {
  return (
    stage === "completed" || stage === "cancelled" || stage === "returned" || stage === "other"
  );
}

function valueOf<T>(part: PromiseSettledResult<T>, otherwise: T): T {
  return part.status === "fulfilled" ? part.value : otherwise;
}
