/** Answers to a screen's requests: what went wrong, as a code for its dictionary and words for the log. */
import { AmiError } from "../asterisk/model.ts";
import { DirectoryError } from "../customers/directory.ts";
import { isDatabaseDown } from "../http/errors.ts";
import type { PromiseRefusal } from "../followups/model.ts";
import type { ErrorCode, Reply } from "./protocol.ts";

/** A request that cannot be done; thrown by deeds, answered by the edge. */
export class Refusal extends Error {
  readonly code: ErrorCode;
  /** What a screen can say of it beside its code. */
  readonly why: PromiseRefusal | undefined;
  constructor(
    code: ErrorCode,
    message: string,
    options?: ErrorOptions & { readonly why?: PromiseRefusal },
  ) {
    super(message, options);
    this.name = "Refusal";
    this.code = code;
    this.why = options?.why;
  }
}

/** The answer to a request that failed; `unexpected` when it is our own fault and belongs into the log. */
export function replyOf(error: unknown): {
  readonly reply: Extract<Reply, { ok: false }>;
  readonly unexpected: boolean;
} {
  const say = (code: ErrorCode, message: string, unexpected = false) => ({
    reply: { ok: false as const, code, message },
    unexpected,
  });
  if (error instanceof Refusal) {
    const { reply, unexpected } = say(error.code, error.message);
    return { reply: error.why === undefined ? reply : { ...reply, why: error.why }, unexpected };
  }
  if (error instanceof AmiError) return say(AMI_CODES[error.code], error.message);
  if (error instanceof DirectoryError)
    return say(error.code === "noSuchCustomer" ? "notFound" : "invalid", error.message);
  if (isDatabaseDown(error))
    return say("databaseDown", "The database does not answer; nothing was saved");
  // A statement over its time limit: PostgreSQL lives, but not well enough.
  if ((error as { code?: unknown } | null)?.code === "57014")
    return say("databaseDown", "The database is too slow; nothing was saved");
  return say("internal", "Something went wrong in the server; its log says what", true);
}

const AMI_CODES = {
  refused: "pbxRefused",
  deadline: "pbxDown",
  disconnected: "pbxDown",
  login: "pbxDown",
  invalid: "invalid",
} as const satisfies Record<AmiError["code"], ErrorCode>;
