/**
 * The call model: a deterministic fold of what a PBX says into calls and facts about them.
 *
 * No clock, no input or output, no log, no chance: the same inputs with the same times give the same facts. It never throws; what it
 * cannot place is counted by kind. Which event means what is written beside each deed: rings.ts, visits.ts, talks.ts, transfers.ts,
 * and reconcile.ts for what a snapshot proves.
 */
import { extensionOf } from "../asterisk/devices.ts";
import type { ChannelInfo, PbxInput } from "../asterisk/model.ts";
import { enterBridge, hangUp, known, leaveBridge, met, pair } from "./legs.ts";
import type { CallFact } from "./model.ts";
import { callerInQueue, isOutside, outsideDialled } from "./parties.ts";
import { preferredTold, queueMeant } from "./preferred.ts";
import { applySnapshot } from "./reconcile.ts";
import { answer, dialFailed, memberGivenUp, startRing } from "./rings.ts";
import {
  type CallState,
  type Leg,
  begin,
  isDialled,
  remembers,
  taken,
  unplaced,
  emit,
} from "./state.ts";
import { endTalk, hold, refreshTalks, resume, startTalk } from "./talks.ts";
import { adopt, attendedTransfer, blindTransfer, meet, pickUp } from "./transfers.ts";
import { memberGone, memberSeen } from "./usable.ts";
import {
  abandonTold,
  agentConnected,
  decideOverdue,
  goesOn,
  joinQueue,
  leaveQueue,
  statusTold,
} from "./visits.ts";

export { createCallState, size, view } from "./state.ts";
export type { CallState } from "./state.ts";

/** Advances `state` (in place, see state.ts) by one input and tells what happened. `atMs` is when it was received. */
export function fold(state: CallState, input: PbxInput, atMs: number): readonly CallFact[] {
  begin(state, atMs);
  if (state.undecided.size > 0) decideOverdue(state);
  apply(state, input);
  return taken(state);
}

/**
 * Lets time decide what no event decided: how a caller left a queue, a second after the last word about it. To be called about once
 * a second, so that a quiet PBX does not keep such a caller "leaving".
 */
export function settle(state: CallState, atMs: number): readonly CallFact[] {
  begin(state, atMs);
  if (state.undecided.size > 0) decideOverdue(state);
  return taken(state);
}

function apply(state: CallState, input: PbxInput): void {
  switch (input.type) {
    case "channelCreated":
      met(state, input.channel, "Newchannel", true);
      return;
    case "channelState":
      channelState(state, input.channel);
      return;
    case "channelIdentity":
      met(state, input.channel, "NewCallerid");
      return;
    case "channelHungUp": {
      const leg = placed(state, input.channel, "Hangup");
      if (leg) hangUp(state, leg, input.cause);
      return;
    }
    case "hangupRequested": {
      state.tellsHangupRequests = true;
      const leg = placed(state, input.channel, "HangupRequest");
      if (leg && !input.soft) leg.hangupRequested ??= input.cause;
      return;
    }
    case "dialBegan":
      dialBegan(state, input);
      return;
    case "dialEnded": {
      const leg = placed(state, input.callee, "DialEnd");
      if (!leg) return;
      // Whoever picked up a call ends a dial that never began with them.
      leg.dialler ??= input.caller && known(state, input.caller);
      if (input.status === "answer") {
        answer(state, leg);
        refreshTalks(state, leg.call);
      } else dialFailed(state, leg, input.status);
      return;
    }
    case "bridgeEntered":
      bridgeEntered(state, input);
      return;
    case "bridgeLeft": {
      const leg = placed(state, input.channel, "BridgeLeave");
      if (leg?.bridge?.id !== input.bridgeId) return;
      leaveBridge(state, leg);
      refreshTalks(state, leg.call);
      return;
    }
    case "bridgeDestroyed":
      for (const leg of state.bridges.get(input.bridgeId)?.legs ?? []) {
        leaveBridge(state, leg);
        refreshTalks(state, leg.call);
      }
      return;
    case "localBridged": {
      const one = met(state, input.one, "LocalBridge");
      const two = met(state, input.two, "LocalBridge");
      if (!one || !two) return;
      if (one.call !== two.call) adopt(state, two, one.call);
      pair(one, two);
      return;
    }
    case "bridgeMerged":
    case "localOptimized":
      // Announcements: every channel's own leaving and entering is told beside them.
      return;
    case "blindTransferred": {
      const leg = placed(state, input.transferer, "BlindTransfer");
      if (leg && input.success) blindTransfer(state, leg, input.exten);
      return;
    }
    case "attendedTransferred":
      attended(state, input);
      return;
    case "pickedUp": {
      const target = placed(state, input.target, "Pickup");
      const leg = target && met(state, input.channel, "Pickup");
      if (leg && leg !== target) pickUp(state, leg, target);
      return;
    }
    case "held": {
      const leg = placed(state, input.channel, "Hold");
      if (leg) hold(state, leg);
      return;
    }
    case "resumed": {
      const leg = placed(state, input.channel, "Unhold");
      if (leg) resume(state, leg);
      return;
    }
    case "queueJoined": {
      const leg = met(state, input.channel, "QueueCallerJoin");
      if (!leg) return;
      callerInQueue(state, leg);
      joinQueue(state, leg, input.queue, input.position, state.atMs);
      return;
    }
    case "queueLeft": {
      const leg = placed(state, input.channel, "QueueCallerLeave");
      if (leg && !leaveQueue(state, leg, input.queue) && !wasIn(leg, input.queue))
        unplaced(state, "QueueCallerLeave: never joined");
      return;
    }
    case "queueAbandoned": {
      const leg = placed(state, input.channel, "QueueCallerAbandon");
      if (leg && !abandonTold(leg, input.queue) && !wasIn(leg, input.queue))
        unplaced(state, "QueueCallerAbandon: never joined");
      return;
    }
    case "agentCalled":
      agentCalled(state, input);
      return;
    case "agentRingNoAnswer":
      agentRingNoAnswer(state, input);
      return;
    case "agentConnected":
      agentConnect(state, input);
      return;
    case "agentCompleted":
      agentComplete(state, input);
      return;
    case "memberChanged":
      memberSeen(state, input.member);
      return;
    case "memberRemoved":
      memberGone(state, input.queue, input.interface);
      return;
    case "deviceState":
    case "originateEnded":
      // Devices are the queue fold's (queues.ts); an Originate's end says nothing its channel does not.
      return;
    case "userEvent":
      userEvent(state, input);
      return;
    case "snapshot":
      applySnapshot(state, input.snapshot);
      return;
    case "connectionLost":
      // Calls go on without us; the next snapshot tells which of them still do.
      return;
    default:
      unplaced(state, "unknown type");
  }
}

