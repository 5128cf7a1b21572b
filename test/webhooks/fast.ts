/** Retries as in the product, a hundred times faster. */
import type { WebhooksOptions } from "../../server/webhooks/open.ts";
import { afterTry } from "../../server/webhooks/retries.ts";

export const fast: Pick<WebhooksOptions, "judge" | "restMs" | "answerWithinMs"> = {
  judge: (outcome, tries, sinceMs, atMs) => {
    const after = afterTry(outcome, tries, sinceMs, atMs, 0.5);
    return after.next === "again" ? { ...after, inMs: after.inMs / 100 } : after;
  },
  restMs: (failures) => 10 * failures,
  answerWithinMs: 2000,
};
