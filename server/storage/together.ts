/**
 * Questions that are asked together travel together: those of one moment go over one connection in one packet with one Sync at its end, and
 * PostgreSQL answers them in as few packets. A card asks ten short questions at once; asked over ten connections they cost twice the
 * processor's time, most of it for waking up, and with a Sync after each a fifth more.
 *
 * For short reads by index alone: one that is slow keeps those behind it waiting. Each fails for itself: what PostgreSQL left out behind
 * one that failed is asked again at once.
 */
import { Kysely, PostgresDialect, type PostgresPoolClient } from "kysely";
import pg from "pg";
import { type Database, isPrepared, preparedQuery } from "./database.ts";
import { type Asked, Packet, type Question } from "./packet.ts";
import type { Schema } from "./schema.ts";

/** What reads need of a pool. */
export type Asking = Pick<pg.Pool, "query">;

/** Connections for questions that are asked together. Transactions and statements that are not prepared are refused. */
export type Together = {
  readonly pool: Asking;
  readonly db: Database;
  close(): Promise<void>;
};

/** How many connections there are, and when PostgreSQL ends a question. */
export type TogetherOptions = {
  /** What is asked in one moment goes over one of them; default 3. */
  readonly connections?: number;
  /** Default 10 s. */
  readonly statementTimeoutMs?: number;
};

const UNPREPARED = "what is asked together has to be prepared";

/** Nothing is connected until the first question; a lost server shows as failed questions, and the next ones connect again. */
export function openTogether(url: string, options: TogetherOptions = {}): Together {
  const lines = Array.from(
    { length: options.connections ?? 3 },
    () => new Line(url, options.statementTimeoutMs ?? 10_000),
  );
  let chosen: Line | null = null;
  let closing: Promise<void> | null = null;

  /** The same for everything of one moment, then the one with the least to do. */
  function line(): Line {
    if (closing !== null) throw new Error("the connections are closed");
    if (chosen === null) {
      chosen = lines.reduce((least, one) => (one.waiting < least.waiting ? one : least));
      afterThisMoment(() => {
        chosen?.send();
        chosen = null;
      });
    }
    return chosen;
  }

  const ask = async (question: Question) => {
    if (typeof question.name !== "string" || question.name === "") throw new TypeError(UNPREPARED);
    return line().ask(question);
  };
  const client: PostgresPoolClient = {
    query: (async (text: unknown, values: readonly unknown[] = []) => {
      if (typeof text !== "string" || !isPrepared(text)) throw new TypeError(UNPREPARED);
      return ask(preparedQuery(text, values));
    }) as unknown as PostgresPoolClient["query"],
    release: () => undefined,
  };
  const close = () =>
    (closing ??= Promise.allSettled(lines.map((one) => one.close())).then(() => undefined));
  return {
    pool: { query: ask as unknown as Asking["query"] },
    db: new Kysely<Schema>({
      dialect: new PostgresDialect({ pool: { connect: async () => client, end: close } }),
    }),
    close,
  };
}

/** After everything that follows from what happens now, before anything else happens. */
function afterThisMoment(deed: () => void): void {
  queueMicrotask(() => process.nextTick(deed));
}

/** One connection, made when it is needed and again when it was lost. */
class Line {
  readonly #url: string;
  readonly #statementTimeoutMs: number;
  #client: pg.Client | null = null;
  #connecting: Promise<pg.Client> | null = null;
  #gathered: Asked[] = [];
  /** A packet is under way, or a connection for it. */
  #isBusy = false;
  #idle = Promise.withResolvers<void>();
  /** Questions without an answer. */
  waiting = 0;

  constructor(url: string, statementTimeoutMs: number) {
    this.#url = url;
    this.#statementTimeoutMs = statementTimeoutMs;
  }

  /** Asked with the next {@link send}. */
  async ask(question: Question): Promise<pg.QueryResult> {
    this.waiting += 1;
    const { promise, resolve, reject } = Promise.withResolvers<pg.QueryResult>();
    this.#gathered.push({ question, resolve, reject });
    try {
      return await promise;
    } finally {
      this.waiting -= 1;
      if (this.waiting === 0) this.#idle.resolve();
    }
  }

  /** Sends what was gathered, or leaves it to be sent with whatever else comes while a packet is under way. */
  send(): void {
    if (this.#isBusy || this.#gathered.length === 0) return;
    this.#isBusy = true;
    if (this.#client !== null) this.#sendOver(this.#client);
    else
      this.#connect().then(
        (client) => this.#sendOver(client),
        (error: unknown) => {
          this.#isBusy = false;
          for (const { reject } of this.#gathered.splice(0)) reject(error);
        },
      );
  }

  #sendOver(client: pg.Client): void {
    const left = (asked: readonly Asked[], isLost: boolean) => {
      if (isLost && this.#client === client) this.#client = null;
      this.#isBusy = false;
      this.#gathered.unshift(...asked);
      this.send();
    };
    client.query(new Packet(this.#gathered.splice(0), left));
  }

  /** After what was asked is answered, which the server's limit bounds. */
  async close(): Promise<void> {
    if (this.waiting > 0) {
      this.#idle = Promise.withResolvers();
      await this.#idle.promise;
    }
    const client = this.#client ?? (await this.#connecting?.catch(() => null));
    await client?.end();
  }

  #connect(): Promise<pg.Client> {
    return (this.#connecting ??= this.#open().finally(() => {
      this.#connecting = null;
    }));
  }

  async #open(): Promise<pg.Client> {
    const client = new pg.Client({
      ...{ connectionString: this.#url, connectionTimeoutMillis: 3000 },
      ...{ application_name: "callcard", statement_timeout: this.#statementTimeoutMs },
      // By index whoever it is: one plan serves all, and planning costs more than answering. The few pages that are not in memory are read
      // by who needs them: waking another process for each takes longer.
      options: "-c plan_cache_mode=force_generic_plan -c jit=off -c effective_io_concurrency=0",
    });
    const lost = () => {
      if (this.#client === client) this.#client = null;
    };
    // What waited for an answer has failed already.
    client.on("error", lost);
    client.on("end", lost);
    await client.connect();
    this.#client = client;
    return client;
  }
}
