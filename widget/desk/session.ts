/** Login by name and password: the three HTTP requests of the screen. */
import type { User } from "../../server/people/model.ts";

export type LoginResult =
  | { readonly ok: true }
  | { readonly ok: false; readonly code: "badLogin" | "unreachable" | "unknown" }
  | { readonly ok: false; readonly code: "tooManyAttempts"; readonly retryAfterSeconds: number };

/** What the server says about the cookie: who we are, nobody, or nothing at all. */
export type SessionState = "user" | "nobody" | "unreachable";

export class SessionApi {
  readonly #url: string;

  /** @param base The server's base address, with a slash at its end. */
  constructor(base: string) {
    this.#url = new URL("api/v1/session", base).href;
  }

  async current(): Promise<SessionState> {
    const response = await this.#send("GET");
    if (!response) return "unreachable";
    if (response.status === 401) return "nobody";
    if (!response.ok) return "unreachable";
    const body = (await response.json().catch(() => null)) as { user?: User } | null;
    return body?.user ? "user" : "unreachable";
  }

  async login(login: string, password: string): Promise<LoginResult> {
    const response = await this.#send("POST", { login, password });
    if (!response) return { ok: false, code: "unreachable" };
    if (response.ok) return { ok: true };
    const body = (await response.json().catch(() => null)) as {
      error?: { code?: string; retryAfterSeconds?: number };
    } | null;
    if (response.status === 401) return { ok: false, code: "badLogin" };
    if (response.status === 429) {
      const header = Number(response.headers.get("retry-after"));
      const retryAfterSeconds = body?.error?.retryAfterSeconds ?? (header > 0 ? header : 60);
      return { ok: false, code: "tooManyAttempts", retryAfterSeconds };
    }
    return { ok: false, code: response.status >= 500 ? "unreachable" : "unknown" };
  }

  /** False when the server could not be told: the cookie is still good. */
  async logout(): Promise<boolean> {
    const response = await this.#send("DELETE");
    return response !== null && (response.ok || response.status === 401);
  }

  async #send(method: string, body?: object): Promise<Response | null> {
    try {
      return await fetch(this.#url, {
        method,
        credentials: "include",
        cache: "no-store",
        headers: {
          "X-Callcard": "1",
          ...(body ? { "Content-Type": "application/json" } : {}),
        },
        ...(body ? { body: JSON.stringify(body) } : {}),
        signal: AbortSignal.timeout(10_000),
      });
    } catch {
      return null;
    }
  }
}
