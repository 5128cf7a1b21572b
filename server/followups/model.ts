/** The words of what remains to be done after a call: claims, call backs, letters, ratings. */

/** What a claim is about. */
export const CLAIM_KINDS = [
  "damaged",
  "wrongItem",
  "missingItem",
  "defect",
  "notDelivered",
  "late",
  "payment",
  "service",
  "other",
] as const;
export type ClaimKind = (typeof CLAIM_KINDS)[number];

/** What the customer wants. */
export const CLAIM_WISHES = ["refund", "replace", "repair", "send", "explain", "discount"] as const;
export type ClaimWish = (typeof CLAIM_WISHES)[number];

export const CLAIM_STATUSES = [
  "open",
  "inWork",
  "waitingForCustomer",
  "solved",
  "rejected",
] as const;
export type ClaimStatus = (typeof CLAIM_STATUSES)[number];

export type Claim = {
  readonly id: string;
  /** Given to the customer, `C-000123`; the source's own of a claim that came from outside. */
  readonly number: string;
  readonly source: string;
  readonly customerId: string;
  readonly orderId: string | null;
  readonly orderNumber: string;
  /** From 0; null: all of it. */
  readonly line: number | null;
  readonly lineName: string;
  readonly kind: ClaimKind | "";
  readonly wish: ClaimWish | "";
  readonly subject: string;
  readonly text: string;
  /** Links, http and https. */
  readonly photos: readonly string[];
  readonly status: ClaimStatus;
  readonly openedAt: string;
  readonly deadlineAt: string | null;
  readonly closedAt: string | null;
  /** What came back from accounting or production. */
  readonly answer: string;
  readonly madeByName: string;
  readonly late: boolean;
};

/** A claim as the card files it. */
export type NewClaim = {
  /** Made by the screen: filing twice with it files once. */
  readonly id: string;
  readonly customerId: string;
  readonly orderId: string | null;
  readonly line: number | null;
  readonly kind: ClaimKind;
  readonly wish: ClaimWish;
  readonly text: string;
  readonly photos: readonly string[];
};

export interface Claims {
  /** Written, numbered and on its way to accounting and production in one transaction. @throws Refusal `invalid`, `notFound`. */
  file(claim: NewClaim, by: { readonly userId: string; readonly callId: string }): Promise<Claim>;
  /** Open ones first, then newest first. */
  ofCustomer(customerId: string, limit: number): Promise<readonly Claim[]>;
  onChange(listener: (claim: Claim) => void): () => void;
}

export type CallBackEntry = {
  readonly id: string;
  /** E.164. */
  readonly phone: string;
  readonly customerId: string | null;
  readonly name: string;
  /** Promised on a call, missed by us, lost while waiting, asked for by the site. */
  readonly origin: "promised" | "missed" | "lost" | "asked";
  readonly queue: string;
  readonly reason: string;
  readonly dueAt: string;
  readonly timeZone: string;
  /** Null: by anybody. */
  readonly userId: string | null;
  readonly userName: string;
  readonly state: "open" | "taken" | "done" | "closed";
  readonly takenByName: string;
  readonly tries: number;
  readonly late: boolean;
  readonly escalated: boolean;
  /** A campaign dials it by itself. */
  readonly byCampaign: boolean;
  /** Nobody saw how the call ended that it came from: they may have been answered. */
  readonly unseen?: boolean;
  readonly madeAt: string;
};

/** Why a call back cannot be promised so. */
export type PromiseRefusal = {
  readonly reason: "past" | "tooFar" | "noSuchTime" | "noSuchZone" | "doNotCall" | "noNumber";
  /** A time that can be promised: the next at which the shop calls, or the last one that is near enough; ISO, null for none. */
  readonly possibleAt: string | null;
};

/** A call back as the card promises it. */
export type NewCallBack = {
  readonly phone: string;
  readonly customerId: string | null;
  readonly name: string;
  /** On the person's own clock, `2026-11-23T15:00`, in this IANA zone. */
  readonly at: string;
  readonly timeZone: string;
  readonly toMe: boolean;
  readonly reason: string;
};

export interface CallBacks {
  /**
   * One for each person: another promise to the same phone moves the open one. @throws Refusal `invalid` (in the past, no such zone,
   * on the do-not-call list).
   */
  promise(
    callBack: NewCallBack,
    by: { readonly userId: string; readonly callId: string },
  ): Promise<CallBackEntry>;
  /** Due or late first: the operator's own and those of anybody in their queues. */
  forOperator(userId: string, queues: readonly string[]): Promise<readonly CallBackEntry[]>;
  /** The open or taken one of this E.164 number; null for none. */
  ofPhone(phone: string): Promise<CallBackEntry | null>;
  /** Nobody else sees it as free then. @throws Refusal `gone`. */
  take(id: string, userId: string): Promise<CallBackEntry>;
  /** Given back, done by hand, or not needed any more. @throws Refusal `gone`, `forbidden`. */
  settle(
    id: string,
    userId: string,
    how: "giveBack" | "done" | "notNeeded",
  ): Promise<CallBackEntry>;
  /** Told when the list of somebody may be another. */
  onChange(listener: (entry: CallBackEntry) => void): () => void;
}
