import { afterEach, expect, test } from "vitest";
import { AmiConnection } from "../../server/asterisk/connection.ts";
import type { ConnectionLimits } from "../../server/asterisk/connection.ts";
import { systemClock } from "../../server/asterisk/clock.ts";
import { decode } from "../../server/asterisk/events.ts";
import type { PbxEvent } from "../../server/asterisk/model.ts";
import { AmiError } from "../../server/asterisk/model.ts";
import { AmiServer, message } from "../support/ami-server.ts";
import type { AmiServerOptions, AmiSession } from "../support/ami-server.ts";
import { wireClock } from "../support/wire-clock.ts";
import type { WireClock } from "../support/wire-clock.ts";

const closers: (() => void | Promise<void>)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

const turn = () => new Promise((resolve) => setImmediate(resolve));

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await turn();
}

const limits: ConnectionLimits = {
  connectDeadlineMs: 5000,
  loginDeadlineMs: 5000,
  actionDeadlineMs: 5000,
  listDeadlineMs: 15_000,
  pingMs: 2000,
  pingLimitMs: 10_000,
  maxMessageChars: 64 * 1024,
  maxListItems: 1000,
  sliceMs: 4,
  maxWaitingChars: 1024 * 1024,
  tooMuchAfterMs: 2000,
};

type Watched = {
  readonly connection: AmiConnection;
  readonly clock: WireClock;
  readonly server: AmiServer;
  readonly events: { readonly event: PbxEvent | null; readonly name: unknown }[];
  readonly closed: string[];
  readonly roundTrips: number[];
  readonly outcomes: string[];
  readonly noise: string[];
  damage: number;
  stray: number;
  shed: number;
  tooMuch: number;
};

async function watch(
  options: AmiServerOptions = {},
  change: Partial<ConnectionLimits> = {},
  secret = "secret",
): Promise<Watched> {
  const server = await AmiServer.open(options);
  const clock = wireClock();
  const watched: Watched = {
    clock,
    server,
    events: [],
    closed: [],
    roundTrips: [],
    outcomes: [],
    noise: [],
    damage: 0,
    stray: 0,
    shed: 0,
    tooMuch: 0,
    connection: new AmiConnection(
      { host: "127.0.0.1", port: server.port, username: "callcard", secret, tls: false },
      { ...limits, ...change },
      clock,
      {
        onEvent: (raw) => void watched.events.push({ event: decode(raw), name: raw["event"] }),
        isNoise: (name) => name === "VarSet",
        onNoise: (name) => void watched.noise.push(name),
        onShed: () => void (watched.shed += 1),
        onTooMuch: () => void (watched.tooMuch += 1),
        onDamage: () => void (watched.damage += 1),
        onAction: (name, outcome) => void watched.outcomes.push(`${name} ${outcome}`),
        onRoundTrip: (ms) => void watched.roundTrips.push(ms),
        onStray: () => void (watched.stray += 1),
        onClosed: (reason) => void watched.closed.push(reason),
      },
    ),
  };
  closers.push(async () => {
    watched.connection.close("The test is over");
    await server.close();
  });
  return watched;
}

async function opened(
  options: AmiServerOptions = {},
  change: Partial<ConnectionLimits> = {},
): Promise<Watched & { readonly session: AmiSession }> {
  const watched = await watch(options, change);
  await watched.connection.open();
  const session = await watched.server.session();
  await until(() => watched.events.length > 0);
  watched.events.length = 0;
  return Object.assign(watched, { session });
}

async function failure(promise: Promise<unknown>): Promise<AmiError> {
  const error: unknown = await promise.then(
    () => new Error("It did not fail"),
    (reason: unknown) => reason,
  );
  if (error instanceof AmiError) return error;
  throw error;
}

test("The login asks for all events by the header Asterisk understands", async () => {
  const { session } = await opened();
  const login = await session.seen("login");
  expect(login.get("events")).toBe("on");
  expect(login.get("username")).toBe("callcard");
  expect(login.lines.some((line) => line.startsWith("Event:"))).toBe(false);
});

