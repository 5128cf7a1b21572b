/**
 * What one PBX sent and nobody has read yet, within bounds of memory and of time: a PBX that sends more than its share waits for its turn, and
 * neither the other PBXs nor anybody's screen wait for it.
 *
 *     socket --take--> waiting --a few ms in each turn of the event loop--> onText
 *       ^                 |
 *       +----- pause -----+   Asterisk keeps what does not fit. After `writetimeout` (manager.conf, 100 ms by default) of a write that does
 *                             not get on it closes the connection, so what is too much for longer is dropped here instead: `onTooMuch`.
 */

export type IntakeLimits = {
  /** Work for one PBX in one turn of the event loop; what is left waits for the next. */
  readonly sliceMs: number;
  /** Characters that may wait; with more the socket is not read. */
  readonly maxWaitingChars: number;
  /** So long more may come than is read before it is told. */
  readonly tooMuchAfterMs: number;
};

export type IntakeHooks = {
  /** Text in order; `atMs` is when it came. */
  readonly onText: (text: string, atMs: number) => void;
  readonly pause: () => void;
  readonly resume: () => void;
  /** More came than could be read, without a break, for longer than is allowed. Told once until {@link Intake.calm}. */
  readonly onTooMuch: () => void;
};

type Waiting = { readonly text: string; readonly atMs: number; read: number };

/** Work is looked at after so many characters; about thirty messages. */
const pieceChars = 16 * 1024;

export class Intake {
  readonly #limits: IntakeLimits;
  readonly #nowMs: () => number;
  readonly #hooks: IntakeHooks;
  readonly #waiting: Waiting[] = [];
  #chars = 0;
  #spentMs = 0;
  #turn: NodeJS.Immediate | null = null;
  #paused = false;
  #told = false;
  /** Since when there was always more than may wait, or what is left of it. */
  #overSinceMs: number | null = null;
  #closed = false;

  constructor(limits: IntakeLimits, nowMs: () => number, hooks: IntakeHooks) {
    this.#limits = limits;
    this.#nowMs = nowMs;
    this.#hooks = hooks;
  }

  /** How long the oldest text that nobody has read has been here. */
  lagMs(): number {
    const [oldest] = this.#waiting;
    return oldest ? Math.max(0, this.#nowMs() - oldest.atMs) : 0;
  }

  take(text: string, atMs: number): void {
    if (this.#closed || text === "") return;
    this.#waiting.push({ text, atMs, read: 0 });
    this.#chars += text.length;
    if (this.#turn === null) this.#work();
    if (this.#chars <= this.#limits.maxWaitingChars || this.#paused || this.#closed) return;
    this.#paused = true;
    this.#overSinceMs ??= this.#nowMs();
    this.#hooks.pause();
  }

  /** What was too much is over; from now on it is counted anew. */
  calm(): void {
    this.#told = false;
    this.#overSinceMs = null;
  }

  /** Reads nothing more. */
  close(): void {
    this.#closed = true;
    if (this.#turn !== null) clearImmediate(this.#turn);
    this.#turn = null;
    this.#waiting.length = 0;
    this.#chars = 0;
  }

  #work(): void {
    const beganMs = this.#nowMs() - this.#spentMs;
    let done = 0;
    for (const one of this.#waiting) {
      while (one.read < one.text.length && this.#spentMs < this.#limits.sliceMs) {
        const piece = one.text.slice(one.read, one.read + pieceChars);
        one.read += piece.length;
        this.#chars -= piece.length;
        this.#hooks.onText(piece, one.atMs);
        // A listener may have closed the connection.
        if (this.#closed) return;
        this.#spentMs = this.#nowMs() - beganMs;
      }
      if (one.read < one.text.length) break;
      done += 1;
    }
    this.#waiting.splice(0, done);
    if (this.#paused && this.#chars <= this.#limits.maxWaitingChars / 2) {
      this.#paused = false;
      this.#hooks.resume();
    }
    if (this.#waiting.length === 0) this.#overSinceMs = null;
    this.#judge();
    // Also when nothing is left: a socket that is full gives thirty chunks before another socket has its turn.
    if (this.#waiting.length > 0 || this.#spentMs > this.#limits.sliceMs / 4)
      this.#turn ??= setImmediate(() => {
        this.#turn = null;
        this.#spentMs = 0;
        this.#work();
      });
  }

  #judge(): void {
    if (this.#told || this.#overSinceMs === null) return;
    if (this.#nowMs() - this.#overSinceMs < this.#limits.tooMuchAfterMs) return;
    this.#told = true;
    this.#hooks.onTooMuch();
  }
}
