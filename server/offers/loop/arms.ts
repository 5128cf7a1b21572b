/**
 * Who is shown what in order to learn: some customers are shown no learned hint for a month, so that what hints add can be measured; some
 * are shown for a day one hint that would not have been, so that something is learned of it. By hashes of the customer, so that card and
 * site, and whichever process answers, say the same.
 */
import { hash } from "node:crypto";
import type { OfferKind } from "../model.ts";

/** Shares from 0 to 1. */
export type LoopShares = {
  readonly held: number;
  readonly explored: number;
};

/** A twentieth each. */
export const LOOP_SHARES: LoopShares = { held: 0.05, explored: 0.05 };

/** What was learned and not written by anybody; only this is held back, a promise of a rule never is. */
export function isLearned(kind: OfferKind): boolean {
  return kind === "goesWith" || kind === "reorder";
}

/** Is this customer shown no learned hints in the month (UTC) of `nowMs`. */
export function isHeld(customerId: string, nowMs: number, share: number): boolean {
  return chance(`held/${new Date(nowMs).toISOString().slice(0, 7)}/${customerId}`) < share;
}

/** Is something tried out with this customer (or, of nobody we know, on this occasion) on the day (UTC) of `nowMs`. */
export function isExplored(who: string, nowMs: number, share: number): boolean {
  return chance(`explored/${new Date(nowMs).toISOString().slice(0, 10)}/${who}`) < share;
}

/** The id of one offer on one occasion: asked twice, or by two processes at once, it is one showing. A UUID of version 8. */
export function showingIdOf(occasionId: string, offerKey: string): string {
  const bytes = hash("sha256", `${occasionId}\0${offerKey}`, "buffer").subarray(0, 16);
  bytes[6] = (bytes[6]! & 0x0f) | 0x80;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = bytes.toString("hex");
  return [8, 12, 16, 20, 32]
    .map((end, index, ends) => hex.slice(ends[index - 1] ?? 0, end))
    .join("-");
}

/** Evenly over 0 to 1, the same for the same text. */
function chance(text: string): number {
  return hash("sha256", text, "buffer").readUInt32BE() / 2 ** 32;
}
