import { execFileSync, spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { processStartTime } from "./processes.ts";
import { aptProxyEnvironment, debianMirror, requireLab } from "./requirements.ts";

/** The major versions of Asterisk the lab can run. */
export type LabVersion = 22 | 16;

/** Debian suites that carry them. A testing suite moves on; the built version is checked. */
const suites: Readonly<Record<LabVersion, { suite: string; script: string }>> = {
  // Debian's own script for the suite may be younger than the installed debootstrap: sid's fits.
  22: { suite: "forky", script: "sid" },
  16: { suite: "bullseye", script: "bullseye" },
};

/** Where built PBXs are kept: `CALLCARD_LAB_DIR`, or `data/lab` in the repository. */
export function labDirectory(): string {
  const set = process.env["CALLCARD_LAB_DIR"];
  return set !== undefined && set !== ""
    ? resolve(set)
    : resolve(import.meta.dirname, "../../data/lab");
}

/** The directory that holds a version's whole Debian with Asterisk in it. */
export function rootDirectory(version: LabVersion): string {
  return join(labDirectory(), String(version), "root");
}

/** True when this version was built before. */
export function isBuilt(version: LabVersion): boolean {
  return existsSync(join(rootDirectory(version), "usr/sbin/asterisk"));
}

/**
 * Builds a version's Debian directory unless it is there: about a minute of downloads and 500 MB.
 * Built under a temporary name and renamed, so an interrupted build is never taken for a finished one.
 * @param say told what is going on, a line at a time
 */
export async function ensureRoot(
  version: LabVersion,
  say: (line: string) => void = () => {},
): Promise<string> {
  requireLab();
  const root = rootDirectory(version);
  if (isBuilt(version)) return root;
  const home = join(labDirectory(), String(version));
  mkdirSync(home, { recursive: true });
  const release = await takeLock(join(home, "build.lock"), say);
  try {
    if (isBuilt(version)) return root;
    await build(version, home, root, say);
    return root;
  } finally {
    release();
  }
}

async function build(
  version: LabVersion,
  home: string,
  root: string,
  say: (line: string) => void,
): Promise<void> {
  const { suite, script } = suites[version];
  const building = join(home, "building");
  removeTree(building);
  const log = join(home, "build.log");
  say(`Building Asterisk ${version} from Debian ${suite}: about a minute, log in ${log}`);
  const debootstrap = [
    "debootstrap",
    "--variant=minbase",
    "--include=asterisk,asterisk-modules",
    suite,
    building,
    debianMirror(),
    `/usr/share/debootstrap/scripts/${script}`,
  ];
  // In namespaces of its own whatever debootstrap mounts and starts is gone when it ends, and it ends when we do.
  const command = canUnshare() ? [...alone, ...debootstrap] : debootstrap;
  const { code, output } = await run(command, aptProxyEnvironment());
  writeFileSync(log, output);
  if (code !== 0)
    throw new Error(
      `debootstrap of ${suite} ended with ${code}: ${output.trim().split("\n").at(-1)} (${log})`,
    );
  const built = execFileSync("chroot", [building, "/usr/sbin/asterisk", "-V"], {
    encoding: "utf8",
  }).trim();
  if (!built.startsWith(`Asterisk ${version}.`))
    throw new Error(
      `Debian ${suite} now carries ${built}, not ${version}: name another suite in root.ts`,
    );
  for (const path of ["var/cache/apt/archives", "var/lib/apt/lists", "usr/share/doc"])
    rmSync(join(building, path), { recursive: true, force: true });
  rmSync(root, { recursive: true, force: true });
  renameSync(building, root);
  say(`Built ${built}`);
}

/** Removes a directory tree after making sure that nothing of the machine is mounted inside it. */
function removeTree(path: string): void {
  if (!existsSync(path)) return;
  for (const mount of mountsUnder(path)) execFileSync("umount", ["--lazy", mount]);
  const left = mountsUnder(path);
  if (left.length > 0) throw new Error(`cannot remove ${path}: ${left[0]} is still mounted`);
  rmSync(path, { recursive: true, force: true });
}

/** Mount points inside a directory, deepest first. */
function mountsUnder(path: string): string[] {
  return readFileSync("/proc/self/mountinfo", "utf8")
    .split("\n")
    .map((line) => line.split(" ")[4] ?? "")
    .filter((mount) => mount.startsWith(`${path}/`))
    .sort((a, b) => b.length - a.length);
}

/** Runs a command so that neither its mounts nor its processes outlive it, nor it this process. */
const alone = [
  ...["setpriv", "--pdeathsig", "KILL", "unshare", "--mount", "--propagation", "private"],
  ...["--pid", "--fork", "--kill-child", "--mount-proc"],
];

function canUnshare(): boolean {
  try {
    execFileSync(alone[0] ?? "", [...alone.slice(1), "true"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

/** Waits until nobody alive holds the lock file, then takes it; returns how to give it back. */
async function takeLock(path: string, say: (line: string) => void): Promise<() => void> {
  const mine = `${process.pid} ${processStartTime(process.pid) ?? ""}`;
  for (let waited = false; ; waited = true) {
    try {
      writeFileSync(path, mine, { flag: "wx" });
      return () => rmSync(path, { force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
    const [pid, startedAt] = readIfThere(path).split(" ");
    if (processStartTime(Number(pid)) !== startedAt) {
      rmSync(path, { force: true });
      continue;
    }
    if (!waited) say(`Waiting for process ${pid}, which is building the same PBX`);
    await sleep(500);
  }
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

function run(
  command: readonly string[],
  environment: Record<string, string>,
): Promise<{ code: number | null; output: string }> {
  return new Promise((done, failed) => {
    const child = spawn(command[0] ?? "", command.slice(1), {
      env: { ...process.env, ...environment, LC_ALL: "C" },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let output = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => (output += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (output += text));
    child.once("error", failed);
    child.once("close", (code) => done({ code, output }));
  });
}
