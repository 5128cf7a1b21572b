/** The shape of what a screen may say about orders, offers, delivery, claims and call backs. */
import { type TSchema, Type } from "typebox";
import { TIMELINE_KINDS } from "../customers/timeline-model.ts";
import { CLAIM_KINDS, CLAIM_WISHES } from "../followups/model.ts";
import { object, text, word } from "../http/message-check.ts";
import { REFUSAL_REASONS } from "../offers/model.ts";
import { CANCEL_REASONS, WHOLE_OFFERS } from "../orders/actions/model.ts";
import type { DeskWorkToServer } from "./work-protocol.ts";

const callId = word(200);
const rowId = Type.String({ pattern: "^[0-9]{1,18}$" });
const maybeRowId = Type.Union([rowId, Type.Null()]);
/** Made by the screen. */
export const uuid = Type.String({
  pattern: "^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$",
});
/** On the person's own clock, `2026-11-23T15:00`. */
export const wallTime = Type.String({
  pattern: "^2\\d{3}-(0[1-9]|1[0-2])-(0[1-9]|[12]\\d|3[01])T([01]\\d|2[0-3]):[0-5]\\d$",
});
const currency = Type.String({ pattern: "^[A-Z]{3}$" });
const moneyMinor = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });
const quantity = (minimum: number) => Type.Number({ minimum, maximum: 1_000_000 });
const list = <T extends TSchema>(item: T, maxItems: number) => Type.Array(item, { maxItems });

/** Lines of one order; the largest seen in shops of this kind has 200. */
const MOST_LINES = 500;

/** ISO 3166 alpha-2; "" when it is not known. */
const country = Type.String({ pattern: "^([A-Z]{2})?$" });

const place = object({
  country,
  postalCode: word(20, 0),
  region: word(200, 0),
  city: word(200, 0),
  address: word(500, 0),
});
const action = Type.Union([
  object({ kind: Type.Literal("confirm") }),
  object({
    kind: Type.Literal("changeLines"),
    lines: list(
      object({
        // "" of a line whose product the source never named: it stays in the list.
        sourceProductId: word(200, 0),
        name: text(500),
        quantity: quantity(0),
        priceMinor: moneyMinor,
        showingId: Type.Union([uuid, Type.Literal("")]),
      }),
      MOST_LINES,
    ),
  }),
  object({
    kind: Type.Literal("changeDelivery"),
    delivery: object({
      method: Type.Optional(word(200, 0)),
      country: Type.Optional(country),
      postalCode: Type.Optional(word(20, 0)),
      region: Type.Optional(word(200, 0)),
      city: Type.Optional(word(200, 0)),
      address: Type.Optional(word(500, 0)),
      timeZone: Type.Optional(word(64, 0)),
    }),
    chosen: Type.Union([
      object({
        quoteId: word(200),
        provider: word(100),
        service: word(200, 0),
        priceMinor: moneyMinor,
        pointId: word(200, 0),
      }),
      Type.Null(),
    ]),
  }),
  object({
    kind: Type.Literal("applyOffer"),
    offer: object({
      showingId: uuid,
      kind: Type.Enum([...WHOLE_OFFERS]),
      ruleId: word(40, 0),
      ruleName: word(200, 0),
      amountMinor: Type.Integer({ minimum: -1e14, maximum: 0 }),
      saying: text(1000),
    }),
  }),
  object({
    kind: Type.Literal("cancel"),
    reason: Type.Enum([...CANCEL_REASONS]),
    text: text(1000),
  }),
]);

/** What is typed of a wrap-up. */
export const tags = list(word(60), 20);

/** One schema for each message of {@link DeskWorkToServer}. */
export const workSchemas = {
  order: object({ orderId: rowId }),
  orders: object({ customerId: rowId, after: word(100, 0) }),
  actOnOrder: object({ id: uuid, callId, orderId: rowId, request: action }),
  findProducts: object({ source: word(200), text: text(100) }),
  timeline: object({
    customerId: rowId,
    kinds: list(Type.Enum([...TIMELINE_KINDS]), TIMELINE_KINDS.length),
    text: text(100),
    after: word(400, 0),
  }),
  offers: object({
    callId,
    orderId: maybeRowId,
    lines: list(
      object({ productId: rowId, quantity: quantity(0), priceMinor: moneyMinor }),
      MOST_LINES,
    ),
    currency,
  }),
  answerOffer: object({
    showingId: uuid,
    answer: Type.Enum(["accepted", "refused"]),
    reason: Type.Enum(["", ...REFUSAL_REASONS]),
    quantity: Type.Optional(quantity(0)),
  }),
  quote: object({
    to: place,
    lines: list(object({ productId: rowId, quantity: quantity(0) }), MOST_LINES),
    declaredMinor: moneyMinor,
    currency,
    cashOnDelivery: Type.Boolean(),
  }),
  points: object({ provider: word(100), to: place }),
  fileClaim: object({
    id: uuid,
    callId,
    customerId: rowId,
    orderId: maybeRowId,
    line: Type.Union([Type.Integer({ minimum: 0, maximum: MOST_LINES }), Type.Null()]),
    kind: Type.Enum([...CLAIM_KINDS]),
    wish: Type.Enum([...CLAIM_WISHES]),
    text: text(4000),
    photos: list(
      Type.String({ maxLength: 2000, pattern: "^https?://[^\\s\\u0000-\\u001f]+$" }),
      20,
    ),
  }),
  promiseCallBack: object({
    callId,
    at: wallTime,
    timeZone: word(64),
    toMe: Type.Boolean(),
    reason: text(500),
  }),
  takeCallBack: object({ id: rowId }),
  settleCallBack: object({ id: rowId, how: Type.Enum(["giveBack", "done", "notNeeded"]) }),
  saveDraft: object({
    callId,
    draft: object({ disposition: word(60, 0), note: text(4000), tags }),
  }),
} satisfies Record<keyof DeskWorkToServer, TSchema>;
