/**
 * Everything that is true on a PBX now, read by AMI lists.
 */
import { channel, clockAsMs, deviceState, ownChannel, queueMember, text, whole } from "./fields.ts";
import { AmiError } from "./model.ts";
import type { AmiAnswer, Pbx, PbxSnapshot, QueueMember, QueueSnapshot } from "./model.ts";
import { PREFERRED_CONTEXT, PREFERRED_QUEUE, type PreferredWish } from "./preferred-queue.ts";

type Items = AmiAnswer["items"];

/** Channels as CoreShowChannels lists them; it also says in which bridge each is. */
export function channelsOf(items: Items): PbxSnapshot["channels"] {
  const channels: PbxSnapshot["channels"][number][] = [];
  for (const item of items) {
    const own = channel(item, ownChannel);
    if (!own) continue;
    channels.push({
      ...own,
      ageMs: clockAsMs(item, "duration"),
      bridgeId: text(item, "bridgeid"),
      application: text(item, "application"),
      applicationData: text(item, "applicationdata"),
    });
  }
  return channels;
}

/** Queues as QueueStatus lists them: parameters first, then members and waiting callers of each. */
export function queuesOf(items: Items): readonly QueueSnapshot[] {
  type Growing = Omit<QueueSnapshot, "members" | "callers"> & {
    readonly members: QueueMember[];
    readonly callers: QueueSnapshot["callers"][number][];
  };
  const queues = new Map<string, Growing>();
  for (const item of items) {
    const name = text(item, "queue");
    const event = text(item, "event");
    if (name === "") continue;
    if (event === "QueueParams") {
      queues.set(name, {
        name,
        strategy: text(item, "strategy"),
        weight: whole(item, "weight"),
        members: [],
        callers: [],
      });
    } else if (event === "QueueMember") {
      const member = queueMember(item);
      if (member) queues.get(name)?.members.push(member);
    } else if (event === "QueueEntry") {
      queues.get(name)?.callers.push({
        channelId: text(item, "uniqueid"),
        channelName: text(item, "channel"),
        position: whole(item, "position"),
        waitMs: Math.max(0, whole(item, "wait") * 1000),
        priority: whole(item, "priority"),
      });
    }
  }
  return [...queues.values()];
}

/** Devices as DeviceStateList lists them. */
export function devicesOf(items: Items): PbxSnapshot["devices"] {
  return items.flatMap((item) => {
    const device = text(item, "device");
    return device === "" ? [] : [{ device, state: deviceState(item) }];
  });
}

/** A list that may be missing on this PBX (module not loaded, class not granted): null instead of a refusal. */
async function optionalList(action: Pbx["action"], name: string): Promise<Items | null> {
  try {
    return (await action(name, {}, { list: true })).items;
  } catch (error) {
    if (error instanceof AmiError && error.code === "refused") return null;
    throw error;
  }
}

function explainRefusal(error: unknown): never {
  if (!(error instanceof AmiError) || error.code !== "refused") throw error;
  const message = `Asterisk refused CoreShowChannels: ${error.message} (the manager user needs write class reporting)`;
  throw new AmiError("refused", error.action, message, { cause: error });
}

/**
 * Who waits for their preferred operator, or is about to, is asked for the queue they called for: the dialplan said it in an event of the
 * past. Somebody who is gone meanwhile cannot be asked, and an event tells of it.
 */
async function withWishes(
  action: Pbx["action"],
  channels: PbxSnapshot["channels"],
  queues: readonly QueueSnapshot[],
): Promise<PbxSnapshot["channels"]> {
  const helper = queues.find(({ name }) => name === PREFERRED_QUEUE);
  if (helper === undefined) return channels;
  const waiting = new Set(helper.callers.map(({ channelId }) => channelId));
  const variable = async (channel: string, name: string): Promise<string> => {
    const { fields } = await action("Getvar", { Channel: channel, Variable: name });
    return fields["value"] ?? "";
  };
  const wishOf = async (channel: string): Promise<PreferredWish | null> => {
    try {
      const [queue, extension] = await Promise.all([
        variable(channel, "ARG1"),
        variable(channel, "CALLCARD_PREFERRED"),
      ]);
      return { queue, extension };
    } catch (error) {
      if (error instanceof AmiError && ["refused", "invalid"].includes(error.code)) return null;
      throw error;
    }
  };
  return Promise.all(
    channels.map(async (each) => {
      if (each.context !== PREFERRED_CONTEXT && !waiting.has(each.id)) return each;
      const wish = await wishOf(each.name);
      return wish === null ? each : { ...each, wish };
    }),
  );
}

/**
 * Reads a snapshot. The lists are asked for at once: Asterisk answers in order, so together they take one round trip; a second one is
 * needed only while somebody waits for their preferred operator.
 *
 * @throws {AmiError} when the channels cannot be read; nothing can be known without them.
 */
export async function readSnapshot(
  action: Pbx["action"],
  restarted: boolean,
): Promise<{ readonly snapshot: PbxSnapshot; readonly deviceStateList: boolean }> {
  const [channels, queues, devices] = await Promise.all([
    action("CoreShowChannels", {}, { list: true }).catch(explainRefusal),
    optionalList(action, "QueueStatus"),
    optionalList(action, "DeviceStateList"),
  ]);
  const listed = queuesOf(queues ?? []);
  return {
    snapshot: {
      channels: await withWishes(action, channelsOf(channels.items), listed),
      queues: listed,
      devices: devicesOf(devices ?? []),
      restarted,
    },
    deviceStateList: devices !== null,
  };
}