test("A refused login fails with Asterisk's reason and the user's name, and closes", async () => {
  const watched = await watch({}, {}, "wrong-secret");
  const error = await failure(watched.connection.open());
  expect(error.code).toBe("login");
  expect(error.message).toContain("Authentication failed");
  expect(error.message).toContain("callcard");
  expect(error.message).not.toContain("wrong-secret");
  expect(watched.closed).toEqual([error.message]);
});

test("What does not greet like an Asterisk manager never gets to see the secret", async () => {
  const watched = await watch({ greeting: "SSH-2.0-OpenSSH_9.2" });
  const error = await failure(watched.connection.open());
  expect(error.message).toContain("SSH-2.0-OpenSSH_9.2");
  const session = await watched.server.session();
  await session.closed;
  expect(session.actions).toEqual([]);
});

test("A server that never greets is given up at the deadline", async () => {
  const watched = await watch({ greeting: "" });
  const opening = failure(watched.connection.open());
  // An empty first line is a greeting too, of nothing; so this server is told apart at once, and a silent one by the clock.
  expect((await opening).code).toBe("disconnected");

  const silent = await AmiServer.open({ tls: { key: "", cert: "" } });
  closers.push(() => silent.close());
  const clock = wireClock();
  const connection = new AmiConnection(
    { host: "127.0.0.1", port: silent.port, username: "a", secret: "b", tls: false },
    limits,
    clock,
    {
      onEvent: () => {},
      isNoise: () => false,
      onNoise: () => {},
      onShed: () => {},
      onTooMuch: () => {},
      onDamage: () => {},
      onAction: () => {},
      onRoundTrip: () => {},
      onStray: () => {},
      onClosed: () => {},
    },
  );
  const late = failure(connection.open());
  clock.advance(5000);
  expect(await late).toMatchObject({ code: "deadline" });
});

test("A login that is not answered is given up at the deadline", async () => {
  const watched = await watch({ answers: { login: () => {} } });
  const opening = failure(watched.connection.open());
  await (await watched.server.session()).seen("login");
  watched.clock.advance(5000);
  expect(await opening).toMatchObject({ code: "deadline", action: "Login" });
  expect(watched.closed).toHaveLength(1);
});

test("Nothing but the login is sent before the login is accepted", async () => {
  const watched = await watch();
  const early = failure(watched.connection.action("Ping"));
  expect(await early).toMatchObject({ code: "disconnected" });
});

test("An action that is not answered fails at its deadline, and its late answer is only counted", async () => {
  const watched = await opened({ answers: { slow: () => {} } });
  const waiting = failure(watched.connection.action("Slow", {}, { deadlineMs: 700 }));
  const seen = await watched.session.seen("slow");
  watched.clock.advance(699);
  await turn();
  expect(watched.outcomes).not.toContain("Slow deadline");
  watched.clock.advance(1);
  expect(await waiting).toMatchObject({ code: "deadline", action: "Slow" });
  watched.session.success(seen);
  await until(() => watched.stray === 1);
  expect(watched.closed).toEqual([]);
});

test("An answer that lies in the socket when the deadline falls is still taken", async () => {
  const watched = await opened({ answers: { slow: () => {} } });
  const waiting = watched.connection.action("Slow", {}, { deadlineMs: 700 });
  const seen = await watched.session.seen("slow");
  watched.session.success(seen, { Message: "just so" });
  // The loop is held up past the deadline while the answer arrives in the kernel.
  const untilMs = performance.now() + 50;
  while (performance.now() < untilMs);
  watched.clock.advance(700);
  expect((await waiting).message).toBe("just so");
});

test("A refusal carries Asterisk's words", async () => {
  const watched = await opened();
  const error = await failure(watched.connection.action("NoSuchThing"));
  expect(error).toMatchObject({ code: "refused", action: "NoSuchThing" });
  expect(error.message).toBe("Invalid/unknown command");
});

