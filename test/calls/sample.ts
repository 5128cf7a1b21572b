/** A finished call as tests want one. */
import type { Call } from "../../server/calls/model.ts";

export const noonMs = Date.parse("2026-11-22T12:00:00Z");

/** An inbound call to queue 600 that 101 answered after 10 s and talked 60 s on. */
export function finishedCall(parts: Partial<Call> = {}): Call {
  return {
    id: "office-1795300000.1",
    pbx: "office",
    direction: "inbound",
    party: { number: "+79130000001", name: "Ольга" },
    dialled: "600",
    fromExtension: "",
    startedAtMs: noonMs,
    answeredAtMs: noonMs + 10_000,
    endedAtMs: noonMs + 70_000,
    endedHow: "completed",
    state: "ended",
    visits: [
      {
        queue: "600",
        joinedAtMs: noonMs,
        position: 1,
        leftAtMs: noonMs + 10_000,
        how: "answered",
      },
    ],
    rings: [],
    talks: [
      {
        extension: "101",
        ringId: "office-1795300000.2",
        queue: "600",
        startedAtMs: noonMs + 10_000,
        endedAtMs: noonMs + 70_000,
        heldMs: 0,
        onHoldSinceMs: null,
      },
    ],
    transfers: [],
    partyChannel: "",
    seenFromMiddle: false,
    ...parts,
  };
}
