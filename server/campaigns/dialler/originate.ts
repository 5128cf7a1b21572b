/**
 * What a PBX is asked for when an attempt is dialled: pure, so that every header can be looked at in a table.
 *
 * Customer first, the channel is `Local/<number>@callcard-out/n`: its first half bears the attempt's id and waits in `callcard-answered`
 * for an operator, its second half dials. Operator first, it is the operator's own phone, and `callcard-out` is where it goes once
 * answered. Both ways lead through the same guard of the dialplan (asterisk-config): a number is dialled once for an attempt.
 */
import {
  type CountryCode,
  getCountryCallingCode,
  parsePhoneNumberFromString,
} from "libphonenumber-js/max";
import type { Origination } from "../../asterisk/actions.ts";
import { AmiError } from "../../asterisk/model.ts";
import type { ClaimedAttempt } from "../attempts/model.ts";
import type { Campaign, Trunk } from "../model.ts";

/** What is dialled, for whom, and who talks first. */
export type Dialling = {
  readonly attempt: ClaimedAttempt;
  readonly campaign: Campaign;
  readonly trunk: Trunk;
  /** The operator whose phone rings first; null for customer first. */
  readonly operator: { readonly extension: string; readonly ownPhone: string } | null;
  /** Attempts that are settled: the PBX may forget that it dialled them. At most {@link mostForgotten}. */
  readonly forget: readonly string[];
  /** Country of the trunks, for the national way to write a number. */
  readonly region: CountryCode;
};

/** As many ids as fit into one line of AMI with room to spare. */
export const mostForgotten = 12;

/** Before it dials, the dialplan waits until what it wrote down would survive a crash. */
export const guardMs = 1200;

/** How long an operator's own phone rings before the customer is dialled. */
const ownPhoneRingsMs = 20_000;

/** Dialling out begins later than asked when the PBX is busy; the dialplan's own limit of ringing must be the one that counts. */
const spareMs = 10_000;

/**
 * The call an attempt is. Everything that the dialplan reads is bounded and holds only letters it expects.
 *
 * @throws {AmiError} `invalid`: a number, a trunk or an id that no PBX may be given. Nothing was asked of the PBX.
 */
export function originationOf(dialling: Dialling): Origination {
  const { attempt, campaign, trunk, operator } = dialling;
  const { settings } = campaign;
  const digits = digitsFor(attempt.phone, trunk.format, dialling.region);
  const variables = {
    // Inherited by every leg, so that a dialplan of one's own can tell these calls.
    __CALLCARD_ATTEMPT: idOf(attempt.id),
    CALLCARD_DIAL: dialString(trunk, digits),
    CALLCARD_RING: String(whole(settings.ringSeconds, 15, 120)),
    CALLCARD_FROM: settings.callerId.number.replace(/[^+0-9]/g, ""),
    CALLCARD_FROM_NAME: plainName(settings.callerId.name),
    CALLCARD_FORGET: dialling.forget.slice(0, mostForgotten).map(idOf).join("+"),
  };
  const shown = {
    channelId: attempt.id,
    otherChannelId: secondHalf(attempt.id),
    callerNumber: attempt.phone,
    callerName: plainName(attempt.customerName),
  };
  const ringMs = whole(settings.ringSeconds, 15, 120) * 1000;
  if (operator !== null) {
    const { otherChannelId, ...own } = shown;
    const isLocal = operator.ownPhone.startsWith("Local/");
    return {
      ...own,
      ...(isLocal ? { otherChannelId } : {}),
      // The channel with the attempt's id has to live as long as the call.
      channel: isLocal ? operator.ownPhone.replace(/(?:\/n)?$/, "/n") : operator.ownPhone,
      context: "callcard-out",
      exten: digits,
      ringTimeoutMs: ownPhoneRingsMs,
      variables: { ...variables, CALLCARD_OPERATOR: operator.extension.replace(/\D/g, "") },
    };
  }
  return {
    ...shown,
    channel: `Local/${digits}@callcard-out/n`,
    context: "callcard-answered",
    exten: "s",
    ringTimeoutMs: guardMs + ringMs + spareMs,
    variables: {
      ...variables,
      CALLCARD_QUEUE: queueName(settings.queue),
      CALLCARD_WITHIN: String(whole(settings.abandonment.connectWithinMs / 1000, 1, 60)),
      CALLCARD_MACHINE: settings.onMachine === "ignore" ? "" : settings.onMachine,
    },
  };
}

/** Uniqueid of the half of an attempt's Local channel that dials. */
export function secondHalf(attemptId: string): string {
  return `${attemptId}-2`;
}

/**
 * A number as a trunk wants it: `+79130000009`, `79130000009`, or as people in the trunk's own country dial it (`89130000009`; abroad
 * as they dial abroad).
 *
 * @param e164 with its plus. @throws {AmiError} `invalid` for anything else.
 */
export function digitsFor(e164: string, format: Trunk["format"], region: CountryCode): string {
  if (!/^\+[1-9]\d{5,14}$/.test(e164))
    throw invalid(`${JSON.stringify(e164.slice(0, 30))} is no phone number`);
  if (format === "e164") return e164;
  if (format === "plain") return e164.slice(1);
  const parsed = parsePhoneNumberFromString(e164);
  // Countries that share a calling code (Russia and Kazakhstan) dial each other as their own.
  const own = parsed?.countryCallingCode === getCountryCallingCode(region);
  const written = own ? parsed?.formatNational() : parsed?.format("IDD", { fromCountry: region });
  const digits = (written ?? "").replace(/\D/g, "");
  if (digits === "") throw invalid(`${e164} cannot be dialled in the national way`);
  return digits;
}

/**
 * What Dial() is given: the trunk's own words with the number in them. They come from an admin, but `&` would ring two phones and a
 * comma would end the argument.
 */
function dialString(trunk: Trunk, digits: string): string {
  const parts = trunk.dial.split("{number}");
  if (parts.length !== 2 || !/^[A-Za-z0-9]+\/[A-Za-z0-9@/+._*#-]*$/.test(parts.join("")))
    throw invalid(`trunk ${JSON.stringify(trunk.name)} cannot be dialled: ${trunk.dial}`);
  return parts.join(digits);
}

const idPattern = /^[A-Za-z0-9_-]{1,60}$/;

function idOf(id: string): string {
  if (!idPattern.test(id)) throw invalid(`${JSON.stringify(id.slice(0, 80))} is no attempt's id`);
  return id;
}

function queueName(name: string): string {
  if (!/^[A-Za-z0-9_. -]{1,79}$/.test(name))
    throw invalid(`queue ${JSON.stringify(name)} cannot be named to a dialplan`);
  return name;
}

/** A name as a phone may show it: nothing that a dialplan or a SIP header would take for its own. */
function plainName(name: string): string {
  return name
    .replace(/[^\p{L}\p{N} ._-]/gu, " ")
    .replace(/\s+/g, " ")
    .trim()
    .slice(0, 60);
}

/** The nearest whole number within bounds; nonsense counts as the least. */
function whole(value: number, least: number, most: number): number {
  const up = Number.isFinite(value) ? Math.ceil(value) : least;
  return Math.min(most, Math.max(least, up));
}

function invalid(message: string): AmiError {
  return new AmiError("invalid", "Originate", message);
}
