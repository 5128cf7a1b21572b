/**
 * The words of campaigns.
 *
 * - **campaign**: calls people for a reason, by the admin's settings.
 * - **contact**: one person to be called in one campaign, with everything there is to call them about (several open orders of one person
 *   are one contact). Ends as `done` or `withdrawn`.
 * - **attempt**: one dialling of one phone for a contact; a retry is another attempt. Its id is the AMI `ChannelId` of its call.
 * - **source**: the system an order came from; results go back to it.
 *
 * Times are epoch milliseconds unless a name says otherwise, times of day are `"09:00"` on the called person's own clock.
 */
import type { OrderStage } from "../orders/model.ts";

/**
 * What the law looks at: a call about the person's own order, an advertisement, or a debt. Decides what is required (consent), what is
 * counted and over which window, and what is offered as a default; see `kinds.ts` of this folder.
 */
export type CampaignKind = "service" | "advert" | "debt";

/** `draft` never ran; `paused` may go on (by a person, or by itself for the reason in `pausedBecause`); `ended` will not. */
export type CampaignState = "draft" | "running" | "paused" | "ended";

/** What makes somebody a contact. */
export type Trigger =
  /** A new order; of these sources only, when any are named. */
  | { readonly type: "orderPlaced"; readonly sources: readonly string[] }
  /** An order that comes to one of these stages. */
  | {
      readonly type: "orderStage";
      readonly stages: readonly OrderStage[];
      readonly sources: readonly string[];
    }
  /** A cart that was left and not ordered for so long. */
  | { readonly type: "cartLeft"; readonly afterMinutes: number }
  /** A call back that an operator promised, in any queue. */
  | { readonly type: "callbackPromised" }
  /** Uploaded lists. */
  | { readonly type: "list" }
  /** `POST /api/v1/campaigns/:id/contacts`. */
  | { readonly type: "event" };

/** Whom not to call. The do-not-call list, a refusal and a settled order hold always and are not settings. */
export type Exclusions = {
  /** Nobody who talked to us so recently, in any direction; null for no such rule. */
  readonly talkedWithinHours: number | null;
  /** Nobody with an open claim. */
  readonly openClaim: boolean;
  /** Nobody without a mark of consent (always true for adverts). */
  readonly withoutConsent: boolean;
};

/** From and to on the person's own clock, `"09:00"` to `"21:00"`; null for a day on which nobody is called. `to` after `from`, at most `"24:00"`. */
export type Hours = { readonly from: string; readonly to: string } | null;

/** When people may be called, on their own clock. */
export type CallingHours = {
  readonly weekdays: Hours;
  readonly saturday: Hours;
  readonly sunday: Hours;
  /** On these dates (`2027-01-01`, or `01-01` every year) `onHolidays` holds instead of the day of the week. */
  readonly holidays: readonly string[];
  readonly onHolidays: Hours;
};

/** When the next attempt follows: after so long, or in the other half of the next day on which calling is allowed. */
export type RetryStep = { readonly afterMinutes: number } | "otherHalfOfNextDay";

/** Outcomes after which the number is tried again, when steps are left. */
export type RetriedOutcome =
  "busy" | "noAnswer" | "machine" | "congestion" | "abandoned" | "cutOff";

/** The nth attempt that ends so is followed by the nth step; when no step is left the contact is done. */
export type Retries = Readonly<Record<RetriedOutcome, readonly RetryStep[]>>;

/** The most that anybody is called. The limits of a day count attempts over ALL campaigns. */
export type Limits = {
  /** Attempts for one contact (one order, or all open orders of a person), whatever their outcomes. */
  readonly perContact: number;
  readonly perPhoneADay: number;
  readonly perCustomerADay: number;
};

/** How lines are dialled. */
export type Mode =
  /** The operator sees the card first, then calls or skips. */
  | "preview"
  /** One line for each free operator. */
  | "progressive"
  /** As many lines as keep operators busy with abandoned calls under the cap. */
  | "predictive"
  /** Progressive until there is enough to predict from, predictive after. */
  | "automatic";

/** Predictive dialling's promises. Shares of live-answered calls, 0 to 1. */
export type AbandonmentRule = {
  readonly mostShare: number;
  /** What is steered to, below `mostShare`. */
  readonly targetShare: number;
  /** Over which live-answered calls: the present day (on the shop's clock), the last 24 hours, or the last 30 days. */
  readonly window: "day" | "24hours" | "30days";
  /** When an answered person begins to wait: at the answer, or once their greeting ended (needs answering-machine detection). */
  readonly clockFrom: "answer" | "greetingEnd";
  /** Who is connected later than this counts as abandoned. */
  readonly connectWithinMs: number;
};

