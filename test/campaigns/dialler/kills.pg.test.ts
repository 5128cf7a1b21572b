import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { PhoneReaction } from "../../../server/demo/pbx/phones.ts";
import { type SimulatedPbx, startSimulatedPbx } from "../../../server/demo/pbx/simulated-pbx.ts";
import { seededRandom } from "../../../server/demo/random.ts";
import { type Storage, openStorage } from "../../../server/storage/database.ts";
import { type EmbeddedPostgres, startEmbeddedPostgres } from "../../../server/storage/embedded.ts";
import { migrate } from "../../../server/storage/migrate.ts";
import { type CuttingProxy, cuttingProxy } from "../../support/cutting-proxy.ts";
import { HOUR_MS, WHOLE, addPerson, brokenInvariants, makeCampaign } from "../attempts/house.ts";
import { everyDay } from "../samples.ts";

const PEOPLE = Number(process.env["KILLS_PEOPLE"] ?? 300);
const KILLS = Number(process.env["KILLS"] ?? 50);
const SEED = Number(process.env["KILLS_SEED"] ?? 4);
const OPERATORS = Array.from({ length: 20 }, (_, n) => String(101 + n));
/** From being dialled to its end a call lasts no longer. */
const LONGEST_CALL_MS = 90_000;

describe("killed at random moments of a running campaign", () => {
  let directory: string;
  let postgres: EmbeddedPostgres;
  let proxy: CuttingProxy;
  let url: URL;
  let pbx: SimulatedPbx;
  let storage: Storage;
  let child: ChildProcess | null = null;

  const startPostgres = async () => {
    postgres = await startEmbeddedPostgres(directory, { endWithParent: true });
    return Number(new URL(postgres.url).port);
  };
  const startChild = () => {
    child = fork(join(import.meta.dirname, "support/child.ts"), {
      env: {
        ...{ PATH: process.env["PATH"], CALLCARD_LOG: process.env["CALLCARD_LOG"] },
        ...{ CALLCARD_URL: url.href, CALLCARD_PBX: String(pbx.port), CALLCARD_SECRET: pbx.secret },
      },
      ...{ execPath: process.execPath, execArgv: [], stdio: ["ignore", 2, 2, "ipc"] },
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
    pbx = await startSimulatedPbx({
      seed: SEED,
      queues: [
        {
          name: "outbound",
          // As asterisk-config has it: ringall serves one caller at a time, and the others are abandoned meanwhile.
          strategy: "rrmemory",
          members: OPERATORS.map((extension) => ({ interface: `PJSIP/${extension}` })),
        },
      ],
      phones: { do: "answer", afterMs: 200 },
      outside: ({ extension }) => personReacts(extension),
    });
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
      ...{ ringSeconds: 15, onMachine: "ignore" },
    });
    await storage.db
      .insertInto("trunks")
      .values({
        ...{ pbx: "main", name: "provider", dial: "PJSIP/{number}@trunk", format: "e164" },
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
    const restartsAtMs: number[] = [];
    startChild();
    await sleep(2000);
    for (let kill = 0; kill < KILLS; kill++) {
      await sleep(random.whole(100, 1800));
      const whom = random.next();
      if (whom < 0.4) {
        killed.callcard += 1;
        await killChild();
        startChild();
      } else if (whom < 0.76) {
        killed.connection += 1;
        pbx.cutConnections();
      } else if (whom < 0.88) {
        killed.postgres += 1;
        proxy.refuse(true);
        await postgres.stop();
        proxy.retarget(await startPostgres());
        proxy.refuse(false);
      } else {
        killed.pbx += 1;
        restartsAtMs.push(Date.now());
        pbx.restart();
      }
    }

    // Left alone, it comes to rest: everything due was dialled and everything dialled has ended.
    const busy = async () => {
      const { rows } = await storage.pool.query<{ state: string; n: string }>(
        `select case when state = 'planned' and n = 1 then 'due' else state end as state,
           count(*) as n from attempts group by 1`,
      );
      return rows.filter(({ state }) => !["planned", "ended", "unknown"].includes(state));
    };
    await expect.poll(busy, { timeout: 150_000, interval: 500 }).toEqual([]);
    await killChild();

    const attempts = await storage.db
      .selectFrom("attempts")
      .select(["id", "state", "outcome", "phone", "n", "dialled_at"])
      .execute();
    const dialled = pbx.dialledForAttempts();
    const times = new Map<string, number>();
    for (const { attemptId } of dialled) times.set(attemptId, (times.get(attemptId) ?? 0) + 1);
    const unknown = attempts.filter(({ state }) => state === "unknown");
    const outcomes = Object.groupBy(attempts, ({ state, outcome }) => outcome || state);
    console.log({
      ...{ seed: SEED, ...killed, dialled: dialled.length },
      ...Object.fromEntries(Object.entries(outcomes).map(([name, of]) => [name, of.length])),
    });

    expect([...times].filter(([, n]) => n !== 1)).toEqual([]);
    // Every number that the PBX dialled was dialled for an attempt of that very person, which knows of it.
    const byId = new Map(attempts.map((attempt) => [attempt.id, attempt]));
    for (const { attemptId, number } of dialled) {
      expect(byId.get(attemptId)!.phone).toBe(number);
      expect(["ended", "unknown"]).toContain(byId.get(attemptId)!.state);
    }
    // Who talked was dialled, and all were tried. Only a call that ended before its number was dialled has no line in the PBX's log.
    for (const { id, outcome } of attempts)
      if (!["", "failed", "letGo"].includes(outcome))
        expect(times.get(id), `${id} ${outcome}`).toBe(1);
    // Nobody knows only of calls that the PBX had in hand when it was killed.
    for (const { id, dialled_at: at } of unknown)
      expect(
        restartsAtMs.some((ms) => ms > at!.getTime() && ms < at!.getTime() + LONGEST_CALL_MS),
        id,
      ).toBe(true);
    expect(unknown.length).toBeLessThanOrEqual(killed.pbx * OPERATORS.length);
    // Everybody has an end or a next step.
    expect(await brokenInvariants(storage.db)).toEqual(WHOLE);
    const contacts = await storage.db.selectFrom("contacts").select("id").execute();
    expect(contacts).toHaveLength(PEOPLE);
  }, 400_000);
});

/** Six of ten talk, the others are busy, refuse, do not answer, are no number, or hang up at once; always the same for a number. */
function personReacts(number: string): PhoneReaction {
  const person = Number(number.slice(-4));
  const fate = (person * 0.618034) % 1;
  const afterMs = 300 + ((person * 373) % 1200);
  if (fate < 0.12) return { do: "busy" };
  if (fate < 0.2) return { do: "ignore" };
  if (fate < 0.28) return { do: "reject", afterMs };
  if (fate < 0.33) return { do: "fail", cause: 1, sip: "404" };
  if (fate < 0.41) return { do: "answer", afterMs, talkMs: 100 };
  return { do: "answer", afterMs, talkMs: 4000 + afterMs };
}
