/**
 * The queue in which the dialplan (asterisk-config, `callcard-preferred`) lets a caller wait for the one operator they know before the
 * queue they called for. It is Callcard's own: what is told to people names the queue the call is for.
 */

/** The queue's name on every PBX; `asterisk-config/` makes it. */
export const PREFERRED_QUEUE = "callcard-preferred";

/** The dialplan's subroutine that puts callers there; its first argument is the queue they called for. */
export const PREFERRED_CONTEXT = "callcard-preferred";

/** For which queue and operator a caller waits there, as the dialplan says it. */
export type PreferredWish = {
  readonly queue: string;
  /** The operator's. */
  readonly extension: string;
};
