/**
 * What plain order (first come, first served) would have done in one queue, told from what really happened: the fold behind the promise
 * that nobody waits much longer than plain order would have let them.
 *
 * Plain order answers at the same moments as we do, only other people: at every answering it takes the earliest joined of those whom it
 * has not answered yet. Whoever hangs up before plain order came to them is out of it too. So for everybody who waits it is known how many
 * answerings plain order still needs to reach them, or since when they would already be talking.
 *
 * Advanced in place and pure, like the call model's state: no clock, no chance. Every deed takes constant time on average, but
 * {@link noteAnswered} also visits those who were passed.
 */

/** One stay in the queue. */
type Stay = {
  readonly key: string;
  readonly joinedAtMs: number;
  /** `answered` ones remain in plain order's line until it reaches them. */
  state: "waiting" | "answered" | "left";
  /** When plain order answered them; null while it has not. */
  owedSinceMs: number | null;
  passedBy: number;
};

/** One queue under plain order beside the same queue as it really is. Keys are the callers', each used by one who waits. */
export type PlainOrder = {
  /** Really waiting, by joining. */
  readonly waiting: Map<string, Stay>;
  /** Plain order's own line, from `head` on; who left is skipped when reached. */
  line: Stay[];
  head: number;
  lastAnsweringMs: number | null;
  /** Since when somebody waits without an end; null while nobody does. */
  busySinceMs: number | null;
};

/** How somebody's waiting ended compared with plain order. */
export type Answering = {
  /** How much later than under plain order, 0 for not later. */
  readonly extraMs: number;
  /** How many who joined later were answered before them. */
  readonly passedBy: number;
  /** Since the answering before, or since somebody waited, whichever was later: one sample of the gap between answerings. */
  readonly gapMs: number;
};

/** An empty queue. */
export function createPlainOrder(): PlainOrder {
  return { waiting: new Map(), line: [], head: 0, lastAnsweringMs: null, busySinceMs: null };
}

/**
 * Somebody joined. Who stands in line only since `inLineSinceMs` (they waited for one operator alone before) has their place by `joinedAtMs`
 * among those whom plain order has not answered yet; all others come in the order of their joining.
 */
export function noteJoined(
  plain: PlainOrder,
  key: string,
  joinedAtMs: number,
  inLineSinceMs: number = joinedAtMs,
): void {
  if (plain.waiting.has(key)) return;
  if (plain.waiting.size === 0) {
    // Nobody waits, so plain order's line would have run empty too: whoever it still had to answer was answered by idle operators.
    plain.line = [];
    plain.head = 0;
    plain.busySinceMs = inLineSinceMs;
  }
  const stay: Stay = { key, joinedAtMs, state: "waiting", owedSinceMs: null, passedBy: 0 };
  if (joinedAtMs < inLineSinceMs) {
    putAmong(plain, stay);
    return;
  }
  plain.waiting.set(key, stay);
  plain.line.push(stay);
}

function putAmong(plain: PlainOrder, stay: Stay): void {
  const { joinedAtMs, key } = stay;
  const at = plain.line.findLastIndex((one) => one.joinedAtMs <= joinedAtMs) + 1;
  plain.line.splice(Math.max(plain.head, at), 0, stay);
  const behind = [...plain.waiting].filter(([, one]) => one.joinedAtMs > joinedAtMs);
  plain.waiting.set(key, stay);
  // A Map tells in the order of setting.
  for (const [other, one] of behind) {
    plain.waiting.delete(other);
    plain.waiting.set(other, one);
  }
}

/** Somebody was answered; plain order answers whom it has first at the same moment. Null for who was not noted. */
export function noteAnswered(plain: PlainOrder, key: string, atMs: number): Answering | null {
  const stay = plain.waiting.get(key);
  if (!stay) return null;
  plain.waiting.delete(key);
  stay.state = "answered";
  for (const earlier of plain.waiting.values()) {
    if (earlier.joinedAtMs >= stay.joinedAtMs) break;
    earlier.passedBy += 1;
  }
  const gapFromMs = Math.max(plain.lastAnsweringMs ?? -Infinity, plain.busySinceMs ?? atMs);
  plain.lastAnsweringMs = Math.max(plain.lastAnsweringMs ?? atMs, atMs);
  const first = nextInLine(plain);
  if (first) {
    first.owedSinceMs = atMs;
    plain.head += 1;
    if (plain.head > 64 && plain.head * 2 > plain.line.length) {
      plain.line = plain.line.slice(plain.head);
      plain.head = 0;
    }
  }
  if (plain.waiting.size === 0) plain.busySinceMs = null;
  return {
    extraMs: stay.owedSinceMs === null ? 0 : Math.max(0, atMs - stay.owedSinceMs),
    passedBy: stay.passedBy,
    gapMs: Math.max(0, atMs - gapFromMs),
  };
}

/** Somebody left without an answer (hung up, timeout, withdrawn). */
export function noteLeft(plain: PlainOrder, key: string): void {
  const stay = plain.waiting.get(key);
  if (!stay) return;
  plain.waiting.delete(key);
  stay.state = "left";
  if (plain.waiting.size === 0) plain.busySinceMs = null;
}

/** Since when plain order would have answered somebody who waits; null while it would not, or for who was not noted. */
export function owedSinceMs(plain: PlainOrder, key: string): number | null {
  return plain.waiting.get(key)?.owedSinceMs ?? null;
}

/** How many who joined later were answered before somebody who still waits. */
export function passedBy(plain: PlainOrder, key: string): number {
  return plain.waiting.get(key)?.passedBy ?? 0;
}

/**
 * Where everybody may stand at the latest so that the promise of at most `mostExtraMs` beyond plain order is kept, when one answering
 * follows another within `gapMs`: by joining, the first `count` who wait. The places never fall from one to the next.
 *
 * The p-th answering from now comes no later than `last answering + p x gap`, and no later than p - v gaps after the v-th. So somebody whom
 * plain order answers at the v-th from now may be the `v + floor(mostExtra / gap)`-th, and somebody owed since s the
 * `floor((s + mostExtra - last) / gap)`-th. When the last answering is longer ago than the gap, the next is expected at any moment.
 */
export function latestPlaces(
  plain: PlainOrder,
  mostExtraMs: number,
  gapMs: number,
  nowMs: number,
  count = Infinity,
): readonly { readonly key: string; readonly place: number }[] {
  const gap = Math.max(1, gapMs);
  const spare = Math.floor(mostExtraMs / gap);
  const fromMs = Math.max(plain.lastAnsweringMs ?? nowMs, nowMs - gap);
  const places: { key: string; place: number }[] = [];
  let at = plain.head;
  let ahead = 0;
  for (const stay of plain.waiting.values()) {
    if (places.length >= count) break;
    let place = Math.floor(((stay.owedSinceMs ?? 0) + mostExtraMs - fromMs) / gap);
    if (stay.owedSinceMs === null) {
      for (; plain.line[at] !== stay; at += 1) {
        if (plain.line[at]!.state !== "left") ahead += 1;
      }
      place = ahead + 1 + spare;
    }
    places.push({ key: stay.key, place });
  }
  return places;
}

function nextInLine(plain: PlainOrder): Stay | undefined {
  while (plain.line[plain.head]?.state === "left") plain.head += 1;
  return plain.line[plain.head];
}
