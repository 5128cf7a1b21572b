/** The PostgreSQL of a large shop, for benchmarks of millions of rows. */
import { totalmem } from "node:os";
import { type EmbeddedPostgres, startEmbeddedPostgres } from "../../server/storage/embedded.ts";

const MEGABYTE = 2 ** 20;

/** A quarter of the machine's memory is for pages of tables and indexes, as PostgreSQL's manual advises for a server of its own (`shared_buffers`). */
export function startLargePostgres(directory: string): Promise<EmbeddedPostgres> {
  const sharedBuffersMb = Math.floor(totalmem() / 4 / MEGABYTE);
  return startEmbeddedPostgres(directory, { endWithParent: true, sharedBuffersMb });
}
