/** What the HTTP interface shows of customers, phones and look-ups. */
import { Type } from "@fastify/type-provider-typebox";

export const PhoneBody = Type.Object(
  {
    e164: Type.String(),
    display: Type.String({ description: "As people of that country write it" }),
    country: Type.String({ description: 'ISO 3166, "" when the number does not tell' }),
    timeZones: Type.Array(Type.String(), { description: "Every IANA zone that is possible" }),
  },
  { title: "Phone" },
);

const customerFields = {
  id: Type.String(),
  name: Type.String(),
  email: Type.String(),
  tier: Type.String(),
  tierSince: Type.String({ description: 'Date, "" when unknown' }),
  vip: Type.Boolean(),
  language: Type.String(),
  city: Type.String(),
  region: Type.String(),
  timeZone: Type.String(),
  externalUrl: Type.String(),
  personalManager: Type.String(),
  customerSince: Type.String({ description: 'Date, "" when unknown' }),
};

export const CustomerBody = Type.Object(customerFields, { title: "Customer" });

export const CustomerWithPhonesBody = Type.Object(
  { ...customerFields, phones: Type.Array(Type.String()) },
  { title: "CustomerWithPhones" },
);

const outcome = <T extends string>(name: T) => Type.Literal(name);

export const IdentificationBody = Type.Union(
  [
    Type.Object({
      outcome: outcome("one"),
      phone: PhoneBody,
      customer: CustomerBody,
      verified: Type.Boolean({ description: "False when only an operator said so" }),
    }),
    Type.Object({
      outcome: outcome("several"),
      phone: PhoneBody,
      candidates: Type.Array(
        Type.Object({
          customer: CustomerBody,
          reason: Type.Union([
            Type.Literal("chosenBefore"),
            Type.Literal("verifiedPhone"),
            Type.Literal("openOrder"),
            Type.Literal("lastOrder"),
            Type.Literal("other"),
          ]),
          lastOrderAt: Type.String(),
        }),
      ),
    }),
    Type.Object({ outcome: outcome("none"), phone: PhoneBody }),
    Type.Object({ outcome: outcome("withheld") }),
    Type.Object({ outcome: outcome("unreadable"), raw: Type.String() }),
    Type.Object({ outcome: outcome("internal"), extension: Type.String() }),
    Type.Object({ outcome: outcome("failed"), raw: Type.String(), reason: Type.String() }),
  ],
  { title: "Identification" },
);
