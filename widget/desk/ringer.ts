/** The ringing sound, made by WebAudio: two soft bells, quieter while the operator talks. No sound file to load. */
const BELL_EVERY_MS = 2600;
/** Longer than a bell sounds. */
const REST_AFTER_MS = 2000;

export class Ringer {
  #context: AudioContext | null = null;
  #timer: ReturnType<typeof setInterval> | null = null;
  #resting: ReturnType<typeof setTimeout> | null = null;
  /** A bell waits for the context to wake. */
  #wanted = false;
  #quiet = false;
  #volume = 0.7;
  readonly #closing = new AbortController();
  readonly #changed: () => void;

  /** @param changed Called when {@link blocked} may have changed. */
  constructor(changed: () => void) {
    this.#changed = changed;
    const touched = (): void => {
      if (this.#wanted) this.#wake();
      // Opening the sound device takes a tenth of a second: better now than while a card is to be shown.
      else if (!this.#context) setTimeout(() => this.#open(), 200);
    };
    const { signal } = this.#closing;
    window.addEventListener("pointerdown", touched, { signal, capture: true, passive: true });
    window.addEventListener("keydown", touched, { signal, capture: true, passive: true });
  }

  /** True when the browser keeps this page silent until the person touches it. */
  get blocked(): boolean {
    return this.#wanted && !navigator.userActivation?.hasBeenActive;
  }

  /** Rings, stops, or changes loudness; says the wish, not the step. May take a tenth of a second the first time.
   * @param volume 0 to 1; 0 is silence.
   * @param quiet True while the operator talks on another call. */
  set(ringing: boolean, volume: number, quiet: boolean): void {
    this.#volume = volume;
    this.#quiet = quiet;
    if (!ringing || volume === 0) {
      this.#stop();
      return;
    }
    if (this.#timer) return;
    this.#timer = setInterval(() => this.#bell(), BELL_EVERY_MS);
    this.#bell();
  }

  /** One bell, so that the person hears how loud it is. */
  sample(volume: number): void {
    this.#volume = volume;
    this.#quiet = false;
    this.#bell();
    if (!this.#timer) this.#restLater();
  }

  close(): void {
    this.#closing.abort();
    this.#stop();
    if (this.#resting) clearTimeout(this.#resting);
    void this.#context?.close();
    this.#context = null;
  }

  #stop(): void {
    if (!this.#timer) return;
    clearInterval(this.#timer);
    this.#timer = null;
    this.#wanted = false;
    this.#restLater();
  }

  /** A context that runs keeps the sound device busy all day; between calls it sleeps. */
  #restLater(): void {
    if (this.#resting) clearTimeout(this.#resting);
    this.#resting = setTimeout(() => {
      this.#resting = null;
      if (!this.#timer) void this.#context?.suspend();
    }, REST_AFTER_MS);
  }

  #open(): AudioContext | null {
    if (this.#closing.signal.aborted || typeof AudioContext === "undefined") return null;
    if (!this.#context) {
      this.#context = new AudioContext();
      if (!this.#timer) this.#restLater();
    }
    return this.#context;
  }

  #bell(): void {
    const context = this.#open();
    if (!context) return;
    if (context.state === "running") {
      this.#play(context);
      return;
    }
    // What a sleeping context is given it plays all at once when it wakes, so it gets one bell, and only then.
    const alreadyWanted = this.#wanted;
    this.#wanted = true;
    if (!alreadyWanted) this.#wake();
  }

  /** Ends at once when the person has touched the page before, else when they do. */
  #wake(): void {
    const context = this.#context;
    if (!context) return;
    const awake = (): void => {
      if (!this.#wanted) return;
      this.#wanted = false;
      this.#play(context);
      this.#changed();
    };
    context.resume().then(awake, this.#changed);
    this.#changed();
  }

  #play(context: AudioContext): void {
    const gain = this.#volume ** 2 * (this.#quiet ? 0.08 : 0.5);
    const at = context.currentTime + 0.02;
    this.#tone(context, 784, at, gain);
    this.#tone(context, 988, at + 0.18, gain);
    if (this.#quiet) return;
    this.#tone(context, 784, at + 0.62, gain);
    this.#tone(context, 988, at + 0.8, gain);
  }

  #tone(context: AudioContext, frequencyHz: number, at: number, level: number): void {
    for (const [partial, share] of [
      [1, 1],
      [2.76, 0.18],
    ] as const) {
      const oscillator = context.createOscillator();
      const envelope = context.createGain();
      oscillator.frequency.value = frequencyHz * partial;
      envelope.gain.setValueAtTime(0, at);
      envelope.gain.linearRampToValueAtTime(level * share, at + 0.012);
      envelope.gain.exponentialRampToValueAtTime(0.0001, at + 0.55);
      oscillator.connect(envelope).connect(context.destination);
      oscillator.start(at);
      oscillator.stop(at + 0.6);
    }
  }
}
