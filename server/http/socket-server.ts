/** The one socket.io server of an HTTP server; the desk and the console each have their namespace on it. */
import type { Server as HttpServer } from "node:http";
import { Server } from "socket.io";
import { originCheck } from "./auth.ts";
import type { OriginPolicy } from "./origin.ts";

/** A policy with its rules is the largest thing a screen sends. */
const LARGEST_MESSAGE_BYTES = 256 * 1024;

/** The open server. */
export type SocketServer = {
  readonly io: Server;
  /** Disconnects every browser; they come back to the next process by themselves. The HTTP server stays open. */
  close(): void;
};

/** Opens it; browsers of foreign pages are refused before anything else is looked at. */
export function openSocketServer(options: {
  readonly server: HttpServer;
  readonly origins: OriginPolicy;
}): SocketServer {
  const mayCome = originCheck(options.origins);
  const io = new Server(options.server, {
    serveClient: false,
    // Other websockets of the same HTTP server are not ours to close.
    destroyUpgrade: false,
    maxHttpBufferSize: LARGEST_MESSAGE_BYTES,
    pingInterval: 10_000,
    pingTimeout: 8000,
    connectTimeout: 10_000,
    cors: { origin: [...options.origins.crmOrigins], credentials: true },
    allowRequest: (request, answer) => {
      const allowed = mayCome(request);
      answer(allowed ? null : "Requests from this site are not allowed", allowed);
    },
  });
  return {
    io,
    close() {
      io.disconnectSockets(true);
      // Not io.close(): that would close the HTTP server, which is not ours.
      io.engine.close();
    },
  };
}
