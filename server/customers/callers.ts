/**
 * Who calls and everything a rule may ask about them, in one question to PostgreSQL: a caller who is about to join a queue waits for the
 * answer. Its connections are its own, few, always open, and have put the question before: none of a caller's time goes
 * into opening one or planning, and however many call at a time, the screens have theirs.
 */
import type pg from "pg";
import type { Standing } from "../priority/model.ts";
import { type Storage, openStorage } from "../storage/database.ts";
import type { PgCustomerDirectory } from "./directory.ts";
import type { Identification } from "./model.ts";
import type { PhoneOwner } from "./rank.ts";
import { LOST_OF_NUMBER, type StandingRow, standingOf, standingQuery } from "./standing.ts";
import { OWNERS_OF, type OwnerRow, ownerOf } from "./store.ts";

/** How callers are looked up. */
export type CallersOptions = {
  readonly databaseUrl: string;
  readonly directory: Pick<PgCustomerDirectory, "identifyBy">;
  /** The shop's currency, ISO 4217; "" while it is not known. See `StandingOptions`. */
  readonly currency?: () => string;
};

/** What was found. */
export type FoundCaller = {
  readonly found: Identification;
  /** Of the one customer they are; null for none or several. */
  readonly standing: Standing | null;
  /** When this number last called and got nobody, epoch ms; asked for when it is no one customer's. */
  readonly lostAtMs: number | null;
};

/** Looks up callers until it is closed. */
export interface Callers {
  /** Always asks PostgreSQL. @throws when that does not answer. */
  of(number: string): Promise<FoundCaller>;
  close(): Promise<void>;
}

/** One answers about a thousand a second; more at a time would only take turns on PostgreSQL's processors. */
const CONNECTIONS = 4;
/** Nobody waits for an answer that long: the statement is ended and its connection free again. */
const STATEMENT_TIMEOUT_MS = 2000;

/** Opens the connections; while PostgreSQL does not answer, a question tries again. */
export function openCallers({ currency, databaseUrl, directory }: CallersOptions): Callers {
  const storage = openStorage(databaseUrl, {
    maxConnections: CONNECTIONS,
    keptConnections: CONNECTIONS,
    statementTimeoutMs: STATEMENT_TIMEOUT_MS,
    onConnect: ready,
  });
  const warm = Array.from({ length: CONNECTIONS }, () => storage.pool.query("select 1"));
  const warming = Promise.allSettled(warm);
  return {
    async of(number) {
      const { found, read } = await directory.identifyBy(number, (e164) =>
        readCaller(storage.pool, e164, currency?.() ?? ""),
      );
      return { found, standing: read?.standing ?? null, lostAtMs: read?.lostAtMs ?? null };
    },
    async close() {
      await warming;
      await storage.close();
    },
  };
}

/** Of number `$1`, in the currency `$2`; one row. */
export const CALLER_QUERY = {
  name: "caller_and_standing",
  text: `
  with owner as materialized (${OWNERS_OF}),
  one as materialized (select min(id) as id from owner having count(*) = 1)
  select
    (select coalesce(json_agg(owner), '[]') from owner) as owners,
    (select to_json(standing) from (${standingQuery("(select id from one)", "$2")}) standing) as standing,
    case when not exists (select from one) then (${LOST_OF_NUMBER}) end as lost_at`,
} as const;

/** As JSON gives it: dates are texts, ids numbers. */
type Json<T> = {
  readonly [K in keyof T]: Date extends T[K] ? Exclude<T[K], Date> | string : T[K];
};

type CallerRow = {
  owners: readonly Json<OwnerRow>[];
  standing: Json<StandingRow> | null;
  lost_at: Date | null;
};

async function readCaller(
  pool: Storage["pool"],
  e164: string,
  currency: string,
): Promise<{
  readonly owners: readonly PhoneOwner[];
  readonly standing: Standing | null;
  readonly lostAtMs: number | null;
}> {
  const { rows } = await pool.query<CallerRow>({ ...CALLER_QUERY, values: [e164, currency] });
  const { lost_at, owners, standing } = rows[0]!;
  return {
    owners: owners.map((owner) => ownerOf(revived<OwnerRow>(owner))),
    standing: standing === null ? null : standingOf(revived<StandingRow>(standing)),
    lostAtMs: lost_at?.getTime() ?? null,
  };
}

/** A row as pg would have given it. */
function revived<T extends { readonly id: string }>(row: Json<T>): T {
  const made = Object.entries(row).map(([key, value]) => {
    if (key === "id") return [key, String(value)];
    return [key, key.endsWith("_at") && typeof value === "string" ? new Date(value) : value];
  });
  return Object.fromEntries(made) as T;
}

/** By index whoever it is, so one plan serves all; made here, it is made by no caller. */
async function ready(client: pg.ClientBase): Promise<void> {
  await client.query("select set_config('plan_cache_mode', 'force_generic_plan', false)");
  await client.query({ ...CALLER_QUERY, values: ["", ""] });
}
