import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { connect } from "node:tls";
import { createInterface } from "node:readline";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { processStartTime } from "../../asterisk-config/lab/processes.ts";
import { type Lab, labStartMs, startLab } from "../support/lab.ts";

const customer = "+79130000001";

describe("the lab", () => {
  let lab: Lab;
  let older: Lab;
  beforeAll(async () => {
    lab = await startLab({ version: 22 });
    older = await startLab({ version: 16 });
  }, labStartMs);

  test("runs Asterisk 22 and 16 side by side", async () => {
    expect(await lab.cli("core show version")).toMatch(/^Asterisk 22\./);
    expect(await older.cli("core show version")).toMatch(/^Asterisk 16\./);
    expect(lab.amiPort).not.toBe(older.amiPort);
  });

  test.each([
    ["600", "a PJSIP member"],
    ["601", "a Local member with /n"],
    ["602", "a Local member without /n"],
  ])("plays a call into queue %s, answered by %s, on both", async (queue) => {
    for (const pbx of [lab, older]) {
      const phone = await pbx.phone("101", { answerAfterMs: 200 });
      const caller = await pbx.call({ from: customer, name: "Иван", to: queue });
      await phone.answered();
      expect(phone.dialog().remote).toContain(`sip:${customer}@`);
      expect(phone.dialog().remote).toContain("Иван");
      await caller.hangUp();
      await phone.saw("other side hung up");
      await pbx.hangUpAll();
    }
  });

  test("a phone can wait for its owner to answer", async () => {
    const phone = await lab.phone("101", { answerAfterMs: "onCommand" });
    const caller = await lab.call({ from: customer, to: "600" });
    await phone.ringing();
    expect(phone.events.some((event) => event.name === "answered")).toBe(false);
    await phone.answer();
    await phone.answered();
    await phone.hangUp();
    await caller.over();
    await lab.hangUpAll();
  });

  test("speaks AMI over TLS with the certificate it names", async () => {
    const socket = connect({
      host: "127.0.0.1",
      port: lab.amiTlsPort,
      ca: readFileSync(lab.certificate),
    });
    const [greeting] = (await once(socket, "data")) as [Buffer];
    expect(greeting.toString()).toContain("Asterisk Call Manager/");
    socket.destroy();
  });

  test("starting what runs and halting what is halted changes nothing", async () => {
    const pid = lab.pid();
    await lab.start();
    expect(lab.pid()).toBe(pid);
    await lab.halt();
    await lab.halt();
    expect(processStartTime(pid)).toBeNull();
    await lab.start();
    expect(lab.pid()).not.toBe(pid);
  });

  test("after a crash and a restart it has the same ports and its phones are back", async () => {
    const port = lab.amiPort;
    const phone = await lab.phone("101", { answerAfterMs: 100 });
    await lab.kill();
    expect(lab.isRunning()).toBe(false);
    await lab.start();
    await lab.restart();
    expect(lab.amiPort).toBe(port);
    const caller = await lab.call({ from: customer, to: "600" });
    await phone.answered();
    await caller.hangUp();
    await lab.hangUpAll();
  });

  test("what a killed run left behind is ended with it and cleaned at the next start", async () => {
    const script = `
      import { startLab } from ${JSON.stringify(join(import.meta.dirname, "../../asterisk-config/lab/lab.ts"))};
      const lab = await startLab({ version: 22 });
      await lab.phone("101", { answerAfterMs: "never" });
      await lab.call({ from: "+79130000001", to: "600" });
      console.log(lab.pid() + " " + lab.certificate);
      setInterval(() => {}, 1000);
    `;
    const child = spawn(process.execPath, ["--input-type=module-typescript", "-e", script], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const [line] = (await once(createInterface({ input: child.stdout }), "line")) as [string];
    const [pid = "", certificate = ""] = line.split(" ");
    expect(processStartTime(Number(pid))).not.toBeNull();
    expect(existsSync(certificate)).toBe(true);
    child.kill("SIGKILL");
    await once(child, "exit");
    await expect.poll(() => processStartTime(Number(pid)), { timeout: 5000 }).toBeNull();
    const next = await startLab({ version: 22 });
    expect(existsSync(certificate)).toBe(false);
    expect(next.isRunning()).toBe(true);
    await next.stop();
  }, 60_000);

  test("stopping twice is as stopping once, and nothing of it stays", async () => {
    const another = await startLab({ version: 22 });
    const pid = another.pid();
    await another.phone("101");
    await another.stop();
    await another.stop();
    expect(processStartTime(pid)).toBeNull();
    expect(existsSync(another.certificate)).toBe(false);
  });
});
