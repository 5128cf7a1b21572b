/** The console's HTTP requests about claims and about letters that wait for a person. None rejects. */
import type { Customer } from "../../../server/customers/model.ts";
import type { ClaimBody } from "../../../server/followups/claims/routes.ts";
import type { ClaimStep } from "../../../server/followups/claims/store.ts";
import type { ClaimKind, ClaimStatus } from "../../../server/followups/model.ts";
import type { Answered, Send } from "../request.ts";

export type { ClaimBody, ClaimStep };

const at = encodeURIComponent;
const PAGE = 50;

/** Which claims are looked at. */
export const CLAIM_VIEWS = ["open", "late", "closed", "all"] as const;
export type ClaimView = (typeof CLAIM_VIEWS)[number];

export type ClaimQuestion = {
  readonly view: ClaimView;
  /** "" for all of them. */
  readonly kind: ClaimKind | "";
  readonly status: ClaimStatus | "";
  /** Part of the number or the texts. */
  readonly text: string;
};

/** What a person says of a claim; what is left out stays. */
export type ClaimNews = {
  readonly status?: ClaimStatus;
  readonly answer?: string;
  readonly deadlineAt?: string | null;
  /** For its story alone. */
  readonly text?: string;
};

/** A letter that could not be matched. */
export type Letter = {
  readonly id: string;
  readonly from: string;
  readonly subject: string;
  readonly text: string;
  readonly links: readonly string[];
  readonly at: string;
  readonly because: string;
  readonly customerId: string | null;
};

export type LetterSettling = {
  readonly customerId?: string;
  readonly orderNumber?: string;
  readonly claimKind?: ClaimKind;
};

/** Somebody the search found. */
export type FoundCustomer = Pick<Customer, "id" | "name"> & {
  /** E.164. */
  readonly phones: readonly string[];
};

export class ClaimsApi {
  readonly #send: Send;

  constructor(send: Send) {
    this.#send = send;
  }

  page(
    { kind, status, text, view }: ClaimQuestion,
    after: string,
  ): Promise<Answered<{ claims: readonly ClaimBody[]; next: string }>> {
    const query = new URLSearchParams({ limit: String(PAGE), text: text.trim(), after });
    if (view === "late") query.set("late", "true");
    else query.set("state", view);
    if (kind !== "") query.set("kind", kind);
    if (status !== "") query.set("status", status);
    return this.#send("GET", `claims?${query.toString()}`);
  }
  one(
    number: string,
    source: string,
  ): Promise<Answered<{ claim: ClaimBody; steps: readonly ClaimStep[] }>> {
    return this.#send("GET", `claims/${at(number)}?source=${at(source)}`);
  }
  tell(
    number: string,
    source: string,
    news: ClaimNews,
  ): Promise<Answered<{ claim: ClaimBody; taken: boolean }>> {
    return this.#send("POST", `claims/${at(number)}/status?source=${at(source)}`, news);
  }

  letters(after: string): Promise<Answered<{ messages: readonly Letter[]; next: string }>> {
    const query = new URLSearchParams({ limit: String(PAGE), after: after || "0" });
    return this.#send("GET", `messages/unsettled?${query.toString()}`);
  }
  settle(id: string, settling: LetterSettling): Promise<Answered<{ claimNumber: string }>> {
    return this.#send("POST", `messages/${at(id)}/settle`, settling);
  }
  customers(search: string): Promise<Answered<{ customers: readonly FoundCustomer[] }>> {
    return this.#send("GET", `customers?q=${at(search)}&limit=10`);
  }
  customer(id: string): Promise<Answered<{ customer: FoundCustomer }>> {
    return this.#send("GET", `customers/${at(id)}`);
  }
}
