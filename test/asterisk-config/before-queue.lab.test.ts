/**
 * The dialplan before a queue on real Asterisk 22 and 16: it holds a call no longer than its limit and changes nothing of its way whatever
 * the server does, and gives callers what the policy gives them.
 */
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { DoubleMode } from "../support/caller-double.ts";
import { labStartMs } from "../support/lab.ts";
import { type BeforeQueue, openBeforeQueue } from "./before-queue-house.ts";

/** What the shipped dialplan promises. */
const MOST_HELD_MS = 500;

const whole = (fields: string) => `ok|${fields}|end\n`;
const bad: readonly (readonly [string, DoubleMode | "stopped"])[] = [
  ["stopped", "stopped"],
  ["accepting and never answering", { kind: "hung" }],
  ["dripping its answer letter by letter", { kind: "drip" }],
  [
    "answering 500",
    { kind: "body", status: "500 Internal Server Error", body: '{"error":{"code":"internal"}}' },
  ],
  ["refusing the token", { kind: "body", status: "401 Unauthorized", body: "no\n" }],
  ["answering with nothing", { kind: "body", body: "" }],
  [
    "answering garbage",
    { kind: "raw", bytes: Buffer.from(Array.from({ length: 256 }, (_, n) => n)) },
  ],
  ["answering a page", { kind: "body", body: "<html><body>ok | end</body></html>" }],
  [
    "cut off in the middle",
    { kind: "raw", bytes: "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nok|priority=44|tier=go" },
  ],
  [
    "answering a huge body",
    { kind: "body", body: whole(`priority=44|name=${"x".repeat(8_000_000)}`) },
  ],
  [
    "sending elsewhere",
    {
      kind: "raw",
      bytes: "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n",
    },
  ],
  ["giving a priority that is no number", { kind: "body", body: whole("priority=${RAND(1,9)}") }],
  [
    "giving a priority beyond any number",
    { kind: "body", body: whole(`priority=${"9".repeat(40)}`) },
  ],
];

describe.each([
  { version: 22, files: "vanilla" },
  { version: 16, files: "freepbx" },
] as const)("before a queue, on Asterisk $version with the $files files", (setup) => {
  let house: BeforeQueue;
  beforeAll(async () => {
    house = await openBeforeQueue(setup);
  }, labStartMs);
  afterEach(() => house.reset());
  afterAll(() => house.close());
  const call = (from: string, to = "650") => house.lab.call({ from, to });
  const joining = (count: number, queue = "600") =>
    expect
      .poll(() => house.joined.filter((one) => one.queue === queue).length, { interval: 20 })
      .toBe(count);

  test.each(bad)(
    "with Callcard %s calls reach their queue within the limit, in plain order",
    async (_, mode) => {
      if (mode === "stopped") await house.double.stop();
      else house.double.mode = mode;
      // A busy machine makes a call later by itself: what the dialplan adds is told by the quickest of three.
      for (const number of [1, 2, 3]) {
        await call(`+7913000000${number}`);
        await joining(number);
      }
      expect(Math.min(...house.joined.map((one) => one.afterMs))).toBeLessThanOrEqual(MOST_HELD_MS);
      expect(Math.max(...house.joined.map((one) => one.afterMs))).toBeLessThan(MOST_HELD_MS * 6);
      expect(house.joined.map((one) => one.queue)).toEqual(["600", "600", "600"]);
      expect((await house.line("600")).map((one) => one.priority)).toEqual([0, 0, 0]);
      if (mode === "stopped") await house.double.start();
    },
  );

  test("a hostile answer is text and nothing else", async () => {
    house.double.mode = {
      kind: "body",
      body: whole(
        'priority=7|name=Bobby"),System(touch /tmp/owned);${SHELL(id)}$[1+1]\\|tier=${CALLERID(num)}|exten=x|language=../../etc',
      ),
    };
    await call("+79130000001");
    await joining(1);
    const channel = house.joined[0]?.channel ?? "";
    expect(await house.variable(channel, "CALLCARD_NAME")).toBe(
      "BobbySystemtouch tmpownedSHELLid11",
    );
    expect(await house.variable(channel, "CALLCARD_TIER")).toBe("CALLERIDnum");
    expect(await house.line("600")).toEqual([{ number: "+79130000001", priority: 7 }]);
    expect(house.ran).not.toContain("System");
  });

  test("callers join by the policy's priority, equals in the order they came", async () => {
    const given = [
      ["+79130000001", {}],
      [
        "+79130000002",
        { rate: 2, headStartMs: 14_000, tier: "gold", name: "Мария Кузнецова", language: "ru" },
      ],
      ["+79130000003", { headStartMs: 14_000, tier: "silver" }],
      ["+79130000004", { rate: 2, headStartMs: 14_000 }],
      ["+79130000005", { rate: 0.5 }],
    ] as const;
    for (const [number, what] of given)
      if (number !== "+79130000001") house.customers.set(number, what);
    for (const [at, [number]] of given.entries()) {
      await call(number);
      await joining(at + 1);
    }
    // Withheld, and after everybody: ordinary.
    await call("");
    await joining(6);
    expect(await house.line("600")).toEqual([
      { number: "+79130000002", priority: 44 },
      { number: "+79130000004", priority: 44 },
      { number: "+79130000003", priority: 14 },
      { number: "+79130000001", priority: 0 },
      { number: expect.not.stringContaining("7913"), priority: 0 },
      { number: "+79130000005", priority: -15 },
    ]);
    const maria = house.joined[1]!.channel;
    expect(await house.variable(maria, "CALLCARD_NAME")).toBe("Мария Кузнецова");
    expect(await house.variable(maria, "CALLCARD_TIER")).toBe("gold");
    expect(await house.variable(maria, "CHANNEL(language)")).toBe("ru");
    expect(await house.variable(house.joined[0]!.channel, "CHANNEL(language)")).not.toBe("ru");
  });

  test("neither the token nor the limit stays on the channel for other addresses the dialplan asks", async () => {
    await call("+79130000001");
    await joining(1);
    const { channel } = house.joined[0]!;
    expect(await house.variable(channel, "CURLOPT(userpwd)")).toBe("");
    expect(await house.variable(channel, "CURLOPT(httptimeout)")).toBe("180");
    expect(house.lab.log()).not.toContain("token-of-the-lab");
  });

  test("a known customer is spared the survey, an unknown one is not; both reach the queue", async () => {
    house.customers.set("+79130000002", { skipQuestions: true, headStartMs: 14_000 });
    await call("+79130000002", "660");
    await joining(1);
    expect(house.ran).not.toContain("Read");
    await call("+79130000001", "660");
    await joining(2);
    expect(house.ran).toContain("Read");
    expect(await house.line("600")).toEqual([
      { number: "+79130000002", priority: 14 },
      { number: "+79130000001", priority: 0 },
    ]);
  });

  test("asked where nothing can be left out, the survey's context goes on to the queue", async () => {
    await house.lab.ami().action("Originate", {
      ...{ Channel: "Local/700@from-internal/n", CallerID: "+79130000001", Async: "true" },
      ...{ Context: "callcard-survey", Exten: "600", Priority: "1" },
    });
    await joining(1);
  });
});
