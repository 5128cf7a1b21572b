/**
 * Russian Post by its interface for senders (otpravka.pochta.ru/specification): one question for each kind of parcel, prices in kopecks
 * with the tax beside them. A parcel waits at the post office of the recipient's index; there are no points to choose from.
 */
import type { DeliveryProvider, Parcel, Quote, QuoteQuestion } from "../model.ts";
import { RefusedByCarrier } from "../refused.ts";
import type { RussianPostSettings } from "../settings.ts";
import { CarrierFault, askJson, field, list, number, text } from "./ask-json.ts";

const URL_OF_POST = "https://otpravka-api.pochta.ru";
const STANDS_MS = 60 * 60_000;
const INDEX = /^\d{6}$/;

/** Kinds of parcels by the Post's own names. */
const NAMES: Readonly<Record<string, string>> = {
  POSTAL_PARCEL: "Посылка",
  ONLINE_PARCEL: "Посылка онлайн",
  ONLINE_COURIER: "Курьер онлайн",
  EMS: "EMS",
  PARCEL_CLASS_1: "Посылка 1 класса",
  BUSINESS_COURIER: "Бизнес-курьер",
};
const TO_THE_DOOR = new Set(["EMS", "ONLINE_COURIER", "BUSINESS_COURIER"]);

/** Russian Post of one sender. */
export function russianPost(
  name: string,
  settings: RussianPostSettings,
  now: () => number = Date.now,
): DeliveryProvider {
  const base = settings.url ?? URL_OF_POST;
  return {
    name,
    async quote(question, signal) {
      if (question.currency !== "RUB") throw new RefusedByCarrier("notServed", question.currency);
      const { from, to } = question;
      if (!INDEX.test(from.postalCode) || !INDEX.test(to.postalCode))
        throw new RefusedByCarrier("notServed", "index");
      const types = settings.mailTypes ?? ["POSTAL_PARCEL"];
      const asked = await Promise.allSettled(types.map((type) => quoteOf(type, question, signal)));
      const quotes = asked.flatMap((each) => (each.status === "fulfilled" ? [each.value] : []));
      if (quotes.length > 0) return quotes;
      throw (asked.find(({ status }) => status === "rejected") as PromiseRejectedResult).reason;
    },
    async points() {
      return [];
    },
  };

  async function quoteOf(
    type: string,
    question: QuoteQuestion,
    signal: AbortSignal,
  ): Promise<Quote> {
    let kopecks = 0;
    let days: Quote["days"] = null;
    for (const parcel of question.parcels) {
      const { body, status } = await askJson(
        `${base}/1.0/tariff`,
        {
          method: "POST",
          headers: {
            authorization: `AccessToken ${settings.token ?? ""}`,
            "x-user-authorization": `Basic ${settings.key ?? ""}`,
          },
          body: questionOf(type, question, parcel),
        },
        signal,
      );
      if (status === 401 || status === 403)
        throw new CarrierFault(`the account was not accepted (${status})`);
      const rate = number(field(body, "total-rate"));
      if (status >= 400 || rate === null) throw refusalOf(body);
      kopecks += rate + (number(field(body, "total-vat")) ?? 0);
      const time = field(body, "delivery-time");
      const most = number(field(time, "max-days"));
      if (most !== null) days = [number(field(time, "min-days")) ?? most, most];
    }
    return {
      ...{ id: `${name}:${type}`, provider: name, service: NAMES[type] ?? type },
      mode: TO_THE_DOOR.has(type) ? "door" : "post",
      ...{ priceMinor: kopecks, currency: "RUB", days, pointRequired: false },
      ...{ told: "live", validUntilMs: now() + STANDS_MS },
    };
  }
}

function questionOf(type: string, question: QuoteQuestion, { grams, size }: Parcel): object {
  const { from, to, declaredMinor, cashOnDelivery } = question;
  const each = Math.round(declaredMinor / question.parcels.length);
  const category = cashOnDelivery
    ? "WITH_DECLARED_VALUE_AND_CASH_ON_DELIVERY"
    : each > 0
      ? "WITH_DECLARED_VALUE"
      : "ORDINARY";
  return {
    "index-from": from.postalCode,
    "index-to": to.postalCode,
    "mail-type": type,
    "mail-category": category,
    mass: Math.max(1, Math.round(grams)),
    ...(category === "ORDINARY" ? {} : { "declared-value": each }),
    ...(size === null
      ? {}
      : {
          dimension: {
            length: Math.ceil(size[0] / 10),
            width: Math.ceil(size[1] / 10),
            height: Math.ceil(size[2] / 10),
          },
        }),
    fragile: false,
  };
}

/** Its errors: `{ code, desc }`, or `{ errors: [{ code, description }] }`. */
function refusalOf(body: unknown): RefusedByCarrier {
  const first = list(field(body, "errors"))[0] ?? body;
  const said =
    text(field(first, "description")) ||
    text(field(first, "desc")) ||
    text(field(first, "sub-code")) ||
    text(field(first, "code"));
  return new RefusedByCarrier("refused", said);
}
