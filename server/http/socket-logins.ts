/** Who is behind a browser's socket: found out when it connects, and looked at again for as long as it stays. */
import type { IncomingMessage } from "node:http";
import pLimit from "p-limit";
import type { Authenticator, Principal, User } from "../people/model.ts";
import type { Bus } from "../storage/bus.ts";
import { byToken, sessionCookieOf } from "./auth.ts";

/** A person's login as a socket keeps it. */
export type SocketLogin = {
  readonly user: User;
  /** The session cookie's value, "" for a token. */
  readonly session: string;
};

/** A connection that is refused; the message is the code the screen gets. */
export class NotAdmitted extends Error {}

/**
 * The person who connects: by the token when one is given, else by the session cookie.
 * @throws NotAdmitted `notLoggedIn`, or `forbidden` for a program's token.
 */
export async function loginOf(
  request: IncomingMessage,
  token: string | undefined,
  authenticator: Authenticator,
): Promise<SocketLogin> {
  const session = token === undefined ? sessionCookieOf(request) : "";
  let principal: Principal | null = null;
  if (token !== undefined) {
    if (token !== "") principal = await byToken(token, authenticator);
  } else if (session !== "") principal = await authenticator.bySession(session);
  if (principal === null) throw new NotAdmitted("notLoggedIn");
  if (principal.kind !== "user") throw new NotAdmitted("forbidden");
  return { user: principal.user, session };
}

/** So many browsers are let in at a time: each asks PostgreSQL a few things, and calls need its connections meanwhile. */
const ADMITTED_AT_ONCE = 8;

/** Lets browsers in one after the other when all come at once, as after an update: the rest wait their turn, in the order they came. */
export function admissions(): <T>(admit: () => Promise<T>) => Promise<T> {
  return pLimit(ADMITTED_AT_ONCE);
}

/** A socket whose login is looked at again. */
export type WatchedSocket = {
  readonly data: SocketLogin;
  emit(event: "ended", reason: "loggedOut" | "deactivated"): unknown;
  disconnect(close: boolean): unknown;
};

export type LoginWatchOptions = {
  readonly sockets: () => Iterable<WatchedSocket>;
  readonly authenticator: Authenticator;
  /** False for a person who may not use these screens any more. */
  readonly mayStay: (user: User) => Promise<boolean>;
  readonly bus: Pick<Bus, "on">;
  readonly log: { warn(fields: object, message: string): void };
};

const RECHECK_MS = 60_000;

/**
 * Ends browsers whose login is not valid any more: at once when sessions were ended, and every minute whatever was told. A
 * database that does not answer ends nobody. @returns how to stop watching.
 */
export function watchLogins(options: LoginWatchOptions): () => void {
  const { authenticator, bus, log, mayStay, sockets } = options;

  async function recheck(socket: WatchedSocket): Promise<void> {
    const { session, user } = socket.data;
    try {
      const allowed = await mayStay(user);
      const valid = session === "" || (await authenticator.bySession(session)) !== null;
      if (allowed && valid) return;
      socket.emit("ended", allowed ? "loggedOut" : "deactivated");
      socket.disconnect(true);
    } catch (error) {
      log.warn({ err: error, userId: user.id }, "a session could not be checked again");
    }
  }

  const stops = [
    bus.on("sessionsEnded", ({ userId }) => {
      for (const socket of sockets()) if (socket.data.user.id === userId) void recheck(socket);
    }),
    // Somebody's may have been ended meanwhile.
    bus.on("hintsLost", () => void recheckAll()),
  ];
  let looking = false;
  let again = false;
  /** One after the other: hundreds of questions at one moment would make everybody else wait for a connection. */
  async function recheckAll(): Promise<void> {
    again = true;
    if (looking) return;
    looking = true;
    while (again) {
      again = false;
      for (const socket of [...sockets()]) await recheck(socket);
    }
    looking = false;
  }
  const timer = setInterval(() => void recheckAll(), RECHECK_MS);
  timer.unref();
  return () => {
    for (const stop of stops) stop();
    clearInterval(timer);
  };
}
