/**
 * What Callcard does to a PBX, one function per deed. Each fails with {@link AmiError} by its deadline at the latest.
 */
import { AmiError } from "./model.ts";
import type { Pbx } from "./model.ts";

/** A pause is kept with its reason; without a queue it goes for all queues of the member. */
export type Pause = {
  /** The member's interface exactly as the queue has it: `PJSIP/101`, `Local/101@from-queue/n`. */
  readonly interface: string;
  readonly queue?: string;
  readonly reason?: string;
};

async function setPaused(pbx: Pbx, pause: Pause, paused: boolean): Promise<void> {
  await pbx.action("QueuePause", {
    Interface: pause.interface,
    Paused: paused ? "true" : "false",
    ...(pause.queue ? { Queue: pause.queue } : {}),
    ...(pause.reason ? { Reason: pause.reason } : {}),
  });
}

/** Takes a member out of the ringing, in one queue or in all. `refused` when it is a member of none. */
export function pauseMember(pbx: Pbx, pause: Pause): Promise<void> {
  return setPaused(pbx, pause, true);
}

/** Lets a member's phone ring again, in one queue or in all. `refused` when it is a member of none. */
export function unpauseMember(pbx: Pbx, pause: Pause): Promise<void> {
  return setPaused(pbx, pause, false);
}

/** A call that Asterisk is asked to make: first `channel` rings, and whoever answers is connected to the extension. */
export type Origination = {
  /** For example `PJSIP/101` or `Local/101@from-internal`. */
  readonly channel: string;
  /** Our id for the first channel (its Uniqueid), by which its events are known. At most 149 characters. */
  readonly channelId: string;
  /** For a Local channel: the Uniqueid of its second half. */
  readonly otherChannelId?: string;
  readonly context: string;
  readonly exten: string;
  readonly callerNumber?: string;
  readonly callerName?: string;
  /** How long `channel` may ring. */
  readonly ringTimeoutMs: number;
  /** Channel variables of the new channel. */
  readonly variables?: Readonly<Record<string, string>>;
};

const channelIdPattern = /^[A-Za-z0-9_.-]{1,149}$/;
const variableNamePattern = /^_{0,2}[A-Za-z][A-Za-z0-9_]*$/;

/**
 * Asks for a call and returns once Asterisk has queued it. Always `Async`: without it the whole connection stands still until
 * somebody answers. How it went is told by `originateEnded` with this `channelId`, in any order with the channel's
 * own events. Only context and extension, never an application: write class `originate` alone is enough then.
 *
 * @returns the ActionID that its `originateEnded` bears, the only name it has when no channel came to be
 */
export async function originate(pbx: Pbx, call: Origination): Promise<string> {
  for (const id of [call.channelId, call.otherChannelId]) {
    if (id !== undefined && !channelIdPattern.test(id)) {
      throw new AmiError(
        "invalid",
        "Originate",
        `Originate: ${JSON.stringify(id)} is no channel id`,
      );
    }
  }
  const variables = Object.entries(call.variables ?? {}).map(([name, value]) => {
    if (!variableNamePattern.test(name)) {
      const shown = JSON.stringify(name);
      throw new AmiError("invalid", "Originate", `Originate: ${shown} is no variable name`);
    }
    return `${name}=${value}`;
  });
  const callerId = call.callerNumber ? callerIdText(call.callerName ?? "", call.callerNumber) : "";
  const { fields } = await pbx.action("Originate", {
    Channel: call.channel,
    ChannelId: call.channelId,
    ...(call.otherChannelId ? { OtherChannelId: call.otherChannelId } : {}),
    Context: call.context,
    Exten: call.exten,
    Priority: "1",
    Async: "true",
    Timeout: String(Math.max(1, Math.round(call.ringTimeoutMs))),
    ...(callerId ? { CallerID: callerId } : {}),
    ...(variables.length > 0 ? { Variable: variables } : {}),
  });
  return fields["actionid"] ?? "";
}

/** `"Name" <number>`; quotes, backslashes and angle brackets in the name would end it early and are left out. */
function callerIdText(name: string, number: string): string {
  const plain = name.replace(/["\\<>]/g, "").trim();
  return plain === "" ? number : `"${plain}" <${number}>`;
}

/** Whether a refusal says that the channel is not there any more, which is normal when somebody hangs up at the same time. */
export function isGone(error: unknown): boolean {
  return (
    error instanceof AmiError && error.code === "refused" && /no such channel/i.test(error.message)
  );
}

/** Hangs a channel up; false when it was gone already. `cause` is a Q.850 number, default 16 (normal clearing). */
export async function hangup(pbx: Pbx, channel: string, cause = 16): Promise<boolean> {
  try {
    await pbx.action("Hangup", { Channel: channel, Cause: String(cause) });
    return true;
  } catch (error) {
    if (isGone(error)) return false;
    throw error;
  }
}

/** Sends a channel to another place in the dialplan; whoever it talked with is left behind. */
export async function redirect(
  pbx: Pbx,
  channel: string,
  to: { readonly context: string; readonly exten: string; readonly priority?: number },
): Promise<void> {
  await pbx.action("Redirect", {
    Channel: channel,
    Context: to.context,
    Exten: to.exten,
    Priority: String(to.priority ?? 1),
  });
}

/**
 * Changes a waiting caller's priority and moves them at once. Sending an unchanged value would put them behind all of equal
 * priority, so only send changes.
 *
 * @throws {AmiError} `invalid` on an Asterisk that cannot move a waiting caller: it would say Success and do nothing.
 */
export async function changePriority(
  pbx: Pbx,
  caller: { readonly queue: string; readonly channelName: string; readonly priority: number },
): Promise<void> {
  const { version, immediatePriority } = pbx.status().capabilities;
  if (!immediatePriority) {
    const message = `Asterisk ${version || "of unknown version"} cannot move a waiting caller`;
    throw new AmiError("invalid", "QueueChangePriorityCaller", message);
  }
  await pbx.action("QueueChangePriorityCaller", {
    Queue: caller.queue,
    Caller: caller.channelName,
    Priority: String(Math.trunc(caller.priority)),
    Immediate: "true",
  });
}
