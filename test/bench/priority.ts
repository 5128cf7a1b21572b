/**
 * How soon after joining a favoured caller stands where they should, and with how many moves: a simulated PBX with 500 waiting callers in 10 queues
 * and 50 joins a second, beside the bare round trip of one move on the same connection. And how long the pure decisions take.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { changePriority } from "../../server/asterisk/actions.ts";
import type { Pbx } from "../../server/asterisk/model.ts";
import { decide } from "../../server/priority/decide.ts";
import type { Rule, Subject, Waiting } from "../../server/priority/model.ts";
import { planMoves } from "../../server/priority/moves.ts";
import { wantedOrder } from "../../server/priority/order.ts";
import { createPlainOrder, noteJoined } from "../../server/priority/plain-order.ts";
import {
  type Claim,
  PLAIN_CLAIM,
  type StewardHouse,
  openStewardHouse,
  policyOf,
} from "../support/steward-house.ts";
import { percentile, startChild } from "./children.ts";
import type { PriorityLoadAnswer, PriorityLoadCommand } from "./priority-load.ts";
import type { Bench, Figure } from "./run.ts";

const QUEUES = 10;
const WAITING = 50;
const JOINS_PER_SECOND = 50;
/** Together they answer about four in five of those who join; the rest hang up, which keeps the queues as full as they are. */
const MEMBERS = 8;
const TALK_MS = 1500;
const PATIENCE_MS = 50_000;
/** The promises of the product. */
const MOST_P99_MS = 50;
const MOST_MOVES_PER_JOIN = 1.2;

const guard = { mostExtraWaitSeconds: 180, neverPassedAfterSeconds: 600 };
/** Claims by the first digit of the number: a tenth begin with 7, a fifth with 8, the rest with 9. */
type Claims = Readonly<Record<string, Claim>>;
const loyal = { rate: 2, headStartMs: 14_000 };
/** "Regular customers first, gentle". */
const gentle: Claims = { "7": PLAIN_CLAIM, "8": loyal, "9": PLAIN_CLAIM };
/** Two tiers that also overtake one another all the time. */
const twoTiers: Claims = { "7": loyal, "8": { rate: 1.5, headStartMs: 5000 }, "9": PLAIN_CLAIM };
const nobody: Claims = { "7": PLAIN_CLAIM, "8": PLAIN_CLAIM, "9": PLAIN_CLAIM };

/** As `npm run bench` runs it. */
export const priority: Bench = async ({ quick }) => [
  ...(await underLoad("a fifth of the callers favoured", gentle, quick ? 5 : 40)),
  ...(await underLoad("two favoured tiers that grow at different rates", twoTiers, quick ? 3 : 20)),
  ...(await underLoad("nobody favoured", nobody, quick ? 3 : 10)),
  ...decisions(quick ? 200 : 5000),
];

async function underLoad(who: string, given: Claims, seconds: number): Promise<readonly Figure[]> {
  const load = startChild<PriorityLoadAnswer>(`${import.meta.dirname}/priority-load.ts`);
  const tell = (command: PriorityLoadCommand) => load.tell(command);
  let house: StewardHouse | null = null;
  try {
    tell({ do: "start", queues: QUEUES, members: MEMBERS, talkMs: TALK_MS });
    const ami = await load.next();
    if (ami.told !== "started") throw new Error("the load answered something else");
    const movedAt = new Map<string, number>();
    house = await openStewardHouse({
      endpoint: ami,
      policy: policyOf({ guard }),
      claimOf: (number) => given[number[0] ?? ""] ?? PLAIN_CLAIM,
      through: (link) => noting(link, movedAt),
    });
    tell({ do: "fill", waiting: WAITING });
    await load.next();
    const due = watchJoinings(house);
    const before = { ...house.steward.counters() };
    tell({ do: "run", seconds, joinsPerSecond: JOINS_PER_SECOND, patienceMs: PATIENCE_MS });
    const answered = load.next();
    const floor = await bareMoves(house.link, answered);
    const done = await answered;
    if (done.told !== "done") throw new Error("the load answered something else");
    await sleep(200);
    const after = house.steward.counters();
    const moves = after.moves - before.moves;
    const times = done.joined.flatMap(([channelId, atMs]) => {
      const moved = movedAt.get(due.get(channelId) ?? "");
      return moved === undefined ? [] : [moved - atMs];
    });
    const most = given === nobody ? 0 : MOST_MOVES_PER_JOIN;
    const perJoin = moves / done.joined.length;
    const readPerJoin = (after.readBacks - before.readBacks) / done.joined.length;
    return [
      ...(times.length === 0 ? [] : soonMoved(who, done, times, floor)),
      {
        what: `${who}: moves per join`,
        value: perJoin,
        unit: "",
        beside: `${readPerJoin.toFixed(2)} times read back per join`,
        goal: `at most ${most}`,
        met: perJoin <= most,
      },
    ];
  } finally {
    await house?.close();
    await load.end();
  }
}

function soonMoved(
  who: string,
  done: Extract<PriorityLoadAnswer, { told: "done" }>,
  times: readonly number[],
  floor: readonly number[],
): readonly Figure[] {
  const bare = `one bare move p50 ${percentile(floor, 0.5).toFixed(2)}, p99 ${percentile(floor, 0.99).toFixed(2)} ms`;
  const p99 = percentile(times, 0.99);
  return [
    {
      what: `${who}: joined to moved, ${times.length} of ${done.joined.length} who joined, ${Math.round(done.waiting)} waiting: p50`,
      value: percentile(times, 0.5),
      unit: "ms",
      beside: bare,
    },
    {
      what: `${who}: joined to moved, p99`,
      value: p99,
      unit: "ms",
      goal: `at most ${MOST_P99_MS} ms`,
      met: p99 <= MOST_P99_MS,
    },
  ];
}

