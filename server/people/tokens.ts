/** API tokens for programs: shown once when made, kept only as a hash, revoked at will. */
import { createHash, randomBytes } from "node:crypto";
import type { Database } from "../storage/database.ts";
import { recordAudit } from "./audit.ts";
import type { Principal, Role } from "./model.ts";
import { isId } from "./users.ts";

/** A token as admins see it; the secret itself is known only to who made it. */
export type TokenRecord = {
  readonly id: string;
  readonly name: string;
  readonly role: Role;
  readonly createdAt: string;
  /** ISO date-time to the minute, null when it was never used. */
  readonly lastUsedAt: string | null;
  readonly revokedAt: string | null;
};

/** What is stored of a secret: with 256 random bits a plain hash cannot be turned back. */
export function hashToken(token: string): Buffer {
  return createHash("sha256").update(token).digest();
}

/** A new secret of 256 bits. */
export function newToken(prefix = ""): string {
  return prefix + randomBytes(32).toString("base64url");
}

/** Makes a token; `token` in the answer is the only time it is shown. */
export async function createToken(
  db: Database,
  input: { readonly name: string; readonly role: Role },
  by: { readonly actor: string; readonly userId: string | null },
): Promise<{ readonly record: TokenRecord; readonly token: string }> {
  const token = newToken("cc_");
  const record = await db.transaction().execute(async (tx) => {
    const row = await tx
      .insertInto("api_tokens")
      .values({
        name: input.name,
        role: input.role,
        token_hash: hashToken(token),
        created_by: by.userId,
      })
      .returningAll()
      .executeTakeFirstOrThrow();
    await recordAudit(tx, {
      actor: by.actor,
      action: "token.created",
      detail: { id: row.id, name: row.name, role: row.role },
    });
    return viewOf(row);
  });
  return { record, token };
}

/** All tokens, newest first. */
export async function listTokens(db: Database): Promise<readonly TokenRecord[]> {
  const rows = await db.selectFrom("api_tokens").selectAll().orderBy("id", "desc").execute();
  return rows.map(viewOf);
}

/** Ends a token at once; false when there is none. Revoking twice is no error. */
export async function revokeToken(db: Database, id: string, actor: string): Promise<boolean> {
  if (!isId(id)) return false;
  return db.transaction().execute(async (tx) => {
    const row = await tx
      .selectFrom("api_tokens")
      .select(["name", "revoked_at"])
      .where("id", "=", id)
      .forUpdate()
      .executeTakeFirst();
    if (row === undefined) return false;
    if (row.revoked_at !== null) return true;
    await tx
      .updateTable("api_tokens")
      .set({ revoked_at: new Date() })
      .where("id", "=", id)
      .execute();
    await recordAudit(tx, { actor, action: "token.revoked", detail: { id, name: row.name } });
    return true;
  });
}

/** Whose token it is, or null when unknown or revoked. */
export async function principalByToken(
  db: Database,
  token: string,
  nowMs: number,
): Promise<Principal | null> {
  const row = await db
    .selectFrom("api_tokens")
    .select(["id", "name", "role", "last_used_at"])
    .where("token_hash", "=", hashToken(token))
    .where("revoked_at", "is", null)
    .executeTakeFirst();
  if (row === undefined) return null;
  // To the minute is enough to know that a token is in use, and spares a write per request.
  if (row.last_used_at === null || nowMs - row.last_used_at.getTime() >= 60_000) {
    await db
      .updateTable("api_tokens")
      .set({ last_used_at: new Date(nowMs) })
      .where("id", "=", row.id)
      .execute();
  }
  return { kind: "token", tokenId: row.id, name: row.name, role: row.role };
}

function viewOf(row: {
  id: string;
  name: string;
  role: Role;
  created_at: Date;
  last_used_at: Date | null;
  revoked_at: Date | null;
}): TokenRecord {
  return {
    id: row.id,
    name: row.name,
    role: row.role,
    createdAt: row.created_at.toISOString(),
    lastUsedAt: row.last_used_at?.toISOString() ?? null,
    revokedAt: row.revoked_at?.toISOString() ?? null,
  };
}
