/** The person of an order, as the order itself tells: for sources that have no list of customers to load first. */
import { Type, type Static } from "typebox";
import { type LoadOptions, RecordError } from "../customers/loading.ts";
import { describePhone, readPhone } from "../customers/phone.ts";
import { email, filled, line, timeZone } from "../customers/record-fields.ts";
import type { OrderDelivery } from "./model.ts";

const text = (maxLength: number, description: string) =>
  Type.Optional(Type.String({ maxLength, description }));

/** Found by `sourceId`, else by `phone` when exactly one customer has it, else made. */
export const InlineCustomer = Type.Object(
  {
    sourceId: text(128, "The customer's id in `customerSource`"),
    name: text(200, "Name"),
    phone: text(200, "In any written form"),
    email: text(254, "E-mail address"),
    city: text(200, "City"),
    region: text(200, "Region"),
    timeZone: text(64, "IANA time zone"),
    language: text(35, "Language tag, `ru`"),
    consent: Type.Optional(
      Type.Boolean({ description: "May be called for an advertisement; left out: nobody asked" }),
    ),
  },
  { additionalProperties: false },
);
export type InlineCustomer = Static<typeof InlineCustomer>;

/** Where an order goes; replaces what was known as a whole. */
export const DeliveryRecord = Type.Object(
  {
    method: text(100, "The shop's own word, `courier`"),
    country: text(100, "Country"),
    postalCode: text(20, "Postal code"),
    region: text(200, "Region"),
    city: text(200, "City"),
    address: text(500, "Street, house, flat"),
    timeZone: text(64, "IANA time zone of the address"),
  },
  { additionalProperties: false },
);

/** The person of an order as clean values; null for what was not told. */
export type PersonRow = {
  /** E.164. */
  readonly phone: string | null;
  readonly name: string | null;
  readonly email: string | null;
  readonly city: string | null;
  readonly region: string | null;
  readonly timeZone: string | null;
  readonly language: string | null;
  readonly consent: boolean | null;
  /** The name of one who is made and told none. */
  readonly nameless: string;
};

/** Before the phone in the source id of a customer who was made of an order that told no id. */
export const GUEST = "phone:";

/**
 * @param own the customer's id at the source, null when it was not told.
 * @param orderPhone of whom to call about the order, E.164; stands in for the customer's own when that is all that is told.
 * @throws RecordError naming the field.
 */
export function readPerson(
  record: InlineCustomer,
  own: string | null,
  orderPhone: string | null,
  options: LoadOptions,
): PersonRow {
  const optional = (
    field: keyof InlineCustomer & ("name" | "email" | "city" | "region" | "timeZone" | "language"),
    rule: (field: string, text: string) => string,
  ): string | null => {
    const clean = rule(`customer.${field}`, record[field] ?? "");
    return clean === "" ? null : clean;
  };
  // Who is to be called about an order need not be who ordered; only when nothing else is told it is the same person.
  const phone =
    phoneOrNone("customer.phone", record.phone, options) ?? (own === null ? orderPhone : null);
  if (phone === null && own === null)
    throw new RecordError("customer.phone", "is missing: give phone or sourceId");
  return {
    phone,
    name: optional("name", line),
    email: optional("email", email),
    city: optional("city", line),
    region: optional("region", line),
    timeZone: optional("timeZone", timeZone),
    language: optional("language", line),
    consent: record.consent ?? null,
    nameless: phone === null ? own! : describePhone(phone).display,
  };
}

/** E.164; null for none. @throws RecordError for a text that is no phone. */
export function phoneOrNone(
  field: string,
  written: string | undefined,
  options: LoadOptions,
): string | null {
  if (written === undefined || written.trim() === "") return null;
  const read = readPhone(written, options.defaultRegion);
  if (read === null)
    throw new RecordError(field, `"${written.trim().slice(0, 50)}" is not a phone number`);
  return read.e164;
}

/** @throws RecordError naming the field. */
export function readDelivery(record: Static<typeof DeliveryRecord>): OrderDelivery {
  const clean: Record<string, string> = {};
  for (const [field, written] of Object.entries(record)) {
    const rule = field === "timeZone" ? timeZone : line;
    const value = rule(`delivery.${field}`, written);
    if (value !== "") clean[field] = value;
  }
  return clean;
}

/** An id at the source; null when it was not told. */
export function idOrNone(field: string, id: string | undefined): string | null {
  return id === undefined || id.trim() === "" ? null : filled(field, id);
}
