/**
 * How often a login may be tried: so many times per login and per address in five minutes, then a wait that doubles each time.
 * A login's tries are counted before they are checked, so that many at once do not slip through. An address counts only wrong
 * ones, because at the start of a shift a whole office logs in through one address.
 */
import { isIPv6 } from "node:net";
import { LRUCache } from "lru-cache";

/** One kind of key and its allowance. */
export type LoginAllowance = { readonly tries: number; readonly windowMs: number };

export const TRIES_PER_LOGIN: LoginAllowance = { tries: 5, windowMs: 5 * 60_000 };
/** An office behind one address has many people who mistype. */
export const TRIES_PER_ADDRESS: LoginAllowance = { tries: 20, windowMs: 5 * 60_000 };

export const FIRST_WAIT_MS = 60_000;
export const LONGEST_WAIT_MS = 3_600_000;
/** After this long without a try everything is forgiven. */
export const FORGIVEN_AFTER_MS = 24 * 3_600_000;
/** Tries of one address that may be under way together, as a multiple of its allowance. */
const AT_ONCE_FACTOR = 10;
const CROWDED_WAIT_MS = 1000;
/** Keys remembered: an attacker can name any number of logins, memory stays bounded. */
const MAX_KEYS = 50_000;

type Tally = { tries: number; windowFromMs: number; waitUntilMs: number; waits: number };

/** Counts tries to log in. Every `take` that came to 0 is followed by `failed`, `succeeded` or `undecided`. */
export type LoginLimit = {
  /** Begins a try; 0 when it may go on, else how long to wait, in ms. */
  take(login: string, address: string): number | Promise<number>;
  /** The password was wrong, or nobody has this login. */
  failed(address: string): void;
  /** The password was right: the login starts anew. */
  succeeded(login: string, address: string): void;
  /** The try came to no answer (the database was away): nobody's fault. */
  undecided(address: string): void;
};

/** Tries that this process saw. */
export type LocalLoginLimit = Omit<LoginLimit, "take"> & {
  take(login: string, address: string): number;
  /** Begins a try whatever was counted: somebody who sees more than this process let it through. 0, or how long to wait, in ms. */
  admit(login: string, address: string): number;
};

/** Of one process. @param now the clock, epoch ms. */
export function createLoginLimit(
  now: () => number = Date.now,
  allowances = { login: TRIES_PER_LOGIN, address: TRIES_PER_ADDRESS },
): LocalLoginLimit {
  const logins = new LRUCache<string, Tally>({ max: MAX_KEYS });
  const addresses = new LRUCache<string, Tally>({ max: MAX_KEYS });
  const underWay = new Map<string, number>();

  const finish = (source: string) => {
    const left = (underWay.get(source) ?? 1) - 1;
    if (left === 0) underWay.delete(source);
    else underWay.set(source, left);
  };

  const waitOf = (login: string, address: string): number => {
    const nowMs = now();
    const byLogin = tallyOf(logins, login, nowMs);
    const bySource = tallyOf(addresses, sourceOf(address), nowMs);
    return Math.max(0, Math.max(byLogin.waitUntilMs, bySource.waitUntilMs) - nowMs);
  };

  const begin = (login: string, address: string): number => {
    const source = sourceOf(address);
    const atOnce = underWay.get(source) ?? 0;
    if (atOnce >= allowances.address.tries * AT_ONCE_FACTOR) return CROWDED_WAIT_MS;
    underWay.set(source, atOnce + 1);
    const nowMs = now();
    count(tallyOf(logins, login, nowMs), allowances.login, nowMs);
    return 0;
  };

  return {
    take: (login, address) => waitOf(login, address) || begin(login, address),
    admit(login, address) {
      if (waitOf(login, address) > 0) {
        logins.delete(login);
        addresses.delete(sourceOf(address));
      }
      return begin(login, address);
    },
    failed(address) {
      const source = sourceOf(address);
      finish(source);
      const nowMs = now();
      count(tallyOf(addresses, source, nowMs), allowances.address, nowMs);
    },
    succeeded(login, address) {
      finish(sourceOf(address));
      logins.delete(login);
    },
    undecided: (address) => finish(sourceOf(address)),
  };
}

/** One household or server has a whole /64 of IPv6: its addresses count as one. */
export function sourceOf(address: string): string {
  if (!isIPv6(address)) return address;
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped !== undefined) return mapped;
  const [head = "", tail = ""] = address.split("::");
  const left = head === "" ? [] : head.split(":");
  const right = tail === "" ? [] : tail.split(":");
  const zeros = address.includes("::") ? Math.max(0, 8 - left.length - right.length) : 0;
  const groups = [...left, ...Array<string>(zeros).fill("0"), ...right];
  return groups
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(":");
}

function tallyOf(tallies: LRUCache<string, Tally>, key: string, nowMs: number): Tally {
  const known = tallies.get(key);
  if (
    known !== undefined &&
    nowMs - Math.max(known.windowFromMs, known.waitUntilMs) < FORGIVEN_AFTER_MS
  )
    return known;
  const fresh = { tries: 0, windowFromMs: nowMs, waitUntilMs: 0, waits: 0 };
  tallies.set(key, fresh);
  return fresh;
}

/** Counts one try; the one that uses up the allowance starts a wait for the next. */
function count(tally: Tally, allowance: LoginAllowance, nowMs: number): void {
  if (nowMs - tally.windowFromMs >= allowance.windowMs) {
    tally.tries = 0;
    tally.windowFromMs = nowMs;
  }
  tally.tries++;
  if (tally.tries < allowance.tries) return;
  tally.waitUntilMs = nowMs + Math.min(FIRST_WAIT_MS * 2 ** tally.waits, LONGEST_WAIT_MS);
  tally.waits++;
}
