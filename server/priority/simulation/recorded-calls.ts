/**
 * Recorded calls as columns: one array for each thing that is told, so that 100,000 calls are a few long arrays and not a million small
 * objects. Pure.
 */

/** A name within its PBX; the same name in another PBX is another. */
export type Named = { readonly pbx: string; readonly name: string };

/** Numbers for names: the same few queues and operators come with every call. */
export class Names {
  readonly #named: Named[] = [];
  readonly #numbers = new Map<string, Map<string, number>>();

  /** By number. */
  get all(): readonly Named[] {
    return this.#named;
  }

  numberOf(pbx: string, name: string): number {
    let ofPbx = this.#numbers.get(pbx);
    if (ofPbx === undefined) this.#numbers.set(pbx, (ofPbx = new Map<string, number>()));
    let number = ofPbx.get(name);
    if (number === undefined) {
      number = this.#named.push({ pbx, name }) - 1;
      ofPbx.set(name, number);
    }
    return number;
  }
}

/** By call, in order of their start. Times are epoch ms. */
export type CallColumns = {
  readonly startedAtMs: number[];
  /** They called us and got nobody, or hung up. */
  readonly failed: boolean[];
  readonly isWithheld: boolean[];
  /** "" for none. */
  readonly e164: string[];
  /** "" for none. */
  readonly customerId: string[];
  /** Where the call's visits and talks end; they begin where those of the call before end. */
  readonly visitsEnd: number[];
  readonly talksEnd: number[];
};

/** By stay in a queue; `queue` is a number of the names of queues. */
export type VisitColumns = {
  readonly queue: number[];
  readonly joinedAtMs: number[];
  /** NaN while not known. */
  readonly leftAtMs: number[];
  /** A `QueueLeftHow`, "" while not known. */
  readonly how: string[];
};

/** By operator's part in a conversation; `operator` is a number of the names of operators. */
export type TalkColumns = {
  readonly operator: number[];
  /** Of the names of queues; that of "" when it was no queue's call. */
  readonly queue: number[];
  readonly startedAtMs: number[];
  /** NaN while not known. */
  readonly endedAtMs: number[];
  /** When the phone began to ring that was answered; NaN for who dialled. */
  readonly rangAtMs: number[];
};

/** All columns; what is read side by side shares its names. */
export type RecordedCalls = {
  readonly queues: Names;
  readonly operators: Names;
  readonly calls: CallColumns;
  readonly visits: VisitColumns;
  readonly talks: TalkColumns;
};

/** Columns that begin empty and grow. */
export function noCalls(names: {
  readonly queues: Names;
  readonly operators: Names;
}): RecordedCalls {
  return {
    ...names,
    calls: {
      ...{ startedAtMs: [], failed: [], isWithheld: [], e164: [], customerId: [] },
      ...{ visitsEnd: [], talksEnd: [] },
    },
    visits: { queue: [], joinedAtMs: [], leftAtMs: [], how: [] },
    talks: { operator: [], queue: [], startedAtMs: [], endedAtMs: [], rangAtMs: [] },
  };
}

/** Where the visits or talks of a call begin, of the column that says where they end. */
export function beginOf(ends: readonly number[], call: number): number {
  return call === 0 ? 0 : ends[call - 1]!;
}

/** Earlier calls and later ones with the same names. */
export function joined(earlier: RecordedCalls, later: RecordedCalls): RecordedCalls {
  const visits = earlier.visits.queue.length;
  const talks = earlier.talks.queue.length;
  return {
    queues: earlier.queues,
    operators: earlier.operators,
    calls: concatenated(earlier.calls, {
      ...later.calls,
      visitsEnd: later.calls.visitsEnd.map((end) => visits + end),
      talksEnd: later.calls.talksEnd.map((end) => talks + end),
    }),
    visits: concatenated(earlier.visits, later.visits),
    talks: concatenated(earlier.talks, later.talks),
  };
}

function concatenated<Columns extends Readonly<Record<string, unknown[]>>>(
  earlier: Columns,
  later: Columns,
): Columns {
  return Object.fromEntries(
    Object.entries(earlier).map(([name, values]) => [name, values.concat(later[name]!)]),
  ) as Columns;
}
