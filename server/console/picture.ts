/** The console's live picture, composed of what others know. Pure. */
import type { PbxStatus, QueueMember } from "../asterisk/model.ts";
import type { LiveQueueView } from "../calls/live.ts";
import { type Waiting, type Verdict, PLAIN } from "../priority/model.ts";
import type { Person } from "../priority/look-up.ts";
import type { ConsoleCaller, ConsolePbx, ConsoleQueue } from "./protocol.ts";

/** What is known of one caller of a queue besides the queue itself. */
export type CallerKnown = {
  readonly person: Person | null;
  readonly verdict: Verdict | null;
  readonly ringing: boolean;
};

/** Where somebody should stand, as the steward wants it. */
export type WantedPlace = {
  readonly position: number;
  /** Where the policy alone would put them. */
  readonly policyPosition: number;
  readonly guard: ConsoleCaller["guard"];
  /** Login of who put them there by hand, "" for nobody. */
  readonly movedBy: string;
};

/** One queue with everybody in it. */
export function queueOf(
  pbx: string,
  queue: LiveQueueView,
  notMoved: ConsoleQueue["notMoved"],
  known: (callId: string) => CallerKnown,
  wanted: ReadonlyMap<string, WantedPlace>,
): ConsoleQueue {
  return {
    pbx,
    name: queue.name,
    members: membersOf(queue.members),
    callers: queue.callers.map((caller): ConsoleCaller => {
      const { person, ringing, verdict } = known(caller.callId);
      const place = wanted.get(caller.channelId);
      return {
        callId: caller.callId,
        channelId: caller.channelId,
        position: caller.position,
        wantedPosition: place?.position ?? caller.position,
        policyPosition: place?.policyPosition ?? caller.position,
        title: person?.title ?? "",
        tier: person?.tier ?? "",
        vip: person?.vip ?? false,
        joinedAtMs: Math.round(caller.joinedAtMs),
        rate: verdict?.rate ?? PLAIN.rate,
        headStartMs: verdict?.headStartMs ?? 0,
        rule: verdict?.rule ?? null,
        identified: verdict !== null,
        ringing,
        guard: place?.guard ?? "",
        movedBy: place?.movedBy ?? "",
      };
    }),
    preferring: queue.preferring.map((caller) => {
      const { person, ringing } = known(caller.callId);
      return {
        callId: caller.callId,
        channelId: caller.channelId,
        title: person?.title ?? "",
        tier: person?.tier ?? "",
        vip: person?.vip ?? false,
        joinedAtMs: Math.round(caller.joinedAtMs),
        ringing,
        extension: caller.preferredExtension,
      };
    }),
    notMoved,
  };
}

/** Members as somebody who looks for help counts them; who cannot be reached is none of the three. */
export function membersOf(members: readonly QueueMember[]): ConsoleQueue["members"] {
  let ready = 0;
  let busy = 0;
  let paused = 0;
  for (const { paused: isPaused, status } of members) {
    if (status === "unavailable" || status === "invalid") continue;
    if (isPaused) paused += 1;
    // app_queue rings a member whose device tells nothing.
    else if (status === "notInUse" || status === "unknown") ready += 1;
    else busy += 1;
  }
  return { ready, busy, paused };
}

/** One PBX. */
export function pbxOf(status: PbxStatus): ConsolePbx {
  const up = status.state === "up";
  return {
    name: status.pbx,
    up,
    version: status.capabilities.version,
    canMove: up && status.capabilities.immediatePriority,
    reason: up ? "" : status.reason || status.state,
  };
}

/** Callers of a queue as the order sees them; who has no verdict waits plainly. */
export function waitingOf(
  queue: LiveQueueView,
  known: (callId: string) => Pick<CallerKnown, "verdict" | "ringing">,
): readonly Waiting[] {
  return queue.callers.map(({ callId, channelId, channelName, joinedAtMs }) => {
    const { ringing, verdict } = known(callId);
    return {
      ...{ callId, channelId, channelName, joinedAtMs, ringing },
      rate: verdict?.rate ?? PLAIN.rate,
      headStartMs: verdict?.headStartMs ?? 0,
    };
  });
}
