/** One try to tell a receiver something: a signed POST that waits for its answer so long and no longer. */
import { type Try, retryAfterMs } from "./retries.ts";
import { SIGNATURE_HEADER, sign } from "../orders/signature.ts";

/** How long the receiver may take. */
export const ANSWER_WITHIN_MS = 10_000;

/**
 * Never throws. @param signal ends it early; the outcome then says nothing of the receiver.
 * @param body exactly the bytes that are signed and sent.
 */
export async function sendSigned(
  target: { readonly url: string; readonly secret: string },
  body: string,
  options: {
    readonly now: () => number;
    readonly answerWithinMs: number;
    readonly signal: AbortSignal;
    /** Beside the signature. */
    readonly headers?: Readonly<Record<string, string>>;
  },
): Promise<Try> {
  const bytes = Buffer.from(body);
  try {
    const answer = await fetch(target.url, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        "user-agent": "Callcard",
        ...options.headers,
        [SIGNATURE_HEADER]: sign(target.secret, bytes, options.now()),
      },
      body: bytes,
      // A signed body goes where an admin sent it and nowhere else.
      redirect: "manual",
      signal: AbortSignal.any([options.signal, AbortSignal.timeout(options.answerWithinMs)]),
    });
    // What it says is not read, however long it is.
    await answer.body?.cancel();
    const { status } = answer;
    if (status >= 200 && status < 300) return { type: "taken" };
    const asked = retryAfterMs(answer.headers.get("retry-after"), options.now());
    return { type: "refused", status, retryAfterMs: asked };
  } catch (error) {
    return { type: "unanswered", why: whyOf(error, options.answerWithinMs) };
  }
}

/** In few words, with nothing of what was sent. */
function whyOf(error: unknown, answerWithinMs: number): string {
  if (error instanceof Error && error.name === "TimeoutError")
    return `no answer within ${answerWithinMs / 1000} s`;
  const cause = error instanceof Error ? (error.cause ?? error) : error;
  const { code, message } = cause as { code?: unknown; message?: unknown };
  return `no answer: ${typeof code === "string" ? code : String(message)}`.slice(0, 200);
}
