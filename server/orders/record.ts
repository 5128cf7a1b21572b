/** An order and a product as a source hands them over. */
import { Type, type Static } from "typebox";
import { Compile } from "typebox/compile";
import { type LoadOptions, RecordError } from "../customers/loading.ts";
import {
  currency,
  filled,
  line,
  minorUnits,
  moment,
  momentOrNone,
  schemaRefusal,
  sourceOf,
} from "../customers/record-fields.ts";
import { withoutNulls } from "../customers/record.ts";
import {
  DeliveryRecord,
  GUEST,
  InlineCustomer,
  type PersonRow,
  idOrNone,
  phoneOrNone,
  readDelivery,
  readPerson,
} from "./inline-customer.ts";
import type { ProductAttributes } from "../storage/schema.ts";
import { type OrderDelivery, type OrderPayment, type OrderStage, PAYMENT_STATES } from "./model.ts";

const text = (maxLength: number, description: string) =>
  Type.Optional(Type.String({ maxLength, description }));

/** In the order of an order's life. */
export const ORDER_STAGES = [
  "new",
  "confirmed",
  "paid",
  "assembling",
  "shipped",
  "delivered",
  "completed",
  "cancelled",
  "returned",
  "other",
] as const satisfies readonly OrderStage[];

/** Largest sum in minor units; far above any order, far below where numbers stop being exact. */
const MOST_MINOR = 1e14;
/** A sum in minor units. */
export const Minor = (description: string) =>
  Type.Integer({ minimum: -MOST_MINOR, maximum: MOST_MINOR, description });
/** A sum in whole units. */
export const Sum = (description: string) =>
  Type.Union([Type.Number(), Type.String({ maxLength: 40 })], { description });

const OrderLine = Type.Object(
  {
    name: Type.String({ minLength: 1, maxLength: 500 }),
    quantity: Type.Number({ minimum: 0, maximum: 1_000_000 }),
    priceMinor: Type.Optional(Minor("Price of one in minor units; or give `price`")),
    price: Type.Optional(Sum("Price of one, `99.90`")),
    productId: text(128, "The product's sourceId"),
  },
  { additionalProperties: false },
);

/** How it is paid; replaces what was known as a whole. */
const PaymentRecord = Type.Object(
  {
    method: text(100, "The shop's own word, `card`"),
    state: Type.Optional(Type.Union(PAYMENT_STATES.map((state) => Type.Literal(state)))),
    paidMinor: Type.Optional(Minor("Paid so far, in minor units; or give `paid`")),
    paid: Type.Optional(Sum("Paid so far, `1234.50`")),
    paidAt: text(64, "When it was paid last; UTC without an offset"),
  },
  { additionalProperties: false },
);

/**
 * The whole order each time; `status`, `promisedAt`, `lines`, `version`, `phone`, `delivery`, `payment`, `comment` and whose it is keep what they
 * had when they are left out.
 */
export const OrderRecord = Type.Object(
  {
    source: text(64, "System it comes from; the key is (source, sourceId)"),
    sourceId: Type.String({ minLength: 1, maxLength: 128, description: "Id in that system" }),
    customerSource: text(64, "Source of the customer when it is another than the order's"),
    customerSourceId: text(128, "The customer's id there, of one who was loaded before"),
    customer: Type.Optional(InlineCustomer),
    phone: text(200, "Of the person to call about it, when it is not the customer's own"),
    version: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: Number.MAX_SAFE_INTEGER,
        description:
          "The source's own, going up with each change (a count, or the time of the change); an older one than known is ignored",
      }),
    ),
    number: Type.String({ minLength: 1, maxLength: 64, description: "As the customer knows it" }),
    stage: Type.Optional(Type.Union(ORDER_STAGES.map((stage) => Type.Literal(stage)))),
    status: text(100, "The shop's own word"),
    totalMinor: Type.Optional(Minor("Sum in minor units; or give `total`")),
    total: Type.Optional(Sum("Sum, `1234.50`")),
    currency: Type.String({ maxLength: 10, description: "ISO 4217" }),
    placedAt: Type.String({ maxLength: 64, description: "Date and time; UTC without an offset" }),
    promisedAt: text(64, "When the customer was told it would be there"),
    lines: Type.Optional(Type.Array(OrderLine, { maxItems: 500 })),
    delivery: Type.Optional(DeliveryRecord),
    payment: Type.Optional(PaymentRecord),
    comment: text(2000, "What the customer wrote"),
  },
  { additionalProperties: false },
);
export type OrderRecord = Static<typeof OrderRecord>;

const SideMm = Type.Integer({ minimum: 0, maximum: 100_000 });

