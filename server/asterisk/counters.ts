/**
 * What a link has counted since it was made, as plain numbers for the metrics.
 */
import type { ActionOutcome } from "./pending.ts";
import type { PbxEvent } from "./model.ts";

/** Counters of one link. All only grow, but `roundTripMs` is the last ping's (null before the first). */
export type LinkCounters = {
  /** Typed events handed on, by their type. */
  readonly eventsByType: { [Type in PbxEvent["type"]]?: number };
  /** Events the product knows and has no use for. */
  unused: number;
  /** Events never heard of, by name; names beyond the first 100 are counted as `other`. */
  readonly unknownByName: Record<string, number>;
  /** Events that did not say what they are about (no Uniqueid, no queue). */
  malformed: number;
  /** Messages that came torn or as garbage; each leads to a new snapshot. */
  torn: number;
  /** Events dropped because more came during a snapshot than may be kept; leads to a new snapshot. */
  dropped: number;
  /** Times more came than could be read, for too long; each leads to a new snapshot. */
  floods: number;
  /** Events dropped in such a time. */
  shed: number;
  /** Answers nobody waited for, and items of lists that were given up. */
  stray: number;
  listenerErrors: number;
  /** Logins that succeeded. */
  logins: number;
  connectionsLost: number;
  /** Snapshots handed on. */
  snapshots: number;
  /** Times Asterisk was found to have restarted. */
  restarts: number;
  readonly actionsByOutcome: { [Outcome in ActionOutcome]: number };
  roundTripMs: number | null;
};

const maxUnknownNames = 100;

/** All zero. */
export function newCounters(): LinkCounters {
  return {
    eventsByType: {},
    unused: 0,
    unknownByName: Object.create(null) as Record<string, number>,
    malformed: 0,
    torn: 0,
    dropped: 0,
    floods: 0,
    shed: 0,
    stray: 0,
    listenerErrors: 0,
    logins: 0,
    connectionsLost: 0,
    snapshots: 0,
    restarts: 0,
    actionsByOutcome: {
      answered: 0,
      refused: 0,
      deadline: 0,
      disconnected: 0,
      invalid: 0,
      login: 0,
    },
    roundTripMs: null,
  };
}

/** Counts an unknown event without letting a PBX that invents names fill the memory. */
export function countUnknown(counters: LinkCounters, name: string): void {
  const names = counters.unknownByName;
  const short = name.slice(0, 64);
  const key = short in names || Object.keys(names).length < maxUnknownNames ? short : "other";
  names[key] = (names[key] ?? 0) + 1;
}
