/**
 * What the people at the simulated phones do: whether a phone is registered, and how its person reacts when it rings.
 */
import type { Random } from "../random.ts";

/** What a person does with a ringing phone. Times count from the first ring. */
export type PhoneReaction =
  | {
      readonly do: "answer";
      readonly afterMs: number;
      readonly talkMs?: number;
      /** The key pressed when a message asks for one. */
      readonly presses?: string;
      /** A machine answers. */
      readonly machine?: boolean;
    }
  /** Presses "reject" (603). */
  | { readonly do: "reject"; readonly afterMs: number }
  /** The phone says at once that it is busy (486). */
  | { readonly do: "busy" }
  /** The network fails it, without ringing: Q.850's cause with SIP's own number. */
  | { readonly do: "fail"; readonly cause: number; readonly sip: string }
  /** Lets it ring until the caller or the queue gives up. */
  | { readonly do: "ignore" };

/** What a phone shows when it rings. */
export type RingInfo = {
  readonly extension: string;
  readonly callerNumber: string;
  readonly callerName: string;
  /** "" when no queue is involved. */
  readonly queue: string;
  /** A campaign's call: phones that answer by themselves do so for these. */
  readonly campaign: boolean;
};

/** Decides on each ring; plain reactions are allowed for phones that always do the same. */
export type PhoneBehaviour = PhoneReaction | ((ring: RingInfo) => PhoneReaction);

/** One phone of the PBX, or one outside line. */
export type Phone = {
  /** The number it has; for an outside line the number that was called. */
  readonly extension: string;
  /** The name it shows to others. */
  readonly name: string;
  registered: boolean;
  behaviour: PhoneBehaviour;
};

/** The reaction to one ring. */
export function react(phone: Phone, ring: RingInfo): PhoneReaction {
  return typeof phone.behaviour === "function" ? phone.behaviour(ring) : phone.behaviour;
}

/** Answers after `[min, max]` ms and talks `[min, max]` ms. */
export function answering(
  random: Random,
  afterMs: readonly [number, number],
  talkMs: readonly [number, number],
): PhoneBehaviour {
  return () => ({
    do: "answer",
    afterMs: random.whole(...afterMs),
    talkMs: random.whole(...talkMs),
  });
}
