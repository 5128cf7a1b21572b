/**
 * Tokens signed by the CRM, so that its users need no second login: a JWT with HS256 and the shared secret, `aud` "callcard",
 * `sub` the person's login here, `iat`, and `exp` at most 12 hours ahead.
 */
import { createHash } from "node:crypto";
import { errors, jwtVerify } from "jose";
import type { Database } from "../storage/database.ts";
import type { Principal } from "./model.ts";
import type { RecentLogins } from "./recent-logins.ts";
import { findActiveByLogin } from "./users.ts";

/** The longest life of a CRM token: a stolen one dies with the shift. */
export const CRM_TOKEN_MAX_MS = 12 * 3_600_000;
const CLOCK_TOLERANCE_SECONDS = 30;

export type CrmTokens = {
  /** The person a token stands for, or null when it is not valid now. */
  principalOf(token: string, nowMs: number): Promise<Principal | null>;
};

/**
 * @param secret at least 32 characters; "" refuses every token.
 * @param recent stands in for PostgreSQL as long as a token may live: the CRM says anew with each token who it is.
 * @throws Error for a secret that is too short to withstand guessing.
 */
export function crmTokens(db: Database, secret: string, recent: RecentLogins): CrmTokens {
  if (secret === "") return { principalOf: () => Promise.resolve(null) };
  if (secret.length < 32) throw new Error("CRM_TOKEN_SECRET must have at least 32 characters");
  const key = new TextEncoder().encode(secret);
  return {
    async principalOf(token, nowMs) {
      const login = await loginOf(token, key, nowMs);
      if (login === null) return null;
      const principal = await recent.check(
        `crm ${login}`,
        () => readLogin(login),
        CRM_TOKEN_MAX_MS,
      );
      if (principal?.kind !== "user") return null;
      const sessionId = `crm:${createHash("sha256").update(token).digest("base64url").slice(0, 22)}`;
      return { ...principal, sessionId };
    },
  };

  async function readLogin(login: string): Promise<Principal | null> {
    const found = await findActiveByLogin(db, login);
    if (found === null) return null;
    const { user } = found;
    // Who holds the CRM's secret can be anybody: administration needs a login of its own.
    const role = user.role === "admin" ? "supervisor" : user.role;
    return { kind: "user", user: { ...user, role }, sessionId: "" };
  }
}

async function loginOf(token: string, key: Uint8Array, nowMs: number): Promise<string | null> {
  try {
    const { payload } = await jwtVerify(token, key, {
      algorithms: ["HS256"],
      audience: "callcard",
      requiredClaims: ["exp", "iat", "sub"],
      currentDate: new Date(nowMs),
      clockTolerance: CLOCK_TOLERANCE_SECONDS,
    });
    const latest = nowMs / 1000 + CRM_TOKEN_MAX_MS / 1000 + CLOCK_TOLERANCE_SECONDS;
    const isFromFuture = payload.iat! * 1000 > nowMs + CLOCK_TOLERANCE_SECONDS * 1000;
    return payload.exp! > latest || isFromFuture ? null : payload.sub!;
  } catch (error) {
    if (error instanceof errors.JOSEError) return null;
    throw error;
  }
}
