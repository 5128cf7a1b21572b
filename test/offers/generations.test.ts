import fc from "fast-check";
import { expect, test } from "vitest";
import { Generations } from "../../server/offers/generations.ts";

test("never holds more than its bound, nor anything but what was last put", () => {
  const deed = fc.record({
    what: fc.constantFrom("set", "get", "delete"),
    key: fc.integer({ min: 0, max: 30 }),
    value: fc.integer(),
  });
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 12 }), fc.array(deed), (most, deeds) => {
      const kept = new Generations<number, number>(most);
      const all = new Map<number, number>();
      for (const { what, key, value } of deeds) {
        if (what === "set") {
          kept.set(key, value);
          all.set(key, value);
        } else if (what === "delete") {
          kept.delete(key);
          all.delete(key);
        }
        expect([undefined, all.get(key)]).toContain(kept.get(key));
        expect(kept.size).toBeLessThanOrEqual(most);
      }
    }),
  );
});

test("keeps what is asked for while others come and go", () => {
  const kept = new Generations<string, number>(10);
  kept.set("popular", 1);
  for (let n = 0; n < 100; n++) {
    kept.set(`passing ${n}`, n);
    expect(kept.get("popular")).toBe(1);
  }
  expect(kept.get("passing 0")).toBeUndefined();
  kept.clear();
  expect(kept.size).toBe(0);
});
