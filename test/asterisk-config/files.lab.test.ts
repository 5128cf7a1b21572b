import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { first, type Lab, LabAmi, labStartMs, startLab } from "../support/lab.ts";

/** A warning or an error of a module that reads our lines. */
const concerned =
  /(?:WARNING|ERROR)\[\d+\](?:\[C-\w+\])? (?:manager|app_queue|pbx|pbx_config|config|config_options|features|rtp|res_sorcery_config|res_pjsip[\w/]*)\.c/;

/** What Debian's own packages say at every start, without any file of ours. */
const packaged =
  /users\.conf is deprecated|Unable to load config file '(?!manager|queues|extensions|pjsip\.conf|features)/;

describe.each([
  { version: 22, files: "vanilla" },
  { version: 22, files: "freepbx" },
  { version: 16, files: "vanilla" },
  { version: 16, files: "freepbx" },
] as const)("the $files files on Asterisk $version", (setup) => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await startLab(setup);
  }, labStartMs);
  afterEach(() => lab.hangUpAll());

  test("load without a warning about any line of ours", () => {
    const complaints = lab
      .log()
      .split("\n")
      .filter((line) => concerned.test(line) && !packaged.test(line));
    expect(complaints).toEqual([]);
  });

  test("a second caller rings the next free operator while the first one's phone still rings", async () => {
    const one = await lab.phone("101", { answerAfterMs: "never" });
    const two = await lab.phone("102", { answerAfterMs: "never" });
    await lab.call({ from: "+79130000001", to: "600" });
    await one.ringing();
    await lab.call({ from: "+79130000002", to: "600" });
    await two.ringing();
    expect(one.events.map((event) => event.name)).toEqual(["invited", "ringing"]);
  });

  test("no queue rings an operator who is talking", async () => {
    const listed = await lab.cli("queue show");
    for (const queue of ["600", "601", "602", "603", "604", "605", "606", "607"])
      expect(listed).toContain(`${queue} has 0 calls`);
    expect(listed.match(/\(ringinuse disabled\)/g)?.length).toBe(18);
  });

  test("Local members follow the state of the phone behind them", async () => {
    expect(await lab.cli("queue show 601")).toMatch(/Local\/101@from-queue\/n.*\(Unavailable\)/);
    await lab.phone("101");
    await expect
      .poll(() => lab.cli("queue show 601"), { timeout: 5000 })
      .toMatch(/Local\/101@from-queue\/n.*\(Not in use\)/);
  });

  test("click-to-call rings the operator, then the customer, who sees the operator's extension", async () => {
    const operator = await lab.phone("101", { answerAfterMs: 100 });
    const customer = await lab.pstn({ answerAfterMs: 100, talkMs: 300 });
    await lab.ami().action("Originate", {
      Channel: "PJSIP/101",
      Context: "callcard-dial",
      Exten: "+79130000009",
      Priority: "1",
      CallerID: "+79130000009",
      Variable: "CALLCARD_EXTENSION=101",
      Async: "true",
    });
    await customer.answered();
    expect(customer.dialog().remote).toContain("<sip:101@");
    expect(operator.dialog().remote).toContain("<sip:+79130000009@");
    await operator.saw("over");
    await lab.noChannels();
  });

  test("the dialplan can tell why a caller left a queue", async () => {
    const ami = await LabAmi.open(lab.amiPort, lab.username, lab.secret);
    const told = ami.next((message) => first(message, "Event") === "UserEvent", 15_000);
    await lab.call({ from: "+79130000001", to: "609" });
    const event = await told;
    await ami.close();
    expect(first(event, "UserEvent")).toBe("CallcardQueueStatus");
    expect(first(event, "Queue")).toBe("604");
    expect(first(event, "Status")).toBe("TIMEOUT");
    expect(first(event, "Uniqueid")).not.toBe("");
  });

  test("click-to-call dials numbers only", async () => {
    for (const exten of ["h", "s", "failed", "x101"])
      expect(await lab.cli(`dialplan show ${exten}@callcard-dial`)).toContain(
        "There is no existence of",
      );
  });
});
