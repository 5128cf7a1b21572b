/** A tab that has not got the lead by then follows another. */
const SETTLED_AFTER_MS = 600;
/** How long the others have to say that they lead, or would rather. */
const ELECTION_MS = 300;
/** After this without a leader the tab that was to lead must be gone too. */
const WITHOUT_LEADER_MS = 3000;

/** What tabs say to each other where there are no locks. The higher rank leads: touched last, then the greater id. */
type Word = {
  readonly say: "candidate" | "claim" | "release";
  readonly touchedAtMs: number;
  readonly id: string;
};

/**
 * Which of several tabs rings. Exactly one leads: the one the operator touched last, because browsers only let a page sound
 * after a touch, and because that is where the person looks.
 *
 * Web Locks make it certain; they exist only on https and localhost, so on a plain http network the tabs agree by
 * BroadcastChannel: a touch claims the lead; when the leader goes, every tab names itself and the highest rank follows it.
 * Two that claim at the same moment (a busy computer delivers late) hear each other, and the lower one steps back.
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
  /** Runs while nobody is known to lead. */
  #election: ReturnType<typeof setTimeout> | null = null;
  #outranked = false;
  #touchedAtMs = 0;
  readonly #id: string = Math.random().toString(36).slice(2);

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
    if (this.#closing.signal.aborted) return;
    this.#touchedAtMs = Date.now();
    if (this.#leads) return;
    if (navigator.locks) this.#request(true);
    else this.#claim();
  }

  close(): void {
    this.#endElection();
    if (this.#leads) this.#say("release");
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
    channel.addEventListener("message", (event: MessageEvent<Word>) => this.#hear(event.data));
    window.addEventListener("pagehide", () => this.close(), { signal: this.#closing.signal });
    this.#elect();
  }

  #hear(word: Word): void {
    const higher =
      word.touchedAtMs === this.#touchedAtMs
        ? word.id > this.#id
        : word.touchedAtMs > this.#touchedAtMs;
    switch (word.say) {
      case "release":
        this.#elect();
        return;
      case "candidate":
        if (this.#leads) this.#say("claim");
        else if (higher) this.#outranked = true;
        else if (this.#election) this.#say("candidate");
        return;
      case "claim":
        if (this.#leads && !higher) {
          this.#say("claim");
          return;
        }
        this.#endElection();
        this.#set(false);
    }
  }

  #elect(): void {
    this.#endElection();
    this.#outranked = false;
    this.#say("candidate");
    this.#election = setTimeout(() => {
      if (!this.#outranked) this.#claim();
      else this.#election = setTimeout(() => this.#elect(), WITHOUT_LEADER_MS);
    }, ELECTION_MS);
  }

  #endElection(): void {
    if (this.#election) clearTimeout(this.#election);
    this.#election = null;
  }

  #claim(): void {
    this.#endElection();
    this.#say("claim");
    this.#set(true);
  }

  #say(say: Word["say"]): void {
    this.#channel?.postMessage({
      say,
      touchedAtMs: this.#touchedAtMs,
      id: this.#id,
    } satisfies Word);
  }

  #set(leads: boolean): void {
    if (leads) this.#settled.resolve();
    if (leads === this.#leads) return;
    this.#leads = leads;
    this.#changed(leads);
  }
}
