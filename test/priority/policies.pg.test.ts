import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { listAudit } from "../../server/people/audit.ts";
import type { Condition, Policy } from "../../server/priority/model.ts";
import { Policies, type PolicyError } from "../../server/priority/policies.ts";
import { type Bus, localBus } from "../../server/storage/bus.ts";
import { type TestDatabase, testDatabase } from "../support/postgres.ts";
import { policyOf, rule, vocabulary } from "./samples.ts";

let database: TestDatabase;
let bus: Bus;
const opened: Policies[] = [];
const errors: unknown[] = [];
beforeAll(async () => {
  database = await testDatabase();
});
afterAll(() => database.drop());
beforeEach(async () => {
  await database.pool.query("truncate policy_versions, policy_draft, audit");
  bus = localBus((error) => errors.push(error));
  errors.length = 0;
});
afterEach(async () => {
  for (const one of opened.splice(0)) one.close();
  await bus.close();
});

/** As one process has them. */
function open(options: { bus?: Bus; lookMs?: number } = {}): Policies {
  const policies = new Policies({
    db: database.db,
    bus,
    vocabulary: async () => vocabulary,
    timeZone: "Europe/Moscow",
    onError: (error) => errors.push(error),
    ...options,
  });
  opened.push(policies);
  return policies;
}

const gold: Condition = { fact: "tier", in: ["gold"] };
const golds = (rate = 2): Policy => policyOf([rule("a", [gold], { rate })]);
const failure = async (deed: Promise<unknown>) => {
  const error = (await deed.then(
    () => ({ code: "done" }),
    (thrown: unknown) => thrown,
  )) as PolicyError;
  return error.code;
};

/** Saves and publishes, whatever the draft's revision. */
async function publish(policies: Policies, policy: Policy, note = ""): Promise<number> {
  const { revision } = await policies.draft();
  const saved = await policies.saveDraft({ policy, revision, by: "admin" });
  return (await policies.publish({ revision: saved.revision, note, by: "admin" })).version;
}

describe("before anything was published", () => {
  test("the plain order holds, and the draft starts from it", async () => {
    const policies = open();
    await policies.load();
    const plain = {
      rules: [],
      guard: { mostExtraWaitSeconds: null, neverPassedAfterSeconds: null },
      ...{ queues: [], timeZone: "Europe/Moscow" },
    };
    expect(policies.published()).toEqual({
      ...{ version: 0, publishedAt: null, publishedBy: "", note: "", policy: plain },
    });
    expect(await policies.draft()).toEqual({
      ...{ policy: plain, revision: 0, baseVersion: 0, updatedAt: null, updatedBy: "" },
      ...{ changed: false, problems: [], warnings: [] },
    });
    expect(await failure(policies.publish({ revision: 0, note: "", by: "admin" }))).toBe(
      "nothingToPublish",
    );
  });
});

describe("a draft", () => {
  test("is kept apart from what holds, with what is wrong with it", async () => {
    const policies = open();
    const draft = await policies.saveDraft({ policy: golds(-1), revision: 0, by: "admin" });
    expect(draft).toMatchObject({
      ...{ revision: 1, baseVersion: 0, updatedBy: "admin", changed: true },
      problems: [{ path: "/rules/0/then/rate", code: "outOfRange" }],
    });
    expect(policies.published().version).toBe(0);
    expect(await open().draft()).toEqual(draft);
  });

  test("that somebody else saved meanwhile is not overwritten, however close they are", async () => {
    const [one, other] = [open(), open()];
    await one.saveDraft({ policy: golds(2), revision: 0, by: "anna" });
    const late = other.saveDraft({ policy: golds(3), revision: 0, by: "boris" });
    await expect(late).rejects.toThrow(
      "The draft was changed meanwhile by anna: it is at revision 1, not 0",
    );
    const both = await Promise.all(
      [one, other].map((each) =>
        failure(each.saveDraft({ policy: golds(4), revision: 1, by: "x" })),
      ),
    );
    expect(both.toSorted()).toEqual(["changedMeanwhile", "done"]);
    expect((await one.draft()).revision).toBe(2);
  });

  test("that is no policy is refused and changes nothing", async () => {
    const policies = open();
    const odd = policies.saveDraft({ policy: { rules: 7 }, revision: 0, by: "admin" });
    expect(await failure(odd)).toBe("refused");
    expect((await policies.draft()).revision).toBe(0);
  });
});

