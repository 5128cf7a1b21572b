/**
 * The edge between supervisors' screens and the console: socket.io's namespace `/console`, for supervisors and admins. Everything a browser
 * says is checked here and answered; nothing a browser says or fails to say can hurt the console or another browser.
 */
import * as prom from "prom-client";
import type { DefaultEventsMap, Namespace, Server, Socket } from "socket.io";
import { TokenBucket } from "../desk/token-bucket.ts";
import {
  NotAdmitted,
  type SocketLogin,
  admissions,
  loginOf,
  watchLogins,
} from "../http/socket-logins.ts";
import { type Authenticator, type Role, roleAllows } from "../people/model.ts";
import { findUser } from "../people/users.ts";
import type { Bus } from "../storage/bus.ts";
import type { Database } from "../storage/database.ts";
import type { CampaignWatch } from "./campaigns.ts";
import type { Console } from "./console.ts";
import type {
  CampaignsPicture,
  ConsolePicture,
  ConsoleReply,
  ConsoleToServer,
  ServerToConsole,
} from "./protocol.ts";
import { ConsoleRefusal, refusedBy } from "./refusal.ts";
import { type ConsoleMessage, checkConsoleHandshake, checkConsoleMessage } from "./schemas.ts";

/** What the edge needs. */
export type ConsoleSocketsOptions = {
  /** Of `openSocketServer`. */
  readonly io: Server;
  readonly console: Console;
  /** Absent where nothing dials: then nobody can look at campaigns. */
  readonly campaigns?: CampaignWatch;
  readonly authenticator: Authenticator;
  /** For looking again whether somebody still is a supervisor. */
  readonly db: Database;
  readonly bus: Bus;
  readonly log: {
    warn(fields: object, message: string): void;
    error(fields: object, message: string): void;
  };
  readonly registry: prom.Registry;
};

/** The open edge. */
export type ConsoleSockets = {
  /** How many browsers look now. */
  connected(): number;
  /** Disconnects every screen and ends the watch over logins; the socket server stays open. */
  close(): void;
};

/** Who may look, and who above them. */
const ALLOWED: readonly Role[] = ["supervisor"];

type ConsoleSocket = Socket<ConsoleToServer, ServerToConsole, DefaultEventsMap, SocketLogin>;

