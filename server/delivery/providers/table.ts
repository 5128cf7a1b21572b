/** Delivery reckoned from a table of zones and weights: an estimate that is always there. Pure. */
import type { Parcel, Place, Quote, QuoteQuestion } from "../model.ts";
import { RefusedByCarrier } from "../refused.ts";
import type { TableSettings } from "../settings.ts";

type Service = TableSettings["services"][number];
type Zone = Service["zones"][number];

/** An estimate stands until the table is changed; a day is said, so that nobody waits longer with it. */
const STANDS_MS = 86_400_000;
const VOLUME_DIVISOR = 5000;

/**
 * One quote for each service that goes there and takes such parcels.
 * @throws RefusedByCarrier when none does: `notServed`, or `tooLarge` when it is for weight or size alone.
 */
export function quoteByTable(
  name: string,
  settings: TableSettings,
  question: QuoteQuestion,
  nowMs: number,
): readonly Quote[] {
  const divisor = settings.volumeDivisor ?? VOLUME_DIVISOR;
  let tooLarge = false;
  const quotes = settings.services.flatMap((service, index): Quote[] => {
    const zone = service.zones.find(({ where }) => isWithin(question.to, where));
    if (zone === undefined || question.currency !== settings.currency) return [];
    const prices = question.parcels.map((parcel) => parcelPrice(parcel, service, zone, divisor));
    if (prices.includes(null)) {
      tooLarge = true;
      return [];
    }
    const share = (percent = 0) => Math.round((question.declaredMinor * percent) / 100);
    return [
      {
        ...{ id: `${name}:${index}`, provider: name, service: service.name, mode: service.mode },
        priceMinor:
          prices.reduce<number>((sum, price) => sum + price!, 0) +
          share(service.insurancePercent) +
          (question.cashOnDelivery ? share(service.cashPercent) : 0),
        ...{ currency: settings.currency, days: [zone.days[0]!, zone.days[1]!] },
        ...{ pointRequired: false, told: "estimate", validUntilMs: nowMs + STANDS_MS },
      },
    ];
  });
  if (quotes.length > 0) return quotes;
  throw new RefusedByCarrier(tooLarge ? "tooLarge" : "notServed", "");
}

/** Null: it does not take such a parcel. The weight that counts is the real one or the volume's, whichever is more. */
function parcelPrice(
  { grams, size }: Parcel,
  service: Service,
  zone: Zone,
  divisor: number,
): number | null {
  if (service.maxGrams !== undefined && grams > service.maxGrams) return null;
  if (service.maxMm !== undefined && size !== null && Math.max(...size) > service.maxMm)
    return null;
  // Cubic millimetres to cubic centimetres, those to kilograms, those to grams.
  const volumeGrams = size === null ? 0 : ((size[0] * size[1] * size[2]) / 1000 / divisor) * 1000;
  const counted = Math.max(grams, volumeGrams);
  const band = zone.bands.find(({ upToGrams }) => counted <= upToGrams);
  if (band !== undefined) return band.priceMinor;
  if (zone.perKgMinor === undefined) return null;
  const last = zone.bands.at(-1)!;
  return last.priceMinor + Math.ceil((counted - last.upToGrams) / 1000) * zone.perKgMinor;
}

function isWithin(to: Place, where: Zone["where"]): boolean {
  const { countries = [], postalPrefixes = [], regions = [], cities = [] } = where;
  if (countries.length > 0 && !countries.includes(to.country)) return false;
  if (postalPrefixes.length + regions.length + cities.length === 0) return true;
  const postal = to.postalCode.toUpperCase().replaceAll(" ", "");
  return (
    postalPrefixes.some(
      (prefix) => postal !== "" && postal.startsWith(prefix.replaceAll(" ", "")),
    ) ||
    regions.some((region) => plain(region) !== "" && plain(to.region).includes(plain(region))) ||
    cities.some((city) => plain(city) !== "" && plain(to.city) === plain(city))
  );
}

function plain(text: string): string {
  return text
    .toLowerCase()
    .replaceAll("ё", "е")
    .replace(/^(г|город|м|місто|city)[. ]+/u, "")
    .trim();
}
