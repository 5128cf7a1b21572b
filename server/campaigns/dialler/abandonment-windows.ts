/** How many people of each campaign were abandoned in its rule's window: asked of PostgreSQL at most every two seconds. */
import type { Campaign } from "../model.ts";
import type { PacingState } from "../pacing/model.ts";
import type { AttemptStore } from "../ports.ts";

const KEPT_MS = 2000;

export class AbandonmentWindows {
  readonly #attempts: Pick<AttemptStore, "abandonment">;
  readonly #known = new Map<string, PacingState["window"] & { readonly atMs: number }>();

  constructor(attempts: Pick<AttemptStore, "abandonment">) {
    this.#attempts = attempts;
  }

  /** Fails when PostgreSQL does. */
  async of({ id, settings }: Campaign, nowMs: number): Promise<PacingState["window"]> {
    const known = this.#known.get(id);
    if (known !== undefined && nowMs - known.atMs < KEPT_MS) return known;
    const read = await this.#attempts.abandonment(id, settings.abandonment, nowMs);
    const kept = { ...read, atMs: nowMs };
    this.#known.set(id, kept);
    return kept;
  }
}
