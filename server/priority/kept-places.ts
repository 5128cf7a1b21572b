/**
 * Places given by hand, in step with PostgreSQL: the process that moves a PBX's callers writes what changes there, the others read it when they
 * hear of a change, and every few seconds, should they not hear of it.
 */
import type { Lease } from "../storage/lease.ts";
import type { ByHandStore, PlacedCaller, PlacesByHand } from "./by-hand.ts";
import type { LineState } from "./line.ts";

/** What places are kept of. */
export type KeptLine = { readonly queue: string; readonly line: LineState };

export type KeptPlacesOptions = {
  readonly pbx: string;
  readonly store: ByHandStore;
  readonly lease: Lease;
  /** Lines of this PBX. */
  readonly lines: () => readonly KeptLine[];
  /** Other places were read. */
  readonly changed: () => void;
  readonly log: { warn(fields: object, message: string): void };
  /** How often a process reads that does not move callers; default 5 s. */
  readonly everyMs?: number;
};

const EVERY_MS = 5000;
const AGAIN_MS = 500;

/** Of one PBX; works from its making until {@link close}. */
export class KeptPlaces {
  readonly #options: KeptPlacesOptions;
  readonly #stopListening: () => void;
  readonly #timer: NodeJS.Timeout;
  /** What PostgreSQL has, by queue, as far as is known. */
  readonly #kept = new Map<string, string>();
  /** One write of a queue at a time. */
  readonly #writing = new Map<string, Promise<void>>();
  #places: PlacesByHand = new Map();
  #holds = false;
  #closed = false;

  constructor(options: KeptPlacesOptions) {
    this.#options = options;
    const { pbx, store } = options;
    this.#stopListening = store.onChange((changed) => {
      if (changed === pbx) void this.#refresh();
    });
    this.#timer = setInterval(() => void this.#refresh(), options.everyMs ?? EVERY_MS);
    this.#timer.unref();
    void this.#refresh();
  }

  close(): void {
    this.#closed = true;
    this.#stopListening();
    clearInterval(this.#timer);
  }

  /** A line that is kept from now on. */
  adopt({ queue, line }: KeptLine): void {
    line.byHand.clear();
    for (const [channelId, place] of this.#places.get(queue) ?? [])
      line.byHand.set(channelId, { ...place });
  }

  /** This process moves callers from now on: reads what holds. Tries until it succeeds. @returns false when the lease was lost meanwhile. */
  async take(): Promise<boolean> {
    const { lease, log } = this.#options;
    const epoch = lease.epoch();
    const isMine = () => !this.#closed && lease.epoch() === epoch && lease.held();
    while (isMine()) {
      try {
        await this.#read(isMine);
        if (!isMine()) return false;
        this.#holds = true;
        return true;
      } catch (error) {
        log.warn({ err: error, pbx: this.#options.pbx }, "places by hand could not be read");
        await new Promise((resolve) => setTimeout(resolve, AGAIN_MS).unref());
      }
    }
    return false;
  }

  /** Another process moves callers from now on. */
  lost(): void {
    this.#holds = false;
  }

  /** Everybody who waits on this PBX is known: places of all others are over. */
  sweep(): void {
    if (!this.#holds) return;
    const lines = new Map(this.#options.lines().map((one) => [one.queue, one]));
    for (const queue of this.#kept.keys()) {
      const of = lines.get(queue);
      for (const channelId of [...(of?.line.byHand.keys() ?? [])])
        if (of?.line.stays.has(channelId) === false) of.line.byHand.delete(channelId);
      this.#keep(queue, of?.line ?? null);
    }
  }

  /** Somebody left, or moved up: written in the background if it changed anybody's place. */
  shifted({ queue, line }: KeptLine): void {
    if (this.#holds && (line.byHand.size > 0 || this.#kept.has(queue))) this.#keep(queue, line);
  }

  /** Writes the places of a queue now. @throws LeaseLost, the database's errors. */
  async write({ queue, line }: KeptLine): Promise<void> {
    const { lease, pbx, store } = this.#options;
    await this.#writing.get(queue)?.catch(() => undefined);
    const placed = placedIn(line);
    const written = store.write(pbx, queue, lease, placed);
    this.#writing.set(queue, written);
    try {
      await written;
      this.#kept.set(queue, JSON.stringify(placed));
    } finally {
      if (this.#writing.get(queue) === written) this.#writing.delete(queue);
    }
  }

  #keep(queue: string, line: LineState | null): void {
    if (JSON.stringify(placedIn(line)) === (this.#kept.get(queue) ?? "[]")) return;
    this.#writeWhilePossible(queue, line).catch((error: unknown) => {
      // Lost, or away: whoever holds it next finds who is not there any more.
      this.#options.log.warn({ err: error, queue }, "places by hand were not written");
    });
  }

  async #writeWhilePossible(queue: string, line: LineState | null): Promise<void> {
    const { lease, pbx, store } = this.#options;
    if (line !== null) return this.write({ queue, line });
    await store.write(pbx, queue, lease, []);
    this.#kept.delete(queue);
  }

  /** As somebody who does not move callers. */
  async #refresh(): Promise<void> {
    const isOthers = () => !this.#closed && !this.#holds;
    if (!isOthers() || this.#options.lease.held()) return;
    try {
      if (await this.#read(isOthers)) this.#options.changed();
    } catch (error) {
      this.#options.log.warn(
        { err: error, pbx: this.#options.pbx },
        "places by hand could not be read",
      );
    }
  }

  /** @returns whether anything is otherwise than before; what is read too late is forgotten. */
  async #read(isWanted: () => boolean): Promise<boolean> {
    const { lines, pbx, store } = this.#options;
    const places = await store.read(pbx);
    if (!isWanted()) return false;
    const before = textOf(this.#places);
    this.#places = places;
    this.#kept.clear();
    // What is there need not be what a line says of itself: told apart by the first look.
    for (const queue of places.keys()) this.#kept.set(queue, "");
    for (const one of lines()) this.adopt(one);
    return textOf(places) !== before;
  }
}

function placedIn(line: LineState | null): readonly PlacedCaller[] {
  if (line === null) return [];
  return [...line.byHand].flatMap(([channelId, { position, by }]) => {
    const stay = line.stays.get(channelId);
    return stay === undefined ? [] : [{ channelId, callId: stay.callId, position, by }];
  });
}

function textOf(places: PlacesByHand): string {
  return JSON.stringify([...places].map(([queue, of]) => [queue, ...of]));
}