describe("publishing", () => {
  test("makes the draft hold here at once, tells those who listen, and is audited", async () => {
    const policies = open();
    const told: number[] = [];
    policies.onPublished(({ version }) => told.push(version));
    expect(await publish(policies, golds(), "Gold first")).toBe(1);
    expect(policies.published()).toMatchObject({
      ...{ version: 1, publishedBy: "admin", note: "Gold first", policy: golds() },
    });
    expect(told).toEqual([1]);
    expect(await policies.draft()).toMatchObject({ changed: false, baseVersion: 1, revision: 2 });
    expect(await listAudit(database.db, { limit: 5 })).toMatchObject([
      {
        ...{ actor: "admin", action: "policy.published" },
        detail: { version: 1, note: "Gold first", rules: 1 },
      },
    ]);
  });

  test("refuses a draft with problems, one that was changed meanwhile, and one that is what holds", async () => {
    const policies = open();
    await policies.saveDraft({ policy: golds(-1), revision: 0, by: "admin" });
    const refused = policies.publish({ revision: 1, note: "", by: "admin" });
    await expect(refused).rejects.toMatchObject({
      code: "refused",
      message: expect.stringContaining("/rules/0/then/rate: rate is -1") as string,
      checked: { problems: [{ path: "/rules/0/then/rate" }] },
    });
    expect(await failure(policies.publish({ revision: 0, note: "", by: "admin" }))).toBe(
      "changedMeanwhile",
    );
    await policies.saveDraft({ policy: golds(), revision: 1, by: "admin" });
    await policies.publish({ revision: 2, note: "", by: "admin" });
    expect(await failure(policies.publish({ revision: 3, note: "", by: "admin" }))).toBe(
      "nothingToPublish",
    );
    const actions = (await listAudit(database.db, { limit: 5 })).map(({ action }) => action);
    expect(actions).toEqual(["policy.published"]);
    expect(await policies.versions({ limit: 9 })).toHaveLength(1);
  });

  test("twice at one moment makes one version", async () => {
    const policies = open();
    await policies.saveDraft({ policy: golds(), revision: 0, by: "admin" });
    const both = await Promise.all(
      [1, 2].map(() => failure(policies.publish({ revision: 1, note: "", by: "admin" }))),
    );
    expect(both.toSorted()).toEqual(["changedMeanwhile", "done"]);
  });

  test("leaves nothing half done when the database refuses a part of it", async () => {
    const policies = open();
    await policies.saveDraft({ policy: golds(), revision: 0, by: "admin" });
    await database.pool.query("alter table audit add constraint no_more check (false) not valid");
    try {
      expect(await failure(policies.publish({ revision: 1, note: "", by: "admin" }))).toBe("23514");
    } finally {
      await database.pool.query("alter table audit drop constraint no_more");
    }
    expect(policies.published().version).toBe(0);
    expect(await policies.versions({ limit: 9 })).toEqual([]);
    expect(await policies.draft()).toMatchObject({ revision: 1, changed: true });
  });
});

describe("rolling back", () => {
  test("brings an earlier version back as a new one, audited; an untouched draft follows", async () => {
    const policies = open();
    await publish(policies, golds(2));
    await publish(policies, golds(3));
    const body = await policies.rollBack({ version: 1, by: "admin" });
    expect(body).toMatchObject({ version: 3, policy: golds(2) });
    expect(policies.published()).toMatchObject({ version: 3, policy: golds(2) });
    expect(await policies.draft()).toMatchObject({ changed: false, baseVersion: 3 });
    expect(await policies.versions({ limit: 2 })).toMatchObject([
      { version: 3, rolledBackTo: 1 },
      { version: 2, rolledBackTo: null },
    ]);
    expect(await policies.versions({ limit: 2, before: 2 })).toMatchObject([{ version: 1 }]);
    expect(await policies.version(2)).toMatchObject({ policy: golds(3) });
    expect(await policies.version(9)).toBeNull();
    expect((await listAudit(database.db, { limit: 1 }))[0]).toMatchObject({
      ...{ action: "policy.rolledBack", detail: { version: 3, to: 1 } },
    });
  });

  test("to version 0 is the plain order; a draft somebody works on stays", async () => {
    const policies = open();
    await publish(policies, golds(2));
    const { revision } = await policies.draft();
    await policies.saveDraft({ policy: golds(5), revision, by: "boris" });
    await policies.rollBack({ version: 0, by: "admin" });
    expect(policies.published().policy.rules).toEqual([]);
    expect(await policies.draft()).toMatchObject({
      ...{ policy: golds(5), baseVersion: 1, changed: true, updatedBy: "boris" },
    });
  });

  test("to what is not there, or what holds, is refused", async () => {
    const policies = open();
    await publish(policies, golds(2));
    expect(await failure(policies.rollBack({ version: 9, by: "admin" }))).toBe("noSuchVersion");
    expect(await failure(policies.rollBack({ version: 1, by: "admin" }))).toBe("nothingToPublish");
  });
});

describe("another process", () => {
  test("hears of it on the bus and reads it", async () => {
    const [here, there] = [open(), open()];
    const heard = new Promise<number>((resolve) => {
      there.onPublished(({ version }) => resolve(version));
    });
    await publish(here, golds());
    expect(await heard).toBe(1);
    expect(there.published().policy).toEqual(golds());
  });

  test("that missed the hint finds out by looking", async () => {
    const deaf = localBus(() => undefined);
    const there = open({ bus: deaf, lookMs: 20 });
    await publish(open(), golds());
    await expect.poll(() => there.published().version).toBe(1);
  });

  test("that missed the hint reads again when it is told that hints were lost", async () => {
    const deaf = localBus(() => undefined);
    const there = open({ bus: deaf, lookMs: 3_600_000 });
    await publish(open(), golds());
    expect(there.published().version).toBe(0);
    deaf.publish("hintsLost", {});
    await expect.poll(() => there.published().version).toBe(1);
  });

  test("of a later Callcard whose policies cannot be read here does not stop this one", async () => {
    const policies = open();
    await publish(policies, golds());
    await database.pool.query(
      `insert into policy_versions (version, policy, published_by) values (2, '{"rules": "new"}', 'x')`,
    );
    await policies.load();
    expect(policies.published().version).toBe(1);
    expect(String(errors[0])).toContain("policy version 2");
  });
});

test("a listener that throws keeps nobody else from hearing", async () => {
  const policies = open();
  const told: number[] = [];
  policies.onPublished(() => {
    throw new Error("listener");
  });
  const stop = policies.onPublished(({ version }) => told.push(version));
  await publish(policies, golds(2));
  stop();
  await publish(policies, golds(3));
  expect(told).toEqual([1]);
  expect(errors).toHaveLength(2);
});
