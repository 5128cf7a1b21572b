/**
 * Who is calling, over 3,500,000 customers with 5,000,000 phones in a PostgreSQL of its own: how fast a file gets in,
 * beside plain COPY of the same rows into the same tables, and how long a look-up takes.
 *
 * Directory `TMPDIR` needs about 3 GB while it runs; it is removed in every case.
 */
import { spawnSync } from "node:child_process";
import { createWriteStream } from "node:fs";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable, Writable } from "node:stream";
import { finished, pipeline } from "node:stream/promises";
import { from as copyFrom } from "pg-copy-streams";
import { importFile } from "../../server/cli/import.ts";
import { openDirectory } from "../../server/customers/directory.ts";
import { copyLine } from "../../server/storage/copy.ts";
import { type Storage, openStorage } from "../../server/storage/database.ts";
import { startEmbeddedPostgres } from "../../server/storage/embedded.ts";
import { migrate } from "../../server/storage/migrate.ts";
import type { Bench, Figure } from "./run.ts";

const FULL_CUSTOMERS = 3_500_000;
const QUICK_CUSTOMERS = 35_000;
const LOOK_UPS = 20_000;
const DEFAULT_REGION = "RU";
/** The promises of the product. */
const MOST_P99_MS = 2;
const LEAST_SHARE_OF_COPY = 1 / 3;

/** As `npm run bench` runs it. */
export const identification: Bench = ({ quick }) =>
  measureIdentification(quick ? QUICK_CUSTOMERS : FULL_CUSTOMERS);

/** Measures over so many customers and removes everything it made. */
export async function measureIdentification(customers: number): Promise<readonly Figure[]> {
  const directory = await mkdtemp(join(tmpdir(), "callcard-bench-pg-"));
  let server = await startEmbeddedPostgres(directory, { endWithParent: true });
  try {
    const copy = await onStorage(server.url, (storage) => measureCopy(storage, customers));
    // A fresh cluster for each: neither pays for the other's write-ahead log.
    await server.stop();
    await rm(join(directory, "cluster"), { recursive: true });
    server = await startEmbeddedPostgres(directory, { endWithParent: true });
    const imported = await onStorage(server.url, (storage) =>
      measureImport(storage, customers, directory),
    );
    const warm = await onStorage(server.url, async (storage) => {
      await storage.pool.query("vacuum analyze");
      await lookUps(storage, customers, LOOK_UPS, 1);
      return {
        floor: await roundTrips(storage, LOOK_UPS),
        found: await lookUps(storage, customers, LOOK_UPS, 2),
      };
    });
    await server.stop();
    server = await startEmbeddedPostgres(directory, { endWithParent: true });
    const cold = await onStorage(server.url, (storage) => lookUps(storage, customers, LOOK_UPS, 3));
    await server.stop();
    const forgotten = await dropFileCache(join(directory, "cluster"));
    server = await startEmbeddedPostgres(directory, { endWithParent: true });
    const frozen = forgotten
      ? await onStorage(server.url, (storage) => lookUps(storage, customers, LOOK_UPS / 10, 4))
      : null;
    return [
      ...importFigures(imported, copy),
      ...lookUpFigures("look-up, warm", warm.found, warm.floor),
      ...lookUpFigures("look-up, PostgreSQL just started", cold, warm.floor),
      ...(frozen === null ? [] : frozenFigures(frozen)),
    ];
  } finally {
    await server.stop();
    await rm(directory, { recursive: true, force: true });
  }
}

type Speed = { readonly rows: number; readonly seconds: number; readonly bytes: number };

function importFigures(imported: Speed, copy: Speed): readonly Figure[] {
  const speed = imported.rows / imported.seconds;
  const peer = copy.rows / copy.seconds;
  const share = Math.round((100 * speed) / peer);
  return [
    {
      what: `import of ${imported.rows.toLocaleString("en")} customers and phones from CSV`,
      value: speed,
      unit: "rows/s",
      beside: `plain COPY of the same rows ${Math.round(peer).toLocaleString("en")} rows/s (${share} %)`,
      goal: "at least a third of COPY",
      met: speed / peer >= LEAST_SHARE_OF_COPY,
    },
    { what: "database on disk", value: imported.bytes / 2 ** 20, unit: "MiB" },
  ];
}

