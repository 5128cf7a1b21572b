/**
 * The life of an attempt, written down.
 *
 *     planned --> claimed --> dialling --> ringing --> answered --> waiting --> connected --> ended
 *        |           |           |            |            |           |
 *        |           +-> planned (nothing was dialled: given back)     +-> ended as abandoned
 *        +-> withdrawn            \____________\____________\__________+-> ended as busy, noAnswer, ...; withdrawn; unknown
 *
 * - `planned`: to be dialled at `dueAtMs`, not before. "Due" is a planned attempt whose time has come; no state of its own.
 * - `claimed`: one process has it in hand, or shows it to an operator (preview). Nothing was asked of a PBX.
 * - `dialling`: PostgreSQL has it that the PBX is asked now; from here on it may have been dialled.
 * - `ringing`: the PBX told of the person's phone ringing.
 * - `answered`: the person's phone was answered; a machine may still be looked for.
 * - `waiting`: the person is in the queue and no operator has answered.
 * - `connected`: talks with an operator.
 * - `ended`: with an {@link AttemptOutcome}. `withdrawn`: its reason went away. `unknown`: nobody can say whether it was dialled; only a person
 *   takes it on.
 *
 * A late, repeated or impossible event changes nothing: a transition that is not in {@link NEXT} is refused and counted.
 */
import type { WithdrawnBecause } from "../model.ts";
import type { StepEvidence } from "./step-evidence.ts";

/** Where an attempt is. */
export type AttemptState =
  | "planned"
  | "claimed"
  | "dialling"
  | "ringing"
  | "answered"
  | "waiting"
  | "connected"
  | "ended"
  | "withdrawn"
  | "unknown";

/** What may follow what. `dialling` to `planned` only when the PBX's own record proves that nothing was dialled. */
export const NEXT: Readonly<Record<AttemptState, readonly AttemptState[]>> = {
  planned: ["claimed", "withdrawn"],
  claimed: ["planned", "dialling", "ended", "withdrawn"],
  dialling: [
    "planned",
    "ringing",
    "answered",
    "waiting",
    "connected",
    "ended",
    "withdrawn",
    "unknown",
  ],
  ringing: ["answered", "waiting", "connected", "ended", "withdrawn", "unknown"],
  answered: ["waiting", "connected", "ended", "withdrawn", "unknown"],
  waiting: ["connected", "ended", "withdrawn", "unknown"],
  connected: ["ended", "unknown"],
  ended: [],
  withdrawn: [],
  unknown: ["ended", "withdrawn"],
};

/** States in which a PBX may have the call: at most one such attempt for each phone, over all campaigns. */
export const IN_FLIGHT = [
  "dialling",
  "ringing",
  "answered",
  "waiting",
  "connected",
] as const satisfies readonly AttemptState[];

/** How an attempt ended. */
export type AttemptOutcome =
  /** Talked with an operator. */
  | "talked"
  | "busy"
  | "noAnswer"
  /** Refused by the person's phone or its owner. */
  | "rejected"
  /** No such number. */
  | "unallocated"
  /** The network or the trunk could not carry it. */
  | "congestion"
  /** The trunk does not know, or may not call, this number. */
  | "wrongTrunk"
  | "machine"
  /** Answered, and no operator in time. */
  | "abandoned"
  /** Answered, and hung up by the person before the time in which an operator must be there was over. */
  | "cutOff"
  /** Hung up by us while it rang: operators had left, and nobody would have been there for an answer. */
  | "letGo"
  /** The operator's phone was not answered (operator first): the person was never dialled. */
  | "operatorGone"
  /** The operator put the preview aside. */
  | "skipped"
  /** The PBX refused to dial at all. */
  | "refusedByPbx"
  | "failed";

/** One attempt as the rest of the server sees it. Times null until they happened. */
export type Attempt = {
  /** `cc-<uuid>`: the Uniqueid of its first channel. */
  readonly id: string;
  readonly contactId: string;
  readonly campaignId: string;
  /** From 1 within the contact. */
  readonly n: number;
  readonly phone: string;
  readonly state: AttemptState;
  readonly dueAtMs: number;
  /** From here on it is not dialled any more: a ring's length before the calling hours that `dueAtMs` lies in end, or the campaign's end. */
  readonly windowEndsAtMs: number;
  readonly pbx: string;
  readonly trunk: string;
  readonly claimedBy: string;
  readonly dialledAtMs: number | null;
  readonly ringingAtMs: number | null;
  readonly answeredAtMs: number | null;
  /** When the person's greeting ended: with the answer where no machine was looked for; null for a machine, and while it is not known. */
  readonly greetingEndedAtMs: number | null;
  readonly waitingAtMs: number | null;
  readonly connectedAtMs: number | null;
  readonly endedAtMs: number | null;
  readonly outcome: AttemptOutcome | null;
  /** Q.850, 0 when not told. */
  readonly cause: number;
  /** The operator it is or was for: of a preview, of a call back "to me", or who talked. Null for anybody. */
  readonly userId: string | null;
  readonly extension: string;
};

/** An attempt that may be dialled now, with everything the dialler needs. */
export type ClaimedAttempt = Attempt & {
  readonly customerId: string | null;
  /** As it is written to a person: the customer's name, "" when nobody knows it. */
  readonly customerName: string;
  /** An operator promised this call. */
  readonly promised: boolean;
};

/** What is known when a transition is written; everything that became known with it. */
export type AttemptFacts = {
  readonly atMs: number;
  readonly trunk?: string;
  readonly extension?: string;
  readonly userId?: string | null;
  readonly outcome?: AttemptOutcome;
  readonly cause?: number;
  readonly withdrawnBecause?: WithdrawnBecause;
  readonly greetingEndedAtMs?: number;
  /** Waited longer than the rule's time before an operator was there, whatever came after. */
  readonly abandonedByRule?: boolean;
  /** Why, for the attempt's story. */
  readonly evidence: StepEvidence;
};
