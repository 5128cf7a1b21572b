/**
 * Questions that are asked together travel together: those of one moment go over one connection in one packet, and PostgreSQL answers them
 * one after the other without waiting for the next. A card asks ten short questions at once; asked over ten connections they cost twice the
 * processor's time, most of it for waking up.
 *
 * For short reads by index alone: one that is slow keeps those behind it waiting. Each fails for itself.
 */
import { Socket } from "node:net";
import { Kysely, PostgresDialect, type PostgresPoolClient } from "kysely";
import pg from "pg";
import { type Database, isPrepared, preparedQuery } from "./database.ts";
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

type Question = { readonly name: string; readonly text: string; readonly values?: unknown[] };

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
      chosen.hold();
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
  #socket: Socket | null = null;
  #isHeld = false;
  /** Questions without an answer. */
  waiting = 0;

  constructor(url: string, statementTimeoutMs: number) {
    this.#url = url;
    this.#statementTimeoutMs = statementTimeoutMs;
  }

  /** Gathers what is asked until {@link send}. */
  hold(): void {
    this.#isHeld = true;
    if (this.#client !== null) this.#socket?.cork();
  }

  send(): void {
    this.#isHeld = false;
    if (this.#client !== null) this.#socket?.uncork();
  }

  async ask(question: Question): Promise<pg.QueryResult> {
    this.waiting += 1;
    try {
      // At once when it is open: what is awaited here would be sent after the others.
      return await (this.#client ?? (await this.#connect())).query(question);
    } catch (error) {
      // PostgreSQL's last words, before its end of the line is gone.
      if (error instanceof pg.DatabaseError && error.severity === "FATAL") this.#client = null;
      throw error;
    } finally {
      this.waiting -= 1;
    }
  }

  async close(): Promise<void> {
    const client = this.#client ?? (await this.#connecting?.catch(() => null));
    await client?.end();
  }

  #connect(): Promise<pg.Client> {
    return (this.#connecting ??= this.#open().finally(() => {
      this.#connecting = null;
    }));
  }

  async #open(): Promise<pg.Client> {
    const socket = new Socket();
    const client = new pg.Client({
      ...{ connectionString: this.#url, pipeline: true, stream: () => socket },
      ...{ connectionTimeoutMillis: 3000, application_name: "callcard" },
      statement_timeout: this.#statementTimeoutMs,
      // By index whoever it is: one plan serves all, and planning costs more than answering.
      options: "-c plan_cache_mode=force_generic_plan -c jit=off",
    });
    const lost = () => {
      if (this.#client === client) this.#client = null;
    };
    // What waited for an answer has failed already.
    client.on("error", lost);
    client.on("end", lost);
    await client.connect();
    this.#socket = socket;
    this.#client = client;
    if (this.#isHeld) socket.cork();
    return client;
  }
}
