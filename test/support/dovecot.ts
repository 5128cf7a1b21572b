/** A real IMAP server (dovecot) of a test's own, on loopback, with a certificate of its own authority. */
import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { type AddressInfo, connect, createServer } from "node:net";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

export type Dovecot = {
  /** TLS from the first byte. */
  readonly port: number;
  /** Only with STARTTLS. */
  readonly startTlsPort: number;
  readonly user: string;
  readonly password: string;
  /** PEM of the authority that signed its certificate for `localhost`. */
  readonly ca: string;
  readonly caFile: string;
  /** Puts a letter into the folder, as a mail server does; `flags` such as `\Seen`. */
  deliver(raw: string | Buffer, folder?: string): void;
  /** The file of a letter of INBOX cannot be read any more. */
  hide(uid: number): void;
  /** Runs `doveadm` with this configuration. @returns what it prints. */
  admin(...args: readonly string[]): string;
  /** It goes, and its connections with it. */
  stop(): Promise<void>;
  /** It comes again with the same letters, on the same ports. */
  start(): Promise<void>;
  /** Stops it and removes its directory. */
  close(): Promise<void>;
};

const user = "claims@shop.example";

/** @param capability what it says it can, instead of everything. */
export async function openDovecot(capability = ""): Promise<Dovecot> {
  const directory = mkdtempSync(join(tmpdir(), "callcard-dovecot-"));
  const at = (name: string) => join(directory, name);
  const isRoot = process.getuid?.() === 0;
  // Mailboxes are never root's: dovecot does not serve those.
  const me = isRoot ? "nobody" : userInfo().username;
  const group = execFileSync("id", ["-gn", me], { encoding: "utf8" }).trim();
  const password = randomBytes(12).toString("hex");
  const [port, startTlsPort] = [await freePort(), await freePort()];
  makeCertificate(at);
  writeFileSync(at("passwords"), `${user}:{PLAIN}${password}::::::\n`);
  mkdirSync(at("mail"));
  if (isRoot) {
    chmodSync(directory, 0o755);
    const [uid, gid] = ["-u", "-g"].map((flag) => Number(execFileSync("id", [flag, me])));
    chownSync(at("mail"), uid!, gid!);
  }
  writeFileSync(
    at("dovecot.conf"),
    `
protocols = imap
listen = 127.0.0.1
${capability === "" ? "" : `imap_capability = ${capability}`}
base_dir = ${at("run")}
state_dir = ${at("state")}
log_path = ${at("log")}
ssl = required
ssl_cert = <${at("server.pem")}
ssl_key = <${at("server.key")}
disable_plaintext_auth = yes
default_login_user = ${me}
default_internal_user = ${me}
default_internal_group = ${group}
first_valid_uid = 1
mail_uid = ${me}
mail_gid = ${group}
mail_location = maildir:${at("mail")}/%u
passdb {
  driver = passwd-file
  args = ${at("passwords")}
}
userdb {
  driver = static
  args = home=${at("mail")}/%u
}
service imap-login {
  chroot =
  inet_listener imap {
    port = ${startTlsPort}
  }
  inet_listener imaps {
    port = ${port}
  }
}
service anvil {
  chroot =
}
service stats {
  chroot =
}
namespace inbox {
  inbox = yes
  separator = /
}
`,
  );
  let running: ChildProcess | null = null;
  const admin = (args: readonly string[], input?: string | Buffer) =>
    execFileSync("doveadm", ["-c", at("dovecot.conf"), ...args], {
      encoding: "utf8",
      ...(input === undefined ? {} : { input }),
    });
  const stop = async () => {
    const child = running;
    running = null;
    if (child === null || child.exitCode !== null) return;
    const gone = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGTERM");
    await gone;
  };
  const knowsUser = () =>
    spawnSync("doveadm", ["-c", at("dovecot.conf"), "user", user], { stdio: "ignore" }).status ===
    0;
  const start = async () => {
    running = spawn("dovecot", ["-F", "-c", at("dovecot.conf")], { stdio: "ignore" });
    for (let tries = 0; !(await answers(port)) || !knowsUser(); tries += 1) {
      if (running.exitCode !== null || tries > 200)
        throw new Error(`dovecot does not start: ${readFileSync(at("log"), "utf8")}`);
      await sleep(50);
    }
  };
  await start();
  return {
    ...{ port, startTlsPort, user, password, start, stop },
    ...{ ca: readFileSync(at("ca.pem"), "utf8"), caFile: at("ca.pem") },
    deliver: (raw, folder = "INBOX") => void admin(["save", "-u", user, "-m", folder], raw),
    hide(uid) {
      const guid = admin(["fetch", "-u", user, "guid", "mailbox", "INBOX", "uid", String(uid)]);
      const name = guid.replace("guid:", "").trim();
      for (const folder of ["new", "cur"]) {
        const files = join(directory, "mail", user, folder);
        for (const file of readdirSync(files))
          if (file.startsWith(name)) chmodSync(join(files, file), 0);
      }
    },
    admin: (...args) => admin(args),
    async close() {
      await stop();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

function makeCertificate(at: (name: string) => string): void {
  const openssl = (...args: readonly string[]) =>
    execFileSync("openssl", args, { stdio: "ignore", cwd: at(".") });
  const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  openssl(
    "req",
    "-x509",
    ...curve,
    "-days",
    "2",
    "-subj",
    "/CN=test",
    "-keyout",
    "ca.key",
    "-out",
    "ca.pem",
  );
  openssl("req", ...curve, "-subj", "/CN=localhost", "-keyout", "server.key", "-out", "server.csr");
  writeFileSync(at("names"), "subjectAltName=DNS:localhost\n");
  openssl(
    ...[
      "x509",
      "-req",
      "-in",
      "server.csr",
      "-CA",
      "ca.pem",
      "-CAkey",
      "ca.key",
      "-CAcreateserial",
    ],
    ...["-days", "2", "-extfile", "names", "-out", "server.pem"],
  );
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
    socket.once("connect", () => socket.destroy());
  });
}
