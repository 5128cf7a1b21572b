/**
 * `npm test`: everything. Checks types, lint and format, makes the machine ready where it may (Debian, root), runs
 * every suite this machine can run, names those it cannot and why. With CI=true a suite that cannot run is a failure.
 * Ends with every failure once more, shortly, where nobody has to look for it, and one line: `N passed, N failed`.
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

const strict = process.env["CI"] === "true";
const root = process.getuid?.() === 0;
/** The files, or parts of their names, said after `npm test --`: only those run, and without the checks of the whole tree. */
const namedFiles = process.argv.slice(2);

let passed = 0;
let failed = 0;
/** What is said of every failure at the end. */
const failures: string[] = [];

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
  log,
);
const rest = runSuites(runnable.filter((suite) => suite !== "lab"));
const outcomes = [...(await rest), ...(await lab)];
if (existsSync(log)) process.stdout.write(await readFile(log, "utf8"));
for (const outcome of outcomes) {
  passed += outcome.passed;
  for (const failure of outcome.failures) fail(failure);
}
await rm(results, { recursive: true });
// A process that broke off has said so.
const wholly = outcomes.every(({ suite }) => suite !== "");
if (namedFiles.length === 0 && wholly) {
  const judged = outcomes.filter((one) => one.passed + one.failures.length > 0);
  const ran = new Set(judged.map(({ suite }) => suite));
  for (const suite of runnable) if (!ran.has(suite)) fail(`no test of ${suite} ran`);
} else if (passed + failed === 0) {
  const what = outcomes.length === 0 ? "no test file is named like" : "no test ran of";
  fail(`${what} ${namedFiles.join(", ")}`);
}

for (const what of failures) console.log(`FAILED: ${what}`);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;

/** Runs these suites in a process of their own; prints to the file `log` where one is named. */
async function runSuites(suites: readonly string[], log = ""): Promise<readonly Outcome[]> {
  if (suites.length === 0) return [];
  const report = join(results, `${suites.join("-")}.json`);
  const output = log === "" ? "inherit" : openSync(log, "w");
  const running = spawn(
    "node_modules/.bin/node",
    [
      ...["node_modules/vitest/vitest.mjs", "run", ...namedFiles],
      // What is named may belong to other suites; of everything something has to run.
      ...(namedFiles.length > 0 ? ["--passWithNoTests"] : []),
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
  const found = told ?? [];
  const isBad = found.some((outcome) => outcome.failures.length > 0);
  if (told !== null && code === (isBad ? 1 : 0)) return found;
  // Ended by a signal, without a report, or by something that is in no file.
  const failures = [`${suites.join(", ")}: ended with ${code ?? "no code"}, told above`];
  return [...found, { suite: "", file: "", passed: 0, failures }];
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
