/** What the dialplan says last of a dialling, in its event and in AstDB. */

/** What the dialplan says last of a dialling, in its event and in AstDB. */
export type LastWord = {
  readonly status: string;
  readonly cause: number;
  /** It was ringing, or something was heard (183), when it was given up. */
  readonly rang: boolean;
  /** How long the person's phone was answered, 0 for never. */
  readonly answeredMs: number;
};

/**
 * The dialplan's last word, with what the SIP code adds to it:
 *
 * - Asterisk makes one cause, 21, of a person who declines (603) and of a trunk that refuses the caller (401, 403, 407). The latter is told
 *   as 57, "not authorized", which is what ISDN says of it (RFC 3398).
 * - A trunk that never said anything (`none`) is NOANSWER with cause 16 to Dial(). It is told as 102, "recovery on timer expiry".
 */
export function lastWordOf(status: string, cause: string, sip: string, ms: string): LastWord {
  const number = wholeOf(cause);
  const refused = number === 21 && /^(?:401|403|407)$/.test(sip);
  const silent = status === "NOANSWER" && sip === "none" && !tells(number);
  return {
    status: /^[A-Z]{1,20}$/.test(status) ? status : "",
    cause: refused ? 57 : silent ? 102 : number,
    rang: /^(?:180|183)$/.test(sip),
    answeredMs: wholeOf(ms),
  };
}

/** Whether a Q.850 cause says something of a call that was not answered. */
export function tells(cause: number): boolean {
  return ![0, 16, 26, 31, 127].includes(cause);
}

/** A whole number in a PBX's words; 0 for anything else. */
export function wholeOf(text: string): number {
  return /^\d{1,9}$/.test(text) ? Number(text) : 0;
}
