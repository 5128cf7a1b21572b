/** Several processes behind the shipped nginx, one of them stopped after the other: every operator has the card of every call they take. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { freePort } from "../../asterisk-config/lab/ports.ts";
import { type SimulatedPbx, startSimulatedPbx } from "../../server/demo/pbx/simulated-pbx.ts";
import type { CallHandle } from "../../server/demo/pbx/calls.ts";
import { openCluster } from "../support/cluster.ts";
import { type Screen, openScreen, seatOperators } from "../support/operators.ts";
import { testDatabase } from "../support/postgres.ts";
import { startRedis } from "../support/redis.ts";

const deploy = resolve(import.meta.dirname, "../../deploy");
const has = (program: string, flag = "-v") => spawnSync(program, [flag]).error === undefined;
const EXTENSIONS = ["101", "102", "103", "104", "105", "106"];

/** nginx with the shipped files; only addresses and the certificate are the test's. */
async function startNginx(
  ports: readonly number[],
  parts: AsyncDisposableStack,
): Promise<{ url: string; log: string }> {
  const folder = await mkdtemp(join(tmpdir(), "callcard-nginx-"));
  parts.defer(() => rm(folder, { recursive: true, force: true }));
  const port = await freePort();
  const [server, upstream] = await Promise.all([
    readFile(join(deploy, "nginx/callcard.conf"), "utf8"),
    readFile(join(deploy, "nginx/upstream-systemd.conf"), "utf8"),
  ]);
  const [entry] = /^ *server 127\.0\.0\.1:3001.*\n/m.exec(upstream)!;
  const entries = ports.map((each) => entry.replace("3001", String(each))).join("");
  const files = {
    "upstream.conf": upstream.replace(/(^ *server .*\n)+/m, entries),
    "callcard.conf": server
      .replace("listen 443 ssl;", `listen 127.0.0.1:${port};`)
      .replaceAll(/^ *ssl_.*\n/gm, ""),
    "nginx.conf": `daemon off; master_process off; pid ${folder}/pid; error_log ${folder}/error.log;
      events { worker_connections 512; }
      http { access_log off; include upstream.conf; include callcard.conf;
        ${["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((name) => `${name}_temp_path ${folder}/${name};`).join(" ")} }`,
  };
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
  const checked = spawnSync("nginx", ["-t", "-p", folder, "-c", join(folder, "nginx.conf")]);
  expect(checked.status, String(checked.stderr)).toBe(0);
  const child: ChildProcess = spawn(
    "setpriv",
    ["--pdeathsig", "KILL", "--", "nginx", "-p", folder, "-c", join(folder, "nginx.conf")],
    { stdio: "ignore" },
  );
  parts.defer(async () => {
    const exit = once(child, "exit");
    child.kill("SIGKILL");
    await exit;
  });
  const url = `http://127.0.0.1:${port}`;
  while (!(await fetch(url).catch(() => null))?.ok) await sleep(50);
  return { url, log: join(folder, "error.log") };
}

/** Calls come all the time until told otherwise. */
function traffic(pbx: SimulatedPbx): {
  readonly calls: CallHandle[];
  end(): void;
  stop(): Promise<void>;
} {
  const calls: CallHandle[] = [];
  const timer = setInterval(() => {
    const number = `+7913000${String(calls.length).padStart(4, "0")}`;
    // Together they last longer than a screen needs to come back on a busy machine.
    calls.push(pbx.placeCall({ number, to: "sales", talkMs: 5000 }));
  }, 1200);
  return {
    calls,
    end: () => clearInterval(timer),
    async stop() {
      clearInterval(timer);
      await Promise.all(calls.map((call) => call.ended));
    },
  };
}

test.skipIf(!has("nginx") || !has("redis-server"))(
  "each of two processes is stopped and started again while calls come: no operator misses a card, and no call is lost or written twice",
  async () => {
    await using parts = new AsyncDisposableStack();
    const database = await testDatabase();
    parts.defer(() => database.drop());
    const redis = await startRedis();
    parts.defer(() => redis.kill());
    const pbx = await startSimulatedPbx({
      queues: [
        {
          ...{ name: "sales", strategy: "rrmemory" },
          members: EXTENSIONS.map((extension) => ({ interface: `PJSIP/${extension}` })),
        },
      ],
      phones: { do: "answer", afterMs: 800 },
    });
    parts.defer(() => pbx.stop());
    const operators = await seatOperators(database, "main", EXTENSIONS);
    const env = {
      ...{ DATABASE_URL: database.url, REDIS_URL: redis.url, LOG_LEVEL: "info" },
      ...{ AMI_HOST: "127.0.0.1", AMI_PORT: String(pbx.port), AMI_SECRET: pbx.secret },
      ...{ TRUSTED_PROXIES: "1", DATA_DIR: resolve(deploy, "../data") },
    };
    const cluster = await openCluster([env, env]);
    parts.defer(() => cluster.close());
    const { url, log: nginxLog } = await startNginx(
      cluster.members.map((member) => Number(new URL(member.url).port)),
      parts,
    );

    /** What each operator's screen showed while the call was there. */
    const shown = EXTENSIONS.map(() => new Set<string>());
    const screens: Screen[] = operators.map((operator, at) => {
      const screen = openScreen(url, operator);
      const look = () => {
        for (const call of screen.state()?.calls ?? [])
          if (call.state === "ringing" || call.state === "talking") shown[at]!.add(call.callId);
      };
      screen.socket.on("snapshot", look).on("change", look);
      // As the widget does.
      screen.socket.on("leaving", () => {
        setTimeout(() => screen.socket.disconnect().connect(), Math.random() * 2000);
      });
      screen.socket.on("disconnect", (reason) => {
        if (reason === "io server disconnect") setTimeout(() => screen.socket.connect(), 500);
      });
      return screen;
    });
    parts.defer(() => {
      for (const screen of screens) screen.close();
    });
    while (screens.some((screen) => screen.state() === null)) await sleep(20);

    const calls = traffic(pbx);
    parts.defer(() => calls.end());
    await sleep(1000);
    for (const member of cluster.members) {
      const stoppedAtMs = performance.now();
      await member.stop();
      expect(performance.now() - stoppedAtMs, "ended within its limit").toBeLessThan(20_000);
      expect(member.log()).not.toContain("Not everything came to its end");
      const page = await fetch(url);
      expect(page.status, (await page.text()) + (await readFile(nginxLog, "utf8"))).toBe(200);
      await member.start();
      while (!(await fetch(`${member.url}/readyz`)).ok) await sleep(100);
    }
    // However quickly they were back.
    while (calls.calls.length <= 10) await sleep(100);
    await calls.stop();

    const missed = calls.calls.filter(({ id, answeredBy }) => {
      const at = EXTENSIONS.indexOf(answeredBy.replace("PJSIP/", ""));
      return at >= 0 && !shown[at]!.has(`main-${id}`);
    });
    expect(missed.map(({ id }) => id)).toEqual([]);
    const ids = calls.calls.map(({ id }) => `main-${id}`).toSorted();
    await expect
      .poll(
        async () => {
          const { rows } = await database.pool.query<{ id: string }>(
            "select id from calls where ended_at is not null order by id",
          );
          return rows.map(({ id }) => id).toSorted();
        },
        { timeout: 20_000 },
      )
      .toEqual(ids);
  },
  180_000,
);
