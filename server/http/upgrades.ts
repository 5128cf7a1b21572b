/**
 * Who gets a websocket upgrade. One HTTP server carries socket.io and the plain feed: each gets its own path, everything else
 * and every foreign page is refused before the upgrade.
 */
import { type IncomingMessage, STATUS_CODES, type Server } from "node:http";
import type { Duplex } from "node:stream";
import type { Logger } from "pino";

/** Takes over the socket of an upgrade. */
export type UpgradeHandler = (request: IncomingMessage, socket: Duplex, head: Buffer) => void;

/** The upgrades of one HTTP server. */
export type Upgrades = {
  /** Sends upgrades of exactly this path to a handler. */
  add(path: string, handler: UpgradeHandler): void;
  /**
   * Sends upgrades below this path to the listeners that are on the server now: socket.io adds its own when it is attached.
   * Give socket.io `destroyUpgrade: false`; what it does not know is refused here.
   */
  adopt(path: string): void;
  /** From now on takes only upgrades that go on with something open here; others are told to ask another process. */
  leave(isKnown: (request: IncomingMessage) => boolean): void;
  /** Called once, when this process begins to leave. */
  onLeave(listener: () => void): void;
  /** How often what was refused, for `/metrics`. */
  counters(): { readonly refused: Readonly<Record<string, number>> };
  close(): void;
};

/**
 * Becomes the only upgrade listener of `server`.
 * @param options.isAllowedOrigin see `originCheck` in auth.ts.
 */
export function createUpgrades(
  server: Server,
  options: {
    readonly isAllowedOrigin: (request: IncomingMessage) => boolean;
    readonly log: Logger;
  },
): Upgrades {
  const exact = new Map<string, UpgradeHandler>();
  const below = new Map<string, readonly UpgradeHandler[]>();
  const refused = { foreignOrigin: 0, notFound: 0, leaving: 0 };
  let mayCome: (request: IncomingMessage) => boolean = () => true;
  const leaveListeners = new Set<() => void>();

  const handlersOf = (path: string): readonly UpgradeHandler[] => {
    const one = exact.get(path);
    if (one !== undefined) return [one];
    for (const [prefix, handlers] of below) {
      if (path === prefix || path.startsWith(prefix.endsWith("/") ? prefix : `${prefix}/`))
        return handlers;
    }
    return [];
  };

  const route: UpgradeHandler = (request, socket, head) => {
    // A peer that is gone before it was answered is no error of ours.
    socket.on("error", ignoreGone);
    const path = (request.url ?? "").split("?", 1)[0]!;
    const handlers = handlersOf(path);
    if (handlers.length === 0) {
      refused.notFound++;
      refuseUpgrade(socket, 404);
      return;
    }
    if (!options.isAllowedOrigin(request)) {
      refused.foreignOrigin++;
      options.log.info({ path, origin: request.headers.origin }, "upgrade refused: foreign origin");
      refuseUpgrade(socket, 403);
      return;
    }
    if (!mayCome(request)) {
      refused.leaving++;
      refuseUpgrade(socket, "leaving");
      return;
    }
    for (const handler of handlers) handler(request, socket, head);
  };

  server.on("upgrade", route);

  return {
    add(path, handler) {
      exact.set(path, handler);
    },
    adopt(path) {
      const found = server.listeners("upgrade").filter((listener) => listener !== route);
      for (const listener of found) server.off("upgrade", listener as UpgradeHandler);
      below.set(path, [...(below.get(path) ?? []), ...(found as UpgradeHandler[])]);
    },
    leave(isKnown) {
      mayCome = isKnown;
      for (const listener of leaveListeners) listener();
      leaveListeners.clear();
    },
    onLeave(listener) {
      leaveListeners.add(listener);
    },
    counters: () => ({ refused: { ...refused } }),
    close() {
      server.off("upgrade", route);
    },
  };
}

function ignoreGone(): void {
  // Nothing to do: the socket closes by itself.
}

/** Answers an upgrade with a plain HTTP status and the one error shape, and closes. */
export function refuseUpgrade(socket: Duplex, why: 400 | 401 | 403 | 404 | 503 | "leaving"): void {
  const codes = {
    400: ["badRequest", "This address wants a websocket upgrade it can understand"],
    401: ["badToken", "The bearer token is unknown, expired or revoked"],
    403: ["foreignOrigin", "Connections from this site are not allowed"],
    404: ["notFound", "There is no websocket at this address"],
    503: ["databaseDown", "The database cannot be reached; try again shortly"],
    leaving: ["leaving", "This process is about to end; ask again"],
  } as const;
  const [code, message] = codes[why];
  const status = why === "leaving" ? 503 : why;
  const body = JSON.stringify({ error: { code, message } });
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\nContent-Type: application/json\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}
