/**
 * `npm test`: everything. Checks types, lint and format, makes the machine ready where it may (Debian, root), runs
 * every suite this machine can run, names those it cannot and why. With CI=true a suite that cannot run is a failure.
 * A file that failed beside others runs once more with the machine to itself: what fails then is wrong, what passes is named as failed
 * under load. Ends with all of that, shortly, where nobody has to look for it, and one line: `N passed, N failed`.
 */
import { spawn, spawnSync } from "node:child_process";
import { existsSync, openSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Outcome } from "./report.ts";

/** What a suite needs beyond npm's packages: a program and the Debian package that has it. */
const NEEDS: Readonly<Record<string, readonly { program: string; apt: string }[]>> = {
  unit: [
    { program: "openssl", apt: "openssl" },
    { program: "redis-server", apt: "redis-server" },
  ],
  postgres: [
    { program: "dovecot", apt: "dovecot-imapd" },
    { program: "openssl", apt: "openssl" },
    { program: "redis-server", apt: "redis-server" },
    { program: "nginx", apt: "nginx" },
  ],
  browser: [{ program: "chromium", apt: "chromium" }],
  lab: [
    { program: "debootstrap", apt: "debootstrap" },
    { program: "sipp", apt: "sip-tester" },
    { program: "redis-server", apt: "redis-server" },
    { program: "chromium", apt: "chromium" },
  ],
};

/** A font that the screens are made for, where a machine may have none but a much wider one. */
const FONT = {
  file: "/usr/share/fonts/truetype/liberation/LiberationSans-Regular.ttf",
  apt: "fonts-liberation",
};

/** More files than these do not fail by chance, and none is run again. */
const MOST_AGAIN = 3;

/** What became of a file, and with which suites it ran. */
type OfSuites = Outcome & { readonly suites: readonly string[] };

const strict = process.env["CI"] === "true";
const root = process.getuid?.() === 0;
/** The files, or parts of their names, said after `npm test --`: only those run, and without the checks of the whole tree. */
const namedFiles = process.argv.slice(2);

let passed = 0;
let failed = 0;
/** What is said of every failure at the end. */
const failures: string[] = [];
/** The same of what passed when its file ran alone. */
const underLoad: string[] = [];

for (const [name, ...command] of [
  ["types", "tsc", "-p", "."],
  ["lint", "oxlint", "--type-aware", "--deny-warnings"],
  ["format", "prettier", "--check", "--log-level", "warn", "."],
] as const) {
  if (namedFiles.length > 0) break;
  count(name, run("node_modules/.bin/" + command[0], command.slice(1)));
}

installMissing();
const runnable: string[] = [];
for (const suite of Object.keys(NEEDS)) {
  const why = whyNot(suite);
  if (why === "") {
    runnable.push(suite);
    continue;
  }
  console.log(`not run: ${suite} (${why})`);
  if (strict) fail(`not run: ${suite} (${why})`);
}

const results = await mkdtemp(join(tmpdir(), "callcard-results-"));
// The lab mostly waits for phones, so the rest has the machine meanwhile; what it says follows when both are through.
const log = join(results, "lab.log");
const lab = runSuites(
  runnable.filter((suite) => suite === "lab"),
  namedFiles,
  { log },
);
const rest = runSuites(
  runnable.filter((suite) => suite !== "lab"),
  namedFiles,
);
const outcomes = [...(await rest), ...(await lab)];
if (existsSync(log)) process.stdout.write(await readFile(log, "utf8"));
for (const outcome of await againAlone(outcomes)) {
  passed += outcome.passed;
  for (const failure of outcome.failures) fail(failure);
}
await rm(results, { recursive: true });
if (passed + failed === 0) {
  fail(`no test file is named like ${namedFiles.join(", ")}`);
}

for (const what of underLoad) console.log(`FAILED UNDER LOAD, passed alone: ${what}`);
for (const what of failures) console.log(`FAILED: ${what}`);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;

