/** Desks of other processes: what was done here is told them, and what they did is heard; our own hints are not heard again. */
import type { Bus, HintListener, Hints } from "../storage/bus.ts";

/** The other processes, as one of them hears them. Listens from the first {@link Others.on} to {@link Others.close}. */
export class Others {
  readonly #bus: Bus | null;
  readonly #releases: (() => void)[] = [];
  #telling = false;

  /** @param bus null: this process is alone. */
  constructor(bus: Bus | null) {
    this.#bus = bus;
  }

  /** Tells them. Never throws. */
  tell<K extends keyof Hints>(hint: K, payload: Hints[K]): void {
    // A bus tells the listeners of its own process before it returns.
    this.#telling = true;
    try {
      this.#bus?.publish(hint, payload);
    } finally {
      this.#telling = false;
    }
  }

  /** Hears what the others, or other parts of this process, say. */
  on<K extends keyof Hints>(hint: K, listener: HintListener<K>): void {
    if (this.#bus === null) return;
    this.#releases.push(
      this.#bus.on(hint, (payload) => {
        if (!this.#telling) listener(payload);
      }),
    );
  }

  /** False while hints may be lost on their way. */
  get heard(): boolean {
    return this.#bus?.health().ok ?? true;
  }

  close(): void {
    for (const release of this.#releases.splice(0)) release();
  }
}
