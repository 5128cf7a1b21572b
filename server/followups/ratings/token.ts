/** The token in a message's link: which call it rates, until when, signed so that nobody can make one up. */
import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import type { Database } from "../../storage/database.ts";

const KEY = "ratings.secret";
/** An answer that comes later is about something long forgotten. */
export const TOKEN_TTL_MS = 30 * 86_400_000;

/** The installation's own secret, made when it is first needed; the same in every process. */
export async function tokenSecret(db: Database): Promise<string> {
  await db
    .insertInto("installation")
    .values({ key: KEY, value: JSON.stringify(randomBytes(32).toString("base64url")) })
    .onConflict((conflict) => conflict.column("key").doNothing())
    .execute();
  const { value } = await db
    .selectFrom("installation")
    .select("value")
    .where("key", "=", KEY)
    .executeTakeFirstOrThrow();
  return value as string;
}

/** Letters, digits, `-`, `_` and points: fits into an address as it is. */
export function writeToken(secret: string, callId: string, expiresAtMs: number): string {
  const said = `${Buffer.from(callId).toString("base64url")}.${Math.floor(expiresAtMs / 1000).toString(36)}`;
  return `${said}.${signatureOf(secret, said)}`;
}

/** @returns the call; null for a token that is not ours or too old. */
export function readToken(secret: string, token: string, nowMs: number): string | null {
  const [, said = "", id = "", until = "", signature = ""] =
    /^(([\w-]{1,400})\.([a-z0-9]{1,10}))\.([\w-]{43})$/.exec(token) ?? [];
  const right = signatureOf(secret, said);
  if (signature === "" || !timingSafeEqual(Buffer.from(signature), Buffer.from(right))) return null;
  if (Number.parseInt(until, 36) * 1000 < nowMs) return null;
  return Buffer.from(id, "base64url").toString("utf8");
}

function signatureOf(secret: string, said: string): string {
  return createHmac("sha256", secret).update(`rating ${said}`).digest("base64url");
}
