/** Schemas of the offers' routes: what comes in is checked here, what goes out is typed by `rest.ts`. */
import { Type } from "@fastify/type-provider-typebox";
import { REFUSAL_REASONS } from "./model.ts";

/** An answer whose shape is a type of `rest.ts`. */
export const answer = <T>(title: string) => Type.Unsafe<T>({ title });

/** Lines of one cart; more are a mistake. */
export const MOST_LINES = 200;

const strict = { additionalProperties: false };
const name = (description: string, maxLength = 128) =>
  Type.String({ minLength: 1, maxLength, description });

const LineInput = Type.Object(
  {
    id: Type.Optional(name("Our id of the product; or:", 20)),
    productId: Type.Optional(name("The source's id of the product; or:")),
    sku: Type.Optional(name("Its article number in the source")),
    quantity: Type.Number({ exclusiveMinimum: 0, maximum: 1_000_000 }),
    priceMinor: Type.Optional(
      Type.Integer({
        ...{ minimum: 0, maximum: 1e14 },
        description: "Of one, as the cart has it; default the catalogue's",
      }),
    ),
  },
  strict,
);

export const OffersInput = Type.Object(
  {
    customer: Type.Optional(
      Type.Object(
        {
          id: Type.Optional(name("Our id; or:", 20)),
          sourceId: Type.Optional(name("The source's id, with `source` above; or:")),
          phone: Type.Optional(name("A phone that one customer alone has", 64)),
        },
        { ...strict, description: "None: somebody nobody knows" },
      ),
    ),
    source: Type.Optional(name("Whose ids and article numbers these are", 64)),
    lines: Type.Array(LineInput, { maxItems: MOST_LINES }),
    currency: Type.Optional(
      Type.String({ pattern: "^[A-Z]{3}$", description: "ISO 4217; default the shop's" }),
    ),
    channel: Type.Optional(Type.Enum(["site", "app", "operator"], { description: "Default site" })),
    visit: Type.Optional(
      name("The visit: what is answered was shown to it, each offer once, and can be answered"),
    ),
  },
  { ...strict, title: "OffersQuestion" },
);

export const AnswerInput = Type.Object(
  {
    showingId: Type.String({ minLength: 1, maxLength: 64 }),
    answer: Type.Enum(["accepted", "refused"]),
    reason: Type.Optional(Type.Enum(["", ...REFUSAL_REASONS])),
    quantity: Type.Optional(Type.Number({ exclusiveMinimum: 0, maximum: 1_000_000 })),
  },
  { ...strict, title: "OfferAnswer" },
);
