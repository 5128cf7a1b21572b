/** Who is on the other side of a call and which way it goes; told anew whenever a leg says more about it. */
import type { Direction, Party } from "./model.ts";
import { type CallState, type Leg, type LiveCall, emit, isDialled } from "./state.ts";

/** A person outside the PBX, seen as a channel: neither a phone of ours nor a pipe. */
export function isOutside(leg: Leg): boolean {
  return !leg.local && leg.extension === "";
}

/**
 * Which way a call goes. One that began outside came in, unless we called it. One that began at an extension goes out as soon as
 * a leg outside is dialled; until then the number dialled tells, and an unknown number is taken for one outside.
 */
function directionOf(state: CallState, call: LiveCall): Direction {
  if (call.fromExtension === "") return call.direction;
  if (call.partyLeg && isOutside(call.partyLeg)) return "outbound";
  if (call.partyGone && call.direction === "outbound") return "outbound";
  const inside =
    state.extensionPattern.test(call.dialled) ||
    // Feature codes (`*97`, `**101`) and single letters or digits lead nowhere outside.
    /^[*#]/.test(call.dialled) ||
    call.visits.length > 0 ||
    rangElsewhere(call);
  return inside ? "internal" : "outbound";
}

/** Another phone than the one that dials was rung. (That of a click-to-call rings first, too.) */
function rangElsewhere(call: LiveCall): boolean {
  return call.rings.some((ring) => ring.extension !== call.fromExtension);
}

/** Words that stand where a number is withheld. */
const withheld = /^(?:anonymous|restricted|private|withheld|unavailable|unknown)$/i;

function told(word: string): string {
  return withheld.test(word) ? "" : word;
}

function partyOf(call: LiveCall, direction: Direction): Party {
  const { party, partyLeg, origin, fromExtension } = call;
  if (direction === "internal") {
    return { number: fromExtension, name: origin?.callerName ?? party.name };
  }
  if (!partyLeg && call.partyGone) return party;
  if (direction === "inbound") {
    if (!partyLeg) return party;
    // What was once known is not lost because a later event says nothing.
    return {
      number: told(partyLeg.callerNumber) || party.number,
      name: told(partyLeg.callerName) || party.name,
    };
  }
  // The leg we dialled bears the number as the trunk was given it; before there is one, what the person dialled must do.
  const given = told(partyLeg?.callerNumber ?? "");
  if (given.length > 2 && given !== fromExtension)
    return { number: given, name: told(partyLeg?.callerName ?? "") };
  if (call.dialled !== "") return { number: call.dialled, name: "" };
  // A click-to-call shows the customer's number on the operator's own phone while that rings.
  const shown = call.originated ? (origin?.callerNumber ?? "") : "";
  return { number: shown === fromExtension ? party.number : shown || party.number, name: "" };
}

/** Judges direction and party again; a change is a fact once the call was announced. */
export function refreshParty(state: CallState, call: LiveCall, announced = true): void {
  const direction = directionOf(state, call);
  const party = partyOf(call, direction);
  if (
    direction === call.direction &&
    party.number === call.party.number &&
    party.name === call.party.name
  ) {
    return;
  }
  call.direction = direction;
  call.party = party;
  if (announced) emit(state, call, { type: "partyChanged" });
}

/** A leg outside was dialled: it is the other side, if none is known that still counts. */
export function outsideDialled(state: CallState, leg: Leg): void {
  const { call } = leg;
  if (call.partyLeg || call.talks.length > 0) return;
  // A colleague's call that is forwarded to a mobile stays a colleague's call.
  if (call.fromExtension !== "" && rangElsewhere(call)) return;
  if (call.fromExtension === "" && call.visits.length > 0 && !isCampaigns(call)) return;
  call.partyLeg = leg;
  call.partyGone = false;
  if (call.fromExtension === "") call.direction = "outbound";
  refreshParty(state, call);
}

/**
 * A call that a campaign made (asterisk-config, `callcard-out`): the person was called and waits through a Local channel. A listener that
 * comes late hears of their waiting before it hears of their own channel.
 */
function isCampaigns(call: LiveCall): boolean {
  for (const { local, name } of call.legs)
    if (local && name.includes("@callcard-out-")) return true;
  return false;
}

/** A caller made of a Local channel (a test, a dialler of somebody else's) is known as the caller when it joins a queue. */
export function callerInQueue(state: CallState, leg: Leg): void {
  const { call } = leg;
  if (call.partyLeg || call.fromExtension !== "" || call.partyGone || isCampaigns(call)) return;
  call.partyLeg = leg;
  call.direction = "inbound";
  refreshParty(state, call);
}

/** Takes over what a new event says of a leg's caller id and exten, where the call's own words depend on it. */
export function identityChanged(state: CallState, leg: Leg): void {
  const { call } = leg;
  if (leg === call.origin && call.dialled === "" && isDialled(leg.exten)) call.dialled = leg.exten;
  if (leg === call.partyLeg || leg === call.origin) refreshParty(state, call);
}
