/** One question to a carrier's interface: JSON there and back, bounded in size, nothing of it trusted. */

/** What came back. */
export type Answer = { readonly status: number; readonly body: unknown };

/** More than this is no answer of a calculator. */
const MOST_BYTES = 4 * 1024 * 1024;

/** An answer that cannot be read, or that says that the interface is at fault. */
export class CarrierFault extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "CarrierFault";
  }
}

/**
 * @throws CarrierFault on a status of 500 and more, on 429, on an answer that is no JSON or too long; what fetch throws when there is no answer.
 */
export async function askJson(
  url: URL | string,
  request: {
    readonly method: "GET" | "POST";
    readonly headers?: Readonly<Record<string, string>>;
    /** Sent as JSON, a form as a form. */
    readonly body?: object | URLSearchParams;
  },
  signal: AbortSignal,
): Promise<Answer> {
  const { method, headers = {}, body } = request;
  const response = await fetch(url, {
    method,
    headers: {
      accept: "application/json",
      ...(body === undefined || body instanceof URLSearchParams
        ? {}
        : { "content-type": "application/json" }),
      ...headers,
    },
    ...(body === undefined
      ? {}
      : { body: body instanceof URLSearchParams ? body : JSON.stringify(body) }),
    // Secrets go to the address an admin gave and nowhere else.
    redirect: "error",
    signal,
  });
  const text = await readAll(response);
  if (response.status >= 500 || response.status === 429)
    throw new CarrierFault(`answered ${response.status}`);
  try {
    return { status: response.status, body: text === "" ? null : (JSON.parse(text) as unknown) };
  } catch (error) {
    throw new CarrierFault(`answered ${response.status} with something that is no JSON`, {
      cause: error,
    });
  }
}

async function readAll(response: Response): Promise<string> {
  if (response.body === null) return "";
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body) {
    bytes += chunk.byteLength;
    if (bytes > MOST_BYTES) throw new CarrierFault("answered more than 4 MB");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

/** The field of something that came from outside, undefined when it is no object or has none. */
export function field(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null
    ? (value as Record<string, unknown>)[name]
    : undefined;
}

/** A list that came from outside; anything else is none. */
export function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** A number that came as one or as text; null for anything else. */
export function number(value: unknown): number | null {
  const read = typeof value === "string" && value.trim() !== "" ? Number(value) : value;
  return typeof read === "number" && Number.isFinite(read) ? read : null;
}

/** A short text that came from outside, one line; "" for anything else. */
export function text(value: unknown, maxLength = 200): string {
  return typeof value === "string" || typeof value === "number"
    ? String(value)
        .toWellFormed()
        .replace(/[\p{Cc}\s]+/gu, " ")
        .trim()
        .slice(0, maxLength)
    : "";
}
