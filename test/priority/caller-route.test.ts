import { afterEach, expect, test } from "vitest";
import type { Customer, Identification } from "../../server/customers/model.ts";
import type { App } from "../../server/http/app.ts";
import { type CallerRouteParts, callerRoute } from "../../server/priority/caller-route.ts";
import type { Policy, Standing, Subject, Verdict } from "../../server/priority/model.ts";
import { logToMemory, testApp } from "../http/support.ts";

const TOKEN = "token-of-the-main-pbx-0123456789";
const OTHER = "token-of-another-pbx-9876543210";
const policy = { rules: [], queues: [], timeZone: "UTC" } as unknown as Policy;
const phone = { e164: "+79130000001", display: "", country: "RU", timeZones: [] };
const one: Identification = {
  outcome: "one",
  phone,
  customer: { id: "7", name: "Мария" } as Customer,
  verified: true,
};
const standing = { customerId: "7", name: "Мария", tier: "gold", language: "ru" } as Standing;
const gold: Verdict = {
  rate: 2,
  headStartMs: 14_000,
  skipQuestions: true,
  preferred: { login: "anna", waitSeconds: 12 },
  message: "",
  rule: { id: "r", name: "Gold" },
  passedOver: [],
};
const ordinary =
  "ok|priority=0|tier=|name=|language=|skip=0|preferred=|penalty=0|seconds=0|free=0|end\n";

let app: App | null = null;
afterEach(async () => {
  await app?.close();
  app = null;
});

async function open(more: Partial<CallerRouteParts> = {}) {
  const log = logToMemory();
  const asked: Subject[] = [];
  app = await testApp({ log: log.log });
  const route = callerRoute(app, {
    pbxs: () => [
      { name: "main", token: TOKEN },
      { name: "other", token: OTHER },
    ],
    callerOf: async () => ({ found: one, standing, lostAtMs: null }),
    policy: () => policy,
    decide: (_policy, subject) => {
      asked.push(subject);
      return gold;
    },
    preferredSeatOf: (pbx, login) =>
      pbx === "main" && login === "anna" ? { extension: "101", penalty: 3, free: true } : null,
    ...more,
  });
  const ask = (token: string | null, url = "/pbx/v1/caller?number=%2B79130000001&queue=600") =>
    app!.inject({ url, headers: token === null ? {} : { authorization: token } });
  return { ask, asked, log, route };
}
const bearer = (token: string) => `Bearer ${token}`;
const basic = (token: string, user = "pbx") =>
  `Basic ${Buffer.from(`${user}:${token}`).toString("base64")}`;

test("a known customer is answered in one line of plain text, by either form of the token", async () => {
  const { ask, asked } = await open();
  for (const authorization of [bearer(TOKEN), basic(TOKEN), basic(TOKEN, "")]) {
    const answer = await ask(
      authorization,
      "/pbx/v1/caller?number=%2B79130000001&queue=600&channel=17.1",
    );
    expect(answer.statusCode).toBe(200);
    expect(answer.headers["content-type"]).toBe("text/plain; charset=utf-8");
    expect(answer.headers["cache-control"]).toBe("no-store");
    expect(answer.headers["x-content-type-options"]).toBe("nosniff");
    expect(answer.body).toBe(
      "ok|priority=44|tier=gold|name=Мария|language=ru|skip=1|preferred=101|penalty=3|seconds=12|free=1|end\n",
    );
  }
  expect(asked[0]).toMatchObject({ queue: "600", caller: "customer", standing });
});

test("the token tells which PBX asks: at another one the preferred operator has no seat", async () => {
  const { ask } = await open();
  expect((await ask(bearer(OTHER))).body).toContain("|preferred=|penalty=0|");
});

test.each([
  ["no token", null],
  ["a wrong token", bearer("x".repeat(32))],
  ["an empty one", "Bearer "],
  ["a wrong one by Basic", basic("x".repeat(32))],
  ["the beginning of the right one", bearer(TOKEN.slice(0, -1))],
  ["an operator's API token", bearer("cc_admin")],
])("%s is refused with next to no body", async (_, authorization) => {
  const { ask, asked } = await open();
  const answer = await ask(authorization);
  expect(answer.statusCode).toBe(401);
  expect(answer.body).toBe("no\n");
  expect(asked).toEqual([]);
});

test("an operator's session does not open it", async () => {
  const { asked } = await open();
  const answer = await app!.inject({
    url: "/pbx/v1/caller?number=1",
    cookies: { callcard_session: "admin" },
  });
  expect(answer.statusCode).toBe(401);
  expect(asked).toEqual([]);
});

