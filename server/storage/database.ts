/** The one way to PostgreSQL: a kysely instance over a pg pool, and how its lifetime is owned. */
import { createHash } from "node:crypto";
import {
  Kysely,
  type PostgresCursor,
  PostgresDialect,
  type PostgresPool,
  type PostgresPoolClient,
  type PostgresQueryResult,
  sql,
} from "kysely";
import pg from "pg";
import type { Schema } from "./schema.ts";

/** kysely over Callcard's tables. */
export type Database = Kysely<Schema>;

/** An open pool: typed queries, the raw pool for COPY and health, and how to close both. */
export type Storage = {
  readonly db: Database;
  readonly pool: pg.Pool;
  close(): Promise<void>;
};

// bigint (int8) keys and sums stay exact: ids are handed out as text, sums fit in 2^53.
pg.types.setTypeParser(pg.types.builtins.INT8, (text) => text);
pg.types.setTypeParser(pg.types.builtins.DATE, (text) => text);

const PREPARED = "/* prepared */";

/**
 * Begins a statement that PostgreSQL is to parse and plan once for each connection: for those that are asked all the time and whose planning
 * costs about as much as their answer. What changes from one time to the next must be a parameter, so that there are few texts.
 */
export const prepared = sql.raw(PREPARED);

/**
 * Opens a pool on `url`. Nothing is connected until the first query; a lost server shows as a failed query, never as
 * an exception of the process.
 * @param options.statementTimeoutMs a query over this is ended by the server; default 10 s.
 */
export function openStorage(
  url: string,
  options: {
    readonly maxConnections?: number;
    readonly statementTimeoutMs?: number;
    /** So many are not closed when nobody needs them; default 0. */
    readonly keptConnections?: number;
    /** Readies each new connection before its first query, which fails with it. */
    readonly onConnect?: (client: pg.ClientBase) => Promise<void>;
  } = {},
): Storage {
  // The pool waits for what it returns, though its types do not say so.
  const onConnect: ((client: pg.ClientBase) => unknown) | undefined = options.onConnect;
  const pool = new pg.Pool({
    connectionString: url,
    max: options.maxConnections ?? 20,
    min: options.keptConnections ?? 0,
    connectionTimeoutMillis: 3000,
    idleTimeoutMillis: 30_000,
    statement_timeout: options.statementTimeoutMs ?? 10_000,
    application_name: "callcard",
    ...(onConnect === undefined ? {} : { onConnect }),
  });
  // An idle client whose server went away says so here; the next query gets a fresh one.
  pool.on("error", () => undefined);
  // One that is in use says so on itself, besides failing its query; unheard, that would end the process.
  pool.on("connect", (client) => client.on("error", () => undefined));
  const db = new Kysely<Schema>({ dialect: new PostgresDialect({ pool: preparing(pool) }) });
  const close = async () => {
    await db.destroy();
    // kysely ends only a pool it has used itself.
    if (!pool.ending) await pool.end();
  };
  return { db, pool, close };
}

/** kysely names no statements, and pg prepares only those with a name. */
function preparing(pool: pg.Pool): PostgresPool {
  const known = new WeakMap<pg.PoolClient, PostgresPoolClient>();
  return {
    async connect() {
      const client = await pool.connect();
      let own = known.get(client);
      if (own === undefined) {
        own = new PreparingClient(client);
        known.set(client, own);
      }
      return own;
    },
    end: () => pool.end(),
  };
}

/** Names of prepared statements by their texts; these are written in the code, so there are few. */
const names = new Map<string, string>();

/** Whether a statement begins with {@link prepared}. */
export function isPrepared(text: string): boolean {
  return text.startsWith(PREPARED);
}

/** Such a statement as pg takes it. */
export function preparedQuery(
  text: string,
  values: readonly unknown[],
): { readonly name: string; readonly text: string; readonly values: unknown[] } {
  let name = names.get(text);
  // PostgreSQL cuts names after 63 characters.
  if (name === undefined) {
    name = createHash("sha256").update(text).digest("base64url");
    names.set(text, name);
  }
  return { name, text, values: [...values] };
}

class PreparingClient implements PostgresPoolClient {
  readonly #client: pg.PoolClient;

  constructor(client: pg.PoolClient) {
    this.#client = client;
  }

  query<R>(text: string, values: readonly unknown[]): Promise<PostgresQueryResult<R>>;
  query<R>(cursor: PostgresCursor<R>): PostgresCursor<R>;
  query<R>(text: string | PostgresCursor<R>, values: readonly unknown[] = []): unknown {
    if (typeof text !== "string") throw new TypeError("cursors are not used here");
    if (!isPrepared(text)) return this.#client.query(text, [...values]);
    return this.#client.query(preparedQuery(text, values));
  }

  release(): void {
    this.#client.release();
  }
}