/** What the shop sells; fields that are left out keep what they had. */
export const ProductRecord = Type.Object(
  {
    source: text(64, "System it comes from; the key is (source, sourceId)"),
    sourceId: Type.String({ minLength: 1, maxLength: 128, description: "Id in that system" }),
    sku: text(128, "Article number"),
    name: Type.String({ minLength: 1, maxLength: 500 }),
    category: text(200, "Category"),
    priceMinor: Type.Optional(Minor("Price in minor units; or give `price`")),
    price: Type.Optional(Sum("Price, `99.90`")),
    currency: Type.String({ maxLength: 10, description: "ISO 4217" }),
    stock: Type.Optional(Type.Integer({ minimum: -2_000_000_000, maximum: 2_000_000_000 })),
    costMinor: Type.Optional(Minor("What the shop pays for one, in minor units; or give `cost`")),
    cost: Type.Optional(Sum("What the shop pays for one, `59.90`")),
    weightG: Type.Optional(
      Type.Integer({ minimum: 0, maximum: 100_000_000, description: "Of one, packed, in grams" }),
    ),
    size: Type.Optional(
      Type.Object(
        { lengthMm: SideMm, widthMm: SideMm, heightMm: SideMm },
        { additionalProperties: false, description: "Of one, packed, in millimetres" },
      ),
    ),
    attributes: Type.Optional(
      Type.Record(
        Type.String({ minLength: 1, maxLength: 64 }),
        Type.Union([Type.String({ maxLength: 500 }), Type.Number(), Type.Boolean()]),
        {
          maxProperties: 100,
          description:
            'Whatever else the catalogue says, as rules of offers may ask for it: `{"batteries": "AA", "batteryCount": 3}`; ' +
            "replaces what was known as a whole",
        },
      ),
    ),
  },
  { additionalProperties: false },
);
export type ProductRecord = Static<typeof ProductRecord>;

/** An order that may go into the database; null for what was left out. */
export type OrderRow = {
  readonly source: string;
  readonly sourceId: string;
  readonly customerSource: string;
  /** Null when it was not told. */
  readonly customerSourceId: string | null;
  /** Of whom a customer is made when nobody is found; null: of nobody. */
  readonly person: PersonRow | null;
  /** The source id of the customer who would be made, "" for none. */
  readonly madeSourceId: string;
  readonly version: number | null;
  /** E.164; null when it was not told. */
  readonly phone: string | null;
  readonly delivery: OrderDelivery | null;
  readonly payment: OrderPayment | null;
  readonly comment: string | null;
  readonly number: string;
  readonly stage: OrderStage;
  readonly status: string | null;
  readonly totalMinor: number;
  readonly currency: string;
  /** ISO, UTC. */
  readonly placedAt: string;
  /** ISO, UTC; "" for none. */
  readonly promisedAt: string | null;
  readonly lines:
    readonly { name: string; quantity: number; priceMinor: number; productId?: string }[] | null;
};

/** A product that may go into the database; null for what was left out. */
export type ProductRow = {
  readonly source: string;
  readonly sourceId: string;
  readonly sku: string | null;
  readonly name: string;
  readonly category: string | null;
  readonly priceMinor: number;
  readonly currency: string;
  readonly stock: number | null;
  readonly costMinor: number | null;
  readonly weightG: number | null;
  readonly size: {
    readonly lengthMm: number;
    readonly widthMm: number;
    readonly heightMm: number;
  } | null;
  readonly attributes: ProductAttributes | null;
};

const orderShape = Compile(OrderRecord);
const productShape = Compile(ProductRecord);

/** Orders from before there were web shops are a year that was misread. */
const EARLIEST = Date.UTC(1990, 0, 1);
const DAY_MS = 86_400_000;

/** @param nowMs epoch. @throws RecordError naming the field. */
export function readOrder(value: unknown, options: LoadOptions, nowMs = Date.now()): OrderRow {
  const record = withoutInnerNulls(withoutNulls(value));
  if (!orderShape.Check(record)) throw schemaRefusal(orderShape.Errors(record));
  const source = sourceOf(record.source, options.source);
  const currencyCode = currency("currency", record.currency);
  return {
    source,
    sourceId: filled("sourceId", record.sourceId),
    ...whose(record, source, options),
    version: record.version ?? null,
    delivery: record.delivery === undefined ? null : readDelivery(record.delivery),
    payment: record.payment === undefined ? null : readPayment(record.payment, currencyCode),
    comment: record.comment === undefined ? null : line("comment", record.comment),
    number: filled("number", record.number),
    stage: record.stage ?? "other",
    status: record.status === undefined ? null : line("status", record.status),
    totalMinor: sumOf("total", record.totalMinor, record.total, currencyCode),
    currency: currencyCode,
    placedAt: placed(record.placedAt, nowMs),
    promisedAt:
      record.promisedAt === undefined ? null : momentOrNone("promisedAt", record.promisedAt),
    lines:
      record.lines?.map((one, index) => ({
        name: filled(`lines[${index}].name`, one.name),
        quantity: one.quantity,
        priceMinor: sumOf(`lines[${index}].price`, one.priceMinor, one.price, currencyCode),
        ...(one.productId === undefined
          ? {}
          : { productId: line(`lines[${index}].productId`, one.productId) }),
      })) ?? null,
  };
}

