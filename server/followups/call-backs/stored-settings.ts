/** The settings of call backs in `installation`: read by whoever needs them, changed by an admin who saw the last ones. */
import { sql } from "kysely";
import { recordAudit } from "../../people/audit.ts";
import type { Database } from "../../storage/database.ts";
import { checkCallBacks } from "./check.ts";
import type { CallBackCheck } from "./rest.ts";
import { type CallBackSettings, PLAIN_CALL_BACKS } from "./settings.ts";

const KEY = "callBacks";

export type StoredSettings = { readonly settings: CallBackSettings; readonly revision: number };

/** Those that hold; the plain ones, revision 0, until an admin saved others. */
export async function readSettings(db: Database): Promise<StoredSettings> {
  const row = await db
    .selectFrom("installation")
    .select("value")
    .where("key", "=", KEY)
    .executeTakeFirst();
  return (row?.value as StoredSettings | undefined) ?? { settings: PLAIN_CALL_BACKS, revision: 0 };
}

/** A change that cannot be made; `message` is for the person. */
export class SettingsError extends Error {
  readonly code: "settingsChanged" | "settingsRefused";
  readonly checked: CallBackCheck;
  constructor(
    code: SettingsError["code"],
    message: string,
    checked: CallBackCheck = { problems: [], warnings: [] },
  ) {
    super(message);
    this.name = "SettingsError";
    this.code = code;
    this.checked = checked;
  }
}

/** Saves them with who did it. @throws SettingsError */
export async function saveSettings(
  db: Database,
  input: { readonly settings: unknown; readonly revision: number; readonly by: string },
  at: { readonly timeZone: string; readonly nowMs: number },
): Promise<StoredSettings> {
  const { settings, problems, warnings } = checkCallBacks(input.settings, at);
  if (settings === null)
    throw new SettingsError("settingsRefused", problems[0]!.message, { problems, warnings });
  return db.transaction().execute(async (trx) => {
    await sql`select pg_advisory_xact_lock(hashtext('callcard.callBacks.settings'))`.execute(trx);
    const { revision } = await readSettings(trx);
    if (revision !== input.revision)
      throw new SettingsError(
        "settingsChanged",
        "Somebody else changed the settings meanwhile; look at theirs first",
      );
    const stored = { settings, revision: revision + 1 };
    const value = JSON.stringify(stored);
    await trx
      .insertInto("installation")
      .values({ key: KEY, value })
      .onConflict((conflict) => conflict.column("key").doUpdateSet({ value }))
      .execute();
    await recordAudit(trx, {
      ...{ actor: input.by, action: "callBacks.settingsChanged" },
      detail: { revision: stored.revision, settings },
    });
    return stored;
  });
}
