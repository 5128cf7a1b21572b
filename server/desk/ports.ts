/**
 * What the desk asks of the telephone side. `server/calls/live.ts` answers it; tests feed the same fold by hand.
 */
import type { DeviceState, QueueMember } from "../asterisk/model.ts";
import type { CallFact } from "../calls/model.ts";

/** A queue as it stands now. */
export type DeskQueue = {
  readonly name: string;
  readonly callers: readonly unknown[];
};

/** An extension with its device and its places in queues. */
export type DeskExtension = {
  readonly extension: string;
  readonly device: DeviceState;
  readonly members: readonly QueueMember[];
};

/** The live call model. Listeners run in the read path of the PBX: they return at once and may throw without harm. */
export interface DeskCalls {
  /** Adds a listener of facts, in order; returns how to remove it. */
  onFact(listener: (fact: CallFact) => void): () => void;
  /** Adds a listener of changes of queues and their members; returns how to remove it. */
  onQueues(listener: (pbx: string) => void): () => void;
  queues(pbx: string): readonly DeskQueue[];
  extensions(pbx: string): readonly DeskExtension[];
}

/** What is logged, and nothing secret; pino fits. */
export interface DeskLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** Epoch milliseconds with fractions; never goes back. */
export type Clock = () => number;

/** The process's own clock. */
export const systemClock: Clock = () => performance.timeOrigin + performance.now();