/** The link, noting when each channel was moved first. */
function noting(link: Pbx, movedAt: Map<string, number>): Pbx {
  return {
    name: link.name,
    status: () => link.status(),
    listen: (listener) => link.listen(listener),
    onStatus: (listener) => link.onStatus(listener),
    async action(name, fields, options) {
      const answer = await link.action(name, fields, options);
      const caller = fields?.["Caller"];
      if (typeof caller === "string" && !movedAt.has(caller))
        movedAt.set(caller, performance.timeOrigin + performance.now());
      return answer;
    },
  };
}

/** Those who had to be moved at their joining: channel names by channel, as they come. */
function watchJoinings(house: StewardHouse): ReadonlyMap<string, string> {
  const due = new Map<string, string>();
  const seen = new Set<string>();
  for (let at = 0; at < QUEUES; at += 1)
    for (const { channelId } of house.calls.queue("main", `q${at}`)?.callers ?? [])
      seen.add(channelId);
  house.calls.onFact((fact) => {
    if (fact.type !== "queueJoined") return;
    const { queue } = fact.visit;
    // The line takes the newcomer in right after this fact is told.
    queueMicrotask(() => {
      const wanted = house.steward.wanted("main", queue);
      for (const { channelId, channelName, position } of house.calls.queue("main", queue)
        ?.callers ?? []) {
        if (seen.has(channelId)) continue;
        seen.add(channelId);
        if ((wanted.get(channelId)?.position ?? position) < position)
          due.set(channelId, channelName);
      }
    });
  });
  return due;
}

/** The floor: one move after another in a queue of two, on the same connection and under the same load. */
async function bareMoves(pbx: Pbx, until: Promise<unknown>): Promise<readonly number[]> {
  const { items } = await pbx.action("QueueStatus", { Queue: "idle" }, { list: true });
  const channelName = items.find((item) => item["event"] === "QueueEntry")?.["channel"] ?? "";
  const times: number[] = [];
  const over = new AbortController();
  void until.finally(() => over.abort());
  while (!over.signal.aborted) {
    const startedAtMs = performance.now();
    await changePriority(pbx, { queue: "idle", channelName, priority: times.length + 1 });
    times.push(performance.now() - startedAtMs);
    await sleep(50);
  }
  return times;
}

/** The pure parts alone. */
function decisions(times: number): readonly Figure[] {
  const rules = Array.from({ length: 20 }, (_, at): Rule => ({
    ...{ id: `r${at}`, name: `Rule ${at}`, on: true },
    when: [
      { fact: "tier", in: [`tier${at}`, `other${at}`] },
      { fact: "lifetimeValue", atLeastMinor: 100 * at },
      { fact: "timeOfDay", from: "00:00", to: "23:59" },
    ],
    then: { ...policyOf().rules[0]!.then, rate: 2, headStartSeconds: 14 },
  }));
  const policy = policyOf({ rules, timeZone: "Europe/Kyiv" });
  const subject: Subject = {
    queue: "600",
    caller: "customer",
    place: { city: "", region: "", country: "UA" },
    lostAtMs: null,
    standing: {
      ...{ customerId: "1", name: "", language: "uk", tier: "tier19", vip: false, segments: [] },
      ...{ city: "", region: "", orderCount: 5, lifetimeMinor: 1_000_000, lastOrderAtMs: null },
      ...{ orderOnItsWay: false, orderLate: false, openClaim: false, cartLeftAtMs: null },
      ...{ lostAtMs: null, personalManager: "", lastOperator: "" },
    },
  };
  const plain = createPlainOrder();
  const waiting = Array.from({ length: WAITING }, (_, at): Waiting => {
    const claim = twoTiers[at % 10 === 0 ? "7" : at % 4 === 0 ? "8" : "9"]!;
    noteJoined(plain, `c${at}`, at * 400);
    return {
      ...{ callId: `m${at}`, channelId: `c${at}`, channelName: `PJSIP/t-${at}`, ringing: false },
      ...{ joinedAtMs: at * 400, ...claim },
    };
  });
  const nowMs = WAITING * 400;
  const history = { plain, gapMs: 2000, byHand: new Map<string, number>() };
  const wanted = wantedOrder(waiting, guard, nowMs, history).map(({ caller }) => caller.channelId);
  const line = waiting.map(({ channelId }) => ({ key: channelId, priority: 0, ringing: false }));
  const timed = (what: string, deed: () => unknown): Figure => {
    for (let at = 0; at < times / 5; at += 1) deed();
    const took: number[] = [];
    for (let at = 0; at < times; at += 1) {
      const startedAtMs = performance.now();
      deed();
      took.push((performance.now() - startedAtMs) * 1000);
    }
    const p99 = percentile(took, 0.99).toFixed(0);
    return { what, value: percentile(took, 0.5), unit: "µs", beside: `p99 ${p99} µs` };
  };
  return [
    timed("decide, 20 rules, the last holds: p50", () =>
      decide(policy, subject, 1_795_000_000_000),
    ),
    timed(`wantedOrder, ${WAITING} waiting: p50`, () =>
      wantedOrder(waiting, guard, nowMs, history),
    ),
    timed(`planMoves, ${WAITING} waiting, none in place yet: p50`, () => planMoves(line, wanted)),
  ];
}
