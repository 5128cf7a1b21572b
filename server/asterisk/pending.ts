/**
 * Actions that were sent and wait: for their answer, for the rest of their list, or for the end of their time.
 */
import type { Clock, TimerHandle } from "./clock.ts";
import { text, textFields } from "./fields.ts";
import type { RawMessage } from "./library.ts";
import { AmiError } from "./model.ts";
import type { AmiAnswer } from "./model.ts";

/** How an action ended, for the counters. */
export type ActionOutcome = "answered" | AmiError["code"];

type Waiting = {
  readonly action: string;
  readonly resolve: (answer: AmiAnswer) => void;
  readonly reject: (error: AmiError) => void;
  readonly deadline: TimerHandle;
  readonly items: Record<string, string>[];
  /** Undefined until Asterisk says whether a list follows, unless the caller knew. */
  list: boolean | undefined;
  answer: RawMessage | null;
};

/** The waiting actions of one connection, by ActionID. Each ends exactly once. */
export class PendingActions {
  readonly #clock: Clock;
  readonly #maxListItems: number;
  readonly #onEnd: (action: string, outcome: ActionOutcome) => void;
  readonly #waiting = new Map<string, Waiting>();

  constructor(
    clock: Clock,
    maxListItems: number,
    onEnd: (action: string, outcome: ActionOutcome) => void,
  ) {
    this.#clock = clock;
    this.#maxListItems = maxListItems;
    this.#onEnd = onEnd;
  }

  /** Waits for the answer of an action that is about to be sent. `list` is undefined when only the answer will tell. */
  wait(
    id: string,
    action: string,
    deadlineMs: number,
    list: boolean | undefined,
  ): Promise<AmiAnswer> {
    return new Promise((resolve, reject) => {
      const deadline = this.#clock.after(deadlineMs, () => {
        // If this process was busy, the answer may lie unread in the socket: one turn of reading comes first.
        setImmediate(() => {
          const late = this.#waiting.get(id);
          if (!late) return;
          const missing = late.answer ? "complete list" : "answer";
          const message = `${action}: no ${missing} within ${deadlineMs} ms`;
          this.#end(id, late, new AmiError("deadline", action, message));
        });
      });
      this.#waiting.set(id, { action, resolve, reject, deadline, items: [], list, answer: null });
    });
  }

  /** Takes a response; false when nobody waits for it. */
  takeResponse(id: string, raw: RawMessage): boolean {
    const waiting = this.#waiting.get(id);
    if (!waiting) return false;
    if (text(raw, "response").toLowerCase() === "error") {
      const message = text(raw, "message") || "no reason given";
      this.#end(id, waiting, new AmiError("refused", waiting.action, message));
      return true;
    }
    waiting.answer = raw;
    waiting.list ??= text(raw, "eventlist").toLowerCase() === "start";
    if (!waiting.list) this.#end(id, waiting, null);
    return true;
  }

  /** Takes an item of a list or its completion; `stray` when nobody waits for it, `tooMany` when the list passed its limit. */
  takeItem(id: string, raw: RawMessage, event: string): "taken" | "stray" | "tooMany" {
    const waiting = this.#waiting.get(id);
    if (!waiting) return "stray";
    const ending = text(raw, "eventlist").toLowerCase();
    if (ending === "complete" || (ending === "" && event.endsWith("Complete"))) {
      this.#end(id, waiting, null);
    } else if (ending === "cancelled") {
      const message = `${waiting.action}: Asterisk cancelled the list`;
      this.#end(id, waiting, new AmiError("refused", waiting.action, message));
    } else if (waiting.items.length >= this.#maxListItems) {
      return "tooMany";
    } else {
      waiting.items.push(textFields(raw));
    }
    return "taken";
  }

  /** Fails everything that waits with `disconnected`. */
  failAll(reason: string): void {
    for (const [id, waiting] of this.#waiting) {
      const message = `${waiting.action}: ${reason}`;
      this.#end(id, waiting, new AmiError("disconnected", waiting.action, message));
    }
  }

  #end(id: string, waiting: Waiting, error: AmiError | null): void {
    this.#waiting.delete(id);
    waiting.deadline.cancel();
    this.#onEnd(waiting.action, error?.code ?? "answered");
    if (error) {
      waiting.reject(error);
      return;
    }
    const fields = waiting.answer ? textFields(waiting.answer) : {};
    waiting.resolve({ message: fields["message"] ?? "", fields, items: waiting.items });
  }
}
