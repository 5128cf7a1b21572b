/** Customers over HTTP: loading by integrators, search and look-up by operators. */
import { Type } from "@fastify/type-provider-typebox";
import type { CountryCode } from "libphonenumber-js/max";
import type { App } from "../http/app.ts";
import { ErrorBody, notFound } from "../http/errors.ts";
import type { Bus } from "../storage/bus.ts";
import type { Storage } from "../storage/database.ts";
import { importCustomers } from "./import.ts";
import { addLoadRoute } from "./load-route.ts";
import type { CustomerDirectory } from "./model.ts";
import { CustomerRecord } from "./record.ts";
import { CustomerWithPhonesBody, IdentificationBody } from "./schemas.ts";
import { findPhones } from "./store.ts";
import { timelineRoute } from "./timeline-route.ts";
import { openTimeline } from "./timeline.ts";

/** What the routes work with. */
export type CustomerRouteParts = {
  readonly storage: Pick<Storage, "pool">;
  readonly directory: CustomerDirectory;
  readonly defaultRegion: CountryCode;
  /** Told after each load, so that caches forget. */
  readonly bus: Pick<Bus, "publish">;
};

/** Registers `/api/v1/customers` with their timelines, and `/api/v1/identify`. */
export async function customerRoutes(app: App, parts: CustomerRouteParts): Promise<void> {
  const { storage, directory, defaultRegion, bus } = parts;
  const onRequest = app.requireRole("operator", "integrator");

  addLoadRoute(app, {
    url: "/api/v1/customers",
    tag: "customers",
    summary: "Load one customer or up to 1000",
    record: CustomerRecord,
    load: async (records, source) => {
      const options = { defaultRegion, ...(source === undefined ? {} : { source }) };
      const result = await importCustomers(storage, records, options);
      if (result.added + result.changed > 0)
        bus.publish("customersChanged", { customerIds: [], phones: [] });
      return result;
    },
  });

  app.get(
    "/api/v1/customers",
    {
      onRequest,
      schema: {
        tags: ["customers"],
        summary: "Search by name, phone, e-mail or order number",
        querystring: Type.Object({
          q: Type.String({ minLength: 1, maxLength: 100 }),
          limit: Type.Integer({ minimum: 1, maximum: 50, default: 20 }),
        }),
        response: { 200: Type.Object({ customers: Type.Array(CustomerWithPhonesBody) }) },
      },
    },
    async (request) => {
      const found = await directory.search(request.query.q, request.query.limit);
      return { customers: found.map((one) => ({ ...one, phones: [...one.phones] })) };
    },
  );

  app.get(
    "/api/v1/customers/:id",
    {
      onRequest,
      schema: {
        tags: ["customers"],
        summary: "One customer with its phones",
        params: Type.Object({ id: Type.String({ maxLength: 20 }) }),
        response: { 200: Type.Object({ customer: CustomerWithPhonesBody }), 404: ErrorBody },
      },
    },
    async (request) => {
      const { id } = request.params;
      const [customer, phones] = await Promise.all([
        directory.customer(id),
        findPhones(storage.pool, id),
      ]);
      if (customer === null) throw notFound("The customer");
      return { customer: { ...customer, phones: [...phones] } };
    },
  );

  timelineRoute(app, openTimeline(storage));

  app.get(
    "/api/v1/identify",
    {
      onRequest,
      schema: {
        tags: ["customers"],
        summary: "Who is calling from this number, as a card would say it",
        querystring: Type.Object({ number: Type.String({ maxLength: 200 }) }),
        response: { 200: Type.Object({ identification: IdentificationBody }) },
      },
    },
    async (request) => ({
      identification: mutable(await directory.identify(request.query.number)),
    }),
  );
}

/** The schema's type has no readonly; the value is only serialised. */
function mutable<T>(value: T): Mutable<T> {
  return value as Mutable<T>;
}

type Mutable<T> = T extends readonly (infer One)[]
  ? Mutable<One>[]
  : T extends object
    ? { -readonly [K in keyof T]: Mutable<T[K]> }
    : T;
