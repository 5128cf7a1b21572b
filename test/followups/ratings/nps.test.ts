import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { npsOf } from "../../../server/followups/ratings/nps.ts";
import { readToken, writeToken } from "../../../server/followups/ratings/token.ts";

describe("a net promoter score", () => {
  test("is the share of promoters less that of detractors", () => {
    expect(npsOf({ promoters: 50, passives: 30, detractors: 20 })).toMatchObject({ score: 30 });
    expect(npsOf({ promoters: 0, passives: 0, detractors: 4 })).toMatchObject({ score: -100 });
    expect(npsOf({ promoters: 0, passives: 0, detractors: 0 })).toBeNull();
  });

  test("of few who agree is not told as certain; of many it is narrow", () => {
    expect(npsOf({ promoters: 3, passives: 0, detractors: 0 })!.from).toBeLessThan(20);
    const many = npsOf({ promoters: 5000, passives: 3000, detractors: 2000 })!;
    expect(many.to - many.from).toBeLessThan(4);
  });

  test("lies within its interval, and the interval within what is possible", () => {
    const count = fc.integer({ min: 0, max: 500 });
    fc.assert(
      fc.property(count, count, count, (promoters, passives, detractors) => {
        const nps = npsOf({ promoters, passives, detractors });
        if (nps === null) return;
        expect(nps.from).toBeLessThanOrEqual(nps.score);
        expect(nps.to).toBeGreaterThanOrEqual(nps.score);
        expect(nps.from).toBeGreaterThanOrEqual(-100);
        expect(nps.to).toBeLessThanOrEqual(100);
      }),
    );
  });

  // Reckoned over every way in which n customers can answer.
  test.each([
    [10, 0.5, 0.2],
    [10, 0.8, 0.05],
    [30, 0.5, 0.2],
    [30, 0.9, 0.05],
    [60, 0.3, 0.5],
  ])(
    "of %i answers, %f promoting and %f detracting, holds the truth 19 times in 20",
    (n, up, down) => {
      const truth = (up - down) * 100;
      let held = 0;
      for (let promoters = 0; promoters <= n; promoters++)
        for (let detractors = 0; promoters + detractors <= n; detractors++) {
          const passives = n - promoters - detractors;
          const { from, to } = npsOf({ promoters, passives, detractors })!;
          if (from > truth || to < truth) continue;
          const ways =
            logFactorial(n) -
            logFactorial(promoters) -
            logFactorial(detractors) -
            logFactorial(passives);
          held += Math.exp(
            ways +
              promoters * Math.log(up) +
              detractors * Math.log(down) +
              passives * Math.log(1 - up - down),
          );
        }
      expect(held).toBeGreaterThan(0.93);
      expect(held).toBeLessThan(0.999);
    },
  );
});

function logFactorial(n: number): number {
  let sum = 0;
  for (let i = 2; i <= n; i++) sum += Math.log(i);
  return sum;
}

describe("a link's token", () => {
  const until = Date.parse("2026-12-01T00:00:00Z");
  const token = writeToken("secret", "office-1795300000.1", until);

  test("tells the call until it is too old, and fits into an address", () => {
    expect(readToken("secret", token, until - 1000)).toBe("office-1795300000.1");
    expect(readToken("secret", token, until + 1000)).toBeNull();
    expect(encodeURIComponent(token)).toBe(token);
  });

  test("changed anywhere or signed by another is none", () => {
    expect(readToken("other", token, 0)).toBeNull();
    for (let at = 0; at < token.length; at++) {
      const other = token[at] === "a" ? "b" : "a";
      const changed = token.slice(0, at) + other + token.slice(at + 1);
      // The last letter of base64 has bits that mean nothing; a signature is compared as it is written.
      expect(readToken("secret", changed, 0)).toBeNull();
    }
    for (const odd of ["", "a.b.c", `${token}x`, "..", token.replaceAll(".", "")])
      expect(readToken("secret", odd, 0)).toBeNull();
  });
});
