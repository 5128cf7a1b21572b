/** A call as one operator may see it: their own part in it, and nothing of the others' but a name. Pure. */
import type { Call, Ring, Talk } from "../calls/model.ts";
import { waitingSinceMs } from "../calls/preferred.ts";
import type { DeskCall } from "./protocol.ts";

/** A {@link DeskCall} without what the call model does not know. */
export type CallView = Omit<DeskCall, "card" | "priority" | "campaign" | "needsWrapUp" | "draft">;

/** Name of whoever holds an extension; the extension itself when nobody does. */
export type NameOf = (extension: string) => string;

/** The part `extension` has in `call`; null when it has none. */
export function viewOf(call: Call, extension: string, nameOf: NameOf): CallView | null {
  const ring = call.rings.findLast((one) => one.extension === extension);
  const talk = call.talks.findLast((one) => one.extension === extension);
  const dialled = call.fromExtension === extension;
  if (ring === undefined && talk === undefined && !dialled) return null;

  const visit = call.visits.at(-1);
  const common = {
    callId: call.id,
    direction: call.direction,
    queue: talk?.queue || ring?.queue || visit?.queue || "",
    startedAtMs: call.startedAtMs,
    joinedAtMs: visit === undefined ? null : waitingSinceMs(call.visits, visit),
    ringingSinceMs: ring?.startedAtMs ?? null,
    answeredAtMs: talk?.startedAtMs ?? null,
    ringId: ring?.id ?? "",
    fromName: fromName(call, extension, nameOf),
  };
  const live = liveState(call, ring, talk, dialled);
  if (live !== null) return { ...common, state: live, endedAtMs: null, left: null };
  return {
    ...common,
    state: call.endedAtMs === null || wasTaken(ring, talk) ? "elsewhere" : "ended",
    endedAtMs: leftAtMs(call, ring, talk),
    left: leftHow(call, extension, ring, talk, nameOf),
  };
}

/** True for the states in which a call needs its operator now. */
export function isLive(state: DeskCall["state"]): boolean {
  return state === "ringing" || state === "dialling" || state === "talking" || state === "onHold";
}

function liveState(
  call: Call,
  ring: Ring | undefined,
  talk: Talk | undefined,
  dialled: boolean,
): DeskCall["state"] | null {
  if (call.endedAtMs !== null) return null;
  if (talk !== undefined && talk.endedAtMs === null)
    return talk.onHoldSinceMs === null ? "talking" : "onHold";
  if (ring !== undefined && (talk === undefined || ring.startedAtMs > talk.startedAtMs)) {
    // Answered, but not bridged yet (announcement to the operator): still this operator's call.
    if (ring.endedAtMs === null || (ring.outcome === "answered" && ring.id !== talk?.ringId))
      return "ringing";
  }
  if (dialled && talk === undefined) return "dialling";
  return null;
}

function wasTaken(ring: Ring | undefined, talk: Talk | undefined): boolean {
  return talk === undefined && ring?.outcome === "answeredElsewhere";
}

function leftAtMs(call: Call, ring: Ring | undefined, talk: Talk | undefined): number | null {
  if (talk !== undefined) return talk.endedAtMs ?? call.endedAtMs;
  return ring?.endedAtMs ?? call.endedAtMs;
}

function leftHow(
  call: Call,
  extension: string,
  ring: Ring | undefined,
  talk: Talk | undefined,
  nameOf: NameOf,
): NonNullable<DeskCall["left"]> {
  if (talk !== undefined) {
    const transfer = call.transfers.findLast(
      (one) => one.fromExtension === extension && one.atMs >= talk.startedAtMs,
    );
    if (transfer !== undefined) return { how: "transferred", byName: nameOf(transfer.to) };
    return { how: call.endedHow === "completed" ? "completed" : "unknown", byName: "" };
  }
  switch (ring?.outcome ?? "unknown") {
    case "answeredElsewhere": {
      const taker = call.talks.findLast((one) => one.extension !== extension);
      return {
        how: "answeredElsewhere",
        byName: taker === undefined ? "" : nameOf(taker.extension),
      };
    }
    case "callerGone":
      return { how: "callerGone", byName: "" };
    case "noAnswer":
    case "busy":
    case "rejected":
    case "unavailable":
      return { how: "noAnswer", byName: "" };
    case "answered":
    case "unknown":
  }
  return { how: call.endedHow === "unanswered" ? "noAnswer" : "unknown", byName: "" };
}

/** Who handed the call to this extension, "" when it came by itself. */
function fromName(call: Call, extension: string, nameOf: NameOf): string {
  const transfer = call.transfers.findLast(
    (one) => one.to === extension && one.fromExtension !== "" && one.kind !== "pickup",
  );
  return transfer === undefined ? "" : nameOf(transfer.fromExtension);
}
