import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Move } from "../../server/priority/model.ts";
import { ToldMoves } from "../../server/priority/told-moves.ts";
import { type Hints, localBus } from "../../server/storage/bus.ts";

const heard: Hints["callersMoved"][] = [];
const bus = localBus((error) => {
  throw error;
});
bus.on("callersMoved", (hint) => heard.push(hint));

beforeEach(() => {
  heard.length = 0;
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
});
afterEach(() => {
  vi.useRealTimers();
});

const where = { fromPosition: 2, toPosition: null, fromPriority: 0, toPriority: 1 };
const move = (
  channelId: string,
  pbx: string,
  queue: string,
): { channelId: string; move: Move } => ({
  channelId,
  move: {
    callId: `call ${channelId}`,
    pbx,
    queue,
    atMs: 1,
    by: "policy",
    policyVersion: 3,
    ...where,
  },
});
const brief = () =>
  heard.map(
    ({ pbx, queue, moves }) => `${pbx} ${queue}: ${moves.map((one) => one.channelId).join(",")}`,
  );

test("moves of a moment are told once, each queue's together and in their order", () => {
  const told = new ToldMoves(bus);
  told.tell([move("1", "main", "sales")]);
  told.tell([move("2", "main", "support"), move("3", "main", "sales")]);
  told.tell([move("4", "other", "sales")]);
  expect(heard).toEqual([]);
  vi.advanceTimersByTime(30);
  expect(brief()).toEqual(["main sales: 1,3", "main support: 2", "other sales: 4"]);
  expect(heard[0]!.moves[0]).toEqual({
    ...{ channelId: "1", callId: "call 1", atMs: 1, by: "policy", policyVersion: 3 },
    ...where,
  });
  told.tell([move("5", "main", "sales")]);
  vi.advanceTimersByTime(60);
  expect(brief().slice(3)).toEqual(["main sales: 5"]);
});

test("what was not told yet is told at the end, and nothing after it", () => {
  const told = new ToldMoves(bus);
  told.tell([move("1", "main", "sales")]);
  told.close();
  expect(brief()).toEqual(["main sales: 1"]);
  vi.advanceTimersByTime(60);
  expect(heard).toHaveLength(1);
});
