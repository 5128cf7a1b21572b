/** Whether one threshold lets through everybody that another does. Pure. */
import { THRESHOLD_FIELDS, type Threshold } from "./settings.ts";

/** Whether whoever fits `stricter` fits `looser` too. */
export function judgesLess(looser: Threshold, stricter: Threshold): boolean {
  return THRESHOLD_FIELDS.every((field) => {
    const [one, other] = [looser[field], stricter[field]];
    // A bound of days is no bound for who never ordered, but then the looser one must have none either.
    return (
      (one.atLeast === null || (other.atLeast !== null && other.atLeast >= one.atLeast)) &&
      (one.atMost === null || (other.atMost !== null && other.atMost <= one.atMost))
    );
  });
}
