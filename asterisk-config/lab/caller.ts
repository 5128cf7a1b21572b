import { conversation, type Conversation } from "./phone.ts";
import { type CallerBehaviour, callerScenario } from "./scenarios.ts";
import type { Dialog } from "./sip.ts";
import { type SippEvent, startSipp } from "./sipp.ts";

/** Somebody who called, played by sipp. */
export type Caller = Conversation & {
  /** What it saw, in order: dialled, hears ringing, connected, refused, gave up, hung up, other side hung up, over. */
  readonly events: readonly SippEvent[];
  /** Waits for any event by name. */
  saw(name: string, withinMs?: number): Promise<void>;
  /** Waits until the PBX (a queue, or who was called) answered. */
  connected(withinMs?: number): Promise<void>;
  /** Waits until the call is over, however. */
  over(withinMs?: number): Promise<void>;
  readonly ended: Promise<void>;
  /** Ends it without a word to the PBX. */
  stop(): Promise<void>;
};

/** Starts a call and returns as soon as it was dialled. */
export async function placeCall(options: {
  readonly directory: string;
  readonly pbxPort: number;
  readonly voice: string;
  readonly from: { readonly number: string; readonly name: string };
  readonly to: string;
  readonly behaviour: CallerBehaviour;
}): Promise<Caller> {
  const sipp = await startSipp({
    directory: options.directory,
    name: `caller-${options.to.replaceAll("*", "s")}`,
    scenario: callerScenario(options.from, options.behaviour, options.voice),
    pbxPort: options.pbxPort,
    call: options.to,
  });
  const saw = async (name: string, withinMs?: number): Promise<void> => {
    await sipp.waitFor((event) => event.name === name, withinMs, `"${name}"`);
  };
  const dialog = (): Dialog => {
    // An early dialog will do when there is no better: a transfer may be asked while the other side still rings.
    const connected = sipp.events.findLast(
      (event) => event.name === "connected" || event.name === "hears ringing",
    );
    if (connected === undefined) throw new Error(`the call to ${options.to} is not answered`);
    const [local = "", remote = "", target = ""] = connected.fields;
    return {
      callId: connected.callId,
      local: local.trim(),
      remote: remote.trim(),
      target,
      port: sipp.port,
    };
  };
  const caller: Caller = {
    ...conversation(options.pbxPort, dialog, () => sipp.mediaPort),
    events: sipp.events,
    saw,
    connected: (withinMs) => saw("connected", withinMs),
    over: (withinMs) => saw("over", withinMs),
    ended: sipp.ended,
    stop: () => sipp.stop(),
  };
  await saw("dialled");
  return caller;
}
