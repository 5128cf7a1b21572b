import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Pop, missedOf } from "../../server/desk/pop.ts";
import { type PopRow, closeLeftPops, upsertPops } from "../../server/desk/pop-rows.ts";
import { popsOfCall } from "../../server/desk/store.ts";
import { type TestDatabase, testDatabase } from "../support/postgres.ts";

let database: TestDatabase;
let userId: string;
beforeAll(async () => {
  database = await testDatabase();
  const user = await database.db
    .insertInto("users")
    .values({ login: "anna", name: "Анна", role: "operator", language: "ru", password_hash: "x" })
    .returning("id")
    .executeTakeFirstOrThrow();
  userId = user.id;
});
afterAll(() => database.drop());

const RANG_MS = Date.UTC(2026, 10, 22, 12);
const LATER_MS = RANG_MS + 60_000;
const rang: Pop = {
  ...{ ringId: "r", callId: "c", pbx: "main", extension: "101", userId: null },
  ...{ queue: "sales", toldBy: "agentCalled", rangAtMs: RANG_MS, ringEndedAtMs: RANG_MS + 9000 },
  ...{ joinedAtMs: null, identifiedAtMs: null, identifyMs: null, outcome: "" },
  ...{ composedAtMs: null, sentAtMs: null, receivedAtMs: null, paintedAtMs: null, visible: false },
};
const row = (pop: Partial<Pop>): PopRow => {
  const whole = { ...rang, ...pop };
  return { ...whole, missed: missedOf(whole, LATER_MS) };
};
const write = async (rows: readonly PopRow[]) => {
  await database.db.deleteFrom("pops").execute();
  for (const one of rows) await upsertPops(database.db, [one]);
  const [stored] = await database.pool
    .query("select * from pops")
    .then(({ rows: all }) => all as Record<string, unknown>[]);
  return stored;
};

/** A pop as some process may see it. */
const anyRow = fc
  .record({
    reached: fc.constantFrom("rang", "sent", "received", "painted"),
    seated: fc.boolean(),
    identified: fc.option(fc.integer({ min: 0, max: 5000 }), { nil: null }),
    outcome: fc.constantFrom("one", "several", "unknown", "failed"),
    composed: fc.option(fc.integer({ min: 0, max: 12_000 }), { nil: null }),
    takes: fc.integer({ min: 1, max: 500 }),
    visible: fc.boolean(),
  })
  .map(({ reached, seated, identified, outcome, composed, takes, visible }) => {
    const at = (stage: string, n: number) =>
      ["rang", "sent", "received", "painted"].indexOf(reached) >=
      ["rang", "sent", "received", "painted"].indexOf(stage)
        ? RANG_MS + n * takes
        : null;
    return row({
      userId: seated || reached !== "rang" ? userId : null,
      joinedAtMs: identified === null ? null : RANG_MS - 5000,
      identifiedAtMs: identified === null ? null : RANG_MS - 5000 + identified,
      identifyMs: identified,
      outcome: identified === null ? "" : outcome,
      composedAtMs: composed === null ? null : RANG_MS + composed,
      ...{ sentAtMs: at("sent", 1), receivedAtMs: at("received", 2) },
      ...{ paintedAtMs: at("painted", 3), visible: visible && reached === "painted" },
    });
  });

describe("a ringing that several processes saw", () => {
  test("is written the same in whatever order, and however often, they write", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(anyRow, { minLength: 2, maxLength: 4 }),
        fc.array(fc.nat(), { minLength: 4, maxLength: 8 }),
        async (rows, shuffle) => {
          const first = await write(rows);
          const order = [...rows.keys()].sort((a, b) => shuffle[a]! - shuffle[b]!);
          const again = [
            ...order.map((n) => rows[n]!),
            ...shuffle.map((n) => rows[n % rows.length]!),
          ];
          expect(await write(again)).toEqual(first);
          expect(await write(rows.toReversed())).toEqual(first);
        },
      ),
      { numRuns: 40 },
    );
  });

  test("is what got furthest: painted, received, sent, and only then missed", async () => {
    const seen = { userId, outcome: "one", composedAtMs: RANG_MS - 10 };
    const noBrowser = row({ userId });
    const gone = row({ ...seen, sentAtMs: RANG_MS + 1 });
    const notPainted = row({ ...seen, sentAtMs: RANG_MS + 2, receivedAtMs: RANG_MS + 5 });
    const drawn = { ...seen, sentAtMs: RANG_MS + 3, receivedAtMs: RANG_MS + 6 };
    const hidden = row({ ...drawn, paintedAtMs: RANG_MS + 8, visible: false });
    const painted = row({ ...drawn, paintedAtMs: RANG_MS + 20, visible: true });
    const ladder = [row({}), noBrowser, gone, notPainted, hidden, painted];
    expect(ladder.map(({ missed }) => missed)).toEqual(
      ["noOperator", "notConnected", "browserGone", "notPainted", "tabHidden", ""], // prettier-ignore
    );
    for (let most = 1; most < ladder.length; most += 1)
      for (let least = 0; least < most; least += 1)
        for (const order of [
          [ladder[least]!, ladder[most]!],
          [ladder[most]!, ladder[least]!],
        ]) {
          const stored = await write(order);
          expect([least, most, stored?.["missed"]]).toEqual([least, most, ladder[most]!.missed]);
        }
    await write([painted, hidden, noBrowser]);
    const [kept] = await popsOfCall(database.db, "c");
    expect(kept).toMatchObject({ missed: "", pop: { userId, visible: true } });
    expect(kept!.pop.paintedAtMs).toBe(RANG_MS + 20);
  });

  test("tells who has nothing to tell that another process sent it", async () => {
    await write([row({ sentAtMs: RANG_MS + 1 })]);
    expect(await upsertPops(database.db, [row({})])).toEqual(new Set(["r"]));
    await database.db.deleteFrom("pops").execute();
    expect(await upsertPops(database.db, [row({})])).toEqual(new Set());
  });
});

describe("a pop whose process died before it was closed", () => {
  test.each([
    ["was sent and never received", { sentAtMs: RANG_MS + 1 }, "browserGone"],
    [
      "was received and never painted",
      { sentAtMs: RANG_MS + 1, receivedAtMs: RANG_MS + 2, composedAtMs: RANG_MS + 1 },
      "notPainted",
    ],
    [
      "was received without its card",
      { sentAtMs: RANG_MS + 1, receivedAtMs: RANG_MS + 2 },
      "cardLate",
    ],
  ])("that %s gets that reason after two minutes, and not before", async (_, stages, missed) => {
    const left = { ...rang, userId, ...stages, missed: "" };
    await write([left]);
    const verdict = async () =>
      (await database.pool.query<{ missed: string }>("select missed from pops")).rows[0]!.missed;
    await closeLeftPops(database.db, RANG_MS + 119_000);
    expect(await verdict()).toBe("");
    await closeLeftPops(database.db, RANG_MS + 121_000);
    expect(await verdict()).toBe(missed);
    // A process that still follows it knows better.
    await upsertPops(database.db, [{ ...left, paintedAtMs: RANG_MS + 130_000, visible: true }]);
    await closeLeftPops(database.db, RANG_MS + 200_000);
    expect(await verdict()).toBe("");
  });
});
