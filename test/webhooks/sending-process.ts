/** One of the processes that send: goes on until it is killed. */
import { createLog } from "../../server/http/log.ts";
import { openStorage } from "../../server/storage/database.ts";
import { openWebhooks } from "../../server/webhooks/open.ts";
import { fast } from "./fast.ts";

const storage = openStorage(process.env["SENDING_DATABASE"]!, { maxConnections: 3 });
await openWebhooks({ storage, log: createLog({ level: "silent" }), lostAfterMs: 1500, ...fast });
process.send?.({ ready: true });
