/**
 * Sessions: who is logged in. A session is a random token in the browser's cookie; here only its hash is kept. It ends after 12
 * idle hours, after 30 days at the latest, or when somebody ends it; screens and feeds that hang on it are told at once. While PostgreSQL
 * is away, who was checked here a short time ago goes on.
 */
import { randomUUID } from "node:crypto";
import type { Bus } from "../storage/bus.ts";
import type { Database } from "../storage/database.ts";
import { type CrmTokens, crmTokens } from "./crm-tokens.ts";
import type { Authenticator, Principal, User } from "./model.ts";
import { RecentLogins } from "./recent-logins.ts";
import { hashToken, newToken, principalByToken } from "./tokens.ts";

/** A session ends this long after its last request ... */
export const SESSION_IDLE_MS = 12 * 3_600_000;
/** ... and this long after the login whatever happens. */
export const SESSION_MAX_MS = 30 * 24 * 3_600_000;
/** How exactly the last request's time is kept; a write per request would be too dear. */
const SEEN_GRAIN_MS = 60_000;

/** One of a person's sessions, for the list where they end what they do not know. */
export type SessionRecord = {
  readonly id: string;
  readonly createdAt: string;
  readonly lastSeenAt: string;
  readonly userAgent: string;
};

/** Authentication over PostgreSQL, and the life of sessions. */
export type Sessions = Authenticator & {
  /** Starts one; `token` goes into the cookie and nowhere else. */
  start(
    user: User,
    userAgent: string,
  ): Promise<{
    readonly token: string;
    readonly sessionId: string;
    readonly maxAgeSeconds: number;
  }>;
  /** The person's live sessions, the last used first. */
  list(userId: string): Promise<readonly SessionRecord[]>;
  /** Ends one of the person's sessions; false when they have no such session. */
  end(userId: string, sessionId: string): Promise<boolean>;
  /** Ends all of a person's sessions but `exceptSessionId`. */
  endAll(userId: string, exceptSessionId?: string): Promise<void>;
  /** Forgets expired sessions; returns how many. */
  sweep(): Promise<number>;
};

/**
 * @param options.crmTokenSecret secret shared with the CRM that signs tokens; "" when there is none.
 * @param options.bus is told `sessionsEnded`, so that the person's screens close in every process; heard from others it ends what stands
 *   in for PostgreSQL's answer here.
 * @param options.now the clock, epoch ms.
 */
export function createSessions(options: {
  readonly db: Database;
  readonly crmTokenSecret: string;
  readonly bus?: Pick<Bus, "publish" | "on">;
  readonly now?: () => number;
}): Sessions {
  const { db } = options;
  const now = options.now ?? Date.now;
  const recent = new RecentLogins(now);
  const crm: CrmTokens = crmTokens(db, options.crmTokenSecret, recent);
  options.bus?.on("sessionsEnded", ({ userId }) => recent.forget(userId));
  options.bus?.on("hintsLost", () => recent.forgetAll());
  const ended = (userId: string) => {
    recent.forget(userId);
    options.bus?.publish("sessionsEnded", { userId });
  };

  return {
    async bySession(token) {
      if (token.length > 100) return null;
      const hash = hashToken(token);
      return recent.check(hash.toString("base64"), () => readSession(hash));
    },

    byApiToken: (token): Promise<Principal | null> => principalByToken(db, token, now()),
    byCrmToken: (token) => crm.principalOf(token, now()),

    async start(user, userAgent) {
      const token = newToken();
      const sessionId = randomUUID();
      const nowMs = now();
      await db
        .insertInto("sessions")
        .values({
          token_hash: hashToken(token),
          id: sessionId,
          user_id: user.id,
          created_at: new Date(nowMs),
          last_seen_at: new Date(nowMs),
          expires_at: expiryOf(nowMs, nowMs),
          user_agent: userAgent.slice(0, 300),
        })
        .execute();
      return { token, sessionId, maxAgeSeconds: SESSION_MAX_MS / 1000 };
    },

    async list(userId) {
      const rows = await db
        .selectFrom("sessions")
        .select(["id", "created_at", "last_seen_at", "user_agent"])
        .where("user_id", "=", userId)
        .where("expires_at", ">", new Date(now()))
        .orderBy("last_seen_at", "desc")
        .execute();
      return rows.map((row) => ({
        id: row.id,
        createdAt: row.created_at.toISOString(),
        lastSeenAt: row.last_seen_at.toISOString(),
        userAgent: row.user_agent,
      }));
    },

    async end(userId, sessionId) {
      if (!isSessionId(sessionId)) return false;
      const result = await db
        .deleteFrom("sessions")
        .where("user_id", "=", userId)
        .where("id", "=", sessionId)
        .executeTakeFirst();
      if (result.numDeletedRows === 0n) return false;
      ended(userId);
      return true;
    },

    async endAll(userId, exceptSessionId) {
      let query = db.deleteFrom("sessions").where("user_id", "=", userId);
      // Who came with a token of the CRM has no session here to be spared.
      if (exceptSessionId !== undefined && isSessionId(exceptSessionId))
        query = query.where("id", "!=", exceptSessionId);
      await query.execute();
      // Also without a row: a screen may have come with a token of the CRM.
      ended(userId);
    },

    async sweep() {
      const result = await db
        .deleteFrom("sessions")
        .where("expires_at", "<=", new Date(now()))
        .executeTakeFirst();
      return Number(result.numDeletedRows);
    },
  };

  async function readSession(tokenHash: Buffer): Promise<Principal | null> {
    const nowMs = now();
    const row = await db
      .selectFrom("sessions as s")
      .innerJoin("users as u", "u.id", "s.user_id")
      .select(["s.id as sessionId", "s.created_at", "s.last_seen_at"])
      .select(["u.id", "u.login", "u.name", "u.role", "u.language"])
      .where("s.token_hash", "=", tokenHash)
      .where("s.expires_at", ">", new Date(nowMs))
      .where("u.active", "=", true)
      .executeTakeFirst();
    if (row === undefined) return null;
    if (nowMs - row.last_seen_at.getTime() >= SEEN_GRAIN_MS) {
      await db
        .updateTable("sessions")
        .set({
          last_seen_at: new Date(nowMs),
          expires_at: expiryOf(row.created_at.getTime(), nowMs),
        })
        .where("id", "=", row.sessionId)
        .execute();
    }
    const { sessionId, id, login, name, role, language } = row;
    return { kind: "user", user: { id, login, name, role, language }, sessionId };
  }
}

function isSessionId(text: string): boolean {
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text);
}

function expiryOf(createdAtMs: number, seenAtMs: number): Date {
  return new Date(Math.min(seenAtMs + SESSION_IDLE_MS, createdAtMs + SESSION_MAX_MS));
}
