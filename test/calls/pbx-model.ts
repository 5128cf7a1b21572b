/**
 * A plain model of what is true on a PBX after some of its events: what its lists would say at that moment. It knows channels, bridges,
 * queues and members, and nothing of calls, so that it can judge the call model's use of snapshots.
 */
import type {
  ChannelInfo,
  DeviceState,
  PbxInput,
  PbxSnapshot,
  QueueMember,
} from "../../server/asterisk/model.ts";
import { PREFERRED_QUEUE, type PreferredWish } from "../../server/asterisk/preferred-queue.ts";
import type { Timed } from "./traces.ts";

type Channel = {
  info: ChannelInfo;
  readonly sinceMs: number;
  bridgeId: string;
  application: string;
  /** What its dialplan's variables would say. */
  wish?: PreferredWish;
};

/** The snapshot a PBX would give after `inputs`. */
export function snapshotAfter(inputs: readonly Timed[]): PbxSnapshot {
  const channels = new Map<string, Channel>();
  const members = new Map<string, Map<string, QueueMember>>();
  const waiting = new Map<string, { info: ChannelInfo; sinceMs: number }[]>();
  const devices = new Map<string, DeviceState>();
  let nowMs = 0;

  const queue = (name: string) => {
    if (!members.has(name)) members.set(name, new Map());
    if (!waiting.has(name)) waiting.set(name, []);
    return { members: members.get(name)!, callers: waiting.get(name)! };
  };
  const see = (info: ChannelInfo | null) => {
    if (!info) return;
    const known = channels.get(info.id);
    if (!known) return;
    // An event may bear an older picture of a channel; a Linkedid only ever becomes older.
    const { linkedId } = ageOf(info.linkedId) < ageOf(known.info.linkedId) ? info : known.info;
    known.info = { ...info, linkedId };
  };

  for (const { input, atMs } of inputs) {
    nowMs = atMs;
    for (const info of channelsIn(input)) see(info);
    // eslint-disable-next-line typescript/switch-exhaustiveness-check -- only what changes a list matters here
    switch (input.type) {
      case "snapshot":
        for (const channel of input.snapshot.channels)
          channels.set(channel.id, {
            info: channel,
            sinceMs: atMs - channel.ageMs,
            bridgeId: channel.bridgeId,
            application: channel.application,
          });
        for (const listed of input.snapshot.queues) {
          const { members: known, callers } = queue(listed.name);
          for (const member of listed.members) known.set(member.interface, member);
          for (const caller of listed.callers) {
            const info = channels.get(caller.channelId)?.info;
            if (info) callers.push({ info, sinceMs: atMs - caller.waitMs });
          }
        }
        for (const { device, state } of input.snapshot.devices) devices.set(device, state);
        break;
      case "channelCreated":
        channels.set(input.channel.id, {
          info: input.channel,
          sinceMs: atMs,
          bridgeId: "",
          application: "",
        });
        break;
      case "channelHungUp":
        channels.delete(input.channel.id);
        break;
      case "dialBegan": {
        const callee = channels.get(input.callee.id);
        const caller = channels.get(input.caller?.id ?? "");
        if (callee && callee.application === "")
          callee.application = input.caller ? "AppDial" : "AppDial2";
        if (caller && caller.application === "") caller.application = "Dial";
        break;
      }
      case "agentCalled": {
        const agent = channels.get(input.agent.id);
        if (agent) agent.application = "AppQueue";
        break;
      }
      case "bridgeEntered": {
        const channel = channels.get(input.channel.id);
        if (channel) channel.bridgeId = input.bridgeId;
        shareLinkedId([...channels.values()].filter((one) => one.bridgeId === input.bridgeId));
        break;
      }
      case "bridgeLeft": {
        const channel = channels.get(input.channel.id);
        if (channel?.bridgeId === input.bridgeId) channel.bridgeId = "";
        break;
      }
      case "userEvent": {
        const channel = channels.get(input.channelId);
        const { queue: wanted = "", extension = "" } = input.fields;
        if (channel && input.name === "CallcardPreferred")
          channel.wish = { queue: wanted, extension };
        break;
      }
      case "queueJoined":
        // Out of the subroutine again, whose argument told it.
        if (input.queue !== PREFERRED_QUEUE) delete channels.get(input.channel.id)?.wish;
        queue(input.queue).callers.push({ info: input.channel, sinceMs: atMs });
        break;
      case "queueLeft":
        waiting.set(
          input.queue,
          queue(input.queue).callers.filter((caller) => caller.info.id !== input.channel.id),
        );
        break;
      case "memberChanged":
        queue(input.member.queue).members.set(input.member.interface, input.member);
        break;
      case "deviceState":
        devices.set(input.device, input.state);
        break;
      default:
    }
  }
  return {
    channels: [...channels.values()].map(({ info, sinceMs, bridgeId, application, wish }) => ({
      ...info,
      ...(wish ? { wish } : {}),
      ageMs: nowMs - sinceMs,
      bridgeId,
      application,
      applicationData: "",
    })),
    queues: [...members].map(([name, known]) => ({
      name,
      strategy: "linear",
      weight: 0,
      members: [...known.values()],
      callers: (waiting.get(name) ?? []).map(({ info, sinceMs }, index) => ({
        channelId: info.id,
        channelName: info.name,
        position: index + 1,
        waitMs: nowMs - sinceMs,
        priority: 0,
      })),
    })),
    devices: [...devices].map(([device, state]) => ({ device, state })),
    restarted: false,
  };
}

/** Whoever meets in a bridge takes the oldest Linkedid there; no event tells it. */
function shareLinkedId(met: readonly Channel[]): void {
  const [oldest] = met.map(({ info }) => info.linkedId).sort((a, b) => ageOf(a) - ageOf(b));
  for (const channel of met) channel.info = { ...channel.info, linkedId: oldest ?? "" };
}

/** `1795315507.27` in one number; ids given by an Originate are newest. */
function ageOf(linkedId: string): number {
  const [, epoch, n] = /^(\d+)\.(\d+)$/.exec(linkedId) ?? [];
  return n === undefined ? Infinity : Number(epoch) * 1e6 + Number(n);
}

/** Every channel an input speaks of. */
export function channelsIn(input: PbxInput): readonly ChannelInfo[] {
  return Object.values(input).filter(
    (value): value is ChannelInfo =>
      typeof value === "object" && value !== null && "linkedId" in value && "state" in value,
  );
}
