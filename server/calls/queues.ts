/**
 * Queues, their members and waiting callers, and what each extension's device is doing: a second fold over the same stream as the calls.
 *
 * Like the call state (state.ts) it is advanced in place and pure: no clock, no chance. What it hands out are values; those of a queue
 * that did not change are the same objects again.
 */
import { extensionOf } from "../asterisk/devices.ts";
import type {
  ChannelInfo,
  DeviceState,
  PbxInput,
  PbxSnapshot,
  QueueMember,
  QueueSnapshot,
} from "../asterisk/model.ts";

/** A caller who waits, first in line first. */
export type WaitingCaller = {
  readonly channelId: string;
  /** What QueueChangePriorityCaller wants as `Caller`. */
  readonly channelName: string;
  /** From 1. */
  readonly position: number;
  readonly joinedAtMs: number;
  /** As Asterisk listed it or was told to change it; 0 for those who joined since: no event tells it. */
  readonly priority: number;
};

/** A queue as it stands now. */
export type QueueView = {
  readonly name: string;
  /** "" until a snapshot told it. */
  readonly strategy: string;
  readonly weight: number;
  readonly members: readonly QueueMember[];
  readonly callers: readonly WaitingCaller[];
};

/** What an extension's device and its memberships say. */
export type ExtensionView = {
  readonly extension: string;
  /** Of the device itself where it is told, else as its queues see it; `unknown` when neither tells. */
  readonly device: DeviceState;
  readonly members: readonly QueueMember[];
};

/** Which queues and extensions an input changed. */
export type QueueChange = {
  readonly queues: readonly string[];
  readonly extensions: readonly string[];
};

type LiveQueue = {
  readonly name: string;
  strategy: string;
  weight: number;
  readonly members: Map<string, QueueMember>;
  callers: WaitingCaller[];
  /** What {@link queueViews} gave last; null after a change. */
  view: QueueView | null;
};

export type QueueState = {
  readonly extensionPattern: RegExp;
  readonly queues: Map<string, LiveQueue>;
  /** Queues by the channel that waits in them, so that a hang-up removes a caller whose leaving was missed. */
  readonly waiting: Map<string, Set<LiveQueue>>;
  readonly devices: Map<string, DeviceState>;
  /** State of an extension's own device. */
  readonly extensions: Map<string, DeviceState>;
};

/** An empty state. `extensionPattern` as for {@link extensionOf}. */
export function createQueueState(extensionPattern: RegExp): QueueState {
  return {
    extensionPattern,
    queues: new Map(),
    waiting: new Map(),
    devices: new Map(),
    extensions: new Map(),
  };
}

/** Advances `state` by one input; null when nothing changed. */
export function foldQueues(state: QueueState, input: PbxInput, atMs: number): QueueChange | null {
  const { type } = input;
  if (type === "queueJoined") return join(state, input.channel, input.queue, input.position, atMs);
  if (type === "queueLeft" || type === "queueAbandoned")
    return leave(state, input.channel.id, state.queues.get(input.queue));
  if (type === "channelHungUp") return hungUp(state, input.channel.id);
  if (type === "memberChanged") return member(state, input.member);
  if (type === "memberRemoved") return removeMember(state, input.queue, input.interface);
  if (type === "deviceState") return device(state, input.device, input.state);
  if (type === "snapshot") return replaceAll(state, input.snapshot, atMs);
  return null;
}

/** Every queue, by name. */
export function queueViews(state: QueueState): readonly QueueView[] {
  return [...state.queues.values()]
    .map(viewOf)
    .sort((a, b) => (a.name < b.name ? -1 : Number(a.name > b.name)));
}

/** One queue; undefined for one that is not known. */
export function queueView(state: QueueState, name: string): QueueView | undefined {
  const queue = state.queues.get(name);
  return queue && viewOf(queue);
}

function viewOf(queue: LiveQueue): QueueView {
  queue.view ??= {
    name: queue.name,
    strategy: queue.strategy,
    weight: queue.weight,
    members: [...queue.members.values()],
    callers: queue.callers,
  };
  return queue.view;
}

