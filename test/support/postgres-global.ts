/** vitest global set-up: one embedded PostgreSQL for the whole run, in a directory of its own that is removed after. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startEmbeddedPostgres } from "../../server/storage/embedded.ts";

export default async function setup(): Promise<() => Promise<void>> {
  const directory = await mkdtemp(join(tmpdir(), "callcard-test-pg-"));
  const server = await startEmbeddedPostgres(directory, { endWithParent: true });
  process.env["CALLCARD_TEST_POSTGRES"] = server.url;
  return async () => {
    await server.stop();
    await rm(directory, { recursive: true, force: true });
  };
}
