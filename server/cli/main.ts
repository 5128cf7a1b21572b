/**
 * The `callcard` command. Exit codes: 0 all done, 1 some records were refused, 2 the call or a setting was wrong,
 * 3 something failed on the way (the database, the disk).
 */
import { join, resolve } from "node:path";
import { ConfigError, loadConfig } from "../config.ts";
import { UserError } from "../people/users.ts";
import { UsageError } from "./columns.ts";
import { withDatabase } from "./database.ts";
import { type ImportSummary, importFile, readImportArguments } from "./import.ts";
import { tokenCommand, userCommand } from "./people.ts";

const HELP = `callcard import FILE [--type customers|orders|products] [--source NAME] [--map COLUMN=field ...]
                     [--encoding utf-8|windows-1251|utf-16le]
    Loads a table (.csv, .tsv, .txt) or one JSON object a line (.ndjson, .jsonl). Type: by the file's name
    (customers.csv) unless given. The delimiter (, ; or tab) is found by itself. Records are known by
    (source, sourceId): the same file again changes nothing. Lines that cannot be taken are written to
    FILE.rejected with their number and reason; the others are kept.
callcard user add LOGIN [--name "NAME"] [--role operator|supervisor|admin] [--language ru|uk|en]
callcard user password LOGIN
callcard user list
    Passwords are asked for, or read from standard input; empty: one is made and printed.
callcard token add NAME [--role integrator|operator|supervisor|admin]
callcard token revoke ID
callcard token list
callcard help

Exit code: 0 done, 1 some records were refused, 2 called wrongly, 3 failed on the way.
The settings are the server's: environment, or .env beside package.json.`;

/** Runs one command. @returns the exit code. */
async function run(args: readonly string[]): Promise<number> {
  const [command, ...rest] = args;
  if (command === undefined || /^(?:help|--help|-h)$/.test(command)) {
    console.log(HELP);
    return command === undefined ? 2 : 0;
  }
  if (command === "import") return runImport(rest);
  const around = { config: configuration(), say: (line: string) => console.log(line) };
  if (command === "user") await userCommand(rest, around);
  else if (command === "token") await tokenCommand(rest, around);
  else throw new UsageError(`there is no command "${command}"; see callcard help`);
  return 0;
}

async function runImport(args: readonly string[]): Promise<number> {
  const order = readImportArguments(args);
  const config = configuration();
  const stop = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const)
    process.on(signal, () => stop.abort(new Error(signal)));
  const summary = await withDatabase(config, (storage) =>
    importFile(
      storage,
      { ...order, path: resolve(order.path) },
      { defaultRegion: config.defaultRegion, output: process.stderr, signal: stop.signal },
    ),
  );
  console.log(wordsOf(order.type, summary));
  return summary.refused > 0 ? 1 : 0;
}

/** The command may be called from anywhere: settings and data are those of `npm start`. */
function configuration() {
  return loadConfig(process.env, join(import.meta.dirname, "../.."));
}

function wordsOf(type: string, summary: ImportSummary): string {
  const count = (number: number) => number.toLocaleString("en");
  const { records, added, changed, unchanged, refused, seconds } = summary;
  const speed = Math.round(records / Math.max(seconds, 0.001));
  const lines = [
    `${count(records)} ${type} read in ${seconds.toFixed(1)} s (${count(speed)}/s): ` +
      `${count(added)} new, ${count(changed)} changed, ${count(unchanged)} unchanged, ${count(refused)} refused`,
  ];
  if (summary.ignored.length > 0) lines.push(`Columns not used: ${summary.ignored.join(", ")}`);
  if (summary.rejects !== "") lines.push(`Refused lines with reasons: ${summary.rejects}`);
  return lines.join("\n");
}

/** What a person did wrong is told in one line, without a stack. */
function report(error: unknown): number {
  const wrongCall =
    error instanceof UsageError ||
    error instanceof ConfigError ||
    error instanceof UserError ||
    String((error as { code?: unknown }).code).startsWith("ERR_PARSE_ARGS");
  const { message } = error as Error;
  const field = error instanceof UserError && error.field ? `${error.field} ` : "";
  const words = message === "" ? String((error as { code?: unknown }).code ?? error) : message;
  console.error(`callcard: ${field}${words}`);
  return wrongCall ? 2 : 3;
}

try {
  process.exitCode = await run(process.argv.slice(2));
} catch (error) {
  process.exitCode = report(error);
}
