import { describe, expect, test, vi } from "vitest";
import type { Principal } from "../../server/people/model.ts";
import { RecentLogins, STAND_IN_MS } from "../../server/people/recent-logins.ts";

const olga: Principal = {
  kind: "user",
  user: { id: "7", login: "olga", name: "Ольга", role: "operator", language: "" },
  sessionId: "s1",
};
const here = async () => olga;
const nobody = async () => null;
const away = async (): Promise<null> => {
  throw new Error("connect ECONNREFUSED");
};
const silent = () => new Promise<null>(() => undefined);

let nowMs = 0;
const logins = () => new RecentLogins(() => nowMs);

describe("while PostgreSQL is away", () => {
  test("who was checked a short time ago goes on, for a quarter of an hour", async () => {
    const recent = logins();
    await recent.check("a", here);
    nowMs += STAND_IN_MS;
    expect(await recent.check("a", away)).toBe(olga);
    nowMs += 1;
    await expect(recent.check("a", away)).rejects.toThrow("ECONNREFUSED");
  });

  test("who was never checked here is told so", async () => {
    const recent = logins();
    await recent.check("a", here);
    await expect(recent.check("b", away)).rejects.toThrow("ECONNREFUSED");
  });

  test("standing in for an answer does not make it newer", async () => {
    const recent = logins();
    await recent.check("a", here);
    nowMs += STAND_IN_MS;
    await recent.check("a", away);
    nowMs += 1;
    await expect(recent.check("a", away)).rejects.toThrow();
  });

  test("a PostgreSQL that only hangs is waited for a second", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    try {
      const recent = logins();
      await recent.check("a", here);
      const asked = recent.check("a", silent);
      await vi.advanceTimersByTimeAsync(1000);
      expect(await asked).toBe(olga);
    } finally {
      vi.useRealTimers();
    }
  });
});

describe("ended sessions", () => {
  test("are refused while PostgreSQL is away too, once they were heard of", async () => {
    const recent = logins();
    await recent.check("a", here);
    recent.forget("7");
    await expect(recent.check("a", away)).rejects.toThrow("ECONNREFUSED");
  });

  test("do not come back by an answer that was on its way", async () => {
    const recent = logins();
    const answer = Promise.withResolvers<Principal>();
    const asked = recent.check("a", () => answer.promise);
    recent.forget("7");
    answer.resolve(olga);
    await asked;
    await expect(recent.check("a", away)).rejects.toThrow("ECONNREFUSED");
  });

  test("are known from PostgreSQL's own no, which stands above what is remembered", async () => {
    const recent = logins();
    await recent.check("a", here);
    expect(await recent.check("a", nobody)).toBeNull();
    await expect(recent.check("a", away)).rejects.toThrow("ECONNREFUSED");
  });

  test("of somebody else change nothing", async () => {
    const recent = logins();
    await recent.check("a", here);
    recent.forget("8");
    expect(await recent.check("a", away)).toBe(olga);
  });
});
