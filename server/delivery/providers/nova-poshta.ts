/**
 * Nova Poshta by its interface of version 2 (developers.novaposhta.ua): one address for everything, cities by their references, an error
 * in an answer of status 200.
 */
import type { DeliveryProvider, PickUpPoint, Place, Quote, QuoteQuestion } from "../model.ts";
import { RefusedByCarrier } from "../refused.ts";
import type { NovaPoshtaSettings } from "../settings.ts";
import { CarrierFault, askJson, field, list, number, text } from "./ask-json.ts";

const URL_OF_NOVA_POSHTA = "https://api.novaposhta.ua/v2.0/json/";
const STANDS_MS = 60 * 60_000;
const DAY_MS = 86_400_000;
/** Cities do not move: their references are kept, this many. */
const KEPT_CITIES = 5000;

const SERVICES = [
  { type: "WarehouseWarehouse", mode: "pickup", name: "Відділення" },
  { type: "WarehouseDoors", mode: "door", name: "Кур’єр" },
] as const;

/** Nova Poshta of one sender. */
export function novaPoshta(
  name: string,
  settings: NovaPoshtaSettings,
  now: () => number = Date.now,
): DeliveryProvider {
  const cities = new Map<string, string>();
  return {
    name,
    async quote(question, signal) {
      if (question.currency !== "UAH") throw new RefusedByCarrier("notServed", question.currency);
      const [from, to] = await Promise.all([
        cityRef(question.from, signal),
        cityRef(question.to, signal),
      ]);
      const asked = await Promise.allSettled(
        SERVICES.map((service) => quoteOf(service, question, from, to, signal)),
      );
      const quotes = asked.flatMap((each) => (each.status === "fulfilled" ? [each.value] : []));
      if (quotes.length > 0) return quotes;
      throw (asked[0] as PromiseRejectedResult).reason;
    },
    async points(to, signal) {
      const ref = await cityRef(to, signal);
      const points = await ask("Address", "getWarehouses", { CityRef: ref, Limit: "500" }, signal);
      return points.flatMap((point): PickUpPoint[] => {
        const id = text(field(point, "Ref"));
        if (id === "") return [];
        return [
          {
            ...{ id, provider: name, name: text(field(point, "Description")) },
            address: text(field(point, "ShortAddress")),
            city: text(field(point, "CityDescription")),
            hours: text(field(field(point, "Schedule"), "Monday")),
            cashAllowed: number(field(point, "PostFinance")) === 1,
          },
        ];
      });
    },
  };

  async function quoteOf(
    service: (typeof SERVICES)[number],
    question: QuoteQuestion,
    from: string,
    to: string,
    signal: AbortSignal,
  ): Promise<Quote> {
    const hryvnias = (question.declaredMinor / 100).toFixed(0);
    const way = { CitySender: from, CityRecipient: to, ServiceType: service.type };
    const kilograms = question.parcels.reduce((sum, { grams }) => sum + grams, 0) / 1000;
    const sizes = question.parcels.every(({ size }) => size !== null);
    const [[price], arrival] = await Promise.all([
      ask(
        "InternetDocument",
        "getDocumentPrice",
        {
          ...way,
          ...{ Weight: String(Math.max(0.1, kilograms)), Cost: hryvnias, CargoType: "Cargo" },
          SeatsAmount: String(question.parcels.length),
          ...(sizes ? { OptionsSeat: question.parcels.map(seatOf) } : {}),
          ...(question.cashOnDelivery
            ? { RedeliveryCalculate: { CargoType: "Money", Amount: hryvnias } }
            : {}),
        },
        signal,
      ),
      // Without a date the price is still worth telling.
      ask("InternetDocument", "getDocumentDeliveryDate", way, signal).catch(() => []),
    ]);
    const cost = number(field(price, "Cost"));
    if (cost === null) throw new CarrierFault("told no price");
    const sum = cost + (number(field(price, "CostRedelivery")) ?? 0);
    return {
      ...{ id: `${name}:${service.type}`, provider: name },
      ...{ service: service.name, mode: service.mode },
      ...{ priceMinor: Math.round(sum * 100), currency: "UAH", days: daysUntil(arrival[0]) },
      pointRequired: service.mode === "pickup",
      ...{ told: "live", validUntilMs: now() + STANDS_MS },
    };
  }

  /** `{ DeliveryDate: { date: "2026-11-24 00:00:00.000000" } }`, in Kyiv. */
  function daysUntil(arrival: unknown): Quote["days"] {
    const told = text(field(field(arrival, "DeliveryDate"), "date")).slice(0, 10);
    const at = Date.parse(`${told}T00:00:00Z`);
    if (Number.isNaN(at)) return null;
    const today = Date.parse(
      `${new Date(now()).toLocaleDateString("sv", { timeZone: "Europe/Kyiv" })}T00:00:00Z`,
    );
    const days = Math.max(0, Math.round((at - today) / DAY_MS));
    return [days, days];
  }

  async function cityRef({ city, region }: Place, signal: AbortSignal): Promise<string> {
    if (city === "") throw new RefusedByCarrier("notServed", "");
    const key = `${city}\n${region}`.toLowerCase();
    const known = cities.get(key);
    if (known !== undefined) return known;
    const found = await ask("Address", "getCities", { FindByString: city, Limit: "50" }, signal);
    const named = found.filter((each) =>
      ["Description", "DescriptionRu"].some(
        (name) => text(field(each, name)).toLowerCase() === city.toLowerCase(),
      ),
    );
    const inRegion = named.filter((each) => {
      const area = text(field(each, "AreaDescription")).toLowerCase();
      return region !== "" && area !== "" && region.toLowerCase().includes(area);
    });
    // Of several towns of one name the region tells; a wrong town would be a wrong price.
    const chosen = inRegion.length === 1 ? inRegion[0] : named.length === 1 ? named[0] : undefined;
    const ref = text(field(chosen, "Ref"));
    if (ref === "") throw new RefusedByCarrier("notServed", city);
    if (cities.size >= KEPT_CITIES) cities.clear();
    cities.set(key, ref);
    return ref;
  }

  async function ask(
    modelName: string,
    calledMethod: string,
    methodProperties: object,
    signal: AbortSignal,
  ): Promise<readonly unknown[]> {
    const { body } = await askJson(
      settings.url ?? URL_OF_NOVA_POSHTA,
      {
        method: "POST",
        body: { apiKey: settings.apiKey ?? "", modelName, calledMethod, methodProperties },
      },
      signal,
    );
    if (field(body, "success") === true) return list(field(body, "data"));
    const said = list(field(body, "errors"))
      .map((each) => text(each))
      .join("; ");
    if (said === "") throw new CarrierFault("answered nothing that can be read");
    if (/api.?key/i.test(said)) throw new CarrierFault("the key was not accepted");
    throw new RefusedByCarrier("refused", said);
  }
}

/** Kilograms and centimetres. */
function seatOf({ grams, size }: QuoteQuestion["parcels"][number]): object {
  const [length, width, height] = (size ?? [0, 0, 0]).map((mm) => String(Math.ceil(mm / 10)));
  return {
    weight: String(Math.max(0.1, grams / 1000)),
    ...{ volumetricLength: length, volumetricWidth: width, volumetricHeight: height },
  };
}
