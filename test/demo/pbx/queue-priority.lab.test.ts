/** The simulated PBX's QueueChangePriorityCaller held against the real one. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { type SimulatedPbx, startSimulatedPbx } from "../../../server/demo/pbx/simulated-pbx.ts";
import { type Lab, labStartMs, startLab } from "../../support/lab.ts";
import { type StewardHouse, openStewardHouse, policyOf } from "../../support/steward-house.ts";

const callers = ["+79130000901", "+79130000902", "+79130000903", "+79130000904"];
let lab: Lab;
let pbx: SimulatedPbx;
const houses: StewardHouse[] = [];

beforeAll(async () => {
  lab = await startLab({ version: 22 });
  pbx = await startSimulatedPbx({
    queues: [{ name: "600", members: [{ interface: "PJSIP/101" }] }],
  });
  pbx.setRegistered("101", false);
  for (const { port, username, secret } of [{ ...lab, port: lab.amiPort }, pbx])
    houses.push(
      await openStewardHouse({
        endpoint: { port, username, secret },
        policy: policyOf({ rules: [] }),
      }),
    );
}, labStartMs);
afterAll(async () => {
  await Promise.all(houses.map((house) => house.close()));
  await pbx?.stop();
});

/** Callers in line with their priorities, as the PBX lists them. */
const line = async (house: StewardHouse) => {
  const [numbers, listed] = [await house.order("600"), await house.line("600")];
  return listed.map(({ position, priority }) => `${numbers[position - 1]}:${priority}`).join(" ");
};

test("both put everybody in the same place, whatever priority they get", async () => {
  for (const from of callers) {
    await lab.call({ from, to: "600" });
    pbx.placeCall({ number: from, to: "600" });
    for (const house of houses)
      await expect.poll(async () => (await house.order("600")).includes(from)).toBe(true);
  }
  const changes: readonly (readonly [number, string, string])[] = [
    ...([
      [2, "5", "true"],
      [0, "0", "true"],
      [3, "5", "true"],
      [2, "5", "true"],
    ] as const),
    ...([
      [1, "9", "false"],
      [0, "7", "true"],
      [3, "-4", "true"],
      [1, "7x", "yes"],
    ] as const),
  ];
  for (const [at, priority, immediate] of changes) {
    for (const house of houses) {
      const index = (await house.order("600")).indexOf(callers[at]!);
      const { channelName } = (await house.line("600"))[index]!;
      const fields = { Queue: "600", Caller: channelName, Priority: priority };
      await house.link.action("QueueChangePriorityCaller", { ...fields, Immediate: immediate });
    }
    expect(await line(houses[1]!), `${callers[at]} gets ${priority}`).toBe(await line(houses[0]!));
  }
}, 60_000);
