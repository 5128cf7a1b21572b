/** Which calls have a wrap-up form on the screen, and which of the forms is open. */
import type { DeskCall } from "../../server/desk/protocol.ts";
import type { Draft, Saved } from "./drafts.ts";

export type WrapUpEntry = {
  readonly callId: string;
  readonly startedAtMs: number;
  /** Null for a draft whose call the server does not list any more. */
  readonly call: DeskCall | null;
  readonly draft: Draft | null;
  readonly saved: Saved | null;
  /** True when the call is over and the wrap-up can be saved. */
  readonly over: boolean;
};

/** Calls that are talked on or wait for a wrap-up, drafts left from before, and what was just saved; oldest call first. */
export function wrapUpEntries(
  calls: readonly DeskCall[],
  drafts: readonly Draft[],
  savedOf: (callId: string) => Saved | null,
  justSaved: readonly Saved[],
): readonly WrapUpEntry[] {
  const entries = new Map<string, WrapUpEntry>();
  for (const call of calls) {
    const { callId, startedAtMs } = call;
    const talked = call.state === "talking" || call.state === "onHold";
    const over = call.state === "ended" || call.state === "elsewhere";
    if (!talked && !(over && call.needsWrapUp)) continue;
    entries.set(callId, { callId, startedAtMs, call, draft: null, saved: savedOf(callId), over });
  }
  for (const draft of drafts) {
    const { callId, startedAtMs } = draft;
    const entry = entries.get(callId);
    const call = entry?.call ?? calls.find((other) => other.callId === callId) ?? null;
    entries.set(callId, {
      ...(entry ?? { callId, startedAtMs, over: true }),
      call,
      draft,
      saved: null,
    });
  }
  for (const saved of justSaved) {
    const { callId, startedAtMs } = saved;
    if (!entries.has(callId))
      entries.set(callId, { callId, startedAtMs, call: null, draft: null, saved, over: true });
  }
  return [...entries.values()].toSorted(
    (a, b) => a.startedAtMs - b.startedAtMs || (a.callId < b.callId ? -1 : 1),
  );
}

/**
 * The form that is open. A form that is typed in stays open; else that of the shown call (on a narrow screen only when the
 * call is over: until then the card matters more); else one that was open; else the first that waits to be saved.
 */
export function openEntry(
  entries: readonly WrapUpEntry[],
  typedIn: string | null,
  selected: string | null,
  before: string | null,
  narrow: boolean,
): string | null {
  const unsaved = entries.filter((entry) => entry.saved === null);
  const has = (callId: string | null): boolean =>
    callId !== null && unsaved.some((entry) => entry.callId === callId);
  if (has(typedIn)) return typedIn;
  const shown = unsaved.find((entry) => entry.callId === selected);
  if (shown && (shown.over || !narrow)) return selected;
  // Another call's form above the card would hide the card that was just opened.
  if (narrow && selected !== null) return shown && before === selected ? selected : null;
  if (has(before)) return before;
  return unsaved.find((entry) => entry.over)?.callId ?? null;
}