/** Every extension that is a member of a queue or has a device, by extension. */
export function extensionViews(state: QueueState): readonly ExtensionView[] {
  const members = new Map<string, QueueMember[]>();
  for (const extension of state.extensions.keys()) members.set(extension, []);
  for (const queue of queueViews(state)) {
    for (const each of queue.members) {
      const extension = extensionOfMember(state, each);
      if (extension === "") continue;
      const known = members.get(extension);
      if (known) known.push(each);
      else members.set(extension, [each]);
    }
  }
  return [...members]
    .map(([extension, own]) => ({
      extension,
      device: state.extensions.get(extension) ?? own[0]?.status ?? "unknown",
      members: own,
    }))
    .sort((a, b) => (a.extension < b.extension ? -1 : Number(a.extension > b.extension)));
}

/** The operator's extension a member stands for: the phone whose state it has, else its interface's. */
export function extensionOfMember(
  state: QueueState,
  queueMember: Pick<QueueMember, "interface" | "stateInterface">,
): string {
  return (
    extensionOf(queueMember.stateInterface, state.extensionPattern) ||
    extensionOf(queueMember.interface, state.extensionPattern)
  );
}

function queueNamed(state: QueueState, name: string): LiveQueue {
  let queue = state.queues.get(name);
  if (!queue) {
    queue = { name, strategy: "", weight: 0, members: new Map(), callers: [], view: null };
    state.queues.set(name, queue);
  }
  return queue;
}

function join(
  state: QueueState,
  channel: ChannelInfo,
  name: string,
  position: number,
  atMs: number,
): QueueChange | null {
  const queue = queueNamed(state, name);
  if (queue.callers.some((caller) => caller.channelId === channel.id)) return null;
  const at = Math.min(Math.max(0, position - 1), queue.callers.length);
  place(state, queue, [
    ...queue.callers.slice(0, at),
    {
      channelId: channel.id,
      channelName: channel.name,
      position,
      joinedAtMs: atMs,
      priority: 0,
    },
    ...queue.callers.slice(at),
  ]);
  return { queues: [name], extensions: [] };
}

function leave(
  state: QueueState,
  channelId: string,
  queue: LiveQueue | undefined,
): QueueChange | null {
  if (!queue?.callers.some((caller) => caller.channelId === channelId)) return null;
  const queues = state.waiting.get(channelId);
  queues?.delete(queue);
  if (queues?.size === 0) state.waiting.delete(channelId);
  place(
    state,
    queue,
    queue.callers.filter((caller) => caller.channelId !== channelId),
  );
  return { queues: [queue.name], extensions: [] };
}

/**
 * A waiting caller was given a priority with Immediate: taken out and put in again before the first of lower priority. No event tells
 * of it. Null when nobody waits there on this channel.
 */
export function moveCaller(
  state: QueueState,
  name: string,
  channelId: string,
  priority: number,
): QueueChange | null {
  const queue = state.queues.get(name);
  const caller = queue?.callers.find((one) => one.channelId === channelId);
  if (!queue || !caller) return null;
  const others = queue.callers.filter((one) => one !== caller);
  const lower = others.findIndex((one) => one.priority < priority);
  const at = lower < 0 ? others.length : lower;
  place(state, queue, [...others.slice(0, at), { ...caller, priority }, ...others.slice(at)]);
  return { queues: [name], extensions: [] };
}

/**
 * QueueStatus listed a queue: its order and priorities hold. Whoever is only in the list, or only known here, just came or left, and the
 * event that tells so is on its way. Null when nothing differs.
 */