test("Everything that waits fails when the connection goes", async () => {
  const watched = await opened({ answers: { slow: () => {} } });
  const waiting = [1, 2, 3].map(() => failure(watched.connection.action("Slow")));
  await watched.session.seen("slow", 3);
  watched.session.cut();
  for (const error of await Promise.all(waiting)) {
    expect(error).toMatchObject({ code: "disconnected", action: "Slow" });
  }
  expect(watched.closed).toHaveLength(1);
  const after = await failure(watched.connection.action("Slow"));
  expect(after.code).toBe("disconnected");
  expect(watched.clock.pending()).toEqual([]);
});

test("An injection is refused and nothing of it reaches the PBX", async () => {
  const watched = await opened();
  const bad = { Channel: "PJSIP/101\r\nAction: Originate\r\nApplication: System" };
  expect(await failure(watched.connection.action("Hangup", bad))).toMatchObject({
    code: "invalid",
  });
  await watched.connection.action("Ping");
  expect(watched.session.actions.map((action) => action.name)).toEqual(["login", "ping"]);
});

test("A list is collected until it is complete, and its items are not events", async () => {
  const watched = await opened({
    answers: {
      devicestatelist: (action, session) => {
        session.send(message({ Response: "Success", ActionID: action.id, EventList: "start" }));
        session.event("DeviceStateChange", {
          ActionID: action.id,
          Device: "PJSIP/101",
          State: "INUSE",
        });
        session.event("ExtensionStatus", { ActionID: action.id, Exten: "101" });
        session.event("DeviceStateListComplete", {
          ActionID: action.id,
          EventList: "Complete",
          ListItems: 2,
        });
        session.event("DeviceStateChange", { Device: "PJSIP/102", State: "RINGING" });
      },
    },
  });
  const answer = await watched.connection.action("DeviceStateList", {}, { list: true });
  await until(() => watched.events.length > 0);
  expect(answer.items.map((item) => item["event"])).toEqual([
    "DeviceStateChange",
    "ExtensionStatus",
  ]);
  expect(watched.events.map((one) => one.event)).toEqual([
    { type: "deviceState", device: "PJSIP/102", state: "ringing" },
  ]);
});

test("A list is known by its first answer, and one in the old way by its ...Complete", async () => {
  const watched = await opened({
    answers: {
      coreshowchannels: (action, session) => session.list(action, [{ Uniqueid: "1.1" }]),
      queuesummary: (action, session) => {
        session.success(action);
        session.event("QueueSummary", { ActionID: action.id, Queue: "sales" });
        session.event("QueueSummaryComplete", { ActionID: action.id });
      },
    },
  });
  expect((await watched.connection.action("CoreShowChannels")).items).toHaveLength(1);
  const old = await watched.connection.action("QueueSummary", {}, { list: true });
  expect(old.items).toHaveLength(1);
});

test("A list that never completes fails at its deadline, and what still comes of it leaks nowhere", async () => {
  const watched = await opened({
    answers: {
      devicestatelist: (action, session) => {
        session.send(message({ Response: "Success", ActionID: action.id, EventList: "start" }));
        session.event("DeviceStateChange", { ActionID: action.id, Device: "PJSIP/101" });
      },
    },
  });
  const waiting = failure(
    watched.connection.action("DeviceStateList", {}, { list: true, deadlineMs: 900 }),
  );
  const seen = await watched.session.seen("devicestatelist");
  await turn();
  watched.clock.advance(900);
  expect(await waiting).toMatchObject({ code: "deadline" });
  watched.session.event("DeviceStateChange", { ActionID: seen.id, Device: "PJSIP/102" });
  await until(() => watched.stray > 0);
  expect(watched.events).toEqual([]);
});

test("A list without end closes the connection", async () => {
  const watched = await opened(
    {
      answers: {
        queuestatus: (action, session) => {
          session.success(action, { EventList: "start" });
          for (let count = 0; count < 20; count += 1) {
            session.event("QueueEntry", { ActionID: action.id });
          }
        },
      },
    },
    { maxListItems: 10 },
  );
  const error = await failure(watched.connection.action("QueueStatus", {}, { list: true }));
  expect(error).toMatchObject({ code: "disconnected" });
  expect(watched.closed[0]).toContain("10 items");
});

