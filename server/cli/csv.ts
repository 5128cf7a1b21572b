/**
 * CSV as people really have it, record by record: a quoted cell may hold line ends, and a quote that is never closed
 * costs its own line, not the rest of the file.
 */
import { parse } from "csv-parse/sync";
import { LONGEST_LINE, type Line } from "./lines.ts";

/** Why a record cannot be read. */
export type CsvProblem = "quoteAstray" | "quoteOpen" | "lineTooLong";

/** A record of the file; `cells` is null when it cannot be read, with the reason. */
export type CsvRecord = {
  /** Where it begins. */
  readonly number: number;
  readonly raw: string;
} & (
  | { readonly cells: readonly string[]; readonly problem?: never; readonly reason?: never }
  | { readonly cells: null; readonly problem: CsvProblem; readonly reason: string }
);

/** A quoted cell over more lines than this is a quote that nobody closed. */
const MOST_LINES_OF_A_RECORD = 100;

/** Comma, semicolon or tab: whichever the header has most of, outside quotes. */
export function findDelimiter(header: string): "," | ";" | "\t" {
  const bare = header.replace(/"[^"]*"/g, "");
  const count = (delimiter: string) => bare.split(delimiter).length;
  return ([",", ";", "\t"] as const).reduce((best, one) => (count(one) > count(best) ? one : best));
}

/** Puts lines together into records. Feed lines in order, then `end()`. */
export class CsvRecords {
  readonly #delimiter: string;
  /** Lines of a record whose quote is still open. */
  #open: Line[] = [];
  #inside = false;

  constructor(delimiter: string) {
    this.#delimiter = delimiter;
  }

  /** The records that are complete with this line. */
  push(line: Line): readonly CsvRecord[] {
    // Nearly every line of nearly every file.
    if (this.#open.length === 0 && !line.cut && !line.text.includes('"')) {
      return [{ number: line.number, raw: line.text, cells: line.text.split(this.#delimiter) }];
    }
    this.#open.push(line);
    const end = endOf(line.text, this.#inside, this.#delimiter);
    this.#inside = end === "inQuotes";
    // A quoted cell over several lines that ends in the middle of a word was never meant to be one.
    if (line.cut || (end === "broken" && this.#open.length > 1) || this.#isTooLong())
      return this.#giveUp();
    return this.#inside ? [] : [this.#close()];
  }

  /** What is left when the file ends. */
  end(): readonly CsvRecord[] {
    const records: CsvRecord[] = [];
    while (this.#open.length > 0) records.push(...this.#giveUp());
    return records;
  }

  #isTooLong(): boolean {
    const length = this.#open.reduce((sum, line) => sum + line.text.length, 0);
    return this.#open.length >= MOST_LINES_OF_A_RECORD || length > LONGEST_LINE;
  }

  #close(): CsvRecord {
    const [first] = this.#open;
    const raw = this.#open.map((line) => line.text).join("\n");
    this.#open = [];
    const number = first!.number;
    try {
      const [cells, ...others] = parse(raw, {
        ...{ delimiter: this.#delimiter, relax_column_count: true, relax_quotes: true },
      });
      if (cells !== undefined && others.length === 0) return { number, raw, cells };
    } catch {
      // Told below, with the line.
    }
    const reason = "has a quote where none may be";
    return { number, raw, cells: null, problem: "quoteAstray", reason };
  }

  /** Refuses the first open line and reads the others again as if it had not been there. */
  #giveUp(): readonly CsvRecord[] {
    const [first, ...others] = this.#open;
    this.#open = [];
    this.#inside = false;
    const why = first!.cut
      ? ({ problem: "lineTooLong", reason: "is too long" } as const)
      : ({ problem: "quoteOpen", reason: "has a quote that is never closed" } as const);
    return [
      { number: first!.number, raw: first!.text, cells: null, ...why },
      ...others.flatMap((line) => this.push(line)),
    ];
  }
}

/**
 * How the line ends. A quote opens only at the beginning of a cell (`27" monitor` is just text) and closes only at its end;
 * `broken` has one that closes in the middle.
 */
function endOf(
  text: string,
  startsInQuotes: boolean,
  delimiter: string,
): "inQuotes" | "clean" | "broken" {
  let inside = startsInQuotes;
  let at = 0;
  for (;;) {
    if (!inside && text[at] === '"') {
      inside = true;
      at += 1;
    }
    if (inside) {
      const quote = text.indexOf('"', at);
      if (quote === -1) return "inQuotes";
      const after = text[quote + 1];
      at = quote + 1;
      // Two quotes are one that is meant.
      if (after === '"') at += 1;
      else if (after === undefined || after === delimiter) inside = false;
      else return "broken";
      if (inside) continue;
    }
    const next = text.indexOf(delimiter, at);
    if (next === -1) return "clean";
    at = next + 1;
  }
}

/** A row for a file that a spreadsheet will open. */
export function csvRow(cells: readonly string[], delimiter: string): string {
  return cells
    .map((cell) =>
      cell.includes('"') || cell.includes("\n") || cell.includes("\r") || cell.includes(delimiter)
        ? `"${cell.replaceAll('"', '""')}"`
        : cell,
    )
    .join(delimiter);
}