export function lineRead(
  state: QueueState,
  name: string,
  listed: QueueSnapshot["callers"],
): QueueChange | null {
  const queue = state.queues.get(name);
  if (!queue) return null;
  const inList = new Map(listed.map((one) => [one.channelId, one]));
  const last = Number.MAX_SAFE_INTEGER;
  const fresh = queue.callers
    .map((caller) => {
      const priority = inList.get(caller.channelId)?.priority ?? caller.priority;
      return priority === caller.priority ? caller : { ...caller, priority };
    })
    .sort(
      (a, b) =>
        (inList.get(a.channelId)?.position ?? last) - (inList.get(b.channelId)?.position ?? last),
    );
  if (fresh.every((caller, index) => caller === queue.callers[index])) return null;
  place(state, queue, fresh);
  return { queues: [name], extensions: [] };
}

function hungUp(state: QueueState, channelId: string): QueueChange | null {
  const queues = state.waiting.get(channelId);
  if (!queues) return null;
  const left = [...queues];
  for (const queue of left) leave(state, channelId, queue);
  return { queues: left.map((queue) => queue.name), extensions: [] };
}

/** Puts callers in line; their place in the list is their position. */
function place(state: QueueState, queue: LiveQueue, callers: readonly WaitingCaller[]): void {
  queue.callers = callers.map((caller, index) =>
    caller.position === index + 1 ? caller : { ...caller, position: index + 1 },
  );
  queue.view = null;
  for (const { channelId } of callers) {
    const queues = state.waiting.get(channelId);
    if (queues) queues.add(queue);
    else state.waiting.set(channelId, new Set([queue]));
  }
}

function member(state: QueueState, fresh: QueueMember): QueueChange | null {
  const queue = queueNamed(state, fresh.queue);
  const old = queue.members.get(fresh.interface);
  // Asterisk before 16.18 repeats a member's status at every breath of its device.
  if (old && same(old, fresh)) return null;
  queue.members.set(fresh.interface, fresh);
  queue.view = null;
  return changeOf(state, fresh);
}

function changeOf(state: QueueState, changed: QueueMember): QueueChange {
  const extension = extensionOfMember(state, changed);
  return { queues: [changed.queue], extensions: extension === "" ? [] : [extension] };
}

function same(one: QueueMember, two: QueueMember): boolean {
  return (Object.keys(one) as (keyof QueueMember)[]).every((key) => one[key] === two[key]);
}

function removeMember(state: QueueState, name: string, member: string): QueueChange | null {
  const queue = state.queues.get(name);
  const old = queue?.members.get(member);
  if (!queue || !old) return null;
  queue.members.delete(member);
  queue.view = null;
  return changeOf(state, old);
}

function device(state: QueueState, name: string, fresh: DeviceState): QueueChange | null {
  if (state.devices.get(name) === fresh) return null;
  state.devices.set(name, fresh);
  // Only a phone's own technology speaks for it: not Custom:..., Queue:..., hints or Local.
  if (!/^[A-Za-z0-9]+\//.test(name) || name.startsWith("Local/")) return null;
  const extension = extensionOf(name, state.extensionPattern);
  if (extension === "") return null;
  state.extensions.set(extension, fresh);
  return { queues: [], extensions: [extension] };
}

function replaceAll(state: QueueState, snapshot: PbxSnapshot, atMs: number): QueueChange {
  const before = new Set(state.queues.keys());
  const extensions = new Set(extensionViews(state).map(({ extension }) => extension));
  state.queues.clear();
  state.waiting.clear();
  state.devices.clear();
  state.extensions.clear();
  for (const listed of snapshot.queues) {
    const queue = queueNamed(state, listed.name);
    queue.strategy = listed.strategy;
    queue.weight = listed.weight;
    for (const each of listed.members) queue.members.set(each.interface, each);
    const once = new Map(listed.callers.map((caller) => [caller.channelId, caller]));
    const inLine = [...once.values()].sort((a, b) => a.position - b.position);
    place(
      state,
      queue,
      inLine.map(({ channelId, channelName, position, waitMs, priority }) => ({
        channelId,
        channelName,
        position,
        joinedAtMs: atMs - waitMs,
        priority,
      })),
    );
    before.add(listed.name);
  }
  for (const each of snapshot.devices) device(state, each.device, each.state);
  for (const { extension } of extensionViews(state)) extensions.add(extension);
  return { queues: [...before], extensions: [...extensions] };
}