function lookUpFigures(
  what: string,
  ms: readonly number[],
  floor: readonly number[],
): readonly Figure[] {
  const bare = `bare "select 1" p50 ${percentile(floor, 50).toFixed(2)}, p99 ${percentile(floor, 99).toFixed(2)} ms`;
  return [
    { what: `${what}: p50`, value: percentile(ms, 50), unit: "ms", beside: bare },
    { what: `${what}: p95`, value: percentile(ms, 95), unit: "ms" },
    {
      what: `${what}: p99`,
      value: percentile(ms, 99),
      unit: "ms",
      goal: `at most ${MOST_P99_MS} ms`,
      met: percentile(ms, 99) <= MOST_P99_MS,
    },
  ];
}

function frozenFigures(ms: readonly number[]): readonly Figure[] {
  const what = "look-up, nothing in the system's file cache";
  return [50, 95, 99].map((share) => ({
    what: `${what}: p${share}`,
    value: percentile(ms, share),
    unit: "ms",
  }));
}

function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor((sorted.length * share) / 100))] ?? 0;
}

async function onStorage<T>(url: string, deed: (storage: Storage) => Promise<T>): Promise<T> {
  // Vacuum and COPY of millions take longer than a server's query may.
  const storage = openStorage(url, { maxConnections: 4, statementTimeoutMs: 3_600_000 });
  try {
    await migrate(storage.db);
    return await deed(storage);
  } finally {
    await storage.close();
  }
}

/** Customer `n`; three of seven have a second phone, which makes 5,000,000 of 3,500,000. */
function phonesOf(n: number): readonly string[] {
  // A multiplier that is prime to 10^9 spreads neighbours over the whole index, as real numbers are.
  const number = (k: number) => String((k * 387_420_489) % 1_000_000_000).padStart(9, "0");
  const first = `+79${spread(number(2 * n))}`;
  return n % 7 < 3 ? [first, `+79${spread(number(2 * n + 1))}`] : [first];
}

/** No Russian mobile begins with 93 0 or 93 3 and the like in every range; those become 94. */
function spread(nine: string): string {
  return nine.startsWith("3") ? `4${nine.slice(1)}` : nine;
}

const FORMS: readonly ((e164: string) => string)[] = [
  (e164) => e164,
  (e164) => `8${e164.slice(2)}`,
  (e164) => `8 (${e164.slice(2, 5)}) ${e164.slice(5, 8)}-${e164.slice(8, 10)}-${e164.slice(10)}`,
  (e164) => `+7 ${e164.slice(2, 5)} ${e164.slice(5, 8)}-${e164.slice(8, 10)}-${e164.slice(10)}`,
];
const written = (e164: string, n: number) => FORMS[n % FORMS.length]!(e164);

const SURNAMES = ["Иванов", "Петрова", "Ким", "Шевченко", "Ахметов", "Смирнова", "Ли", "Коваленко"];
const NAMES = ["Мария", "Иван", "Алия", "Тарас", "Ольга", "Пётр", "Жанна"];
const CITIES = ["Москва", "Новосибирск", "Алматы", "Київ", "Томск", "Владивосток"];
const TIERS = ["", "", "", "silver", "gold"];
const pick = (list: readonly string[], n: number) => list[n % list.length]!;

function fieldsOf(n: number): readonly string[] {
  const name = `${pick(SURNAMES, n)} ${pick(NAMES, n * 31)} ${(n % 9973).toString(36)}`;
  const email = n % 3 === 0 ? `customer${n}@shop.example` : "";
  return [`c${n}`, name, email, pick(TIERS, n), pick(CITIES, n)];
}

/** Text in pieces of a thousand customers. */
function* pieces(customers: number, lineOf: (n: number) => string): Generator<string> {
  for (let n = 0; n < customers; n += 1000) {
    let piece = "";
    for (let k = n; k < Math.min(n + 1000, customers); k++) piece += lineOf(k);
    yield piece;
  }
}

