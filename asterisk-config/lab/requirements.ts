import { execFileSync } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

/** Debian packages the lab works with, and the command each is known by. */
const commandByPackage: Readonly<Record<string, string>> = {
  debootstrap: "debootstrap",
  "sip-tester": "sipp",
  openssl: "openssl",
  "util-linux": "setpriv",
};

/** The apt packages that must still be installed before the lab can run, in the order apt wants to hear them. */
export function missingLabPackages(): string[] {
  const missing = Object.entries(commandByPackage)
    .filter(([, command]) => findCommand(command) === null)
    .map(([name]) => name);
  if (!exists("/usr/share/keyrings/debian-archive-keyring.gpg"))
    missing.push("debian-archive-keyring");
  return missing;
}

/**
 * Why the lab cannot run on this machine, as one sentence for a person, or null when it can.
 * It needs Linux with apt (the mirror is read from its settings), root (for chroot) and a few packages.
 */
export function whyLabCannotRun(): string | null {
  if (process.platform !== "linux")
    return `the lab needs Debian Linux, this is ${process.platform}`;
  if (process.getuid?.() !== 0) return "the lab needs root: it runs Asterisk by chroot";
  if (findCommand("apt-get") === null)
    return "the lab needs apt: it builds Asterisk from Debian packages";
  const missing = missingLabPackages();
  return missing.length > 0
    ? `the lab needs packages: apt-get install -y ${missing.join(" ")}`
    : null;
}

/** Stops with {@link whyLabCannotRun}'s sentence when the lab cannot run here. */
export function requireLab(): void {
  const reason = whyLabCannotRun();
  if (reason !== null) throw new Error(reason);
}

/** The Debian mirror that this machine's apt uses, read from apt at the time of asking. */
export function debianMirror(): string {
  const lines = execFileSync(
    "apt-get",
    ["indextargets", "--format", "$(LABEL)|$(REPO_URI)", "Created-By: Packages"],
    { encoding: "utf8" },
  ).split("\n");
  const mirror = lines
    .map((line) => line.split("|"))
    .find(([label, uri]) => label === "Debian" && /^https?:/.test(uri ?? ""))?.[1];
  if (mirror === undefined)
    throw new Error(
      "apt knows no Debian mirror (label Debian, http or https): run apt-get update first",
    );
  return mirror;
}

/** Environment that gives debootstrap's downloads the proxy apt is set to use. */
export function aptProxyEnvironment(): Record<string, string> {
  const shell = execFileSync(
    "apt-config",
    ["shell", "HTTP", "Acquire::http::Proxy", "HTTPS", "Acquire::https::Proxy"],
    { encoding: "utf8" },
  );
  const value = (name: string): string | undefined =>
    new RegExp(`^${name}='(.+)'$`, "m").exec(shell)?.[1];
  const http = value("HTTP");
  const https = value("HTTPS");
  return {
    ...(http !== undefined && http !== "DIRECT" ? { http_proxy: http } : {}),
    ...(https !== undefined && https !== "DIRECT" ? { https_proxy: https } : {}),
  };
}

function findCommand(name: string): string | null {
  const folders = `${process.env["PATH"] ?? ""}${delimiter}/usr/sbin${delimiter}/sbin`;
  for (const folder of folders.split(delimiter)) {
    const path = join(folder, name);
    if (folder !== "" && exists(path, constants.X_OK)) return path;
  }
  return null;
}

function exists(path: string, mode: number = constants.F_OK): boolean {
  try {
    accessSync(path, mode);
    return true;
  } catch {
    return false;
  }
}
