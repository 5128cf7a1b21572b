/** One pop: the stages of one phone's ringing on the way to a painted card, and why it was missed. Pure. */

/** Why nobody saw the right card in time; "" when they did. `tabHidden` was delivered, but in a tab nobody looked at. */
export type Missed =
  | ""
  | "noOperator"
  | "notConnected"
  | "identificationFailed"
  | "cardLate"
  | "browserGone"
  | "notPainted"
  | "tabHidden";

/** Every reason, for metrics that must show zeros. */
export const missedReasons = [
  "noOperator",
  "notConnected",
  "identificationFailed",
  "cardLate",
  "browserGone",
  "notPainted",
  "tabHidden",
] as const satisfies readonly Missed[];

/** The stages, each in epoch ms of the server's clock; null = did not happen (yet). */
export type Pop = {
  readonly ringId: string;
  readonly callId: string;
  readonly pbx: string;
  readonly extension: string;
  readonly userId: string | null;
  readonly queue: string;
  readonly toldBy: string;
  readonly joinedAtMs: number | null;
  readonly identifiedAtMs: number | null;
  readonly identifyMs: number | null;
  /** Outcome of the identification, "" while it runs. */
  readonly outcome: string;
  readonly composedAtMs: number | null;
  readonly rangAtMs: number;
  readonly ringEndedAtMs: number | null;
  /** First sent to a browser, with whatever was known. */
  readonly sentAtMs: number | null;
  /** A browser acknowledged it. */
  readonly receivedAtMs: number | null;
  /** The composed card was on a screen. */
  readonly paintedAtMs: number | null;
  /** False when every tab that painted it was hidden. */
  readonly visible: boolean;
};

/** How long a browser may take to acknowledge or paint before the pop counts as missed. */
export const BROWSER_DEADLINE_MS = 5000;

/**
 * Why this pop did not work, as far as it can be said at `nowMs`. Reasons are looked for in the order of the way a card
 * takes, so that the first broken link is named.
 */
export function missedOf(pop: Pop, nowMs: number): Missed {
  if (pop.userId === null) return "noOperator";
  if (pop.sentAtMs === null) return "notConnected";
  const due = (sinceMs: number) => nowMs - sinceMs >= BROWSER_DEADLINE_MS;
  if (pop.receivedAtMs === null) return due(pop.sentAtMs) ? "browserGone" : "";
  // A card that came after the ringing is late, whatever then stood on it.
  const composedMs = pop.composedAtMs ?? Infinity;
  if (pop.ringEndedAtMs !== null && composedMs > pop.ringEndedAtMs) return "cardLate";
  if (pop.outcome === "failed") return "identificationFailed";
  if (pop.composedAtMs === null) return "";
  if (pop.paintedAtMs === null)
    return due(Math.max(pop.receivedAtMs, pop.composedAtMs)) ? "notPainted" : "";
  return pop.visible ? "" : "tabHidden";
}

/** True when nothing more is expected of this pop. */
export function isSettled(pop: Pop, nowMs: number): boolean {
  if (pop.ringEndedAtMs === null) return false;
  if (pop.paintedAtMs !== null && pop.visible) return true;
  const last = Math.max(pop.ringEndedAtMs, pop.sentAtMs ?? 0, pop.receivedAtMs ?? 0);
  return nowMs - last >= BROWSER_DEADLINE_MS;
}

/**
 * When the browser painted: its own duration on top of the server's receipt, because two clocks cannot be compared.
 * Never before it was sent, and never in the server's future.
 */
export function paintedAt(
  pop: Pick<Pop, "sentAtMs">,
  receivedAtMs: number,
  receivedToPaintedMs: number,
  nowMs: number,
): number {
  return Math.max(pop.sentAtMs ?? 0, Math.min(nowMs, receivedAtMs + receivedToPaintedMs));
}

/** Durations between stages in ms, clipped at 0 (a card may be composed before the caller joined the queue). */
export function stageDurations(pop: Pop) {
  const between = (fromMs: number | null, toMs: number | null) =>
    fromMs === null || toMs === null ? null : Math.max(0, toMs - fromMs);
  return {
    joinedToIdentifiedMs: between(pop.joinedAtMs, pop.identifiedAtMs),
    identifiedToComposedMs: between(pop.identifiedAtMs, pop.composedAtMs),
    rangToSentMs: between(pop.rangAtMs, pop.sentAtMs),
    sentToReceivedMs: between(pop.sentAtMs, pop.receivedAtMs),
    receivedToPaintedMs: between(pop.receivedAtMs, pop.paintedAtMs),
    rangToPaintedMs: between(pop.rangAtMs, pop.paintedAtMs),
  };
}
