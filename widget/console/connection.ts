/** The console's socket: the live pictures in, a few requests out. Pictures replace each other, so nothing is resumed. */
import { io, type Socket } from "socket.io-client";
import type {
  CampaignsPicture,
  ConsolePicture,
  ConsoleReply,
  ConsoleToServer,
  ServerToConsole,
} from "../../server/console/protocol.ts";

import { goSoon } from "../shared/moving.ts";

export type Link = "connecting" | "online" | "offline";

export interface ConsoleListener {
  picture(picture: ConsolePicture): void;
  campaignsPicture(picture: CampaignsPicture): void;
  setLink(link: Link): void;
  /** Which screens the server has. */
  screens(version: string): void;
  /** The server does not accept who we are, for the reason it gave. */
  refused(reason: string): void;
  ended(reason: "loggedOut" | "deactivated"): void;
}

type Input<K extends keyof ConsoleToServer> = Parameters<ConsoleToServer[K]>[0];
type Answer<K extends keyof ConsoleToServer> = Parameters<Parameters<ConsoleToServer[K]>[1]>[0];
export type NoReply = { readonly ok: false; readonly code: "noReply"; readonly message: string };

const REPLY_DEADLINE_MS = 8000;
const REFUSALS = ["notLoggedIn", "forbidden", "invalid"];
const RETRY_MS = 500;

export class ConsoleConnection {
  readonly #socket: Socket<ServerToConsole, ConsoleToServer>;
  #retry: ReturnType<typeof setTimeout> | null = null;
  /** On the way from a process that ends to another: nobody has to know unless it fails. */
  #moving = false;
  #stay: () => void = () => {};

  /** @param base The server's base address, with a slash at its end. */
  constructor(base: string, listener: ConsoleListener) {
    const url = new URL(base);
    this.#socket = io(new URL("/console", url).href, {
      path: `${url.pathname}socket.io`,
      transports: ["websocket", "polling"],
      tryAllTransports: true,
      withCredentials: true,
      forceNew: true,
      reconnectionDelay: 200,
      reconnectionDelayMax: 1000,
      timeout: 4000,
    });
    this.#socket.on("picture", (picture) => listener.picture(picture));
    this.#socket.on("campaigns", (picture) => listener.campaignsPicture(picture));
    this.#socket.on("ended", (reason) => listener.ended(reason));
    this.#socket.on("screens", (version) => listener.screens(version));
    this.#socket.on("leaving", () => {
      this.#stay = goSoon(() => this.#move());
    });
    this.#socket.on("connect", () => {
      this.#moving = false;
      listener.setLink("online");
    });
    this.#socket.on("disconnect", (reason) => {
      if (!this.#moving) listener.setLink("offline");
      if (reason === "io server disconnect") this.#later();
    });
    this.#socket.on("connect_error", (error) => {
      this.#moving = false;
      listener.setLink("offline");
      if (this.#socket.active) return;
      if (REFUSALS.includes(error.message)) listener.refused(error.message);
      else this.#later();
    });
  }

  /** Never rejects: a reply that does not come is `noReply`. */
  async request<K extends keyof ConsoleToServer>(
    name: K,
    input: Input<K>,
  ): Promise<Answer<K> | NoReply> {
    if (!this.#socket.connected) return { ok: false, code: "noReply", message: "" };
    try {
      // socket.io's types cannot follow a generic event name through `timeout`.
      const emit = this.#socket.timeout(REPLY_DEADLINE_MS) as unknown as {
        emitWithAck(name: K, input: Input<K>): Promise<Answer<K>>;
      };
      return await emit.emitWithAck(name, input);
    } catch (error) {
      return { ok: false, code: "noReply", message: String(error) };
    }
  }

  close(): void {
    if (this.#retry) clearTimeout(this.#retry);
    this.#stay();
    this.#socket.removeAllListeners();
    this.#socket.disconnect();
  }

  #move(): void {
    // It has gone by itself meanwhile.
    if (!this.#socket.connected) return;
    this.#moving = true;
    this.#socket.disconnect().connect();
  }

  #later(): void {
    if (this.#retry) clearTimeout(this.#retry);
    this.#retry = setTimeout(() => this.#socket.connect(), RETRY_MS);
  }
}

/** A refusal of a console request. */
export type RequestRefused = Extract<ConsoleReply, { ok: false }> | NoReply;
