/**
 * What the dialplan is told of a caller before the queue, in one line:
 *
 *     ok|priority=44|tier=gold|name=Мария Кузнецова|language=ru|skip=1|preferred=101|penalty=3|seconds=12|free=1|end
 *
 * `|` parts the fields: in a dialplan of today it means nothing (commas part arguments, `;` begins a comment, `&`, `:`, `$`, quotes and
 * brackets all have a meaning somewhere), and CUT() and SHIFT() take it as it is. `ok` tells an answer from a proxy's error
 * page; `end` tells a whole one from one that was cut off, which CURL() hands over all the same.
 */
import type { Guard, Standing, Verdict } from "./model.ts";

/** Where a preferred operator is, on the PBX that asks. */
export type PreferredSeat = {
  readonly extension: string;
  /** Of their device in the queue of preferred operators; theirs alone. At least 1. */
  readonly penalty: number;
  /** Their phone can ring now. */
  readonly free: boolean;
};

/** Everything a dialplan is told. */
export type CallerAnswer = {
  /** For QUEUE_PRIO; see {@link priorityOf}. */
  readonly priority: number;
  readonly tier: string;
  readonly name: string;
  readonly language: string;
  readonly skipQuestions: boolean;
  readonly preferred: (PreferredSeat & { readonly waitSeconds: number }) | null;
};

/** Of a caller nothing is known of, and whenever Callcard cannot tell in time. */
export const ORDINARY: CallerAnswer = {
  priority: 0,
  tier: "",
  name: "",
  language: "",
  skipQuestions: false,
  preferred: null,
};

/** A waiting of this length is what a rate is worth in a fixed number. */
const USUAL_WAIT_SECONDS = 30;
const MOST_PRIORITY = 99_999;
const LONGEST_TEXT = 60;
/** Beyond this nothing is looked at: what a record holds must not cost a call its time. */
const LONGEST_READ = 300;
const LONGEST_WAIT_SECONDS = 60;

/**
 * A verdict as one fixed number for QUEUE_PRIO: by how many seconds this caller's claim is ahead of an ordinary one's after both have waited
 * 30 s, `head start + (rate - 1) x 30`. 0 for ordinary callers, below 0 for who shall wait longer; of two, the higher
 * claim is the higher number.
 *
 * Asterisk's own order is strict: any higher number joins before any lower one, however long that one has waited. Where callers
 * can be moved the steward puts that right at once; where they cannot (Asterisk 16, 19), this number is the order.
 */
export function priorityOf(verdict: Pick<Verdict, "rate" | "headStartMs">): number {
  const seconds = verdict.headStartMs / 1000 + (verdict.rate - 1) * USUAL_WAIT_SECONDS;
  const bounded = Math.min(MOST_PRIORITY, Math.max(-MOST_PRIORITY, Math.round(seconds)));
  return Number.isNaN(bounded) || bounded === 0 ? 0 : bounded;
}

/**
 * The priority with which nobody is passed whom the guard protects, for an Asterisk where nobody can be moved any more after joining: not above
 * that of anybody who has waited as long as nobody may be passed.
 */
export function guardedPriority(
  priority: number,
  guard: Pick<Guard, "neverPassedAfterSeconds">,
  waiting: readonly { readonly waitedMs: number; readonly priority: number }[],
): number {
  const afterSeconds = guard.neverPassedAfterSeconds;
  if (afterSeconds === null) return priority;
  return waiting
    .filter(({ waitedMs }) => waitedMs >= afterSeconds * 1000)
    .reduce((lowest, one) => Math.min(lowest, one.priority), priority);
}

/** The answer for a caller of whom a verdict was made. `seat` is the preferred operator's, null when they cannot be rung. */
export function answerOf(
  verdict: Verdict,
  standing: Standing | null,
  seat: PreferredSeat | null,
): CallerAnswer {
  const waitSeconds = Math.min(
    LONGEST_WAIT_SECONDS,
    Math.round(verdict.preferred?.waitSeconds ?? 0),
  );
  return {
    priority: priorityOf(verdict),
    tier: standing?.tier ?? "",
    name: standing?.name ?? "",
    language: standing?.language ?? "",
    skipQuestions: verdict.skipQuestions,
    preferred: seat !== null && waitSeconds >= 1 ? { ...seat, waitSeconds } : null,
  };
}

/** The line, with its end of line. Whatever the values hold, it stays one line of the same fields. */
export function lineOf(answer: CallerAnswer): string {
  const { preferred } = answer;
  const fields = {
    priority: answer.priority,
    tier: plain(answer.tier),
    name: plain(answer.name),
    language: languageOf(answer.language),
    skip: answer.skipQuestions ? 1 : 0,
    preferred: plain(preferred?.extension ?? ""),
    penalty: preferred?.penalty ?? 0,
    seconds: preferred?.waitSeconds ?? 0,
    free: preferred?.free === true ? 1 : 0,
  };
  const pairs = Object.entries(fields).map(([key, value]) => `${key}=${value}`);
  return `${["ok", ...pairs, "end"].join("|")}\n`;
}

/**
 * Text that means nothing to a dialplan: letters and marks of any script, digits, spaces, `.`, `-` and `_`. Apostrophes become the letter that
 * looks like one (Мар'яна), everything else a space.
 */
function plain(text: string): string {
  const letters = text
    .slice(0, LONGEST_READ)
    .normalize("NFC")
    .replaceAll(/['’`´]/g, "\u02bc")
    .replaceAll(/[^\p{L}\p{M}0-9 ._\u02bc-]+/gu, " ")
    .replaceAll(/ +/g, " ");
  return Array.from(letters.trim()).slice(0, LONGEST_TEXT).join("").trim();
}

/** As Asterisk names languages: `ru`, `uk`, `pt_BR`; "" for anything else. */
function languageOf(text: string): string {
  const [, language, , country] = /^([a-z]{2,3})([-_]([a-z]{2}))?$/i.exec(text) ?? [];
  if (language === undefined) return "";
  return language.toLowerCase() + (country === undefined ? "" : `_${country.toUpperCase()}`);
}
