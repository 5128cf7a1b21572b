/** One reader of the feed: authorisation, filter, and its own place in the ring. It never holds more than it can take. */
import type { WebSocket } from "ws";
import type { FeedRing } from "./feed-ring.ts";

/** Why the server closes a reader. Below 4000 are the protocol's own. */
export const CLOSE = {
  goingAway: 1001,
  notAuthorized: 4001,
  forbidden: 4003,
  badMessage: 4004,
  slow: 4008,
} as const;

/** Bytes handed to a reader's socket and not yet taken by its network; the rest waits in the ring, shared by all. */
const MOST_BUFFERED_BYTES = 256 * 1024;
/** How long a reader that is told to go may take before its socket is cut. */
const CLOSE_LIMIT_MS = 5000;

/** Where a reader wants to begin: after a number of an epoch, or null for live. */
export type ReadFrom = { readonly since: number; readonly epoch: string } | null;

export class FeedReader {
  readonly socket: WebSocket;
  /** What the reader showed to be let in; asked about again from time to time. */
  token = "";
  isAuthorized = false;
  /** Answered the last ping. */
  isAlive = true;
  /** Frames handed to the socket. */
  sent = 0;
  readonly #ring: FeedRing;
  #types: ReadonlySet<string> | null = null;
  /** Number of the next frame to look at. */
  #nextSeq = 0;
  #waitsForDrain = false;

  constructor(socket: WebSocket, ring: FeedRing) {
    this.socket = socket;
    this.#ring = ring;
  }

  /** Only these types from now on; null for all. */
  filter(types: readonly string[] | null): void {
    this.#types = types === null ? null : new Set(types);
  }

  /** Says a frame that is for this reader alone. */
  say(frame: object): void {
    if (this.socket.readyState === this.socket.OPEN) this.socket.send(JSON.stringify(frame));
  }

  /**
   * Begins to read.
   * @returns the gap to tell, or null when nothing is missing.
   */
  begin(
    from: ReadFrom,
    epoch: string,
  ): {
    readonly reason: "tooOld" | "restarted";
    readonly from: number;
    readonly to: number;
  } | null {
    const { lastSeq, oldestSeq } = this.#ring;
    if (from === null) {
      this.#nextSeq = lastSeq + 1;
      return null;
    }
    if (from.epoch !== epoch) {
      this.#nextSeq = oldestSeq;
      return { reason: "restarted", from: 1, to: oldestSeq - 1 };
    }
    this.#nextSeq = Math.max(Math.min(from.since, lastSeq) + 1, oldestSeq);
    if (from.since + 1 >= this.#nextSeq) return null;
    return { reason: "tooOld", from: from.since + 1, to: oldestSeq - 1 };
  }

  /** Number after which reading goes on. */
  get afterSeq(): number {
    return this.#nextSeq - 1;
  }

  /**
   * Gives the socket as much as it takes; goes on by itself when the network took it.
   * @returns false when frames this reader still needed are gone from the ring: it is too slow.
   */
  pump(): boolean {
    if (!this.isAuthorized || this.socket.readyState !== this.socket.OPEN) return true;
    if (this.#nextSeq < this.#ring.oldestSeq) return false;
    while (this.#nextSeq <= this.#ring.lastSeq) {
      if (this.socket.bufferedAmount > MOST_BUFFERED_BYTES) {
        this.#waitsForDrain = true;
        return true;
      }
      const frame = this.#ring.get(this.#nextSeq++)!;
      if (this.#types !== null && !this.#types.has(frame.type)) continue;
      this.sent++;
      this.socket.send(frame.bytes, { binary: false }, this.#taken);
    }
    return true;
  }

  /** How far behind this reader is, in frames. */
  get lag(): number {
    return this.#ring.lastSeq - this.afterSeq;
  }

  /** Tells it to go; a socket that does not take even that is cut. */
  close(code: number, reason: string): void {
    this.socket.close(code, reason);
    setTimeout(() => this.socket.terminate(), CLOSE_LIMIT_MS).unref();
  }

  readonly #taken = (): void => {
    if (!this.#waitsForDrain || this.socket.bufferedAmount > MOST_BUFFERED_BYTES / 2) return;
    this.#waitsForDrain = false;
    // Too slow shows at the next frame's pump, where the feed acts on it.
    this.pump();
  };
}
