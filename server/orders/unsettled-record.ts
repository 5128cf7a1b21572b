/** A claim and a left cart as a source hands them over: what is not settled with a customer yet. */
import { Type, type Static } from "typebox";
import { Compile } from "typebox/compile";
import { type LoadOptions, RecordError } from "../customers/loading.ts";
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
import { CLAIM_KINDS, CLAIM_STATUSES, CLAIM_WISHES, type ClaimStatus } from "../followups/model.ts";
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

const oneOf = <T extends string>(values: readonly T[], description: string) =>
  Type.Union(
    values.map((value) => Type.Literal(value)),
    { description },
  );

/** Fields that are left out keep what they had; an empty `closedAt` opens it again. */
export const ClaimRecord = Type.Object(
  {
    ...ownerFields,
    subject: text(500, "What it is about"),
    openedAt: Type.String({ maxLength: 64, description: "Date and time; UTC without an offset" }),
    closedAt: text(64, "Date and time; empty while it is open"),
    number: text(128, "As the customer knows it; the `sourceId` when left out at first"),
    kind: Type.Optional(oneOf(CLAIM_KINDS, "What it is about")),
    wish: Type.Optional(oneOf(CLAIM_WISHES, "What the customer wants")),
    text: text(8000, "In the customer's words"),
    orderSource: text(64, "Source of the order when it is another one"),
    orderSourceId: text(128, "The order's id there; empty: none"),
    status: Type.Optional(oneOf(CLAIM_STATUSES, "`solved` and `rejected` close it")),
    deadlineAt: text(64, "Date and time; empty: none"),
    answer: text(4000, "What the customer is to be told"),
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
  readonly number: string | null;
  readonly kind: string | null;
  readonly wish: string | null;
  readonly text: string | null;
  readonly orderSource: string;
  /** "": of no order. */
  readonly orderSourceId: string | null;
  readonly status: ClaimStatus | null;
  readonly deadlineAt: string | null;
  readonly answer: string | null;
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
  const owned = ownedOf(record, options);
  const clean = (field: "subject" | "number" | "orderSourceId") =>
    record[field] === undefined ? null : line(field, record[field]);
  const time = (field: "closedAt" | "deadlineAt") =>
    record[field] === undefined ? null : momentOrNone(field, record[field]);
  const closedAt = time("closedAt");
  const status = record.status ?? null;
  const isClosing = status === "solved" || status === "rejected";
  if (status !== null && closedAt !== null && isClosing !== (closedAt !== ""))
    throw new RecordError("closedAt", `does not fit the status ${record.status ?? ""}`);
  return {
    ...{ ...owned, subject: clean("subject"), openedAt: moment("openedAt", record.openedAt) },
    ...{ closedAt, number: clean("number") || null, kind: record.kind ?? null },
    ...{ wish: record.wish ?? null, text: words("text", record.text) },
    orderSource: line("orderSource", record.orderSource ?? owned.source),
    orderSourceId: clean("orderSourceId"),
    ...{ status, deadlineAt: time("deadlineAt"), answer: words("answer", record.answer) },
  };
}

/** Several lines of text. @throws RecordError */
function words(field: string, text: string | undefined): string | null {
  if (text?.includes("\0")) throw new RecordError(field, "holds a NUL character");
  return text?.toWellFormed().trim() ?? null;
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
