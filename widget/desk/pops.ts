/** The browser's part of the pop ledger: when a ringing reached this screen, and when its card was really painted. */
import type { DeskCall } from "../../server/desk/protocol.ts";

type Pop = { readonly ringId: string; readonly callId: string };

export type PopSender = {
  received(pop: Pop): void;
  painted(pop: Pop & { readonly receivedToPaintedMs: number; readonly visible: boolean }): void;
};

const REMEMBERED = 200;
/** What the server takes; a computer that slept in between may measure more. */
const LONGEST_MS = 3_600_000;

export class PopReporter {
  readonly #send: PopSender;
  readonly #seen = new Set<string>();
  #waiting: { readonly pop: Pop; readonly receivedAt: number }[] = [];

  constructor(send: PopSender) {
    this.#send = send;
  }

  /** Looks at the calls just received; every ringing is reported once. */
  received(calls: readonly DeskCall[]): void {
    const receivedAt = performance.now();
    for (const { callId, ringId, state } of calls) {
      if (state !== "ringing" || ringId === "" || this.#seen.has(ringId)) continue;
      this.#seen.add(ringId);
      const pop = { ringId, callId };
      this.#send.received(pop);
      this.#waiting.push({ pop, receivedAt });
    }
    for (const oldest of this.#seen) {
      if (this.#seen.size <= REMEMBERED) break;
      this.#seen.delete(oldest);
    }
  }

  /** The elements have been updated with what was received; reports when the frame with it is on the screen. */
  async updated(): Promise<void> {
    if (this.#waiting.length === 0) return;
    const waiting = this.#waiting;
    this.#waiting = [];
    const visible = await painted();
    const now = performance.now();
    for (const { pop, receivedAt } of waiting) {
      const receivedToPaintedMs = Math.min(
        LONGEST_MS,
        Math.max(0, Math.round((now - receivedAt) * 10) / 10),
      );
      this.#send.painted({ ...pop, receivedToPaintedMs, visible });
    }
  }
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
