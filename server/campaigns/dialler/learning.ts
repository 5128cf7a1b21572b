/** What each campaign's calls taught: in memory while this process dials, in PostgreSQL for the next one. */
import { NOTHING_LEARNED, wrappedUp } from "../pacing/learn.ts";
import type { Learned } from "../pacing/model.ts";
import type { AttemptStore } from "../ports.ts";
import type { WorkingOperator } from "./operators.ts";

export class Learning {
  readonly #attempts: Pick<AttemptStore, "learned" | "saveLearned">;
  readonly #learned = new Map<string, Learned>();
  readonly #changed = new Set<string>();
  /** Who talked for which campaign last, until when; by extension. */
  readonly #talks = new Map<string, { readonly campaignId: string; readonly endedAtMs: number }>();

  constructor(attempts: Pick<AttemptStore, "learned" | "saveLearned">) {
    this.#attempts = attempts;
  }

  /** Reads what is known of a campaign, once. Fails when PostgreSQL does. */
  async load(campaignId: string): Promise<Learned> {
    const known = this.#learned.get(campaignId);
    if (known !== undefined) return known;
    const read = (await this.#attempts.learned(campaignId)) ?? NOTHING_LEARNED;
    // Something may have been learned while it was read; it is too little to be kept at the price of the rest.
    this.#learned.set(campaignId, read);
    return read;
  }

  learn(campaignId: string, steps: readonly ((learned: Learned) => Learned)[]): void {
    const known = this.#learned.get(campaignId);
    if (known === undefined || steps.length === 0) return;
    this.#learned.set(
      campaignId,
      steps.reduce((learned, step) => step(learned), known),
    );
    this.#changed.add(campaignId);
  }

  /** A talk is over; how long it is written up is told by {@link look}. */
  talkEnded(campaignId: string, extension: string, atMs: number): void {
    if (extension !== "") this.#talks.set(extension, { campaignId, endedAtMs: atMs });
  }

  /** Operators as they are now: whoever is free again has written up, whoever talks again has not. */
  look(operators: ReadonlyMap<string, WorkingOperator>, nowMs: number): void {
    for (const [extension, { campaignId, endedAtMs }] of this.#talks) {
      const state = operators.get(extension)?.state ?? null;
      // The device may be let go a moment after the call.
      if (state === "wrappingUp" || (state === "talking" && nowMs - endedAtMs < 1000)) continue;
      this.#talks.delete(extension);
      if (state === "free")
        this.learn(campaignId, [(learned) => wrappedUp(learned, nowMs - endedAtMs)]);
    }
  }

  /** Writes what changed. Fails when PostgreSQL does; it is kept then. */
  async save(): Promise<void> {
    for (const campaignId of this.#changed) {
      const learned = this.#learned.get(campaignId);
      if (learned !== undefined) await this.#attempts.saveLearned(campaignId, learned);
      this.#changed.delete(campaignId);
    }
  }

  /** Another process may have learned meanwhile: everything is read anew. */
  forget(): void {
    this.#learned.clear();
    this.#changed.clear();
    this.#talks.clear();
  }
}
