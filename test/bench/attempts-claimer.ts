/** One of the processes that claim at once: claims for so long as it is told, then tells what it has. */
import { claim } from "../../server/campaigns/attempts/claim.ts";
import type { Campaign } from "../../server/campaigns/model.ts";
import { openStorage } from "../../server/storage/database.ts";

/** What it is told. */
export type ClaimOrder = {
  readonly databaseUrl: string;
  readonly campaignId: string;
  readonly seconds: number;
  readonly atOnce: number;
};

/** What it tells; first of all that it is ready, with nothing. */
export type Claimed = { readonly ids: readonly string[] };

process.once("message", (message: ClaimOrder) => {
  work(message).then(
    (claimed) => process.send?.(claimed),
    (error: unknown) => {
      console.error(error);
      process.exit(1);
    },
  );
});
process.send?.({ ids: [] } satisfies Claimed);

async function work(order: ClaimOrder): Promise<Claimed> {
  const storage = openStorage(order.databaseUrl, { maxConnections: 2 });
  const ids: string[] = [];
  const by = { process: String(process.pid), userId: null };
  const until = performance.now() + order.seconds * 1000;
  // The store reads the settings itself.
  const campaign = { id: order.campaignId } as Campaign;
  while (performance.now() < until) {
    const some = await claim(storage.db, campaign, order.atOnce, by, Date.now());
    ids.push(...some.map(({ id }) => id));
    if (some.length === 0) break;
  }
  await storage.close();
  return { ids };
}
