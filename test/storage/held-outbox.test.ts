import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { HeldOutbox, type HeldOutboxOptions } from "../../server/storage/held-outbox.ts";
import { type LeaseDouble, leaseDouble } from "../support/lease-double.ts";

let written: string[];
let errors: string[];
let away: boolean;
const log = {
  info: () => {},
  warn: () => {},
  error: (_: object, text: string) => errors.push(text),
};
beforeEach(() => {
  vi.useFakeTimers();
  [written, errors, away] = [[], [], false];
});
afterEach(() => vi.useRealTimers());

const outbox = (lease: LeaseDouble | null, own: Partial<HeldOutboxOptions<string>> = {}) =>
  new HeldOutbox<string>({
    ...{ name: "rows", log, leases: lease === null ? null : { of: () => lease } },
    write: async (rows) => {
      if (away) throw Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED" });
      written.push(...rows);
    },
    ...own,
  });
const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

describe("rows that only the holder of a lease writes", () => {
  test("are written by the holder as by anybody who is alone", async () => {
    for (const lease of [leaseDouble("here"), null]) {
      written = [];
      const made = outbox(lease);
      made.put("main", "a", "a");
      await pass(200);
      expect(written).toEqual(["a"]);
      expect([made.waiting, made.kept, made.lost, made.left]).toEqual([0, 0, 0, 0]);
    }
  });

  test("are kept by others, newest of each, and written in order by one who takes over", async () => {
    const lease = leaseDouble("elsewhere");
    const made = outbox(lease);
    made.put("main", "a", "a1");
    made.put("main", "b", "b");
    await pass(60_000);
    made.put("main", "a", "a2");
    await pass(60_000);
    expect(written).toEqual([]);
    expect([made.waiting, made.kept]).toEqual([0, 2]);
    lease.is("here");
    made.put("main", "c", "c");
    await pass(500);
    expect(written).toEqual(["b", "a2", "c"]);
    expect([made.waiting, made.kept]).toEqual([0, 0]);
  });

  test("are left to the holder after a while, and when there are too many", async () => {
    const lease = leaseDouble("elsewhere");
    const made = outbox(lease, { keepMs: 10_000, keepLimit: 3 });
    for (const key of ["a", "b", "c", "d"]) made.put("main", key, key);
    expect([made.kept, made.left, made.lost]).toEqual([3, 1, 0]);
    await pass(9000);
    made.put("main", "e", "e");
    await pass(1500);
    lease.is("here");
    await pass(500);
    expect(written).toEqual(["e"]);
  });

  test("are not left to anybody while nobody is known to be the holder", async () => {
    const lease = leaseDouble("elsewhere");
    const made = outbox(lease, { keepMs: 10_000 });
    made.put("main", "a", "a");
    await pass(5000);
    lease.is("unknown");
    made.put("main", "b", "b");
    await pass(3_600_000);
    expect([made.waiting, made.kept, made.left]).toEqual([2, 0, 0]);
    lease.is("here");
    await pass(500);
    expect(written).toEqual(["a", "b"]);
  });

  test("over the limit are lost, and counted, while nobody is the holder", async () => {
    const lease = leaseDouble("unknown");
    const made = outbox(lease, { limit: 2, keepLimit: 1 });
    for (const key of ["a", "b", "c"]) made.put("main", key, key);
    expect([made.waiting, made.lost]).toEqual([2, 1]);
  });

  test("that were not written when the lease was lost are kept again", async () => {
    const lease = leaseDouble("here");
    const made = outbox(lease);
    made.put("main", "a", "a1");
    lease.is("elsewhere");
    made.put("main", "a", "a2");
    await pass(1000);
    expect(written).toEqual([]);
    expect([made.waiting, made.kept]).toEqual([0, 1]);
    lease.is("here");
    await pass(500);
    expect(written).toEqual(["a2"]);
  });

  test("wait for PostgreSQL with the lease or without it", async () => {
    const lease = leaseDouble("here");
    const made = outbox(lease);
    away = true;
    made.put("main", "a", "a");
    await pass(1000);
    lease.is("unknown");
    made.put("main", "b", "b");
    await pass(60_000);
    expect(made.waiting).toBe(2);
    away = false;
    lease.is("here");
    await pass(3000);
    expect([...written].sort()).toEqual(["a", "b"]);
  });

  test("are told apart by PBX", async () => {
    const leases = new Map([
      ["here", leaseDouble("here")],
      ["there", leaseDouble("elsewhere")],
    ]);
    const made = outbox(null, { leases: { of: (pbx) => leases.get(pbx)! } });
    made.put("here", "1", "of here");
    made.put("there", "1", "of there");
    await pass(1000);
    expect(written).toEqual(["of here"]);
  });

  test("are written by whoever knows them, when nobody else does", async () => {
    const lease = leaseDouble("elsewhere");
    const made = outbox(lease, { isOwn: (row) => row.startsWith("own") });
    made.put("main", "a", "of all");
    made.put("main", "b", "of all");
    made.put("main", "a", "own");
    await pass(1000);
    expect(written).toEqual(["own"]);
    lease.is("here");
    await pass(1000);
    expect(written).toEqual(["own", "of all"]);
  });

  test("are written at the end, unless somebody else is known to write them", async () => {
    const lease = leaseDouble("here");
    const made = outbox(lease);
    lease.is("unknown");
    made.put("main", "a", "a");
    expect(await made.close(1000)).toBe(0);
    expect(written).toEqual(["a"]);

    const other = outbox(leaseDouble("elsewhere"));
    other.put("main", "b", "b");
    expect(await other.close(1000)).toBe(0);
    expect(written).toEqual(["a"]);
  });

  test("are none of them missing, whoever of two has the lease when", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.oneof(
            fc.constantFrom("first", "second", "nobody"),
            fc.integer({ min: 50, max: 2000 }),
          ),
          {
            maxLength: 30,
          },
        ),
        async (steps) => {
          written = [];
          const leases = [leaseDouble("here"), leaseDouble("elsewhere")] as const;
          const both = leases.map((lease) => outbox(lease, { keepMs: 30_000 }));
          const all: string[] = [];
          for (const step of steps) {
            if (typeof step === "number") await pass(step);
            else {
              const states = {
                first: ["here", "elsewhere"],
                second: ["elsewhere", "here"],
                nobody: ["unknown", "unknown"],
              } as const;
              leases.forEach((lease, n) => lease.is(states[step][n]!));
            }
            const row = `${all.length}`;
            all.push(row);
            for (const each of both) each.put("main", row, row);
          }
          leases[1].is("elsewhere");
          leases[0].is("here");
          await pass(1000);
          expect(new Set(written)).toEqual(new Set(all));
        },
      ),
      { numRuns: 50 },
    );
  });
});
