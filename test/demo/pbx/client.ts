/** A manager client for tests: raw sockets, so that nothing between the test and the bytes can hide a fault. */
import { connect, type Socket } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import type { SimulatedPbx } from "../../../server/demo/pbx/simulated-pbx.ts";
import { readMessages, type Message } from "./ami-text.ts";

export class RawClient {
  readonly #socket: Socket;
  #text = "";
  closed = false;

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.setEncoding("utf8");
    socket.on("data", (text: string) => (this.#text += text));
    socket.on("close", () => (this.closed = true));
    socket.on("error", () => {});
  }

  static async connect(port: number): Promise<RawClient> {
    const socket = connect(port, "127.0.0.1");
    const client = new RawClient(socket);
    await client.until((text) => text.includes("\n"));
    return client;
  }

  /** Connects and logs in, with every event. */
  static async loggedIn(pbx: SimulatedPbx): Promise<RawClient> {
    const client = await RawClient.connect(pbx.port);
    await client.action(
      `Action: Login\r\nActionID: login\r\nUsername: ${pbx.username}\r\nSecret: ${pbx.secret}\r\nEvents: on`,
      "login",
    );
    await client.until((text) => text.includes("FullyBooted"));
    return client;
  }

  get text(): string {
    return this.#text;
  }

  messages(): readonly Message[] {
    return readMessages(this.#text.slice(0, this.#text.lastIndexOf("\r\n\r\n") + 4));
  }

  write(text: string): void {
    this.#socket.write(text);
  }

  /** Sends one action and waits for its answer; the answer's message. */
  async action(text: string, id: string): Promise<Message> {
    this.write(`${text}\r\n\r\n`);
    const found = (): Message | undefined =>
      this.messages().find((each) => each.keys[0] === "Response" && each.get("ActionID") === id);
    await this.until(() => found() !== undefined);
    return found()!;
  }

  /** A list action: its items. */
  async list(text: string, id: string): Promise<readonly Message[]> {
    await this.action(`${text}\r\nActionID: ${id}`, id);
    const mine = (): readonly Message[] =>
      this.messages().filter((each) => each.get("ActionID") === id && each.keys[0] === "Event");
    await this.until(() => mine().at(-1)?.get("EventList") === "Complete");
    return mine().slice(0, -1);
  }

  /** Waits until everything sent so far has been answered. */
  async settle(): Promise<void> {
    const id = `settle-${this.#text.length}`;
    await this.action(`Action: Ping\r\nActionID: ${id}`, id);
  }

  /** Lets what was written reach the server by itself, as one segment. */
  async settleAfter(ms: number): Promise<void> {
    await pause(ms);
  }

  async until(holds: (text: string) => boolean, timeoutMs = 5000): Promise<void> {
    const deadline = performance.now() + timeoutMs;
    while (!holds(this.#text)) {
      if (performance.now() > deadline)
        throw new Error(`not within ${timeoutMs} ms; last came: ${this.#text.slice(-400)}`);
      await pause(2);
    }
  }

  close(): void {
    this.#socket.destroy();
  }
}
