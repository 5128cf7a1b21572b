/** The operators of one PBX as they work now: from the call model, the desk, and the calls that campaigns have in hand. */
import type { Hand } from "./hand.ts";
import {
  type Seat,
  type SeenExtension,
  type SeenQueue,
  type WorkingOperator,
  inboundWaiting,
  workingOperators,
} from "./operators.ts";

export type FloorOptions = {
  readonly pbx: string;
  readonly calls: {
    queues(pbx: string): readonly SeenQueue[];
    extensions(pbx: string): readonly SeenExtension[];
  };
  /** Who sits where, on any PBX. */
  readonly seats: () => Iterable<Seat>;
  readonly hands: () => Iterable<Hand>;
};

export class Floor {
  readonly #options: FloorOptions;
  #working: ReadonlyMap<string, WorkingOperator> = new Map();

  constructor(options: FloorOptions) {
    this.#options = options;
  }

  /** As they were when {@link look} was last called; by extension. */
  get working(): ReadonlyMap<string, WorkingOperator> {
    return this.#working;
  }

  look(nowMs: number): ReadonlyMap<string, WorkingOperator> {
    const { calls, hands, pbx } = this.#options;
    const taken = new Set<string>();
    for (const { operator, connectedAtMs } of hands())
      if (operator !== null && connectedAtMs === null) taken.add(operator.extension);
    this.#working = workingOperators({
      ...{ nowMs, taken, before: this.#working, seats: this.seats() },
      extensions: calls.extensions(pbx),
      queues: calls.queues(pbx),
    });
    return this.#working;
  }

  /** People who called us and whom these operators will answer before anybody else. */
  inboundWaiting(operators: readonly WorkingOperator[]): number {
    return inboundWaiting(this.#options.calls.queues(this.#options.pbx), operators);
  }

  /** Of this PBX, by extension. */
  seats(): ReadonlyMap<string, Seat> {
    const seats = new Map<string, Seat>();
    for (const seat of this.#options.seats())
      if (seat.pbx === this.#options.pbx) seats.set(seat.extension, seat);
    return seats;
  }
}