async function measureCopy(storage: Storage, customers: number): Promise<Speed> {
  const client = await storage.pool.connect();
  const startedAtMs = performance.now();
  let phones = 0;
  try {
    const copy = async (target: string, lineOf: (n: number) => string) =>
      pipeline(
        Readable.from(pieces(customers, lineOf)),
        client.query(copyFrom(`copy ${target} from stdin`)),
      );
    await copy("customers (id, source, source_id, name, email, tier, city)", (n) =>
      copyLine([n, "file", ...fieldsOf(n)]),
    );
    await copy("customer_phones (e164, customer_id)", (n) => {
      const own = phonesOf(n);
      phones += own.length;
      return own.map((e164) => copyLine([e164, n])).join("");
    });
  } finally {
    client.release();
  }
  const seconds = (performance.now() - startedAtMs) / 1000;
  return { rows: customers + phones, seconds, bytes: 0 };
}

async function measureImport(
  storage: Storage,
  customers: number,
  directory: string,
): Promise<Speed> {
  const path = join(directory, "customers.csv");
  await writeCsv(path, customers);
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const summary = await importFile(
    storage,
    {
      ...{ path, type: "customers", source: "file", format: "csv" },
      ...{ encoding: undefined, columns: new Map<string, string>() },
    },
    { defaultRegion: DEFAULT_REGION, output: nowhere as NodeJS.WriteStream },
  );
  await rm(path);
  if (summary.added !== customers)
    throw new Error(`${summary.added} of ${customers} customers were taken: ${summary.rejects}`);
  const found = await storage.pool.query<{ phones: string; bytes: string }>(
    "select (select count(*) from customer_phones) as phones, pg_database_size(current_database()) as bytes",
  );
  const { phones, bytes } = found.rows[0]!;
  return { rows: customers + Number(phones), seconds: summary.seconds, bytes: Number(bytes) };
}

async function writeCsv(path: string, customers: number): Promise<void> {
  const file = createWriteStream(path);
  file.write("id;name;email;tier;city;phones\n");
  const lines = pieces(customers, (n) => {
    const phones = phonesOf(n).map((e164, at) => written(e164, n + at));
    return `${[...fieldsOf(n), phones.join(" / ")].join(";")}\n`;
  });
  for (const piece of lines) if (!file.write(piece)) await once(file, "drain");
  file.end();
  await finished(file);
}

/** Milliseconds of each look-up of a random customer's phone, one after the other, without the directory's own memory. */
async function lookUps(
  storage: Storage,
  customers: number,
  count: number,
  seed: number,
): Promise<readonly number[]> {
  const directory = openDirectory(storage, {
    ...{ defaultRegion: DEFAULT_REGION, extensionPattern: /^\d{2,6}$/ },
    ...{ freshMs: 0, deadlineMs: 10_000 },
  });
  const times: number[] = [];
  let state = seed;
  for (let at = 0; at < count; at++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    const n = Math.floor((state / 2 ** 32) * customers);
    const number = written(phonesOf(n)[0]!, at);
    const startedAtMs = performance.now();
    const found = await directory.identify(number);
    times.push(performance.now() - startedAtMs);
    if (found.outcome !== "one" && found.outcome !== "several")
      throw new Error(`customer ${n} was not found by ${number}: ${found.outcome}`);
  }
  return times;
}

/** The floor: the shortest question PostgreSQL can be asked, over the same pool. */
async function roundTrips(storage: Storage, count: number): Promise<readonly number[]> {
  const times: number[] = [];
  for (let at = 0; at < count; at++) {
    const startedAtMs = performance.now();
    await storage.pool.query({ name: "bench_floor", text: "select 1" });
    times.push(performance.now() - startedAtMs);
  }
  return times;
}

/** Asks the system to forget the files (no privilege needed). False where it cannot be asked. */
async function dropFileCache(directory: string): Promise<boolean> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile() && /^\d/.test(entry.name));
  for (const file of files) {
    const path = join(file.parentPath, file.name);
    const dropped = spawnSync("dd", [`if=${path}`, "iflag=nocache", "count=0", "status=none"]);
    if (dropped.status !== 0) return false;
  }
  return true;
}
