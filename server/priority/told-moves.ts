/** Other processes hear of callers' moves only from the one that moves: those of a moment are told together. */
import type { Bus } from "../storage/bus.ts";
import type { Move } from "./model.ts";

/** A move, and whose it is. */
export type MoveOfChannel = { readonly channelId: string; readonly move: Move };

/** Moves are told after this. */
const TELL_MS = 30;

/** Tells until {@link close}. */
export class ToldMoves {
  readonly #bus: Pick<Bus, "publish">;
  #untold: MoveOfChannel[] = [];
  #timer: NodeJS.Timeout | null = null;

  constructor(bus: Pick<Bus, "publish">) {
    this.#bus = bus;
  }

  /** Tells of moves made here, or of where they led, soon. */
  tell(moves: readonly MoveOfChannel[]): void {
    this.#untold.push(...moves);
    this.#timer ??= setTimeout(() => this.#publish(), TELL_MS).unref();
  }

  /** Tells what is left now. */
  close(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#publish();
  }

  #publish(): void {
    this.#timer = null;
    const told = this.#untold;
    this.#untold = [];
    for (const [pbx, ofPbx] of Map.groupBy(told, ({ move }) => move.pbx))
      for (const [queue, moves] of Map.groupBy(ofPbx, ({ move }) => move.queue))
        this.#bus.publish("callersMoved", {
          ...{ pbx, queue },
          moves: moves.map(({ channelId, move: { pbx: _pbx, queue: _queue, ...move } }) => ({
            channelId,
            ...move,
          })),
        });
  }
}
