/** When somebody who answered has waited too long: the abandonment rule's clock, the same for the live dialler and for what is settled later. */
import type { AbandonmentRule } from "../model.ts";

/**
 * When the rule's clock begins, epoch ms; null while it has not begun: not answered, or the greeting still runs.
 * @param greetingEndedAtMs the same as `answeredAtMs` where nobody listened for a greeting.
 */
export function clockFromMs(
  { clockFrom }: Pick<AbandonmentRule, "clockFrom">,
  answeredAtMs: number | null,
  greetingEndedAtMs: number | null,
): number | null {
  return clockFrom === "greetingEnd" ? greetingEndedAtMs : answeredAtMs;
}

/** Whether nobody was there in time, when an operator came, or the call was over, at `atMs`. */
export function isLateAt(
  rule: Pick<AbandonmentRule, "clockFrom" | "connectWithinMs">,
  answered: { readonly answeredAtMs: number | null; readonly greetingEndedAtMs: number | null },
  atMs: number,
): boolean {
  const fromMs = clockFromMs(rule, answered.answeredAtMs, answered.greetingEndedAtMs);
  return fromMs !== null && atMs - fromMs > rule.connectWithinMs;
}
