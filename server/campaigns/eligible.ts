/** May this person be called at all, and how often? Pure; the store reads the facts. */
import type { OrderStage } from "../orders/model.ts";
import { kindRules } from "./kinds.ts";
import type { CampaignSettings, Limits, WithdrawnBecause } from "./model.ts";

/** What is known of a contact when it is asked whether to call. */
export type PersonFacts = {
  /** The phone is on the do-not-call list. */
  readonly doNotCall: boolean;
  /** Said to this campaign that they do not want to be called by it. */
  readonly refused: boolean;
  /** Stages of the orders the contact is about; none for a list, an event, a cart or a call back without an order. */
  readonly orderStages: readonly OrderStage[];
  /** An order was placed after the cart was left. */
  readonly cartOrdered: boolean;
  /** The last talk with us, of any kind but this contact's own attempts; null for none. */
  readonly lastTalk: { readonly atMs: number; readonly inbound: boolean } | null;
  readonly openClaim: boolean;
  /** Null: nobody asked. */
  readonly consent: boolean | null;
  /** An operator promised this call: the person asked for it, so that they talked to us or have a claim is no reason against it. */
  readonly promised: boolean;
};

const HOUR_MS = 3_600_000;

/** Why nobody calls this person (any more), the weightiest reason first; null when they may be called. */
export function whyNotToCall(
  settings: CampaignSettings,
  facts: PersonFacts,
  nowMs: number,
): WithdrawnBecause | null {
  const { exclude } = settings;
  if (facts.doNotCall) return "doNotCall";
  if (facts.refused) return "refused";
  const needsConsent = exclude.withoutConsent || kindRules(settings.kind).consentRequired;
  if (needsConsent && facts.consent !== true) return "noConsent";
  const settled = settledBecause(settings.settledStages, facts.orderStages);
  if (settled !== null) return settled;
  if (facts.cartOrdered && settings.trigger.type === "cartLeft") return "cartOrdered";
  if (endedAt(settings, nowMs)) return "campaignEnded";
  if (facts.promised) return null;
  if (exclude.openClaim && facts.openClaim) return "openClaim";
  const { lastTalk } = facts;
  const within = exclude.talkedWithinHours;
  if (within !== null && lastTalk !== null && nowMs - lastTalk.atMs < within * HOUR_MS)
    return lastTalk.inbound ? "calledIn" : "talked";
  return null;
}

/** Whether the campaign's end has come. */
export function endedAt(settings: Pick<CampaignSettings, "endsAt">, nowMs: number): boolean {
  return settings.endsAt !== null && nowMs >= Date.parse(settings.endsAt);
}

/** Of several open orders one that is not settled is enough to call. The reason is that of the last one. */
function settledBecause(
  settledStages: readonly OrderStage[],
  stages: readonly OrderStage[],
): WithdrawnBecause | null {
  const last = stages.at(-1);
  if (last === undefined || !stages.every((stage) => settledStages.includes(stage))) return null;
  if (last === "confirmed") return "orderConfirmed";
  if (last === "paid") return "orderPaid";
  return last === "cancelled" ? "orderCancelled" : "orderSettled";
}

/**
 * Which limit leaves no attempt, the one that lasts longest first; null when there is room for one more.
 * @param counts attempts so far: of this contact, and of the present day over all campaigns.
 */
export function limitReached(
  limits: Limits,
  counts: {
    readonly contact: number;
    readonly phoneToday: number;
    readonly customerToday: number;
  },
): "contact" | "phone" | "customer" | null {
  if (counts.contact >= limits.perContact) return "contact";
  if (counts.phoneToday >= limits.perPhoneADay) return "phone";
  return counts.customerToday >= limits.perCustomerADay ? "customer" : null;
}
