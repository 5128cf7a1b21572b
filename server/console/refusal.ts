/** What the console cannot do, as a code for the screens' dictionary and words for the log. */
import { AmiError } from "../asterisk/model.ts";
import { isDatabaseDown } from "../http/errors.ts";
import { AskRefused, NobodyAnswers } from "../storage/asks.ts";
import type { ConsoleReply } from "./protocol.ts";

type Refused = Extract<ConsoleReply, { ok: false }>;

/** A request that cannot be done; thrown by deeds, answered by the edges. */
export class ConsoleRefusal extends Error {
  readonly code: Refused["code"];
  constructor(code: Refused["code"], message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "ConsoleRefusal";
    this.code = code;
  }
}

/** The answer to a request that failed; `unexpected` when it is our own fault and belongs into the log. */
export function refusedBy(error: unknown): {
  readonly reply: Refused;
  readonly unexpected: boolean;
} {
  const say = (code: Refused["code"], message: string, unexpected = false) => ({
    reply: { ok: false as const, code, message },
    unexpected,
  });
  if (error instanceof ConsoleRefusal) return say(error.code, error.message);
  if (error instanceof AmiError) return say(AMI_CODES[error.code], error.message);
  // What the process said that acts on the PBX.
  if (error instanceof AskRefused && Object.hasOwn(AMI_CODES, error.code))
    return say(AMI_CODES[error.code as AmiError["code"]], error.message);
  if (error instanceof NobodyAnswers)
    return say("nobodyActs", "No process acts on this PBX now; nothing was done");
  if (isDatabaseDown(error)) return say("failed", "The database does not answer; nothing was done");
  return say("failed", "Something went wrong in the server; its log says what", true);
}

const AMI_CODES = {
  // The only thing Asterisk refuses here is a caller or queue that is not there any more.
  refused: "gone",
  deadline: "pbxDown",
  disconnected: "pbxDown",
  login: "pbxDown",
  invalid: "notPossible",
} as const satisfies Record<AmiError["code"], Refused["code"]>;
