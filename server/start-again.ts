/** A start that a busy or restarting PostgreSQL does not end. */
import { setTimeout as sleep } from "node:timers/promises";
import { isDatabaseDown } from "./http/errors.ts";

/** How often, and for how long in all; what PostgreSQL did not answer within goes to `say`. */
export type StartAgainOptions = {
  readonly pauseMs: number;
  readonly giveUpAfterMs: number;
  /** One line for a person. */
  readonly say: (line: string) => void;
};

/**
 * Does it until it succeeds. Only what comes of PostgreSQL's absence is tried again: every other failure, and one that comes after
 * `giveUpAfterMs`, is thrown.
 */
export async function startAgain<T>(
  deed: () => Promise<T>,
  { pauseMs, giveUpAfterMs, say }: StartAgainOptions,
): Promise<T> {
  const giveUpAtMs = performance.now() + giveUpAfterMs;
  for (;;) {
    try {
      return await deed();
    } catch (error) {
      if (!isDatabaseDown(error) || performance.now() + pauseMs > giveUpAtMs) throw error;
      say(`${reasonOf(error)}. PostgreSQL is waited for.`);
      await sleep(pauseMs);
    }
  }
}

/** What went wrong, for a person; a connection refused at several addresses has no message. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return "unknown reason";
  return error.message || (error as NodeJS.ErrnoException).code || error.name;
}
