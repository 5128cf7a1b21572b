/** PostgreSQL's COPY for batches of rows: one text, one round trip, whatever the values hold. */
import { finished } from "node:stream/promises";
import type pg from "pg";
import { from as copyFrom, to as copyTo } from "pg-copy-streams";

/** A value of a COPY row; null is SQL's null. */
export type CopyValue = string | number | boolean | null;

const SPECIAL = /[\\\t\n\r]/;
const SPECIAL_ALL = /[\\\t\n\r]/g;
const ESCAPES: Readonly<Record<string, string>> = {
  "\\": "\\\\",
  "\t": "\\t",
  "\n": "\\n",
  "\r": "\\r",
};

/** One line of COPY's text format, with its newline. */
export function copyLine(values: readonly CopyValue[]): string {
  let line = "";
  for (let at = 0; at < values.length; at++) {
    const value = values[at] ?? null;
    if (at > 0) line += "\t";
    if (value === null) line += "\\N";
    else if (typeof value !== "string") line += String(value);
    else if (SPECIAL.test(value))
      line += value.replace(SPECIAL_ALL, (character) => ESCAPES[character]!);
    else line += value;
  }
  return `${line}\n`;
}

/** PostgreSQL's `text[]` as one value of a row. */
export function textArray(values: readonly string[]): string {
  return `{${values.map((value) => `"${value.replace(/["\\]/g, "\\$&")}"`).join(",")}}`;
}

/** Sends lines made by {@link copyLine}. @param target table and columns, `customers (name, city)`; never from outside. */
export async function copyInto(
  client: pg.ClientBase,
  target: string,
  lines: string,
): Promise<void> {
  const stream = client.query(copyFrom(`copy ${target} from stdin`));
  stream.end(lines);
  await finished(stream);
}

const UNESCAPES: Readonly<Record<string, string>> = {
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
};

/** One line of COPY's text format, without its newline, as values; null is SQL's null. */
function readCopyLine(line: string, isEscaped: boolean): (string | null)[] {
  const values: (string | null)[] = line.split("\t");
  for (let at = 0; at < values.length; at++) {
    const value = values[at]!;
    if (value === "\\N") values[at] = null;
    else if (isEscaped && value.includes("\\"))
      values[at] = value.replace(/\\(.)/gs, (_, letter: string) => UNESCAPES[letter] ?? letter);
  }
  return values;
}

/**
 * Rows of a query by COPY, in batches as they come: for many rows a fraction of the work of a query's. Who stops reading early must not
 * use the client again.
 * @param query whole, since COPY takes no parameters; never from outside.
 */
export async function* copyOut(
  client: pg.ClientBase,
  query: string,
): AsyncGenerator<readonly (readonly (string | null)[])[]> {
  const stream = client.query(copyTo(`copy (${query}) to stdout`));
  stream.setEncoding("utf8");
  let rest = "";
  for await (const chunk of stream as AsyncIterable<string>) {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop()!;
    // Hardly any text is: asked once for many lines, not of each value.
    const isEscaped = lines.some((line) => /\\[^N]/.test(line));
    if (lines.length > 0) yield lines.map((line) => readCopyLine(line, isEscaped));
  }
}
