/** Watches the callers of a line as Asterisk has them, for as long as a test goes on. */
import { setTimeout as sleep } from "node:timers/promises";
import { isGold } from "./cluster-house.ts";

/** Asks Asterisk who stands in the line, in their order. */
export type LookAtLine = () => Promise<readonly { readonly number: string }[]>;

/** How long callers of the line stood otherwise than the policy says, asked of Asterisk itself. */
export function watchOrder(look: LookAtLine): {
  end(): Promise<void>;
  longestMs(): number;
  longestLine(): number;
} {
  const ending = new AbortController();
  let longestMs = 0;
  let longestLine = 0;
  const going = (async () => {
    const since = new Map<string, number>();
    while (!ending.signal.aborted) {
      const stood = await look();
      longestLine = Math.max(longestLine, stood.length);
      // The first may be ringing already: nobody is moved away from a ringing phone.
      const wrong = stood.slice(1).flatMap(({ number }, at) => {
        const passedBy = stood
          .slice(1, at + 1)
          .some((one) => isGold(number) && !isGold(one.number));
        return passedBy ? [number] : [];
      });
      for (const number of since.keys()) if (!wrong.includes(number)) since.delete(number);
      for (const number of wrong) {
        const began = since.get(number) ?? performance.now();
        since.set(number, began);
        longestMs = Math.max(longestMs, performance.now() - began);
      }
      await sleep(100);
    }
  })();
  return {
    async end() {
      ending.abort();
      await going;
    },
    longestMs: () => longestMs,
    longestLine: () => longestLine,
  };
}

/** Whether callers of the line keep their order among themselves, asked of Asterisk itself. */
export function watchKept(look: LookAtLine): {
  end(): Promise<{ readonly passedBy: readonly string[]; readonly longest: number }>;
} {
  const ending = new AbortController();
  const passedBy: string[] = [];
  let longest = 0;
  const going = (async () => {
    let before: readonly string[] = [];
    while (!ending.signal.aborted) {
      const now = (await look()).map(({ number }) => number);
      const stayed = before.filter((number) => now.includes(number));
      const still = now.filter((number) => stayed.includes(number));
      if (stayed.join() !== still.join()) passedBy.push(`${stayed.join()} -> ${still.join()}`);
      longest = Math.max(longest, now.length);
      before = now;
      await sleep(250);
    }
  })();
  return {
    async end() {
      ending.abort();
      await going;
      return { passedBy, longest };
    },
  };
}
