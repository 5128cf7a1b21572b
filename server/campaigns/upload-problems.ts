/**
 * What can be wrong with people who are sent in (by a file, or as JSON): codes that a screen translates, with the values its sentences need,
 * and the English sentence that REST gives.
 */
import { RecordError } from "../customers/loading.ts";
import type { CsvProblem } from "../cli/csv.ts";

type Nothing = Readonly<Record<string, never>>;

/** Values of each code of a row that was refused; the others of its file are kept. */
export type RowProblemValues = Readonly<Record<CsvProblem, Nothing>> & {
  /** Of JSON: neither an object nor a table's row. */
  readonly notAnObject: Nothing;
  readonly unknownField: Nothing;
  readonly missing: Nothing;
  readonly badPhone: Nothing;
  readonly badZone: Nothing;
  readonly badMoment: Nothing;
  readonly notText: Nothing;
  readonly tooLong: { readonly most: number };
  readonly nulCharacter: Nothing;
  readonly notTexts: Nothing;
  readonly tooManyFields: { readonly most: number };
  readonly noSuchCustomer: { readonly id: string; readonly source: string };
};
export type RowProblemCode = keyof RowProblemValues;

const ROW_SENTENCES: {
  readonly [Code in RowProblemCode]: string | ((values: RowProblemValues[Code]) => string);
} = {
  quoteAstray: "has a quote where none may be",
  quoteOpen: "has a quote that is never closed",
  lineTooLong: "is too long",
  notAnObject: "must be an object",
  unknownField: "is not a known field",
  missing: "is missing",
  badPhone: "is not a possible phone number",
  badZone: "must be an IANA zone such as Asia/Omsk",
  badMoment: "must be a date and time such as 2026-11-23T10:00:00Z",
  notText: "must be text",
  tooLong: ({ most }) => `is longer than ${most} characters`,
  nulCharacter: "holds a NUL character",
  notTexts: "must be an object of texts",
  tooManyFields: ({ most }) => `has more than ${most} fields`,
  noSuchCustomer: ({ id, source }) => `no customer "${id}" of source "${source}"`,
};

/** Every code of a row. */
export const ROW_PROBLEMS = Object.keys(ROW_SENTENCES) as readonly RowProblemCode[];

/** A row that was refused, as `UploadBody` has it. */
export type RefusedRow = {
  /** Of the file, its heads being line 1; of JSON, the place in the body from 1. */
  readonly line: number;
  readonly field: string;
  /** Stable; made for programs. */
  readonly code: RowProblemCode;
  readonly values: Readonly<Record<string, string | number>>;
  /** For a person, in English. */
  readonly reason: string;
};

/** A row cannot be taken. */
export class RowError extends RecordError {
  readonly code: RowProblemCode;
  readonly values: RefusedRow["values"];
  constructor(field: string, code: RowProblemCode, values: RefusedRow["values"]) {
    const sentence = ROW_SENTENCES[code] as string | ((values: RefusedRow["values"]) => string);
    super(field, typeof sentence === "string" ? sentence : sentence(values));
    this.name = "RowError";
    this.code = code;
    this.values = values;
  }

  /** As the answer names it. */
  at(line: number): RefusedRow {
    const { code, field, values, message: reason } = this;
    return { line, field, code, values, reason };
  }
}

/** The error of a field, with the values that its code needs. */
export function rowError<Code extends RowProblemCode>(
  field: string,
  code: Code,
  ...[values]: RowProblemValues[Code] extends Nothing ? [] : [RowProblemValues[Code]]
): RowError {
  return new RowError(field, code, values ?? {});
}

/** Values of each code of a file that cannot be read at all. */
export type FileProblemValues = {
  readonly fileNotUtf8: Line;
  readonly fileUtf16: Line;
  readonly fileNul: Line;
  readonly fileNoHeads: Line;
  readonly fileBadHeads: Line;
  readonly fileTooLong: Line & { readonly most: number };
  /** `heads`: those that there are, quoted. */
  readonly fileNoPhones: { readonly heads: string };
};
type Line = { readonly line: number };
export type FileProblemCode = keyof FileProblemValues;

const FILE_SENTENCES: {
  readonly [Code in FileProblemCode]: (values: FileProblemValues[Code]) => string;
} = {
  fileNotUtf8: ({ line }) => `Line ${line} is not UTF-8: save the file as CSV in UTF-8`,
  fileUtf16: ({ line }) => `Line ${line} is UTF-16: save the file as CSV in UTF-8`,
  fileNul: ({ line }) => `Line ${line} holds a NUL character`,
  fileNoHeads: ({ line }) => `Line ${line} must name the columns`,
  fileBadHeads: ({ line }) => `Line ${line} cannot be read as names of columns`,
  fileTooLong: ({ line, most }) => `Line ${line} is one too many: a list has ${most} lines at most`,
  fileNoPhones: ({ heads }) => `no column is called phone; there are: ${heads}`,
};

/** Every code of a file. */
export const FILE_PROBLEMS = Object.keys(FILE_SENTENCES) as readonly FileProblemCode[];

/** A file that cannot be read at all. */
export class UploadError extends Error {
  readonly code: FileProblemCode;
  readonly values: FileProblemValues[FileProblemCode];
  constructor(code: FileProblemCode, values: FileProblemValues[FileProblemCode], message: string) {
    super(message);
    this.name = "UploadError";
    this.code = code;
    this.values = values;
  }

  /** Where it is wrong: a line, or the column of phones. */
  get field(): string {
    return "line" in this.values ? `line ${this.values.line}` : "phone";
  }
}

/** The error of a file, with the values that its code needs. */
export function uploadError<Code extends FileProblemCode>(
  code: Code,
  values: FileProblemValues[Code],
): UploadError {
  return new UploadError(code, values, FILE_SENTENCES[code](values));
}

/** Names of columns for a sentence. */
export function quotedHeads(heads: readonly string[]): string {
  return heads
    .slice(0, 20)
    .map((head) => `"${head.slice(0, 40)}"`)
    .join(", ");
}
