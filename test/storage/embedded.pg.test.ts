import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openStorage } from "../../server/storage/database.ts";
import { startEmbeddedPostgres } from "../../server/storage/embedded.ts";
import { migrate } from "../../server/storage/migrate.ts";

test("keeps what was written over a stop and a start, and adopts a server that outlived a crash", async () => {
  const directory = await mkdtemp(join(tmpdir(), "callcard-embedded-"));
  try {
    const first = await startEmbeddedPostgres(directory);
    const one = openStorage(first.url);
    expect(await migrate(one.db)).toContain("0001-foundation");
    await one.pool.query(`insert into installation values ('kept', '"yes"')`);

    // As after a crash of Callcard: the server runs on and nobody stopped it.
    const adopted = await startEmbeddedPostgres(directory);
    expect(adopted.url).toBe(first.url);
    await one.close();
    await adopted.stop();
    await adopted.stop();

    const again = await startEmbeddedPostgres(directory);
    const two = openStorage(again.url);
    expect(await migrate(two.db)).toEqual([]);
    const kept = await two.pool.query(`select value from installation where key = 'kept'`);
    expect(kept.rows).toEqual([{ value: "yes" }]);
    await two.close();
    await again.stop();
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
});

test("an initialisation that was cut short is done again", async () => {
  const directory = await mkdtemp(join(tmpdir(), "callcard-embedded-"));
  try {
    await mkdir(join(directory, "cluster-new"));
    await writeFile(join(directory, "cluster-new", "half"), "");
    const server = await startEmbeddedPostgres(directory);
    expect(await readdir(directory)).not.toContain("cluster-new");
    await server.stop();
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
});

test("a server that another live process started is used but never stopped", async () => {
  const directory = await mkdtemp(join(tmpdir(), "callcard-embedded-"));
  const server = await startEmbeddedPostgres(directory);
  try {
    // Process 1 always lives.
    await writeFile(join(directory, "owner"), "1");
    const guest = await startEmbeddedPostgres(directory);
    await guest.stop();
    const storage = openStorage(server.url);
    expect((await storage.pool.query("select 1 as alive")).rows).toEqual([{ alive: 1 }]);
    await storage.close();
  } finally {
    await server.stop();
    await rm(directory, { recursive: true, force: true });
  }
});
