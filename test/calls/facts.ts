/** Rules that hold for every stream of facts, whatever the PBX said. */
import { createCallState, fold } from "../../server/calls/fold.ts";
import type { CallFact } from "../../server/calls/model.ts";
import type { Timed } from "./traces.ts";

export const extensionPattern = /^\d{2,6}$/;

/** Folds inputs from nothing; the facts and the state after. */
export function folded(inputs: readonly Timed[]) {
  const state = createCallState("lab", extensionPattern);
  const facts: CallFact[] = [];
  for (const { input, atMs } of inputs) facts.push(...fold(state, input, atMs));
  return { state, facts };
}

/** What of a call is open as told by its facts. */
type Open = { readonly rings: Map<string, string>; readonly talks: Set<string>; visits: number };

/** Plain, because properties come here hundreds of thousands of times. */
function must(holds: boolean, rule: string): void {
  if (!holds) throw new Error(`a stream of facts that cannot be: ${rule}`);
}

/**
 * Every call begins once and ends once, with nothing before or after; what begins in it (rings, talks, visits) ends, once; an extension
 * has one ring at a time in a call. `complete` is false while calls still live.
 */
export function expectSound(facts: readonly CallFact[], complete = true): void {
  const live = new Map<string, Open>();
  const ended = new Set<string>();
  const rings = new Map<string, "open" | "ended">();
  for (const fact of facts) {
    const { call } = fact;
    must(!ended.has(call.id), `${fact.type} after the end of ${call.id}`);
    if (fact.type === "callStarted") {
      must(!live.has(call.id), `${call.id} begins twice`);
      live.set(call.id, { rings: new Map(), talks: new Set(), visits: 0 });
      continue;
    }
    const own = live.get(call.id);
    if (!own) throw new Error(`${fact.type} before the beginning of ${call.id}`);
    checkFact(fact, own, rings);
    if (fact.type === "merged") must(live.has(fact.intoCallId), "merged into a call that lives");
    if (fact.type === "callEnded") {
      live.delete(call.id);
      ended.add(call.id);
    }
  }
  if (!complete) return;
  must(live.size === 0, `calls never ended: ${[...live.keys()].join(" ")}`);
  for (const [id, stage] of rings) must(stage === "ended", `ring ${id} never ended`);
}

function checkFact(fact: CallFact, own: Open, rings: Map<string, "open" | "ended">): void {
  const { call } = fact;
  // eslint-disable-next-line typescript/switch-exhaustiveness-check -- the other facts have no rule of their own
  switch (fact.type) {
    case "ringStarted":
      must(!own.rings.has(fact.ring.extension), `two rings of ${fact.ring.extension}`);
      must(rings.get(fact.ring.id) !== "ended", `${fact.ring.id} rings again`);
      own.rings.set(fact.ring.extension, fact.ring.id);
      rings.set(fact.ring.id, "open");
      break;
    case "ringEnded":
      must(own.rings.get(fact.ring.extension) === fact.ring.id, "a ring ends that did not begin");
      must(fact.ring.outcome !== null && fact.ringMs >= 0, "a ring ends with an outcome");
      own.rings.delete(fact.ring.extension);
      rings.set(fact.ring.id, "ended");
      break;
    case "talkStarted":
      must(!own.talks.has(fact.talk.extension), `two talks of ${fact.talk.extension}`);
      own.talks.add(fact.talk.extension);
      break;
    case "talkEnded":
      must(own.talks.delete(fact.talk.extension), "a talk ends that did not begin");
      must(fact.talkMs >= 0 && fact.talk.heldMs <= fact.talkMs, "holding is part of talking");
      break;
    case "queueJoined":
      own.visits += 1;
      break;
    case "queueLeft":
      own.visits -= 1;
      must(fact.visit.how !== null && fact.waitMs >= 0, "a visit ends somehow");
      break;
    case "merged":
      // What still rang or waited went along with it.
      own.rings.clear();
      own.visits = 0;
      break;
    case "callEnded":
      must(own.rings.size === 0, `${call.id} ended ringing`);
      must(own.talks.size === 0, `${call.id} ended talking`);
      must(own.visits === 0, `${call.id} ended waiting`);
      must(call.state === "ended" && call.endedHow !== null, `${call.id} ended somehow`);
      must(
        [...call.rings, ...call.talks].every((part) => part.endedAtMs !== null) &&
          call.visits.every((visit) => visit.leftAtMs !== null),
        `everything in ${call.id} is over`,
      );
      break;
    default:
  }
}
