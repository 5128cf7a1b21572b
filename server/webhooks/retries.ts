/** When something that was not taken is sent again, and when no more: results of calls and webhooks. */

/** What one try came to. */
export type Try =
  /** 2xx. */
  | { readonly type: "taken" }
  /** Another status. `retryAfterMs`: how long the receiver asked to be left alone. */
  | { readonly type: "refused"; readonly status: number; readonly retryAfterMs: number | null }
  /** No answer in time, or none at all. */
  | { readonly type: "unanswered"; readonly why: string };

/** What follows a try. */
export type AfterTry =
  | { readonly next: "done" }
  | { readonly next: "again"; readonly inMs: number }
  | { readonly next: "giveUp" };

const FIRST_PAUSE_MS = 5000;
const LONGEST_PAUSE_MS = 3 * 3_600_000;
/** Whoever asks to be left alone for longer is asked again after this. */
const LONGEST_ASKED_MS = 86_400_000;
/** Anything is tried for so long. */
export const TRIED_FOR_MS = 3 * 86_400_000;
/** A refusal that will not change is believed after so many. */
export const PERMANENT_TRIES = 5;

/**
 * @param tries how often it was tried, this time included.
 * @param sinceMs when it was to be sent first; `atMs`: now. Both epoch.
 * @param luck 0 to 1: pauses differ by a fifth, so that many do not come back at the same moment.
 */
export function afterTry(
  outcome: Try,
  tries: number,
  sinceMs: number,
  atMs: number,
  luck: number,
): AfterTry {
  if (outcome.type === "taken") return { next: "done" };
  if (isPermanent(outcome) && tries >= PERMANENT_TRIES) return { next: "giveUp" };
  const doubled = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(tries - 1, 20));
  const pauseMs = doubled * (0.9 + 0.2 * luck);
  const askedMs = outcome.type === "refused" ? (outcome.retryAfterMs ?? 0) : 0;
  const inMs = Math.round(Math.max(pauseMs, Math.min(LONGEST_ASKED_MS, askedMs)));
  return atMs + inMs > sinceMs + TRIED_FOR_MS ? { next: "giveUp" } : { next: "again", inMs };
}

/** Whether the receiver will most likely say the same again: 4xx, but for those that mean "later"; and a redirect, which is not followed. */
export function isPermanent(outcome: Try): boolean {
  if (outcome.type !== "refused") return false;
  const { status } = outcome;
  return status < 500 && status !== 408 && status !== 425 && status !== 429;
}

/** `Retry-After` as seconds or as a date, in milliseconds from now; null for none that can be read. */
export function retryAfterMs(header: string | null, nowMs: number): number | null {
  if (header === null) return null;
  if (/^\s*\d{1,9}\s*$/.test(header)) return Number(header) * 1000;
  const atMs = Date.parse(header);
  return Number.isNaN(atMs) ? null : Math.max(0, atMs - nowMs);
}

/** What is kept of a try that failed, for people. */
export function describeTry(outcome: Try): string {
  if (outcome.type === "taken") return "";
  if (outcome.type === "unanswered") return outcome.why;
  const { status } = outcome;
  return status >= 300 && status < 400
    ? `answered ${status}: redirects are not followed`
    : `answered ${status}`;
}
