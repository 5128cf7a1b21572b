/** The console's HTTP requests about carriers. None rejects. */
import type { DeliveryHome, ProviderRow } from "../../../server/delivery/delivery.ts";
import type { Place, QuoteAnswer } from "../../../server/delivery/model.ts";
import type { ProviderSettings } from "../../../server/delivery/settings.ts";
import type { Answered, Send } from "../request.ts";

const at = encodeURIComponent;

/** A parcel somewhere, to see what carriers say of it. */
export type Trial = {
  readonly to: Place;
  readonly parcels: readonly {
    readonly grams: number;
    readonly sizeMm?: readonly [number, number, number];
  }[];
  readonly declaredMinor: number;
  readonly cashOnDelivery: boolean;
  readonly currency: string;
};

export class DeliveryApi {
  readonly #send: Send;

  constructor(send: Send) {
    this.#send = send;
  }

  home(): Promise<Answered<DeliveryHome>> {
    return this.#send("GET", "delivery/home");
  }
  saveHome(home: DeliveryHome): Promise<Answered<DeliveryHome>> {
    return this.#send("PUT", "delivery/home", home);
  }
  carriers(): Promise<Answered<{ providers: readonly ProviderRow[] }>> {
    return this.#send("GET", "delivery/providers");
  }
  save(
    name: string,
    carrier: { readonly enabled: boolean; readonly settings: ProviderSettings },
  ): Promise<Answered<ProviderRow>> {
    return this.#send("PUT", `delivery/providers/${at(name)}`, carrier);
  }
  remove(name: string): Promise<Answered<object>> {
    return this.#send("DELETE", `delivery/providers/${at(name)}`);
  }
  quotes(trial: Trial): Promise<Answered<QuoteAnswer>> {
    return this.#send("POST", "delivery/quotes", trial);
  }
}
