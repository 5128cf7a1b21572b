/**
 * What processes say to each other, in one stream of redis: who lost the connection for a while reads on where they were. When that place is not
 * there any more (emptied, trimmed past it, another redis), a gap is told: something may have been said that was not heard.
 */
import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { type Redis, RedisAway, type RedisClient } from "./redis.ts";

/** When it was said, by redis' clock, epoch ms. */
export type Said = { readonly atMs: number };

export type WireListener = (body: unknown, said: Said) => void;

/** Words to the other processes, and theirs. */
export interface Wire {
  /** Says it to the others, who are told of a gap later when it cannot be said now. Never throws. */
  say(kind: string, body: unknown): void;
  /** Says it and waits until redis has it. @throws RedisAway; then nobody is told of a gap. */
  said(kind: string, body: unknown): Promise<void>;
  /** What others say from now on; a listener that throws harms nobody. One for each kind. @returns how to stop. */
  hear(kind: string, listener: WireListener): () => void;
  /** Told when words of others may have been lost, at most once a second. @returns how to stop. */
  onGap(listener: () => void): () => void;
  /** Whether others hear us and we them. */
  state(): { readonly ok: boolean; readonly detail: string };
  close(): void;
}

/** What is longer cannot be said; the others are told of a gap instead. */
export const LONGEST_BYTES = 64 * 1024;
/** Words kept for who is away; with usual hints half a minute of a busy centre, under 5 MB. */
const KEPT = 10_000;
const AT_ONCE = 200;
/** A read waits so long for something new; then it looks whether its place is still there. */
const BLOCK_MS = 1000;
const SAY_WITHIN_MS = 2000;
const AGAIN_MS = 200;
/** Those who hear of a gap read much anew. */
const GAP_EVERY_MS = 1000;
const GAP = "gap";
const HELLO = "hello";

/** Begins to read; nobody has to wait. Closes before `redis` does. */
export function openWire(redis: Redis, onError: (error: unknown) => void): Wire {
  return new StreamWire(redis, onError);
}

class StreamWire implements Wire {
  readonly #redis: Redis;
  readonly #onError: (error: unknown) => void;
  readonly #key: string;
  readonly #me: string = randomUUID();
  readonly #reader: RedisClient;
  readonly #listeners = new Map<string, WireListener>();
  readonly #gapListeners = new Set<() => void>();
  readonly #stops: readonly (() => void)[];
  readonly #closing = new AbortController();
  /** Id of the last entry that was read; null: there is no such place now. */
  #position: string | null = null;
  /** Something could not be said: the others are to be told of a gap. */
  #owesGap = false;
  #sayingGap = false;
  #gapTimer: NodeJS.Timeout | null = null;
  #gapAtMs = -Infinity;
  #malformed = 0;

  constructor(redis: Redis, onError: (error: unknown) => void) {
    this.#redis = redis;
    this.#onError = onError;
    this.#key = `${redis.prefix}:wire`;
    this.#reader = redis.another();
    this.#stops = [
      redis.onBack(() => void this.#sayGap()),
      redis.onLook(() => void this.#sayGap()),
    ];
    void this.#read();
  }

  say(kind: string, body: unknown): void {
    this.said(kind, body).catch((error: unknown) => {
      this.#owesGap = true;
      if (!(error instanceof RedisAway)) this.#onError(error);
      void this.#sayGap();
    });
  }

  async said(kind: string, body: unknown): Promise<void> {
    const text = JSON.stringify(body);
    if (Buffer.byteLength(text) > LONGEST_BYTES)
      throw new RangeError(`a ${kind} of ${text.length} characters is too long to be said`);
    await this.#redis.run(SAY_WITHIN_MS, (client) => this.#add(client, kind, text));
  }

  hear(kind: string, listener: WireListener): () => void {
    this.#listeners.set(kind, listener);
    return () => void this.#listeners.delete(kind);
  }

  onGap(listener: () => void): () => void {
    this.#gapListeners.add(listener);
    return () => void this.#gapListeners.delete(listener);
  }

  state(): { readonly ok: boolean; readonly detail: string } {
    const state = this.#redis.state();
    if (!state.ok) return state;
    const hears = this.#reader.isReady && this.#position !== null;
    return hears ? state : { ok: false, detail: "does not hear the others yet" };
  }

  close(): void {
    this.#closing.abort();
    for (const stop of this.#stops) stop();
    if (this.#gapTimer !== null) clearTimeout(this.#gapTimer);
    this.#listeners.clear();
    this.#gapListeners.clear();
    this.#reader.destroy();
  }

  #add(client: RedisClient, kind: string, text: string): Promise<string> {
    const entry = { from: this.#me, kind, body: text };
    return client.xAdd(this.#key, "*", entry, {
      TRIM: { strategy: "MAXLEN", strategyModifier: "~", threshold: KEPT },
    });
  }

  async #sayGap(): Promise<void> {
    if (!this.#owesGap || this.#sayingGap || this.#closing.signal.aborted) return;
    this.#sayingGap = true;
    try {
      await this.#redis.run(SAY_WITHIN_MS, async (client) => {
        this.#owesGap = false;
        await this.#add(client, GAP, "{}");
      });
    } catch {
      this.#owesGap = true;
    } finally {
      this.#sayingGap = false;
    }
  }

