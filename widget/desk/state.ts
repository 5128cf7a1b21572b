/**
 * What the screen knows, as a pure fold of what the server says. The server is always right: a snapshot replaces everything,
 * a change applies only when it is the next one.
 */
import type { DeskCall, DeskChange, DeskState } from "../../server/desk/protocol.ts";

/** The server's state, and the calls that have left it while this page was open (newest first). */
export type Screen = { readonly desk: DeskState; readonly recent: readonly DeskCall[] };

/** What became of a change: `old` was known already, `gap` means that changes before it are missing. */
export type Outcome = "applied" | "old" | "gap";

const RECENT_LIMIT = 30;

/** A whole state from the server. */
export function receiveSnapshot(screen: Screen | null, desk: DeskState): Screen {
  const sameUser = screen?.desk.user.id === desk.user.id;
  const kept = new Set(desk.calls.map((call) => call.callId));
  const gone = sameUser ? screen.desk.calls.filter((call) => !kept.has(call.callId)) : [];
  const recent = sameUser ? screen.recent : [];
  return { desk, recent: remember(recent, gone.map(asEnded)) };
}

/** One change from the server. The screen is returned as it was unless the outcome is `applied`. */
export function receiveChange(
  screen: Screen | null,
  change: DeskChange,
): { readonly outcome: Outcome; readonly screen: Screen | null } {
  if (!screen) return { outcome: "gap", screen };
  if (change.seq <= screen.desk.seq) return { outcome: "old", screen };
  if (change.seq !== screen.desk.seq + 1) return { outcome: "gap", screen };
  return { outcome: "applied", screen: apply(screen, change) };
}

function apply(screen: Screen, change: DeskChange): Screen {
  const desk: DeskState = { ...screen.desk, seq: change.seq };
  switch (change.kind) {
    case "call": {
      const { call } = change;
      const known = desk.calls.some((other) => other.callId === call.callId);
      const calls = known
        ? desk.calls.map((other) => (other.callId === call.callId ? call : other))
        : [...desk.calls, call];
      return { ...screen, desk: { ...desk, calls } };
    }
    case "callGone": {
      const gone = desk.calls.filter((call) => call.callId === change.callId);
      const calls = desk.calls.filter((call) => call.callId !== change.callId);
      return { desk: { ...desk, calls }, recent: remember(screen.recent, gone.map(asEnded)) };
    }
    case "preview":
      return { ...screen, desk: { ...desk, preview: change.preview } };
    case "callBacks":
      return { ...screen, desk: { ...desk, callBacks: change.callBacks } };
    case "presence":
      return { ...screen, desk: { ...desk, presence: change.presence } };
    case "pbxs":
  }
  return { ...screen, desk: { ...desk, pbxs: change.pbxs, trouble: change.trouble } };
}

/** A call that is gone is over for this screen, whatever was last heard of it. */
function asEnded(call: DeskCall): DeskCall {
  return call.state === "ended" || call.state === "elsewhere" ? call : { ...call, state: "ended" };
}

function remember(recent: readonly DeskCall[], gone: readonly DeskCall[]): readonly DeskCall[] {
  if (gone.length === 0) return recent;
  const ids = new Set(gone.map((call) => call.callId));
  return [...gone.toReversed(), ...recent.filter((call) => !ids.has(call.callId))].slice(
    0,
    RECENT_LIMIT,
  );
}