/** Runs these suites in a process of their own, all that is named like one of `files` or everything; prints to `log` where one is named. */
async function runSuites(
  suites: readonly string[],
  files: readonly string[],
  { log = "", options = [] }: { log?: string; options?: readonly string[] } = {},
): Promise<readonly OfSuites[]> {
  if (suites.length === 0) return [];
  const report = join(results, `${suites.join("-")}.json`);
  await rm(report, { force: true });
  const output = log === "" ? "inherit" : openSync(log, "w");
  const running = spawn(
    "node_modules/.bin/node",
    [
      ...["node_modules/vitest/vitest.mjs", "run", ...files, ...options],
      // What is named may belong to other suites; of everything something has to run.
      ...(files.length > 0 ? ["--passWithNoTests"] : []),
      ...suites.flatMap((suite) => ["--project", suite]),
      ...["--reporter", "default", "--reporter", "./test/report.ts"],
    ],
    {
      stdio: ["inherit", output, output],
      env: { ...process.env, CALLCARD_TEST_REPORT: report },
    },
  );
  const code = await new Promise<number | null>((resolve) => {
    running.once("error", () => resolve(null));
    running.once("close", resolve);
  });
  const told = await readFile(report, "utf8")
    .then((json) => JSON.parse(json) as Outcome[])
    .catch(() => null);
  const found = (told ?? []).map((outcome) => ({ ...outcome, suites }));
  if (told !== null && code === (found.some(isBad) ? 1 : 0)) return found;
  // Ended by a signal, without a report, or by something that is in no file.
  const failures = [`${suites.join(", ")}: ended with ${code ?? "no code"}, told above`];
  return [...found, { suites, file: "", passed: 0, failures }];
}

/** Runs the files that failed once more, each alone; what became of them now is what counts. */
async function againAlone(outcomes: readonly OfSuites[]): Promise<readonly OfSuites[]> {
  if (outcomes.filter(isBad).length > MOST_AGAIN) return outcomes;
  const now: OfSuites[] = [];
  for (const outcome of outcomes) {
    if (!isBad(outcome) || outcome.file === "") {
      now.push(outcome);
      continue;
    }
    console.log(`once more, alone: ${outcome.file}`);
    const again = await runSuites(outcome.suites, [outcome.file], { options: ["--retry", "0"] });
    if (again.some(isBad)) now.push(...again);
    else if (again.every(({ passed: count }) => count === 0)) now.push(outcome);
    else {
      now.push(...again);
      underLoad.push(...outcome.failures);
    }
  }
  return now;
}

function isBad({ failures }: Outcome): boolean {
  return failures.length > 0;
}

/** Counts a failure and keeps what is said of it. */
function fail(what: string): void {
  failed += 1;
  failures.push(what);
}

function whyNot(suite: string): string {
  if (suite === "lab" && !root) return "a real Asterisk is built by debootstrap, which needs root";
  const missing = NEEDS[suite]!.filter(({ program }) => !has(program)).map(
    ({ program }) => program,
  );
  return missing.length === 0 ? "" : `not installed: ${missing.join(", ")}`;
}

function installMissing(): void {
  const wanted = new Set(
    Object.values(NEEDS)
      .flat()
      .filter(({ program }) => !has(program))
      .map(({ apt }) => apt),
  );
  if (!existsSync(FONT.file)) wanted.add(FONT.apt);
  if (wanted.size === 0 || !root || !existsSync("/etc/debian_version")) return;
  console.log(`installing with apt: ${[...wanted].join(" ")}`);
  const env = { DEBIAN_FRONTEND: "noninteractive" };
  run("apt-get", ["-qq", "update"], env);
  run("apt-get", ["-qq", "-y", "--no-install-recommends", "install", ...wanted], env);
}

function has(program: string): boolean {
  return (process.env["PATH"] ?? "")
    .split(":")
    .some((directory) => existsSync(join(directory, program)));
}

function run(command: string, args: readonly string[], env: Record<string, string> = {}): boolean {
  return (
    spawnSync(command, args, { stdio: "inherit", env: { ...process.env, ...env } }).status === 0
  );
}

function count(name: string, ok: boolean): void {
  if (!ok) return fail(`${name}, told above`);
  console.log(`passed: ${name}`);
  passed += 1;
}
