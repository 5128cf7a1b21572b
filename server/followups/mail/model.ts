/** A letter as it is taken, wherever it came from. */
export type Letter = {
  /** Message-ID without its brackets; "" when it has none. */
  readonly messageId: string;
  /** Address in small letters; "" when nobody signed. */
  readonly from: string;
  readonly fromName: string;
  /** Addresses in small letters. */
  readonly to: readonly string[];
  readonly subject: string;
  /** Plain text, without what it answers to where that could be told. */
  readonly text: string;
  /** Message-IDs it answers to. */
  readonly answersTo: readonly string[];
  /** Links to files that came with it; the files themselves are not kept. */
  readonly files: readonly string[];
  /** Names of files that came in it. */
  readonly fileNames: readonly string[];
  /** Epoch ms. */
  readonly atMs: number;
  /** A machine wrote it: an out-of-office note, a report of non-delivery, a newsletter. */
  readonly isAutomatic: boolean;
};

/** What becomes of letters. */
export type MailSettings = {
  /** Letters to these addresses are complaints. */
  readonly complaintAddresses: readonly string[];
  /** Letters with one of these in subject or text are complaints; any case. */
  readonly complaintWords: readonly string[];
  /** The shop's own addresses: what comes from them is no customer's. */
  readonly ownAddresses: readonly string[];
};

export const NO_RULES: MailSettings = {
  ...{ complaintAddresses: [], complaintWords: [], ownAddresses: [] },
};

/** What became of a letter. */
export type Taken = {
  readonly messageId: string;
  readonly outcome: "known" | "kept" | "claim" | "waits";
  readonly claimNumber: string;
};

/** A letter that cannot be read; the message names the field. */
export class LetterError extends Error {
  readonly field: string;
  constructor(field: string, reason: string, options?: ErrorOptions) {
    super(reason, options);
    this.name = "LetterError";
    this.field = field;
  }
}
