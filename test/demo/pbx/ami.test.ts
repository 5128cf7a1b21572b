import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { VirtualClock } from "../../../server/demo/pbx/clock.ts";
import { startSimulatedPbx, type SimulatedPbx } from "../../../server/demo/pbx/simulated-pbx.ts";
import { readMessages, type Message } from "./ami-text.ts";
import { RawClient } from "./client.ts";
import { labExtensions, labQueues } from "./stories.ts";

let clock: VirtualClock;
let pbx: SimulatedPbx;
let clients: RawClient[];

beforeEach(async () => {
  clock = new VirtualClock();
  clients = [];
  pbx = await startSimulatedPbx({
    clock,
    queues: labQueues,
    extensions: labExtensions,
    trunk: "pstn",
    phones: { do: "answer", afterMs: 500 },
  });
});

afterEach(async () => {
  for (const client of clients) client.close();
  await pbx.stop();
});

async function connect(): Promise<RawClient> {
  const client = await RawClient.connect(pbx.port);
  clients.push(client);
  return client;
}

async function login(): Promise<RawClient> {
  const client = await RawClient.loggedIn(pbx);
  clients.push(client);
  return client;
}

describe("login", () => {
  test("greets with Asterisk 22's banner and answers a right login with FullyBooted", async () => {
    const client = await connect();
    expect(client.text).toBe("Asterisk Call Manager/11.0.0\r\n");
    clock.advance(7000);
    const answer = await client.action(
      `Action: Login\r\nActionID: 1\r\nUsername: ${pbx.username}\r\nSecret: ${pbx.secret}`,
      "1",
    );
    expect(answer.get("Message")).toBe("Authentication accepted");
    await client.until((text) => text.includes("FullyBooted"));
    const booted = client.messages().find((each) => each.get("Event") === "FullyBooted")!;
    expect(booted.keys).toEqual(["Event", "Privilege", "Uptime", "LastReload", "Status"]);
    expect(booted.get("Uptime")).toBe("7");
  });

  test("answers a wrong secret after a second and closes", async () => {
    const client = await connect();
    client.write(`Action: Login\r\nActionID: 1\r\nUsername: ${pbx.username}\r\nSecret: no\r\n\r\n`);
    client.write("Action: Ping\r\nActionID: 2\r\n\r\n");
    await client.until((text) => text.includes("ActionID: 2"));
    expect(client.text).toContain("Response: Error\r\nActionID: 2\r\nMessage: Permission denied");
    expect(client.text).not.toContain("Authentication failed");
    clock.advance(1000);
    await client.until((text) => text.includes("Authentication failed"));
    await client.until(() => client.closed);
  });

  test("sends only the classes that were asked for, and none with off", async () => {
    const [agents, nothing] = [await connect(), await connect()];
    const text = `Action: Login\r\nActionID: 1\r\nUsername: ${pbx.username}\r\nSecret: ${pbx.secret}`;
    await agents.action(`${text}\r\nEvents: agent`, "1");
    await nothing.action(`${text}\r\nEvents: off`, "1");
    pbx.placeCall({ number: "+79430000001", to: "600", talkMs: 1000 });
    clock.advance(10_000);
    await Promise.all([agents.settle(), nothing.settle()]);
    const names = new Set(liveEvents(agents).map((each) => each.get("Privilege")));
    expect(names).toEqual(new Set(["agent,all"]));
    expect(liveEvents(nothing)).toEqual([]);
  });

  test("says goodbye at Logoff and closes", async () => {
    const client = await login();
    client.write("Action: Logoff\r\n\r\n");
    await client.until(() => client.closed);
    expect(client.text).toContain("Response: Goodbye\r\nMessage: Thanks for all the fish.");
  });
});

describe("framing", () => {
  test("takes bare line feeds, any case of keys, and actions in pieces", async () => {
    const client = await login();
    client.write("ACTION: pi");
    await client.settleAfter(10);
    client.write("ng\nactionid: x1\n\n");
    await client.until((text) => text.includes("ActionID: x1\r\nPing: Pong\r\nTimestamp: "));
  });

  test("refuses a line that is too long and a message of too many lines, and goes on", async () => {
    const client = await login();
    client.write(`Action: Ping\r\nX: ${"x".repeat(1100)}\r\n\r\n`);
    await client.until((text) => text.includes("Failed to parse message: line too long"));
    const many = Array.from({ length: 140 }, (_, i) => `K${i}: v`).join("\r\n");
    client.write(`Action: Ping\r\n${many}\r\n\r\n`);
    await client.until((text) => text.includes("Too many lines in message or allocation failure"));
    await client.settle();
  });

  test("answers unknown actions as Asterisk does", async () => {
    const client = await login();
    const unknown = await client.action("Action: Dance\r\nActionID: 1", "1");
    expect(unknown.get("Message")).toBe(
      "Invalid/unknown command: Dance. Use Action: ListCommands to show available commands.",
    );
    const none = await client.action("ActionID: 2\r\nFoo: bar", "2");
    expect(none.get("Message")).toBe("Missing action in request");
  });

  test("never mixes events into a list", async () => {
    const client = await login();
    pbx.placeCall({ number: "+79430000001", to: "600", talkMs: 1000 });
    clock.advance(100);
    client.write("Action: QueueStatus\r\nActionID: q\r\n\r\n");
    pbx.placeCall({ number: "+79430000002", to: "600", talkMs: 1000 });
    clock.advance(5000);
    await client.settle();
    const messages = client.messages();
    const from = messages.findIndex((each) => each.get("ActionID") === "q");
    const to = messages.findIndex((each) => each.get("Event") === "QueueStatusComplete");
    expect(messages.slice(from, to + 1).every((each) => each.get("ActionID") === "q")).toBe(true);
    expect(Number(messages[to]!.get("ListItems"))).toBe(to - from - 1);
  });
});

