/** How the HTTP side ends: soon, and without tearing off an answer that is being given. */
import type { Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import type { App } from "./app.ts";
import type { Readiness } from "./health.ts";
import type { SocketServer } from "./socket-server.ts";
import type { Upgrades } from "./upgrades.ts";

/** How long an answer that is being given when the server ends may still take. */
const ANSWERS_MAY_TAKE_MS = 5_000;

/**
 * Browsers open connections before they have anything to ask. Node takes these for busy and waits up to five minutes for their first
 * request before it has closed; here they go at once when the app closes. What is being answered has {@link ANSWERS_MAY_TAKE_MS} to
 * come to its end.
 */
export function closeWithoutWaiting(app: App): void {
  const connected = new Set<Socket>();
  let leaving = false;
  app.server.on("connection", (socket: Socket) => {
    if (leaving) {
      socket.destroy();
      return;
    }
    connected.add(socket);
    socket.once("close", () => connected.delete(socket));
  });
  app.addHook("preClose", async () => {
    leaving = true;
    for (const socket of connected) if (socket.bytesRead === 0) socket.destroy();
    // An app that never listened has nothing to close.
    if (!app.server.listening) return;
    // A connection that was kept for more questions ends after the answer it waited for.
    const idle = setInterval(() => app.server.closeIdleConnections(), 50);
    const limit = setTimeout(() => app.server.closeAllConnections(), ANSWERS_MAY_TAKE_MS);
    app.server.once("close", () => {
      clearInterval(idle);
      clearTimeout(limit);
    });
  });
}

/** What a process needs to go from among others. */
export type HandOver = {
  readonly readiness: Pick<Readiness, "leave">;
  readonly upgrades: Pick<Upgrades, "leave">;
  readonly sockets: Pick<SocketServer, "leave" | "isKnown">;
  /** How many screens are still here. */
  readonly screens: () => number;
  /** Writes what happened so far, while this process still may. */
  readonly write: () => Promise<unknown>;
  /** Gives up what others are to act on. */
  readonly giveUp: () => Promise<unknown>;
};

/** How long what happened may take to be written before another acts. */
const WRITE_WITHIN_MS = 1000;
/** Screens go within two seconds, each at its own moment; then this process closes what is left. */
const SCREENS_GO_WITHIN_MS = 4000;

/**
 * The first part of a clean stop where other processes go on: nobody new is sent here, screens are told to go, others get the right to act
 * at once. What is asked meanwhile is still answered. Never fails.
 * @returns when every screen has gone, or has had its time.
 */
export async function handOver(parts: HandOver): Promise<void> {
  parts.readiness.leave();
  parts.upgrades.leave((request) => parts.sockets.isKnown(request));
  parts.sockets.leave();
  const toldAtMs = performance.now();
  await Promise.race([parts.write().catch(() => undefined), sleep(WRITE_WITHIN_MS)]);
  await parts.giveUp().catch(() => undefined);
  while (parts.screens() > 0 && performance.now() - toldAtMs < SCREENS_GO_WITHIN_MS)
    await sleep(50);
}
