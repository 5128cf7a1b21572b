/**
 * Answers `POST /api/v1/offers` as the server does: its app with everything a request passes, its engine, its hints; a token that is checked by a
 * table of one. Tells its address over the channel.
 */
import { tmpdir } from "node:os";
import { createApp } from "../../server/http/app.ts";
import { createLog } from "../../server/http/log.ts";
import { openHints } from "../../server/offers/learn/hints.ts";
import { openOfferLoop } from "../../server/offers/loop/loop.ts";
import { openOffers } from "../../server/offers/open.ts";
import type { Authenticator } from "../../server/people/model.ts";
import { localBus } from "../../server/storage/bus.ts";
import { openStorage } from "../../server/storage/database.ts";

const log = createLog({ level: "warn" });
const databaseUrl = process.env["BENCH_DATABASE_URL"] ?? "";
const storage = openStorage(databaseUrl, { maxConnections: 3 });
const bus = localBus((error) => log.error({ err: error }, "bus"));
const site = { kind: "token", tokenId: "1", name: "site", role: "integrator" } as const;
const authenticator: Authenticator = {
  bySession: async () => null,
  byApiToken: async (token) => (token === "cc_bench" ? site : null),
  byCrmToken: async () => null,
};
const app = await createApp({
  ...{ log, authenticator, publicUrl: "", crmOrigins: [], widgetDirectory: tmpdir() },
});
const offers = await openOffers({
  storage,
  databaseUrl,
  bus,
  hints: openHints,
  log,
  timeZone: "Europe/Moscow",
});
const loop = openOfferLoop({ storage, log });
offers.routes(app, { loop, region: "RU" });
const url = await app.listen({ host: "127.0.0.1", port: 0 });
process.send?.({ url });
