import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { VirtualClock } from "../../../server/demo/pbx/clock.ts";
import { startSimulatedPbx, type SimulatedPbx } from "../../../server/demo/pbx/simulated-pbx.ts";
import { RawClient } from "./client.ts";

const nothing = { channels: 0, bridges: 0, waiting: 0 };
let clock: VirtualClock;
let pbx: SimulatedPbx;

beforeEach(async () => {
  clock = new VirtualClock();
  pbx = await startSimulatedPbx({
    clock,
    queues: [
      {
        name: "sales",
        strategy: "rrmemory",
        retrySeconds: 1,
        members: ["101", "102", "103"].map((each) => ({ interface: `PJSIP/${each}` })),
      },
      {
        name: "support",
        strategy: "ringall",
        members: ["101", "102"].map((each) => ({
          interface: `Local/${each}@from-queue/n`,
          stateInterface: `hint:${each}@ext-local`,
        })),
      },
    ],
    phones: { do: "answer", afterMs: 2000 },
  });
});

afterEach(() => pbx.stop());

describe("members", () => {
  test("take turns in rrmemory", () => {
    const rung: string[] = [];
    for (let i = 0; i < 4; i += 1) {
      const call = pbx.placeCall({ number: `${i}`, to: "sales", talkMs: 1000 });
      clock.advance(10_000);
      rung.push(call.answeredBy);
    }
    expect(rung).toEqual(["PJSIP/101", "PJSIP/102", "PJSIP/103", "PJSIP/101"]);
  });

  test("serve several callers at once, and the next as soon as one is free", () => {
    const calls = [1, 2, 3, 4].map((n) =>
      pbx.placeCall({ number: `${n}`, to: "sales", talkMs: 5000 }),
    );
    clock.advance(3000);
    expect(calls.map((each) => each.state)).toEqual(["talking", "talking", "talking", "waiting"]);
    clock.advance(8500);
    expect(calls.map((each) => each.state)).toEqual(["ended", "ended", "ended", "talking"]);
  });

  test("who rings in one queue is not rung in another", () => {
    pbx.placeCall({ number: "1", to: "support", patienceMs: 1500 });
    clock.advance(500);
    const second = pbx.placeCall({ number: "2", to: "sales", patienceMs: 900 });
    clock.advance(500);
    expect(second.rung).toEqual(["PJSIP/103"]);
    clock.advance(60_000);
    expect(pbx.live()).toEqual(nothing);
  });

  test("one phone is not rung by two queues at the same moment", () => {
    for (const each of ["102", "103"]) pbx.setRegistered(each, false);
    clock.advance(1);
    const calls = ["support", "sales"].map((to) =>
      pbx.placeCall({ number: to, to, patienceMs: 1500 }),
    );
    clock.advance(500);
    expect(calls.map((each) => each.rung)).toEqual([["Local/101@from-queue/n"], []]);
  });

  test("a phone off the network is not rung", () => {
    pbx.setRegistered("101", false);
    clock.advance(1);
    const call = pbx.placeCall({ number: "1", to: "sales", talkMs: 1000 });
    clock.advance(10_000);
    expect(call.rung).toEqual(["PJSIP/102"]);
  });
});

describe("people", () => {
  test("an operator who hands over blindly is free while the call goes on", () => {
    const call = pbx.placeCall({
      number: "1",
      to: "sales",
      talkMs: 20_000,
      steps: [{ afterMs: 1000, do: "blindTransfer", to: "103" }],
    });
    clock.advance(6000);
    expect(call.state).toBe("talking");
    expect(pbx.readyIn("101")).toEqual(["sales", "support"]);
    expect(pbx.readyIn("103")).toEqual([]);
    clock.advance(60_000);
    expect(pbx.live()).toEqual(nothing);
  });

  test("a consultation that is not answered gives the caller back", () => {
    pbx.setPhone("103", { do: "reject", afterMs: 1000 });
    const call = pbx.placeCall({
      number: "1",
      to: "sales",
      talkMs: 20_000,
      steps: [{ afterMs: 1000, do: "attendedTransfer", to: "103", consultMs: 1000 }],
    });
    clock.advance(8000);
    expect(call.state).toBe("talking");
    expect(pbx.readyIn("101")).toEqual([]);
    clock.advance(60_000);
    expect(pbx.live()).toEqual(nothing);
  });

  test("a caller who hangs up during the consultation leaves both operators talking until the consultation ends", () => {
    pbx.placeCall({
      number: "1",
      to: "sales",
      talkMs: 5000,
      steps: [{ afterMs: 1000, do: "attendedTransfer", to: "103", consultMs: 60_000 }],
    });
    clock.advance(8000);
    expect(pbx.live().channels).toBe(2);
    clock.advance(120_000);
    expect(pbx.live()).toEqual(nothing);
  });

  test("a call to nowhere, to a phone off the network, and to a busy line all end", () => {
    pbx.setRegistered("102", false);
    pbx.dial({ from: "101", to: "12" });
    pbx.dial({ from: "101", to: "102" });
    clock.advance(100);
    expect(pbx.live()).toEqual(nothing);
    expect(() => pbx.dial({ from: "999", to: "101" })).toThrow("no phone 999");
    expect(() => pbx.placeCall({ number: "1", to: "nowhere" })).toThrow("no queue or extension");
  });
});

