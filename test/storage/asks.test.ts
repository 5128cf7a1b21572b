import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { type Asks, AskRefused, NobodyAnswers, localAsks } from "../../server/storage/asks.ts";
import { sharedAsks } from "../../server/storage/shared-asks.ts";
import { openWire } from "../../server/storage/wire.ts";
import { redisOfFile, until } from "../support/redis.ts";

const redis = redisOfFile();

async function processes(many: number): Promise<{ asks: Asks; faults: unknown[] }[]> {
  const prefix = redis.newPrefix();
  const all = Array.from({ length: many }, () => {
    const faults: unknown[] = [];
    const onError = (error: unknown) => faults.push(error);
    const connection = redis.open(prefix, onError);
    const wire = openWire(connection, onError);
    const asks = sharedAsks({ redis: connection, wire, onError });
    redis.closing(wire, asks);
    return { asks, faults, wire };
  });
  await until(() => all.every(({ wire }) => wire.state().ok));
  return all;
}

const call = (attemptId: string) => ({ userId: "1", attemptId });

describe("questions of one process", () => {
  test("are answered by the first whose they are; a refusal keeps its code; without anybody it is told", async () => {
    const asks = localAsks();
    const done: string[] = [];
    asks.answer(
      "previewCall",
      ({ attemptId }) => attemptId !== "nobody's",
      async ({ attemptId }) => {
        if (attemptId === "gone") throw Object.assign(new Error("It is gone"), { code: "gone" });
        done.push(attemptId);
        return null;
      },
    );
    expect(await asks.ask("previewCall", call("a"))).toBeNull();
    expect(done).toEqual(["a"]);
    const refused = await asks.ask("previewCall", call("gone")).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(AskRefused);
    expect(refused).toMatchObject({ code: "gone", message: "It is gone" });
    await expect(asks.ask("previewCall", call("nobody's"))).rejects.toBeInstanceOf(NobodyAnswers);
  });
});

describe("questions among processes", () => {
  test("this process answers before any other; else the one whose it is, with its answer or its refusal", async () => {
    const [one, two, three] = await processes(3);
    const done: string[] = [];
    for (const [name, { asks }] of Object.entries({ one: one!, two: two!, three: three! }))
      asks.answer(
        "previewCall",
        ({ attemptId }) => attemptId === "everybody's" || attemptId.startsWith(name),
        async ({ attemptId }) => {
          if (attemptId.endsWith("gone"))
            throw Object.assign(new Error("It is gone"), { code: "gone" });
          if (attemptId.endsWith("broken")) throw new Error("broken");
          done.push(`${name} ${attemptId}`);
          return null;
        },
      );
    expect(await one!.asks.ask("previewCall", call("everybody's"))).toBeNull();
    expect(await one!.asks.ask("previewCall", call("three's"))).toBeNull();
    expect(done).toEqual(["one everybody's", "three three's"]);
    const refused = await one!.asks
      .ask("previewCall", call("two's gone"))
      .catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(AskRefused);
    expect(refused).toMatchObject({ code: "gone", message: "It is gone" });
    await expect(one!.asks.ask("previewCall", call("two's broken"))).rejects.toThrow("broken");
    expect(two!.faults.length).toBe(1);
  });

  test("of several who could, one does it", async () => {
    const [one, ...others] = await processes(4);
    const done: string[] = [];
    for (const { asks } of others)
      asks.answer(
        "previewCall",
        () => true,
        async ({ attemptId }) => {
          done.push(attemptId);
          return null;
        },
      );
    const all = Array.from({ length: 50 }, (_, index) => String(index));
    await Promise.all(all.map((id) => one!.asks.ask("previewCall", call(id))));
    await sleep(100);
    expect(done.toSorted((a, b) => Number(a) - Number(b))).toEqual(all);
  });

  test("nobody's is told after three seconds", async () => {
    const [one] = await processes(2);
    const sinceMs = performance.now();
    await expect(one!.asks.ask("previewCall", call("x"))).rejects.toBeInstanceOf(NobodyAnswers);
    expect(performance.now() - sinceMs).toBeGreaterThan(2900);
  });

  test("without redis it is told at once", async () => {
    const [one, two] = await processes(2);
    two!.asks.answer(
      "previewCall",
      () => true,
      async () => null,
    );
    await redis.server.kill();
    try {
      await until(() => one!.faults.length > 0);
      const sinceMs = performance.now();
      await expect(one!.asks.ask("previewCall", call("x"))).rejects.toBeInstanceOf(NobodyAnswers);
      expect(performance.now() - sinceMs).toBeLessThan(1000);
    } finally {
      await redis.server.start();
    }
  });

  test("a question that redis gives out only after its asker gave up is done by nobody", async () => {
    const [one, two] = await processes(2);
    const done: string[] = [];
    two!.asks.answer(
      "previewCall",
      () => true,
      async ({ attemptId }) => {
        done.push(attemptId);
        return null;
      },
    );
    redis.server.pause();
    try {
      await expect(one!.asks.ask("previewCall", call("late"))).rejects.toBeInstanceOf(
        NobodyAnswers,
      );
    } finally {
      redis.server.resume();
    }
    await sleep(1500);
    expect(done).toEqual([]);
  });
});
