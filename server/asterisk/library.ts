/**
 * npm `asterisk-manager` 0.2.0, the parser and writer of AMI text, held so that it does these two things and nothing else.
 *
 * Nothing in the library's text is changed and no built-in module is touched, but it is loaded with two requirements of our own:
 *
 * - `net`: it opens a plain socket with `net.createConnection(port, host)` and passes both through untouched. Ours gives back the
 *   first argument, so `connect(stream)` puts it on any stream: one that TCP or TLS fills.
 * - `./utils`: its `removeSpaces` is called for every key of every message, with an expression that takes quadratic time on a key
 *   of many blanks. Ours takes linear time and gives equal keys back as the same text, which makes the whole parser a third faster.
 */
import { EventEmitter } from "node:events";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { compileFunction } from "node:vm";
import { detached } from "./detached.ts";

/**
 * A message as asterisk-manager gives it: keys lower-cased, a repeated key as an array, `variable` and `chanvariable` as an
 * object. Whatever the PBX sent is in it, so every value is unknown until it was looked at.
 */
export type RawMessage = Readonly<Record<string, unknown>>;

/** The few things of asterisk-manager's object that are used. */
type Manager = {
  on(event: "rawevent", listener: (message: RawMessage) => void): void;
  removeAllListeners(event: string): void;
  connect(stream: LibraryStream): void;
  login(): void;
  action: (request: Record<string, string>, done?: (error?: unknown) => void) => string;
};

type ManagerConstructor = new () => Manager;

/** The stream asterisk-manager takes for its socket. `data` is given to it by {@link AmiText.feed}. */
class LibraryStream extends EventEmitter {
  readonly readyState = "open";
  readonly #write: (text: string) => void;

  constructor(write: (text: string) => void) {
    super();
    this.#write = write;
  }

  write(text: string): void {
    this.#write(text);
  }

  // The real socket behind has these set already; the library insists on calling them.
  setKeepAlive(): void {}
  setNoDelay(): void {}
  setEncoding(): void {}
}

const loadFrom = createRequire(import.meta.url);

const maxKnownKeys = 2000;
const maxKnownKeyChars = 64;
const knownKeys = new Map<string, string>();

/** A key without blanks around it, lower-cased as the library does next; Asterisk's few hundred keys are remembered. */
function keyOf(written: string | undefined): string {
  if (!written) return "";
  const known = knownKeys.get(written);
  if (known !== undefined) return known;
  const key = detached(written.trim().toLowerCase());
  if (knownKeys.size < maxKnownKeys && written.length <= maxKnownKeyChars)
    knownKeys.set(detached(written), key);
  return key;
}

function loadManager(): ManagerConstructor {
  const path = loadFrom.resolve("asterisk-manager/lib/ami.js");
  const requireForLibrary = createRequire(path);
  const lent: Readonly<Record<string, object>> = {
    net: { createConnection: (stream: unknown) => stream },
    "./utils": { ...(requireForLibrary("./utils") as object), removeSpaces: keyOf },
  };
  const module: { exports: unknown } = { exports: {} };
  const run = compileFunction(readFileSync(path, "utf8"), ["exports", "require", "module"], {
    filename: path,
  }) as (exports: unknown, require: (id: string) => unknown, module: object) => void;
  run(module.exports, (id) => lent[id] ?? requireForLibrary(id), module);
  return module.exports as ManagerConstructor;
}

let loaded: ManagerConstructor | undefined;

/**
 * One conversation in AMI text. A new one per connection: asterisk-manager keeps half a message of a lost connection and would
 * glue it to the next greeting.
 */
export class AmiText {
  readonly #manager: Manager;
  readonly #stream: LibraryStream;

  /** `onMessage` is called within {@link feed}; `write` must not throw. */
  constructor(write: (text: string) => void, onMessage: (message: RawMessage) => void) {
    loaded ??= loadManager();
    this.#stream = new LibraryStream(write);
    this.#manager = new loaded();
    // Its own handler defers every event several times and answers by emitter names that an event may also have.
    this.#manager.removeAllListeners("rawevent");
    this.#manager.on("rawevent", onMessage);
    this.#manager.connect(this.#stream);
    this.#openGate();
  }

  /** Gives the parser the text that came. */
  feed(text: string): void {
    this.#stream.emit("data", text);
  }

  /** Writes one action. `request` must have been checked (request.ts): the library writes what it is given. */
  send(actionId: string, request: Readonly<Record<string, string>>): void {
    this.#manager.action({ ...request, actionid: actionId });
    // It keeps a callback under the ActionID until an answer comes, for ever if none does. Answers are matched elsewhere.
    this.#manager.removeAllListeners(actionId);
  }

  /**
   * Until its own login succeeded the library holds all actions back, and its login sends `Event:` where Asterisk wants
   * `Events:`. So its login is told that it succeeded, and the real one is sent as any other action.
   */
  #openGate(): void {
    const action = this.#manager.action;
    this.#manager.action = (_request, done) => {
      done?.();
      return "";
    };
    this.#manager.login();
    this.#manager.action = action;
  }
}
