/**
 * One operator's screen as the server holds it: the state, its numbered changes, and the browsers that follow it.
 *
 * The state is the truth; the last changes are kept so that a browser that was away for a moment gets only what it missed.
 */
import type { DeskCall, DeskChange, DeskState } from "./protocol.ts";

/** How many changes are kept for browsers that come back. */
const KEPT_CHANGES = 64;

/** A change before it has its number. */
export type Change =
  | { readonly kind: "call"; readonly call: DeskCall }
  | { readonly kind: "callGone"; readonly callId: string }
  | { readonly kind: "preview"; readonly preview: DeskState["preview"] }
  | { readonly kind: "callBacks"; readonly callBacks: DeskState["callBacks"] }
  | { readonly kind: "presence"; readonly presence: DeskState["presence"] }
  | {
      readonly kind: "pbxs";
      readonly pbxs: DeskState["pbxs"];
      readonly trouble: DeskState["trouble"];
    };

/** One browser tab. It must return at once; `acknowledged` is called when the browser says it has it. */
export interface Browser {
  change(change: DeskChange, acknowledged: () => void): void;
  snapshot(state: DeskState, acknowledged: () => void): void;
}

/** The state after one change. All changes are upserts: a repeated one does no harm. */
export function applyChange(state: DeskState, change: DeskChange): DeskState {
  const { seq } = change;
  if (change.kind === "presence") return { ...state, seq, presence: change.presence };
  if (change.kind === "preview") return { ...state, seq, preview: change.preview };
  if (change.kind === "callBacks") return { ...state, seq, callBacks: change.callBacks };
  if (change.kind === "pbxs") return { ...state, seq, pbxs: change.pbxs, trouble: change.trouble };
  if (change.kind === "callGone")
    return { ...state, seq, calls: state.calls.filter((one) => one.callId !== change.callId) };
  const { call } = change;
  const known = state.calls.some((one) => one.callId === call.callId);
  const calls = known
    ? state.calls.map((one) => (one.callId === call.callId ? call : one))
    : [...state.calls, call];
  return { ...state, seq, calls };
}

/** What a browser that last saw `seq` of `epoch` must be sent: the missing changes, or null for a whole snapshot. */
export function missedChanges(
  state: Pick<DeskState, "seq" | "epoch">,
  kept: readonly DeskChange[],
  seen: { readonly epoch?: string | undefined; readonly seq?: number | undefined },
): readonly DeskChange[] | null {
  if (seen.epoch !== state.epoch || seen.seq === undefined) return null;
  if (seen.seq === state.seq) return [];
  const first = kept[0];
  if (seen.seq > state.seq || first === undefined || seen.seq < first.seq - 1) return null;
  return kept.slice(seen.seq - first.seq + 1);
}

/** One operator's state and browsers. */
export class Screen {
  #state: DeskState;
  #kept: DeskChange[] = [];
  readonly #browsers = new Set<Browser>();

  constructor(state: DeskState) {
    this.#state = state;
  }

  get state(): DeskState {
    return this.#state;
  }

  /** How many browsers follow now. */
  get browsers(): number {
    return this.#browsers.size;
  }

  /**
   * Numbers a change, sends it to every browser, then keeps it.
   * @returns to how many browsers it was sent.
   */
  publish(change: Change, acknowledged: () => void = nothing): number {
    const numbered: DeskChange = { seq: this.#state.seq + 1, ...change };
    for (const browser of this.#browsers) browser.change(numbered, acknowledged);
    this.#state = applyChange(this.#state, numbered);
    this.#kept.push(numbered);
    if (this.#kept.length > KEPT_CHANGES) this.#kept.splice(0, KEPT_CHANGES / 2);
    return this.#browsers.size;
  }

  /** Puts in what whoever looks at this screen knows already: only browsers that come later are told. */
  amend(call: DeskCall): void {
    const calls = this.#state.calls.map((one) => (one.callId === call.callId ? call : one));
    this.#state = { ...this.#state, calls };
  }

  /** Replaces parts that have no change of their own (user, dictionaries); browsers get a snapshot. */
  replace(parts: Partial<DeskState>, nowMs: number): void {
    this.#state = { ...this.#state, ...parts, seq: this.#state.seq + 1 };
    this.#kept = [];
    for (const browser of this.#browsers)
      browser.snapshot({ ...this.#state, serverTimeMs: nowMs }, nothing);
  }

  /**
   * A browser came (back): it gets what it missed and follows from now on.
   * @returns how to remove it.
   */
  attach(
    browser: Browser,
    seen: { readonly epoch?: string | undefined; readonly seq?: number | undefined },
    nowMs: number,
    acknowledged: () => void = nothing,
  ): () => void {
    const missed = missedChanges(this.#state, this.#kept, seen);
    if (missed === null) browser.snapshot({ ...this.#state, serverTimeMs: nowMs }, acknowledged);
    else for (const change of missed) browser.change(change, acknowledged);
    this.#browsers.add(browser);
    return () => this.#browsers.delete(browser);
  }
}

function nothing(): void {}
