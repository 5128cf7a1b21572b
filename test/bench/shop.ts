/** The sample shop in a PostgreSQL of a benchmark's own. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { importCustomers } from "../../server/customers/import.ts";
import { makeDemoShop } from "../../server/demo/shop/shop.ts";
import { importOrders } from "../../server/orders/import.ts";
import { type Storage, openStorage } from "../../server/storage/database.ts";
import { startEmbeddedPostgres } from "../../server/storage/embedded.ts";
import { migrate } from "../../server/storage/migrate.ts";

/** A shop that is gone with the parts it was opened for. */
export type Shop = {
  readonly storage: Storage;
  readonly databaseUrl: string;
  /** Goes with the shop. */
  readonly directory: string;
  /** The customers' phones. */
  readonly numbers: readonly string[];
};

/** Opens one: customers and orders in a fresh, migrated database. `parts` closes it. */
export async function openShop(
  parts: AsyncDisposableStack,
  options: { readonly maxConnections?: number } = {},
): Promise<Shop> {
  const directory = await mkdtemp(join(tmpdir(), "callcard-bench-"));
  parts.defer(() => rm(directory, { recursive: true, force: true }));
  const postgres = await startEmbeddedPostgres(join(directory, "postgres"), {
    ...options,
    endWithParent: true,
  });
  parts.defer(() => postgres.stop());
  const storage = openStorage(postgres.url, { maxConnections: 5 });
  parts.defer(() => storage.close());
  await migrate(storage.db);
  return { storage, databaseUrl: postgres.url, directory, numbers: await loadShop(storage) };
}

/** @returns the customers' phones. */
async function loadShop(storage: Storage): Promise<readonly string[]> {
  const shop = makeDemoShop({ nowMs: Date.now() });
  const options = { source: "bench", defaultRegion: "RU" } as const;
  await importCustomers(
    storage,
    shop.customers.map(({ country: _country, ...customer }) => customer),
    options,
  );
  await importOrders(
    storage,
    shop.orders.map(({ updatedAt: _updatedAt, lines, ...order }) => ({
      ...order,
      lines: lines.map(({ name, quantity, priceMinor }) => ({ name, quantity, priceMinor })),
    })),
    options,
  );
  return shop.customers.flatMap((customer) => customer.phones);
}
