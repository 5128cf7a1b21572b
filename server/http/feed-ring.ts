/** The last frames of the feed, bounded in number and bytes: what a reader that was away, or is slow, can still be given. */

/** A published frame, serialised once for all readers. */
export type StoredFrame = {
  readonly seq: number;
  readonly type: string;
  /** UTF-8 JSON. */
  readonly bytes: Buffer;
};

/** Frames with consecutive numbers; the oldest go when a bound is passed. */
export class FeedRing {
  readonly #maxFrames: number;
  readonly #maxBytes: number;
  #slots: (StoredFrame | undefined)[] = [];
  #oldestSeq = 1;
  #lastSeq = 0;
  #bytes = 0;

  constructor(maxFrames: number, maxBytes: number) {
    this.#maxFrames = maxFrames;
    this.#maxBytes = maxBytes;
  }

  /** Number of the last frame, 0 before the first. */
  get lastSeq(): number {
    return this.#lastSeq;
  }

  /** Number of the oldest frame that is still here; `lastSeq + 1` when none is. */
  get oldestSeq(): number {
    return this.#oldestSeq;
  }

  /** Bytes of all frames that are here. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Adds the frame numbered `lastSeq + 1`; a single frame is kept however large. */
  push(frame: StoredFrame): void {
    if (frame.seq - this.#oldestSeq >= this.#maxFrames) this.#dropOldest();
    this.#lastSeq = frame.seq;
    this.#slots[frame.seq % this.#maxFrames] = frame;
    this.#bytes += frame.bytes.length;
    while (this.#bytes > this.#maxBytes && this.#oldestSeq < this.#lastSeq) this.#dropOldest();
  }

  /** The frame with this number, or undefined when it is gone or not there yet. */
  get(seq: number): StoredFrame | undefined {
    if (seq < this.#oldestSeq || seq > this.#lastSeq) return undefined;
    return this.#slots[seq % this.#maxFrames];
  }

  #dropOldest(): void {
    const index = this.#oldestSeq % this.#maxFrames;
    this.#bytes -= this.#slots[index]?.bytes.length ?? 0;
    this.#slots[index] = undefined;
    this.#oldestSeq++;
  }
}
