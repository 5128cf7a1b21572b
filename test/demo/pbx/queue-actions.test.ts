import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { VirtualClock } from "../../../server/demo/pbx/clock.ts";
import { startSimulatedPbx, type SimulatedPbx } from "../../../server/demo/pbx/simulated-pbx.ts";
import { RawClient } from "./client.ts";

let clock: VirtualClock;
let pbx: SimulatedPbx;
let client: RawClient;
let count: number;

beforeEach(async () => {
  clock = new VirtualClock();
  count = 0;
  pbx = await startSimulatedPbx({
    clock,
    queues: [
      { name: "Sales", members: [{ interface: "PJSIP/101", name: "Anna" }] },
      { name: "support", members: [{ interface: "PJSIP/101", name: "Anna" }] },
    ],
    phones: { do: "answer", afterMs: 500 },
  });
  client = await RawClient.loggedIn(pbx);
});

afterEach(async () => {
  client.close();
  await pbx.stop();
});

async function act(text: string): Promise<string> {
  count += 1;
  const answer = await client.action(`Action: ${text}\r\nActionID: a${count}`, `a${count}`);
  return `${answer.get("Response")}: ${answer.get("Message")}`;
}

/** Waiting callers in order, by number, with their priority. */
async function waiting(): Promise<readonly string[]> {
  count += 1;
  const items = await client.list("Action: QueueStatus\r\nQueue: sales", `l${count}`);
  return items
    .filter((each) => each.get("Event") === "QueueEntry")
    .map((each, index) => {
      expect(each.get("Position")).toBe(String(index + 1));
      return `${each.get("CallerIDNum")}:${each.get("Priority")}`;
    });
}

/** Callers that wait because nobody is there; their channels by number. */
function wait(...callers: readonly (readonly [number: string, priority?: number])[]) {
  pbx.setRegistered("101", false);
  clock.advance(10);
  const names: Record<string, string> = {};
  for (const [number, priority] of callers) {
    names[number] = pbx.placeCall({ number, to: "Sales", priority: priority ?? 0 }).channelName;
    clock.advance(10);
  }
  return names;
}

describe("QueueChangePriorityCaller", () => {
  const change = (caller: string, priority: string | number, immediate = ""): Promise<string> =>
    act(
      `QueueChangePriorityCaller\r\nQueue: SALES\r\nCaller: ${caller}\r\nPriority: ${priority}` +
        (immediate === "" ? "" : `\r\nImmediate: ${immediate}`),
    );

  test("joins by priority, behind equals", async () => {
    wait(["1"], ["2", 5], ["3"], ["4", 5], ["5", 9], ["6", -1], ["7"]);
    expect(await waiting()).toEqual(["5:9", "2:5", "4:5", "1:0", "3:0", "7:0", "6:-1"]);
  });

  test("without Immediate changes the number and moves nobody; a later one may overtake", async () => {
    const names = wait(["1"], ["2"], ["3"]);
    expect(await change(names["3"]!, 9)).toBe("Success: Priority change for caller on queue");
    expect(await waiting()).toEqual(["1:0", "2:0", "3:9"]);
    wait(["4", 6]);
    expect(await waiting()).toEqual(["4:6", "1:0", "2:0", "3:9"]);
  });

  test("with Immediate puts the caller in again by the join rule", async () => {
    const names = wait(["1"], ["2"], ["3"]);
    await change(names["3"]!, 9, "yes");
    expect(await waiting()).toEqual(["3:9", "1:0", "2:0"]);
    await change(names["3"]!, -4, "true");
    expect(await waiting()).toEqual(["1:0", "2:0", "3:-4"]);
  });

  test("with Immediate and the same number sends the caller behind their equals", async () => {
    const names = wait(["1"], ["2"], ["3"]);
    await change(names["1"]!, 0, "yes");
    expect(await waiting()).toEqual(["2:0", "3:0", "1:0"]);
  });

  test("emits no event for the move", async () => {
    const names = wait(["1"], ["2"]);
    await client.settle();
    const before = client.messages().length;
    await change(names["2"]!, 3, "yes");
    expect(client.messages().slice(before)).toHaveLength(1);
  });

  test("words its errors as Asterisk does and wants the channel's exact name", async () => {
    const names = wait(["1"]);
    const name = names["1"]!;
    expect(await change("", 1)).toBe("Error: 'Caller' not specified.");
    expect(await change(name, "")).toBe("Error: 'Priority' not specified.");
    expect(await change(name, "high")).toBe("Error: 'Priority' need integer.");
    expect(await change(name.toLowerCase(), 1)).toBe(
      "Error: Unable to change priority caller on queue: No such caller",
    );
    expect(await act(`QueueChangePriorityCaller\r\nCaller: ${name}\r\nPriority: 1`)).toBe(
      "Error: 'Queue' not specified.",
    );
    expect(
      await act(`QueueChangePriorityCaller\r\nQueue: x\r\nCaller: ${name}\r\nPriority: 1`),
    ).toBe("Error: Unable to change priority caller on queue: No such queue");
    expect(await change(name, "7x", "yes")).toBe("Success: Priority change for caller on queue");
    expect(await waiting()).toEqual(["1:7"]);
  });

  test("the moved caller is served first when a phone becomes free", async () => {
    const names = wait(["1"], ["2"], ["3"]);
    await change(names["3"]!, 9, "yes");
    pbx.setRegistered("101", true);
    clock.advance(2500);
    await client.settle();
    const connected = client.messages().filter((each) => each.get("Event") === "AgentConnect");
    expect(connected.map((each) => each.get("CallerIDNum"))).toEqual(["3"]);
  });
});

