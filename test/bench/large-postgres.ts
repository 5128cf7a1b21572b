/** The PostgreSQL of a large shop, for benchmarks of millions of rows. */
import { totalmem } from "node:os";
import type pg from "pg";
import { type EmbeddedPostgres, startEmbeddedPostgres } from "../../server/storage/embedded.ts";

const MEGABYTE = 2 ** 20;
/** Of the machine's memory for pages of tables and indexes: what PostgreSQL's manual calls the most that helps (`shared_buffers`). */
const SHARE_OF_MEMORY = 0.4;

/** Starts one that is set up as a server of such a shop is. */
export function startLargePostgres(directory: string): Promise<EmbeddedPostgres> {
  const sharedBuffersMb = Math.floor((totalmem() * SHARE_OF_MEMORY) / MEGABYTE);
  return startEmbeddedPostgres(directory, { endWithParent: true, sharedBuffersMb });
}

/**
 * Reads everything once, indexes last: they are what is asked most, and stay when not all finds room. A server that has run for days has
 * done so; one that was just filled would measure its disk.
 */
export async function readIntoMemory(client: Pick<pg.ClientBase, "query">): Promise<void> {
  await client.query("create extension if not exists pg_prewarm");
  await client.query(
    `select pg_prewarm(oid::regclass) from (
       select oid from pg_class
       where relkind in ('r', 'i', 't') and relnamespace in ('public'::regnamespace, 'pg_toast'::regnamespace)
       order by relkind = 'i', pg_relation_size(oid) desc
     ) relations`,
  );
}
