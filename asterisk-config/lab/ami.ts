import { connect, type Socket } from "node:net";

/** One AMI message: keys as sent, values in order of arrival (keys may repeat). */
export type AmiMessage = ReadonlyMap<string, readonly string[]>;

/** The lab's own hand on AMI: small, strict and apart from the product's client, so that each can show the other wrong. */
export class LabAmi {
  readonly #socket: Socket;
  readonly #listeners = new Set<(message: AmiMessage) => void>();
  readonly #waiting = new Map<
    string,
    { done: (messages: AmiMessage[]) => void; failed: (error: Error) => void; got: AmiMessage[] }
  >();
  readonly #closed: Promise<void>;
  #rest = "";
  #nextId = 1;
  #gone = false;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setEncoding("latin1");
    socket.on("data", (chunk) => this.#read(String(chunk)));
    socket.on("error", () => {});
    this.#closed = new Promise((done) => {
      socket.once("close", () => {
        this.#gone = true;
        for (const one of this.#waiting.values()) one.failed(new Error("AMI connection closed"));
        this.#waiting.clear();
        done();
      });
    });
  }

  /**
   * Connects and logs in.
   * @param raw told every byte received, from the first of the greeting
   * @throws when refused, or when Asterisk does not answer in time
   */
  static async open(
    port: number,
    username: string,
    secret: string,
    raw?: (bytes: Buffer) => void,
  ): Promise<LabAmi> {
    const socket = connect({ host: "127.0.0.1", port });
    if (raw !== undefined) {
      // Latin-1 text is the bytes, one to one.
      socket.on("data", (chunk) => raw(Buffer.from(String(chunk), "latin1")));
    }
    const ami = new LabAmi(socket);
    try {
      await new Promise<void>((done, failed) => {
        socket.once("connect", done);
        socket.once("error", failed);
      });
      // Connecting works before the boot is over; the login's FullyBooted tells when it is.
      const booted = ami.next((message) => first(message, "Event") === "FullyBooted", 20_000);
      booted.catch(() => {});
      await ami.action("Login", { Username: username, Secret: secret });
      await booted;
      return ami;
    } catch (error) {
      socket.destroy();
      throw error;
    }
  }

  /**
   * Sends an action and gives all messages of its answer (response first, then list items).
   * @throws when Asterisk answers Error, or not within `deadlineMs`
   */
  async action(
    name: string,
    fields: Readonly<Record<string, string | readonly string[]>> = {},
    deadlineMs = 10_000,
  ): Promise<AmiMessage[]> {
    const messages = await this.tryAction(name, fields, deadlineMs);
    const response = messages[0];
    if (response === undefined || first(response, "Response") === "Error")
      throw new Error(
        `${name}: ${response === undefined ? "no answer" : first(response, "Message")}`,
      );
    return messages;
  }

  /** As {@link action}, but a refusal is an answer like any other. */
  tryAction(
    name: string,
    fields: Readonly<Record<string, string | readonly string[]>> = {},
    deadlineMs = 10_000,
  ): Promise<AmiMessage[]> {
    const id = `lab-${this.#nextId++}`;
    const lines = [`Action: ${name}`, `ActionID: ${id}`];
    for (const [key, value] of Object.entries(fields))
      for (const one of typeof value === "string" ? [value] : value) lines.push(`${key}: ${one}`);
    if (lines.some((line) => /[\r\n\0]/.test(line)))
      throw new Error(`${name}: a value holds a line break`);
    return new Promise((done, failed) => {
      if (this.#gone) {
        failed(new Error("AMI connection closed"));
        return;
      }
      const timer = setTimeout(() => {
        this.#waiting.delete(id);
        failed(new Error(`${name}: no answer within ${deadlineMs} ms`));
      }, deadlineMs);
      this.#waiting.set(id, {
        got: [],
        done: (messages) => {
          clearTimeout(timer);
          done(messages);
        },
        failed: (error) => {
          clearTimeout(timer);
          failed(error);
        },
      });
      this.#socket.write(Buffer.from(`${lines.join("\r\n")}\r\n\r\n`, "utf8"));
    });
  }

  /** Runs a CLI command and gives what it printed. */
  async cli(command: string): Promise<string> {
    const [response] = await this.tryAction("Command", { Command: command });
    return (response?.get("output") ?? []).join("\n");
  }

  /** Adds a listener of every message that is no answer; returns how to remove it. */
  listen(listener: (message: AmiMessage) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** The next event that fits, or an error after `withinMs`. */
  next(fits: (message: AmiMessage) => boolean, withinMs = 10_000): Promise<AmiMessage> {
    return new Promise((done, failed) => {
      const finish = (): void => {
        stop();
        this.#socket.off("close", lost);
        clearTimeout(timer);
      };
      const stop = this.listen((message) => {
        if (!fits(message)) return;
        finish();
        done(message);
      });
      const lost = (): void => {
        finish();
        failed(new Error("AMI connection closed"));
      };
      this.#socket.once("close", lost);
      const timer = setTimeout(() => {
        finish();
        failed(new Error(`no such AMI event within ${withinMs} ms`));
      }, withinMs);
    });
  }

  async close(): Promise<void> {
    this.#socket.destroy();
    await this.#closed;
  }

  #read(text: string): void {
    this.#rest += text;
    for (;;) {
      const end = this.#rest.indexOf("\r\n\r\n");
      if (end < 0) return;
      const block = this.#rest.slice(0, end);
      this.#rest = this.#rest.slice(end + 4);
      this.#take(parse(block));
    }
  }

  #take(message: AmiMessage): void {
    const waiting = this.#waiting.get(first(message, "ActionID"));
    const isResponse = message.has("response");
    if (waiting !== undefined && (isResponse || first(message, "Event") !== "OriginateResponse")) {
      waiting.got.push(message);
      const list = first(message, "EventList");
      const starts = isResponse && list === "start";
      const over = isResponse ? !starts : list === "Complete" || list === "cancelled";
      if (over) {
        this.#waiting.delete(first(message, "ActionID"));
        waiting.done(waiting.got);
      }
      return;
    }
    for (const listener of [...this.#listeners]) listener(message);
  }
}

/** The first value of a key, "" when absent; keys are compared without case. */
export function first(message: AmiMessage | undefined, key: string): string {
  return message?.get(key.toLowerCase())?.[0] ?? "";
}

/** Takes a message's lines apart; the greeting line, which has no colon, is passed over. */
function parse(block: string): AmiMessage {
  const message = new Map<string, string[]>();
  for (const line of Buffer.from(block, "latin1").toString("utf8").split("\r\n")) {
    const colon = line.indexOf(":");
    if (colon <= 0) continue;
    const key = line.slice(0, colon).toLowerCase();
    const value = line.slice(colon + 1).replace(/^ /, "");
    const values = message.get(key);
    if (values === undefined) message.set(key, [value]);
    else values.push(value);
  }
  return message;
}
