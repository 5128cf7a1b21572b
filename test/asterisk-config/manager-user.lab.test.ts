import { beforeAll, describe, expect, test } from "vitest";
import { first, type Lab, LabAmi, labStartMs, startLab } from "../support/lab.ts";

/** What Callcard asks of a PBX, with values that change nothing. */
const needed: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  Ping: {},
  CoreStatus: {},
  CoreSettings: {},
  CoreShowChannels: {},
  BridgeList: {},
  BridgeInfo: { BridgeUniqueid: "none" },
  QueueStatus: {},
  QueueSummary: {},
  DeviceStateList: {},
  ExtensionStateList: {},
  Getvar: { Variable: "EPOCH" },
  Setvar: { Variable: "CALLCARD_TEST", Value: "1" },
  QueuePause: { Interface: "PJSIP/101", Paused: "false" },
  QueuePenalty: { Interface: "PJSIP/101", Penalty: "0", Queue: "600" },
  QueueAdd: { Queue: "none", Interface: "PJSIP/101" },
  QueueRemove: { Queue: "none", Interface: "PJSIP/101" },
  QueueChangePriorityCaller: { Queue: "600", Caller: "none", Priority: "1" },
  QueueWithdrawCaller: { Queue: "600", Caller: "none" },
  Hangup: { Channel: "none" },
  Redirect: { Channel: "none", Context: "from-internal", Exten: "101", Priority: "1" },
  BlindTransfer: { Channel: "none", Context: "from-internal", Exten: "101" },
  Originate: { Channel: "PJSIP/none", Context: "callcard-dial", Exten: "100000", Priority: "1" },
};

/** What nobody who steals its password may do. */
const forbidden: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  Command: { Command: "core show version" },
  DialplanExtensionAdd: { Context: "c", Extension: "1", Priority: "1", Application: "NoOp" },
  DialplanExtensionRemove: { Context: "from-internal", Extension: "700" },
  ModuleLoad: { LoadType: "reload", Module: "app_queue.so" },
  Reload: {},
  GetConfig: { Filename: "manager.conf" },
  UpdateConfig: { SrcFilename: "queues.conf", DstFilename: "queues.conf" },
  CreateConfig: { Filename: "stolen.conf" },
  ListCategories: { Filename: "manager.conf" },
  Filter: { Operation: "Add", Filter: "Event: .*" },
  DBPut: { Family: "f", Key: "k", Val: "v" },
  DBDel: { Family: "f", Key: "k" },
  AGI: { Channel: "none", Command: "ANSWER", CommandID: "1" },
  UserEvent: { UserEvent: "Forged" },
  PJSIPShowContacts: {},
};

describe.each([
  { version: 22, files: "vanilla" },
  { version: 16, files: "freepbx" },
] as const)("the manager user on Asterisk $version from the $files files", (setup) => {
  let lab: Lab;
  let ami: LabAmi;

  beforeAll(async () => {
    lab = await startLab(setup);
    ami = await LabAmi.open(lab.amiPort, lab.username, lab.secret);
  }, labStartMs);

  test.each(Object.entries(needed))("may do %s", async (action, fields) => {
    const [response] = await ami.tryAction(action, fields);
    expect(first(response, "Message")).not.toBe("Permission denied");
    expect(first(response, "Message")).not.toMatch(/Invalid\/unknown command/);
  });

  test.each(Object.entries(forbidden))("may not do %s", async (action, fields) => {
    const [response] = await ami.tryAction(action, fields);
    expect(first(response, "Message")).toBe("Permission denied");
  });

  test("may not run programs by Originate", async () => {
    const [response] = await ami.tryAction("Originate", {
      Channel: "Local/700@from-internal",
      Application: "System",
      Data: "true",
    });
    expect(first(response, "Message")).toContain("Originate Access Forbidden");
  });

  test("cannot log in with another password", async () => {
    await expect(LabAmi.open(lab.amiPort, lab.username, "CHANGE-ME")).rejects.toThrow(
      "Authentication failed",
    );
  });

  test("hears channels and queues, but not every dialplan step", async () => {
    const heard = new Set<string>();
    const stop = ami.listen((message) => heard.add(first(message, "Event")));
    const phone = await lab.phone("101", { answerAfterMs: 100, talkMs: 300 });
    const caller = await lab.call({ from: "+79130000001", to: "601" });
    await phone.answered();
    await caller.over();
    await lab.noChannels();
    await ami.action("Ping");
    stop();
    for (const event of [
      "Newchannel",
      "QueueCallerJoin",
      "AgentCalled",
      "DialBegin",
      "BridgeEnter",
    ])
      expect(heard).toContain(event);
    for (const event of ["Newexten", "VarSet"]) expect(heard).not.toContain(event);
  });
});