describe("QueuePause", () => {
  test("without a queue pauses every membership, each with its event", async () => {
    expect(await act("QueuePause\r\nInterface: PJSIP/101\r\nPaused: true\r\nReason: lunch")).toBe(
      "Success: Interface paused successfully",
    );
    const told = client.messages().filter((each) => each.get("Event") === "QueueMemberPause");
    expect(
      told.map((each) => [each.get("Queue"), each.get("Paused"), each.get("PausedReason")]),
    ).toEqual([
      ["Sales", "1", "lunch"],
      ["support", "1", "lunch"],
    ]);
    expect(await act("QueuePause\r\nInterface: PJSIP/101\r\nPaused: no")).toBe(
      "Success: Interface unpaused successfully",
    );
  });

  test("a paused member is not rung, an unpaused one is within a second", async () => {
    await act("QueuePause\r\nInterface: PJSIP/101\r\nPaused: 1");
    const call = pbx.placeCall({ number: "1", to: "Sales" });
    clock.advance(30_000);
    expect(call.state).toBe("waiting");
    await act("QueuePause\r\nInterface: PJSIP/101\r\nPaused: 0");
    clock.advance(1000);
    expect(call.rung).toEqual(["PJSIP/101"]);
  });

  test("refuses what it does not know", async () => {
    expect(await act("QueuePause\r\nInterface: PJSIP/999\r\nPaused: 1")).toBe(
      "Error: Interface not found",
    );
    expect(await act("QueuePause\r\nInterface: PJSIP/101")).toBe(
      "Error: Need 'Interface' and 'Paused' parameters.",
    );
  });
});

describe("QueueWithdrawCaller", () => {
  test("takes the caller out as abandoned, once", async () => {
    const names = wait(["1"], ["2"]);
    const name = names["1"]!;
    const withdraw = `QueueWithdrawCaller\r\nQueue: sales\r\nCaller: ${name}`;
    expect(await act(withdraw)).toBe("Success: Withdraw requested successfully");
    expect(await act(withdraw)).toBe(
      "Error: Unable to request withdrawal from queue: Caller has already requested withdrawal",
    );
    clock.advance(10);
    expect(await waiting()).toEqual(["2:0"]);
    const left = client.messages().filter((each) => each.get("Channel") === name);
    expect(left.map((each) => each.get("Event"))).toContain("QueueCallerAbandon");
  });
});

describe("calls by action", () => {
  test("Originate refuses what cannot be, and answers at once when asynchronous", async () => {
    expect(await act("Originate\r\nAsync: true")).toBe("Error: Channel not specified");
    expect(await act("Originate\r\nChannel: 101\r\nAsync: true")).toBe("Error: Invalid channel");
    const rest = "Originate\r\nChannel: PJSIP/101\r\nContext: from-internal\r\nAsync: true";
    expect(await act(`${rest}\r\nExten: 101\r\nTimeout: soon`)).toBe("Error: Invalid timeout");
    expect(await act(`${rest}\r\nExten: nowhere`)).toBe("Error: Extension does not exist.");
    expect(await act(`${rest}\r\nExten: 79430000001`)).toBe(
      "Success: Originate successfully queued",
    );
  });

  test("a second Originate with the same ChannelId fails with reason 0", async () => {
    const text =
      "Originate\r\nChannel: PJSIP/101\r\nContext: x\r\nExten: 79430000001\r\nChannelId: mine\r\nAsync: true";
    await act(text);
    clock.advance(10);
    await act(text);
    clock.advance(10);
    await client.settle();
    const ended = client.messages().filter((each) => each.get("Event") === "OriginateResponse");
    expect(ended.map((each) => [each.get("Response"), each.get("Reason")])).toEqual([
      ["Failure", "0"],
    ]);
    clock.advance(60_000);
  });

  test("Hangup ends a call from both sides and refuses an unknown channel", async () => {
    const call = pbx.placeCall({ number: "1", to: "Sales" });
    clock.advance(5000);
    expect(call.state).toBe("talking");
    expect(await act(`Hangup\r\nChannel: ${call.channelName}`)).toBe("Success: Channel Hungup");
    expect(pbx.live()).toEqual({ channels: 0, bridges: 0, waiting: 0 });
    expect(await act(`Hangup\r\nChannel: ${call.channelName}`)).toBe("Error: No such channel");
  });

  test("Redirect sends a talking caller into another queue", async () => {
    const call = pbx.placeCall({ number: "1", to: "Sales" });
    clock.advance(5000);
    const redirect = `Redirect\r\nChannel: ${call.channelName}\r\nContext: queues\r\nExten: support\r\nPriority: 1`;
    expect(await act(redirect)).toBe("Success: Redirect successful");
    const joined = client.messages().filter((each) => each.get("Event") === "QueueCallerJoin");
    expect(joined.map((each) => each.get("Queue"))).toEqual(["Sales", "support"]);
    expect(await act("Redirect\r\nChannel: PJSIP/1-1\r\nExten: support")).toBe(
      "Error: Channel does not exist: PJSIP/1-1",
    );
  });

  test("Setvar and Getvar keep a channel's and the PBX's variables", async () => {
    const call = pbx.placeCall({ number: "1", to: "Sales" });
    await act(`Setvar\r\nChannel: ${call.channelName}\r\nVariable: QUEUE_PRIO\r\nValue: 5`);
    const got = await client.action(
      `Action: Getvar\r\nActionID: g\r\nChannel: ${call.channelName}\r\nVariable: QUEUE_PRIO`,
      "g",
    );
    expect(got.get("Value")).toBe("5");
    expect(await act("Getvar\r\nChannel: gone\r\nVariable: X")).toBe("Error: No such channel");
  });
});
