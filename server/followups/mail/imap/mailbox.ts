/** A folder of a mailbox on a mail server, as long as the connection holds. What passes is never logged. */
import { ImapFlow } from "imapflow";
import type { ImapConfig } from "../../../imap-config.ts";

/** A letter as the mailbox gives it. */
export type RawLetter = {
  /** MIME; of one that is longer than {@link LONGEST_BYTES} the beginning, which has its words. */
  readonly raw: Buffer;
  /** When the mailbox got it; epoch ms. */
  readonly cameAtMs: number;
};

/** What a mailbox tells of a letter without giving it. */
export type LetterCover = {
  readonly from: string;
  readonly subject: string;
  readonly cameAtMs: number;
};

/** Which letters are asked for. */
export type Wanted = {
  /** Only those after this UID. */
  readonly lastUid: number;
  /** Up to this UID only those nobody read. */
  readonly unreadUntil: number;
  /** Only those that came on this day or later. */
  readonly since: Date | null;
};

/** An open folder. Everything throws {@link MailboxError} once the connection is lost. */
export interface Mailbox {
  /** UIDs mean the same letters as long as this stays. */
  readonly uidValidity: string;
  /** The last letter that was there at opening; 0 for none. */
  readonly lastUid: number;
  /** Whether the connection holds, as far as is known. */
  usable(): boolean;
  /** UIDs, ascending. */
  list(wanted: Wanted): Promise<readonly number[]>;
  /** Null: it is not there any more. @throws also when the server does not give it, the connection holding. */
  fetch(uid: number): Promise<RawLetter | null>;
  /** The same of what can be told without reading it. */
  cover(uid: number): Promise<LetterCover | null>;
  /** What is set to be done with a letter that was taken. */
  markTaken(uid: number): Promise<void>;
  /** Resolves when the server tells of new letters, or after `atMostMs`. */
  news(atMostMs: number): Promise<void>;
  close(): void;
}

/** Longer letters are longer by their files, which are not kept. */
export const LONGEST_BYTES = 25 * 1024 * 1024;
/** A server that says nothing for so long to what it was asked is gone. */
const SILENCE_MS = 90_000;

/** Why there is no connection, in words that may be shown to everybody. */
export class MailboxError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "MailboxError";
  }
}

