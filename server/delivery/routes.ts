/** Delivery over HTTP: what it costs, for the shop's site; carriers and the place parcels start from, for admins. */
import { Type } from "@fastify/type-provider-typebox";
import type { App } from "../http/app.ts";
import { nameOf } from "../http/auth.ts";
import { ApiError, ErrorBody, notFound } from "../http/errors.ts";
import type { DeliveryBook } from "./delivery.ts";
import { NOWHERE } from "./delivery.ts";
import type { Place } from "./model.ts";
import { RefusedByCarrier } from "./refused.ts";
import { ProviderSettings, wrongIn } from "./settings.ts";

const part = (description: string) => Type.Optional(Type.String({ maxLength: 300, description }));
const PlaceInput = Type.Object(
  {
    country: Type.Optional(Type.String({ pattern: "^([A-Z]{2})?$", description: "ISO 3166" })),
    postalCode: Type.Optional(Type.String({ maxLength: 20 })),
    ...{ region: part("Region"), city: part("City"), address: part("Street and house") },
  },
  { additionalProperties: false },
);
const PlaceBody = Type.Object({
  ...{ country: Type.String(), postalCode: Type.String(), region: Type.String() },
  ...{ city: Type.String(), address: Type.String() },
});
const Minor = Type.Integer({ minimum: 0, maximum: 1e12 });
const Millimetres = Type.Integer({ minimum: 1, maximum: 100_000 });

const QuotesInput = Type.Object(
  {
    to: PlaceInput,
    lines: Type.Optional(
      Type.Array(
        Type.Object(
          {
            productId: Type.String({ pattern: "^\\d{1,18}$", description: "Ours" }),
            quantity: Type.Number({ exclusiveMinimum: 0, maximum: 1_000_000 }),
          },
          { additionalProperties: false },
        ),
        { minItems: 1, maxItems: 500, description: "The parcel is reckoned from the catalogue" },
      ),
    ),
    parcels: Type.Optional(
      Type.Array(
        Type.Object(
          {
            grams: Type.Integer({ minimum: 1, maximum: 10_000_000 }),
            sizeMm: Type.Optional(Type.Tuple([Millimetres, Millimetres, Millimetres])),
          },
          { additionalProperties: false },
        ),
        { minItems: 1, maxItems: 20, description: "Instead of `lines`" },
      ),
    ),
    declaredMinor: Type.Optional(Minor),
    cashOnDelivery: Type.Optional(Type.Boolean()),
    currency: Type.String({ pattern: "^[A-Z]{3}$", description: "ISO 4217" }),
  },
  { additionalProperties: false },
);
const QuotesBody = Type.Object({
  quotes: Type.Array(
    Type.Object({
      ...{ id: Type.String(), provider: Type.String(), service: Type.String() },
      mode: Type.String({ description: "door, pickup, locker or post" }),
      ...{ priceMinor: Type.Integer(), currency: Type.String() },
      days: Type.Union([Type.Tuple([Type.Integer(), Type.Integer()]), Type.Null()]),
      pointRequired: Type.Boolean(),
      told: Type.String({ description: "live, kept (told a while ago) or estimate" }),
      validUntilMs: Type.Number(),
    }),
  ),
  silent: Type.Array(
    Type.Object({ provider: Type.String(), why: Type.String(), said: Type.String() }),
    { description: "Carriers who could not say, and why" },
  ),
  missing: Type.Union([Type.Literal("weight"), Type.Literal("place"), Type.Null()]),
});
const PointsBody = Type.Object({
  points: Type.Array(
    Type.Object({
      ...{ id: Type.String(), provider: Type.String(), name: Type.String() },
      ...{ address: Type.String(), city: Type.String(), hours: Type.String() },
      cashAllowed: Type.Boolean(),
    }),
  ),
});
const Name = Type.Object({
  name: Type.String({ pattern: "^[\\p{L}\\p{N}][\\p{L}\\p{N} ._-]{0,39}$" }),
});
const ProviderBody = Type.Object({
  name: Type.String(),
  enabled: Type.Boolean(),
  settings: ProviderSettings,
  hasSecrets: Type.Array(Type.String(), { description: "Which secrets there are" }),
  state: Type.Object(
    {
      ...{ answeredAtMs: Type.Number(), failedAtMs: Type.Number(), tookMs: Type.Number() },
      said: Type.String({ description: "What it said when it failed or refused last" }),
      restingUntilMs: Type.Number({ description: "It is left alone until then" }),
    },
    { description: "As this process knows it; times are epoch ms, 0 for never" },
  ),
});
const HomeInput = Type.Object(
  {
    from: PlaceInput,
    defaultGrams: Type.Union([Type.Integer({ minimum: 1, maximum: 1_000_000 }), Type.Null()], {
      description: "Of a product without a weight",
    }),
  },
  { additionalProperties: false },
);
const HomeBody = Type.Object({
  from: PlaceBody,
  defaultGrams: Type.Union([Type.Integer(), Type.Null()]),
});

