/**
 * Who proved a short time ago who they are: while PostgreSQL is away, or too slow for a browser that comes back, this stands in for its
 * answer. Whatever PostgreSQL says comes first, and whose sessions were ended is forgotten at once.
 */
import { LRUCache } from "lru-cache";
import type { Principal } from "./model.ts";

/** How old a proof may be. Screens that are connected prove themselves every minute. */
export const STAND_IN_MS = 15 * 60_000;
/** Who is known waits so long for PostgreSQL: a browser gives a connect two seconds. */
const PATIENCE_MS = 1000;
const MOST_KNOWN = 10_000;

type Proof = { readonly principal: Principal; readonly atMs: number };

/** Proofs of one process, kept in its memory alone. */
export class RecentLogins {
  readonly #now: () => number;
  readonly #proofs = new LRUCache<string, Proof>({ max: MOST_KNOWN });
  /** Grows when sessions are ended: an answer that was asked for before may be of before. */
  #endings = 0;

  /** @param now the clock, epoch ms. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /**
   * PostgreSQL's answer; while it gives none, the last one of a short time ago.
   * @param key what the person proves it with, as a hash.
   * @param mostMs how old that may be.
   * @throws what `ask` throws, when nothing is known.
   */
  async check(
    key: string,
    ask: () => Promise<Principal | null>,
    mostMs = STAND_IN_MS,
  ): Promise<Principal | null> {
    const asking = this.#ask(key, ask);
    if (this.#known(key, mostMs) === null) return asking;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<typeof LATE>((resolve) => {
      timer = setTimeout(resolve, PATIENCE_MS, LATE);
    });
    try {
      const answer = await Promise.race([asking, late]);
      if (answer !== LATE) return answer;
      // Nobody waits for it any more; what it says is remembered all the same.
      asking.catch(() => undefined);
      return this.#known(key, mostMs) ?? (await asking);
    } catch (error) {
      // An error is no refusal. Asked again: it may have been forgotten meanwhile.
      const known = this.#known(key, mostMs);
      if (known !== null) return known;
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Somebody's sessions were ended: nothing stands in for them. */
  forget(userId: string): void {
    this.#endings += 1;
    for (const [key, { principal }] of this.#proofs)
      if (principal.kind === "user" && principal.user.id === userId) this.#proofs.delete(key);
  }

  /** Anybody's may have been ended. */
  forgetAll(): void {
    this.#endings += 1;
    this.#proofs.clear();
  }

  async #ask(key: string, ask: () => Promise<Principal | null>): Promise<Principal | null> {
    const endings = this.#endings;
    const principal = await ask();
    if (principal === null) this.#proofs.delete(key);
    else if (endings === this.#endings) this.#proofs.set(key, { principal, atMs: this.#now() });
    return principal;
  }

  #known(key: string, mostMs: number): Principal | null {
    const proof = this.#proofs.get(key);
    if (proof === undefined || this.#now() - proof.atMs > mostMs) return null;
    return proof.principal;
  }
}

const LATE = Symbol("late");
