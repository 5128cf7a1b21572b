/** Places the call that an operator asked for. What the PBX is asked for is decided in `dial.ts`. */
import { type CountryCode, parsePhoneNumberFromString } from "libphonenumber-js/max";
import { originate } from "../asterisk/actions.ts";
import type { Pbx, QueueMember } from "../asterisk/model.ts";
import { describePhone, readPhone } from "../customers/phone.ts";
import type { Board } from "./board.ts";
import { type DialSettings, dialledDigits, origination, ownPhone } from "./dial.ts";
import type { Device } from "./floor.ts";
import type { Others } from "./others.ts";
import type { Clock } from "./ports.ts";
import { Refusal } from "./replies.ts";

/** What click-to-call needs. */
export type ClickToCallOptions = {
  readonly board: Pick<Board, "asked" | "notDialled">;
  readonly others: Pick<Others, "tell">;
  readonly dial: DialSettings;
  readonly defaultRegion: CountryCode;
  readonly extensionPattern: RegExp;
  readonly now: Clock;
};

/** Who calls from where, and what they typed. */
export type CallWish = {
  readonly pbx: Pbx;
  readonly device: Device;
  readonly members: readonly QueueMember[];
  readonly number: string;
};

/**
 * @returns what places a call: the operator's own phone rings, then the number; its answer is the id the call will have.
 * @throws Refusal `invalid` for no number; what the PBX says against it.
 */
export function clickToCall(
  options: ClickToCallOptions,
): (wish: CallWish) => Promise<{ callId: string }> {
  const { board, others, dial, defaultRegion, extensionPattern, now } = options;
  let placed = 0;

  /** Asterisk compares the age of calls by what stands before and after the dot. */
  const newChannelId = (): string => {
    placed = (placed + 1) % 1_000_000;
    const unique = `${process.pid}${String(placed).padStart(6, "0")}`;
    return `callcard-${Math.floor(now() / 1000)}.${unique}`;
  };

  return async ({ pbx, device, members, number }) => {
    const inside = number.search(extensionPattern) === 0;
    const e164 = inside ? null : (readPhone(number, defaultRegion)?.e164 ?? null);
    const digits = dialledDigits(
      number,
      e164 === null ? null : describePhone(e164),
      e164 === null ? "" : nationalOf(e164, defaultRegion),
      dial.format,
    );
    if (digits === null)
      throw new Refusal("invalid", "number: is not a number that can be dialled");
    const channelId = newChannelId();
    const callId = `${device.pbx}-${channelId}`;
    const call = origination({
      channelId,
      ownPhone: ownPhone(device.extension, members, dial.context),
      digits,
      extension: device.extension,
      context: dial.context,
    });
    board.asked(callId, e164 ?? digits);
    others.tell("callAsked", { callId, number: e164 ?? digits });
    try {
      await originate(pbx, call);
    } catch (error) {
      board.notDialled(callId);
      others.tell("callAsked", { callId, number: "" });
      throw error;
    }
    return { callId };
  };
}

/** How a person inside `region` dials a number of that region; "" for any other. */
function nationalOf(e164: string, region: CountryCode): string {
  const parsed = parsePhoneNumberFromString(e164);
  return parsed?.country === region ? parsed.formatNational() : "";
}
