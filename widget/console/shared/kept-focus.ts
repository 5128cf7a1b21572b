import type { ReactiveController, ReactiveElement } from "lit";

/**
 * Keeps the keyboard where it is when drawing moves or takes away what had the focus: a line that changes its order live, a button that
 * is gone once it was pressed. What is gone hands over to `instead`.
 */
export class KeptFocus implements ReactiveController {
  readonly #host: ReactiveElement;
  readonly #instead: () => HTMLElement | null;
  #had: HTMLElement | null = null;

  constructor(host: ReactiveElement, instead: () => HTMLElement | null = () => null) {
    this.#host = host;
    this.#instead = instead;
  }

  hostUpdate(): void {
    const active = this.#host.shadowRoot?.activeElement;
    this.#had = active instanceof HTMLElement ? active : null;
  }

  hostUpdated(): void {
    const had = this.#had;
    this.#had = null;
    if (!had || this.#host.shadowRoot?.activeElement) return;
    // Moved, not gone: it only has to be told again.
    if (had.isConnected) had.focus();
    else this.#instead()?.focus();
  }
}
