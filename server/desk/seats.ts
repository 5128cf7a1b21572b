/** What each extension's device does and which queues it is a member of, for a whole PBX at once. Pure. */
import type { DeviceState } from "../asterisk/model.ts";
import type { DeskExtension, DeskQueue } from "./ports.ts";
import type { Membership } from "./presence.ts";

/** An extension as its PBX sees it. */
export type Seat = {
  readonly device: DeviceState;
  readonly memberships: readonly Membership[];
};

/** Of an extension that neither a queue nor a device tells of. */
export const EMPTY_SEAT: Seat = { device: "unknown", memberships: [] };

/** Every extension's seat. */
export function seatsOf(
  extensions: readonly DeskExtension[],
  queues: readonly DeskQueue[],
): ReadonlyMap<string, Seat> {
  const waiting = new Map(queues.map(({ name, callers }) => [name, callers.length]));
  return new Map(
    extensions.map(({ extension, device, members }) => [
      extension,
      {
        device,
        memberships: members.map((member) => ({ member, waiting: waiting.get(member.queue) ?? 0 })),
      },
    ]),
  );
}

/** The different interfaces among memberships; each is paused by one action in all its queues. */
export function interfacesOf(memberships: readonly Membership[]): readonly string[] {
  return [...new Set(memberships.map(({ member }) => member.interface))];
}
