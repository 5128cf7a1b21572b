/** The trunks of one PBX: which has a line free and may take a call now, and which of them does not carry calls. */
import type { AttemptOutcome } from "../attempts/model.ts";
import type { Trunk } from "../model.ts";

/**
 * A trunk is in trouble when so many of its last dials could not be carried, all within this time. Once they are older it is tried again.
 */
export const TROUBLE = { notCarried: 5, ofLast: 8, withinMs: 120_000 } as const;

/** The trunk's doing, not the person's. */
const NOT_CARRIED: ReadonlySet<AttemptOutcome> = new Set([
  "congestion",
  "wrongTrunk",
  "refusedByPbx",
]);

/** Ended by us: whether the trunk would have carried it was not seen. */
const NOT_TOLD: ReadonlySet<AttemptOutcome> = new Set(["operatorGone", "letGo"]);

/** Lines, rates and troubles; changed by what is dialled and how it ended. */
export class TrunkLines {
  readonly #trunks: () => readonly Trunk[];
  /** Trunk by attempt. */
  readonly #used = new Map<string, string>();
  readonly #tokens = new Map<string, { tokens: number; atMs: number }>();
  readonly #ends = new Map<string, { atMs: number; congested: boolean }[]>();

  constructor(trunks: () => readonly Trunk[]) {
    this.#trunks = trunks;
  }

  /** Calls that these trunks can take now, by free lines and by calls per second; those in trouble take none. */
  free(names: readonly string[], nowMs: number): number {
    return this.#named(names, nowMs).reduce((sum, trunk) => sum + this.#room(trunk, nowMs), 0);
  }

  /** Takes a line of the first that has one; null when none has. Given back by {@link release}. */
  take(names: readonly string[], attemptId: string, nowMs: number): Trunk | null {
    const trunk = this.#named(names, nowMs).find((each) => this.#room(each, nowMs) >= 1);
    if (trunk === undefined) return null;
    this.#used.set(attemptId, trunk.name);
    const had = this.#tokensOf(trunk, nowMs);
    this.#tokens.set(trunk.name, { tokens: had - 1, atMs: nowMs });
    return trunk;
  }

  /** A call that is found to use a line already, as after a start. */
  occupied(attemptId: string, trunk: string): void {
    if (trunk !== "") this.#used.set(attemptId, trunk);
  }

  /** The line is free; how the call ended tells of the trunk's health. Null: it does not. */
  release(attemptId: string, outcome: AttemptOutcome | null, nowMs: number): void {
    const trunk = this.#used.get(attemptId);
    if (trunk === undefined) return;
    this.#used.delete(attemptId);
    if (outcome === null || NOT_TOLD.has(outcome)) return;
    const ends = [
      ...(this.#ends.get(trunk) ?? []),
      { atMs: nowMs, congested: NOT_CARRIED.has(outcome) },
    ];
    this.#ends.set(trunk, ends.slice(-TROUBLE.ofLast));
  }

  /** Whether there are enabled trunks among these, and all of them are in trouble. */
  allInTrouble(names: readonly string[], nowMs: number): boolean {
    const known = this.#enabled(names);
    return known.length > 0 && known.every(({ name }) => this.inTrouble(name, nowMs));
  }

  inTrouble(name: string, nowMs: number): boolean {
    const recent = (this.#ends.get(name) ?? []).filter(
      ({ atMs, congested }) => congested && nowMs - atMs <= TROUBLE.withinMs,
    );
    return recent.length >= TROUBLE.notCarried;
  }

  /** A person says that it may be tried again. */
  forgetTrouble(names: readonly string[]): void {
    for (const name of names) this.#ends.delete(name);
  }

  #enabled(names: readonly string[]): readonly Trunk[] {
    const trunks = this.#trunks();
    return names.flatMap(
      (name) => trunks.find((trunk) => trunk.name === name && trunk.enabled) ?? [],
    );
  }

  #named(names: readonly string[], nowMs: number): readonly Trunk[] {
    return this.#enabled(names).filter(({ name }) => !this.inTrouble(name, nowMs));
  }

  #room(trunk: Trunk, nowMs: number): number {
    let used = 0;
    for (const name of this.#used.values()) if (name === trunk.name) used += 1;
    return Math.max(0, Math.min(trunk.lines - used, Math.floor(this.#tokensOf(trunk, nowMs))));
  }

  /** A bucket of one second's calls, never less than one call. */
  #tokensOf({ name, callsPerSecond }: Trunk, nowMs: number): number {
    const most = Math.max(1, callsPerSecond);
    const known = this.#tokens.get(name);
    if (known === undefined) return most;
    const gained = (Math.max(0, nowMs - known.atMs) / 1000) * callsPerSecond;
    return Math.min(most, known.tokens + gained);
  }
}
