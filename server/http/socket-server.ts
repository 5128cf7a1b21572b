/** The one socket.io server of an HTTP server; the desk and the console each have their namespace on it. */
import type { Server as HttpServer, IncomingMessage, ServerResponse } from "node:http";
import { Server } from "socket.io";
import { originCheck } from "./auth.ts";
import type { Redis } from "../storage/redis.ts";
import type { OriginPolicy } from "./origin.ts";
import { openScreensAdapter } from "./screens-adapter.ts";
import type { SocketLogin } from "./socket-logins.ts";

/** A policy with its rules is the largest thing a screen sends. */
const LARGEST_MESSAGE_BYTES = 256 * 1024;

/** Other processes tell of their screens within this, or are not waited for. */
const OTHERS_WITHIN_MS = 500;

/** Everybody's screens are a room, so that they can be counted and disconnected wherever they are. */
const roomOf = (userId: string) => `user:${userId}`;

/** Namespaces of screens. */
const SCREENS = ["/desk", "/console"] as const;

/** The open server. */
export type SocketServer = {
  readonly io: Server;
  /** Tells every screen of this process to go to another one soon, and sends away whoever comes new. */
  leave(): void;
  /** How many of somebody's screens are connected, at whichever process; those of this one while the others cannot be asked. Never fails. */
  screensOf(userId: string): Promise<number>;
  /** True for a request of a connection that is open here. */
  isKnown(request: IncomingMessage): boolean;
  /** Disconnects every browser; they come back to the next process by themselves. The HTTP server stays open. */
  close(): void;
};

/** Opens it; browsers of foreign pages are refused before anything else is looked at. */
export function openSocketServer(options: {
  readonly server: HttpServer;
  readonly origins: OriginPolicy;
  /** By what screens may connect; default `any`. */
  readonly transports?: "any" | "websocket";
  /** Which screens the server has now, told to each that connects; "" is not told. */
  readonly screens?: () => string;
  /** Null (the default): this process is alone. */
  readonly redis?: Redis | null;
}): SocketServer {
  const mayCome = originCheck(options.origins);
  const io = new Server(options.server, {
    serveClient: false,
    transports: options.transports === "websocket" ? ["websocket"] : ["polling", "websocket"],
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
  const { redis = null, screens = () => "" } = options;
  const between = redis === null ? null : openScreensAdapter(redis);
  if (between !== null) io.adapter(between.adapter);
  for (const name of SCREENS)
    io.of(name).on("connection", (socket) => {
      const { user } = socket.data as Partial<SocketLogin>;
      if (user !== undefined) void socket.join(roomOf(user.id));
      const version = screens();
      if (version !== "") socket.emit("screens", version);
    });
  const here = new Set<string>();
  io.engine.on("connection", (connection: { readonly id: string; once: typeof io.engine.once }) => {
    here.add(connection.id);
    connection.once("close", () => here.delete(connection.id));
  });
  const isKnown = (request: IncomingMessage) => {
    const asked = URL.parse(request.url ?? "", "http://here")?.searchParams;
    return here.has(asked?.get("sid") ?? "");
  };
  return {
    io,
    isKnown,
    async screensOf(userId) {
      const counts = SCREENS.map(async (name) => {
        const theirs = io.of(name).in(roomOf(userId)).timeout(OTHERS_WITHIN_MS);
        const found = await theirs.fetchSockets().catch(() => theirs.local.fetchSockets());
        return found.length;
      });
      return (await Promise.all(counts)).reduce((sum, count) => sum + count, 0);
    },
    leave() {
      // Websockets are sent away before they come here (see upgrades.ts): these are the plain requests.
      io.engine.use((request: IncomingMessage, response: ServerResponse, next: () => void) => {
        if (isKnown(request)) next();
        else response.writeHead(503, { "retry-after": "1", "cache-control": "no-store" }).end();
      });
      for (const name of SCREENS) io.of(name).local.emit("leaving");
    },
    close() {
      // Those of this process alone: others serve theirs on.
      io.local.disconnectSockets(true);
      for (const name of SCREENS) void io.of(name).adapter.close();
      between?.close();
      // Not io.close(): that would close the HTTP server, which is not ours.
      io.engine.close();
    },
  };
}
