import { afterEach, beforeEach, expect, test } from "vitest";
import {
  changePriority,
  hangup,
  originate,
  pauseMember,
  redirect,
  unpauseMember,
} from "../../server/asterisk/actions.ts";
import type { Origination } from "../../server/asterisk/actions.ts";
import { AmiServer } from "../support/ami-server.ts";
import type { Answer, SeenAction } from "../support/ami-server.ts";
import { watchedLink } from "../support/link.ts";
import type { WatchedLink } from "../support/link.ts";

let server: AmiServer;
let watched: WatchedLink;

const success: Answer = (action, session) => session.success(action, { Message: "done" });

beforeEach(async () => {
  server = await AmiServer.open({
    answers: {
      queuepause: success,
      originate: success,
      redirect: success,
      queuechangeprioritycaller: success,
      hangup: (action, session) => {
        if (action.get("channel") === "PJSIP/gone-1") session.error(action, "No such channel");
        else if (action.get("channel") === "") session.error(action, "No channel specified");
        else success(action, session);
      },
    },
  });
  watched = watchedLink(server);
  watched.link.start();
  await watched.untilState("up");
});

afterEach(async () => {
  watched.link.stop();
  await server.close();
});

/** Header lines of the one action of that name, without its ActionID, sorted. */
async function sent(name: string): Promise<string[]> {
  const action: SeenAction = await (await server.session()).seen(name);
  return action.lines.filter((line) => !line.startsWith("ActionID")).toSorted();
}

test("A member is paused in all queues or in one, with the reason", async () => {
  await pauseMember(watched.link, { interface: "Local/101@from-queue/n", reason: "обед" });
  expect(await sent("QueuePause")).toEqual([
    "Action: QueuePause",
    "Interface: Local/101@from-queue/n",
    "Paused: true",
    "Reason: обед",
  ]);
  await unpauseMember(watched.link, { interface: "PJSIP/101", queue: "sales" });
  const second = await (await server.session()).seen("QueuePause", 2);
  expect([second.get("paused"), second.get("queue"), second.get("reason")]).toEqual([
    "false",
    "sales",
    "",
  ]);
});

const call: Origination = {
  channel: "PJSIP/101",
  channelId: "attempt-7",
  context: "from-internal",
  exten: "+79130000001",
  ringTimeoutMs: 20_000,
};

test("A call is asked for asynchronously, with its id, into a place of the dialplan", async () => {
  await originate(watched.link, {
    ...call,
    otherChannelId: "attempt-7-2",
    callerNumber: "74950000000",
    callerName: 'Shop "North" <1>\\',
    variables: { __ATTEMPT: "7", NOTE: "a=b,c" },
  });
  expect(await sent("Originate")).toEqual([
    "Action: Originate",
    "Async: true",
    'Callerid: "Shop North 1" <74950000000>',
    "Channel: PJSIP/101",
    "Channelid: attempt-7",
    "Context: from-internal",
    "Exten: +79130000001",
    "Otherchannelid: attempt-7-2",
    "Priority: 1",
    "Timeout: 20000",
    "Variable: NOTE=a=b,c",
    "Variable: __ATTEMPT=7",
  ]);
});

test.each<[string, Partial<Origination>]>([
  ["an id with a line end", { channelId: "a\r\nAction: Command" }],
  ["an empty id", { channelId: "" }],
  ["an id that is too long", { channelId: "a".repeat(150) }],
  ["a variable that would set a function", { variables: { "SHELL(id)": "x" } }],
  ["a variable that is two", { variables: { "A=1,B": "x" } }],
  ["a value with a line end", { variables: { A: "x\nVariable: B=1" } }],
  ["a caller's name with a line end", { callerNumber: "1", callerName: "x\r\nAsync: false" }],
  ["an extension with a line end", { exten: "100\nApplication: System" }],
])("A call with %s is refused before anything is sent", async (_, change) => {
  await expect(originate(watched.link, { ...call, ...change })).rejects.toMatchObject({
    code: "invalid",
  });
  await watched.link.action("Ping");
  const names = (await server.session()).actions.map((action) => action.name);
  expect(names).not.toContain("originate");
});

test("Hanging up a channel that is gone is no error, other refusals are", async () => {
  expect(await hangup(watched.link, "PJSIP/101-1")).toBe(true);
  expect(await hangup(watched.link, "PJSIP/gone-1")).toBe(false);
  await expect(hangup(watched.link, "")).rejects.toMatchObject({ code: "refused" });
});

test("A channel is sent elsewhere", async () => {
  await redirect(watched.link, "PJSIP/101-1", { context: "from-internal", exten: "102" });
  expect(await sent("Redirect")).toEqual([
    "Action: Redirect",
    "Channel: PJSIP/101-1",
    "Context: from-internal",
    "Exten: 102",
    "Priority: 1",
  ]);
});

test("A waiting caller is moved at once where Asterisk can, and refused with the version where it cannot", async () => {
  const caller = { queue: "sales", channelName: "PJSIP/trunk-1", priority: 9 };
  await changePriority(watched.link, caller);
  expect(await sent("QueueChangePriorityCaller")).toContain("Immediate: true");
  server.options = { ...server.options, version: "16.28.0" };
  (await server.session()).cut();
  await watched.until("snapshot", 2);
  await watched.untilState("up");
  await expect(changePriority(watched.link, caller)).rejects.toThrow("Asterisk 16.28.0 cannot");
});