test("OriginateResponse and UserEvent carry our ActionID and are events all the same", async () => {
  const watched = await opened({
    answers: {
      originate: (action, session) => {
        session.success(action, { Message: "Originate successfully queued" });
        session.event("OriginateResponse", {
          ActionID: action.id,
          Response: "Success",
          Reason: 4,
          Uniqueid: "a-1",
        });
        session.event("UserEvent", { ActionID: action.id, UserEvent: "Mark" });
      },
    },
  });
  await watched.connection.action("Originate", { Channel: "PJSIP/101" });
  await until(() => watched.events.length === 2);
  expect(watched.events.map((one) => one.event?.type)).toEqual(["originateEnded", "userEvent"]);
  expect(watched.stray).toBe(0);
});

test("An event named like an ActionID, or a foreign ActionID, answers nothing", async () => {
  const watched = await opened({ answers: { slow: () => {} } });
  const waiting = failure(watched.connection.action("Slow"));
  const seen = await watched.session.seen("slow");
  watched.session.event(seen.id, { Uniqueid: "1.1" });
  watched.session.event("UserEvent", { ActionID: "foreign-1", UserEvent: "x" });
  watched.session.send(message({ Response: "Success", ActionID: "foreign-1" }));
  await until(() => watched.stray === 1 && watched.events.length === 2);
  watched.session.cut();
  expect((await waiting).code).toBe("disconnected");
});

test("A ping goes out every two seconds, and its round trip is told", async () => {
  const watched = await opened();
  watched.clock.advance(2000);
  await until(() => watched.roundTrips.length === 1);
  watched.clock.advance(1999);
  await turn();
  expect(watched.session.actions.filter((action) => action.name === "ping")).toHaveLength(1);
  watched.clock.advance(1);
  await watched.session.seen("ping", 2);
  await until(() => watched.roundTrips.length === 2);
});

test("A ping that is not answered closes the connection", async () => {
  const watched = await opened({ answers: { ping: () => {} } });
  watched.clock.advance(2000);
  await watched.session.seen("ping");
  watched.clock.advance(10_000);
  await until(() => watched.closed.length === 1);
  expect(watched.closed[0]).toContain("ping");
  await watched.session.closed;
});

test("A ping that is late behind a backlog of events is waited for, but not for ever", async () => {
  const watched = await opened({ answers: { ping: () => {} } });
  watched.clock.advance(2000);
  const round = async (number: number, answered: boolean): Promise<void> => {
    const ping = await watched.session.seen("ping", number);
    expect(watched.closed).toEqual([]);
    watched.clock.advance(5000);
    watched.events.length = 0;
    watched.session.event("Hangup", { Uniqueid: "1.1" });
    await until(() => watched.events.length === 1);
    if (answered) watched.session.success(ping);
    else watched.clock.advance(5000);
    await until(() => watched.roundTrips.length === number || watched.closed.length > 0);
    // The next ping goes out at once: the last one took longer than the pause between two.
    watched.clock.advance(0);
  };
  for (let number = 1; number <= 5; number += 1) await round(number, false);
  // One that is answered begins the count anew.
  await round(6, true);
  for (let number = 7; number <= 12; number += 1) await round(number, false);
  expect(watched.closed[0]).toContain("ping");
});

test("Bytes may come in any pieces, also in the middle of a letter", async () => {
  const watched = await opened();
  const text = Buffer.from(
    message({ Event: "NewCallerid", Uniqueid: "1.1", CallerIDName: "Ёлка 🎄" }) +
      message({ Event: "Hangup", Uniqueid: "1.1", Cause: 16 }),
  );
  for (let cut = 1; cut < text.length; cut += 1) {
    watched.session.send(text.subarray(0, cut));
    await turn();
    watched.session.send(text.subarray(cut));
    await until(() => watched.events.length === 2);
    expect(watched.events.map((one) => one.event)).toMatchObject([
      { type: "channelIdentity", channel: { id: "1.1", callerName: "Ёлка 🎄" } },
      { type: "channelHungUp", channel: { id: "1.1" }, cause: 16 },
    ]);
    watched.events.length = 0;
  }
  for (const byte of text) watched.session.send(Buffer.of(byte));
  await until(() => watched.events.length === 2);
  expect(watched.damage).toBe(0);
});

