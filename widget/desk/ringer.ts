/** The ringing sound, made by WebAudio: two soft bells, quieter while the operator talks. No sound file to load. */
export class Ringer {
  #context: AudioContext | null = null;
  #timer: ReturnType<typeof setInterval> | null = null;
  #quiet = false;
  #volume = 0.7;
  readonly #closing = new AbortController();
  readonly #changed: () => void;

  /** @param changed Called when {@link blocked} may have changed. */
  constructor(changed: () => void) {
    this.#changed = changed;
    const unlock = (): void => this.unlock();
    const { signal } = this.#closing;
    window.addEventListener("pointerdown", unlock, { signal, capture: true, passive: true });
    window.addEventListener("keydown", unlock, { signal, capture: true, passive: true });
  }

  /** True when the browser keeps this page silent until the person touches it. */
  get blocked(): boolean {
    return this.#context?.state === "suspended";
  }

  /** Rings, stops, or changes loudness; says the wish, not the step.
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
    this.#timer = setInterval(() => this.#bell(), 2600);
    this.#bell();
  }

  /** One bell, so that the person hears how loud it is. */
  sample(volume: number): void {
    this.#volume = volume;
    this.#quiet = false;
    this.unlock();
    this.#bell();
  }

  unlock(): void {
    const context = this.#context;
    if (context?.state !== "suspended") return;
    context.resume().then(this.#changed, this.#changed);
  }

  close(): void {
    this.#closing.abort();
    this.#stop();
    void this.#context?.close();
    this.#context = null;
  }

  #stop(): void {
    if (this.#timer) clearInterval(this.#timer);
    this.#timer = null;
  }

  #bell(): void {
    if (typeof AudioContext === "undefined") return;
    if (!this.#context) {
      this.#context = new AudioContext();
      this.#context.addEventListener("statechange", () => this.#changed());
    }
    const context = this.#context;
    // A suspended context would play everything it was given at the moment it wakes.
    if (context.state !== "running") {
      this.unlock();
      this.#changed();
      return;
    }
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
