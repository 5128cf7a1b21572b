/** How a card is put together from what was found out so far. Pure. */
import type { Candidate, Customer, Identification, PhoneNumber } from "../customers/model.ts";
import { placeOfNumber } from "../customers/phone-places.ts";
import type { OrderSummary } from "../orders/model.ts";
import { type FoundWork, NO_WORK } from "./card-work.ts";
import type { Card, Note, PastCall } from "./protocol.ts";

/** A part of a card: awaited, over its deadline (may still come), failed, or here; `fromMemory`: as it was when it could last be read. */
export type Part<T> =
  | { readonly state: "awaited" | "late" | "down" }
  | { readonly state: "here"; readonly value: T; readonly fromMemory?: true };

/** Everything a card is made of. */
export type CardParts = {
  readonly rawNumber: string;
  readonly rawName: string;
  readonly identification: Part<Identification>;
  /** Picked by an operator for this call; stands above what was found. */
  readonly chosen: Customer | null;
  readonly orders: Part<{
    readonly list: readonly OrderSummary[];
    readonly totals: NonNullable<Card["totals"]>;
  }>;
  readonly calls: Part<readonly PastCall[]>;
  readonly notes: Part<readonly Note[]>;
  /** What the card is worked on with, never waited for: the card is composed without it. Null: not asked for here. */
  readonly work: Part<FoundWork | null>;
};

/** The parts of a call nobody was asked about yet. */
export function noParts(rawNumber: string, rawName: string): CardParts {
  const awaited = { state: "awaited" } as const;
  return {
    rawNumber,
    rawName,
    identification: awaited,
    chosen: null,
    orders: awaited,
    calls: awaited,
    notes: awaited,
    work: { state: "here", value: null },
  };
}

/** The customer this card is about, null while or when that is not known. */
export function customerOf(parts: CardParts): Customer | null {
  if (parts.chosen !== null) return parts.chosen;
  const found = parts.identification;
  return found.state === "here" && found.value.outcome === "one" ? found.value.customer : null;
}

/** The parsed number, null when there is none. */
export function phoneOf(parts: CardParts): PhoneNumber | null {
  const found = parts.identification;
  return found.state === "here" && "phone" in found.value ? found.value.phone : null;
}

/** The card as an operator gets it now, complete or not. */
export function cardOf(parts: CardParts): Card {
  const customer = customerOf(parts);
  const phone = phoneOf(parts);
  const zone = customer?.timeZone ?? "";
  return {
    outcome: outcomeOf(parts),
    phone,
    rawNumber: parts.rawNumber,
    rawName: parts.rawName,
    customer,
    verified: verifiedOf(parts),
    candidates: candidatesOf(parts),
    orders: parts.orders.state === "here" ? parts.orders.value.list : [],
    totals: parts.orders.state === "here" ? parts.orders.value.totals : null,
    calls: parts.calls.state === "here" ? parts.calls.value : [],
    notes: parts.notes.state === "here" ? parts.notes.value : [],
    place: {
      city: customer?.city ?? "",
      region: customer?.region ?? regionOf(phone),
      country: phone?.country ?? "",
    },
    work: customer === null ? null : workOf(parts.work),
    timeZones: zone === "" ? (phone?.timeZones ?? []) : [zone],
    problems: problemsOf(parts, customer !== null),
  };
}

function workOf(part: CardParts["work"]): Card["work"] {
  if (part.state !== "here") return NO_WORK;
  return part.value?.work ?? null;
}

/** Where a number lives, when its plan tells (fixed lines); "" for most mobiles. */
function regionOf(phone: PhoneNumber | null): string {
  return phone === null ? "" : placeOfNumber(phone.e164, phone.country).region;
}

/** True when nothing of it is awaited any more: the card is composed, whatever is missing is named in its problems. */
export function isComposed(parts: CardParts): boolean {
  if (parts.identification.state === "awaited") return false;
  const aboutCustomer = customerOf(parts) !== null;
  if (aboutCustomer && (parts.orders.state === "awaited" || parts.notes.state === "awaited"))
    return false;
  return !(aboutCustomer || phoneOf(parts) !== null) || parts.calls.state !== "awaited";
}

function outcomeOf(parts: CardParts): Card["outcome"] {
  if (parts.chosen !== null) return "one";
  const found = parts.identification;
  if (found.state === "here") return found.value.outcome;
  return found.state === "awaited" ? "pending" : "failed";
}

function verifiedOf(parts: CardParts): boolean {
  const found = parts.identification;
  if (found.state !== "here" || found.value.outcome !== "one") return false;
  if (parts.chosen !== null && parts.chosen.id !== found.value.customer.id) return false;
  return found.value.verified;
}

/** Also after one was chosen, so that a wrong click can be corrected. */
function candidatesOf(parts: CardParts): readonly Candidate[] {
  const found = parts.identification;
  return found.state === "here" && found.value.outcome === "several" ? found.value.candidates : [];
}

function problemsOf(parts: CardParts, aboutCustomer: boolean): Card["problems"] {
  const problems: Card["problems"][number][] = [];
  const found = parts.identification;
  if (found.state === "late") problems.push("directoryLate");
  if (found.state === "down") problems.push("directoryDown");
  if (found.state === "here" && found.value.outcome === "failed")
    problems.push(found.value.reason === "directoryLate" ? "directoryLate" : "directoryDown");
  const remembered = (part: Part<unknown>) => part.state === "here" && part.fromMemory === true;
  const isOld = found.state === "here" && "fromMemory" in found.value && parts.chosen === null;
  if (isOld || [parts.orders, parts.calls, parts.notes].some(remembered))
    problems.push("fromMemory");
  const missing = (part: Part<unknown>) => part.state === "late" || part.state === "down";
  if (aboutCustomer && missing(parts.orders)) problems.push("ordersMissing");
  if (missing(parts.calls) || (aboutCustomer && missing(parts.notes)))
    problems.push("historyMissing");
  const half = parts.work.state === "here" && parts.work.value?.whole === false;
  if (aboutCustomer && (half || missing(parts.work))) problems.push("workMissing");
  return problems;
}
