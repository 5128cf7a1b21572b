/** Logging in: limited, the same answer and the same time whether the login or the password was wrong, written to the audit. */
import type { Database } from "../storage/database.ts";
import { recordAudit } from "./audit.ts";
import type { LoginLimit } from "./login-limit.ts";
import type { User } from "./model.ts";
import { generatePassword, hashPassword, verifyPassword } from "./passwords.ts";
import type { Sessions } from "./sessions.ts";
import { findActiveByLogin, normalizeLogin, replaceHash } from "./users.ts";

/** How a try to log in came out. */
export type LoginOutcome =
  | {
      readonly kind: "ok";
      readonly user: User;
      readonly token: string;
      readonly maxAgeSeconds: number;
    }
  | { readonly kind: "badLogin" }
  | { readonly kind: "tooManyAttempts"; readonly retryAfterMs: number };

/** One try to log in. */
export type LoginAttempt = {
  readonly login: string;
  readonly password: string;
  /** Where it comes from. */
  readonly address: string;
  readonly userAgent: string;
};

/** A hash nobody knows the password of: unknown logins are compared with it, so that they take as long as known ones. */
let decoy: Promise<string> | undefined;

/** Tries to log in; a success starts a session. @throws what the database throws. */
export async function logIn(
  parts: { readonly db: Database; readonly sessions: Sessions; readonly limit: LoginLimit },
  attempt: LoginAttempt,
): Promise<LoginOutcome> {
  const { db, sessions, limit } = parts;
  const login = normalizeLogin(attempt.login);
  const retryAfterMs = await limit.take(login, attempt.address);
  if (retryAfterMs > 0) return { kind: "tooManyAttempts", retryAfterMs };
  let decided = false;
  try {
    const found = await findActiveByLogin(db, login);
    const decoyHash = await (decoy ??= hashPassword(generatePassword()));
    const hash = found?.passwordHash ?? decoyHash;
    const { ok, outdated } = await verifyPassword(attempt.password, hash);
    decided = true;
    if (found === null || !ok) {
      limit.failed(attempt.address);
      await recordAudit(db, {
        // What was typed as a login that nobody has may well be somebody's password.
        actor: found?.user.login ?? "unknown",
        action: "login.refused",
        detail: { address: attempt.address },
      });
      return { kind: "badLogin" };
    }
    limit.succeeded(login, attempt.address);
    if (outdated) await replaceHash(db, found.user.id, hash, attempt.password);
    const { token, maxAgeSeconds } = await sessions.start(found.user, attempt.userAgent);
    await recordAudit(db, {
      actor: found.user.login,
      action: "login",
      detail: { address: attempt.address },
    });
    return { kind: "ok", user: found.user, token, maxAgeSeconds };
  } finally {
    if (!decided) limit.undecided(attempt.address);
  }
}
