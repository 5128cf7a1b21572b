/** What may be asked of an order: clean and whole, or refused with the field that was wrong. */
import { Type } from "typebox";
import { Compile } from "typebox/compile";
import { RecordError } from "../../customers/loading.ts";
import { filled, line, schemaRefusal } from "../../customers/record-fields.ts";
import { Refusal } from "../../desk/replies.ts";
import { DeliveryRecord, readDelivery } from "../inline-customer.ts";
import { CANCEL_REASONS, type OrderActionRequest, WHOLE_OFFERS } from "./model.ts";

/** Largest sum in minor units; as of an order's lines. */
const MOST_MINOR = 1e14;
const MOST_QUANTITY = 1_000_000;
const UUID = "^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$";

const isId = new RegExp(UUID);
const closed = { additionalProperties: false } as const;
const text = (maxLength: number) => Type.String({ maxLength });
const Price = Type.Integer({ minimum: 0, maximum: MOST_MINOR });

/** Every kind of action, as a program or a screen tells it. */
export const ACTION_KINDS = [
  "confirm",
  "changeLines",
  "changeDelivery",
  "applyOffer",
  "cancel",
] as const;

/** One schema for each kind, so that what is wrong is said of the kind that was meant. */
const Requests = {
  confirm: Type.Object({ kind: Type.Literal("confirm") }, closed),
  changeLines: Type.Object(
    {
      kind: Type.Literal("changeLines"),
      lines: Type.Array(
        Type.Object(
          {
            sourceProductId: text(128),
            name: text(500),
            quantity: Type.Number({
              minimum: 0,
              maximum: MOST_QUANTITY,
              description: "0 takes the line out",
            }),
            priceMinor: Price,
            showingId: Type.String({ pattern: `^$|${UUID}`, description: "The offer it is from" }),
          },
          closed,
        ),
        { minItems: 1, maxItems: 500, description: "The whole list as it is to be" },
      ),
    },
    closed,
  ),
  changeDelivery: Type.Object(
    {
      kind: Type.Literal("changeDelivery"),
      delivery: DeliveryRecord,
      chosen: Type.Union([
        Type.Object(
          {
            quoteId: text(400),
            provider: text(100),
            service: text(200),
            priceMinor: Price,
            pointId: text(200),
          },
          closed,
        ),
        Type.Null(),
      ]),
    },
    closed,
  ),
  applyOffer: Type.Object(
    {
      kind: Type.Literal("applyOffer"),
      offer: Type.Object(
        {
          showingId: Type.String({ pattern: UUID, description: "The offer it is from" }),
          kind: Type.Union(WHOLE_OFFERS.map((kind) => Type.Literal(kind))),
          ruleId: text(40),
          ruleName: text(200),
          amountMinor: Type.Integer({
            ...{ minimum: -MOST_MINOR, maximum: 0 },
            description: "Less than 0 takes off the sum; 0 of points that are given",
          }),
          saying: text(1000),
        },
        closed,
      ),
    },
    closed,
  ),
  cancel: Type.Object(
    {
      kind: Type.Literal("cancel"),
      reason: Type.Union(CANCEL_REASONS.map((reason) => Type.Literal(reason))),
      text: text(1000),
    },
    closed,
  ),
} as const;

/** Any of them, for the HTTP interface. */
export const ActionRequestBody = Type.Union(Object.values(Requests), { title: "OrderAction" });

const shapes = {
  confirm: Compile(Requests.confirm),
  changeLines: Compile(Requests.changeLines),
  changeDelivery: Compile(Requests.changeDelivery),
  applyOffer: Compile(Requests.applyOffer),
  cancel: Compile(Requests.cancel),
} as const;

/** @throws Refusal `invalid` */
export function readActionId(id: string): string {
  if (!isId.test(id)) throw new Refusal("invalid", "id: must be a UUID");
  return id.toLowerCase();
}

/** @throws Refusal `invalid` naming the field. */
export function readRequest(value: unknown): OrderActionRequest {
  const kind = (value as { kind?: unknown } | null | undefined)?.kind;
  if (typeof kind !== "string" || !Object.hasOwn(shapes, kind))
    throw new Refusal("invalid", `kind: must be one of ${ACTION_KINDS.join(", ")}`);
  try {
    const shape = shapes[kind as keyof typeof shapes];
    if (!shape.Check(value)) throw schemaRefusal(shape.Errors(value));
    return clean(value);
  } catch (error) {
    if (!(error instanceof RecordError)) throw error;
    throw new Refusal("invalid", `${error.field}: ${error.message}`, { cause: error });
  }
}

/** @throws RecordError naming the field. */
function clean(request: OrderActionRequest): OrderActionRequest {
  switch (request.kind) {
    case "confirm":
      return { kind: "confirm" };
    case "changeLines": {
      const lines = request.lines.map((one, at) => ({
        sourceProductId: line(`lines[${at}].sourceProductId`, one.sourceProductId),
        name: filled(`lines[${at}].name`, one.name),
        quantity: one.quantity,
        priceMinor: one.priceMinor,
        showingId: one.showingId.toLowerCase(),
      }));
      // A shop would have to guess whether that is meant to cancel it.
      if (lines.every(({ quantity }) => quantity === 0))
        throw new RecordError("lines", "nothing would be left: cancel the order instead");
      return { kind: "changeLines", lines };
    }
    case "changeDelivery": {
      const { chosen } = request;
      const delivery = readDelivery(request.delivery);
      if (Object.keys(delivery).length === 0 && chosen === null)
        throw new RecordError("delivery", "is empty");
      return {
        kind: "changeDelivery",
        delivery,
        chosen:
          chosen === null
            ? null
            : {
                quoteId: line("chosen.quoteId", chosen.quoteId),
                provider: line("chosen.provider", chosen.provider),
                service: line("chosen.service", chosen.service),
                priceMinor: chosen.priceMinor,
                pointId: line("chosen.pointId", chosen.pointId),
              },
      };
    }
    case "applyOffer": {
      const { showingId, kind, ruleId, ruleName, amountMinor, saying } = request.offer;
      return {
        kind: "applyOffer",
        offer: {
          ...{ showingId: showingId.toLowerCase(), kind, amountMinor },
          ruleId: line("offer.ruleId", ruleId),
          ruleName: line("offer.ruleName", ruleName),
          saying: line("offer.saying", saying),
        },
      };
    }
    case "cancel":
      return { kind: "cancel", reason: request.reason, text: line("text", request.text) };
    default:
      return request satisfies never;
  }
}