describe("faults", () => {
  test("cut connections leave calls alone, and a message may be torn in the middle", async () => {
    const client = await RawClient.loggedIn(pbx);
    const call = pbx.placeCall({ number: "1", to: "sales", talkMs: 30_000 });
    clock.advance(5000);
    pbx.cutConnections("Event: Newchannel\r\nChannel: PJS");
    await client.until(() => client.closed);
    expect(client.text.endsWith("Channel: PJS")).toBe(true);
    expect(call.state).toBe("talking");
    const again = await RawClient.loggedIn(pbx);
    expect(await again.list("Action: CoreShowChannels", "1")).toHaveLength(2);
    again.close();
  });

  test("a restart ends connections and calls, and uptime begins anew", async () => {
    clock.advance(100_000);
    const client = await RawClient.loggedIn(pbx);
    const call = pbx.placeCall({ number: "1", to: "sales", talkMs: 30_000 });
    clock.advance(5000);
    pbx.setPhone("101", { do: "ignore" });
    pbx.restart();
    await client.until(() => client.closed);
    await call.ended;
    expect(call.state).toBe("ended");
    expect(pbx.live()).toEqual(nothing);
    clock.advance(3000);
    const again = await RawClient.loggedIn(pbx);
    const booted = again.messages().find((each) => each.get("Event") === "FullyBooted");
    expect(booted?.get("Uptime")).toBe("3");
    // What the people at the phones do outlives the machine.
    const next = pbx.placeCall({ number: "1", to: "sales", patienceMs: 8000 });
    clock.advance(9000);
    expect(next.answeredBy).toBe("");
    again.close();
  });

  test("injected bytes arrive as they are", async () => {
    const client = await RawClient.loggedIn(pbx);
    pbx.inject("\r\n\r\nEvent: Gar\u0000bage\r\n");
    await client.until((text) => text.endsWith("Event: Gar\u0000bage\r\n"));
    client.close();
  });

  test("stop ends calls, timers, connections and the port, and may be called twice", async () => {
    const client = await RawClient.loggedIn(pbx);
    const call = pbx.placeCall({ number: "1", to: "sales", talkMs: 30_000 });
    clock.advance(5000);
    await Promise.all([pbx.stop(), pbx.stop()]);
    await call.ended;
    await client.until(() => client.closed);
    expect(clock.pending()).toBe(0);
    await expect(RawClient.connect(pbx.port)).rejects.toThrow();
    expect(() => pbx.placeCall({ number: "1", to: "sales" })).toThrow("stopped");
  });
});

test("load leaves nothing behind: 2,000 calls of every kind", () => {
  for (let i = 0; i < 2000; i += 1) {
    const to = i % 3 === 0 ? "support" : "sales";
    pbx.placeCall({
      number: `+7943000${i}`,
      to,
      patienceMs: 500 + (i % 17) * 400,
      talkMs: 300 + (i % 7) * 300,
      ...(i % 5 === 0
        ? { steps: [{ afterMs: 200, do: "blindTransfer" as const, to: `10${1 + (i % 3)}` }] }
        : {}),
      ...(i % 13 === 0
        ? { steps: [{ afterMs: 200, do: "blondeTransfer" as const, to: "103", ringMs: 300 }] }
        : {}),
      ...(i % 11 === 0
        ? {
            steps: [{ afterMs: 200, do: "attendedTransfer" as const, to: "102", consultMs: 100 }],
          }
        : {}),
    });
    clock.advance(10);
  }
  clock.advance(300_000);
  expect(pbx.live()).toEqual(nothing);
  expect(pbx.members().every((each) => !each.pending && !each.inCall && each.status === 1)).toBe(
    true,
  );
  expect(clock.pending()).toBe(0);
});

test("the same seed plays the same", async () => {
  const run = async (): Promise<string> => {
    const clock = new VirtualClock();
    const pbx = await startSimulatedPbx({
      clock,
      seed: 5,
      queues: [{ name: "sales", members: [{ interface: "PJSIP/101" }] }],
    });
    const client = await RawClient.loggedIn(pbx);
    pbx.placeCall({ number: "1", to: "sales" });
    clock.advance(120_000);
    await client.settle();
    client.close();
    await pbx.stop();
    return client.text;
  };
  expect(await run()).toBe(await run());
});