type Input<Type extends PbxInput["type"]> = Extract<PbxInput, { readonly type: Type }>;

/** The leg of an event that makes no sense for a channel never seen. */
function placed(state: CallState, channel: ChannelInfo, kind: string): Leg | null {
  const leg = known(state, channel);
  if (leg) return leg;
  unplaced(
    state,
    remembers(state.dead, channel.id, state.atMs)
      ? `${kind}: channel hung up before`
      : `${kind}: channel never seen`,
  );
  return null;
}

function wasIn({ call }: Leg, queue: string): boolean {
  const meant = queueMeant(call, queue);
  return call.visits.some((visit) => visit.queue === meant);
}

function channelState(state: CallState, channel: ChannelInfo): void {
  const leg = met(state, channel, "Newstate");
  if (!leg) return;
  if (channel.state === "ringing") {
    leg.alerted = true;
    // A Local channel "rings" when anything behind it does; its phone tells for itself.
    if (!leg.local) startRing(state, leg, "channelState");
  } else if (channel.state === "up" && (leg.ring || leg.dialler)) {
    answer(state, leg);
    refreshTalks(state, leg.call);
  }
}

function dialBegan(state: CallState, input: Input<"dialBegan">): void {
  const caller = input.caller && met(state, input.caller, "DialBegin");
  const callee = met(state, input.callee, "DialBegin");
  if (!callee) return;
  if (caller) {
    if (callee.dialler) return;
    callee.dialler = caller;
    adopt(state, callee, caller.call);
    if (caller.local && !callee.local) {
      caller.dialsPhones = true;
      if (caller.other) caller.other.dialsPhones = true;
    }
    goesOn(state, caller);
  } else if (callee === callee.call.origin) {
    callee.call.originated = true;
  }
  const { call } = callee;
  if (call.dialled === "" && (caller || isOutside(callee)))
    call.dialled = numberDialled(caller, input.dialString);
  if (isOutside(callee)) outsideDialled(state, callee);
  startRing(state, callee, "dialBegan");
}

function numberDialled(caller: Leg | null, dialString: string): string {
  if (caller && isDialled(caller.exten)) return caller.exten;
  return /\+?\d{2,}/.exec(dialString)?.[0] ?? "";
}

function bridgeEntered(state: CallState, input: Input<"bridgeEntered">): void {
  const leg = met(state, input.channel, "BridgeEnter");
  if (!leg) return;
  const bridge = enterBridge(state, leg, input.bridgeId, input.bridgeType);
  leg.gone = false;
  goesOn(state, leg);
  // People of different calls in a two-party bridge are one call from now on. Conferences and parking lots are places where
  // calls that have nothing to do with each other stay side by side.
  if (bridge.type === "basic") {
    for (const other of bridge.legs) {
      if (other.call !== leg.call) meet(state, other.call, leg.call);
    }
  }
  refreshTalks(state, leg.call);
}

