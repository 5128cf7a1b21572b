/**
 * The door of a source over HTTP: one signed POST of JSON for each action, with the action's id as `Idempotency-Key`.
 *
 * 2xx: done; the body may be empty, or `{"text": "...", "order": {...}}` with the order as `POST /api/v1/orders` takes it.
 * 409 or 422 with `{"message": "..."}`: refused, in words for the operator. Everything else says nothing: it is asked again with the
 * same id, and who was asked twice answers as before.
 */
import { SIGNATURE_HEADER, sign } from "../signature.ts";
import type { OrderSourceDoor } from "./model.ts";

/** The header that carries the action's id. */
export const IDEMPOTENCY_HEADER = "idempotency-key";

/** Where a source takes its actions. */
export type DoorAddress = { readonly url: string; readonly secret: string };

/** What a shop says is shown to people: so long at most. */
const MOST_WORDS = 500;
const MOST_BYTES = 2 * 1024 * 1024;

/** The source could not be asked, or what it answered cannot be read; the message has nothing of what was sent. */
export class DoorError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "DoorError";
  }
}

/** @param now epoch ms. */
export function httpDoor(address: DoorAddress, now: () => number = Date.now): OrderSourceDoor {
  return {
    async ask(action, signal) {
      const body = Buffer.from(
        JSON.stringify({
          id: action.id,
          source: action.source,
          sourceId: action.sourceId,
          operator: action.operator,
          action: action.request,
        }),
      );
      const response = await post(address, action.id, body, now(), signal);
      const { status } = response;
      if (status >= 300 && status < 400) {
        await response.body?.cancel();
        throw new DoorError(`answered ${status}: redirects are not followed`);
      }
      const answer = readJson(await textOf(response), status);
      if (status >= 200 && status < 300)
        return { said: "done", text: wordsOf(answer["text"]), order: answer["order"] ?? null };
      if (status === 409 || status === 422) {
        const text = wordsOf(answer["message"]);
        if (text !== "") return { said: "refused", text };
        throw new DoorError(`answered ${status} without a message`);
      }
      throw new DoorError(`answered ${status}`);
    },
  };
}

async function post(
  { url, secret }: DoorAddress,
  id: string,
  body: Buffer<ArrayBuffer>,
  nowMs: number,
  signal: AbortSignal,
): Promise<Response> {
  try {
    return await fetch(url, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        accept: "application/json",
        "user-agent": "Callcard",
        [IDEMPOTENCY_HEADER]: id,
        [SIGNATURE_HEADER]: sign(secret, body, nowMs),
      },
      body,
      // A signed body goes where an admin sent it and nowhere else.
      redirect: "manual",
      signal,
    });
  } catch (error) {
    throw doorError(error);
  }
}

/** The body as text. @throws DoorError when it ends early, takes too long or has no end. */
async function textOf(response: Response): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  try {
    for await (const chunk of response.body ?? []) {
      bytes += chunk.byteLength;
      if (bytes > MOST_BYTES) throw new DoorError(`answered more than ${MOST_BYTES} bytes`);
      text += decoder.decode(chunk, { stream: true });
    }
  } catch (error) {
    throw doorError(error);
  }
  return text + decoder.decode();
}

/** An object; nothing at all is an empty one. Of refusals that are none of ours the body does not matter. */
function readJson(text: string, status: number): Readonly<Record<string, unknown>> {
  const isOurs = (status >= 200 && status < 300) || status === 409 || status === 422;
  if (!isOurs || text.trim() === "") return {};
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new DoorError(`answered ${status} with something that is not JSON`, { cause: error });
  }
  if (value === null || typeof value !== "object" || Array.isArray(value))
    throw new DoorError(`answered ${status} with JSON that is not an object`);
  return value as Record<string, unknown>;
}

/** Text of a stranger, for a screen: one line without control characters or marks that turn its direction. */
export function wordsOf(value: unknown): string {
  if (typeof value !== "string") return "";
  const clean = value
    .slice(0, 4 * MOST_WORDS)
    .toWellFormed()
    .replace(/[\u{200E}\u{200F}\u{202A}-\u{202E}\u{2066}-\u{2069}\u{FEFF}]/gu, "")
    .replace(/[\p{Cc}\s]+/gu, " ")
    .trim();
  // A pair of surrogates that was cut in two is no letter.
  return clean.length <= MOST_WORDS
    ? clean
    : `${clean.slice(0, MOST_WORDS - 1).replace(/[\u{D800}-\u{DBFF}]$/u, "")}…`;
}

function doorError(error: unknown): DoorError {
  if (error instanceof DoorError) return error;
  const name = error instanceof Error ? error.name : "";
  if (name === "TimeoutError") return new DoorError("no answer in time", { cause: error });
  if (name === "AbortError") return new DoorError("broken off", { cause: error });
  const cause = error instanceof Error ? (error.cause ?? error) : error;
  const { code, message } = cause as { code?: unknown; message?: unknown };
  const why = typeof code === "string" ? code : String(message);
  return new DoorError(`no answer: ${why}`.slice(0, 200), { cause: error });
}
