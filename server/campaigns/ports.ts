/** How the parts of campaigns ask each other. Each is answered by one file, named beside it; tests give their own. */
import type { AmiError } from "../asterisk/model.ts";
import type { Attempt, AttemptFacts, AttemptState, ClaimedAttempt } from "./attempts/model.ts";
import type { Fence } from "./attempts/fence.ts";
import type { AbandonmentRule, Campaign, PauseReason, Trunk } from "./model.ts";
import type { Learned, PacingDecision } from "./pacing/model.ts";
import type { Lease } from "../storage/lease.ts";

/** The campaigns that are not ended, in memory. `campaigns.ts`. */
export interface CampaignBook {
  all(): readonly Campaign[];
  get(id: string): Campaign | null;
  trunks(pbx: string): readonly Trunk[];
  /** Told after a campaign, or a trunk ("" as id), changed here or in another process. */
  onChange(listener: (campaignId: string) => void): () => void;
  /** The dialler pauses a campaign by itself; audited as `dialler`. */
  pause(id: string, because: PauseReason): Promise<void>;
}

/** Every attempt, in PostgreSQL. `attempts/store.ts`. Fails when PostgreSQL does; nothing was changed then. */
export interface AttemptStore {
  /**
   * Takes up to `wanted` due attempts of a campaign that may be dialled now: within calling hours, under the day's limits, nothing in flight to
   * their phones, not on the do-not-call list. Those that may not are planned anew or withdrawn. No attempt is given to two.
   * @param lease under which it is done. @throws LeaseLost when it is another process's by now; the last ones taken are given back by that one.
   * @param userId attempts meant for this operator come first; those meant for others are left out. Null: only those meant for nobody.
   */
  claim(
    campaign: Campaign,
    wanted: number,
    by: { readonly process: string; readonly userId: string | null },
    nowMs: number,
    lease?: Pick<Lease, "fenced">,
  ): Promise<readonly ClaimedAttempt[]>;
  /** Whether anybody who is meant for any operator is due in a campaign now; that they may be called is for {@link claim} to say. */
  hasDue(campaignId: string, nowMs: number): Promise<boolean>;
  /**
   * Writes a transition with its step; when it ends the attempt, its contact's next attempt is planned, or the contact is closed and its
   * result recorded, in the same transaction.
   * @param fence the lease under which it is done.
   * @returns the attempt after it, null when this transition is not allowed from where it stands (late, repeated, impossible), or the lease is
   * another process's by now.
   */
  advance(
    attemptId: string,
    to: AttemptState,
    facts: AttemptFacts,
    fence?: Fence,
  ): Promise<Attempt | null>;
  /** Which of these were withdrawn. */
  withdrawnAmong(attemptIds: readonly string[]): Promise<readonly string[]>;
  /** Claimed and in-flight attempts of a PBX, and claimed ones of nobody's: what a restart has to settle. */
  taken(pbx: string): Promise<readonly Attempt[]>;
  get(attemptId: string): Promise<ClaimedAttempt | null>;
  /** Told when an attempt that may be in flight here was withdrawn (order settled, customer called in): hang up. */
  onWithdrawn(listener: (attemptId: string) => void): () => void;
  /** Live-answered and abandoned calls in the rule's window. */
  abandonment(
    campaignId: string,
    rule: AbandonmentRule,
    nowMs: number,
  ): Promise<{ readonly answered: number; readonly abandoned: number }>;
  learned(campaignId: string): Promise<Learned | null>;
  saveLearned(campaignId: string, learned: Learned): Promise<void>;
}

/** What the PBX told of an attempt's call, in the order it was told. `connected` names the operator's extension. */
export type Progress = { readonly attemptId: string; readonly atMs: number } & (
  | { readonly type: "ringing" }
  | { readonly type: "answered" }
  | { readonly type: "machine"; readonly cause: string }
  | { readonly type: "greetingEnded" }
  | { readonly type: "waiting" }
  | { readonly type: "connected"; readonly extension: string }
  /** The person pressed 1 during the message: do not call again. */
  | { readonly type: "refused" }
  /** Every channel of it is gone. `evidence` is everything that tells why. */
  | { readonly type: "over"; readonly evidence: CallEvidence }
);

/** Everything that may tell how an attempt's call ended, whatever order it came in; judged by `dialler/outcome.ts`. */
export type CallEvidence = {
  /** OriginateResponse's Reason; null when none came. */
  readonly originateReason: number | null;
  /** DIALSTATUS as the dialplan told it, "" for none. */
  readonly dialStatus: string;
  /** Q.850 of the person's leg, 0 for none. */
  readonly cause: number;
  readonly rang: boolean;
  readonly answered: boolean;
  readonly machine: boolean;
  readonly connected: boolean;
  /** Operator first: the operator's own phone was answered. Null: customer first. */
  readonly operatorAnswered: boolean | null;
  /**
   * Between the answer and the end of the person's greeting: 0 where nobody listened for it (the clock then begins with the answer), null when it
   * did not end, or a machine answered.
   */
  readonly greetingEndedMs: number | null;
  /** Between answer and the end, null when never answered. */
  readonly answeredForMs: number | null;
};

/** What the PBX itself wrote down of an attempt before it dialled; outlives channels and Asterisk's restarts. */
export type PbxRecord =
  /** The PBX never began to dial it: dialling it (again) calls nobody twice. */
  | { readonly dialled: false }
  /** It did; `evidence` when it also wrote how it ended. */
  | { readonly dialled: true; readonly evidence: CallEvidence | null };

/** One PBX as the dialler uses it. `dialler/telephone.ts`. */
export interface Telephone {
  readonly pbx: string;
  /** False while the connection is away or not synchronised. */
  up(): boolean;
  /**
   * Asks for the call; returns once Asterisk took it on. @throws {AmiError} `refused`: it did not and will not; any other code: nobody knows.
   * @param ownPhone the operator's device to ring first, null for customer first.
   */
  dial(call: {
    readonly attempt: ClaimedAttempt;
    readonly campaign: Campaign;
    readonly trunk: Trunk;
    readonly operator: { readonly extension: string; readonly ownPhone: string } | null;
  }): Promise<void>;
  /** Ends every leg of the attempt's call; false when there is none. @throws {AmiError} */
  hangUp(attemptId: string): Promise<boolean>;
  /** Whether a channel of the attempt lives now, by Asterisk's own list. @throws {AmiError} */
  alive(attemptIds: readonly string[]): Promise<ReadonlySet<string>>;
  /** Attempts whose calls live, as far as was heard. */
  heard(): readonly string[];
  /** @throws {AmiError} */
  record(attemptId: string): Promise<PbxRecord>;
  /**
   * The attempt's end is in PostgreSQL: only now may the PBX's own record of it be forgotten (by a later {@link dial}). Forgotten earlier, a
   * crash would make a dialled attempt look like one that never was.
   */
  settled(attemptId: string): void;
  onProgress(listener: (progress: Progress) => void): () => void;
  /** Told after each snapshot (connection came, Asterisk restarted): settle what is in hand. */
  onSynchronised(listener: () => void): () => void;
}
export type { AmiError };

/** What the console shows of a campaign's dialling now. `dialler/dialler.ts`. */
export type DiallerView = {
  readonly campaignId: string;
  readonly ringing: number;
  readonly waiting: number;
  readonly talking: number;
  readonly previews: number;
  readonly operators: { readonly free: number; readonly busy: number; readonly wrappingUp: number };
  readonly pace: PacingDecision | null;
  /** Lines for each operator that works, now. */
  readonly linesPerOperator: number;
};
