/** A campaign at one moment, as pacing and the console look at it. Pure. */
import type { Campaign } from "../model.ts";
import type {
  Learned,
  OtherCampaign,
  PacingDecision,
  PacingState,
  RingingLine,
} from "../pacing/model.ts";
import type { DiallerView } from "../ports.ts";
import type { Hand } from "./hand.ts";
import type { WorkingOperator } from "./operators.ts";

/** A campaign's calls by how far they are. */
export type Lines = {
  /** Dialled, not answered; customer first. */
  readonly ringing: readonly (RingingLine & { readonly attemptId: string })[];
  /** Answered by a person who waits for an operator. */
  readonly waiting: number;
  readonly talking: number;
  /** Operator first, before the talk: the operator is taken by them. */
  readonly byOperator: number;
};

/** Whether the campaign may dial at this time; calling hours are each attempt's own. */
export function isOpen({ state, settings }: Campaign, nowMs: number): boolean {
  const { startsAt, endsAt } = settings;
  return (
    state === "running" &&
    (startsAt === null || nowMs >= Date.parse(startsAt)) &&
    (endsAt === null || nowMs < Date.parse(endsAt))
  );
}

export function dialsOperatorFirst({ settings }: Campaign): boolean {
  return settings.mode === "preview" || settings.bridge === "operatorFirst";
}

export function linesOf(hands: readonly Hand[]): Lines {
  const ringing: Lines["ringing"][number][] = [];
  let waiting = 0;
  let talking = 0;
  let byOperator = 0;
  for (const hand of hands) {
    if (hand.state === "connected") talking += 1;
    else if (hand.operator !== null) byOperator += 1;
    // What is being hung up, and a machine, wait for nobody.
    else if (hand.withdrawn || hand.letGo || hand.machine) continue;
    else if (hand.state === "waiting" || hand.state === "answered") waiting += 1;
    else
      ringing.push({
        ...{ attemptId: hand.attempt.id, chance: null },
        sinceMs: hand.ringingAtMs ?? hand.dialledAtMs,
      });
  }
  return { ringing, waiting, talking, byOperator };
}

/** What is decided upon. */
export function pacingOf(now: {
  readonly campaign: Campaign;
  readonly operators: readonly WorkingOperator[];
  /** Extensions that think about an offer. */
  readonly offered: ReadonlySet<string>;
  readonly lines: Lines;
  readonly others: readonly OtherCampaign[];
  /** Operators of its queue who are kept for campaigns that go first. */
  readonly kept: number;
  readonly learned: Learned;
  readonly linesFree: number;
  readonly window: PacingState["window"];
  readonly nowMs: number;
}): PacingState {
  const { campaign, kept, lines, learned, linesFree, nowMs, offered, others, window } = now;
  const { abandonment: rule, mode, mostLinesPerOperator, ringSeconds } = campaign.settings;
  return {
    ...{ nowMs, rule, learned, linesFree, window, mostLinesPerOperator, others, kept },
    // An operator who is called first is busy from then on, so one line for each free one is all there can be.
    mode: mode !== "preview" && dialsOperatorFirst(campaign) ? "progressive" : mode,
    ringLimitMs: ringSeconds * 1000,
    operators: now.operators.map(({ state, sinceMs, extension }) => ({
      state: state === "free" && offered.has(extension) ? "talking" : state,
      sinceMs,
    })),
    ringing: lines.ringing,
    waiting: lines.waiting,
  };
}

/** What the console shows. */
export function viewOf(now: {
  readonly campaign: Campaign;
  readonly lines: Lines;
  readonly operators: readonly WorkingOperator[];
  readonly previews: number;
  readonly pace: PacingDecision | null;
}): DiallerView {
  const { campaign, lines, operators, pace, previews } = now;
  const { ringing, waiting, talking, byOperator } = lines;
  const count = (...states: readonly WorkingOperator["state"][]) =>
    operators.filter(({ state }) => states.includes(state)).length;
  const open = ringing.length + byOperator + waiting;
  return {
    campaignId: campaign.id,
    ringing: ringing.length + byOperator,
    ...{ waiting, talking, previews },
    operators: { free: count("free"), busy: count("talking"), wrappingUp: count("wrappingUp") },
    pace: campaign.state === "running" ? pace : null,
    linesPerOperator: operators.length === 0 ? 0 : open / operators.length,
  };
}
