/** The console's HTTP requests. None rejects: a failure is an answer with words. */
import type { Policy } from "../../server/priority/model.ts";
import type {
  DraftBody,
  Problem,
  PublishedBody,
  ReadyPolicy,
  VersionBody,
  Vocabulary,
} from "../../server/priority/rest.ts";
import type { SimulationInput, SimulationState } from "../../server/priority/simulation/model.ts";
import type { User } from "../../server/people/model.ts";

export type Refused = {
  readonly ok: false;
  /** 0: the server could not be reached. */
  readonly status: number;
  /** For the dictionary, `nothingToPublish`; "" when the answer named none. */
  readonly code: string;
  readonly message: string;
  /** What is wrong with a policy that was refused. */
  readonly problems: readonly Problem[];
};
export type Answered<T> = { readonly ok: true; readonly body: T } | Refused;

const DEADLINE_MS = 15_000;

export class ConsoleApi {
  readonly #base: string;

  /** @param base The server's base address, with a slash at its end. */
  constructor(base: string) {
    this.#base = base;
  }

  session(): Promise<Answered<{ user: User }>> {
    return this.#send("GET", "session");
  }
  published(): Promise<Answered<PublishedBody>> {
    return this.#send("GET", "priority/policy");
  }
  draft(): Promise<Answered<DraftBody>> {
    return this.#send("GET", "priority/draft");
  }
  saveDraft(policy: Policy, revision: number): Promise<Answered<DraftBody>> {
    return this.#send("PUT", "priority/draft", { policy, revision });
  }
  publish(revision: number, note: string): Promise<Answered<PublishedBody>> {
    return this.#send("POST", "priority/publish", { revision, note });
  }
  rollBack(version: number): Promise<Answered<PublishedBody>> {
    return this.#send("POST", "priority/rollback", { version });
  }
  versions(): Promise<Answered<{ versions: readonly VersionBody[] }>> {
    return this.#send("GET", "priority/versions");
  }
  readyPolicies(): Promise<Answered<{ policies: readonly ReadyPolicy[] }>> {
    return this.#send("GET", "priority/ready-policies");
  }
  vocabulary(): Promise<Answered<Vocabulary>> {
    return this.#send("GET", "priority/vocabulary");
  }
  simulate(input: SimulationInput): Promise<Answered<SimulationState>> {
    return this.#send("POST", "priority/simulations", input);
  }
  simulation(id: string): Promise<Answered<SimulationState>> {
    return this.#send("GET", `priority/simulations/${encodeURIComponent(id)}`);
  }
  cancelSimulation(id: string): Promise<Answered<SimulationState>> {
    return this.#send("DELETE", `priority/simulations/${encodeURIComponent(id)}`);
  }

  async #send<T>(method: string, path: string, body?: object): Promise<Answered<T>> {
    try {
      const response = await fetch(new URL(`api/v1/${path}`, this.#base), {
        method,
        credentials: "include",
        cache: "no-store",
        headers: { "X-Callcard": "1", ...(body ? { "Content-Type": "application/json" } : {}) },
        ...(body ? { body: JSON.stringify(body) } : {}),
        signal: AbortSignal.timeout(DEADLINE_MS),
      });
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
  }
}
