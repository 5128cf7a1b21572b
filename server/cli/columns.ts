/** From the columns of somebody's table to the fields of a record. */
import { RecordError } from "../customers/loading.ts";
import { CustomerRecord } from "../customers/record.ts";
import { OrderRecord, ProductRecord } from "../orders/record.ts";

/** What can be imported. */
export type RecordType = "customers" | "orders" | "products";

const fieldsOf: Readonly<Record<RecordType, readonly string[]>> = {
  customers: Object.keys(CustomerRecord.properties),
  // A person within an order is for NDJSON: in a table a column "customer" is the customer's id.
  orders: Object.keys(OrderRecord.properties).filter((field) => field !== "customer"),
  products: Object.keys(ProductRecord.properties),
};

/** Headings that mean a field without being its name, in lower case without spaces, `_`, `-` and `.`. */
const ALSO: Readonly<Record<RecordType, Readonly<Record<string, string>>>> = {
  customers: {
    ...{ id: "sourceId", код: "sourceId", ид: "sourceId" },
    ...{ имя: "name", фио: "name", клиент: "name", "ім'я": "name", піб: "name", fullname: "name" },
    ...{ phone: "phones", phonenumber: "phones", mobile: "phones", телефон: "phones" },
    ...{ телефоны: "phones", телефони: "phones", мобильный: "phones", мобільний: "phones" },
    ...{ mail: "email", почта: "email", пошта: "email", город: "city", місто: "city" },
    ...{
      регион: "region",
      область: "region",
      регіон: "region",
      уровень: "tier",
      url: "externalUrl",
      segment: "segments",
      сегмент: "segments",
      сегменты: "segments",
      сегменти: "segments",
    },
  },
  orders: {
    ...{ id: "sourceId", customer: "customerSourceId", customerid: "customerSourceId" },
    ...{ номер: "number", сумма: "total", сума: "total", валюта: "currency", дата: "placedAt" },
    ...{ статус: "status", date: "placedAt", sum: "total", клиент: "customerSourceId" },
    ...{ телефон: "phone", комментарий: "comment", коментар: "comment" },
  },
  products: {
    ...{ id: "sourceId", артикул: "sku", название: "name", назва: "name", товар: "name" },
    ...{ категория: "category", категорія: "category", цена: "price", ціна: "price" },
    ...{ валюта: "currency", остаток: "stock", залишок: "stock", себестоимость: "cost" },
    ...{ собівартість: "cost", weight: "weightG", вес: "weightG", вага: "weightG" },
  },
};

/** Which column feeds which field; several columns may feed `phones`. */
export type Mapping = {
  readonly fields: readonly { readonly column: number; readonly field: string }[];
  /** Headings that feed nothing. */
  readonly ignored: readonly string[];
};

/** The command was called in a way that cannot be served; `message` is for the person. */
export class UsageError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "UsageError";
  }
}

/**
 * @param named `--map heading=field`, which goes before everything else.
 * @throws UsageError for a field or heading that does not exist, or when a field that must be there has no column.
 */
export function mapColumns(
  type: RecordType,
  headings: readonly string[],
  named: ReadonlyMap<string, string>,
): Mapping {
  const known = fieldsOf[type];
  const simple = (heading: string) =>
    heading
      .trim()
      .toLowerCase()
      .replace(/[\s_.-]/g, "");
  const byName = new Map(known.map((field) => [simple(field), field]));
  for (const [heading, field] of named) {
    if (!known.includes(field))
      throw new UsageError(
        `--map ${heading}=${field}: ${type} have no field "${field}"; they have ${known.join(", ")}`,
      );
    if (!headings.some((one) => one.trim() === heading))
      throw new UsageError(
        `--map ${heading}=${field}: the file has no column "${heading}"; it has ${headings.join(", ")}`,
      );
  }
  const fields: { column: number; field: string }[] = [];
  const ignored: string[] = [];
  const taken = new Set(named.values());
  for (const [column, heading] of headings.entries()) {
    const chosen = named.get(heading.trim());
    const name = simple(heading);
    const guessed = byName.get(name) ?? ALSO[type][name] ?? ALSO[type][name.replace(/\d+$/, "")];
    const field = chosen ?? guessed;
    if (field === undefined || (chosen === undefined && field !== "phones" && taken.has(field))) {
      if (heading.trim() !== "") ignored.push(heading.trim());
      continue;
    }
    taken.add(field);
    fields.push({ column, field });
  }
  const needed = {
    customers: ["sourceId", "name"],
    orders: [
      ...["sourceId", taken.has("phone") ? "phone" : "customerSourceId"],
      ...["number", "currency", "placedAt"],
    ],
    products: ["sourceId", "name", "currency"],
  }[type];
  const missing = needed.filter((field) => !taken.has(field));
  if (missing.length > 0) {
    throw new UsageError(
      `no column for ${missing.join(", ")}; the file has ${headings.join(", ")}. Name it with --map COLUMN=${missing[0]}`,
    );
  }
  return { fields, ignored };
}

/** A row of cells as a record, to be checked like one from REST. @throws RecordError */
export function recordOf(mapping: Mapping, cells: readonly string[]): Record<string, unknown> {
  const record: Record<string, unknown> = {};
  for (const { column, field } of mapping.fields) {
    const cell = cells[column];
    if (cell === undefined) continue;
    const value = valueOf(field, cell);
    if (field === "phones" && Array.isArray(record[field]))
      record[field].push(...(value as string[]));
    else if (value !== undefined) record[field] = value;
  }
  return record;
}

const YES = /^(?:1|true|yes|y|да|так|\+)$/i;
const NO = /^(?:0|false|no|n|нет|ні|-)$/i;

/** Undefined leaves the field out; "" clears a text. */
function valueOf(field: string, cell: string): unknown {
  const text = cell.trim();
  switch (field) {
    case "phones":
      return splitPhones(cell);
    case "segments":
      return cell
        .split(/[;,|\n\r]/)
        .map((one) => one.trim())
        .filter((one) => one !== "");
    case "vip":
      if (text === "") return undefined;
      if (YES.test(text)) return true;
      if (NO.test(text)) return false;
      throw new RecordError(field, `"${text}" is neither yes nor no`);
    case "totalMinor":
    case "priceMinor":
    case "costMinor":
    case "bonusMinor":
    case "weightG":
    case "stock":
    case "version":
      if (text === "") return undefined;
      if (/^-?\d{1,15}$/.test(text)) return Number(text);
      throw new RecordError(field, `"${text}" is not a whole number`);
    case "stage":
    case "total":
    case "price":
    case "cost":
      return text === "" ? undefined : text;
    case "lines":
    case "delivery":
    case "payment":
    case "size":
    case "attributes":
      if (text === "") return undefined;
      try {
        return JSON.parse(text) as unknown;
      } catch {
        throw new RecordError(field, "is not JSON");
      }
    case "sourceId":
      return text;
    default:
      return cell;
  }
}

/** Several numbers in one cell, apart by `;`, `|`, line end, ` / `, or a comma that is not before an extension. */
function splitPhones(cell: string): readonly string[] {
  return cell
    .split(/[|\n\r]|;(?!\s*ext)|\s\/\s|,(?!,|\s*(?:доб|дод|вн|ext|x|#|\d{1,5}\s*$))(?<!,,)/iu)
    .map((one) => one.trim())
    .filter((one) => one !== "");
}