/** Opens `/console`. */
export function openConsoleSockets(options: ConsoleSocketsOptions): ConsoleSockets {
  const { authenticator, bus, db, log } = options;
  const screens: Namespace<ConsoleToServer, ServerToConsole, DefaultEventsMap, SocketLogin> =
    options.io.of("/console");
  const metrics = addMetrics(options.registry, () => screens.sockets.size);

  const admitting = admissions();

  screens.use((socket, next) => void admitOrRefuse(socket, next));
  screens.on("connection", (socket) => {
    try {
      connect(socket);
    } catch (error) {
      log.error({ err: error }, "a console could not be connected");
      socket.disconnect(true);
    }
  });
  const stopWatching = watchLogins({
    sockets: () => screens.sockets.values(),
    mayStay: async ({ id }) => {
      const user = await findUser(db, id);
      return user !== null && user.active && roleAllows(user.role, ALLOWED);
    },
    ...{ authenticator, bus, log },
  });

  async function admitOrRefuse(
    socket: ConsoleSocket,
    next: (refused?: Error) => void,
  ): Promise<void> {
    let refused: Error | undefined;
    try {
      const handshake = checkConsoleHandshake(socket.handshake.auth);
      if (!handshake.ok) throw new NotAdmitted("invalid");
      const login = await admitting(() =>
        loginOf(socket.request, handshake.value.token, authenticator),
      );
      if (!roleAllows(login.user.role, ALLOWED)) throw new NotAdmitted("forbidden");
      socket.data = login;
    } catch (error) {
      refused = error instanceof NotAdmitted ? error : new Error(refusedBy(error).reply.code);
      if (!(error instanceof NotAdmitted))
        log.warn({ err: error }, "a console could not be admitted");
    }
    next(refused);
  }

  function connect(socket: ConsoleSocket): void {
    const pictures = latestOnly(socket, (picture: ConsolePicture) =>
      socket.emit("picture", picture),
    );
    const campaigns = latestOnly(socket, (picture: CampaignsPicture) =>
      socket.emit("campaigns", picture),
    );
    const leave = options.console.attach({ picture: pictures.send });
    let leaveCampaigns: (() => void) | null = null;
    const lookAtCampaigns = (look: boolean) => {
      if (look) {
        if (options.campaigns === undefined)
          throw new ConsoleRefusal("notPossible", "This server dials no campaigns");
        leaveCampaigns ??= options.campaigns.attach({ campaigns: campaigns.send });
      } else {
        leaveCampaigns?.();
        leaveCampaigns = null;
      }
    };
    socket.on("disconnect", () => {
      leave();
      leaveCampaigns?.();
      pictures.close();
      campaigns.close();
    });
    socket.on("error", (error) =>
      log.warn({ err: error, userId: socket.data.user.id }, "socket error"),
    );
    hear(socket, lookAtCampaigns);
  }

  function hear(socket: ConsoleSocket, lookAtCampaigns: (look: boolean) => void): void {
    const { user } = socket.data;
    const asked = new TokenBucket(30, 8);
    const answerTo = <K extends keyof ConsoleToServer>(
      name: K,
      deed: (input: ConsoleMessage<K>) => Promise<object>,
    ) => {
      untyped(socket).on(name, (input, answer) => {
        const reply = (value: ConsoleReply) => {
          if (typeof answer === "function") (answer as (value: ConsoleReply) => void)(value);
        };
        if (!asked.take()) {
          metrics.refused.inc();
          reply({ ok: false, code: "invalid", message: "too many requests; wait a moment" });
          return;
        }
        const checked = checkConsoleMessage(name, input);
        if (!checked.ok) {
          metrics.refused.inc();
          reply({ ok: false, code: "invalid", message: checked.message });
          return;
        }
        deed(checked.value).then(
          (value) => reply({ ok: true, ...value }),
          (error: unknown) => {
            const { reply: refused, unexpected } = refusedBy(error);
            if (unexpected)
              log.error({ err: error, userId: user.id, request: name }, "request failed");
            reply(refused);
          },
        );
      });
    };
    answerTo("why", async ({ callId, queue }) => ({ why: options.console.why(callId, queue) }));
    answerTo("preview", async ({ policy }) => ({
      queues: await options.console.preview(policy),
    }));
    answerTo("lookAtCampaigns", async ({ look }) => {
      // Who went away meanwhile must not be attached: nothing would detach them.
      if (socket.connected) lookAtCampaigns(look);
      return {};
    });
    answerTo("move", async (move) => {
      await options.console.move(move, user.login);
      return {};
    });
  }

  return {
    connected: () => screens.sockets.size,
    close() {
      stopWatching();
      screens.local.disconnectSockets(true);
    },
  };
}

/** How soon a browser that was busy is tried again. */
const TRY_AGAIN_MS = 100;

/**
 * Pictures replace each other, so a browser that is slow to take one is not sent those that came meanwhile but the last of
 * them, once it took what it had.
 */
function latestOnly<Picture>(
  socket: ConsoleSocket,
  emit: (picture: Picture) => void,
): {
  readonly send: (picture: Picture) => void;
  readonly close: () => void;
} {
  let waiting: Picture | null = null;
  let timer: NodeJS.Timeout | null = null;
  const give = () => {
    timer = null;
    if (waiting === null) return;
    if (!socket.conn.transport.writable) {
      timer = setTimeout(give, TRY_AGAIN_MS).unref();
      return;
    }
    const picture = waiting;
    waiting = null;
    emit(picture);
  };
  return {
    send: (picture) => {
      waiting = picture;
      if (timer === null) give();
    },
    close: () => {
      waiting = null;
      if (timer !== null) clearTimeout(timer);
    },
  };
}

/** A browser may send anything under a known name, so what comes is unknown until its schema was checked. */
function untyped(socket: ConsoleSocket): {
  on(name: string, listener: (input: unknown, answer: unknown) => void): unknown;
} {
  return socket;
}

function addMetrics(registry: prom.Registry, connected: () => number) {
  const browsers = new prom.Gauge({
    name: "callcard_console_browsers",
    help: "Browsers connected to supervisors' screens.",
    registers: [registry],
    collect() {
      this.set(connected());
    },
  });
  const refused = new prom.Counter({
    name: "callcard_console_refused_messages_total",
    help: "Messages from consoles that were malformed or too many.",
    registers: [registry],
  });
  return { browsers, refused };
}
