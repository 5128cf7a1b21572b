/**
 * Makes a fresh clone ready: packages by the lock file, and the screens built into the data directory.
 * Does nothing when both are already as they should be. Runs under any Node from 20, before the pinned one is there.
 */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, mkdirSync, statSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const dataDir = resolve(root, process.env.DATA_DIR || "data");
process.chdir(root);

installPackages();
buildScreens();

/** npm keeps a copy of the lock file it installed from; when it is the same, there is nothing to do. */
function installPackages() {
  if (existsSync("node_modules/.bin/node") && sameLock()) return;
  console.log("Installing packages (once) ...");
  run("npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error"]);
}

function sameLock() {
  try {
    const wanted = JSON.parse(readFileSync("package-lock.json", "utf8")).packages;
    const installed = JSON.parse(readFileSync("node_modules/.package-lock.json", "utf8")).packages;
    // Optional packages of other platforms are in the wanted list only.
    return Object.entries(wanted).every(
      ([path, one]) =>
        path === "" || one.optional || one.peer || installed[path]?.version === one.version,
    );
  } catch {
    return false;
  }
}

/** Rebuilt when a source of the screens or a package changed. */
function buildScreens() {
  const out = join(dataDir, "widget");
  const stamp = join(out, ".built-from");
  const wanted = fingerprint();
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === wanted) return;
  console.log("Building the screens ...");
  run(
    "node_modules/.bin/node",
    [
      "node_modules/vite/bin/vite.js",
      "build",
      "--config",
      "widget/vite.config.ts",
      "--logLevel",
      "warn",
    ],
    {
      CALLCARD_WIDGET_OUT: out,
      CALLCARD_SCREENS: wanted.slice(0, 16),
    },
  );
  mkdirSync(out, { recursive: true });
  writeFileSync(stamp, wanted);
}

function fingerprint() {
  const hash = createHash("sha256");
  for (const name of readdirSync("widget", { recursive: true }).toSorted((a, b) =>
    a < b ? -1 : 1,
  )) {
    const file = join("widget", name);
    if (statSync(file).isFile()) hash.update(name).update(readFileSync(file));
  }
  return hash.update(readFileSync("package-lock.json")).digest("hex");
}

function run(command, args, env = {}) {
  const { status, error } = spawnSync(command, args, {
    stdio: "inherit",
    env: { ...process.env, ...env },
  });
  if (status === 0) return;
  console.error(`${command} ${args[0]} failed${error ? `: ${error.message}` : ""}`);
  process.exit(1);
}
