#!/usr/bin/env node
/** Starts the `callcard` command under the pinned Node, whichever Node started this. */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const node = join(root, "node_modules", ".bin", process.platform === "win32" ? "node.cmd" : "node");
if (!existsSync(node)) {
  console.error("callcard: packages are not installed yet; run npm start (or npm ci) once");
  process.exit(2);
}
const child = spawn(node, [join(root, "server", "cli", "main.ts"), ...process.argv.slice(2)], {
  stdio: "inherit",
  shell: process.platform === "win32",
});
// A terminal sends Ctrl-C to both; a service manager only to this one.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
child.on("error", (error) => {
  console.error(`callcard: ${error.message}`);
  process.exit(3);
});
child.on("exit", (code, signal) => process.exit(signal === null ? (code ?? 3) : 130));
