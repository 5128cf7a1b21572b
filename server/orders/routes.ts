/** Orders, products, claims and left carts over HTTP: from integrators' programs and shops' webhooks, and what became of them. */
import type { CountryCode } from "libphonenumber-js/max";
import { addLoadRoute } from "../customers/load-route.ts";
import type { LoadOptions, LoadResult } from "../customers/loading.ts";
import type { App } from "../http/app.ts";
import type { Bus } from "../storage/bus.ts";
import type { Storage } from "../storage/database.ts";
import { importProducts, orderHints } from "./import.ts";
import { openOrderIntake } from "./intake.ts";
import { hookRoute } from "./hook-route.ts";
import { orderRoute } from "./order-route.ts";
import { OrderRecord, ProductRecord } from "./record.ts";
import { resultRoutes } from "./result-list.ts";
import { sourceRoutes } from "./source-routes.ts";
import { importCarts, importClaims } from "./unsettled-import.ts";
import { CartRecord, ClaimRecord } from "./unsettled-record.ts";

/** What the routes work with. */
export type OrderRouteParts = {
  readonly storage: Pick<Storage, "pool" | "db">;
  readonly defaultRegion: CountryCode;
  /** Told whose orders, claims and carts came or changed, so that those of them who wait are judged anew. */
  readonly bus?: Pick<Bus, "publish">;
};

/** Registers `/api/v1/orders`, `/products`, `/claims`, `/carts`, `/hooks/orders`, `/order-sources` and `/results`. */
export async function orderRoutes(app: App, parts: OrderRouteParts): Promise<void> {
  const { storage, defaultRegion, bus } = parts;
  const intake = openOrderIntake(storage, { defaultRegion, ...orderHints(bus) });
  type Import = (
    storage: Pick<Storage, "pool">,
    records: readonly unknown[],
    options: LoadOptions,
  ) => Promise<LoadResult>;
  const by = (load: Import) => (records: readonly unknown[], source: string | undefined) =>
    load(storage, records, {
      defaultRegion,
      ...(source === undefined ? {} : { source }),
      concerned: (customerIds) => bus?.publish("standingsChanged", { customerIds }),
    });
  addLoadRoute(app, {
    url: "/api/v1/orders",
    tag: "orders",
    summary: "Take one order or up to 1000, new or changed",
    record: OrderRecord,
    load: intake,
  });
  orderRoute(app, storage);
  await hookRoute(app, { storage, intake });
  sourceRoutes(app, storage);
  resultRoutes(app, storage);
  addLoadRoute(app, {
    url: "/api/v1/products",
    tag: "orders",
    summary: "Load one product or up to 1000",
    record: ProductRecord,
    load: by(importProducts),
  });
  addLoadRoute(app, {
    url: "/api/v1/claims",
    tag: "orders",
    summary: "Load one claim or up to 1000; their customers first",
    record: ClaimRecord,
    load: by((storage, records, options) =>
      importClaims(storage, records, {
        ...options,
        claimsChanged: (claims) => {
          for (const claim of claims) bus?.publish("claimsChanged", claim);
        },
      }),
    ),
  });
  addLoadRoute(app, {
    url: "/api/v1/carts",
    tag: "orders",
    summary: "Load one left cart or up to 1000; their customers first",
    record: CartRecord,
    load: by(importCarts),
  });
}
