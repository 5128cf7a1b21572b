/**
 * Asks all carriers at once and answers within the deadline with what they said until then. What a carrier said is kept for a while; when it
 * cannot be asked, what it said before is told as an estimate. A carrier that is late goes on and its answer is there the next time.
 */
import { LRUCache } from "lru-cache";
import { type SharedCache, localCache } from "../storage/shared-cache.ts";
import { arePoints, areQuotes } from "./kept.ts";
import type {
  DeliveryProvider,
  PickUpPoint,
  Place,
  Quote,
  QuoteAnswer,
  QuoteQuestion,
} from "./model.ts";
import { Patience } from "./patience.ts";
import { RefusedByCarrier } from "./refused.ts";

export type AskOptions = {
  /** An answer is given after so long, whoever is missing; default 2 s. */
  readonly deadlineMs?: number;
  /** A question is given up after so long; default 6 s. */
  readonly givenUpMs?: number;
  readonly now?: () => number;
  /** Where what carriers say is kept for all processes; default: for this one. */
  readonly reads?: SharedCache;
  /** Told of every failure of a carrier. */
  readonly failed: (provider: string, error: unknown) => void;
};

type Kept = { readonly quotes: readonly Quote[]; readonly atMs: number };
type Silent = QuoteAnswer["silent"][number];
type Said =
  | { readonly quotes: readonly Quote[] }
  | { readonly why: "refused" | "notServed" | "tooLarge" | "down"; readonly said: string };

/** How a carrier was when it was asked last, by this process. Times are epoch ms; 0 for never. */
export type CarrierState = {
  readonly answeredAtMs: number;
  readonly failedAtMs: number;
  /** Of the last question, whatever came of it. */
  readonly tookMs: number;
  /** Of the last failure or refusal, "" after an answer. */
  readonly said: string;
  /** It is left alone until then; 0 when it is asked. */
  readonly restingUntilMs: number;
};

const NEVER_ASKED = { answeredAtMs: 0, failedAtMs: 0, tookMs: 0, said: "" };

/** So long an old answer is better than none. */
const OLD_FOR_MS = 24 * 3_600_000;
const POINTS_FOR_MS = 6 * 3_600_000;
/** Their list changes by a few a day: an old one is told at once while it is read again. */
const OLD_POINTS_FOR_MS = 18 * 3_600_000;

/** The carriers' line: what they said, and how they are treated when they fail. */
export class Carriers {
  readonly #deadlineMs: number;
  readonly #givenUpMs: number;
  readonly #now: () => number;
  readonly #failed: AskOptions["failed"];
  readonly #kept = new LRUCache<string, Kept>({ max: 20_000 });
  readonly #reads: SharedCache;
  readonly #asking = new Map<string, Promise<Said>>();
  readonly #patience = new Map<string, Patience>();
  readonly #states = new Map<string, typeof NEVER_ASKED>();

  constructor(options: AskOptions) {
    this.#deadlineMs = options.deadlineMs ?? 2000;
    this.#givenUpMs = options.givenUpMs ?? 6000;
    this.#now = options.now ?? Date.now;
    this.#reads = options.reads ?? localCache(this.#now);
    this.#failed = options.failed;
  }

