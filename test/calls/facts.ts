/** Rules that hold for every stream of facts, whatever the PBX said. */
import { expect } from "vitest";
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

/**
 * Every call begins once and ends once, with nothing before or after; what begins in it (rings, talks, visits) ends, once; an extension
 * has one ring at a time in a call. `complete` is false while calls still live.
 */
export function expectSound(facts: readonly CallFact[], complete = true): void {
  const live = new Map<
    string,
    { rings: Map<string, string>; talks: Set<string>; visits: number }
  >();
  const ended = new Set<string>();
  const rings = new Map<string, "open" | "ended">();
  for (const fact of facts) {
    const { call } = fact;
    expect(ended.has(call.id), `${fact.type} after the end of ${call.id}`).toBe(false);
    if (fact.type === "callStarted") {
      expect(live.has(call.id), `${call.id} began twice`).toBe(false);
      live.set(call.id, { rings: new Map(), talks: new Set(), visits: 0 });
      continue;
    }
    const own = live.get(call.id);
    expect(own, `${fact.type} before the beginning of ${call.id}`).toBeDefined();
    if (!own) continue;
    // eslint-disable-next-line typescript/switch-exhaustiveness-check -- the other facts have no rule of their own
    switch (fact.type) {
      case "ringStarted":
        expect(own.rings.has(fact.ring.extension), `two rings of ${fact.ring.extension}`).toBe(
          false,
        );
        expect(rings.get(fact.ring.id), `${fact.ring.id} rings again`).not.toBe("ended");
        own.rings.set(fact.ring.extension, fact.ring.id);
        rings.set(fact.ring.id, "open");
        break;
      case "ringEnded":
        expect(own.rings.get(fact.ring.extension)).toBe(fact.ring.id);
        expect(fact.ring.outcome).not.toBeNull();
        expect(fact.ringMs).toBeGreaterThanOrEqual(0);
        own.rings.delete(fact.ring.extension);
        rings.set(fact.ring.id, "ended");
        break;
      case "talkStarted":
        expect(own.talks.has(fact.talk.extension), `two talks of ${fact.talk.extension}`).toBe(
          false,
        );
        own.talks.add(fact.talk.extension);
        break;
      case "talkEnded":
        expect(own.talks.delete(fact.talk.extension)).toBe(true);
        expect(fact.talkMs).toBeGreaterThanOrEqual(0);
        expect(fact.talk.heldMs).toBeLessThanOrEqual(Math.max(0, fact.talkMs));
        break;
      case "queueJoined":
        own.visits += 1;
        break;
      case "queueLeft":
        own.visits -= 1;
        expect(fact.visit.how).not.toBeNull();
        break;
      case "merged": {
        // What still rang or waited went along with it.
        own.rings.clear();
        own.visits = 0;
        expect(live.has(fact.intoCallId), "merged into a call that lives").toBe(true);
        break;
      }
      case "callEnded":
        expect(own.rings.size, `${call.id} ended ringing`).toBe(0);
        expect(own.talks.size, `${call.id} ended talking`).toBe(0);
        expect(own.visits, `${call.id} ended waiting`).toBe(0);
        expect(call.state).toBe("ended");
        expect(call.endedHow).not.toBeNull();
        for (const ring of call.rings) expect(ring.endedAtMs).not.toBeNull();
        for (const talk of call.talks) expect(talk.endedAtMs).not.toBeNull();
        for (const visit of call.visits) expect(visit.leftAtMs).not.toBeNull();
        live.delete(call.id);
        ended.add(call.id);
        break;
      default:
    }
  }
  if (complete) {
    expect([...live.keys()], "calls that never ended").toEqual([]);
    expect([...rings].filter(([, stage]) => stage === "open")).toEqual([]);
  }
}