test("A message cut anywhere does not hurt those after the next, and is noticed or harmless", async () => {
  const watched = await opened();
  const first = message({
    Event: "Newstate",
    Privilege: "call,all",
    Channel: "PJSIP/101-1",
    ChannelState: 5,
    Uniqueid: "1.1",
    Linkedid: "1.1",
  });
  const second = message({
    Event: "Newchannel",
    Privilege: "call,all",
    Channel: "PJSIP/102-1",
    ChannelState: 4,
    Uniqueid: "2.2",
    Linkedid: "2.2",
  });
  for (let cut = 0; cut <= first.length; cut += 1) {
    watched.damage = 0;
    watched.events.length = 0;
    watched.session.send(
      first.slice(0, cut) +
        second +
        message({ Event: "UserEvent", Privilege: "user,all", UserEvent: `after-${cut}` }),
    );
    await until(() => watched.events.at(-1)?.event?.type === "userEvent");
    const typed = watched.events.slice(0, -1).map((one) => one.event);
    expect(watched.events.at(-1)?.event).toMatchObject({ name: `after-${cut}` });
    for (const event of typed) {
      // Never one channel's news under another's name.
      if (event?.type === "channelState") expect(event.channel.id, `cut at ${cut}`).toBe("1.1");
      else expect(event).toMatchObject({ type: "channelCreated", channel: { id: "2.2" } });
    }
    const whole = cut === 0 || cut >= first.length - 2;
    expect(typed.length + watched.damage, `cut at ${cut}`).toBeGreaterThan(0);
    if (!whole) expect(watched.damage, `cut at ${cut}`).toBe(1);
  }
});

test("An answer that runs into another message is damage, and its action fails by its deadline", async () => {
  const watched = await opened({
    answers: {
      slow: (action, session) => {
        session.send(`Response: Success\r\nActionID: ${action.id}\r\n`);
        session.event("Hangup", { Uniqueid: "1.1" });
      },
    },
  });
  const waiting = failure(watched.connection.action("Slow"));
  await until(() => watched.damage === 1);
  watched.clock.advance(5000);
  expect((await waiting).code).toBe("deadline");
});

test("Extra blank lines are nothing, and a foreign greeting in between neither", async () => {
  const watched = await opened();
  watched.session.send("\r\n\r\n\n\n\r\n");
  watched.session.event("Hangup", { Uniqueid: "1.1" });
  watched.session.send("\r\n\r\n\r\n");
  watched.session.event("Hangup", { Uniqueid: "1.2" });
  await until(() => watched.events.length === 2);
  expect(watched.damage).toBe(0);
});

test.each([
  ["lines", "Key: value\r\n".repeat(200)],
  ["one line", "x".repeat(2400)],
])(
  "A message of endless %s closes the connection instead of filling the memory",
  async (_, part) => {
    const watched = await opened();
    for (let sent = 0; sent < 200_000; sent += part.length) watched.session.send(part);
    await until(() => watched.closed.length === 1);
    expect(watched.closed[0]).toContain("65536 characters");
  },
);

test("An answer in the form of old commands, which swallows all that follows, is noticed by the ping", async () => {
  const watched = await opened();
  watched.session.send("Response: Follows\r\n\r\n");
  watched.session.event("Hangup", { Uniqueid: "1.1" });
  watched.clock.advance(2000);
  await watched.session.seen("ping");
  watched.clock.advance(10_000);
  await until(() => watched.closed.length === 1);
  expect(watched.events).toEqual([]);
});

