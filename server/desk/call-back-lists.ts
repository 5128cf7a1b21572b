/**
 * The list of call backs on every screen: whom this operator promised to call, and whom anybody in their queues may. Read again whenever
 * one may have changed, once for many changes, and only for operators who have a screen open.
 */
import { isDeepStrictEqual } from "node:util";
import type { CallBacks } from "../followups/model.ts";
import type { Floor, Operator } from "./floor.ts";
import type { DeskLog } from "./ports.ts";

/** What the lists need. */
export type CallBackListsOptions = {
  readonly callBacks: Pick<CallBacks, "forOperator" | "onChange">;
  readonly floor: Pick<Floor, "operators">;
  readonly log: DeskLog;
};

/** Changes are gathered for this long. */
const GATHER_MS = 150;
/** What became due or late by itself, and what was missed, is seen after this at the latest. */
const READ_EVERY_MS = 60_000;
/** Operators are read for one after the other in so many lines: a shift of hundreds must not take all connections. */
const AT_ONCE = 4;

/** The lists of one process. Listens from its making to {@link CallBackLists.close}. */
export class CallBackLists {
  readonly #options: CallBackListsOptions;
  readonly #due = new Set<Operator>();
  readonly #queues = new WeakMap<Operator, string>();
  readonly #stopListening: () => void;
  readonly #everyMinute: NodeJS.Timeout;
  #timer: NodeJS.Timeout | null = null;
  #reading = 0;
  #closed = false;

  constructor(options: CallBackListsOptions) {
    this.#options = options;
    this.#stopListening = options.callBacks.onChange(() => this.changed());
    this.#everyMinute = setInterval(() => this.changed(), READ_EVERY_MS);
    this.#everyMinute.unref();
  }

  /** Any call back changed: every open screen is looked at. */
  changed(): void {
    for (const operator of this.#options.floor.operators()) this.look(operator);
  }

  /** An operator's presence was told: in other queues they have other call backs. */
  seen(operator: Operator): void {
    const queues = operator.screen.state.presence.queues.map(({ name }) => name).join("\n");
    if (this.#queues.get(operator) === queues) return;
    this.#queues.set(operator, queues);
    this.look(operator);
  }

  /** This operator's list may be another: a screen was opened, or they work in other queues. */
  look(operator: Operator): void {
    if (this.#closed || operator.screen.browsers === 0) return;
    this.#due.add(operator);
    this.#timer ??= setTimeout(() => {
      this.#timer = null;
      while (this.#reading < AT_ONCE && this.#due.size > 0) void this.#readOn();
    }, GATHER_MS);
    this.#timer.unref();
  }

  /** Stops listening and all timers. */
  close(): void {
    this.#closed = true;
    this.#stopListening();
    clearInterval(this.#everyMinute);
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#due.clear();
  }

  async #readOn(): Promise<void> {
    this.#reading += 1;
    for (const operator of this.#due) {
      this.#due.delete(operator);
      try {
        await this.#read(operator);
      } catch (error) {
        this.#options.log.warn(
          { err: error, userId: operator.user.id },
          "call backs could not be read; their list is read again in a minute",
        );
      }
    }
    this.#reading -= 1;
  }

  async #read({ user, screen }: Operator): Promise<void> {
    const queues = screen.state.presence.queues.map(({ name }) => name);
    const callBacks = await this.#options.callBacks.forOperator(user.id, queues);
    if (this.#closed || isDeepStrictEqual(screen.state.callBacks, callBacks)) return;
    screen.publish({ kind: "callBacks", callBacks });
  }
}
