/** What an operator is doing, from what Asterisk says of their device and queues. Pure. */
import type { DeviceState, QueueMember } from "../asterisk/model.ts";
import type { DeskCall, Presence } from "./protocol.ts";

/** The reason with which Callcard itself pauses a member after a call; never offered to a person. */
export const WRAP_UP_REASON = "callcard-wrapup";

/** One queue this operator's device is a member of. */
export type Membership = { readonly member: QueueMember; readonly waiting: number };

/** Everything presence depends on. */
export type PresenceFacts = {
  readonly device: { readonly pbx: string; readonly extension: string } | null;
  /** False while the connection to the PBX is away: nothing is known then. */
  readonly pbxUp: boolean;
  /** What the device says of itself; `unknown` when only its queues tell. */
  readonly deviceState: DeviceState;
  readonly memberships: readonly Membership[];
  /** States of the operator's live calls. */
  readonly calls: readonly DeskCall["state"][];
  /** A call of theirs waits for its wrap-up, and they did not say "ready" since. */
  readonly wrapUpPending: boolean;
  readonly nowMs: number;
};

/** Presence without its beginning; `untilMs` tells when it changes by time alone (queue's wrap-up), null for never. */
export type PresenceNow = Omit<Presence, "sinceMs"> & { readonly untilMs: number | null };

/**
 * What the screen shows. A call that rings or talks comes first, known from the call model before the device says so;
 * then the device itself; then pause, wrap-up and readiness.
 */
export function presenceOf(facts: PresenceFacts): PresenceNow {
  const { device, memberships } = facts;
  const queues = memberships
    .map(({ member, waiting }) => ({ name: member.queue, paused: member.paused, waiting }))
    .sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
  const say = (state: Presence["state"], more: Partial<PresenceNow> = {}): PresenceNow => ({
    state,
    pausedReason: "",
    device,
    queues,
    untilMs: null,
    ...more,
  });
  if (device === null) return { ...say("noDevice"), queues: [] };
  if (!facts.pbxUp) return say("offline");

  if (facts.calls.some((state) => state === "talking" || state === "onHold")) return say("talking");
  if (facts.calls.includes("dialling")) return say("talking");
  if (facts.calls.includes("ringing")) return say("ringing");

  const members = memberships.map(({ member }) => member);
  const states = [facts.deviceState, ...members.map((member) => member.status)];
  const says = (...looked: readonly DeviceState[]) =>
    states.some((state) => looked.includes(state));
  if (says("inUse", "busy", "onHold", "ringInUse")) return say("talking");
  if (says("ringing")) return say("ringing");
  // What nobody can say is not counted; a phone that is away everywhere it is known is away.
  const told = states.filter((state) => state !== "unknown");
  if (told.length > 0 && told.every((state) => state === "unavailable" || state === "invalid"))
    return say("offline");
  if (members.length === 0) return facts.wrapUpPending ? say("wrapUp") : say("notInQueue");

  // Paused in one queue of several is still ready for the others; the queues list tells which.
  const paused = members.every((member) => member.paused);
  const reason = members.find((member) => member.paused)?.pausedReason ?? "";
  if (paused && reason !== WRAP_UP_REASON) return say("paused", { pausedReason: reason });
  if (facts.wrapUpPending || paused) return say("wrapUp");

  const untilMs = wrapUpEndsAtMs(members);
  if (untilMs > facts.nowMs) return say("wrapUp", { untilMs });
  return say("ready");
}

/** When the members' own wrap-up time is over; app_queue counts whole seconds from the last call's end. */
function wrapUpEndsAtMs(members: readonly QueueMember[]): number {
  let latest = 0;
  for (const { lastCallAtSeconds, wrapUpSeconds } of members) {
    if (lastCallAtSeconds > 0 && wrapUpSeconds > 0)
      latest = Math.max(latest, (lastCallAtSeconds + wrapUpSeconds) * 1000);
  }
  return latest;
}

/** How much two presences differ: numbers of waiting callers alone may be told at leisure. */
export function presenceDifference(
  one: Omit<Presence, "sinceMs">,
  other: Omit<Presence, "sinceMs">,
): "none" | "waiting" | "state" {
  if (
    one.state !== other.state ||
    one.pausedReason !== other.pausedReason ||
    one.device?.pbx !== other.device?.pbx ||
    one.device?.extension !== other.device?.extension ||
    one.queues.length !== other.queues.length
  )
    return "state";
  let difference: "none" | "waiting" = "none";
  for (const [index, queue] of one.queues.entries()) {
    const twin = other.queues[index];
    if (twin === undefined || queue.name !== twin.name || queue.paused !== twin.paused)
      return "state";
    if (queue.waiting !== twin.waiting) difference = "waiting";
  }
  return difference;
}
