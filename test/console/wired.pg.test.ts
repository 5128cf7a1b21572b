/** The parts of queue priority together, as the server wires them, on a simulated PBX and a real PostgreSQL. */
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { fixedPbxs } from "../../server/asterisk/pbxs.ts";
import { PbxLink } from "../../server/asterisk/link.ts";
import { CallHistory } from "../../server/calls/history.ts";
import { LiveCalls } from "../../server/calls/live.ts";
import { callRoutes } from "../../server/calls/routes.ts";
import { Console } from "../../server/console/console.ts";
import { openDirectory } from "../../server/customers/directory.ts";
import { readPhone } from "../../server/customers/phone.ts";
import { openStandings } from "../../server/customers/standing.ts";
import { type SimulatedPbx, startSimulatedPbx } from "../../server/demo/pbx/simulated-pbx.ts";
import { checkPolicy } from "../../server/priority/check.ts";
import { decide } from "../../server/priority/decide.ts";
import { Policies } from "../../server/priority/policies.ts";
import { PriorityRecord } from "../../server/priority/record.ts";
import { Steward } from "../../server/priority/steward.ts";
import { Verdicts } from "../../server/priority/verdicts.ts";
import { openVocabulary } from "../../server/priority/vocabulary.ts";
import { localBus } from "../../server/storage/bus.ts";
import { addCustomer } from "../desk/desk-house.ts";
import { testApp } from "../http/support.ts";
import { alone } from "../support/lease.ts";
import { type TestDatabase, testDatabase } from "../support/postgres.ts";
import { tierPolicy } from "./console-house.ts";

const log = { info: () => {}, warn: () => {}, error: () => {} };
const open = new AsyncDisposableStack();
let database: TestDatabase;
let pbx: SimulatedPbx;
let link: PbxLink;
let policies: Policies;
let verdicts: Verdicts;
let console: Console;
let record: PriorityRecord;
let history: CallHistory;
let vocabularyOf: () => Promise<unknown>;

beforeAll(async () => {
  database = await testDatabase();
  open.defer(() => database.drop());
  const { db } = database;
  const bus = localBus((error) => {
    throw error;
  });
  for (const [name, phone, tier] of [
    ["Голд", "+79130000001", "gold"],
    ["Первый", "+79130000002", ""],
    ["Второй", "+79130000003", ""],
    ["Третий", "+79130000004", ""],
  ] as const) {
    const id = await addCustomer(database, name, [phone]);
    await db.updateTable("customers").set({ tier }).where("id", "=", id).execute();
  }
  // Nobody answers: what is looked at is the line.
  pbx = await startSimulatedPbx({
    queues: [{ name: "sales", members: [{ interface: "PJSIP/101", paused: true }] }],
  });
  open.defer(() => pbx.stop());
  const { host, port, secret, username } = pbx;
  link = new PbxLink({ name: "main", host, port, username, secret, tls: false });
  const rules = { defaultRegion: "RU" as const, extensionPattern: /^\d{2,6}$/ };
  const calls = new LiveCalls({
    pbxs: fixedPbxs([link]),
    extensionPattern: rules.extensionPattern,
  });
  open.defer(() => calls.close());
  const vocabulary = openVocabulary(database, {
    queues: () => calls.queues("main").map(({ name }) => name),
    timeZone: () => "Europe/Moscow",
    bus,
  });
  open.defer(() => vocabulary.close());
  vocabularyOf = () => vocabulary.read();
  policies = new Policies({
    ...{ db, bus, vocabulary: () => vocabulary.read() },
    timeZone: "Europe/Moscow",
    onError: (error) => {
      throw error;
    },
  });
  open.defer(() => policies.close());
  await policies.load();
  const standings = openStandings(database);
  verdicts = new Verdicts({
    ...{ calls, decide, policies, bus, log },
    directory: openDirectory(database, { ...rules, bus }),
    standingOf: (id) => standings.of(id),
    lostAtOf: (e164) => standings.lostAtOf(e164),
  });
  open.defer(() => verdicts.close());
  record = new PriorityRecord({ db, log });
  open.defer(() => record.close());
  const steward = new Steward({
    ...{ calls, policies, record, log, pbxs: fixedPbxs([link]), ...alone() },
    verdictOf: (callId, queue) => verdicts.of(callId, queue),
    onVerdict: (listener) => verdicts.onVerdict(listener),
  });
  open.defer(() => steward.close());
  console = new Console({
    ...{ calls, verdicts, steward, policies, db },
    pbxs: fixedPbxs([link]),
    checkPolicy: async (policy) => checkPolicy(policy, await vocabulary.read()),
  });
  open.defer(() => console.close());
  history = new CallHistory({
    ...{ db, calls, log },
    customerOf: () => null,
    e164Of: (number) => readPhone(number, "RU")?.e164 ?? null,
  });
  open.defer(() => history.close());
  calls.open();
  open.defer(() => link.stop());
  link.start();
  await vi.waitFor(() => expect(link.status().state).toBe("up"));
});
afterAll(() => open.disposeAsync());

