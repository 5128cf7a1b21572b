/**
 * The edge between screens and the desk: socket.io's namespace `/desk`. Everything a browser says is checked here and answered;
 * nothing a browser says or fails to say can hurt the desk or another browser.
 */
import type * as prom from "prom-client";
import type { DefaultEventsMap, Namespace, Server, Socket } from "socket.io";
import {
  NotAdmitted,
  type SocketLogin,
  admissions,
  loginOf,
  watchLogins,
} from "../http/socket-logins.ts";
import type { Authenticator, User } from "../people/model.ts";
import type { Bus } from "../storage/bus.ts";
import type { Desk } from "./desk.ts";
import type { DeskLog } from "./ports.ts";
import type { DeskHandshake, DeskToServer, Reply, ServerToDesk } from "./protocol.ts";
import { addSocketMetrics } from "./socket-metrics.ts";
import { TokenBucket } from "./token-bucket.ts";
import { replyOf } from "./replies.ts";
import { type Message, checkHandshake, checkMessage } from "./schemas.ts";

/** What the edge needs. */
export type DeskSocketsOptions = {
  /** Of `openSocketServer`. */
  readonly io: Server;
  readonly desk: Desk;
  readonly authenticator: Authenticator;
  readonly bus: Bus;
  readonly log: DeskLog;
  readonly registry: prom.Registry;
};

/** The open edge. */
export type DeskSockets = {
  /** How many browsers follow now. */
  connected(): number;
  /** Disconnects every screen and ends the watch over logins; the socket server stays open. */
  close(): void;
};

/** How long a browser may take to acknowledge before its connection is closed; it comes back and is brought up to date. */
const ACKNOWLEDGE_MS = 15_000;
/** Unacknowledged messages one browser may have; a slower one is closed. */
const MOST_UNACKNOWLEDGED = 64;

type DeskSocket = Socket<DeskToServer, ServerToDesk, DefaultEventsMap, SocketData>;
type SocketData = SocketLogin & { readonly seen: DeskHandshake };
/** Requests that are answered; the rest of {@link DeskToServer} is only told. */
type Requests = Omit<DeskToServer, "popReceived" | "popPainted">;

