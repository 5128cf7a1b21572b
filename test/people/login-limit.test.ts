import { describe, expect, test } from "vitest";
import { createLoginLimit } from "../../server/people/login-limit.ts";

function withClock() {
  const clock = { ms: 1_000_000_000_000 };
  const limit = createLoginLimit(() => clock.ms);
  /** One wrong try; what had to be waited instead, in seconds. */
  const wrong = (login: string, address = "10.0.0.1") => {
    const waitMs = limit.take(login, address);
    if (waitMs === 0) limit.failed(address);
    return waitMs / 1000;
  };
  return { clock, limit, wrong };
}

describe("tries to log in", () => {
  test("five are free, then comes a wait of a minute that doubles each time it is used up", () => {
    const { clock, wrong } = withClock();
    for (let n = 0; n < 5; n++) expect(wrong("olga")).toBe(0);
    const waits: number[] = [];
    for (let n = 0; n < 4; n++) {
      const wait = wrong("olga");
      waits.push(wait);
      clock.ms += wait * 1000;
      for (let m = 0; m < 5 && wrong("olga") === 0; m++);
    }
    expect(waits).toEqual([60, 120, 240, 480]);
  });

  test("the wait never exceeds an hour, and a day of quiet forgives everything", () => {
    const { clock, wrong } = withClock();
    let longest = 0;
    for (let n = 0; n < 100; n++) {
      const wait = wrong("olga");
      longest = Math.max(longest, wait);
      clock.ms += wait * 1000;
    }
    expect(longest).toBe(3600);
    clock.ms += 25 * 3_600_000;
    for (let n = 0; n < 5; n++) expect(wrong("olga")).toBe(0);
    expect(wrong("olga")).toBe(60);
  });

  test("tries at once do not slip through before the first is answered", () => {
    const { limit } = withClock();
    const started = Array.from({ length: 50 }, () => limit.take("olga", "10.0.0.1"));
    expect(started.filter((wait) => wait === 0)).toHaveLength(5);
  });

  test("one address may be wrong twenty times over all logins, known or not", () => {
    const { wrong } = withClock();
    for (let n = 0; n < 20; n++) expect(wrong(`nobody-${n}`)).toBe(0);
    expect(wrong("somebody-else")).toBe(60);
    expect(wrong("somebody-else", "10.0.0.2")).toBe(0);
  });

  test("the addresses of one IPv6 network count as one, those of another do not", () => {
    const { wrong } = withClock();
    for (let n = 0; n < 20; n++)
      expect(wrong(`nobody-${n}`, `2001:db8:0:1::${n.toString(16)}`)).toBe(0);
    expect(wrong("x1", "2001:db8:0:1:ffff:1:2:3")).toBe(60);
    expect(wrong("x2", "2001:0DB8::1:0:0:0:9")).toBe(60);
    expect(wrong("x3", "2001:db8:0:2::1")).toBe(0);
    for (let n = 0; n < 20; n++) wrong(`other-${n}`, "::ffff:10.0.0.9");
    expect(wrong("x4", "10.0.0.9")).toBe(60);
  });

  test("an office where everybody types right is never stopped", () => {
    const { limit } = withClock();
    for (let n = 0; n < 300; n++) {
      expect(limit.take(`operator-${n}`, "10.0.0.1")).toBe(0);
      limit.succeeded(`operator-${n}`, "10.0.0.1");
    }
  });

  test("one address cannot have hundreds of guesses under way together", () => {
    const { limit } = withClock();
    const started = Array.from({ length: 500 }, (_, n) => limit.take(`user-${n}`, "10.0.0.1"));
    expect(started.filter((wait) => wait === 0)).toHaveLength(200);
  });

  test("a right password clears the login's wrong ones", () => {
    const { limit, wrong } = withClock();
    for (let n = 0; n < 4; n++) wrong("olga");
    expect(limit.take("olga", "10.0.0.1")).toBe(0);
    limit.succeeded("olga", "10.0.0.1");
    for (let n = 0; n < 5; n++) expect(wrong("olga")).toBe(0);
  });

  test("a database that was away is nobody's wrong try for the address", () => {
    const { limit } = withClock();
    for (let n = 0; n < 40; n++) {
      expect(limit.take(`operator-${n}`, "10.0.0.1")).toBe(0);
      limit.undecided("10.0.0.1");
    }
  });
});
