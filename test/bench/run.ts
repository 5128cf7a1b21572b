/**
 * `npm run bench [-- name ...] [--quick]`: measures and prints one table, each figure beside a floor or a peer that
 * ran in the same run, and writes `data/bench/<time>.json`. Nothing here passes or fails: it says what is.
 */
import { existsSync } from "node:fs";
import { mkdir, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { cpus, tmpdir, totalmem } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";

/** One measured figure; `goal` and `peer` are words, so that a reader needs no second table. */
export type Figure = {
  readonly what: string;
  readonly value: number;
  readonly unit: string;
  /** What it is measured against in the same run, with its figure. */
  readonly beside?: string;
  /** What the product promises, and whether this run kept it. */
  readonly goal?: string;
  readonly met?: boolean;
};

/** A benchmark: `quick` asks for a small version that proves it runs. */
export type Bench = (options: { readonly quick: boolean }) => Promise<readonly Figure[]>;

const benches: Readonly<Record<string, () => Promise<Bench>>> = {
  ingest: async () => (await import("./ingest.ts")).ingest,
  pop: async () => (await import("./pop.ts")).pop,
  identification: async () => (await import("./identification.ts")).identification,
  simulation: async () => (await import("./simulation.ts")).simulation,
  caller: async () => (await import("./caller.ts")).caller,
  priority: async () => (await import("./priority.ts")).priority,
  pacing: async () => (await import("./pacing.ts")).pacing,
  attempts: async () => (await import("./attempts.ts")).attempts,
  offers: async () => (await import("./offers.ts")).offers,
  dialling: async () => (await import("./dialling.ts")).dialling,
  hints: async () => (await import("./hints.ts")).hints,
  card: async () => (await import("./card.ts")).card,
  cluster: async () => (await import("./cluster.ts")).cluster,
  noise: async () => (await import("./noise.ts")).noise,
  memory: async () => (await import("./memory.ts")).memory,
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { quick: { type: "boolean", default: false } },
});
const wanted = positionals.length > 0 ? positionals : Object.keys(benches);
const stray = wanted.find((name) => !(name in benches));
if (stray !== undefined) {
  console.error(`There is no benchmark "${stray}"; there are: ${Object.keys(benches).join(", ")}`);
  process.exit(2);
}

await removeLeftovers();
const results: Record<string, readonly Figure[]> = {};
for (const name of wanted) {
  console.log(`\n${name} ...`);
  const bench = await benches[name]!();
  results[name] = await bench({ quick: values.quick });
  print(results[name]);
}
const directory = join(process.env["DATA_DIR"] ?? "data", "bench");
await mkdir(directory, { recursive: true });
const at = new Date().toISOString();
const file = join(directory, `${at.replaceAll(":", "-")}.json`);
const machine = {
  cpu: cpus()[0]?.model,
  cores: cpus().length,
  memoryBytes: totalmem(),
  node: process.version,
};
await writeFile(file, JSON.stringify({ at, quick: values.quick, machine, results }, null, 2));
console.log(`\nWritten to ${file}`);

/** Directories of runs that were killed: up to 3 GB each. One whose run still lives is left alone. */
async function removeLeftovers(): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    if (!name.startsWith("callcard-bench-")) continue;
    const path = join(tmpdir(), name);
    const owners = await Promise.all(
      ["owner", "postgres/owner"].map((file) => readFile(join(path, file), "utf8").catch(() => "")),
    );
    const pid = Number(owners.join(""));
    if (pid > 0 && !existsSync(`/proc/${pid}`)) await rm(path, { recursive: true, force: true });
  }
}

function print(figures: readonly Figure[]): void {
  const rows = figures.map(({ what, value, unit, beside = "", goal = "", met }) => [
    what,
    `${value.toLocaleString("en", { maximumFractionDigits: value < 100 ? 2 : 0 })} ${unit}`,
    beside,
    goal,
    met === undefined ? "" : met ? "met" : "NOT MET",
  ]);
  const widths = [0, 1, 2, 3].map((column) => Math.max(...rows.map((row) => row[column]!.length)));
  for (const row of rows) {
    console.log(
      "  " +
        row
          .map((cell, column) => cell.padEnd(widths[column] ?? 0))
          .join("  ")
          .trimEnd(),
    );
  }
}
