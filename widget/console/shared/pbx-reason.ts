/** Why there is no connection to a PBX: the server's few words, in the reader's. */
import type { ConsoleKey, ConsoleWords } from "../words.ts";

/** What the server says; each named group fills the place of its name. */
const SAID: readonly (readonly [said: RegExp, key: ConsoleKey])[] = [
  [/^Nothing listens at (?<address>\S+)$/, "px_why_refused"],
  [/^The host name (?<address>\S+) is not known$/, "px_why_noName"],
  [/^(?<address>\S+) reset the connection$/, "px_why_reset"],
  [/^(?<address>\S+) has a self-signed certificate/, "px_why_certificate"],
  [/^(?<address>\S+) is not an Asterisk manager/, "px_why_notAmi"],
  [/^No greeting from (?<address>\S+) within \d+ ms$/, "px_why_silent"],
  [/^Asterisk refused the login of "(?<login>.*?)":/, "px_why_login"],
  [/^Asterisk did not answer a ping/, "px_why_ping"],
  [/^(?:Asterisk closed the connection|The connection was closed)$/, "px_why_closed"],
  [/^It sends more than can be read$/, "px_why_flood"],
];

/** What nobody has words for is told as it came. */
export function pbxReasonText(said: string, { t }: Pick<ConsoleWords, "t">): string {
  // However the connection ended: that it was shut down is what somebody wants to know.
  if (said.endsWith(" (it was shut down)")) return t("px_why_shutDown");
  for (const [pattern, key] of SAID) {
    const found = pattern.exec(said);
    if (found) return t(key, found.groups ?? {});
  }
  return said;
}
