/**
 * Waiting for one operator alone before the queue a call is for (asterisk-config, `callcard-preferred`).
 *
 *     UserEvent CallcardPreferred (queue 600, extension 102)
 *     QueueCallerJoin callcard-preferred   --> a stay for queue 600 that waits for 102
 *     QueueCallerLeave callcard-preferred
 *     QueueCallerJoin 600                  --> the next stay for queue 600
 *
 * Asterisk's name of the helper queue ends here. Should the dialplan not say which queue it is really for, or name one that this PBX has
 * not, the stay bears Asterisk's name: anything else would be a guess.
 */
import { PREFERRED_QUEUE, type PreferredWish } from "../asterisk/preferred-queue.ts";
import type { QueueVisit } from "./model.ts";
import type { CallState, Leg, LiveCall } from "./state.ts";

/** Longer ones are nobody's; a dialplan names at most 79 letters of a queue. */
const longest = 100;

/**
 * The dialplan says what this leg will join the helper queue for. Good for its next joining alone: whatever is joined first, it is spent,
 * so a word that nothing followed names no later stay.
 */
export function preferredTold(
  state: CallState,
  leg: Leg,
  { queue, extension }: PreferredWish,
): void {
  const name = queueKnown(state, queue);
  const isExtension = extension.length <= longest && state.extensionPattern.test(extension);
  leg.wish = name === "" ? null : { queue: name, extension: isExtension ? extension : "" };
}

/** A queue of this PBX as it is written there ("" for none): Asterisk itself does not tell upper from lower case. */
function queueKnown(state: CallState, name: string): string {
  if (name === "" || name.length > longest || name === PREFERRED_QUEUE) return "";
  if (state.usable.has(name)) return name;
  const folded = name.toLowerCase();
  for (const known of state.usable.keys()) {
    if (known !== PREFERRED_QUEUE && known.toLowerCase() === folded) return known;
  }
  return "";
}

/** What a new stay in `queue` (Asterisk's name) is told as. Spends what the dialplan said. */
export function stayIn(
  leg: Leg,
  queue: string,
  position: number,
): Pick<QueueVisit, "queue" | "position" | "preferredExtension"> {
  const { wish } = leg;
  leg.wish = null;
  if (queue !== PREFERRED_QUEUE || wish === null) return { queue, position };
  return { queue: wish.queue, position: 0, preferredExtension: wish.extension };
}

/** Which queue a word of Asterisk about `queue` is really about, in this call. */
export function queueMeant(call: LiveCall, queue: string): string {
  if (queue !== PREFERRED_QUEUE) return queue;
  return call.visits.findLast(isHelpers)?.queue ?? queue;
}

function isHelpers(visit: QueueVisit): boolean {
  return visit.preferredExtension !== undefined || visit.queue === PREFERRED_QUEUE;
}

/**
 * Since when a caller has been waiting for the queue of `visit`: who waited for their preferred operator first, and was not answered,
 * loses nothing by it. `visit` is one of `visits`.
 */
export function waitingSinceMs(visits: readonly QueueVisit[], visit: QueueVisit): number {
  const before = visits[visits.indexOf(visit) - 1];
  return before !== undefined && goesOnIn(before, visit)
    ? Math.min(visit.joinedAtMs, waitingSinceMs(visits, before))
    : visit.joinedAtMs;
}

/** Whether a stay waited for the preferred operator in vain, and `next` is the same waiting. */
function goesOnIn(visit: QueueVisit, next: QueueVisit): boolean {
  return (
    visit.preferredExtension !== undefined && visit.queue === next.queue && visit.how !== "answered"
  );
}
