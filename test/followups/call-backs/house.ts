/** Call backs over a real database, a bus and calls that tests play by hand. */
import type { Call, CallFact } from "../../../server/calls/model.ts";
import { planCallBack } from "../../../server/campaigns/attempts/promise.ts";
import { readPhone } from "../../../server/customers/phone.ts";
import {
  type CallBacksOptions,
  type OpenedCallBacks,
  openCallBacks,
} from "../../../server/followups/call-backs/open.ts";
import { type Bus, localBus } from "../../../server/storage/bus.ts";
import type { Database } from "../../../server/storage/database.ts";
import { finishedCall } from "../../calls/sample.ts";

/** Monday noon in Moscow. */
export const NOON_MS = Date.parse("2026-11-23T09:00:00Z");
export const MINUTE_MS = 60_000;
export const HOUR_MS = 3_600_000;
export const MOSCOW = "Europe/Moscow";

const throwing = (error: unknown) => {
  throw error;
};

/** Calls that a test tells of. */
export class PlayedCalls {
  readonly #listeners = new Set<(fact: CallFact) => void>();
  readonly live = new Map<string, Call>();

  onFact(listener: (fact: CallFact) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  call(id: string): Call | undefined {
    return this.live.get(id);
  }

  /** Since when the PBX is heard; null: it is away. */
  heardSinceMs: number | null = null;
  followedSince(): number | null {
    return this.heardSinceMs;
  }

  /** They join the queue of their last visit, and wait. */
  waits(call: Call, atMs: number): Call {
    const visit = { ...call.visits.at(-1)!, leftAtMs: null, how: null };
    const waiting: Call = {
      ...call,
      ...{ visits: [visit], endedAtMs: null, endedHow: null, state: "waiting" },
    };
    for (const listener of this.#listeners)
      listener({ type: "queueJoined", call: waiting, visit, atMs });
    return waiting;
  }

  tell(type: "callEnded" | "talkStarted", call: Call, atMs: number): void {
    const fact =
      type === "callEnded" ? { type, call, atMs } : { type, call, atMs, talk: call.talks[0]! };
    for (const listener of this.#listeners) listener(fact);
  }
}

/** One process. Without `bus` it has one of its own. */
export function openHouse(
  db: Database,
  own: { bus?: Bus; customerOf?: (callId: string) => string | null; nowMs?: () => number } = {},
) {
  const calls = new PlayedCalls();
  const bus = own.bus ?? localBus(throwing);
  const clock = own.nowMs ?? (() => NOON_MS);
  const zones = { timeZone: MOSCOW, regionOfNumber: () => "" };
  const options: CallBacksOptions = {
    ...{ db, bus, calls, clock, timeZone: MOSCOW, region: "RU" },
    customerOf: own.customerOf ?? (() => null),
    e164Of: (number) => readPhone(number, "RU")?.e164 ?? null,
    planCallBack: (trx, promise) => planCallBack(trx, zones, promise, clock()),
    log: { info: () => undefined, warn: throwing, error: throwing },
    everyMs: 3_600_000,
  };
  const callBacks: OpenedCallBacks = openCallBacks(options);
  return { callBacks, calls, bus };
}

let calls = 0;
/** Somebody who waited in queue 600 for a minute and hung up. */
export function lostCall(phone: string, own: Partial<Call> = {}): Call {
  calls += 1;
  const endedAtMs = own.endedAtMs ?? NOON_MS;
  const startedAtMs = own.startedAtMs ?? endedAtMs - MINUTE_MS;
  return finishedCall({
    ...{ id: `office-18000000.${calls}`, party: { number: phone, name: "" } },
    ...{ startedAtMs, endedAtMs, answeredAtMs: null, endedHow: "abandoned", talks: [] },
    visits: [
      { queue: "600", joinedAtMs: startedAtMs, position: 1, leftAtMs: endedAtMs, how: "abandoned" },
    ],
    ...own,
  });
}

/** Somebody who called, waited for ten seconds and was answered for a minute. */
export function answeredCall(phone: string, atMs: number): Call {
  calls += 1;
  const sample = finishedCall();
  const endedAtMs = atMs + MINUTE_MS;
  const startedAtMs = atMs - 10_000;
  return {
    ...sample,
    ...{ id: `office-18000000.${calls}`, party: { number: phone, name: "" } },
    ...{ startedAtMs, answeredAtMs: atMs, endedAtMs },
    visits: [{ ...sample.visits[0]!, joinedAtMs: startedAtMs, leftAtMs: atMs }],
    talks: [{ ...sample.talks[0]!, startedAtMs: atMs, endedAtMs }],
  };
}

/** A call from operator 101 to somebody; talked for so long, 0: not answered. */
export function outboundCall(phone: string, endedAtMs: number, talkedMs: number): Call {
  calls += 1;
  const answeredAtMs = talkedMs === 0 ? null : endedAtMs - talkedMs;
  const startedAtMs = endedAtMs - talkedMs - 20_000;
  return finishedCall({
    ...{ id: `office-18000000.${calls}`, party: { number: phone, name: "" }, visits: [] },
    ...{ direction: "outbound", fromExtension: "101", startedAtMs, answeredAtMs, endedAtMs },
    ...(talkedMs === 0 ? { talks: [], endedHow: "unanswered" as const } : {}),
  });
}

/** Makes somebody who works here; @returns their id. */
export async function addUser(
  db: Database,
  login: string,
  role: "operator" | "supervisor" = "operator",
): Promise<string> {
  const row = await db
    .insertInto("users")
    .values({ login, name: `Name of ${login}`, role, password_hash: "none" })
    .returning("id")
    .executeTakeFirstOrThrow();
  return row.id;
}
