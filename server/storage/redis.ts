/**
 * redis as this product uses it: never waited for longer than the asker can wait, never a queue that grows while it is away, and told in words
 * how it is. Nothing that cannot be lost is kept there.
 */
import { SocketClosedUnexpectedlyError, SocketTimeoutError, createClient } from "redis";

/** How redis is; for `/readyz`. */
export type RedisState = { readonly ok: boolean; readonly detail: string };

/** A connection to redis as the `redis` package makes it. */
export type RedisClient = ReturnType<typeof createOne>;

/** redis cannot be asked now, or did not answer in time; what was asked may still be done later. */
export class RedisAway extends Error {
  constructor(detail: string) {
    super(`redis: ${detail}`);
    this.name = "RedisAway";
  }
}

/** One redis of one process. */
export interface Redis {
  /** What every key begins with, without the colon that follows. */
  readonly prefix: string;
  /**
   * Does `deed` with the connection that is never blocked. @throws RedisAway at once when redis is away or stands still, or after
   * `deadlineMs`; else what redis says.
   */
  run<T>(deadlineMs: number, deed: (client: RedisClient) => Promise<T>): Promise<T>;
  /** Sends it right behind what was asked before, also when redis stands still; nobody waits for its end. Never throws. */
  send(deed: (client: RedisClient) => Promise<unknown>): void;
  /** A further connection, for reads that wait there. It is made now and again by itself; whoever asks for it destroys it. */
  another(): RedisClient;
  /** Told after redis answers again; returns how to remove it. */
  onBack(listener: () => void): () => void;
  /** Told every second, whether redis answers or not; returns how to remove it. */
  onLook(listener: () => void): () => void;
  state(): RedisState;
  close(): void;
}

export type RedisOptions = {
  readonly url: string;
  readonly prefix: string;
  /** Told once for each trouble, when it begins. */
  readonly onError: (error: unknown) => void;
};

/** How often redis is looked after. */
const LOOK_MS = 1000;
/** Without an answer for so long it stands still: nothing more is sent until it answers. */
const STILL_AFTER_MS = 1000;
/** A connection on which nothing came or went for so long is made anew. Longer than any read that waits there. */
const SILENT_MS = 6000;
const LONGEST_WAIT_MS = 2000;
/** Commands that wait for an answer together; more are refused. */
const MOST_PENDING = 5000;

/** Begins to connect; nobody has to wait. */
export function openRedis(options: RedisOptions): Redis {
  return new WatchedRedis(options);
}

function createOne(url: string, pingInterval = 0) {
  return createClient({
    url,
    maintNotifications: "disabled",
    // What is asked while it is away is answered at once: there is none.
    disableOfflineQueue: true,
    commandsQueueMaxLength: MOST_PENDING * 2,
    pingInterval,
    // Deadlines are the askers'. The package's own costs a timer for each command.
    commandOptions: { timeout: 0 },
    socket: {
      connectTimeout: 3000,
      socketTimeout: SILENT_MS,
      reconnectStrategy: (retries: number) =>
        Math.min(LONGEST_WAIT_MS, 50 * 2 ** Math.min(retries, 6)) * (0.75 + Math.random() / 2),
    },
  });
}

class WatchedRedis implements Redis {
  readonly prefix: string;
  readonly #options: RedisOptions;
  readonly #client: RedisClient;
  readonly #back = new Set<() => void>();
  readonly #looks = new Set<() => void>();
  readonly #timer: NodeJS.Timeout;
  #pending = 0;
  #looking = false;
  /** Why it cannot be used, "" when it can. */
  #trouble = "connecting";
  #told = false;
  #closed = false;

