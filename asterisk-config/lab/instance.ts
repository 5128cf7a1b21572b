import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { LabAmi } from "./ami.ts";
import { type InstanceConfig, type IntegratorFiles, writeConfig } from "./config.ts";
import { freePort, freePortRange, returnPorts } from "./ports.ts";
import { type Child, processStartTime, startChild } from "./processes.ts";
import { ensureRoot, type LabVersion } from "./root.ts";

/** Instances live inside the chroot, each in a directory of its own. */
const home = "srv/callcard";
const rtpPorts = 200;

/** One running Asterisk: its process, its directory, its ports. */
export type Instance = {
  readonly version: LabVersion;
  readonly config: InstanceConfig;
  /** The instance's directory as this process sees it. */
  readonly directory: string;
  /** What Asterisk logged at notice, warning and error. */
  log(): string;
  /** The tests' own AMI connection, with every right; made anew by {@link start}. */
  ami(): LabAmi;
  pid(): number;
  isRunning(): boolean;
  /** Starts it again after {@link stop} or {@link kill}, on the same ports; does nothing when it runs. */
  start(): Promise<void>;
  /** Ends Asterisk cleanly (calls are hung up); does nothing when it does not run. */
  stop(): Promise<void>;
  /** Ends it as a crash would: SIGKILL. */
  kill(): Promise<void>;
  /** Stops it, and removes its directory. */
  remove(): Promise<void>;
};

/** Builds the PBX if need be, clears what killed runs left, and starts one instance on free loopback ports. */
export async function startInstance(
  version: LabVersion,
  files: IntegratorFiles,
  say: (line: string) => void = () => {},
  callcard: InstanceConfig["callcard"] = { port: 3000, token: "lab" },
  crowd: InstanceConfig["crowd"] = [],
): Promise<Instance> {
  const root = await ensureRoot(version, say);
  await removeLeftovers(root);
  for (let attempt = 1; ; attempt++) {
    const instance = await prepare(version, root, files, callcard, crowd);
    try {
      await instance.start();
      return instance;
    } catch (error) {
      const log = instance.log().slice(-3000);
      await instance.remove();
      // A port may have been taken by another process between choosing and use; nothing else is worth a second try.
      if (attempt === 3 || !/already in use|in use|bind/i.test(log))
        throw new Error(`Asterisk ${version} did not start: ${String(error)}\n${log}`, {
          cause: error,
        });
    }
  }
}

async function prepare(
  version: LabVersion,
  root: string,
  files: IntegratorFiles,
  callcard: InstanceConfig["callcard"],
  crowd: InstanceConfig["crowd"],
): Promise<Instance> {
  const name = `${process.pid}-${randomBytes(4).toString("hex")}`;
  const directory = join(root, home, name);
  for (const part of ["etc/manager.d", "run", "log", "spool", "db"])
    mkdirSync(join(directory, part), { recursive: true });
  const state = (asteriskPid: number): void =>
    writeFileSync(
      join(directory, "owner.json"),
      JSON.stringify({
        owner: [process.pid, processStartTime(process.pid)],
        asterisk: [asteriskPid, processStartTime(asteriskPid)],
      }),
    );
  state(-1);
  const config: InstanceConfig = {
    major: version,
    dir: `/${home}/${name}`,
    modules: version === 16 ? "/usr/lib/asterisk/modules" : debianModules(root),
    amiPort: await freePort(),
    amiTlsPort: await freePort(),
    sipPort: await freePort(),
    pstnPort: await freePort(),
    rtpStart: await freePortRange(rtpPorts),
    rtpPorts,
    username: "callcard",
    secret: randomBytes(9).toString("hex"),
    labSecret: randomBytes(9).toString("hex"),
    callcard,
    files,
    crowd,
  };
  writeConfig(root, join(directory, "etc"), config);
  // Asterisk asks for its host's address; without an answer it tries the Internet's root servers.
  writeFileSync(join(root, "etc/hosts"), `127.0.0.1 localhost ${hostname()}\n`);
  certificate(join(directory, "etc/ami.pem"));

  let child: Child | null = null;
  let ami: LabAmi | null = null;
  let printed = "";

  const disconnect = async (): Promise<void> => {
    await ami?.close();
    ami = null;
  };
  const isRunning = (): boolean => child !== null && !child.hasEnded();

  const instance: Instance = {
    version,
    config,
    directory,
    log: () => readLog(directory),
    ami() {
      if (ami === null) throw new Error(`Asterisk ${version} is not running`);
      return ami;
    },
    pid: () => child?.pid ?? -1,
    isRunning,
    async start() {
      if (isRunning()) return;
      await disconnect();
      child = startChild(
        ["chroot", root, "/usr/sbin/asterisk", "-f", "-C", `${config.dir}/etc/asterisk.conf`],
        (text) => (printed = (printed + text).slice(-4000)),
      );
      state(child.pid);
      ami = await connectWhenUp(child, config, () => printed);
    },
    async stop() {
      if (isRunning()) {
        // Not by SIGTERM alone: only the command publishes Shutdown to AMI clients.
        await ami?.tryAction("Command", { Command: "core stop now" }, 3000).catch(() => []);
        await Promise.race([child?.ended, sleep(5000, undefined, { ref: false })]);
        await child?.end();
      }
      await disconnect();
    },
    async kill() {
      await child?.end("SIGKILL");
      await disconnect();
    },
    async remove() {
      await instance.stop();
      for (const port of [config.amiPort, config.amiTlsPort, config.sipPort, config.pstnPort])
        returnPorts(port);
      returnPorts(config.rtpStart, rtpPorts);
      rmSync(directory, { recursive: true, force: true });
    },
  };
  return instance;
}