  /** Cheapest first, of the same price the faster one. */
  async ask(
    providers: readonly DeliveryProvider[],
    question: QuoteQuestion,
  ): Promise<Pick<QuoteAnswer, "quotes" | "silent">> {
    const answers = await Promise.all(providers.map((each) => this.#one(each, question)));
    return {
      quotes: answers.flatMap(({ quotes }) => quotes).toSorted(cheapestFirst),
      silent: answers.flatMap(({ silent }) => (silent === null ? [] : [silent])),
    };
  }

  /** @throws what the carrier's line threw, RefusedByCarrier among it. */
  async points(provider: DeliveryProvider, to: Place): Promise<readonly PickUpPoint[]> {
    const key = JSON.stringify(["points", to.country, to.region, to.city]);
    const { value } = await this.#reads.get(
      groupOf(provider.name),
      key,
      () => provider.points(to, AbortSignal.timeout(this.#givenUpMs)),
      {
        ...{ ttlMs: POINTS_FOR_MS, staleMs: OLD_POINTS_FOR_MS, check: arePoints },
        deadlineMs: this.#deadlineMs,
      },
    );
    return value;
  }

  /** A carrier was changed or removed: what it said before means nothing any more. */
  forget(name: string): void {
    const start = `["${JSON.stringify(name).slice(1, -1)}",`;
    for (const key of [...this.#kept.keys()]) if (key.startsWith(start)) this.#kept.delete(key);
    this.#reads.forget(groupOf(name));
    this.#patience.delete(name);
    this.#states.delete(name);
  }

  state(name: string): CarrierState {
    const restingUntilMs = this.#patience.get(name)?.restsUntil(this.#now()) ?? 0;
    return { ...(this.#states.get(name) ?? NEVER_ASKED), restingUntilMs };
  }

  async #one(
    provider: DeliveryProvider,
    question: QuoteQuestion,
  ): Promise<{ readonly quotes: readonly Quote[]; readonly silent: Silent | null }> {
    const { name } = provider;
    const key = keyOf(name, question);
    const kept = this.#kept.get(key);
    const nowMs = this.#now();
    if (kept !== undefined && kept.quotes.every(({ validUntilMs }) => nowMs < validUntilMs))
      return { quotes: toldAs(kept.quotes, "kept"), silent: null };
    const before =
      kept !== undefined && nowMs - kept.atMs < OLD_FOR_MS ? toldAs(kept.quotes, "estimate") : [];
    const silent = (why: Silent["why"], said = "") => ({
      quotes: before,
      silent: { provider: name, why, said },
    });
    if (!this.#asking.has(key) && !this.#patienceOf(name).mayAsk(nowMs)) return silent("resting");
    const said = await within(this.#asked(provider, question, key), this.#deadlineMs);
    if (said === null) return silent("late");
    if ("quotes" in said) return { quotes: said.quotes, silent: null };
    // Who said no said it to this question: an older yes is not told beside it.
    if (said.why !== "down")
      return { quotes: [], silent: { provider: name, why: said.why, said: said.said } };
    return silent("down", said.said);
  }

  /** One question in flight for each carrier and parcel, however many ask. Never throws. */
  #asked(provider: DeliveryProvider, question: QuoteQuestion, key: string): Promise<Said> {
    const asking = this.#asking.get(key);
    if (asking !== undefined) return asking;
    const { name } = provider;
    const patience = this.#patienceOf(name);
    const sinceMs = this.#now();
    const note = (change: Partial<typeof NEVER_ASKED>): void => {
      const before = this.#states.get(name) ?? NEVER_ASKED;
      this.#states.set(name, { ...before, tookMs: this.#now() - sinceMs, ...change });
    };
    const read = () => provider.quote(question, AbortSignal.timeout(this.#givenUpMs));
    const keeping = { ttlMs: this.#standsFor, deadlineMs: this.#deadlineMs, check: areQuotes };
    const answer = this.#reads.get(groupOf(name), key, read, keeping).then(
      ({ value: quotes, from }): Said => {
        if (from === "kept") {
          // Another process asked, or this one did and forgot.
          this.#kept.set(key, { quotes, atMs: this.#now() });
          return { quotes: toldAs(quotes, "kept") };
        }
        patience.answered();
        note({ answeredAtMs: this.#now(), said: "" });
        if (quotes.some(({ told }) => told === "live"))
          this.#kept.set(key, { quotes, atMs: this.#now() });
        return { quotes };
      },
      (error: unknown): Said => {
        if (error instanceof RefusedByCarrier) {
          patience.answered();
          note({ answeredAtMs: this.#now(), said: error.said });
          return { why: error.why, said: error.said };
        }
        const said = wordsOf(error);
        patience.failed(this.#now());
        note({ failedAtMs: this.#now(), said });
        this.#failed(name, error);
        return { why: "down", said };
      },
    );
    this.#asking.set(key, answer);
    return answer.finally(() => this.#asking.delete(key));
  }

  /** An estimate of a table costs nothing to reckon again, and the table may be another by then: it is not kept. */
  readonly #standsFor = (quotes: readonly Quote[]): number =>
    quotes.some(({ told }) => told === "live")
      ? Math.min(...quotes.map(({ validUntilMs }) => validUntilMs)) - this.#now()
      : 0;

  #patienceOf(name: string): Patience {
    let patience = this.#patience.get(name);
    if (patience === undefined) this.#patience.set(name, (patience = new Patience()));
    return patience;
  }
}

/** Parcels that differ by a few grams or a centimetre cost the same: they are asked for once. Rounded up, never down. */
export function roundedUp(question: QuoteQuestion): QuoteQuestion {
  const up = (value: number, step: number) => Math.ceil(value / step) * step;
  return {
    ...question,
    declaredMinor: up(question.declaredMinor, 10_000),
    parcels: question.parcels.map(({ grams, size }) => ({
      grams: up(Math.max(1, grams), 100),
      size: size === null ? null : [up(size[0], 10), up(size[1], 10), up(size[2], 10)],
    })),
  };
}

/** What is kept of one carrier, in the words of all processes. */
function groupOf(name: string): string {
  return `delivery:${name}`;
}

function keyOf(name: string, question: QuoteQuestion): string {
  const { from, to, parcels, declaredMinor, cashOnDelivery, currency } = question;
  return JSON.stringify([name, from, to, parcels, declaredMinor, cashOnDelivery, currency]);
}

function toldAs(quotes: readonly Quote[], told: Quote["told"]): readonly Quote[] {
  return quotes.map((quote) => (quote.told === "live" ? { ...quote, told } : quote));
}

function cheapestFirst(a: Quote, b: Quote): number {
  return (
    a.priceMinor - b.priceMinor ||
    (a.days?.[1] ?? 1000) - (b.days?.[1] ?? 1000) ||
    (a.id < b.id ? -1 : 1)
  );
}

/** Null when it takes longer; it goes on. */
async function within<T>(promise: Promise<T>, ms: number): Promise<T | null> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<null>((resolve) => {
    timer = setTimeout(() => resolve(null), ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** In few words, with nothing of what was sent. */
function wordsOf(error: unknown): string {
  if (error instanceof Error && error.name === "TimeoutError") return "no answer";
  const cause = error instanceof Error ? (error.cause ?? error) : error;
  const { code } = cause as { code?: unknown };
  if (typeof code === "string") return code;
  return error instanceof Error ? error.message.slice(0, 200) : "";
}
