/**
 * `npm test`: everything. Checks types, lint and format, makes the machine ready where it may (Debian, root), runs
 * every suite this machine can run, names those it cannot and why. With CI=true a suite that cannot run is a failure.
 * Ends with every failure once more, shortly, where nobody has to look for it, and one line: `N passed, N failed`.
 */
import { spawn, spawnSync } from "node:child_process";
import { existsSync, openSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";

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

/** Enough for a test's name, the values that differ and the line that compared them. */
const FAILURE_CHARACTERS = 1500;

/** What is used of the report that vitest writes of a run. */
interface Report {
  numPassedTests: number;
  testResults: {
    /** The file, absolute. */
    name: string;
    status: string;
    /** Why the file failed where no test of it did. */
    message: string;
    assertionResults: { status: string; fullName: string; failureMessages: string[] }[];
  }[];
}

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
const lab = suites(
  runnable.filter((suite) => suite === "lab"),
  join(results, "lab.log"),
);
const rest = suites(runnable.filter((suite) => suite !== "lab"));
await rest;
process.stdout.write(await lab);
await rm(results, { recursive: true });
if (passed + failed === 0) {
  fail(`no test file is named like ${namedFiles.join(", ")}`);
}

for (const failure of failures) console.log(`FAILED: ${failure}`);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;

/** Runs these suites in a process of their own and counts their tests; what it printed when it goes to `log`, else "". */
async function suites(names: readonly string[], log = ""): Promise<string> {
  if (names.length === 0) return "";
  const report = join(results, `${names.join("-")}.json`);
  const output = log === "" ? "inherit" : openSync(log, "w");
  const running = spawn(
    "node_modules/.bin/node",
    [
      ...["node_modules/vitest/vitest.mjs", "run", "--passWithNoTests", ...namedFiles],
      ...names.flatMap((suite) => ["--project", suite]),
      ...["--reporter", "default", "--reporter", "json", "--outputFile.json", report],
    ],
    { stdio: ["inherit", output, output] },
  );
  const green = await new Promise((resolve) => {
    running.once("error", () => resolve(false));
    running.once("close", (code) => resolve(code === 0));
  });
  const told = await readFile(report, "utf8")
    .then((json) => JSON.parse(json) as Report)
    .catch(() => ({ numPassedTests: 0, testResults: [] }));
  passed += told.numPassedTests;
  const before = failures.length;
  for (const { name, status, message, assertionResults } of told.testResults) {
    const file = relative(".", name);
    const bad = assertionResults.filter((test) => test.status === "failed");
    for (const test of bad) fail(`${file} > ${test.fullName}\n${test.failureMessages.join("\n")}`);
    if (status === "failed" && bad.length === 0) fail(`${file}\n${message}`);
  }
  if (!green && failures.length === before)
    fail(`${names.join(", ")}: an error outside any test, or no end; it is told above`);
  return log === "" ? "" : readFile(log, "utf8");
}

/** Counts a failure and keeps the beginning of what is to be said of it. */
function fail(what: string): void {
  failed += 1;
  const ours = what.split("\n").filter((line) => !/^ +at .*node_modules/.test(line));
  failures.push(ours.join("\n").slice(0, FAILURE_CHARACTERS));
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
