/** A process that takes letters until it is killed: `node letters-process.ts <PostgreSQL's URL> <mailbox as JSON>`. */
import { openClaims } from "../../../server/followups/claims/open.ts";
import { openLetters } from "../../../server/followups/mail/imap/letters.ts";
import { createLog } from "../../../server/http/log.ts";
import type { ImapConfig } from "../../../server/imap-config.ts";
import { localBus } from "../../../server/storage/bus.ts";
import { openStorage } from "../../../server/storage/database.ts";

const [databaseUrl = "", mailbox = ""] = process.argv.slice(2);
const storage = openStorage(databaseUrl);
const log = createLog({ level: "silent" });
const bus = localBus(() => undefined);
openLetters({
  claims: openClaims({ storage, bus, log, timeZone: "UTC" }),
  ...{ db: storage.db, region: "RU", databaseUrl, log, waitMs: 50 },
  mailbox: JSON.parse(mailbox) as ImapConfig,
});