function attended(state: CallState, input: Input<"attendedTransferred">): void {
  const done = input.destination !== "fail" && input.destination !== "threeway" && input.success;
  const original = placed(state, input.originalTransferer, "AttendedTransfer");
  const second = original && placed(state, input.secondTransferer, "AttendedTransfer");
  if (!second || !done) return;
  attendedTransfer(state, original, second, {
    target: input.target,
    targetLeg: input.target && known(state, input.target),
    transferee: input.transferee && known(state, input.transferee),
    bridged: input.destination === "bridge" || input.destination === "link",
  });
}

function agentCalled(state: CallState, input: Input<"agentCalled">): void {
  const caller = input.channel && met(state, input.channel, "AgentCalled");
  const agent = met(state, input.agent, "AgentCalled");
  if (!agent) return;
  if (caller) {
    adopt(state, agent, caller.call);
    agent.dialler ??= caller;
  }
  startRing(state, agent, "agentCalled", {
    extension: extensionOf(input.interface, state.extensionPattern),
    queue: queueMeant(agent.call, input.queue),
    interface: input.interface,
  });
}

/** The leg that places an event of app_queue: the caller's, else the member's. Keys of either may be missing. */
function queueLeg(
  state: CallState,
  input: { readonly agent: ChannelInfo | null; readonly channel: ChannelInfo | null },
  kind: string,
): Leg | null {
  const leg =
    (input.channel && known(state, input.channel)) ?? (input.agent && known(state, input.agent));
  if (!leg) unplaced(state, `${kind}: channels not known`);
  return leg;
}

function agentRingNoAnswer(state: CallState, input: Input<"agentRingNoAnswer">): void {
  const leg = queueLeg(state, input, "AgentRingNoAnswer");
  const agent = input.agent && known(state, input.agent);
  // A late word about an earlier attempt must not end the ring of the next one.
  if (!leg || (agent?.ring && !leg.call.openRings.includes(agent.ring))) return;
  memberGivenUp(
    state,
    leg.call,
    agent?.ring?.value.extension ?? extensionOf(input.interface, state.extensionPattern),
  );
}

function agentConnect(state: CallState, input: Input<"agentConnected">): void {
  const leg = queueLeg(state, input, "AgentConnect");
  if (!leg) return;
  const agent = input.agent && known(state, input.agent);
  if (agent) {
    // Told once; a repeated one must not begin a talk that is over.
    const again = agent.served;
    agent.served = true;
    answer(state, agent);
    agentConnected(state, leg.call, input.queue);
    // A member in another call is one who picked this one up; the bridge will make them one.
    if (again || agent.gone || agent.call !== leg.call) return;
    // Which phone behind a Local channel answered may not be known; its bridge will tell.
    if (agent.dialsPhones && !agent.behind) return;
    const extension =
      agent.behind?.extension ||
      (agent.local ? "" : agent.extension) ||
      extensionOf(input.interface, state.extensionPattern);
    if (extension !== "")
      startTalk(state, agent, extension, queueMeant(leg.call, input.queue), false);
  } else {
    agentConnected(state, leg.call, input.queue);
  }
}

function agentComplete(state: CallState, input: Input<"agentCompleted">): void {
  const leg = queueLeg(state, input, "AgentComplete");
  if (!leg) return;
  const extension = extensionOf(input.interface, state.extensionPattern);
  const talk = leg.call.openTalks.find((open) => open.value.extension === extension);
  // Who is still bridged still talks: app_queue is done with a call long before the call is done (transfers).
  const isOver = talk && (!talk.connected || talk.apartSinceMs !== null);
  if (isOver && talk.value.queue === queueMeant(leg.call, input.queue))
    endTalk(state, leg.call, talk);
}

function userEvent(state: CallState, input: Input<"userEvent">): void {
  const leg = state.legs.get(input.channelId);
  if (!leg) return;
  const field = (name: string) => fieldOf(input.fields, name);
  if (input.name === "CallcardQueueStatus") statusTold(state, leg, field("queue"), field("status"));
  else if (input.name === "CallcardPreferred")
    preferredTold(state, leg, { queue: field("queue"), extension: field("extension") });
  else if (input.name === "CallcardRating" && /^(\d|10)$/.test(field("score")))
    emit(state, leg.call, { type: "rated", score: Number(field("score")) });
}

function fieldOf(fields: Readonly<Record<string, string>>, name: string): string {
  return (Object.hasOwn(fields, name) ? fields[name] : undefined) ?? "";
}
