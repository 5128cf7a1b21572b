/** How the console asks the server over HTTP. Nothing rejects: a failure is an answer with words. */
import type { Problem } from "../../server/priority/rest.ts";

export type Refused = {
  readonly ok: false;
  /** 0: the server could not be reached. */
  readonly status: number;
  /** For the dictionary, `nothingToPublish`; "" when the answer named none. */
  readonly code: string;
  readonly message: string;
  /** What is wrong with what was sent. */
  readonly problems: readonly Problem[];
};
export type Answered<T> = { readonly ok: true; readonly body: T } | Refused;

/** Asks for `api/v1/<path>`. A `Blob` goes as the CSV it holds, anything else as JSON; with `accept` the body of the answer is its text. */
export type Send = <T>(
  method: string,
  path: string,
  body?: object,
  options?: { readonly accept?: "text/csv" },
) => Promise<Answered<T>>;

const DEADLINE_MS = 15_000;
/** Files are read line by line. */
const FILE_DEADLINE_MS = 120_000;

/** @param base The server's base address, with a slash at its end. */
export function createSend(base: string): Send {
  return async <T>(
    method: string,
    path: string,
    body?: object,
    { accept }: { readonly accept?: "text/csv" } = {},
  ): Promise<Answered<T>> => {
    const isFile = body instanceof Blob;
    try {
      const response = await fetch(new URL(`api/v1/${path}`, base), {
        method,
        credentials: "include",
        cache: "no-store",
        headers: {
          "X-Callcard": "1",
          ...(accept ? { Accept: accept } : {}),
          ...(body ? { "Content-Type": isFile ? "text/csv" : "application/json" } : {}),
        },
        ...(body ? { body: isFile ? body : JSON.stringify(body) } : {}),
        signal: AbortSignal.timeout(isFile || accept ? FILE_DEADLINE_MS : DEADLINE_MS),
      });
      if (response.ok && accept) return { ok: true, body: (await response.text()) as T };
      // 204: done, and nothing to say.
      if (response.status === 204) return { ok: true, body: {} as T };
      const answer: unknown = await response.json().catch(() => null);
      if (response.ok && answer !== null) return { ok: true, body: answer as T };
      const { error, problems } = (answer ?? {}) as {
        error?: { code?: string; message?: string };
        problems?: readonly Problem[];
      };
      return {
        ok: false,
        status: response.status,
        code: error?.code ?? "",
        message: error?.message ?? response.statusText,
        problems: problems ?? [],
      };
    } catch {
      return { ok: false, status: 0, code: "", message: "", problems: [] };
    }
  };
}
