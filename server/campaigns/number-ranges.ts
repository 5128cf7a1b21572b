/**
 * In which region a Russian number was given out, by the tables that the regulator publishes (plan of numbering, one CSV for each first digit).
 * A subscriber who moves to another operator keeps the region, so this tells more of a mobile number than its digits do; who moves
 * to another region is not seen.
 *
 * A table begins with a head, by which its columns are found: `АВС/ DEF; От; До; ...; Регион; ...`; others are left alone.
 */
import { readFile } from "node:fs/promises";
import { parse } from "csv-parse/sync";

/** Ranges by rising national numbers (ten digits), which do not overlap. */
export type NumberRanges = {
  readonly firsts: Float64Array;
  readonly lasts: Float64Array;
  /** Index into `names`. */
  readonly regions: Uint16Array;
  readonly names: readonly string[];
};

/** A line that could not be taken. */
export type RefusedLine = {
  readonly file: string;
  readonly line: number;
  readonly reason: string;
};

/** What was read; of the refused lines only the first hundred are kept. */
export type ReadRanges = {
  readonly ranges: NumberRanges;
  readonly refused: readonly RefusedLine[];
};

const MOST_TOLD = 100;

type Row = {
  readonly file: string;
  readonly line: number;
  readonly first: number;
  readonly last: number;
  readonly region: string;
};

/**
 * Reads the regulator's files, in UTF-8 or windows-1251.
 * @throws Error that names the file which cannot be read or has no head.
 */
export async function loadNumberRanges(paths: readonly string[]): Promise<ReadRanges> {
  const files: { file: string; csv: string }[] = [];
  for (const file of paths) {
    const bytes = await readFile(file).catch((cause: unknown) => {
      throw failed(file, cause);
    });
    files.push({ file, csv: textOf(bytes) });
  }
  return readNumberRanges(files);
}

/** Reads tables. @throws Error that names the file without a head. */
export function readNumberRanges(
  files: readonly { readonly file: string; readonly csv: string }[],
): ReadRanges {
  const rows: Row[] = [];
  const refused: RefusedLine[] = [];
  for (const { file, csv } of files) readRows(file, csv, rows, refused);
  return { ranges: rangesOf(rows, refused), refused: refused.slice(0, MOST_TOLD) };
}

function failed(file: string, cause: unknown): Error {
  return new Error(`${file}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
}

/** The region of a number as the regulator spells it, "" when no range has it. @param e164 `+79130000001`. */
export function regionOfNumber(ranges: NumberRanges, e164: string): string {
  const national = /^\+7(\d{10})$/.exec(e164)?.[1];
  if (national === undefined) return "";
  const number = Number(national);
  const { firsts, lasts, regions, names } = ranges;
  let low = 0;
  let high = firsts.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (firsts[middle]! <= number) low = middle + 1;
    else high = middle;
  }
  const at = low - 1;
  return at >= 0 && number <= lasts[at]! ? (names[regions[at]!] ?? "") : "";
}

/** Text of a file in UTF-8, else in windows-1251, as the regulator wrote it for long. */
export function textOf(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return new TextDecoder("windows-1251").decode(bytes);
  }
}

const HEADS = {
  code: /^(?:[аa][вb][сc]|def)/i,
  first: /^от$/i,
  last: /^до$/i,
  region: /^регион/i,
} as const;

function readRows(file: string, csv: string, rows: Row[], refused: RefusedLine[]): void {
  const records: unknown = parse(csv, {
    ...{ bom: true, delimiter: ";", info: true, trim: true, skip_empty_lines: true },
    ...{ relax_quotes: true, relax_column_count: true },
  });
  // With `info` each record comes with its place, which the parser's types do not say.
  const [head, ...body] = records as { record: string[]; info: { lines: number } }[];
  const columns = Object.values(HEADS).map(
    (name) => head?.record.findIndex((cell) => name.test(cell)) ?? -1,
  );
  if (columns.includes(-1))
    throw failed(
      file,
      "the first line must hold АВС/ DEF; От; До; Регион, with semicolons between",
    );
  for (const { record, info } of body) {
    const { lines: line } = info;
    const [code = "", first = "", last = "", region = ""] = columns.map((at) => record[at]);
    const reason = refusalOf(code, first, last, region);
    if (reason !== "") refused.push({ file, line, reason });
    else rows.push({ file, line, region, first: Number(code + first), last: Number(code + last) });
  }
}

function refusalOf(code: string, first: string, last: string, region: string): string {
  if (!/^\d{3}$/.test(code)) return `"${code.slice(0, 20)}" is no code of three digits`;
  for (const number of [first, last])
    if (!/^\d{7}$/.test(number)) return `"${number.slice(0, 20)}" is no number of seven digits`;
  if (first > last) return `${first} is after ${last}`;
  return region === "" ? "the region is empty" : "";
}

/** A range that begins within another is refused: nobody knows which of them is right. */
function rangesOf(rows: readonly Row[], refused: RefusedLine[]): NumberRanges {
  const kept: Row[] = [];
  for (const row of rows.toSorted((a, b) => a.first - b.first)) {
    const before = kept.at(-1);
    if (before === undefined || row.first > before.last) kept.push(row);
    else {
      const reason = `begins within the range of line ${before.line} of ${before.file}`;
      refused.push({ file: row.file, line: row.line, reason });
    }
  }
  const names = [...new Set(kept.map(({ region }) => region))];
  const indexes = new Map(names.map((name, at) => [name, at]));
  return {
    firsts: Float64Array.from(kept, ({ first }) => first),
    lasts: Float64Array.from(kept, ({ last }) => last),
    regions: Uint16Array.from(kept, ({ region }) => indexes.get(region)!),
    names,
  };
}
