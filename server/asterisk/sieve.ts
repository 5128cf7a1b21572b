/**
 * The first look at what a PBX sends: whole messages are told apart, and those that nobody has a use for go no further. Taking a message to
 * pieces costs a hundred times what it costs to see that it is not wanted.
 */

/** Every message with another key before it, or without one of these two, is for the parser to judge. */
const eventKey = "Event: ";
const responseKey = "Response: ";
const endOfLine = "\r\n";
const endOfMessage = "\r\n\r\n";

export type SieveHooks = {
  /** Text of whole messages, in order. */
  readonly onText: (text: string) => void;
  /** An event of this name was dropped because it is noise. */
  readonly onNoise: (name: string) => void;
  /** An event that may have mattered was dropped while only answers pass. */
  readonly onShed: () => void;
};

export class Sieve {
  readonly #isNoise: (name: string) => boolean;
  readonly #hooks: SieveHooks;
  /** The beginning of a message whose end has not come. */
  #rest = "";
  /** Only answers pass, and events that belong to one. */
  answersOnly = false;

  constructor(isNoise: (name: string) => boolean, hooks: SieveHooks) {
    this.#isNoise = isNoise;
    this.#hooks = hooks;
  }

  /** Characters that wait for the end of their message. */
  get unfinished(): number {
    return this.#rest.length;
  }

  take(text: string): void {
    const all = this.#rest === "" ? text : this.#rest + text;
    // The end of a message may have been cut in two.
    let searchFrom = Math.max(0, this.#rest.length - endOfMessage.length);
    let start = 0;
    let wantedFrom = 0;
    for (;;) {
      const end = all.indexOf(endOfMessage, searchFrom);
      if (end < 0) break;
      const next = end + endOfMessage.length;
      if (this.#drops(all, start, end)) {
        if (wantedFrom < start) this.#hooks.onText(all.slice(wantedFrom, start));
        wantedFrom = next;
      }
      start = next;
      searchFrom = next;
    }
    this.#rest = all.slice(start);
    if (wantedFrom < start) this.#hooks.onText(all.slice(wantedFrom, start));
  }

  #drops(all: string, start: number, end: number): boolean {
    if (!all.startsWith(eventKey, start)) return false;
    const nameAt = start + eventKey.length;
    const lineEnd = all.indexOf(endOfLine, nameAt);
    const name = all.slice(nameAt, lineEnd < 0 || lineEnd > end ? end : lineEnd);
    const isNoise = this.#isNoise(name);
    if (!isNoise && !this.answersOnly) return false;
    const rest = all.slice(nameAt, end);
    // Part of an answer; or two messages that run into each other, of which the second may matter.
    if (rest.includes("\nActionID: ")) return false;
    if (rest.includes(eventKey) || rest.includes(responseKey)) return false;
    if (isNoise) this.#hooks.onNoise(name);
    else this.#hooks.onShed();
    return true;
  }
}
