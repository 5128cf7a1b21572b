/** The console's HTTP requests about offers. None rejects. */
import type { Customer } from "../../../server/customers/model.ts";
import type { OfferedProduct } from "../../../server/offers/model.ts";
import type {
  ExplainBody,
  OfferRuleBody,
  OfferRuleCheck,
  OfferRuleVersion,
  OfferVocabularyBody,
  StandingsBody,
} from "../../../server/offers/rest.ts";
import type { OfferRuleSettings } from "../../../server/offers/rules.ts";
import type { StandingSettings } from "../../../server/offers/standings/settings.ts";
import type { Answered, Send } from "../request.ts";

const at = encodeURIComponent;
const FOUND = 12;

/** What is asked of the try-out. */
export type TryQuestion = {
  readonly customer?: { readonly id: string };
  readonly lines: readonly { readonly id: string; readonly quantity: number }[];
  readonly channel: "operator" | "site" | "app";
};

export class OffersApi {
  readonly #send: Send;

  constructor(send: Send) {
    this.#send = send;
  }

  rules(): Promise<Answered<{ rules: readonly OfferRuleBody[] }>> {
    return this.#send("GET", "offers/rules");
  }
  rule(id: string): Promise<Answered<OfferRuleBody>> {
    return this.#send("GET", `offers/rules/${at(id)}`);
  }
  vocabulary(): Promise<Answered<OfferVocabularyBody>> {
    return this.#send("GET", "offers/rules/vocabulary");
  }
  /** @param id Which rule it is to be, null for a new one. */
  check(settings: OfferRuleSettings, id: string | null): Promise<Answered<OfferRuleCheck>> {
    return this.#send("POST", "offers/rules/check", { settings, ...(id === null ? {} : { id }) });
  }
  add(settings: OfferRuleSettings): Promise<Answered<OfferRuleBody>> {
    return this.#send("POST", "offers/rules", { settings });
  }
  change(
    id: string,
    settings: OfferRuleSettings,
    revision: number,
  ): Promise<Answered<OfferRuleBody>> {
    return this.#send("PUT", `offers/rules/${at(id)}`, { settings, revision });
  }
  versions(id: string): Promise<Answered<{ versions: readonly OfferRuleVersion[] }>> {
    return this.#send("GET", `offers/rules/${at(id)}/versions`);
  }
  turn(id: string, state: "on" | "off"): Promise<Answered<OfferRuleBody>> {
    return this.#send("POST", `offers/rules/${at(id)}/${state}`);
  }
  products(search: string): Promise<Answered<{ products: readonly OfferedProduct[] }>> {
    return this.#send("GET", `offers/products?search=${at(search)}&limit=${FOUND}`);
  }
  customers(search: string): Promise<Answered<{ customers: readonly FoundCustomer[] }>> {
    return this.#send("GET", `customers?q=${at(search)}&limit=${FOUND}`);
  }
  explain(question: TryQuestion): Promise<Answered<ExplainBody>> {
    return this.#send("POST", "offers/explain", question);
  }
  standings(): Promise<Answered<StandingsBody>> {
    return this.#send("GET", "standings");
  }
  checkStandings(settings: StandingSettings): Promise<Answered<OfferRuleCheck>> {
    return this.#send("POST", "standings/check", { settings });
  }
  changeStandings(settings: StandingSettings, revision: number): Promise<Answered<StandingsBody>> {
    return this.#send("PUT", "standings", { settings, revision });
  }
}

/** Somebody the search found, as far as the try-out shows them. */
export type FoundCustomer = Pick<Customer, "id" | "name"> & {
  /** E.164. */
  readonly phones: readonly string[];
};
