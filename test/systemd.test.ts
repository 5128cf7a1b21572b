/** What systemd hears of a process. A real datagram socket, as systemd's own, is held by python3: Node has none. */
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { expect, test } from "vitest";
import { openSupervisor } from "../server/systemd.ts";

const has = (program: string) => spawnSync(program, ["--version"]).status === 0;

const LISTEN = `
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
print("open", flush=True)
while True:
    data, fds, _, _ = socket.recv_fds(s, 4096, 4)
    text = data.decode()
    # systemd-notify waits until systemd has read all: it closes what was handed over.
    for fd in fds: socket.os.close(fd)
    for line in text.splitlines(): print(line, flush=True)
`;

test.skipIf(!has("systemd-notify") || !has("python3"))(
  "is told that it serves, that it is alive, and that it goes",
  async () => {
    const folder = await mkdtemp(join(tmpdir(), "callcard-notify-"));
    const path = join(folder, "notify");
    const systemd = spawn("python3", ["-c", LISTEN, path], { stdio: ["ignore", "pipe", "ignore"] });
    try {
      const lines: string[] = [];
      createInterface({ input: systemd.stdout }).on("line", (line) => lines.push(line));
      await expect.poll(() => lines, { timeout: 10_000 }).toContain("open");
      const errors: Error[] = [];
      const env = { PATH: process.env["PATH"], NOTIFY_SOCKET: path, WATCHDOG_USEC: "200000" };
      const supervisor = openSupervisor(env, (error) => errors.push(error));
      supervisor.ready();
      await expect.poll(() => lines, { timeout: 10_000 }).toContain("READY=1");
      await expect.poll(() => lines, { timeout: 10_000 }).toContain("WATCHDOG=1");
      supervisor.stopping();
      await expect.poll(() => lines, { timeout: 10_000 }).toContain("STOPPING=1");
      supervisor.close();
      expect(errors).toEqual([]);
    } finally {
      const exit = once(systemd, "exit");
      systemd.kill("SIGKILL");
      await exit;
      await rm(folder, { recursive: true, force: true });
    }
  },
  40_000,
);

test("without systemd nothing is said, and a machine without its program only loses its words", async () => {
  openSupervisor({}, () => {
    throw new Error("said something");
  }).ready();
  const failed = Promise.withResolvers<Error>();
  openSupervisor({ PATH: "/nowhere", NOTIFY_SOCKET: "/nowhere" }, failed.resolve).ready();
  expect((await failed.promise).message).toContain("systemd-notify");
});