/** What to do when a machine answers. `ignore`: machines are not looked for. */
export type OnMachine = "ignore" | "hangUp" | "connect";

/** How a campaign's call can be said to have ended, and what follows. */
export type CampaignDisposition = {
  readonly code: string;
  readonly labels: { readonly ru: string; readonly uk: string; readonly en: string };
  /**
   * `done`: nobody calls about this again. `retry`: as after "no answer". `callBack`: at a time the operator enters. `refused`: this person is
   * not called by this campaign again. `doNotCall`: by none.
   */
  readonly effect: "done" | "retry" | "callBack" | "refused" | "doNotCall";
};

/** Under which code a campaign's disposition stands in the table of dispositions, so that history can show it. */
export function dispositionCode(campaignId: string, code: string): string {
  return `campaign-${campaignId}-${code}`;
}

/** A campaign as the admin sets it. */
export type CampaignSettings = {
  readonly name: string;
  readonly kind: CampaignKind;
  readonly trigger: Trigger;
  /** An order in one of these stages needs no call any more: its contact is withdrawn, even while it rings. */
  readonly settledStages: readonly OrderStage[];
  readonly exclude: Exclusions;
  readonly pbx: string;
  /** The queue whose members talk. */
  readonly queue: string;
  /** What the called person sees. */
  readonly callerId: { readonly number: string; readonly name: string };
  /** Names of trunks, tried in this order for a free line; at least one. */
  readonly trunks: readonly string[];
  readonly mode: Mode;
  /** Which side is called first. Preview is always `operatorFirst`. */
  readonly bridge: "customerFirst" | "operatorFirst";
  /** How long a phone rings; never under 15 s. */
  readonly ringSeconds: number;
  readonly onMachine: OnMachine;
  /** Seconds an operator has to decide on a preview, after which it is dialled; null: no limit. */
  readonly previewSeconds: number | null;
  readonly abandonment: AbandonmentRule;
  /** Lines that ring or wait for each operator that works, at most; 1 to 10. */
  readonly mostLinesPerOperator: number;
  readonly retries: Retries;
  readonly limits: Limits;
  readonly hours: CallingHours;
  /** Between campaigns: higher is dialled first. -100 to 100. */
  readonly priority: number;
  /** ISO date-times, null for at once and for no end. */
  readonly startsAt: string | null;
  readonly endsAt: string | null;
  /** What the operator says; plain text with `{customer}`, `{orders}`, `{shop}`. */
  readonly script: string;
  /** At least one with effect `done`. */
  readonly dispositions: readonly CampaignDisposition[];
};

/** A campaign with what happened to it. */
export type Campaign = {
  readonly id: string;
  readonly settings: CampaignSettings;
  readonly state: CampaignState;
  /** Code of {@link PauseReason} and its words; "" while running. */
  readonly pausedBecause: PauseReason | "";
  /** Goes up with every change; a change that names another one is refused. */
  readonly revision: number;
  readonly createdAt: string;
  readonly changedAt: string;
};

/** Why a campaign does not dial though somebody may want it to. */
export type PauseReason =
  | "byHand"
  /** Too many calls in a row could not be carried by its trunks. */
  | "trunkTrouble"
  /** The share of abandoned calls reached its cap and progressive dialling is not allowed to go on. */
  | "abandonmentCap";

/** A way out of a PBX. */
export type Trunk = {
  readonly pbx: string;
  /** 1 to 40 letters, digits, `-`, `_`. */
  readonly name: string;
  /** What Dial() is given, with `{number}` once: `PJSIP/{number}@provider`, `Local/{number}@from-internal`. */
  readonly dial: string;
  readonly format: "e164" | "plain" | "national";
  /** Calls at one time at most. */
  readonly lines: number;
  /** New calls per second at most. */
  readonly callsPerSecond: number;
  readonly enabled: boolean;
};

/** Why a contact ended without a result. */
export type WithdrawnBecause =
  | "orderConfirmed"
  | "orderPaid"
  | "orderCancelled"
  | "orderSettled"
  /** The person called us. */
  | "calledIn"
  /** The person talked to us otherwise. */
  | "talked"
  | "cartOrdered"
  | "doNotCall"
  | "refused"
  | "openClaim"
  | "noConsent"
  | "campaignEnded"
  | "byHand"
  /** The limits of attempts leave nothing to try. */
  | "exhausted";

/** Whose zone it is by, from the surest to the vaguest. */
export type ZoneBasis =
  "customer" | "delivery" | "answeredHours" | "numberRange" | "number" | "shop" | "unknown";

/** The zones a person may be in; when there are several, calling hours must hold in all. */
export type Zones = { readonly names: readonly string[]; readonly basis: ZoneBasis };
