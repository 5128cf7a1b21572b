/** A claim and a left cart as a source hands them over: what is not settled with a customer yet. */
import { Type, type Static } from "typebox";
import { Compile } from "typebox/compile";
import type { LoadOptions } from "../customers/loading.ts";
import {
  currency,
  filled,
  line,
  moment,
  momentOrNone,
  schemaRefusal,
  sourceOf,
} from "../customers/record-fields.ts";
import { withoutNulls } from "../customers/record.ts";
import { Minor, Sum, sumOf } from "./record.ts";

const text = (maxLength: number, description: string) =>
  Type.Optional(Type.String({ maxLength, description }));
const id = (description: string) => Type.String({ minLength: 1, maxLength: 128, description });

const ownerFields = {
  source: text(64, "System it comes from; the key is (source, sourceId)"),
  sourceId: id("Id in that system"),
  customerSource: text(64, "Source of the customer when it is another one"),
  customerSourceId: id("The customer's id there"),
};

/** Fields that are left out keep what they had; an empty `closedAt` opens it again. */
export const ClaimRecord = Type.Object(
  {
    ...ownerFields,
    subject: text(500, "What it is about"),
    openedAt: Type.String({ maxLength: 64, description: "Date and time; UTC without an offset" }),
    closedAt: text(64, "Date and time; empty while it is open"),
  },
  { additionalProperties: false },
);
export type ClaimRecord = Static<typeof ClaimRecord>;

/** Fields that are left out keep what they had; an empty `orderedAt` is a cart without an order. */
export const CartRecord = Type.Object(
  {
    ...ownerFields,
    totalMinor: Type.Optional(Minor("Sum in minor units; or give `total`")),
    total: Type.Optional(Sum("Sum, `1234.50`")),
    currency: Type.String({ maxLength: 10, description: "ISO 4217" }),
    leftAt: Type.String({ maxLength: 64, description: "Date and time of the last change" }),
    orderedAt: text(64, "Date and time; empty while there is no order"),
  },
  { additionalProperties: false },
);
export type CartRecord = Static<typeof CartRecord>;

type Owned = {
  readonly source: string;
  readonly sourceId: string;
  readonly customerSource: string;
  readonly customerSourceId: string;
};

/** A claim that may go into the database; null for what was left out, times in ISO. */
export type ClaimRow = Owned & {
  readonly subject: string | null;
  readonly openedAt: string;
  readonly closedAt: string | null;
};

/** A cart that may go into the database; null for what was left out, times in ISO. */
export type CartRow = Owned & {
  readonly totalMinor: number;
  readonly currency: string;
  readonly leftAt: string;
  readonly orderedAt: string | null;
};

const claimShape = Compile(ClaimRecord);
const cartShape = Compile(CartRecord);

/** @throws RecordError naming the field. */
export function readClaim(value: unknown, options: LoadOptions): ClaimRow {
  const record = withoutNulls(value);
  if (!claimShape.Check(record)) throw schemaRefusal(claimShape.Errors(record));
  return {
    ...ownedOf(record, options),
    subject: record.subject === undefined ? null : line("subject", record.subject),
    openedAt: moment("openedAt", record.openedAt),
    closedAt: record.closedAt === undefined ? null : momentOrNone("closedAt", record.closedAt),
  };
}

/** @throws RecordError naming the field. */
export function readCart(value: unknown, options: LoadOptions): CartRow {
  const record = withoutNulls(value);
  if (!cartShape.Check(record)) throw schemaRefusal(cartShape.Errors(record));
  const currencyCode = currency("currency", record.currency);
  return {
    ...ownedOf(record, options),
    totalMinor: sumOf("total", record.totalMinor, record.total, currencyCode),
    currency: currencyCode,
    leftAt: moment("leftAt", record.leftAt),
    orderedAt: record.orderedAt === undefined ? null : momentOrNone("orderedAt", record.orderedAt),
  };
}

function ownedOf(record: Pick<ClaimRecord, keyof typeof ownerFields>, options: LoadOptions): Owned {
  const source = sourceOf(record.source, options.source);
  return {
    source,
    sourceId: filled("sourceId", record.sourceId),
    customerSource: line("customerSource", record.customerSource ?? source),
    customerSourceId: filled("customerSourceId", record.customerSourceId),
  };
}