/** Connects, logs in and opens the folder. @throws MailboxError. @param signal ends the attempt, and later the connection. */
export async function openMailbox(config: ImapConfig, signal: AbortSignal): Promise<Mailbox> {
  const { host, port, user, password, folder, whenTaken, ca } = config;
  const client = new ImapFlow({
    ...{ host, port, secure: config.tls === "atOnce", auth: { user, pass: password } },
    ...(config.tls === "startTls" ? { doSTARTTLS: true } : {}),
    tls: { rejectUnauthorized: true, ...(ca === undefined ? {} : { ca }) },
    ...{ logger: false as const, disableAutoIdle: true },
    ...{ connectionTimeout: 20_000, greetingTimeout: 20_000, socketTimeout: SILENCE_MS },
    maxLiteralSize: LONGEST_BYTES + 1024,
  });
  const close = () => client.close();
  let hasNews = false;
  let wake = () => {};
  client.on("exists", () => {
    hasNews = true;
    wake();
  });
  client.on("close", () => {
    signal.removeEventListener("abort", close);
    wake();
  });
  // What it is about is told by whatever was asked last; without a listener it would end the process.
  client.on("error", () => wake());
  signal.addEventListener("abort", close);
  try {
    signal.throwIfAborted();
    await client.connect();
    const box = await client.mailboxOpen(folder, { readOnly: whenTaken.do === "leave" });
    const uids = async (query: object) => {
      const found = await client.search(query, { uid: true });
      if (!Array.isArray(found)) throw new MailboxError("the server refuses to search");
      return found;
    };
    const told: Mailbox = {
      uidValidity: String(box.uidValidity),
      lastUid: box.uidNext - 1,
      usable: () => client.usable,
      async list({ lastUid, unreadUntil, since }) {
        hasNews = false;
        const old =
          lastUid < unreadUntil
            ? await uids({ uid: `${lastUid + 1}:${unreadUntil}`, seen: false })
            : [];
        const from = Math.max(lastUid, unreadUntil) + 1;
        const fresh = await uids({ uid: `${from}:*`, ...(since === null ? {} : { since }) });
        // `n:*` is never empty: the last letter is within it, however low its number.
        return [...old, ...fresh.filter((uid) => uid >= from)].toSorted((a, b) => a - b);
      },
      async fetch(uid) {
        const source = { start: 0, maxLength: LONGEST_BYTES };
        const found = await client.fetchOne(
          String(uid),
          { uid: true, internalDate: true, source },
          { uid: true },
        );
        if (found === false) {
          if ((await uids({ uid: String(uid) })).includes(uid))
            throw new MailboxError("the server does not give the letter");
          return null;
        }
        if (found.source === undefined) throw new MailboxError("the server gives an empty letter");
        return { raw: found.source, cameAtMs: timeOf(found.internalDate) };
      },
      async cover(uid) {
        const found = await client.fetchOne(
          String(uid),
          { uid: true, internalDate: true, envelope: true },
          { uid: true },
        );
        if (found === false) return null;
        const { from, subject = "" } = found.envelope ?? {};
        const address = from?.[0]?.address ?? "";
        return { from: address.toLowerCase(), subject, cameAtMs: timeOf(found.internalDate) };
      },
      async markTaken(uid) {
        const which = String(uid);
        const byUid = { uid: true };
        if (whenTaken.do === "leave") return;
        if (whenTaken.do === "seen") await client.messageFlagsAdd(which, ["\\Seen"], byUid);
        else if (whenTaken.do === "delete") await client.messageDelete(which, byUid);
        else if ((await client.messageMove(which, whenTaken.folder, byUid)) === false) {
          await client.mailboxCreate(whenTaken.folder);
          if ((await client.messageMove(which, whenTaken.folder, byUid)) === false)
            throw new MailboxError(`the server does not move letters to ${whenTaken.folder}`);
        }
      },
      async news(atMostMs) {
        if (hasNews || !client.usable) return;
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, atMostMs);
          wake = () => {
            clearTimeout(timer);
            resolve();
          };
          // The next question ends it. A server without IDLE is asked after `atMostMs`.
          client.idle().catch(() => undefined);
        });
        wake = () => {};
      },
      close,
    };
    return {
      ...told,
      list: (wanted) => inWords(told.list(wanted)),
      fetch: (uid) => inWords(told.fetch(uid)),
      cover: (uid) => inWords(told.cover(uid)),
      markTaken: (uid) => inWords(told.markTaken(uid)),
    };
  } catch (error) {
    client.close();
    throw new MailboxError(whyNot(error), { cause: error });
  }
}

async function inWords<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    throw new MailboxError(whyNot(error), { cause: error });
  }
}

/** Nothing of what was sent, which the error may hold. */
function whyNot(error: unknown): string {
  if (error instanceof MailboxError) return error.message;
  const { authenticationFailed, mailboxMissing, code } = error as {
    authenticationFailed?: boolean;
    mailboxMissing?: boolean;
    code?: unknown;
  };
  if (authenticationFailed === true) return "the login is refused";
  if (mailboxMissing === true) return "there is no such folder";
  if (typeof code !== "string") return "no connection";
  return /CERT|SELF_SIGNED|UNABLE_TO_(GET|VERIFY)/.test(code)
    ? `nobody trusted vouches for the server (${code})`
    : `no connection (${code})`;
}

function timeOf(date: Date | string | undefined): number {
  const atMs = new Date(date ?? Number.NaN).getTime();
  return Number.isNaN(atMs) ? Date.now() : atMs;
}
