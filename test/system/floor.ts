/** Operators at work in tests of campaigns: their screens save wrap-ups and remember when each card came, their phones are the lab's. */
import type { DeskCall } from "../../server/desk/protocol.ts";
import { type Screen, type SeatedOperator, openScreen } from "../support/operators.ts";
import type { Phone } from "../support/lab.ts";

/** When the card of an attempt's call came to a screen while its phone was not answered yet. */
export type CardSeen = {
  readonly attemptId: string;
  readonly login: string;
  readonly atMs: number;
  readonly call: DeskCall;
};

/** The screens of these operators; every campaign's call is wrapped up as `disposition` says. */
export function openScreens(
  url: string,
  operators: readonly SeatedOperator[],
  disposition: (call: DeskCall) => string,
): { readonly cards: readonly CardSeen[]; readonly screens: readonly Screen[]; close(): void } {
  const cards: CardSeen[] = [];
  const screens = operators.map((operator) => {
    const screen = openScreen(url, operator, { wrapUp: disposition });
    const seen = new Set<string>();
    const look = (call: DeskCall): void => {
      if (call.campaign === null || call.state !== "ringing" || seen.has(call.ringId)) return;
      if (call.card.outcome === "pending") return;
      seen.add(call.ringId);
      const { attemptId } = call.campaign;
      cards.push({ attemptId, login: operator.login, atMs: Date.now(), call });
    };
    screen.socket.on("snapshot", ({ calls }) => calls.forEach(look));
    screen.socket.on("change", (change) => {
      if (change.kind === "call") look(change.call);
    });
    return screen;
  });
  return {
    ...{ cards, screens },
    close() {
      for (const screen of screens) screen.close();
    },
  };
}

/** One call as sipp's own log tells it. */
export type SippCall = {
  readonly callId: string;
  /** Whom the INVITE's To and From name, digits and `+` only. */
  readonly to: string;
  readonly from: string;
  readonly atMs: number;
  /** What happened, with when it was read from sipp's log. */
  readonly saw: readonly { readonly name: string; readonly atMs: number }[];
};

/** Every INVITE of a sipp that takes calls, in the order they came. Repeats of one INVITE are one. */
export function callsOf({ events }: Pick<Phone, "events">): readonly SippCall[] {
  const calls = new Map<string, SippCall & { saw: { name: string; atMs: number }[] }>();
  for (const { callId, name, atMs, fields } of events) {
    if (name === "invited" && !calls.has(callId)) {
      const [to = "", from = ""] = fields.map((field) => /sip:([+\d]*)@/.exec(field)?.[1] ?? "");
      calls.set(callId, { callId, to, from, atMs, saw: [] });
    }
    calls.get(callId)?.saw.push({ name, atMs });
  }
  return [...calls.values()];
}
