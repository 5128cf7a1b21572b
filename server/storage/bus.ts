/**
 * Hints among processes. The truth stays in PostgreSQL and Asterisk; a hint that is lost costs freshness, never correctness, and who remembers
 * something by hints reads it again at `hintsLost`.
 *
 * One process: hints go straight to its own listeners. With `REDIS_URL` they also cross processes by a stream of redis.
 */
import { type Hints, readHint } from "./hints.ts";
import type { Wire } from "./wire.ts";

export type { Hints } from "./hints.ts";

const HINT = "hint";

/** The named hint's listener; may throw without harm to others. */
export type HintListener<K extends keyof Hints> = (payload: Hints[K]) => void;

/** Hints to this process and, with redis, to all others. */
export interface Bus {
  /** Tells every listener here at once, and the other processes when redis can be reached. Never throws. */
  publish<K extends keyof Hints>(hint: K, payload: Hints[K]): void;
  /** @returns how to stop listening. */
  on<K extends keyof Hints>(hint: K, listener: HintListener<K>): () => void;
  /** For `/readyz`: whether other processes hear us, and why not. */
  health(): { readonly ok: boolean; readonly detail: string };
  close(): Promise<void>;
}

/** A bus for one process. */
export function localBus(onError: (error: unknown) => void): Bus {
  const listeners = new Map<string, Set<(payload: never) => void>>();
  return {
    publish(hint, payload) {
      for (const listener of listeners.get(hint) ?? []) {
        try {
          listener(payload as never);
        } catch (error) {
          onError(error);
        }
      }
    },
    on(hint, listener) {
      const of = listeners.get(hint) ?? new Set();
      listeners.set(hint, of.add(listener));
      return () => void of.delete(listener);
    },
    health: () => ({ ok: true, detail: "one process" }),
    close: async () => listeners.clear(),
  };
}

/** A bus over the wire to the other processes. While redis is away hints reach this process only, and the others are told so afterwards. */
export function sharedBus(wire: Wire, onError: (error: unknown) => void): Bus {
  const local = localBus(onError);
  const stops = [
    wire.hear(HINT, (body) => {
      const read = readHint(body);
      if (read === "malformed") throw new TypeError("a hint of another shape");
      if (read !== "unknown") local.publish(read.hint, read.payload);
    }),
    wire.onGap(() => local.publish("hintsLost", {})),
  ];
  return {
    publish(hint, payload) {
      local.publish(hint, payload);
      wire.say(HINT, { hint, payload });
    },
    on: (hint, listener) => local.on(hint, listener),
    health: () => wire.state(),
    async close() {
      for (const stop of stops) stop();
      await local.close();
    },
  };
}
