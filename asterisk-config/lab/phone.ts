import { answerInvite, type Dialog, register, requestInDialog, sdpFor } from "./sip.ts";
import { type PhoneBehaviour, phoneScenario } from "./scenarios.ts";
import { type SippEvent, startSipp } from "./sipp.ts";

/** What can be done in a conversation, on a phone or by a caller. */
export type Conversation = {
  hold(): Promise<void>;
  resume(): Promise<void>;
  /** Sends keys one by one, as SIP INFO. */
  press(keys: string): Promise<void>;
  /** REFER: the other side is sent to `to`. */
  blindTransfer(to: string): Promise<void>;
  /** REFER with Replaces: the other side is joined with the one `consultation` talks to (or rings). */
  attendedTransfer(consultation: Conversation): Promise<void>;
  hangUp(): Promise<void>;
  /** The SIP dialog, once there is one. */
  dialog(): Dialog;
};

/** A phone registered on the PBX, played by sipp. */
export type Phone = Conversation & {
  readonly extension: string;
  /** What it saw, in order: invited, ringing, answered, cancelled, rejected, hung up, other side hung up. */
  readonly events: readonly SippEvent[];
  /** Waits until it rings (for the n-th time, counted from 1). */
  ringing(times?: number, withinMs?: number): Promise<void>;
  answered(times?: number, withinMs?: number): Promise<void>;
  /** Waits for any event by name. */
  saw(name: string, times?: number, withinMs?: number): Promise<void>;
  /** Answers the call that rings, when the behaviour is `onCommand`. */
  answer(): Promise<void>;
  register(): Promise<void>;
  /** Unregisters and ends it. */
  stop(): Promise<void>;
  /** Ends it without telling the PBX. */
  abandon(): Promise<void>;
};

/** Starts a phone and registers it; `extension` null is the city line's far end, which Asterisk knows by its port. */
export async function startPhone(options: {
  readonly directory: string;
  readonly pbxPort: number;
  readonly extension: string | null;
  /** Further extensions whose calls it takes. */
  readonly others?: readonly string[];
  readonly port?: number;
  readonly behaviour: PhoneBehaviour;
  /** What sipp is told instead of the behaviour's scenario. */
  readonly scenario?: string;
}): Promise<Phone> {
  const { pbxPort, extension, others = [] } = options;
  const registered = extension === null ? [] : [extension, ...others];
  const name = extension ?? "pstn";
  const sipp = await startSipp({
    directory: options.directory,
    name,
    scenario: options.scenario ?? phoneScenario(options.behaviour),
    pbxPort,
    ...(options.port === undefined ? {} : { port: options.port }),
  });
  await sipp.listening;
  const lastInvite = (): SippEvent => {
    const found = sipp.events.findLast((event) => event.name === "invited");
    if (found === undefined) throw new Error(`${name} was never called`);
    return found;
  };
  const dialog = (): Dialog => {
    const { callId, fields } = lastInvite();
    const [local = "", remote = "", target = ""] = fields;
    return { callId, local: local.trim(), remote: remote.trim(), target, port: sipp.port };
  };
  const saw = async (event: string, times = 1, withinMs = 10_000): Promise<void> => {
    await sipp.waitFor(
      () => sipp.events.filter((one) => one.name === event).length >= times,
      withinMs,
      `"${event}" for the ${times}. time`,
    );
  };
  const phone: Phone = {
    ...conversation(pbxPort, dialog, () => sipp.mediaPort),
    extension: name,
    events: sipp.events,
    saw,
    ringing: (times, withinMs) => saw("ringing", times, withinMs),
    answered: (times, withinMs) => saw("answered", times, withinMs),
    async answer() {
      const [, , , via = "", cseq = ""] = lastInvite().fields;
      await answerInvite(
        pbxPort,
        { ...dialog(), via: via.trim(), cseq: cseq.trim() },
        sdpFor(sipp.mediaPort, "sendrecv"),
      );
    },
    async register() {
      for (const one of registered) await register(pbxPort, one, sipp.port, 3600);
    },
    async stop() {
      if (!sipp.hasEnded())
        for (const one of registered) await register(pbxPort, one, sipp.port, 0);
      await sipp.stop();
    },
    abandon: () => sipp.stop(),
  };
  try {
    await phone.register();
  } catch (error) {
    await sipp.stop();
    throw error;
  }
  return phone;
}

/** The deeds that need a dialog, sent into it beside the sipp that holds it. */
export function conversation(
  pbxPort: number,
  dialog: () => Dialog,
  mediaPort: () => number,
): Conversation {
  const send = async (
    method: "INVITE" | "REFER" | "INFO" | "BYE",
    headers: readonly string[] = [],
    body = "",
  ): Promise<void> => {
    const status = await requestInDialog(pbxPort, dialog(), method, headers, body);
    if (status >= 300) throw new Error(`the PBX answered ${method} with ${status}`);
  };
  const negotiate = (direction: "sendrecv" | "sendonly"): Promise<void> =>
    send("INVITE", ["Content-Type: application/sdp"], sdpFor(mediaPort(), direction));
  return {
    dialog,
    hold: () => negotiate("sendonly"),
    resume: () => negotiate("sendrecv"),
    async press(keys) {
      for (const key of keys)
        await send(
          "INFO",
          ["Content-Type: application/dtmf-relay"],
          `Signal=${key}\r\nDuration=120\r\n`,
        );
    },
    blindTransfer: (to) => send("REFER", [`Refer-To: <sip:${to}@127.0.0.1:${pbxPort}>`]),
    attendedTransfer(consultation) {
      const { callId, local, remote } = consultation.dialog();
      const replaces = `${callId};to-tag=${tagOf(remote)};from-tag=${tagOf(local)}`;
      const user = /sip:([^@>]+)@/.exec(remote)?.[1] ?? "phone";
      return send("REFER", [
        `Refer-To: <sip:${user}@127.0.0.1:${pbxPort}?Replaces=${encodeURIComponent(replaces)}>`,
      ]);
    },
    hangUp: () => send("BYE"),
  };
}

function tagOf(address: string): string {
  return /;tag=([^;>\s]+)/.exec(address)?.[1] ?? "";
}
