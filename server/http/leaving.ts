/** How the HTTP side ends: soon, and without tearing off an answer that is being given. */
import type { Socket } from "node:net";
import type { App } from "./app.ts";

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