async function connectWhenUp(
  child: Child,
  config: InstanceConfig,
  printed: () => string,
): Promise<LabAmi> {
  const deadline = Date.now() + 30_000;
  for (;;) {
    if (child.hasEnded()) throw new Error(`Asterisk ended at once: ${printed().trim()}`);
    try {
      const ami = await LabAmi.open(config.amiPort, "lab", config.labSecret);
      const transports = await ami.cli("pjsip show transports");
      if (!transports.includes(`127.0.0.1:${config.sipPort}`)) {
        await ami.close();
        await child.end("SIGKILL");
        throw new Error("SIP port could not be bound: already in use");
      }
      return ami;
    } catch (error) {
      if (Date.now() > deadline || child.hasEnded()) {
        await child.end("SIGKILL");
        throw error;
      }
      await sleep(50);
    }
  }
}

/** Ends and removes instances whose owner is no more: what a killed test run left behind. */
async function removeLeftovers(root: string): Promise<void> {
  const instances = join(root, home);
  if (!existsSync(instances)) return;
  for (const name of readdirSync(instances)) {
    const directory = join(instances, name);
    const state = readState(directory);
    // No state yet: being made this moment by another process, unless it has been so for long.
    if (state === null) {
      if (ageMs(directory) < 60_000) continue;
    } else {
      if (isAlive(state.owner)) continue;
      const [pid] = state.asterisk;
      if (isAlive(state.asterisk) && isChrootedIn(pid, root)) {
        process.kill(pid, "SIGKILL");
        while (isAlive(state.asterisk)) await sleep(20);
      }
    }
    rmSync(directory, { recursive: true, force: true });
  }
}

type ProcessName = readonly [pid: number, startedAt: string | null];

function readState(directory: string): { owner: ProcessName; asterisk: ProcessName } | null {
  try {
    return JSON.parse(readFileSync(join(directory, "owner.json"), "utf8")) as {
      owner: ProcessName;
      asterisk: ProcessName;
    };
  } catch {
    return null;
  }
}

function isAlive([pid, startedAt]: ProcessName): boolean {
  return startedAt !== null && processStartTime(pid) === startedAt;
}

function isChrootedIn(pid: number, root: string): boolean {
  try {
    return readlinkSync(`/proc/${pid}/root`) === root;
  } catch {
    return false;
  }
}

function ageMs(path: string): number {
  try {
    return Date.now() - statSync(path).mtimeMs;
  } catch {
    return 0;
  }
}

/** Where Debian's multi-arch packages keep Asterisk's modules. */
function debianModules(root: string): string {
  const found = readdirSync(join(root, "usr/lib"))
    .map((name) => `usr/lib/${name}/asterisk/modules`)
    .find((path) => existsSync(join(root, path)));
  if (found === undefined) throw new Error(`no Asterisk modules in ${root}: remove it to rebuild`);
  return `/${found}`;
}

function certificate(path: string): void {
  execFileSync(
    "openssl",
    [
      ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"],
      ...["-days", "30", "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"],
      ...["-keyout", path, "-out", `${path}.cert`],
    ],
    { stdio: "ignore" },
  );
  writeFileSync(path, readFileSync(`${path}.cert`), { flag: "a" });
}

function readLog(directory: string): string {
  try {
    return readFileSync(join(directory, "log/full.log"), "utf8");
  } catch {
    return "";
  }
}
