/** A tab that has not got the lead by then follows another. */
const SETTLED_AFTER_MS = 600;

/**
 * Which of several tabs rings. Exactly one leads: the one the operator touched last, because browsers only let a page sound
 * after a touch, and because that is where the person looks.
 *
 * Web Locks make it certain; they exist only on https and localhost, so on a plain http network the tabs agree by
 * BroadcastChannel, where a claim takes the lead from the others.
 */
export class Lead {
  readonly #name: string;
  readonly #changed: (leads: boolean) => void;
  readonly #settled = Promise.withResolvers<void>();
  readonly #closing = new AbortController();
  #channel: BroadcastChannel | null = null;
  #release: (() => void) | null = null;
  /** Our place in the line for the lock, while somebody else has it. */
  #queued: AbortController | null = null;
  #leads = false;
  #asking: ReturnType<typeof setTimeout> | null = null;

  /** @param name The same for all tabs that share one operator. */
  constructor(name: string, changed: (leads: boolean) => void) {
    this.#name = name;
    this.#changed = changed;
    const { signal } = this.#closing;
    const touched = (): void => this.take();
    window.addEventListener("pointerdown", touched, { signal, capture: true, passive: true });
    window.addEventListener("keydown", touched, { signal, capture: true, passive: true });
    window.addEventListener("focus", touched, { signal });
    setTimeout(() => this.#settled.resolve(), SETTLED_AFTER_MS);
    if (navigator.locks) this.#request(false);
    else this.#openChannel();
  }

  /** Resolves once it is known whether this tab leads; from then on {@link leads} is the truth. */
  get settled(): Promise<void> {
    return this.#settled.promise;
  }

  get leads(): boolean {
    return this.#leads;
  }

  /** The operator is here now. */
  take(): void {
    if (this.#leads || this.#closing.signal.aborted) return;
    if (navigator.locks) {
      this.#request(true);
    } else {
      this.#channel?.postMessage("claim");
      this.#set(true);
    }
  }

  close(): void {
    if (this.#asking) clearTimeout(this.#asking);
    if (this.#leads) this.#channel?.postMessage("release");
    this.#channel?.close();
    this.#closing.abort();
    this.#queued?.abort();
    this.#release?.();
    this.#set(false);
  }

  #request(steal: boolean): void {
    this.#queued?.abort();
    this.#queued = steal ? null : new AbortController();
    const hold = async (): Promise<void> => {
      this.#queued = null;
      if (this.#closing.signal.aborted) return;
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#release = resolve;
      this.#set(true);
      await promise;
    };
    const options = this.#queued ? { signal: this.#queued.signal } : { steal };
    navigator.locks.request(this.#name, options, hold).catch((error: unknown) => {
      // Left the line by our own wish: either we took the lead at once, or this tab closes.
      if (options.signal?.aborted || this.#closing.signal.aborted) return;
      // Another tab took it; stand in line in case that tab goes. Without locks (sandboxed frame) this tab is alone.
      const taken = error instanceof DOMException && error.name === "AbortError";
      this.#set(!taken);
      if (taken) this.#request(false);
    });
  }

  #openChannel(): void {
    if (typeof BroadcastChannel === "undefined") {
      this.#set(true);
      return;
    }
    const channel = new BroadcastChannel(this.#name);
    this.#channel = channel;
    channel.addEventListener("message", (event: MessageEvent<unknown>) => {
      if (event.data === "claim") this.#set(false);
      if (event.data === "who" && this.#leads) this.#channel?.postMessage("mine");
      if (event.data === "mine" && this.#asking) this.#stopAsking();
      if (event.data === "release") this.#ask();
    });
    window.addEventListener("pagehide", () => this.close(), { signal: this.#closing.signal });
    this.#ask();
  }

  /** Nobody may lead now; without an answer this tab does. The wait differs so that two tabs do not claim together. */
  #ask(): void {
    this.#stopAsking();
    this.#channel?.postMessage("who");
    this.#asking = setTimeout(() => this.take(), 150 + Math.random() * 350);
  }

  #stopAsking(): void {
    if (this.#asking) clearTimeout(this.#asking);
    this.#asking = null;
  }

  #set(leads: boolean): void {
    if (leads) this.#settled.resolve();
    if (leads === this.#leads) return;
    this.#leads = leads;
    this.#changed(leads);
  }
}