/** Opens `/desk`. */
export function openDeskSockets(options: DeskSocketsOptions): DeskSockets {
  const { authenticator, bus, log } = options;
  const desk: Namespace<DeskToServer, ServerToDesk, DefaultEventsMap, SocketData> =
    options.io.of("/desk");
  const metrics = addSocketMetrics(options.registry, () => desk.sockets.size);

  const admitting = admissions();

  desk.use((socket, next) => void admitOrRefuse(socket, next));
  desk.on("connection", (socket) => {
    try {
      connect(socket);
    } catch (error) {
      options.log.error({ err: error }, "a browser could not be connected");
      socket.disconnect(true);
    }
  });

  const stopWatching = watchLogins({
    sockets: () => desk.sockets.values(),
    mayStay: (user) => options.desk.isActive(user.id),
    ...{ authenticator, bus, log },
  });

  async function admitOrRefuse(socket: DeskSocket, next: (refused?: Error) => void): Promise<void> {
    let refused: Error | undefined;
    try {
      await admitting(async () => {
        await admit(socket, authenticator);
        await options.desk.prepare(socket.data.user);
      });
    } catch (error) {
      refused = error instanceof NotAdmitted ? error : new Error(replyOf(error).reply.code);
      if (!(error instanceof NotAdmitted))
        options.log.warn({ err: error }, "a browser could not be admitted");
    }
    next(refused);
  }

  function connect(socket: DeskSocket): void {
    const { user, seen } = socket.data;
    let unacknowledged = 0;
    /** Emits with an acknowledgement; a browser that does not keep up is closed. */
    const emit = (
      send: (done: (error: Error | null) => void) => void,
      acknowledged: () => void,
    ) => {
      if (unacknowledged >= MOST_UNACKNOWLEDGED) {
        metrics.slow.inc();
        socket.conn.close();
        return;
      }
      unacknowledged += 1;
      send((error) => {
        unacknowledged -= 1;
        if (error === null) acknowledged();
        else if (socket.connected) {
          metrics.slow.inc();
          socket.conn.close();
        }
      });
    };
    // Asked for anew each time: socket.io forgets it after one emit.
    const timed = () => socket.timeout(ACKNOWLEDGE_MS);
    const leave = options.desk.enter(
      user,
      {
        change: (change, acknowledged) =>
          emit((done) => timed().emit("change", change, done), acknowledged),
        snapshot: (state, acknowledged) =>
          emit((done) => timed().emit("snapshot", state, done), acknowledged),
      },
      seen,
    );
    socket.on("disconnect", leave);
    socket.on("error", (error) =>
      options.log.warn({ err: error, userId: user.id }, "socket error"),
    );
    hear(socket);
  }

  function hear(socket: DeskSocket): void {
    const { user } = socket.data;
    const asked = new TokenBucket(40, 10);
    const told = new TokenBucket(200, 50);
    const answerTo = <K extends keyof Requests>(
      name: K,
      deed: (user: User, input: Message<K>) => Promise<object>,
    ) => {
      const listener = (input: unknown, answer: unknown) => {
        const reply = (value: Reply) => {
          if (typeof answer === "function") (answer as (value: Reply) => void)(value);
        };
        if (!asked.take()) {
          metrics.refused.inc();
          reply({ ok: false, code: "invalid", message: "too many requests; wait a moment" });
          return;
        }
        const checked = checkMessage(name, input);
        if (!checked.ok) {
          metrics.refused.inc();
          reply({ ok: false, code: "invalid", message: checked.message });
          return;
        }
        deed(user, checked.value).then(
          (value) => reply({ ok: true, ...value }),
          (error: unknown) => {
            const { reply: failed, unexpected } = replyOf(error);
            if (unexpected)
              options.log.error({ err: error, userId: user.id, request: name }, "request failed");
            reply(failed);
          },
        );
      };
      untyped(socket).on(name, listener);
    };
    const { desk } = options;
    answerTo("chooseDevice", (user, input) => desk.seating.choose(user, input));
    answerTo("ready", (user) => desk.readiness.ready(user));
    answerTo("pause", (user, input) => desk.readiness.pause(user, input));
    answerTo("saveWrapUp", (user, input) => desk.wrapUps.save(user, input));
    answerTo("previewCall", (user, input) => desk.campaigns.call(user, input));
    answerTo("previewSkip", (user, input) => desk.campaigns.skip(user, input));
    answerTo("dial", (user, input) => desk.dial(user, input));
    answerTo("searchCustomers", (_user, input) => desk.customers.search(input));
    answerTo("chooseCustomer", (user, input) => desk.customers.choose(user, input));
    answerTo("createCustomer", (user, input) => desk.customers.create(user, input));
    answerTo("order", (_user, input) => desk.work.order(input));
    answerTo("actOnOrder", (user, input) => desk.work.actOnOrder(user, input));
    answerTo("orders", (_user, input) => desk.work.orders(input));
    answerTo("findProducts", (_user, input) => desk.work.findProducts(input));
    answerTo("timeline", (_user, input) => desk.work.timeline(input));
    answerTo("offers", (user, input) => desk.work.offers(user, input));
    answerTo("answerOffer", (user, input) => desk.work.answerOffer(user, input));
    answerTo("quote", (_user, input) => desk.work.quote(input));
    answerTo("points", (_user, input) => desk.work.points(input));
    answerTo("fileClaim", (user, input) => desk.work.fileClaim(user, input));
    answerTo("promiseCallBack", (user, input) => desk.work.promiseCallBack(user, input));
    answerTo("takeCallBack", (user, input) => desk.work.takeCallBack(user, input));
    answerTo("settleCallBack", (user, input) => desk.work.settleCallBack(user, input));
    answerTo("saveDraft", (user, input) => desk.wrapUps.saveDraft(user, input));
    answerTo("addNote", (user, input) => desk.customers.addNote(user, input));

    const heed = <K extends "popReceived" | "popPainted">(
      name: K,
      deed: (input: Message<K>, done: () => void) => void,
    ) => {
      untyped(socket).on(name, (input: unknown, answer: unknown) => {
        if (!told.take()) return;
        const checked = checkMessage(name, input);
        const done = () => {
          if (typeof answer === "function") (answer as () => void)();
        };
        if (checked.ok) deed(checked.value, done);
        else metrics.refused.inc();
      });
    };
    heed("popReceived", (input) => desk.popReceived(user, input));
    heed("popPainted", (input, written) => desk.popPainted(user, input, written));
  }

  return {
    connected: () => desk.sockets.size,
    close() {
      stopWatching();
      desk.local.disconnectSockets(true);
    },
  };
}

/** A browser may send anything under a known name, so what comes is unknown until its schema was checked. */
function untyped(socket: DeskSocket): {
  on(name: string, listener: (input: unknown, answer: unknown) => void): unknown;
} {
  return socket;
}

/** Finds out who connects. @throws NotAdmitted with the code the screen gets. */
async function admit(socket: DeskSocket, authenticator: Authenticator): Promise<void> {
  const handshake = checkHandshake(socket.handshake.auth);
  if (!handshake.ok) throw new NotAdmitted("invalid");
  const seen = handshake.value;
  socket.data = { ...(await loginOf(socket.request, seen.token, authenticator)), seen };
}
