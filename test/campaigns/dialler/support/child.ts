/**
 * The dialler in a process of its own, to be killed: real connections to a PBX (`CALLCARD_PBX`, a port, `CALLCARD_SECRET`) and to PostgreSQL
 * (`CALLCARD_URL`).
 */
import { pino } from "pino";
import { fixedPbxs } from "../../../../server/asterisk/pbxs.ts";
import { PbxLink } from "../../../../server/asterisk/link.ts";
import { LiveCalls } from "../../../../server/calls/live.ts";
import { PgAttemptStore } from "../../../../server/campaigns/attempts/store.ts";
import { Campaigns } from "../../../../server/campaigns/campaigns.ts";
import { createDiallers } from "../../../../server/campaigns/dialler/open.ts";
import { localAsks } from "../../../../server/storage/asks.ts";
import { localBus } from "../../../../server/storage/bus.ts";
import { openStorage } from "../../../../server/storage/database.ts";
import { openLeases } from "../../../../server/storage/leases.ts";
import { vocabulary } from "../../samples.ts";

const url = process.env["CALLCARD_URL"]!;
const log = pino({ level: process.env["CALLCARD_LOG"] ?? "silent" });
const { db } = openStorage(url);
const bus = localBus(() => undefined);
const campaigns = new Campaigns({
  ...{ db, bus, onError: () => undefined, lookMs: 500 },
  vocabulary: async () => vocabulary,
});
// PostgreSQL may be away just now; it looks again twice a second.
campaigns.load().catch(() => undefined);
const link = new PbxLink({
  ...{ name: "main", host: "127.0.0.1", port: Number(process.env["CALLCARD_PBX"]) },
  ...{ username: "callcard", secret: process.env["CALLCARD_SECRET"]!, tls: false },
});
const calls = new LiveCalls({ pbxs: fixedPbxs([link]), extensionPattern: /^\d{3}$/ });
const leases = openLeases(url);
leases.open(link.name);
const diallers = createDiallers({
  ...{ pbxs: fixedPbxs([link]), calls, campaigns, db, leases, log, region: "RU" },
  ...{ bus, asks: localAsks() },
  attempts: new PgAttemptStore({ db, bus, timeZone: "Europe/Moscow" }),
  ...{ seats: () => [], dialContext: "from-internal" },
  tuning: { everyMs: 200, gapMs: 20, settleEveryMs: 5000, settleAfterMs: 1000 },
});
await diallers.open();
calls.open();
link.start();
