/** Offers over HTTP for the shop's site and app: the question, why nothing else is offered, and what was said to it. */
import type { CountryCode } from "libphonenumber-js/max";
import { readPhone } from "../customers/phone.ts";
import type { App } from "../http/app.ts";
import { ApiError, ErrorBody } from "../http/errors.ts";
import type { Static } from "@fastify/type-provider-typebox";
import { asApiError } from "./api-errors.ts";
import type { Answered, Asking, RunningEngine } from "./engine.ts";
import type { OfferLoop, ShownOffer } from "./model.ts";
import type { CustomerKey, ProductKey } from "./reader.ts";
import type { ExplainBody, OffersBody } from "./rest.ts";
import { AnswerInput, OffersInput, answer } from "./schemas.ts";

/** What the routes work with. */
export type OfferRouteParts = {
  readonly engine: RunningEngine;
  /** Null: nothing is recorded, and there is nothing to answer to. */
  readonly loop: OfferLoop | null;
  /** The shop's currency; "" while it is not known. */
  readonly currency: () => string;
  /** Country of phones without a country code. */
  readonly region: CountryCode;
  /** Epoch ms. */
  readonly clock?: () => number;
};

type Question = Static<typeof OffersInput>;

/** Registers `POST /api/v1/offers`, `/offers/explain` and `/offers/answers`. */
export function offerRoutes(app: App, parts: OfferRouteParts): void {
  const { engine, loop, clock = Date.now } = parts;
  const onRequest = app.requireRole("operator", "integrator");
  const tags = ["offers"];

  app.post(
    "/api/v1/offers",
    {
      onRequest,
      schema: {
        ...{ tags, summary: "What to say to this customer about this cart" },
        description: "The operator's card gives the same answer to the same question.",
        body: OffersInput,
        response: { 200: answer<OffersBody>("Offers"), 400: ErrorBody },
      },
    },
    async (request) => {
      const { body } = request;
      const asking = askingOf(body, parts, clock());
      const answered = await engine.answer(asking);
      if (loop === null || body.visit === undefined)
        return bodyOf(answered, answered.answer.offers);
      const occasion = {
        ...{ id: `${asking.channel}:${body.visit}`, channel: asking.channel },
        ...{ customerId: answered.customerId, userId: null, orderId: null },
      };
      return bodyOf(answered, await loop.show(answered.answer, occasion, asking.nowMs));
    },
  );
  app.post(
    "/api/v1/offers/explain",
    {
      onRequest,
      schema: {
        ...{ tags, summary: "What is offered, and why every other rule is not" },
        description: "Nothing is recorded.",
        body: OffersInput,
        response: { 200: answer<ExplainBody>("OffersExplained"), 400: ErrorBody },
      },
    },
    async (request) => {
      const answered = await engine.answer(askingOf(request.body, parts, clock()));
      return { ...bodyOf(answered, answered.answer.offers), givenUp: answered.givenUp };
    },
  );
  app.post(
    "/api/v1/offers/answers",
    {
      onRequest,
      schema: {
        ...{ tags, summary: "What was said to an offer" },
        body: AnswerInput,
        response: { 200: answer<{ offer: ShownOffer }>("OfferAnswered"), 404: ErrorBody },
      },
    },
    async (request) => {
      if (loop === null) throw new ApiError(404, "notFound", "Offers are not recorded here");
      const { showingId, ...said } = request.body;
      const { principal } = request;
      const userId = principal?.kind === "user" ? principal.user.id : null;
      try {
        const offer = await loop.answer(showingId, { ...said, userId });
        if (offer.ruleId !== null) engine.usesChanged();
        return { offer };
      } catch (error) {
        throw asApiError(error);
      }
    },
  );
}

function bodyOf(
  { answer: said, customerId, unknownLines }: Answered,
  offers: OffersBody["offers"],
) {
  return { ...said, offers, customerId, unknownLines };
}

/** @throws ApiError naming the field that is wrong. */
function askingOf(body: Question, { currency, region }: OfferRouteParts, nowMs: number): Asking {
  const { source = "", channel = "site" } = body;
  return {
    customer: customerKey(body, region),
    lines: body.lines.map(({ quantity, priceMinor = null, ...line }, index) => ({
      ...{ product: productKey(line, source, index), quantity, priceMinor },
    })),
    currency: body.currency ?? currency(),
    ...{ source, channel, nowMs },
  };
}

function customerKey({ customer = {}, source }: Question, region: CountryCode): CustomerKey {
  const given = Object.keys(customer);
  if (given.length > 1)
    throw invalid("body.customer", `names one of id, sourceId, phone; ${given.join(", ")} came`);
  if (customer.id !== undefined) return { by: "id", id: customer.id };
  if (customer.sourceId !== undefined) {
    if (source === undefined) throw invalid("body.source", "is missing: whose is sourceId?");
    return { by: "source", source, sourceId: customer.sourceId };
  }
  if (customer.phone === undefined) return { by: "nobody" };
  const phone = readPhone(customer.phone, region);
  if (phone === null) throw invalid("body.customer.phone", "is no phone number");
  return { by: "phone", phone: phone.e164 };
}

function productKey(
  line: Pick<Question["lines"][number], "id" | "productId" | "sku">,
  source: string,
  index: number,
): ProductKey {
  const { id, productId, sku } = line;
  const given = [id, productId, sku].filter((one) => one !== undefined);
  const field = `body.lines.${index}`;
  if (given.length !== 1) throw invalid(field, "names its product by one of id, productId, sku");
  if (id !== undefined) return { id };
  if (source === "") throw invalid("body.source", `is missing: whose product is ${field}?`);
  return productId !== undefined ? { sourceId: productId } : { sku: sku ?? "" };
}

function invalid(field: string, words: string): ApiError {
  return new ApiError(400, "invalid", `${field} ${words}`, { field });
}
