/**
 * Letters of a mailbox, taken as they come: told of by the server (IDLE), looked for every minute whatever it tells. One process reads
 * at a time. A letter is taken, then marked in the mailbox, then counted as done, each of which bears being done again: whatever dies when,
 * every letter is taken once.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { isDatabaseDown } from "../../../http/errors.ts";
import type { PartState } from "../../../http/health.ts";
import type { Metrics } from "../../../http/metrics.ts";
import type { ImapConfig } from "../../../imap-config.ts";
import { openLease } from "../../../storage/lease.ts";
import { readMime } from "../mime.ts";
import { readRules } from "../settings.ts";
import { type TakeParts, takeLetter } from "../take.ts";
import { type Mailbox, MailboxError, openMailbox } from "./mailbox.ts";
import { beginLetter, endLetter, openProgress } from "./progress.ts";
import { keepUnreadable } from "./unreadable.ts";

/** What is logged; pino fits. */
export interface LettersLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

export type LettersOptions = TakeParts & {
  readonly mailbox: ImapConfig;
  readonly databaseUrl: string;
  readonly log: LettersLog;
  /** How often letters are looked for though the server tells of none; default 1 minute. */
  readonly everyMs?: number;
  /** The first wait before connecting again, which doubles each time up to 5 minutes; default 1 s. */
  readonly waitMs?: number;
};

/** Letters being taken. */
export interface Letters {
  /** For `/readyz`: a mailbox that is away keeps nobody from working, so this is always `ok`. */
  state(): PartState;
  /** Shows the numbers. */
  expose(metrics: Pick<Metrics, "exposeCounters" | "exposeGauges">): void;
  close(): Promise<void>;
}

const LONGEST_WAIT_MS = 300_000;
/** A letter that ended the connection or the process so often is not begun again. */
const MOST_TRIES = 5;

/** Begins at once; nobody has to wait for the mail server. */
export function openLetters(options: LettersOptions): Letters {
  const { db, mailbox: config, databaseUrl, log, everyMs = 60_000, waitMs = 1000 } = options;
  const { host, port, user, folder } = config;
  const name = `${user}@${host}:${port}/${folder}`;
  const counts = { claim: 0, kept: 0, waits: 0, known: 0, unreadable: 0 };
  let unmarked = 0;
  let lost = 0;
  let state: "elsewhere" | "connecting" | "connected" | "away" = "elsewhere";
  let why = "";
  let turn: { readonly end: AbortController; readonly done: Promise<void> } | null = null;

  const lease = openLease({ databaseUrl, name: "letters" });
  const stopListening = lease.onChange((held) => {
    if (!held) {
      turn?.end.abort();
      state = "elsewhere";
      return;
    }
    const end = new AbortController();
    const before = turn?.done;
    turn = { end, done: (before ?? Promise.resolve()).then(() => read(end.signal)) };
  });

  async function read(signal: AbortSignal): Promise<void> {
    for (let failures = 0; !signal.aborted; failures += 1) {
      if (state !== "away") state = "connecting";
      try {
        const box = await openMailbox(config, signal);
        try {
          await takeAll(box, signal, () => {
            failures = 0;
            if (state !== "connected") log.info({ folder }, "letters are taken");
            state = "connected";
          });
        } finally {
          box.close();
        }
      } catch (error) {
        if (signal.aborted) return;
        lost += 1;
        const isTheirs = error instanceof MailboxError;
        const now = isTheirs ? error.message : "PostgreSQL does not keep them";
        if (state !== "away" || now !== why)
          log.warn({ why: now, err: isTheirs ? undefined : error }, "letters are not taken");
        state = "away";
        why = now;
      }
      const longest = Math.min(LONGEST_WAIT_MS, waitMs * 2 ** Math.min(failures, 20));
      await sleep(longest * (0.75 + 0.25 * Math.random()), undefined, { signal }).catch(() => {});
    }
  }

  /** Goes on until the connection is lost or the signal ends it. */
  async function takeAll(box: Mailbox, signal: AbortSignal, well: () => void): Promise<void> {
    let wanted = await openProgress(db, name, box.uidValidity, box.lastUid);
    while (!signal.aborted) {
      for (const uid of await box.list(wanted)) {
        await takeOne(box, uid);
        if (signal.aborted) return;
        wanted = { ...wanted, lastUid: uid };
      }
      well();
      await box.news(everyMs);
    }
  }

  async function takeOne(box: Mailbox, uid: number): Promise<void> {
    const tries = await beginLetter(db, name, uid);
    const problem =
      tries > MOST_TRIES ? "the mail server does not give it" : await takeIn(box, uid);
    if (problem === null) await mark(box, uid);
    else {
      const cover = await box.cover(uid).catch(() => null);
      const place = { mailbox: name, folder, uidValidity: box.uidValidity, uid };
      await keepUnreadable(db, place, cover, problem);
      counts.unreadable += 1;
      log.warn({ uid, why: problem }, "a letter cannot be read");
    }
    await endLetter(db, name, uid);
  }

  /** @returns what is wrong with the letter. @throws when it is not the letter. */
  async function takeIn(box: Mailbox, uid: number): Promise<string | null> {
    const found = await box.fetch(uid);
    if (found === null) return null;
    try {
      const letter = await readMime(found.raw, found.cameAtMs);
      const { outcome } = await takeLetter(options, letter, await readRules(db));
      counts[outcome] += 1;
      return null;
    } catch (error) {
      if (isPassing(error)) throw error;
      return error instanceof Error ? error.message.slice(0, 200) : "it cannot be read";
    }
  }

  /** A mailbox that cannot be changed keeps no letter from being taken. */
  async function mark(box: Mailbox, uid: number): Promise<void> {
    try {
      await box.markTaken(uid);
    } catch (error) {
      if (!box.usable()) throw error;
      unmarked += 1;
      log.warn(
        { uid, why: (error as MailboxError).message },
        "a letter that was taken is not marked",
      );
    }
  }

  return {
    state: () => ({ ok: true, detail: WORDS[state](why) }),
    expose(metrics) {
      metrics.exposeCounters("callcard_mail_", () => ({
        ...{ taken: { ...counts }, unmarked, connectionsLost: lost },
      }));
      // Of one that reads elsewhere nothing is known here.
      metrics.exposeGauges("callcard_mail_", () => ({
        connected: state === "elsewhere" ? null : state === "connected" ? 1 : 0,
      }));
    },
    async close() {
      stopListening();
      turn?.end.abort();
      await turn?.done;
      await lease.close();
    },
  };
}

const WORDS = {
  elsewhere: () => "another process reads the mailbox",
  connecting: () => "connecting",
  connected: () => "letters are taken",
  away: (why: string) => `letters wait in the mailbox: ${why}`,
} as const;

/** What another try may mend: PostgreSQL is away, or two were in each other's way. */
function isPassing(error: unknown): boolean {
  const { code } = error as { code?: unknown };
  return isDatabaseDown(error) || (typeof code === "string" && /^(40|53|55|57)/.test(code));
}
