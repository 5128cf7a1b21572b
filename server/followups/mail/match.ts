/** Whose a letter is and what it is about: by the address it came from, then by phones and numbers of orders in its text. */
import { type CountryCode, findPhoneNumbersInText } from "libphonenumber-js/max";
import { sql } from "kysely";
import type { Database } from "../../storage/database.ts";
import type { Letter } from "./model.ts";

export type Match = {
  /** Null: nobody's, or several people's. */
  readonly customerId: string | null;
  readonly orderId: string | null;
  /** A claim it names or answers to. */
  readonly claimId: string | null;
  /** Several people have the address. */
  readonly isAmbiguous: boolean;
};

const MOST_TEXT = 5000;
const MOST_PHONES = 5;
const MOST_NUMBERS = 20;

/** Never takes one of several. */
export async function matchLetter(
  db: Database,
  letter: Pick<Letter, "from" | "subject" | "text" | "answersTo">,
  region: CountryCode,
): Promise<Match> {
  const text = `${letter.subject}\n${letter.text}`.slice(0, MOST_TEXT);
  const phones = findPhoneNumbersInText(text, region)
    .slice(0, MOST_PHONES)
    .map(({ number }) => number.number);
  const numbers = numbersIn(text);
  const { rows } = await sql<{
    by_address: string[];
    by_phone: string[];
    orders: { id: string; customer: string }[];
    claim: { id: string; customer: string } | null;
  }>`
    select
      array(select id::text from customers where email <> '' and lower(email) = ${letter.from} limit 20) as by_address,
      array(select distinct customer_id::text from customer_phones where e164 = any(${phones}) limit 20) as by_phone,
      coalesce((
        select json_agg(json_build_object('id', id::text, 'customer', customer_id::text)) from (
          select id, customer_id from orders where number = any(${numbers}) limit 20
        ) o
      ), '[]') as orders,
      coalesce((
        select json_build_object('id', id::text, 'customer', customer_id::text) from claims
        where number = any(${numbers.map((number) => number.toUpperCase())}) and source = 'callcard' limit 1
      ), (
        select json_build_object('id', c.id::text, 'customer', c.customer_id::text)
        from messages m join claims c on c.id = m.claim_id
        where m.source = 'mail' and m.source_id = any(${[...letter.answersTo]}) and m.party = ${letter.from}
        order by m.id desc limit 1
      )) as claim`.execute(db);
  const { by_address: byAddress, by_phone: byPhone, orders, claim } = rows[0]!;
  const customerId = whose(byAddress, byPhone, [...new Set(orders.map((one) => one.customer))]);
  const theirs = orders.filter((one) => one.customer === customerId);
  return {
    customerId,
    orderId: theirs.length === 1 ? theirs[0]!.id : null,
    claimId: claim !== null && claim.customer === customerId ? claim.id : null,
    isAmbiguous: customerId === null && byAddress.length + byPhone.length > 1,
  };
}

function whose(
  byAddress: readonly string[],
  byPhone: readonly string[],
  byOrder: readonly string[],
): string | null {
  if (byAddress.length === 1) return byAddress[0]!;
  // Several share the address, as a family does: one of them may have told their phone or order.
  const among = (found: readonly string[]) =>
    byAddress.length === 0 ? found : found.filter((id) => byAddress.includes(id));
  for (const found of [among(byPhone), among(byOrder)]) if (found.length === 1) return found[0]!;
  return null;
}

/** What may be the number of an order or a claim: after `№`, `#` or the word for an order, or long enough to be nothing else. */
export function numbersIn(text: string): readonly string[] {
  const found = new Set<string>();
  const named =
    /(?:№|#|\bN[oº]?\.?|заказ\p{L}*|замовленн\p{L}*|order|претензи\p{L}*|claim)[\s:№#.]*([\p{L}\d][\p{L}\d/_-]{1,39})/giu;
  for (const [, number = ""] of text.matchAll(named)) if (/\d/.test(number)) found.add(number);
  for (const [number] of text.matchAll(
    /(?<![\p{L}\d/_-])[\p{L}\d][\p{L}\d/_-]{4,39}(?![\p{L}\d])/gu,
  ))
    if (/\d{4}/.test(number)) found.add(number);
  return [...found].slice(0, MOST_NUMBERS);
}
