/** The admin's rules for letters, and the services that may hand them over. */
import { recordAudit } from "../../people/audit.ts";
import type { Database } from "../../storage/database.ts";
import { type MailSettings, NO_RULES } from "./model.ts";
import type { ServiceKind } from "./readers.ts";

const KEY = "mail";

/** A service as it may be shown. */
export type MailService = {
  readonly name: string;
  readonly kind: ServiceKind;
  readonly enabled: boolean;
  readonly changedAt: string;
};

export async function readRules(db: Database): Promise<MailSettings> {
  const row = await db
    .selectFrom("installation")
    .select("value")
    .where("key", "=", KEY)
    .executeTakeFirst();
  return (row?.value as MailSettings | undefined) ?? NO_RULES;
}

/** Small letters, no empty words; audited. */
export async function saveRules(db: Database, rules: MailSettings, by: string): Promise<void> {
  const tidy = (list: readonly string[]) =>
    [...new Set(list.map((one) => one.trim().toLowerCase()))].filter((one) => one !== "");
  const detail: MailSettings = {
    complaintAddresses: tidy(rules.complaintAddresses),
    complaintWords: tidy(rules.complaintWords),
    ownAddresses: tidy(rules.ownAddresses),
  };
  const value = JSON.stringify(detail);
  await db.transaction().execute(async (trx) => {
    await trx
      .insertInto("installation")
      .values({ key: KEY, value })
      .onConflict((conflict) => conflict.column("key").doUpdateSet({ value }))
      .execute();
    await recordAudit(trx, { actor: by, action: "mail.rules", detail });
  });
}

/** By name. */
export async function listServices(db: Database): Promise<readonly MailService[]> {
  const rows = await db.selectFrom("mail_sources").selectAll().orderBy("name").execute();
  return rows.map(({ name, kind, enabled, changed_at }) => ({
    ...{ name, kind: kind as ServiceKind, enabled, changedAt: changed_at.toISOString() },
  }));
}

/** @returns false when a new one came without its secret: nothing was changed then. */
export async function saveService(
  db: Database,
  name: string,
  service: { readonly kind: ServiceKind; readonly enabled: boolean; readonly secret?: string },
  by: string,
): Promise<boolean> {
  const { kind, enabled, secret } = service;
  return db.transaction().execute(async (trx) => {
    const known = await trx
      .selectFrom("mail_sources")
      .select("secret")
      .where("name", "=", name)
      .forUpdate()
      .executeTakeFirst();
    const kept = secret ?? known?.secret ?? "";
    if (kept === "") return false;
    const row = { kind, enabled, secret: kept, changed_at: new Date() };
    await trx
      .insertInto("mail_sources")
      .values({ name, ...row })
      .onConflict((conflict) => conflict.column("name").doUpdateSet(row))
      .execute();
    const detail = { name, kind, enabled, secret: secret === undefined ? "kept" : "set" };
    await recordAudit(trx, { actor: by, action: "mail.service", detail });
    return true;
  });
}

/** @returns false when there is none. */
export async function removeService(db: Database, name: string, by: string): Promise<boolean> {
  return db.transaction().execute(async (trx) => {
    const gone = await trx.deleteFrom("mail_sources").where("name", "=", name).executeTakeFirst();
    if (gone.numDeletedRows === 0n) return false;
    await recordAudit(trx, { actor: by, action: "mail.serviceRemoved", detail: { name } });
    return true;
  });
}

/** Of one that may hand letters over; null for any other. */
export async function findService(
  db: Database,
  name: string,
): Promise<{ readonly kind: ServiceKind; readonly secret: string } | null> {
  const row = await db
    .selectFrom("mail_sources")
    .select(["kind", "secret"])
    .where("name", "=", name)
    .where("enabled", "=", true)
    .executeTakeFirst();
  return row === undefined || row.secret === ""
    ? null
    : { kind: row.kind as ServiceKind, secret: row.secret };
}