test("A key of many blanks does not hold the reader up", async () => {
  const watched = await opened();
  watched.session.send(`x${" ".repeat(60_000)}x\r\n\r\n`);
  const from = process.cpuUsage();
  watched.session.event("Hangup", { Uniqueid: "1.1" });
  await until(() => watched.events.length === 1);
  // The library's own way takes seconds for this; the figure is far from both.
  expect(process.cpuUsage(from).user).toBeLessThan(1_000_000);
});

test("Keys that every object has do no harm", async () => {
  const watched = await opened();
  const own = { constructor: "a", toString: "b", hasOwnProperty: "c" } as Record<string, string>;
  watched.session.event("Hangup", { Uniqueid: "1.1", Cause: 17, ...own });
  watched.session.send(
    "Event: Hangup\r\nPrivilege: call,all\r\n__proto__: x\r\n__proto__: y\r\nUniqueid: 1.2\r\n\r\n",
  );
  await until(() => watched.events.length === 2);
  expect(watched.events.map((one) => one.event)).toMatchObject([
    { type: "channelHungUp", channel: { id: "1.1" }, cause: 17 },
    { type: "channelHungUp", channel: { id: "1.2" }, cause: 0 },
  ]);
});

test("The machine's clock gives the wall clock's time with a fraction", () => {
  const clock = systemClock();
  const before = Date.now();
  const now = clock.nowMs();
  expect(now).toBeGreaterThan(before - 25);
  expect(now).toBeLessThan(Date.now() + 25);
});

test("Noise is dropped before it is taken to pieces, and what runs into it is not", async () => {
  const watched = await opened();
  const noise = (more: string) => `Event: VarSet\r\nPrivilege: dialplan,all\r\n${more}\r\n\r\n`;
  const ring = message({ Event: "Newstate", Uniqueid: "1.1", ChannelState: 5 });
  const text =
    noise("Value: a") +
    ring +
    // Cut off, and the next one's lines became its own: what it says is lost, which has to be noticed.
    noise("Uniqueid: 1.1\r\nPrivEvent: Hangup\r\nUniqueid: 1.1") +
    noise("Value: b") +
    // Said to everybody by somebody's action: no answer to ours, and no noise either.
    noise("ActionID: theirs") +
    noise("Value: c") +
    ring;
  watched.session.send(text);
  await until(() => watched.noise.length === 3 && watched.events.length === 3);
  expect(watched.events.map(({ name }) => name)).toEqual(["Newstate", "VarSet", "Newstate"]);
  expect(watched.damage).toBe(1);
});

test("Noise cut anywhere by the network is dropped all the same, and nothing else is", async () => {
  const ring = (id: string) => message({ Event: "Newstate", Uniqueid: id, ChannelState: 5 });
  const noise = "Event: VarSet\r\nValue: Ж\r\n\r\n";
  const text = noise + ring("1") + noise + noise + ring("2") + ring("3") + noise;
  const watched = await opened();
  const bytes = Buffer.from(text);
  for (let at = 1; at < bytes.length; at += 7) {
    watched.events.length = 0;
    watched.noise.length = 0;
    watched.session.send(bytes.subarray(0, at));
    await turn();
    watched.session.send(bytes.subarray(at));
    await until(() => watched.noise.length === 4);
    expect(watched.events).toMatchObject([
      { event: { channel: { id: "1" } } },
      { event: { channel: { id: "2" } } },
      { event: { channel: { id: "3" } } },
    ]);
  }
});

test("While it sheds only answers pass, and pings are answered", async () => {
  const watched = await opened();
  watched.connection.shed();
  watched.session.event("Newstate", { Uniqueid: "1.1", ChannelState: 5 });
  await watched.connection.action("CoreStatus");
  expect([watched.events.length, watched.shed]).toEqual([0, 1]);
  watched.connection.readAll();
  watched.session.event("Newstate", { Uniqueid: "1.2", ChannelState: 5 });
  await until(() => watched.events.length > 0);
  expect(watched.events).toMatchObject([{ event: { channel: { id: "1.2" } } }]);
});
