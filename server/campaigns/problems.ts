/** What can be wrong with a campaign or doubtful about it: the codes a screen translates, with the values its sentences need. */
import type { Problem } from "../priority/rest.ts";

type Nothing = Readonly<Record<string, never>>;
/** `known` and `suggestion` are "" when there is nothing to name. */
type Unknown = { readonly value: string; readonly known: string; readonly suggestion: string };

/**
 * Values of each code. `field` is the last part of the path. Beside these there are the codes of a wrong shape: `missing`,
 * `unknownField`, `wrongType`, `notAllowed`, `tooMany`, `tooLong` (`priority/problems.ts`). Shares are in percent.
 */
export type CampaignProblemValues = {
  // Refused.
  readonly empty: { readonly field: string };
  readonly outOfRange: {
    readonly field: string;
    readonly value: number;
    readonly least: number;
    readonly most: number;
  };
  readonly notWhole: { readonly field: string; readonly value: number };
  /** Line breaks or other control characters where one line is wanted. */
  readonly notOneLine: { readonly field: string };
  readonly duplicate: { readonly value: string };
  readonly unknownPbx: Unknown;
  readonly unknownQueue: Unknown & { readonly pbx: string };
  readonly unknownTrunk: Unknown & { readonly pbx: string };
  readonly badCallerId: { readonly value: string };
  readonly badTime: { readonly value: string };
  readonly badDate: { readonly value: string };
  readonly badMoment: { readonly value: string };
  readonly hoursCross: { readonly from: string; readonly to: string };
  readonly hoursShort: { readonly from: string; readonly to: string; readonly least: number };
  /** Wider than the law of this kind of call allows. */
  readonly hoursBeyondLaw: WiderHours;
  readonly neverOpen: Nothing;
  /** Not once between the campaign's start (or now) and its end. */
  readonly neverOpenBefore: { readonly end: string };
  readonly endBeforeStart: Nothing;
  readonly targetNotBelow: { readonly target: number; readonly most: number };
  readonly modeNotAllowed: { readonly mode: string; readonly allowed: string };
  readonly consentRequired: Nothing;
  readonly previewOperatorFirst: Nothing;
  readonly predictiveCustomerFirst: { readonly mode: string };
  readonly greetingNeedsDetection: Nothing;
  /** What starts a call also says that none is needed. */
  readonly settledAtOnce: { readonly stage: string };
  readonly limitBeyondLaw: { readonly value: number; readonly most: number };
  readonly noDone: Nothing;
  readonly badCode: { readonly value: string };
  readonly unknownPlaceholder: { readonly value: string; readonly known: string };
  // Doubts.
  /** The PBX is away, or has no such queue yet: nobody can say. */
  readonly queueNotTold: { readonly value: string; readonly pbx: string };
  readonly trunkDisabled: { readonly value: string };
  readonly unknownSource: Unknown;
  readonly hoursBeyondUsual: WiderHours;
  /** Whose number and address do not tell their zone is never called, or not for long: `minutes` a week. */
  readonly unknownZoneNeverOpen: { readonly zones: number };
  readonly unknownZoneLittleOpen: { readonly zones: number; readonly minutes: number };
  readonly endPassed: Nothing;
  readonly capAboveUsual: { readonly value: number; readonly usual: number };
  readonly connectsLate: { readonly value: number; readonly usual: number };
  readonly cancelledStillCalled: Nothing;
  readonly retriesBeyondLimit: { readonly used: number; readonly steps: number };
  readonly retriesBeyondDay: { readonly attempts: number; readonly most: number };
  readonly noRefusal: Nothing;
  readonly sameLabel: { readonly value: string };
  readonly machineInPreview: Nothing;
  /** Weeks and months are counted for each contact, not over several campaigns. */
  readonly spacingPerContact: { readonly days: number; readonly attempts: number };
};

type WiderHours = {
  readonly from: string;
  readonly to: string;
  readonly earliest: string;
  readonly latest: string;
};

export type CampaignProblemCode = keyof CampaignProblemValues;

/** Problems refuse a campaign, warnings are told to whoever saves it. */
export type Findings = { readonly problems: Problem[]; readonly warnings: Problem[] };

/** Adds one finding at a place. */
export function tell<Code extends CampaignProblemCode>(
  list: Problem[],
  path: string,
  code: Code,
  values: CampaignProblemValues[Code],
  message: string,
): void {
  list.push({ path, code, message, values });
}