describe("what a snapshot reads", () => {
  test.each([
    ["CoreShowChannels", "CoreShowChannel"],
    ["BridgeList", "BridgeListItem"],
    ["QueueStatus", "QueueParams"],
    ["QueueStatus", "QueueMember"],
    ["DeviceStateList", "DeviceStateChange"],
  ])("%s lists %s with the keys of the recorded Asterisk 22", async (action, event) => {
    const recorded = readMessages(
      readFileSync(join(import.meta.dirname, "../../traces/22/middle-talking.ami"), "utf8"),
    ).find((each) => each.get("Event") === event && each.keys.includes("ActionID"))!;
    pbx.placeCall({ number: "+79430000001", to: "600", talkMs: 60_000 });
    clock.advance(2000);
    const client = await login();
    const items = await client.list(`Action: ${action}`, "s");
    const mine = items.find((each) => each.get("Event") === event)!;
    expect(mine.keys).toEqual(recorded.keys);
  });

  test("tells the same state everywhere: channels, bridge, queue member, device", async () => {
    pbx.placeCall({ number: "+79430000001", name: "Иван", to: "600", talkMs: 60_000 });
    clock.advance(2000);
    const client = await login();
    const channels = await client.list("Action: CoreShowChannels", "1");
    const bridges = await client.list("Action: BridgeList", "2");
    const members = await client.list("Action: QueueStatus\r\nQueue: 600", "3");
    const devices = await client.list("Action: DeviceStateList", "4");
    expect(channels.map((each) => each.get("Channel"))).toEqual([
      "PJSIP/pstn-00000000",
      "PJSIP/101-00000001",
    ]);
    expect(channels[0]!.get("CallerIDName")).toBe("Иван");
    expect(channels[0]!.get("Duration")).toBe("00:00:02");
    const bridge = bridges[0]!.get("BridgeUniqueid");
    expect(channels.map((each) => each.get("BridgeId"))).toEqual([bridge, bridge]);
    const inBridge = await client.list(`Action: BridgeInfo\r\nBridgeUniqueid: ${bridge}`, "5");
    expect(inBridge.map((each) => each.get("Event"))).toEqual([
      "BridgeInfoChannel",
      "BridgeInfoChannel",
    ]);
    const anna = members.find((each) => each.get("Location") === "PJSIP/101")!;
    expect([anna.get("Status"), anna.get("InCall")]).toEqual(["2", "1"]);
    const device = devices.find((each) => each.get("Device") === "PJSIP/101")!;
    expect(device.get("State")).toBe("INUSE");
  });

  test("counts waiting callers and free members in QueueSummary", async () => {
    pbx.placeCall({ number: "+79430000001", to: "606", talkMs: 60_000 });
    pbx.placeCall({ number: "+79430000002", to: "606", talkMs: 60_000 });
    clock.advance(3000);
    const client = await login();
    const [summary] = await client.list("Action: QueueSummary\r\nQueue: 606", "1");
    expect(summary!.keys.slice(1)).toEqual([
      "Queue",
      "LoggedIn",
      "Available",
      "Callers",
      "HoldTime",
      "TalkTime",
      "LongestHoldTime",
      "ActionID",
    ]);
    expect([summary!.get("LoggedIn"), summary!.get("Available"), summary!.get("Callers")]).toEqual([
      "1",
      "0",
      "1",
    ]);
  });

  test("names version and start in CoreSettings and CoreStatus", async () => {
    const client = await login();
    const settings = await client.action("Action: CoreSettings\r\nActionID: 1", "1");
    expect(settings.get("AsteriskVersion")).toBe("22.10.1");
    const status = await client.action("Action: CoreStatus\r\nActionID: 2", "2");
    expect(status.get("CoreStartupDate")).toMatch(/^\d{4}-\d\d-\d\d$/);
    expect(status.get("CoreStartupTime")).toMatch(/^\d\d:\d\d:\d\d$/);
  });
});

function liveEvents(client: RawClient): readonly Message[] {
  return client
    .messages()
    .filter((each) => each.keys[1] === "Privilege" && each.get("Event") !== "FullyBooted");
}
