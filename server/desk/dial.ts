/** Click-to-call: what is asked of the PBX so that the operator's own phone rings first and then the number. Pure. */
import type { Origination } from "../asterisk/actions.ts";
import type { QueueMember } from "../asterisk/model.ts";
import type { PhoneNumber } from "../customers/model.ts";

/** How the PBX wants an outside number: `+79130000001`, `79130000001`, or as dialled inside the country. */
export type DialFormat = "e164" | "plain" | "national";

/** Settings of click-to-call. */
export type DialSettings = {
  readonly context: string;
  readonly format: DialFormat;
};

/** How long the operator's own phone may ring before the attempt is given up. */
export const OWN_PHONE_RING_MS = 30_000;

/**
 * What is sent to the dialplan for what an operator typed; null when that is no number.
 * @param typed digits with `+`, `*`, `#` and the usual separators.
 * @param phone the typed text as a phone number, null when it is none (an extension, a feature code).
 * @param national how a person inside the default country dials it, "" when it is not of that country.
 */
export function dialledDigits(
  typed: string,
  phone: PhoneNumber | null,
  national: string,
  format: DialFormat,
): string | null {
  const bare = typed.replace(/[\s().\-\u00a0\u2010-\u2015]/g, "");
  if (!/^\+?[0-9*#]{1,32}$/.test(bare)) return null;
  if (phone === null) return bare.startsWith("+") ? null : bare;
  if (format === "e164") return phone.e164;
  if (format === "national" && national !== "") return national.replace(/\D/g, "");
  return phone.e164.slice(1);
}

/**
 * The channel that rings an operator's own phone. A member that is a device is called as that; FreePBX's members are
 * Local channels into the queue's context, where the phone's own settings would be bypassed, so the phone is called
 * through the dialling context instead.
 */
export function ownPhone(
  extension: string,
  members: readonly Pick<QueueMember, "interface" | "stateInterface">[],
  context: string,
): string {
  for (const { interface: called, stateInterface } of members) {
    for (const device of [called, stateInterface]) {
      if (/^(?:PJSIP|SIP|IAX2|DAHDI|Motif|Mobile)\/[\w.@+:-]+$/.test(device)) return device;
    }
  }
  if (members.length > 0) return `Local/${extension}@${context}`;
  return `PJSIP/${extension}`;
}

/** What the PBX is asked for: the own phone first, then the number through the dialling context. */
export function origination(call: {
  readonly channelId: string;
  readonly ownPhone: string;
  readonly digits: string;
  readonly extension: string;
  readonly context: string;
}): Origination {
  return {
    channel: call.ownPhone,
    channelId: call.channelId,
    ...(call.ownPhone.startsWith("Local/") ? { otherChannelId: `${call.channelId}-2` } : {}),
    context: call.context,
    exten: call.digits,
    callerNumber: call.extension,
    ringTimeoutMs: OWN_PHONE_RING_MS,
  };
}