/** Registers `/api/v1/delivery/...`. */
export async function deliveryRoutes(app: App, delivery: DeliveryBook): Promise<void> {
  const asks = { onRequest: app.requireRole("operator", "integrator") };
  const reads = { onRequest: app.requireRole("supervisor") };
  const writes = { onRequest: app.requireRole("admin") };
  const tags = ["delivery"];

  app.post(
    "/api/v1/delivery/quotes",
    {
      ...asks,
      schema: {
        tags,
        summary: "What delivery costs and how long it takes, of all carriers",
        body: QuotesInput,
        response: { 200: QuotesBody },
      },
    },
    async ({ body }) => {
      const { lines, parcels, declaredMinor = 0, cashOnDelivery = false, currency } = body;
      if ((lines === undefined) === (parcels === undefined))
        throw new ApiError(400, "invalid", "give lines or parcels, one of them", {
          field: "body.lines",
        });
      const reckoned = lines === undefined ? null : await delivery.parcelOf(lines);
      const { quotes, silent, missing } = await delivery.quotesFor({
        ...{ from: delivery.from(), to: placeOf(body.to), declaredMinor, cashOnDelivery, currency },
        parcels:
          parcels?.map(({ grams, sizeMm }) => ({ grams, size: sizeMm ?? null })) ??
          (reckoned === null ? [] : [reckoned]),
      });
      return {
        quotes: quotes.map(({ days, ...quote }) => ({
          ...quote,
          days: days === null ? null : ([days[0], days[1]] as [number, number]),
        })),
        silent: [...silent],
        missing,
      };
    },
  );
  app.post(
    "/api/v1/delivery/points",
    {
      ...asks,
      schema: {
        tags,
        summary: "Where a parcel of this carrier can be fetched",
        body: Type.Object(
          { provider: Type.String({ maxLength: 40 }), to: PlaceInput },
          { additionalProperties: false },
        ),
        response: { 200: PointsBody, 502: ErrorBody },
      },
    },
    async ({ body }) => {
      try {
        return { points: [...(await delivery.pointsFor(body.provider, placeOf(body.to)))] };
      } catch (error) {
        const said = error instanceof RefusedByCarrier ? `: ${error.said}` : "";
        throw new ApiError(
          502,
          "carrierDown",
          `${body.provider} could not tell its points${said}`,
          {
            cause: error,
          },
        );
      }
    },
  );

  app.get(
    "/api/v1/delivery/home",
    {
      ...reads,
      schema: { tags, summary: "Where parcels start", response: { 200: HomeBody } },
    },
    async () => delivery.home(),
  );
  app.put(
    "/api/v1/delivery/home",
    {
      ...writes,
      schema: {
        ...{ tags, summary: "Change where parcels start", body: HomeInput },
        response: { 200: HomeBody },
      },
    },
    async (request) => {
      const { from, defaultGrams } = request.body;
      await delivery.saveHome({ from: placeOf(from), defaultGrams }, nameOf(request.principal!));
      return delivery.home();
    },
  );
  app.get(
    "/api/v1/delivery/providers",
    {
      ...reads,
      schema: {
        ...{ tags, summary: "Carriers" },
        response: { 200: Type.Object({ providers: Type.Array(ProviderBody) }) },
      },
    },
    async () => ({ providers: (await delivery.providers()).map(bodyOf) }),
  );
  app.put(
    "/api/v1/delivery/providers/:name",
    {
      ...writes,
      schema: {
        ...{ tags, summary: "Add or change a carrier", params: Name },
        body: Type.Object(
          { enabled: Type.Boolean(), settings: ProviderSettings },
          { additionalProperties: false },
        ),
        response: { 200: ProviderBody },
      },
    },
    async (request) => {
      const { name } = request.params;
      const wrong = wrongIn(request.body.settings);
      if (wrong !== null)
        throw new ApiError(422, "invalid", `settings.${wrong.field}: ${wrong.why}`, {
          field: `body.settings.${wrong.field}`,
        });
      await delivery.saveProvider(name, request.body, nameOf(request.principal!));
      const saved = (await delivery.providers()).find((each) => each.name === name);
      if (saved === undefined) throw notFound("The carrier");
      return bodyOf(saved);
    },
  );
  app.delete(
    "/api/v1/delivery/providers/:name",
    {
      ...writes,
      schema: {
        ...{ tags, summary: "Remove a carrier", params: Name },
        response: { 204: Type.Null(), 404: ErrorBody },
      },
    },
    async (request, reply) => {
      if (!(await delivery.removeProvider(request.params.name, nameOf(request.principal!))))
        throw notFound("The carrier");
      return reply.code(204).send(null);
    },
  );
}

function placeOf(place: Partial<Place>): Place {
  return { ...NOWHERE, ...place };
}

function bodyOf(row: Awaited<ReturnType<DeliveryBook["providers"]>>[number]) {
  return { ...row, hasSecrets: [...row.hasSecrets] };
}
