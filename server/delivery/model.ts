/** The words of delivery: what it costs to bring a parcel to an address, by whom and how long. Grams, millimetres, minor units. */

export type DeliveryMode = "door" | "pickup" | "locker" | "post";

/** Where from or where to; what is not known is "". */
export type Place = {
  /** ISO 3166 alpha-2. */
  readonly country: string;
  readonly postalCode: string;
  readonly region: string;
  readonly city: string;
  readonly address: string;
};

export type Parcel = {
  readonly grams: number;
  /** Length, width, height in mm; null when not known. */
  readonly size: readonly [number, number, number] | null;
};

export type QuoteQuestion = {
  readonly from: Place;
  readonly to: Place;
  readonly parcels: readonly Parcel[];
  /** What the goods are worth, minor units. */
  readonly declaredMinor: number;
  /** Paid on delivery. */
  readonly cashOnDelivery: boolean;
  /** ISO 4217. */
  readonly currency: string;
};

/** One way to get it there. */
export type Quote = {
  /** `cdek:136`: the same way has the same id. */
  readonly id: string;
  /** Name of the provider's row. */
  readonly provider: string;
  readonly service: string;
  readonly mode: DeliveryMode;
  readonly priceMinor: number;
  readonly currency: string;
  /** At least and at most, in days; null: not told. */
  readonly days: readonly [number, number] | null;
  readonly pointRequired: boolean;
  /** Asked just now, asked a while ago, or reckoned from the embedded table: an estimate. */
  readonly told: "live" | "kept" | "estimate";
  /** Epoch ms; until then the price stands. */
  readonly validUntilMs: number;
};

/** Where a parcel can be fetched. */
export type PickUpPoint = {
  readonly id: string;
  readonly provider: string;
  readonly name: string;
  readonly address: string;
  readonly city: string;
  readonly hours: string;
  readonly cashAllowed: boolean;
};

/** What came of asking everybody. */
export type QuoteAnswer = {
  /** Cheapest first, of the same price the faster one. */
  readonly quotes: readonly Quote[];
  /** Providers who could not say, and why in codes and their own words. */
  readonly silent: readonly {
    readonly provider: string;
    readonly why: "late" | "down" | "refused" | "resting" | "notServed" | "tooLarge";
    readonly said: string;
  }[];
  /** Null, or what has to be known before anybody can say. */
  readonly missing: "weight" | "place" | null;
};

/** One carrier, whatever its interface is. */
export interface DeliveryProvider {
  readonly name: string;
  /** An aborted signal ends it; throws on failure, and the caller tells why. */
  quote(question: QuoteQuestion, signal: AbortSignal): Promise<readonly Quote[]>;
  points(to: Place, signal: AbortSignal): Promise<readonly PickUpPoint[]>;
}

/** All carriers of the shop. */
export interface Delivery {
  /** Never throws for a carrier's fault; answers within the deadline (2 s by default). */
  quotesFor(question: QuoteQuestion): Promise<QuoteAnswer>;
  pointsFor(provider: string, to: Place): Promise<readonly PickUpPoint[]>;
  /** The parcel of these lines out of the catalogue; null when a weight is missing and no default is set. */
  parcelOf(
    lines: readonly { readonly productId: string; readonly quantity: number }[],
  ): Promise<Parcel | null>;
  /** Where the shop sends from. */
  readonly from: () => Place;
}