/** Names of the waiting as Asterisk itself lists them, and as the console shows them. */
async function line(): Promise<readonly string[]> {
  const { items } = await link.action("QueueStatus", { Queue: "sales" }, { list: true });
  const callers = console.picture().queues[0]?.callers ?? [];
  const entries = items
    .filter((item) => item["event"] === "QueueEntry")
    .sort((a, b) => Number(a["position"]) - Number(b["position"]));
  const titles = entries.map(
    (item) => callers.find(({ channelId }) => channelId === item["uniqueid"])?.title ?? "?",
  );
  expect(callers.map(({ title }) => title)).toEqual(titles);
  return titles;
}
const becomes = (titles: readonly string[]) =>
  vi.waitFor(async () => expect(await line()).toEqual(titles));
const caller = (title: string) =>
  console.picture().queues[0]!.callers.find((one) => one.title === title)!;

test("a published policy orders the line, a supervisor may overrule it, and the call remembers why", async () => {
  const call = (number: string) => pbx.placeCall({ number, to: "sales" });
  const first = call("89130000002");
  call("89130000003");
  await becomes(["Первый", "Второй"]);
  const gold = call("89130000001");
  await becomes(["Первый", "Второй", "Голд"]);
  expect(console.picture().queues[0]).toMatchObject({ notMoved: "notInPolicy" });

  const policy = tierPolicy({ gold: [2, 3600] });
  expect(await vocabularyOf()).toMatchObject({ queues: ["sales"], tiers: ["gold"] });
  const [preview] = await console.preview(policy);
  expect(
    preview!.callers.map(({ title, positionNow, positionThen }) => [
      title,
      positionNow,
      positionThen,
    ]),
  ).toEqual([
    ["Первый", 1, 2],
    ["Второй", 2, 3],
    ["Голд", 3, 1],
  ]);
  await expect(console.preview(tierPolicy({ gold: [-2, 0] }))).rejects.toMatchObject({
    code: "invalid",
    message: expect.stringContaining("/rules/0/then/rate") as string,
  });

  const { revision } = await policies.saveDraft({ policy, revision: 0, by: "anna" });
  await policies.publish({ revision, note: "", by: "anna" });
  await becomes(["Голд", "Первый", "Второй"]);
  const third = call("89130000004");
  await becomes(["Голд", "Первый", "Второй", "Третий"]);
  expect(console.picture().queues[0]).toMatchObject({ notMoved: "" });
  expect(caller("Голд")).toMatchObject({ wantedPosition: 1, rule: { id: "gold" } });
  expect(console.why(caller("Голд").callId, "sales")).toMatchObject({
    position: 1,
    rule: { id: "gold" },
    behind: { title: "Первый", overtakesInMs: null },
    moves: [{ by: "policy", fromPosition: 3 }],
  });

  const { channelId } = caller("Третий");
  await console.move({ pbx: "main", queue: "sales", channelId, position: 1 }, "semyon");
  await becomes(["Третий", "Голд", "Первый", "Второй"]);
  expect(caller("Третий")).toMatchObject({
    ...{ movedBy: "semyon", wantedPosition: 1 },
    // What is said of giving them back before it is done.
    policyPosition: 4,
  });
  await console.move({ pbx: "main", queue: "sales", channelId, position: 0 }, "semyon");
  await becomes(["Голд", "Первый", "Второй", "Третий"]);
  expect(caller("Третий").movedBy).toBe("");

  // An operator says that the first caller is the gold customer too: the one who waits longer is first.
  const customerId = verdicts.person(caller("Голд").callId)!.customerId!;
  verdicts.customerChosen(caller("Первый").callId, customerId);
  await becomes(["Голд", "Голд", "Второй", "Третий"]);
  // The names are the same before and after that move.
  const firstInLine = () => console.picture().queues[0]!.callers[0]!.channelId;
  await vi.waitFor(() => expect(firstInLine()).toBe(first.id));

  const audit = await database.db
    .selectFrom("audit")
    .select(["actor", "action"])
    .where("action", "=", "priority.moved")
    .execute();
  expect(audit).toEqual([
    { actor: "semyon", action: "priority.moved" },
    { actor: "semyon", action: "priority.moved" },
  ]);

  gold.hangUp();
  third.hangUp();
  await becomes(["Голд", "Второй"]);
  await Promise.all([gold.ended, third.ended]);
  await vi.waitFor(() => expect(history.counters().ended).toBe(2));
  await Promise.all([history.flush(), record.flush()]);
  const app = await testApp();
  await callRoutes(app, { db: database.db });
  const told = async (id: string) =>
    (
      await app.inject({
        url: `/api/v1/calls/main-${id}`,
        headers: { authorization: "Bearer cc_supervisor" },
      })
    ).json<{ call: object }>().call;
  expect(await told(gold.id)).toMatchObject({
    priorities: [{ queue: "sales", rule: { id: "gold" }, rate: 2, headStartMs: 3_600_000 }],
  });
  // A move is written once its place was read back.
  await vi.waitFor(async () => {
    await record.flush();
    const { moves } = (await told(third.id)) as { moves: readonly { by: string }[] };
    expect(moves.map(({ by }) => by)).toContain("semyon");
  });
  await app.close();
});
