/**
 * A process that has or wants a lease (`CALLCARD_URL`, `CALLCARD_LEASE`) and acts as often as it can while it holds it, to be killed and
 * paused: a row of `acts` without a fence, one of `fenced_acts` with one. Tells its parent what it was told of the lease.
 */
import { sql } from "kysely";
import pg from "pg";
import { openStorage } from "../../../server/storage/database.ts";
import { openLease } from "../../../server/storage/lease.ts";

const url = process.env["CALLCARD_URL"]!;
const { db } = openStorage(url, { maxConnections: 2 });
const lease = openLease({ databaseUrl: url, name: process.env["CALLCARD_LEASE"]! });
lease.onChange((held) => process.send?.({ held, epoch: lease.epoch() }));
const who = process.pid;
const direct = new pg.Client({ connectionString: url });
await direct.connect();

async function actAsLongAs(mayGoOn: () => boolean): Promise<void> {
  while (mayGoOn()) {
    const epoch = lease.epoch();
    // Nothing lies between the look and the act: the socket has it when this returns.
    if (lease.held())
      await direct.query("insert into acts (who, epoch) values ($1, $2)", [who, epoch]);
    await lease
      .fenced(db, (trx) =>
        sql`insert into fenced_acts (who, epoch) values (${who}, ${epoch})`.execute(trx),
      )
      .catch(() => undefined);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

let open = true;
process.on("disconnect", () => process.exit(0));
process.on("message", (message) => {
  if (message !== "stop") return;
  open = false;
  void lease.close().then(() => process.exit(0));
});
await actAsLongAs(() => open);
