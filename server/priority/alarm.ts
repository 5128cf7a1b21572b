/** Longest sleep (timers cannot sleep for months): whoever is woken too early looks and sets the alarm again. */
const MOST_MS = 60_000;

/** One timer for many times: it rings at the earliest of them, or earlier, and keeps no process alive. */
export class Alarm {
  readonly #now: () => number;
  readonly #ring: () => void;
  #timer: NodeJS.Timeout | null = null;
  #atMs = Infinity;

  /** `ring` sets the alarm again if it still has to. */
  constructor(now: () => number, ring: () => void) {
    this.#now = now;
    this.#ring = ring;
  }

  /** Rings then at the latest; Infinity asks for nothing. */
  set(atMs: number): void {
    if (atMs >= this.#atMs) return;
    this.clear();
    this.#atMs = atMs;
    const inMs = Math.min(MOST_MS, Math.max(0, Math.ceil(atMs - this.#now())));
    this.#timer = setTimeout(() => {
      this.clear();
      this.#ring();
    }, inMs);
    this.#timer.unref();
  }

  /** Forgets every time it was set to. */
  clear(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#atMs = Infinity;
  }
}
