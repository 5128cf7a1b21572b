/**
 * The words of the call model: what a person would call one call, and the facts that happen to it.
 *
 * A call is all channels that belong together. Its id is `<pbx>-<Uniqueid of its first channel>`, so that every process
 * that listens to the same PBX gives the same call the same name. Times are epoch milliseconds.
 */

/** Seen from the shop: a customer calls in, an operator calls out, or two extensions talk. */
export type Direction = "inbound" | "outbound" | "internal";

/** Somebody on a line: the outside number and name as the PBX gives them, "" when withheld or unknown. */
export type Party = { readonly number: string; readonly name: string };

/** How a caller left a queue. `abandoned` means the caller hung up; the rest were not the caller's wish. */
export type QueueLeftHow =
  | "answered"
  | "abandoned"
  | "timeout"
  | "empty"
  | "withdrawn"
  | "exitKey"
  | "transferred"
  | "unknown";

/** How the ringing of one phone ended. */
export type RingOutcome =
  | "answered"
  | "noAnswer"
  | "busy"
  | "rejected"
  | "unavailable"
  /** Somebody else answered (ringall losers, pickup). */
  | "answeredElsewhere"
  /** The caller hung up or left the queue while it rang. */
  | "callerGone"
  | "unknown";

/**
 * One stay in one queue. Who waits for their preferred operator first has two for the same queue: one with `preferredExtension`, then, if
 * that operator did not answer, one in the queue itself. The caller's waiting goes on from one to the other (`waitingSinceMs`).
 */
export type QueueVisit = {
  /** The queue the call is for. */
  readonly queue: string;
  readonly joinedAtMs: number;
  /** At the joining, from 1; 0 while they stand in no line because they wait for their preferred operator. */
  readonly position: number;
  /** Only there when this stay waits for one operator alone, before others are asked: their extension, "" when not told. */
  readonly preferredExtension?: string;
  readonly leftAtMs: number | null;
  readonly how: QueueLeftHow | null;
};

/**
 * One ringing of one extension. `id` is `<pbx>-<Uniqueid of the leg that told first>`; the extension is the operator's
 * (`101` for `PJSIP/101`, `Local/101@from-queue/n`), whichever leg told it.
 */
export type Ring = {
  readonly id: string;
  readonly extension: string;
  /** "" when the ring did not come from a queue. */
  readonly queue: string;
  /** The queue member's interface, "" outside queues. */
  readonly interface: string;
  readonly startedAtMs: number;
  /** Which event told first; kept in the pop ledger. */
  readonly toldBy: "agentCalled" | "dialBegan" | "channelState" | "snapshot";
  readonly endedAtMs: number | null;
  readonly outcome: RingOutcome | null;
};

/** An extension's part in a conversation, from its answer to its leaving. */
export type Talk = {
  readonly extension: string;
  /** The ring it grew from; "" for the side that dialled. */
  readonly ringId: string;
  readonly queue: string;
  readonly startedAtMs: number;
  readonly endedAtMs: number | null;
  /** Total time on hold so far. */
  readonly heldMs: number;
  readonly onHoldSinceMs: number | null;
};

export type Transfer = {
  readonly kind: "blind" | "attended" | "blonde" | "pickup";
  readonly fromExtension: string;
  /** Extension or number it went to. */
  readonly to: string;
  readonly atMs: number;
};

/** Who ended it, and in which stage. */
export type CallEndedHow =
  /** A conversation took place and then ended. */
  | "completed"
  /** The caller hung up while waiting or ringing. */
  | "abandoned"
  /** Nobody answered (no answer, busy, timeout, empty queue). */
  | "unanswered"
  /** The connection to the PBX was lost and the call was gone after it came back. */
  | "lostSight"
  /** Became part of another call (attended transfer). */
  | "merged";

/** A call as the rest of the server may see it; a value that never changes after it was handed out. */
export type Call = {
  readonly id: string;
  readonly pbx: string;
  readonly direction: Direction;
  /** The outside party (or the calling extension of an internal call). */
  readonly party: Party;
  /** What was dialled: the shop's number (inbound) or the number called. */
  readonly dialled: string;
  /** The extension that dialled (outbound and internal), "" for inbound. */
  readonly fromExtension: string;
  readonly startedAtMs: number;
  readonly answeredAtMs: number | null;
  readonly endedAtMs: number | null;
  readonly endedHow: CallEndedHow | null;
  /** `new` also between stages: an IVR, a transfer on its way, the moment between the last word and the end. */
  readonly state: "new" | "waiting" | "ringing" | "talking" | "onHold" | "ended";
  readonly visits: readonly QueueVisit[];
  readonly rings: readonly Ring[];
  readonly talks: readonly Talk[];
  readonly transfers: readonly Transfer[];
  /** Channel name of the outside party, for actions; "" once it hung up. */
  readonly partyChannel: string;
  /** True when it was already running at the snapshot: early stages are not known. */
  readonly seenFromMiddle: boolean;
};

/** What happened, in order. Every fact carries the call as it is after the fact. */
export type CallFact = { readonly atMs: number; readonly call: Call } & (
  | { readonly type: "callStarted" }
  /** The outside party's number or name became known or changed. */
  | { readonly type: "partyChanged" }
  | { readonly type: "queueJoined"; readonly visit: QueueVisit }
  | { readonly type: "queueLeft"; readonly visit: QueueVisit; readonly waitMs: number }
  | { readonly type: "ringStarted"; readonly ring: Ring }
  | { readonly type: "ringEnded"; readonly ring: Ring; readonly ringMs: number }
  | { readonly type: "talkStarted"; readonly talk: Talk }
  | { readonly type: "talkEnded"; readonly talk: Talk; readonly talkMs: number }
  | { readonly type: "held"; readonly extension: string }
  | { readonly type: "resumed"; readonly extension: string }
  | { readonly type: "transferred"; readonly transfer: Transfer }
  /** The outside party said how likely they recommend the shop, 0 to 10 (asterisk-config, `callcard-rating`). */
  | { readonly type: "rated"; readonly score: number }
  /**
   * This call is now part of `intoCallId`; its operators follow there, and `callEnded` (`merged`) comes next. What still rang or waited
   * in it was told just before as `ringStarted` or `queueJoined` of the other call, under the same ring id.
   */
  | { readonly type: "merged"; readonly intoCallId: string }
  /** The last fact of every call. */
  | { readonly type: "callEnded" }
);