  constructor(options: RedisOptions) {
    this.#options = options;
    this.prefix = options.prefix;
    this.#client = createOne(options.url);
    this.#client.on("error", (error: Error) => this.#is(wordsOf(error)));
    this.#client.on("ready", () => void this.#look());
    this.#client.connect().catch(() => undefined);
    this.#timer = setInterval(() => {
      void this.#look();
      for (const listener of this.#looks) listener();
    }, LOOK_MS);
    this.#timer.unref();
  }

  async run<T>(deadlineMs: number, deed: (client: RedisClient) => Promise<T>): Promise<T> {
    if (this.#trouble !== "" || !this.#client.isReady) throw new RedisAway(this.state().detail);
    if (this.#pending >= MOST_PENDING) throw new RedisAway("too much is asked of it");
    this.#pending += 1;
    const asked = deed(this.#client).finally(() => {
      this.#pending -= 1;
    });
    return await within(asked, deadlineMs);
  }

  send(deed: (client: RedisClient) => Promise<unknown>): void {
    if (this.#client.isReady && this.#pending < MOST_PENDING)
      deed(this.#client).catch(() => undefined);
  }

  another(): RedisClient {
    const client = createOne(this.#options.url, SILENT_MS / 3);
    // Its trouble is this one's: it is told there.
    client.on("error", () => undefined);
    client.connect().catch(() => undefined);
    return client;
  }

  onBack(listener: () => void): () => void {
    this.#back.add(listener);
    return () => void this.#back.delete(listener);
  }

  onLook(listener: () => void): () => void {
    this.#looks.add(listener);
    return () => void this.#looks.delete(listener);
  }

  state(): RedisState {
    if (this.#trouble !== "") return { ok: false, detail: this.#trouble };
    return this.#client.isReady
      ? { ok: true, detail: "connected" }
      : { ok: false, detail: "connecting" };
  }

  close(): void {
    this.#closed = true;
    clearInterval(this.#timer);
    this.#back.clear();
    this.#looks.clear();
    this.#client.destroy();
  }

  /** Writes something small: a redis that answers but takes nothing is of no use. One question at a time. */
  async #look(): Promise<void> {
    if (this.#looking || !this.#client.isReady || this.#closed) return;
    this.#looking = true;
    const late = setTimeout(
      () => this.#is(`no answer within ${STILL_AFTER_MS / 1000} s`),
      STILL_AFTER_MS,
    );
    try {
      await this.#client.set(`${this.prefix}:alive`, "1", {
        expiration: { type: "EX", value: 60 },
      });
      this.#is("");
    } catch (error) {
      this.#is(wordsOf(error));
    } finally {
      clearTimeout(late);
      this.#looking = false;
    }
  }

  #is(trouble: string): void {
    if (this.#closed) return;
    const wasAway = this.#trouble !== "";
    this.#trouble = trouble;
    if (trouble !== "") {
      if (!this.#told) this.#options.onError(new RedisAway(trouble));
      this.#told = true;
    } else if (wasAway) {
      this.#told = false;
      for (const listener of this.#back) listener();
    }
  }
}

/** No address and no password stands in it. */
function wordsOf(error: unknown): string {
  const { code, message } = error as { code?: unknown; message?: unknown };
  if (typeof code === "string" && code !== "") return code;
  // What redis itself says begins with a code in capitals: OOM, LOADING, READONLY, NOAUTH.
  const said = typeof message === "string" ? /^[A-Z]{2,}(?= )/.exec(message)?.[0] : undefined;
  if (said !== undefined) return said;
  if (error instanceof SocketClosedUnexpectedlyError) return "the connection was lost";
  if (error instanceof SocketTimeoutError) return "no answer";
  return "no connection";
}

/** @throws RedisAway after `deadlineMs`; what was asked goes on and its end is nobody's. */
async function within<T>(asked: Promise<T>, deadlineMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(
      () => reject(new RedisAway(`no answer within ${deadlineMs} ms`)),
      deadlineMs,
    );
  });
  asked.catch(() => undefined);
  try {
    return await Promise.race([asked, late]);
  } finally {
    clearTimeout(timer);
  }
}