  async #read(): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted) {
      try {
        if (this.#reader.isReady) await this.#readOnce();
        else await sleep(AGAIN_MS / 4, undefined, { signal });
      } catch {
        // Its reason is told where redis is looked after; the reading goes on where it was.
        await sleep(AGAIN_MS, undefined, { signal }).catch(() => undefined);
      }
    }
  }

  async #readOnce(): Promise<void> {
    const reader = this.#reader;
    if (this.#position === null) {
      // An entry of our own is the place to read on from: whatever comes after it is heard.
      this.#position = await this.#add(reader, HELLO, "{}");
      this.#gap();
    }
    const place = this.#position;
    // The second is answered right after the first: an entry that is still there proves that nothing after it was missed.
    const [streams, still] = await Promise.all([
      reader.xRead({ key: this.#key, id: place }, { BLOCK: BLOCK_MS, COUNT: AT_ONCE }),
      reader.xRange(this.#key, place, place),
    ]);
    const entries = (streams as Entries | null)?.[0]?.messages ?? [];
    this.#position = (still?.length ?? 0) > 0 ? (entries.at(-1)?.id ?? place) : null;
    for (const { id, message } of entries) this.#hear(id, message);
  }

  #hear(id: string, { from, kind, body }: Entry): void {
    if (from === this.#me || kind === HELLO || kind === undefined) return;
    if (kind === GAP) {
      this.#gap();
      return;
    }
    const listener = this.#listeners.get(kind);
    if (listener === undefined) return;
    try {
      if (body === undefined || body.length > LONGEST_BYTES) throw new RangeError("its size");
      listener(JSON.parse(body), { atMs: Number(id.split("-")[0]) });
    } catch (error) {
      // Somebody else may write here: a flood of it does not flood the log.
      this.#malformed += 1;
      if (Number.isInteger(Math.log2(this.#malformed)))
        this.#onError(
          new Error(`what was said by another process could not be taken (${this.#malformed})`, {
            cause: error,
          }),
        );
    }
  }

  /** Told at once, then together a second later. */
  #gap(): void {
    if (this.#gapTimer !== null || this.#closing.signal.aborted) return;
    const waitMs = Math.max(0, this.#gapAtMs + GAP_EVERY_MS - performance.now());
    if (waitMs === 0) {
      this.#tellGap();
      return;
    }
    this.#gapTimer = setTimeout(() => {
      this.#gapTimer = null;
      this.#tellGap();
    }, waitMs);
    this.#gapTimer.unref();
  }

  #tellGap(): void {
    this.#gapAtMs = performance.now();
    for (const listener of this.#gapListeners) {
      try {
        listener();
      } catch (error) {
        this.#onError(error);
      }
    }
  }
}

type Entry = { readonly [field: string]: string | undefined };
type Entries = readonly {
  readonly messages: readonly { readonly id: string; readonly message: Entry }[];
}[];
