import type { ReactiveController, ReactiveControllerHost } from "lit";

/** A controller to be added to its host: renders it again when the minute on the wall changes (local times, "3 minutes ago"). */
export class EveryMinute implements ReactiveController {
  readonly #host: ReactiveControllerHost;
  #timer: ReturnType<typeof setTimeout> | null = null;

  constructor(host: ReactiveControllerHost) {
    this.#host = host;
  }

  hostConnected(): void {
    const untilNext = 60_000 - (Date.now() % 60_000);
    this.#timer = setTimeout(() => {
      this.#host.requestUpdate();
      this.hostConnected();
    }, untilNext + 20);
  }

  hostDisconnected(): void {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
  }
}
