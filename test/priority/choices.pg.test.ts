/** Who operators say a caller is, on its way to queue priority in every process: two of them over one bus, one PostgreSQL and the same PBX. */
import { pino } from "pino";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import type { PbxLink } from "../../server/asterisk/link.ts";
import { fixedPbxs } from "../../server/asterisk/pbxs.ts";
import { openDirectory } from "../../server/customers/directory.ts";
import { openPriority, type Priority } from "../../server/priority/open.ts";
import { localAsks } from "../../server/storage/asks.ts";
import { type Bus, localBus } from "../../server/storage/bus.ts";
import { tierPolicy } from "../console/console-house.ts";
import { House, addCustomer, addUsers } from "../desk/desk-house.ts";
import { Caller, ScriptedPbx } from "../desk/scripted-pbx.ts";
import { leaseDouble, leasesDouble } from "../support/lease-double.ts";
import { type TestDatabase, testDatabase } from "../support/postgres.ts";

type Process = { readonly house: House; readonly priority: Priority; readonly handled: string[] };

const open = new AsyncDisposableStack();
const pbx = new ScriptedPbx();
const bus = localBus((error) => {
  throw error;
});
let database: TestDatabase;
let here: Process;
let elsewhere: Process;

beforeAll(async () => {
  database = await testDatabase();
  open.defer(() => database.drop());
  await addUsers(database, { olga: "operator" });
  const policy = JSON.stringify(tierPolicy({ gold: [2, 3600] }));
  await database.db
    .insertInto("policy_versions")
    .values({ version: 1, policy, published_by: "anna", rolled_back_to: null })
    .execute();
  [here, elsewhere] = [await openProcess(), await openProcess()];
});
afterAll(() => open.disposeAsync());

/** A desk with its queue priority. `handled` is every time that a choice comes to it, by the desk or by a hint of its own. */
async function openProcess(): Promise<Process> {
  const handled: string[] = [];
  let priority: Priority | null = null;
  const house = await House.open({
    ...{ storage: database, pbx, bus },
    priority: {
      ofCall: (...of) => priority?.ofCall(...of) ?? null,
      customerChosen(callId, customerId) {
        handled.push(customerId);
        priority?.customerChosen(callId, customerId);
      },
      seatsChanged: () => priority?.seatsChanged(),
    },
  });
  open.defer(() => house.close());
  const heard: Bus = {
    ...bus,
    on: (hint, listener) =>
      bus.on(hint, (payload) => {
        if (hint === "customerChosen") handled.push("hint");
        listener(payload);
      }),
  };
  priority = await openPriority({
    ...{ storage: database, record: database, databaseUrl: database.url, bus: heard },
    ...{ asks: localAsks(), leases: leasesDouble(leaseDouble("elsewhere")), calls: house.calls },
    ...{ pbxs: fixedPbxs<PbxLink>([]), pbxConfigs: () => [], log: pino({ enabled: false }) },
    directory: openDirectory(database, {
      ...{ defaultRegion: "RU", extensionPattern: /^\d{2,6}$/, bus },
    }),
    customerOf: (callId) => house.desk.customerOf(callId),
    sitting: () => house.desk.sitting(),
    changed: (callId) => house.desk.priorityChanged(callId),
  });
  const opened = priority;
  open.defer(() => opened.close());
  return { house, priority, handled };
}

test("each is taken once in every process, also where nobody's screen shows the call, and changes the caller's place", async () => {
  const boris = await addCustomer(database, "Борис", []);
  await database.db
    .updateTable("customers")
    .set({ tier: "gold" })
    .where("id", "=", boris)
    .execute();
  const olga = await here.house.seated("olga", "101");
  const caller = new Caller(pbx, "anonymous");
  caller.arrive();
  caller.ring("101");
  const { callId } = caller;
  await olga.untilCall(callId, ({ card }) => card.outcome === "withheld");
  expect(await olga.ask("chooseCustomer", { callId, customerId: boris })).toMatchObject({
    ok: true,
  });
  for (const { priority } of [here, elsewhere])
    await vi.waitFor(() =>
      expect(priority.ofCall(callId, "sales")).toMatchObject({ ruleName: "gold" }),
    );
  await olga.untilCall(callId, ({ priority }) => priority?.ruleName === "gold");
  expect([here.handled, elsewhere.handled]).toEqual([[boris], [boris]]);
  caller.hangUp(["101"]);
});
