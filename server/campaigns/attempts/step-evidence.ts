/**
 * Everything that a step of an attempt's story may be written with. A key that is not here cannot be written, and one that the console has
 * no words for in each language does not compile there.
 */
import type { SkipReason } from "../../desk/protocol.ts";
import type { Trigger, WithdrawnBecause } from "../model.ts";
import type { CallEvidence } from "../ports.ts";
import type { PutOffBecause } from "../rest.ts";
import type { AttemptOutcome } from "./model.ts";

/** What the PBX said of the call; what it did not say is left out. */
type SaidByPbx = { readonly [Key in keyof CallEvidence]: NonNullable<CallEvidence[Key]> };

type Values = SaidByPbx & {
  /** What made this person a contact. */
  readonly why: Trigger["type"];
  /** Planned because the attempt before ended so. */
  readonly after: AttemptOutcome;
  /** Planned because an operator promised it; `by` is the operator's login. */
  readonly callBack: boolean;
  readonly by: string;
  /** Why a planned attempt was put off. */
  readonly because: PutOffBecause;
  /** The process that took it. */
  readonly process: string;
  readonly trunk: string;
  readonly outcome: AttemptOutcome;
  readonly withdrawnBecause: WithdrawnBecause;
  /** The PBX's words, when it refused the call at all. */
  readonly refused: string;
  /** The called person pressed 1: not to be called again. */
  readonly pressedOne: boolean;
  /** Why the operator put the preview aside. */
  readonly skipped: SkipReason;
  /** Found out afterwards by the PBX's own record. */
  readonly settled: boolean;
  /** What that record lacks: everything, though the phone had rung, or how the call ended. */
  readonly pbxRecord: "none" | "noEnd";
  /** The login of the person who said how an unknown attempt ended. */
  readonly settledBy: string;
};

/** The name of something that became known with a step. */
export type EvidenceKey = keyof Values;

/** What became known with a step. Times in milliseconds. */
export type StepEvidence = { readonly [Key in EvidenceKey]?: Values[Key] };
