/** Which call the card shows, decided from the calls before and after and what the operator chose. */
import type { DeskCall } from "../../server/desk/protocol.ts";

/** True while the call takes part in what the operator does now. */
export function isLive(call: DeskCall): boolean {
  return (
    call.state === "ringing" ||
    call.state === "dialling" ||
    call.state === "talking" ||
    call.state === "onHold"
  );
}

/** The calls that have a place on the line: live ones, those not written up, and those that just left without a talk. */
export function callsOnLine(calls: readonly DeskCall[]): readonly DeskCall[] {
  const live = calls.some(isLive);
  return calls
    .filter((call) => isLive(call) || call.needsWrapUp || (call.answeredAtMs === null && !live))
    .toSorted((a, b) => a.startedAtMs - b.startedAtMs || (a.callId < b.callId ? -1 : 1));
}

const URGENCY: readonly DeskCall["state"][] = [
  "ringing",
  "talking",
  "dialling",
  "onHold",
  "ended",
  "elsewhere",
];

/**
 * The call to show next. A call that starts to ring or to talk is shown at once; otherwise the chosen one stays as long as it
 * has a place; then the most urgent one, null for none.
 *
 * @param busy The operator is typing where the card would push the field away: a new ring must not move the screen.
 */
export function selectCall(
  before: readonly DeskCall[],
  after: readonly DeskCall[],
  chosen: string | null,
  busy: boolean,
): string | null {
  const line = callsOnLine(after);
  const stateBefore = new Map(before.map((call) => [call.callId, call.state]));
  const started = (state: DeskCall["state"]): DeskCall | undefined =>
    line.find((call) => call.state === state && stateBefore.get(call.callId) !== state);

  const stays = line.some((call) => call.callId === chosen);
  if (busy && stays) return chosen;
  const answered = line.find(
    (call) => call.state === "talking" && stateBefore.get(call.callId) === "ringing",
  );
  const begun = answered ?? started("ringing") ?? started("dialling");
  if (begun) return begun.callId;
  if (stays) return chosen;
  return (
    line.toSorted((a, b) => URGENCY.indexOf(a.state) - URGENCY.indexOf(b.state))[0]?.callId ?? null
  );
}
