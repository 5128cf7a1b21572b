/** The words of the customer directory: who a customer is, and what a look-up by number can say. */

/** A phone number as the shop may use it. */
export type PhoneNumber = {
  /** `+79130000001`. */
  readonly e164: string;
  /** As a person of that country writes it, for the screen: `+7 913 000-00-01`. */
  readonly display: string;
  /** ISO 3166 alpha-2, "" when the plan does not tell. */
  readonly country: string;
  /** IANA zones that are possible for it; more than one when the number does not tell (Russian mobiles). */
  readonly timeZones: readonly string[];
};

/** What a caller id can be before anybody is looked up. */
export type CallerNumber =
  | { readonly kind: "external"; readonly phone: PhoneNumber }
  /** An extension of the PBX. */
  | { readonly kind: "internal"; readonly extension: string }
  /** Anonymous, empty, `<unknown>`. */
  | { readonly kind: "withheld" }
  /** Something that is no phone number anywhere; kept as it came. */
  | { readonly kind: "unreadable"; readonly raw: string };

/** A customer as the card shows one. */
export type Customer = {
  readonly id: string;
  readonly name: string;
  readonly email: string;
  /** Loyalty tier as the shop names it (`gold`), "" for none. */
  readonly tier: string;
  /** ISO date, "" when unknown. */
  readonly tierSince: string;
  readonly vip: boolean;
  readonly language: string;
  readonly city: string;
  readonly region: string;
  /** IANA zone from the customer's own setting or address, "" when unknown. */
  readonly timeZone: string;
  /** Link to the customer's page in the CRM, "" for none. Only http and https. */
  readonly externalUrl: string;
  /** Login of the personal manager, "" for none. */
  readonly personalManager: string;
  readonly customerSince: string;
};

/** One of several customers who share a phone, with the reason for its rank. */
export type Candidate = {
  readonly customer: Customer;
  readonly reason: "chosenBefore" | "verifiedPhone" | "openOrder" | "lastOrder" | "other";
  /** ISO date-time of the last order, "" for none. */
  readonly lastOrderAt: string;
};

/** The answer to "who is calling?"; `fromMemory`: it could not be asked for, this is the last one of a short time ago. */
export type Identification =
  | {
      readonly outcome: "one";
      readonly phone: PhoneNumber;
      readonly customer: Customer;
      readonly verified: boolean;
      readonly fromMemory?: true;
    }
  | {
      readonly outcome: "several";
      readonly phone: PhoneNumber;
      readonly candidates: readonly Candidate[];
      readonly fromMemory?: true;
    }
  | { readonly outcome: "none"; readonly phone: PhoneNumber; readonly fromMemory?: true }
  | { readonly outcome: "withheld" }
  | { readonly outcome: "unreadable"; readonly raw: string }
  | { readonly outcome: "internal"; readonly extension: string }
  /** The directory could not answer in time; the card says so. */
  | { readonly outcome: "failed"; readonly raw: string; readonly reason: string };

/** What other parts ask of the directory; `server/customers/directory.ts` answers from PostgreSQL. */
export interface CustomerDirectory {
  /** Never throws: a database that fails or is late gives outcome `failed`. */
  identify(number: string): Promise<Identification>;
  /** One customer, or null. */
  customer(id: string): Promise<Customer | null>;
  /** Up to `limit` customers whose name, phone, e-mail or order number fits the text. */
  search(
    text: string,
    limit: number,
  ): Promise<readonly (Customer & { readonly phones: readonly string[] })[]>;
  /** Remembers, as unverified, that this phone is this customer's when several or none fitted. */
  choose(phone: string, customerId: string, byUserId: string): Promise<void>;
  /** A new customer with this phone. */
  create(
    input: {
      readonly name: string;
      readonly phone: string;
      readonly email?: string;
      readonly city?: string;
    },
    byUserId: string,
  ): Promise<Customer>;
  /** Adds a phone to an existing customer, unverified. */
  attach(phone: string, customerId: string, byUserId: string): Promise<void>;
}
