/**
 * What a snapshot proves: who is gone, who is still there, who came while nobody listened.
 *
 * It may come at any time: after a connect, after a loss, or just to make sure. A call that lives on goes on without a fact told
 * twice; a call that is gone ends as `lostSight`. After a restart of Asterisk nothing remembered lives.
 */
import type { PbxSnapshot } from "../asterisk/model.ts";
import { addLeg, enterBridge, hangUp, leaveBridge } from "./legs.ts";
import { callerInQueue, isOutside, outsideDialled, refreshParty } from "./parties.ts";
import { preferredTold } from "./preferred.ts";
import { answer, startRing } from "./rings.ts";
import { type CallState, type Leg, isHelper } from "./state.ts";
import { refreshTalks } from "./talks.ts";
import { memberSeen } from "./usable.ts";
import { closeVisit, joinQueue } from "./visits.ts";

type Channel = PbxSnapshot["channels"][number];

/** Makes the state agree with the snapshot. */
export function applySnapshot(state: CallState, snapshot: PbxSnapshot): void {
  const present = new Map<string, Channel>();
  for (const channel of snapshot.channels) present.set(channel.id, channel);
  // After a restart an old Uniqueid cannot live again, even if the same number were given out once more.
  const gone = [...state.legs.values()].filter((leg) => snapshot.restarted || !present.has(leg.id));
  for (const leg of gone) hangUp(state, leg, 0, true);
  // Oldest first, so that a call is named after the channel it began with.
  const channels = [...present.values()].sort(
    (a, b) => past(b.ageMs) - past(a.ageMs) || byId(a, b),
  );
  // Whom nobody dialled came first: a phone that was dialled does not begin a call.
  for (const channel of channels) if (!wasDialled(channel)) seeChannel(state, channel);
  for (const channel of channels) if (wasDialled(channel)) seeChannel(state, channel);
  seeQueues(state, snapshot, channels);
  for (const channel of channels) seeBridge(state, channel);
  for (const channel of channels) seeDialled(state, channel);
  for (const call of [...state.calls.values()]) refreshTalks(state, call);
}

/** A duration that lists gave; nonsense counts as none. */
function past(ms: number): number {
  return Number.isFinite(ms) && ms > 0 ? ms : 0;
}

function byId(a: Channel, b: Channel): number {
  return a.id < b.id ? -1 : Number(a.id > b.id);
}

/** Asterisk names the application that dialled a channel as the channel's own: `AppDial2` is Originate, with nobody before it. */
function wasDialled(channel: Channel): boolean {
  return channel.application === "AppDial" || channel.application === "AppQueue";
}

function seeChannel(state: CallState, channel: Channel): void {
  if (channel.id === "" || isHelper(channel)) return;
  const leg = state.legs.get(channel.id);
  if (leg) {
    leg.state = channel.state;
    return;
  }
  const startedAtMs = state.atMs - past(channel.ageMs);
  const made = addLeg(state, channel, { isNew: false, startedAtMs });
  if (channel.application === "AppDial2" && made.call.origin === made) {
    made.call.originated = true;
    if (isOutside(made)) made.call.direction = "outbound";
    refreshParty(state, made.call);
  }
}

function seeQueues(state: CallState, snapshot: PbxSnapshot, channels: readonly Channel[]): void {
  for (const queue of snapshot.queues) {
    state.usable.set(queue.name, new Map());
    for (const member of queue.members) memberSeen(state, member);
  }
  // Only a queue that is known by now is taken for one.
  for (const { id, wish } of channels) {
    const leg = wish && state.legs.get(id);
    if (leg) preferredTold(state, leg, wish);
  }
  const waiting = new Set<Leg>();
  for (const queue of snapshot.queues) {
    for (const caller of queue.callers) {
      const leg = state.legs.get(caller.channelId);
      if (!leg) continue;
      waiting.add(leg);
      callerInQueue(state, leg);
      joinQueue(state, leg, queue.name, caller.position, state.atMs - past(caller.waitMs));
    }
  }
  const listed = new Set(snapshot.queues.map((queue) => queue.name));
  for (const call of [...state.calls.values()]) {
    for (const visit of call.openVisits) {
      // Its way out was told and is only to be judged.
      if (visit.leftAtMs !== null) continue;
      // A list that could not be read proves nothing.
      if (waiting.has(visit.leg) || !listed.has(visit.asteriskQueue)) continue;
      closeVisit(
        state,
        call,
        visit,
        visit.answered || inBridge(snapshot, visit.leg) ? "answered" : "unknown",
      );
    }
  }
}

function inBridge(snapshot: PbxSnapshot, leg: Leg): boolean {
  return snapshot.channels.some((channel) => channel.id === leg.id && channel.bridgeId !== "");
}

function seeBridge(state: CallState, channel: Channel): void {
  const leg = state.legs.get(channel.id);
  if (!leg) return;
  if (channel.bridgeId !== "") enterBridge(state, leg, channel.bridgeId, "");
  else leaveBridge(state, leg);
}

function seeDialled(state: CallState, channel: Channel): void {
  const leg = state.legs.get(channel.id);
  if (!leg) return;
  if (leg.local && channel.application === "Dial") {
    leg.dialsPhones = true;
    if (leg.other) leg.other.dialsPhones = true;
  }
  if (wasDialled(channel)) {
    if (isOutside(leg)) outsideDialled(state, leg);
    // Somebody has answered: who still rings will be told that it was elsewhere. The person whom we called rings nobody away.
    if (channel.state === "up" && leg !== leg.call.partyLeg) leg.call.answeredSeq = state.seq;
  }
  if (channel.state === "ringing" && !leg.local) {
    leg.alerted = true;
    startRing(state, leg, "snapshot");
  }
  if (channel.state === "up" && leg.ring) answer(state, leg);
}