test("without any token the address does not exist", async () => {
  const { ask } = await open({ pbxs: () => [{ name: "main" }, { name: "b", token: "" }] });
  expect((await ask(bearer(""))).statusCode).toBe(404);
  expect((await ask(basic(""))).statusCode).toBe(404);
});

test("a token holds from when its PBX was added until it is removed", async () => {
  let pbxs: readonly { readonly name: string; readonly token: string }[] = [];
  const { ask } = await open({ pbxs: () => pbxs });
  expect((await ask(basic(TOKEN))).statusCode).toBe(404);
  pbxs = [{ name: "main", token: TOKEN }];
  expect((await ask(basic(TOKEN))).statusCode).toBe(200);
  pbxs = [{ name: "main", token: OTHER }];
  expect((await ask(basic(TOKEN))).statusCode).toBe(401);
  expect((await ask(basic(OTHER))).statusCode).toBe(200);
});

test.each([
  ["withheld", { outcome: "withheld" }],
  ["unknown", { outcome: "none", phone }],
  ["unreadable", { outcome: "unreadable", raw: "x" }],
] as const)("a %s number is asked about with nobody's standing", async (_, found) => {
  const nobody = { found, standing: null, lostAtMs: 5 };
  const { ask, asked } = await open({ callerOf: async () => nobody });
  expect((await ask(basic(TOKEN))).body).toMatch(/^ok\|priority=44\|tier=\|name=\|/);
  expect(asked[0]).toMatchObject({
    standing: null,
    lostAtMs: 5,
    caller: found.outcome === "none" ? "unknown" : "withheld",
  });
});

test.each<[string, Partial<CallerRouteParts>]>([
  ["fails", { callerOf: () => Promise.reject(new Error("gone")) }],
  ["hangs", { callerOf: () => new Promise(() => undefined), deadlineMs: 20 }],
])("when the database %s the caller is an ordinary one, in time", async (_, parts) => {
  const { ask } = await open(parts);
  const answer = await ask(basic(TOKEN));
  expect(answer.statusCode).toBe(200);
  expect(answer.body).toBe(ordinary);
});

test("a policy that throws does not keep a call", async () => {
  const { ask } = await open({
    decide: () => {
      throw new Error("a bug");
    },
  });
  expect((await ask(basic(TOKEN))).body).toBe(ordinary);
});

test("neither number nor token stands in the log, and odd requests are answered", async () => {
  const { ask, log } = await open();
  for (const query of [
    "",
    "?number=&queue=",
    "?number=1&number=2&queue=600",
    `?number=${"9".repeat(5000)}&queue=${"q".repeat(5000)}&channel=${"c".repeat(5000)}`,
    "?queue=%27%3B%20drop%20table%20users&number=%F0%9F%98%80",
    "?__proto__=1&constructor=2&number=%2B79130000001",
  ]) {
    const answer = await ask(basic(TOKEN), `/pbx/v1/caller${query}`);
    expect([query.slice(0, 40), answer.statusCode]).toEqual([query.slice(0, 40), 200]);
    expect(answer.body).toMatch(/^ok\|.*\|end\n$/);
  }
  await ask(bearer(TOKEN));
  for (const secret of [TOKEN, basic(TOKEN).slice(6), "79130000001"])
    expect(log.text()).not.toContain(secret);
});

test("where Asterisk moves nobody, who has waited too long is not passed by those who join; elsewhere the steward sees to it", async () => {
  const guarded = { ...policy, guard: { mostExtraWaitSeconds: null, neverPassedAfterSeconds: 60 } };
  let movable = false;
  const waiting: { channelId: string; joinedAtMs: number; priority: number }[] = [];
  const { ask } = await open({
    policy: () => guarded,
    now: () => 100_000,
    canMove: () => movable,
    waitingIn: (pbx, queue) => (pbx === "main" && queue === "600" ? waiting : []),
  });
  const priorityOn = async (channel: string) => {
    const url = `/pbx/v1/caller?number=1&queue=600&channel=${channel}`;
    return /priority=(-?\d+)/.exec((await ask(basic(TOKEN), url)).body)?.[1];
  };
  expect(await priorityOn("17.1")).toBe("44");
  // Who joined with 44 is not in the way of another 44, whatever the live model takes them for.
  waiting.push({ channelId: "17.1", joinedAtMs: 0, priority: 0 });
  expect(await priorityOn("17.2")).toBe("44");
  waiting.push({ channelId: "16.9", joinedAtMs: 30_000, priority: 0 });
  expect(await priorityOn("17.3")).toBe("0");
  movable = true;
  expect(await priorityOn("17.4")).toBe("44");
});