/** @throws RecordError naming the field. */
function readPayment(told: Static<typeof PaymentRecord>, currencyCode: string): OrderPayment {
  const method = line("payment.method", told.method ?? "");
  const paidAt = momentOrNone("payment.paidAt", told.paidAt ?? "");
  const isSum = told.paidMinor !== undefined || told.paid !== undefined;
  return {
    ...(method === "" ? {} : { method }),
    ...(told.state === undefined ? {} : { state: told.state }),
    ...(isSum ? { paidMinor: sumOf("payment.paid", told.paidMinor, told.paid, currencyCode) } : {}),
    ...(paidAt === "" ? {} : { paidAt }),
  };
}

/** Who ordered, and whom to call about it. */
function whose(
  record: OrderRecord,
  source: string,
  options: LoadOptions,
): Pick<OrderRow, "customerSource" | "customerSourceId" | "person" | "madeSourceId" | "phone"> {
  const outer = idOrNone("customerSourceId", record.customerSourceId);
  const inner = idOrNone("customer.sourceId", record.customer?.sourceId);
  if (outer !== null && inner !== null && outer !== inner)
    throw new RecordError("customer.sourceId", "is another than customerSourceId");
  const customerSourceId = outer ?? inner;
  const phone = phoneOrNone("phone", record.phone, options);
  const isTold = record.customer !== undefined || (phone !== null && customerSourceId === null);
  const person = isTold
    ? readPerson(record.customer ?? {}, customerSourceId, phone, options)
    : null;
  return {
    customerSource: line("customerSource", record.customerSource ?? source),
    customerSourceId,
    person,
    madeSourceId: person === null ? "" : (customerSourceId ?? `${GUEST}${person.phone}`),
    phone,
  };
}

function placed(text: string, nowMs: number): string {
  const at = moment("placedAt", text);
  const atMs = Date.parse(at);
  if (atMs < EARLIEST) throw new RecordError("placedAt", `"${text.trim()}" is before 1990`);
  if (atMs > nowMs + DAY_MS)
    throw new RecordError("placedAt", `"${text.trim()}" is more than a day in the future`);
  return at;
}

/** As {@link withoutNulls}, of the person, the address and the payment too. */
function withoutInnerNulls(value: unknown): unknown {
  if (value === null || typeof value !== "object" || Array.isArray(value)) return value;
  const { customer, delivery, payment } = value as Readonly<Record<string, unknown>>;
  if (customer === undefined && delivery === undefined && payment === undefined) return value;
  return {
    ...value,
    ...(customer === undefined ? {} : { customer: withoutNulls(customer) }),
    ...(delivery === undefined ? {} : { delivery: withoutNulls(delivery) }),
    ...(payment === undefined ? {} : { payment: withoutNulls(payment) }),
  };
}

/** @throws RecordError naming the field. */
export function readProduct(value: unknown, options: LoadOptions): ProductRow {
  const record = withoutNulls(value);
  if (!productShape.Check(record)) throw schemaRefusal(productShape.Errors(record));
  const currencyCode = currency("currency", record.currency);
  return {
    source: sourceOf(record.source, options.source),
    sourceId: filled("sourceId", record.sourceId),
    sku: record.sku === undefined ? null : line("sku", record.sku),
    name: filled("name", record.name),
    category: record.category === undefined ? null : line("category", record.category),
    priceMinor: sumOf("price", record.priceMinor, record.price, currencyCode),
    currency: currencyCode,
    stock: record.stock ?? null,
    costMinor:
      record.costMinor === undefined && record.cost === undefined
        ? null
        : sumOf("cost", record.costMinor, record.cost, currencyCode),
    weightG: record.weightG ?? null,
    size: record.size ?? null,
    attributes: record.attributes === undefined ? null : readAttributes(record.attributes),
  };
}

/** Clean names and texts. @throws RecordError naming the field. */
function readAttributes(told: ProductAttributes): ProductAttributes {
  const clean: [string, string | number | boolean][] = [];
  for (const [name, value] of Object.entries(told)) {
    const field = `attributes.${name.slice(0, 64)}`;
    const cleanName = filled("attributes", name);
    if (typeof value === "number" && !Number.isFinite(value))
      throw new RecordError(field, "is not a number");
    clean.push([cleanName, typeof value === "string" ? line(field, value) : value]);
  }
  return Object.fromEntries(clean);
}

/** A sum in minor units, given as one or the other. @param field name of the decimal one; the other is `<field>Minor`. */
export function sumOf(
  field: string,
  minor: number | undefined,
  whole: number | string | undefined,
  currencyCode: string,
): number {
  if (minor !== undefined && whole !== undefined)
    throw new RecordError(field, `is given twice: as ${field} and as ${field}Minor`);
  if (minor !== undefined) return minor;
  if (whole !== undefined) return minorUnits(field, whole, currencyCode);
  throw new RecordError(field, `is missing: give ${field} or ${field}Minor`);
}
