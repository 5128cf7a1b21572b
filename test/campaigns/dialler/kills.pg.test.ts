import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { seededRandom } from "../../../server/demo/random.ts";
import { type Storage, openStorage } from "../../../server/storage/database.ts";
import { type EmbeddedPostgres, startEmbeddedPostgres } from "../../../server/storage/embedded.ts";
import { migrate } from "../../../server/storage/migrate.ts";
import { type CuttingProxy, cuttingProxy } from "../../support/cutting-proxy.ts";
import { HOUR_MS, WHOLE, addPerson, brokenInvariants, makeCampaign } from "../attempts/house.ts";
import { everyDay } from "../samples.ts";
import { type WirePbx, startWirePbx } from "./support/wire-pbx.ts";

const PEOPLE = 300;
const KILLS = 50;
const SEED = Number(process.env["KILLS_SEED"] ?? 4);
const EXTENSIONS = ["101", "102", "103", "104", "105", "106"];

describe("killed at random moments of a running campaign", () => {
  let directory: string;
  let postgres: EmbeddedPostgres;
  let proxy: CuttingProxy;
  let url: URL;
  let pbx: WirePbx;
  let storage: Storage;
  let child: ChildProcess | null = null;

  const startPostgres = async () => {
    postgres = await startEmbeddedPostgres(directory, { endWithParent: true });
    return Number(new URL(postgres.url).port);
  };
  const startChild = () => {
    child = fork(join(import.meta.dirname, "support/child.ts"), {
      env: {
        PATH: process.env["PATH"],
        CALLCARD_URL: url.href,
        CALLCARD_PBX: String(pbx.port),
      },
      execPath: process.execPath,
      execArgv: [],
      stdio: ["ignore", "ignore", "ignore", "ipc"],
    });
  };
  const killChild = async () => {
    const dying = child!;
    child = null;
    dying.kill("SIGKILL");
    if (dying.exitCode === null && dying.signalCode === null) await once(dying, "exit");
  };

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), "callcard-kills-"));
    proxy = await cuttingProxy(await startPostgres());
    // The dialler sees one address, wherever PostgreSQL comes up again.
    url = new URL(postgres.url);
    url.port = String(proxy.port);
    storage = openStorage(url.href, { maxConnections: 2 });
    await migrate(storage.db);
    pbx = await startWirePbx({ extensions: EXTENSIONS, seed: SEED });
  });
  afterAll(async () => {
    if (child !== null) await killChild();
    await storage.close();
    await pbx.stop();
    await proxy.close();
    await postgres.stop();
    await rm(directory, { recursive: true, force: true });
  });

  test(`nobody is dialled twice within an attempt and nobody is forgotten (seed ${SEED})`, async () => {
    const campaign = await makeCampaign(storage.db, {
      ...{ mode: "progressive", bridge: "customerFirst", pbx: "main", queue: "outbound" },
      ...{ trigger: { type: "list" }, hours: everyDay("00:00", "24:00"), trunks: ["provider"] },
    });
    await storage.db
      .insertInto("trunks")
      .values({
        ...{ pbx: "main", name: "provider", dial: "PJSIP/{number}@provider", format: "e164" },
        ...{ lines: 30, calls_per_second: 100 },
      })
      .execute();
    const nowMs = Date.now();
    for (let n = 0; n < PEOPLE; n++)
      await addPerson(storage.db, campaign.id, {
        ...{ dueAtMs: nowMs - 1000, windowEndsAtMs: nowMs + HOUR_MS },
      });

    const random = seededRandom(SEED);
    const killed = { callcard: 0, connection: 0, postgres: 0, pbx: 0 };
    startChild();
    await sleep(1500);
    for (let kill = 0; kill < KILLS; kill++) {
      await sleep(random.whole(100, 800));
      const whom = random.next();
      if (whom < 0.4) {
        killed.callcard += 1;
        await killChild();
        await sleep(random.whole(0, 200));
        startChild();
      } else if (whom < 0.74) {
        killed.connection += 1;
        pbx.cut();
      } else if (whom < 0.86) {
        killed.postgres += 1;
        proxy.refuse(true);
        await postgres.stop();
        proxy.retarget(await startPostgres());
        proxy.refuse(false);
      } else {
        killed.pbx += 1;
        await pbx.restart(random.whole(50, 400));
      }
    }

    // Left alone, it comes to rest: everything due was dialled and everything dialled has ended.
    const rest = async () => {
      const { rows } = await storage.pool.query<{ state: string; n: string }>(
        `select case when state = 'planned' and due_at <= now() then 'due' else state end as state,
           count(*) as n from attempts group by 1`,
      );
      const busy = ["due", "claimed", "dialling", "ringing", "answered", "waiting", "connected"];
      return rows.filter(({ state }) => busy.includes(state));
    };
    // Busy numbers are due again after minutes: the last of them may come due just now.
    await expect.poll(rest, { timeout: 150_000, interval: 500 }).toEqual([]);
    await killChild();

    const attempts = await storage.db
      .selectFrom("attempts")
      .select(["id", "contact_id", "state", "outcome", "phone", "n"])
      .execute();
    const times = new Map<string, number>();
    for (const { id } of pbx.dialled) times.set(id, (times.get(id) ?? 0) + 1);
    const unknown = attempts.filter(({ state }) => state === "unknown");
    console.log({
      ...{ seed: SEED, ...killed, dialled: pbx.dialled.length, refusedByGuard: pbx.again.length },
      unknown: unknown.length,
    });

    // The PBX's own guard never had to refuse a second dialling: nobody asked for one.
    expect(pbx.again).toEqual([]);
    expect([...times].filter(([, n]) => n !== 1)).toEqual([]);
    // Every number that the PBX dialled was dialled for an attempt of that very person, which knows of it.
    const byId = new Map(attempts.map((attempt) => [attempt.id, attempt]));
    for (const { id, phone } of pbx.dialled) {
      expect(byId.get(id)!.phone).toBe(phone);
      expect(["ended", "unknown"]).toContain(byId.get(id)!.state);
    }
    // Nothing ended that was never dialled, and every first attempt was dialled.
    for (const { id, n, state } of attempts)
      if (n === 1 || state === "ended") expect(times.get(id), `${id} ${state}`).toBe(1);
    // Nobody knows only of calls that the PBX had when it was killed.
    for (const { id } of unknown) expect(pbx.livedAtRestart.has(id)).toBe(true);
    // Everybody has an end or a next step.
    expect(await brokenInvariants(storage.db)).toEqual(WHOLE);
    const contacts = await storage.db.selectFrom("contacts").select("id").execute();
    expect(contacts).toHaveLength(PEOPLE);
  }, 300_000);
});
