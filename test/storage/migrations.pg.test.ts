import { FileMigrationProvider, Migrator } from "kysely";
import { promises as fs } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { migrate } from "../../server/storage/migrate.ts";
import { RELEASED } from "./released.ts";
import { type TestDatabase, testDatabase } from "../support/postgres.ts";

const FOLDER = path.join(import.meta.dirname, "../../server/storage/migrations");
/** The schema of the version before. */
const BEFORE = Object.keys(RELEASED).at(-1)!.replace(/\.ts$/, "");
/** Tables that stay small: an index on them is built in a moment. */
const SMALL = new Set(["users", "campaigns", "trunks", "policies", "offer_rules"]);

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase();
});
afterAll(() => database.drop());

/** Everything that the version before may lean on, one line each. */
async function schemaOf(db: TestDatabase): Promise<readonly Line[]> {
  const { rows } = await db.pool.query<Line>(`
    select c.relname as table, 'column ' || a.attname as name,
      format_type(a.atttypid, a.atttypmod) || case when a.attnotnull then ' not null' else '' end as what,
      not a.attnotnull or a.atthasdef or a.attidentity <> '' as optional
    from pg_attribute a join pg_class c on c.oid = a.attrelid
    where c.relkind in ('r', 'p') and c.relnamespace = 'public'::regnamespace and a.attnum > 0 and not a.attisdropped
    union all
    select conrelid::regclass::text, 'constraint ' || conname, pg_get_constraintdef(oid), false
    from pg_constraint where connamespace = 'public'::regnamespace and conrelid <> 0 and contype <> 'n'
    union all
    select tgrelid::regclass::text, 'trigger ' || tgname, pg_get_triggerdef(oid), false from pg_trigger where not tgisinternal
    union all
    select indrelid::regclass::text, 'index ' || indexrelid::regclass::text, pg_get_indexdef(indexrelid), not indisunique
    from pg_index i join pg_class c on c.oid = i.indrelid where c.relnamespace = 'public'::regnamespace`);
  return rows.filter(({ table }) => !table.startsWith("kysely_"));
}
type Line = {
  readonly table: string;
  readonly name: string;
  readonly what: string;
  readonly optional: boolean;
};

async function migrateTo(db: TestDatabase, name: string): Promise<void> {
  const provider = new FileMigrationProvider({ fs, path, migrationFolder: FOLDER });
  const { error } = await new Migrator({ db: db.db, provider }).migrateTo(name);
  if (error !== undefined) throw error;
}

describe("migrations that are not released yet", () => {
  test("leave what is there as it is, and ask nothing of those who do not know what is new", async () => {
    const { pool } = database;
    // Whatever is there is of the newest version; begin with an empty schema.
    await pool.query("drop schema public cascade; create schema public");
    await migrateTo(database, BEFORE);
    const before = await schemaOf(database);
    await migrate(database.db);
    const after = await schemaOf(database);
    const keyOf = (line: Line) => `${line.table}: ${line.name}`;
    const now = new Map(after.map((line) => [keyOf(line), line]));
    const lost = before.filter((line) => now.get(keyOf(line))?.what !== line.what).map(keyOf);
    expect(lost, "changed or dropped").toEqual([]);
    const known = new Set(before.map(keyOf));
    const tables = new Set(before.map(({ table }) => table));
    const added = after.filter((line) => !known.has(keyOf(line)) && tables.has(line.table));
    expect(added.filter(({ optional }) => !optional).map(keyOf), "asked of all rows").toEqual([]);
    const built = added.filter(({ name, table }) => name.startsWith("index ") && !SMALL.has(table));
    expect(built.map(keyOf), "built while writers wait").toEqual([]);
  });
});

describe("migrating beside others", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(path.join(import.meta.dirname, "migrations-"));
    await database.pool.query("drop schema public cascade; create schema public");
    await add("0001-first", "create table kept (id integer primary key)");
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  const add = (name: string, statement: string) =>
    writeFile(
      path.join(folder, `${name}.ts`),
      `import { sql } from "kysely";\nexport const up = (db) => sql\`${statement}\`.execute(db);\n`,
    );

  test("a long transaction of the version before holds up nobody else: the migration steps back and comes again", async () => {
    await migrate(database.db, { folder });
    await add("0002-more", "alter table kept add column more text");
    const long = await database.pool.connect();
    await long.query("begin; select count(*) from kept");
    const migrating = migrate(database.db, { folder, lockTimeoutMs: 100 });
    let longestMs = 0;
    for (let id = 1; id <= 20; id++) {
      const startedAtMs = performance.now();
      await database.pool.query("insert into kept values ($1)", [id]);
      longestMs = Math.max(longestMs, performance.now() - startedAtMs);
      await sleep(100);
    }
    // Without the limit the first insert would stand behind the migration for as long as the transaction lasts.
    await long.query("commit");
    long.release();
    expect(await migrating).toEqual(["0002-more"]);
    expect(longestMs).toBeLessThan(1500);
    const { rows } = await database.pool.query("show lock_timeout");
    expect(rows).toEqual([{ lock_timeout: "0" }]);
  });

  test("a migration that finds no quiet moment says so and has changed nothing", async () => {
    await migrate(database.db, { folder });
    await add("0002-more", "alter table kept add column more text");
    const long = await database.pool.connect();
    await long.query("begin; select count(*) from kept");
    await expect(migrate(database.db, { folder, lockTimeoutMs: 50, withinMs: 0 })).rejects.toThrow(
      /0002-more failed: .*lock timeout/,
    );
    await long.query("commit");
    long.release();
    expect(await migrate(database.db, { folder })).toEqual(["0002-more"]);
  });

  test("processes that start together run each migration once", async () => {
    await add("0002-more", "alter table kept add column more text");
    const ran = await Promise.all([1, 2, 3].map(() => migrate(database.db, { folder })));
    expect(ran.flat().toSorted()).toEqual(["0001-first", "0002-more"]);
  });

  test("the version before starts on a database that a newer one has added to, and says so", async () => {
    await add("0002-more", "alter table kept add column more text");
    await migrate(database.db, { folder });
    await rm(path.join(folder, "0002-more.ts"));
    const newer: string[] = [];
    expect(
      await migrate(database.db, { folder, onNewer: (names) => newer.push(...names) }),
    ).toEqual([]);
    expect(newer).toEqual(["0002-more"]);
  });

  test("a migration that is lost in the middle is no newer version: the start ends with an error", async () => {
    await add("0002-more", "alter table kept add column more text");
    await migrate(database.db, { folder });
    await rm(path.join(folder, "0001-first.ts"));
    await expect(migrate(database.db, { folder })).rejects.toThrow(/0001-first/);
  });
});
