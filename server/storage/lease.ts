/**
 * The right of one process to act on something that all processes see, such as dialling on a PBX: an advisory lock of PostgreSQL on a
 * connection of its own. It lives as long as that connection: when the holder dies, the server drops the lock and the next one has it.
 */
import pg from "pg";

/** A lease of one name. */
export interface Lease {
  /** Whether this process has it, as far as it knows now. */
  held(): boolean;
  /** Asks PostgreSQL. @returns false when it is lost, which listeners were told by then. Never fails. */
  confirm(): Promise<boolean>;
  /** Told after it was gained and after it was lost; returns how to remove it. */
  onChange(listener: (held: boolean) => void): () => void;
  /** Gives it up; others have it as soon as this resolves. */
  close(): Promise<void>;
}

export type LeaseOptions = {
  readonly databaseUrl: string;
  /** The same in every process. */
  readonly name: string;
  /** How often it is asked for, and looked after while held; default 1000. */
  readonly everyMs?: number;
  /** A question without an answer for so long is a lost connection; default 3000. */
  readonly deadlineMs?: number;
};

/** Begins to ask for it; nobody has to wait. */
export function openLease(options: LeaseOptions): Lease {
  return new AdvisoryLease(options);
}

class AdvisoryLease implements Lease {
  readonly #options: Required<LeaseOptions>;
  readonly #listeners = new Set<(held: boolean) => void>();
  #client: pg.Client | null = null;
  #held = false;
  #closed = false;
  #timer: NodeJS.Timeout | null = null;
  #asking: Promise<boolean> | null = null;

  constructor(options: LeaseOptions) {
    this.#options = { everyMs: 1000, deadlineMs: 3000, ...options };
    void this.#look();
  }

  held(): boolean {
    return this.#held;
  }

  confirm(): Promise<boolean> {
    return this.#held ? this.#ask() : Promise.resolve(false);
  }

  onChange(listener: (held: boolean) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  async close(): Promise<void> {
    this.#closed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    // A connection that is being made is closed by the one who makes it.
    await this.#asking;
    const client = this.#client;
    this.#lose(client);
    await client?.end().catch(() => undefined);
  }

  async #look(): Promise<void> {
    await this.#ask();
    if (this.#closed) return;
    this.#timer = setTimeout(() => void this.#look(), this.#options.everyMs);
    this.#timer.unref();
  }

  /** One question at a time; who asks meanwhile waits for its answer. */
  #ask(): Promise<boolean> {
    return (this.#asking ??= this.#try().finally(() => {
      this.#asking = null;
    }));
  }

  async #try(): Promise<boolean> {
    try {
      const client = this.#client ?? (await this.#connect());
      if (client === null) return false;
      if (this.#held) await client.query("select 1");
      else {
        const { rows } = await client.query<{ got: boolean }>(
          "select pg_try_advisory_lock(hashtextextended($1, 0)) as got",
          [`callcard ${this.#options.name}`],
        );
        if (rows[0]?.got === true && this.#client === client && !this.#closed) this.#set(true);
      }
      return this.#held;
    } catch {
      // Whatever it was, this connection proves nothing any more; without it the lock is not ours.
      const client = this.#client;
      this.#lose(client);
      client?.end().catch(() => undefined);
      return false;
    }
  }

  async #connect(): Promise<pg.Client | null> {
    const { databaseUrl, deadlineMs } = this.#options;
    const client = new pg.Client({
      connectionString: databaseUrl,
      connectionTimeoutMillis: deadlineMs,
      query_timeout: deadlineMs,
      application_name: "callcard-lease",
      keepAlive: true,
    });
    client.on("error", () => this.#lose(client));
    client.on("end", () => this.#lose(client));
    await client.connect();
    if (this.#closed) {
      await client.end();
      return null;
    }
    return (this.#client = client);
  }

  #lose(client: pg.Client | null): void {
    if (client === null || client !== this.#client) return;
    this.#client = null;
    this.#set(false);
  }

  #set(held: boolean): void {
    if (this.#held === held) return;
    this.#held = held;
    for (const listener of this.#listeners) listener(held);
  }
}
