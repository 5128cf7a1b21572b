/** Finds out who a waiting caller is and what the policy may ask about them: two questions at most, each to a cache or by index. */
import type { CustomerDirectory, Identification } from "../customers/model.ts";
import type { Standing } from "./model.ts";
import { type Who, e164Of, numberTitle, onlyCustomer, whoOf } from "./subject.ts";

/** Who is asked. */
export type LookUpSources = {
  readonly directory: Pick<CustomerDirectory, "identify">;
  readonly standingOf: (customerId: string) => Promise<Standing | null>;
  /** When somebody last called from this number and got nobody, epoch ms; null for never. */
  readonly lostAtOf: (e164: string) => Promise<number | null>;
};

/** How a list shows a caller. */
export type Person = {
  /** Customer's name, else the number as people write it, else "". */
  readonly title: string;
  readonly tier: string;
  readonly vip: boolean;
  readonly customerId: string | null;
};

/** What was found. */
export type LookedUp = {
  readonly who: Who;
  readonly person: Person;
  readonly e164: string | null;
};

/** About whom. */
export type LookUpCaller = {
  readonly number: string;
  /** Another extension: nobody is asked. */
  readonly internal: boolean;
  /** Customer the call is known to be with, whatever its number says. */
  readonly chosen: string | null;
};

/** Looks up one caller. @throws when the directory or the standing could not be had within the limit. */
export function lookUp(
  sources: LookUpSources,
  caller: LookUpCaller,
  limitMs: number,
): Promise<LookedUp> {
  return within(limitMs, find(sources, caller));
}

async function find(
  { directory, lostAtOf, standingOf }: LookUpSources,
  { chosen, internal, number }: LookUpCaller,
): Promise<LookedUp> {
  const colleague: Identification = { outcome: "internal", extension: number };
  const [found, standingOfChosen] = await Promise.all([
    internal ? colleague : directory.identify(number),
    chosen === null ? null : standingOf(chosen),
  ]);
  // Somebody an operator named and who is not there any more leaves the directory's word.
  const isChosen = standingOfChosen !== null;
  if (found.outcome === "failed" && !isChosen) throw new Error(found.reason);
  const e164 = e164Of(found);
  const only = onlyCustomer(found);
  const [standing, lostAtMs] = await Promise.all([
    isChosen || only === null || only.id === chosen ? standingOfChosen : standingOf(only.id),
    // A customer's standing says it of all their numbers.
    e164 === null || isChosen || only !== null ? null : lostAtOf(e164),
  ]);
  return {
    who: whoOf(found, standing, lostAtMs ?? standing?.lostAtMs ?? null),
    person: {
      title: standing?.name || only?.name || numberTitle(found),
      tier: standing?.tier ?? only?.tier ?? "",
      vip: standing?.vip ?? only?.vip ?? false,
      customerId: standing?.customerId ?? only?.id ?? null,
    },
    e164,
  };
}

async function within<T>(limitMs: number, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error("late")), limitMs);
  });
  // A late failure has nobody to tell.
  promise.catch(() => undefined);
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
