/** Which queues have a member that could take a call at all: what tells an empty queue from an impatient one. */
import type { QueueMember } from "../asterisk/model.ts";
import type { CallState } from "./state.ts";

/** A member is listed, added or changed. */
export function memberSeen(state: CallState, member: QueueMember): void {
  let members = state.usable.get(member.queue);
  if (!members) {
    members = new Map();
    state.usable.set(member.queue, members);
  }
  members.set(
    member.interface,
    !member.paused &&
      member.status !== "unavailable" &&
      member.status !== "invalid" &&
      member.status !== "unknown",
  );
}

/** A member was removed. A queue that is left without any is empty, which is not the same as not known. */
export function memberGone(state: CallState, queue: string, name: string): void {
  state.usable.get(queue)?.delete(name);
}
