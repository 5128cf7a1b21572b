import type { ReactiveController } from "lit";

/** A controller to be added to its host: looks again every so often while the host is on a page that somebody can see. */
export class LookAgain implements ReactiveController {
  readonly #everyMs: number;
  readonly #look: () => void;
  #timer: ReturnType<typeof setInterval> | null = null;

  constructor(everyMs: number, look: () => void) {
    this.#everyMs = everyMs;
    this.#look = look;
  }

  hostConnected(): void {
    this.#timer = setInterval(() => {
      if (!document.hidden) this.#look();
    }, this.#everyMs);
  }

  hostDisconnected(): void {
    if (this.#timer) clearInterval(this.#timer);
    this.#timer = null;
  }
}
