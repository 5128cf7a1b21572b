/** What a card is worked on with: the order being talked about, claims, the open call back, and what is known of somebody. */
import type { CustomerBackground } from "../customers/timeline-model.ts";
import type { DeskWork } from "./ports.ts";
import type { CardWork } from "./work-protocol.ts";

/** How many claims a card lists; open ones come first. */
const MOST_CLAIMS = 20;
/** The order that is talked about is looked for among so many. */
const NEWEST_ORDERS = 100;

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

/** The source over these parts. */
export function workSource(work: DeskWork): WorkSource {
  return async ({ customerId, phone, about }) => {
    const [id] = about;
    const [detail, background, claims, callBack] = await Promise.allSettled([
      id === undefined ? work.orders.talkedAbout(customerId, NEWEST_ORDERS) : work.orders.order(id),
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

function valueOf<T>(part: PromiseSettledResult<T>, otherwise: T): T {
  return part.status === "fulfilled" ? part.value : otherwise;
}
