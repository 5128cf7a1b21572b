/** Is a call that ended a reason to call back, and when? Pure. */
import type { Call, QueueVisit } from "../../calls/model.ts";
import type { Zones } from "../../campaigns/model.ts";
import { nextOpening } from "../../campaigns/windows.ts";
import type { CallBackEntry } from "../model.ts";
import type { CallBackSettings } from "./settings.ts";

/** What is known of who called. */
export type MissedFacts = {
  /** E.164; null: withheld, or no number that can be called. */
  readonly phone: string | null;
  readonly doNotCall: boolean;
  /** A campaign is about to call them, or does. */
  readonly inCampaign: boolean;
  /** Since the call somebody talked to them, or settled the call back it led to. */
  readonly settledSince: boolean;
  /** The call back they have already. */
  readonly open:
    (Pick<CallBackEntry, "origin" | "byCampaign"> & { readonly dueAtMs: number }) | null;
  /** The shop's own IANA zone. */
  readonly timeZone: string;
};

/** Why a call leads to no call back. */
export type NotMissed =
  | "off"
  | "notInbound"
  | "answered"
  | "wentElsewhere"
  | "lostSight"
  | "noQueue"
  | "otherQueue"
  | "short"
  | "noNumber"
  | "doNotCall"
  | "inCampaign"
  | "settled"
  | "known"
  | "neverOpen";

/** What is to be done. */
export type MissedVerdict =
  | {
      readonly deed: "make";
      readonly phone: string;
      readonly origin: "missed" | "lost";
      readonly queue: string;
      readonly dueAtMs: number;
    }
  /** They have one, and called again before its time: it is due earlier. */
  | { readonly deed: "hasten"; readonly phone: string; readonly dueAtMs: number }
  | { readonly deed: "nothing"; readonly because: NotMissed };

/** Judges a call that ended. Whoever waited in vain is called back once; for the reasons in {@link NotMissed} nobody is. */
export function decideMissed(
  call: Call,
  facts: MissedFacts,
  settings: Pick<CallBackSettings, "missed" | "hours">,
): MissedVerdict {
  const nothing = (because: NotMissed) => ({ deed: "nothing", because }) as const;
  const { missed, hours } = settings;
  if (!missed.enabled) return nothing("off");
  if (call.direction !== "inbound") return nothing("notInbound");
  const left = leftUnserved(call);
  if (typeof left === "string") return nothing(left);
  const shop: Zones = { names: [facts.timeZone], basis: "shop" };
  if (left.queue === null && !countsWithoutQueue(call, settings, shop)) return nothing("noQueue");
  if (left.queue !== null && missed.queues.length > 0 && !missed.queues.includes(left.queue))
    return nothing("otherQueue");
  if (left.waitedMs < missed.afterSeconds * 1000) return nothing("short");
  const { phone, open } = facts;
  if (phone === null) return nothing("noNumber");
  if (facts.doNotCall) return nothing("doNotCall");
  if (facts.inCampaign) return nothing("inCampaign");
  if (facts.settledSince) return nothing("settled");
  const dueAtMs = nextOpening(hours, shop, endOf(call))?.opensAtMs;
  if (dueAtMs === undefined) return nothing("neverOpen");
  if (open === null)
    return { deed: "make", phone, origin: left.origin, queue: left.queue ?? "", dueAtMs };
  // A time that was said to somebody holds; whoever was not answered when we tried may be called at once again.
  const ownTime = open.byCampaign || (open.origin !== "missed" && open.origin !== "lost");
  return ownTime || open.dueAtMs <= dueAtMs ? nothing("known") : { deed: "hasten", phone, dueAtMs };
}

type Unserved = {
  readonly origin: "missed" | "lost";
  /** Null: it came to none. */
  readonly queue: string | null;
  readonly waitedMs: number;
};

/** How the caller was left without an operator; else why they were not. */
function leftUnserved(call: Call): Unserved | NotMissed {
  const { endedHow, talks, visits } = call;
  if (endedHow === null || endedHow === "merged") return "lostSight";
  const lastTalkMs = Math.max(...talks.map(({ startedAtMs }) => startedAtMs), -Infinity);
  // Who was transferred into a queue after a talk and waited there in vain was left as well.
  const waits = visits.filter(({ joinedAtMs }) => joinedAtMs > lastTalkMs);
  const last = waits.at(-1);
  // Who was seen waiting last and then was gone is called back, though they may have been answered: better than not at all.
  if (endedHow === "lostSight" && last?.how !== "unknown") return "lostSight";
  if (talks.length > 0 && last === undefined) return "answered";
  if (last?.how === "answered") return "answered";
  if (last?.how === "exitKey") return "wentElsewhere";
  if (last !== undefined) {
    const origin = last.how === "abandoned" ? "lost" : "missed";
    return { origin, queue: last.queue, waitedMs: waitedMs(waits) };
  }
  if (endedHow === "completed") return "answered";
  const origin = endedHow === "abandoned" ? "lost" : "missed";
  return { origin, queue: null, waitedMs: endOf(call) - call.startedAtMs };
}

function countsWithoutQueue(
  call: Call,
  { missed, hours }: Pick<CallBackSettings, "missed" | "hours">,
  shop: Zones,
): boolean {
  if (missed.direct && call.rings.length > 0) return true;
  return (
    missed.closed && nextOpening(hours, shop, call.startedAtMs)?.opensAtMs !== call.startedAtMs
  );
}

function waitedMs(visits: readonly QueueVisit[]): number {
  return visits.reduce(
    (sum, { joinedAtMs, leftAtMs }) => sum + Math.max(0, (leftAtMs ?? joinedAtMs) - joinedAtMs),
    0,
  );
}

function endOf(call: Call): number {
  return call.endedAtMs ?? call.startedAtMs;
}

/** A talk with somebody whom we called is a talk when it lasted so long: a machine that answers is hung up on earlier. */
export const REACHED_TALK_MS = 10_000;

/** How long an outbound call was talked on, from the answer of the other side. */
export function talkedMs(call: Call): number {
  const { answeredAtMs } = call;
  return answeredAtMs === null ? 0 : Math.max(0, endOf(call) - answeredAtMs);
}
