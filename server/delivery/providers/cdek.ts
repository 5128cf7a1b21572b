/**
 * CDEK by its interface of version 2 (api-docs.cdek.ru): a token for an hour, all tariffs for a parcel at once, the points of a city.
 * The price is the delivery's; what CDEK takes for collecting money is by the shop's contract and not in it.
 */
import type { DeliveryMode, DeliveryProvider, PickUpPoint, Place, Quote } from "../model.ts";
import { RefusedByCarrier } from "../refused.ts";
import type { CdekSettings } from "../settings.ts";
import { type Answer, CarrierFault, askJson, field, list, number, text } from "./ask-json.ts";

const URL_OF_CDEK = "https://api.cdek.ru";
/** A price that was told stands for so long. */
const STANDS_MS = 15 * 60_000;
/** A token is asked anew so long before it ends. */
const TOKEN_SPARE_MS = 60_000;

/** CDEK's numbers of currencies, appendix 1 of its documentation. */
const CURRENCIES: Readonly<Record<string, number>> = {
  ...{ RUB: 1, KZT: 2, USD: 3, EUR: 4, GBP: 5, CNY: 6, BYN: 7, UAH: 8, KGS: 9, AMD: 10 },
};
/** Where a tariff brings a parcel, by `delivery_mode`: odd ways from the door, even ones from a warehouse. */
const MODES: Readonly<Record<number, DeliveryMode>> = {
  ...{ 1: "door", 2: "pickup", 3: "door", 4: "pickup", 6: "locker", 7: "locker" },
};

/** CDEK of one account. */
export function cdek(
  name: string,
  settings: CdekSettings,
  now: () => number = Date.now,
): DeliveryProvider {
  const base = settings.url ?? URL_OF_CDEK;
  let token: { readonly text: string; readonly endsAtMs: number } | null = null;

  return {
    name,
    async quote(question, signal) {
      const currency = CURRENCIES[question.currency];
      if (currency === undefined) throw new RefusedByCarrier("notServed", question.currency);
      const answer = await ask("POST", "/v2/calculator/tarifflist", signal, {
        type: 1,
        currency,
        from_location: location(question.from),
        to_location: location(question.to),
        packages: question.parcels.map(({ grams, size }) => ({
          weight: Math.max(1, Math.round(grams)),
          ...(size === null ? {} : centimetres(size)),
        })),
      });
      const quotes = list(field(answer.body, "tariff_codes")).flatMap((tariff) =>
        quoteOf(tariff, question.currency),
      );
      if (quotes.length === 0) throw refusalOf(answer);
      return quotes;
    },
    async points(to, signal) {
      const code = await cityCode(to, signal);
      const answer = await ask("GET", `/v2/deliverypoints?city_code=${code}`, signal);
      return list(answer.body).flatMap((point): PickUpPoint[] => {
        const id = text(field(point, "code"));
        if (id === "") return [];
        const at = field(point, "location");
        return [
          {
            ...{ id, provider: name, name: text(field(point, "name")) },
            address: text(field(at, "address")) || text(field(at, "address_full")),
            ...{ city: text(field(at, "city")), hours: text(field(point, "work_time")) },
            cashAllowed: field(point, "have_cash") === true,
          },
        ];
      });
    },
  };

  function quoteOf(tariff: unknown, currency: string): Quote[] {
    const code = number(field(tariff, "tariff_code"));
    const sum = number(field(tariff, "delivery_sum"));
    const mode = MODES[number(field(tariff, "delivery_mode")) ?? 0];
    if (code === null || sum === null || sum < 0 || mode === undefined) return [];
    if (settings.tariffs !== undefined && !settings.tariffs.includes(code)) return [];
    const least = number(field(tariff, "period_min"));
    const most = number(field(tariff, "period_max"));
    return [
      {
        ...{ id: `${name}:${code}`, provider: name, mode },
        service: text(field(tariff, "tariff_name")) || String(code),
        ...{ priceMinor: Math.round(sum * 100), currency },
        days: least === null || most === null ? null : [least, most],
        pointRequired: mode !== "door",
        ...{ told: "live", validUntilMs: now() + STANDS_MS },
      },
    ];
  }

  async function cityCode(to: Place, signal: AbortSignal): Promise<number> {
    const query = new URLSearchParams({ city: to.city, size: "1" });
    if (to.country !== "") query.set("country_codes", to.country);
    if (to.postalCode !== "") query.set("postal_code", to.postalCode);
    const answer = await ask("GET", `/v2/location/cities?${query}`, signal);
    const code = number(field(list(answer.body)[0], "code"));
    if (code === null) throw new RefusedByCarrier("notServed", to.city);
    return code;
  }

  /** A token that was taken back before its time is asked anew, once. */
  async function ask(
    method: "GET" | "POST",
    path: string,
    signal: AbortSignal,
    body?: object,
  ): Promise<Answer> {
    for (const last of [false, true]) {
      const authorization = `Bearer ${await tokenText(signal)}`;
      const answer = await askJson(
        base + path,
        { method, headers: { authorization }, ...(body === undefined ? {} : { body }) },
        signal,
      );
      if (answer.status !== 401 || last) {
        if (answer.status >= 400) throw refusalOf(answer);
        return answer;
      }
      token = null;
    }
    throw new CarrierFault("unreachable");
  }

  async function tokenText(signal: AbortSignal): Promise<string> {
    if (token !== null && token.endsAtMs > now() + TOKEN_SPARE_MS) return token.text;
    const form = new URLSearchParams({
      ...{ grant_type: "client_credentials", client_id: settings.account },
      client_secret: settings.password ?? "",
    });
    const { status, body } = await askJson(
      `${base}/v2/oauth/token`,
      { method: "POST", body: form },
      signal,
    );
    const given = text(field(body, "access_token"), 5000);
    if (status >= 400 || given === "")
      throw new CarrierFault(`the account was not accepted (${status})`);
    token = {
      text: given,
      endsAtMs: now() + (number(field(body, "expires_in")) ?? 60) * 1000,
    };
    return given;
  }
}

function location({ country, postalCode, city, address }: Place): object {
  return {
    ...(country === "" ? {} : { country_code: country }),
    ...(postalCode === "" ? {} : { postal_code: postalCode }),
    ...(city === "" ? {} : { city }),
    ...(address === "" ? {} : { address }),
  };
}

function centimetres([length, width, height]: readonly [number, number, number]): object {
  const up = (mm: number) => Math.max(1, Math.ceil(mm / 10));
  return { length: up(length), width: up(width), height: up(height) };
}

/** Its errors: `{ errors: [{ code, message }] }`. */
function refusalOf({ body }: Answer): RefusedByCarrier {
  const first = list(field(body, "errors"))[0];
  const said = text(field(first, "message")) || text(field(first, "code"));
  return new RefusedByCarrier(said === "" ? "notServed" : "refused", said);
}
