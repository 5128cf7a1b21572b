/** A steward at work on a PBX (simulated or real): its link, its live calls, verdicts by the caller's number, and what it recorded. */
import { setTimeout as sleep } from "node:timers/promises";
import { fixedPbxs } from "../../server/asterisk/pbxs.ts";
import { PbxLink } from "../../server/asterisk/link.ts";
import type { Pbx, QueueSnapshot } from "../../server/asterisk/model.ts";
import { queuesOf } from "../../server/asterisk/snapshot.ts";
import { LiveCalls } from "../../server/calls/live.ts";
import type { Guard, Move, Policy, Verdict } from "../../server/priority/model.ts";
import type { Placement } from "../../server/priority/record.ts";
import { type ByHandStore, NOT_KEPT } from "../../server/priority/by-hand.ts";
import { Steward } from "../../server/priority/steward.ts";
import type { StewardTuning } from "../../server/priority/tuning.ts";
import { type Bus, localBus } from "../../server/storage/bus.ts";
import type { Lease } from "../../server/storage/lease.ts";
import { TestLease } from "./lease.ts";

export type Claim = { readonly rate: number; readonly headStartMs: number };
export const PLAIN_CLAIM: Claim = { rate: 1, headStartMs: 0 };
export const NO_GUARD: Guard = { mostExtraWaitSeconds: null, neverPassedAfterSeconds: null };

/** One rule that is on, so that the queues are put in order; what it gives is told by {@link StewardHouse.claims}. */
export const policyOf = (more: Partial<Policy> = {}): Policy => ({
  rules: [
    {
      id: "r1",
      name: "Regular customers",
      on: true,
      when: [],
      then: { rate: 1, headStartSeconds: 0, skipQuestions: false, preferred: null, message: "" },
    },
  ],
  guard: NO_GUARD,
  queues: [],
  timeZone: "UTC",
  ...more,
});

export type StewardHouse = {
  readonly link: PbxLink;
  readonly calls: LiveCalls;
  readonly steward: Steward;
  readonly moves: Move[];
  readonly placements: Placement[];
  /** What the policy gives a caller, by number; changing it needs {@link judge}. */
  readonly claims: Map<string, Claim | null>;
  /** Tells the steward of the verdict on everybody with this number. */
  judge(number: string): void;
  publish(policy: Policy): void;
  /** Callers' numbers, as Asterisk says they stand. */
  order(queue: string): Promise<readonly string[]>;
  /** The same with their priorities. */
  line(queue: string): Promise<QueueSnapshot["callers"]>;
  /** Waits until callers stand so. */
  stands(queue: string, numbers: string, withinMs?: number): Promise<void>;
  /** Ends without a goodbye to anybody; `steward: false` leaves that to the test. */
  close(): Promise<void>;
};

/** Opens one on an AMI endpoint. Everybody is plain unless told. */
export async function openStewardHouse(options: {
  readonly endpoint: {
    readonly port: number;
    readonly username: string;
    readonly secret: string;
  };
  readonly policy?: Policy;
  readonly claims?: ReadonlyMap<string, Claim | null>;
  /** Instead of `claims`. */
  readonly claimOf?: (number: string) => Claim | null;
  readonly tuning?: Partial<StewardTuning>;
  /** What the steward acts on, when not the link itself. */
  readonly through?: (link: Pbx) => Pbx;
  /** The lease of the PBX, when others want it too. */
  readonly lease?: Lease;
  /** Shared with other houses. */
  readonly bus?: Bus;
  readonly byHand?: ByHandStore;
}): Promise<StewardHouse> {
  const { port, username, secret } = options.endpoint;
  const link = new PbxLink({ name: "main", host: "127.0.0.1", port, username, secret, tls: false });
  const calls = new LiveCalls({ pbxs: fixedPbxs([link]), extensionPattern: /^[0-9]{2,5}$/ });
  const claims = new Map(options.claims);
  const moves: Move[] = [];
  const placements: Placement[] = [];
  const heard = new Set<(callId: string, queue: string) => void>();
  const published = new Set<() => void>();
  let policy = options.policy ?? policyOf();
  let version = 1;
  const claimOf =
    options.claimOf ??
    ((number: string) => {
      const claim = claims.get(number);
      return claim === undefined ? PLAIN_CLAIM : claim;
    });
  const verdictOf = (callId: string): Verdict | null => {
    const claim = claimOf(calls.call(callId)?.party.number ?? "");
    if (claim === null) return null;
    const rule = claim === PLAIN_CLAIM ? null : { id: "r1", name: "Regular customers" };
    return { ...claim, rule, skipQuestions: false, preferred: null, message: "", passedOver: [] };
  };
  const { lease = new TestLease() } = options;
  const steward = new Steward({
    calls,
    leaseOf: () => lease,
    byHand: options.byHand ?? NOT_KEPT,
    bus: options.bus ?? localBus((error) => console.error(error)),
    pbxs: fixedPbxs([options.through?.(link) ?? link]),
    verdictOf,
    onVerdict: (listener) => {
      heard.add(listener);
      return () => heard.delete(listener);
    },
    policies: {
      published: () => ({ version, policy }),
      onPublished: (listener) => {
        published.add(listener);
        return () => published.delete(listener);
      },
    },
    record: {
      moved: (move) => moves.push(move),
      placed: (placement) => placements.push(placement),
    },
    log: { info: () => {}, warn: () => {}, error: (fields) => console.error(fields) },
    ...(options.tuning ? { tuning: options.tuning } : {}),
  });
  calls.open();
  link.start();
  while (link.status().state !== "up") await sleep(5);
  const line = async (queue: string) => {
    const { items } = await link.action("QueueStatus", { Queue: queue }, { list: true });
    return queuesOf(items).find(({ name }) => name === queue)?.callers ?? [];
  };
  const numbers = new Map<string, string>();
  calls.onFact(({ call }) => numbers.set(call.id, call.party.number));
  const order = async (queue: string) => {
    const listed = await line(queue);
    const known = new Map(
      calls.queue("main", queue)?.callers.map(({ channelId, callId }) => [channelId, callId]),
    );
    return listed
      .toSorted((a, b) => a.position - b.position)
      .map(({ channelId }) => calls.call(known.get(channelId) ?? "")?.party.number ?? "?");
  };
  return {
    ...{ link, calls, steward, moves, placements, claims, line, order },
    judge(number) {
      for (const call of calls.calls()) {
        if (call.party.number !== number) continue;
        for (const { queue } of call.visits) for (const tell of heard) tell(call.id, queue);
      }
    },
    publish(fresh) {
      policy = fresh;
      version += 1;
      for (const tell of published) tell();
    },
    async stands(queue, wanted, withinMs = 3000) {
      const untilMs = performance.now() + withinMs;
      for (;;) {
        const now = (await order(queue)).join(" ");
        if (now === wanted) return;
        if (performance.now() > untilMs) throw new Error(`${queue}: ${now}, not ${wanted}`);
        await sleep(10);
      }
    },
    async close() {
      await steward.close();
      calls.close();
      link.stop();
    },
  };
}
