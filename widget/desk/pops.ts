/** The browser's part of the pop ledger: when a ringing reached this screen, and when its card was really painted. */
import type { DeskCall } from "../../server/desk/protocol.ts";

type Pop = { readonly ringId: string; readonly callId: string };
type PaintedPop = Pop & { readonly receivedToPaintedMs: number; readonly visible: boolean };

export type PopSender = {
  received(pop: Pop): void;
  /** `agoMs`: told again, so long after it was painted. `written` is called when the server has written it. */
  painted(pop: PaintedPop & { readonly agoMs?: number }, written: () => void): void;
};

const REMEMBERED = 200;
/** What the server takes; a computer that slept in between may measure more. */
const LONGEST_MS = 3_600_000;

export class PopReporter {
  readonly #send: PopSender;
  /** Rings that were told as received; true once their composed card was handed to the elements. */
  readonly #told = new Map<string, boolean>();
  /** Painted, and not known to be written: the process that was told may die before it has. */
  readonly #unwritten = new Map<string, { readonly pop: PaintedPop; readonly at: number }>();
  #waiting: { readonly pop: Pop; readonly receivedAt: number }[] = [];
  #painting: Promise<void> = Promise.resolve();

  constructor(send: PopSender) {
    this.#send = send;
  }

  /**
   * Looks at the calls just received. Every ringing is told once; a card that is still being composed is not waited for until
   * it has come, however far the call has gone by then.
   */
  received(calls: readonly DeskCall[]): void {
    const receivedAt = performance.now();
    for (const { callId, ringId, state, card } of calls) {
      const pop = { ringId, callId };
      if (state === "ringing" && ringId !== "" && !this.#told.has(ringId)) {
        this.#told.set(ringId, false);
        this.#send.received(pop);
      }
      if (card.outcome === "pending" || this.#told.get(ringId) !== false) continue;
      this.#told.set(ringId, true);
      this.#waiting.push({ pop, receivedAt });
    }
    for (const oldest of this.#told.keys()) {
      if (this.#told.size <= REMEMBERED) break;
      this.#told.delete(oldest);
    }
  }

  /** Connected anew, perhaps to another process: what was painted and may not be written is told again while its call is on the screen. */
  connected(calls: readonly DeskCall[]): void {
    const now = performance.now();
    const shown = new Set(calls.map(({ callId }) => callId));
    for (const [ringId, { pop, at }] of this.#unwritten) {
      if (!shown.has(pop.callId)) this.#unwritten.delete(ringId);
      else this.#tell(pop, { agoMs: lasted(now - at) });
    }
  }

  /** The elements have been updated with what was received; resolves when every pop so far is on the screen and reported. */
  updated(): Promise<void> {
    if (this.#waiting.length > 0) {
      const waiting = this.#waiting;
      this.#waiting = [];
      this.#painting = Promise.all([this.#painting, this.#report(waiting)]).then(() => undefined);
    }
    return this.#painting;
  }

  async #report(waiting: readonly { pop: Pop; receivedAt: number }[]): Promise<void> {
    const visible = await painted();
    const now = performance.now();
    for (const { pop, receivedAt } of waiting) {
      const told = { ...pop, receivedToPaintedMs: lasted(now - receivedAt), visible };
      this.#unwritten.set(pop.ringId, { pop: told, at: now });
      this.#tell(told, {});
    }
    for (const oldest of this.#unwritten.keys()) {
      if (this.#unwritten.size <= REMEMBERED) break;
      this.#unwritten.delete(oldest);
    }
  }

  #tell(pop: PaintedPop, again: { readonly agoMs?: number }): void {
    this.#send.painted({ ...pop, ...again }, () => this.#unwritten.delete(pop.ringId));
  }
}

/** As the server takes it. */
function lasted(ms: number): number {
  return Math.min(LONGEST_MS, Math.max(0, Math.round(ms * 10) / 10));
}

/**
 * True once the next frame was produced: a task posted inside an animation frame runs after that frame's paint. A hidden tab
 * has no frames, so there it is false at once (or as soon as the tab is hidden).
 */
export function painted(): Promise<boolean> {
  if (document.hidden) return Promise.resolve(false);
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const hidden = (): void => {
    if (document.hidden) resolve(false);
  };
  document.addEventListener("visibilitychange", hidden);
  requestAnimationFrame(() => {
    const channel = new MessageChannel();
    channel.port1.addEventListener("message", () => {
      channel.port1.close();
      resolve(true);
    });
    channel.port1.start();
    channel.port2.postMessage(null);
  });
  return promise.finally(() => document.removeEventListener("visibilitychange", hidden));
}
