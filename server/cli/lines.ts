/** Lines of a text file of any size in constant memory. */

/** One line, without its end. */
export type Line = {
  /** From 1, as editors count. */
  readonly number: number;
  readonly text: string;
  /** It was longer than the limit; `text` is its beginning, the rest was skipped. */
  readonly cut: boolean;
};

/** No honest record is longer; a file without line ends must not fill the memory. */
export const LONGEST_LINE = 1_000_000;

/** Splits at LF and CRLF; comes in arrays, one for each piece of the file. */
export async function* readLines(
  pieces: AsyncIterable<string>,
  longest = LONGEST_LINE,
): AsyncGenerator<readonly Line[]> {
  let number = 1;
  let rest = "";
  let cut = false;
  for await (const piece of pieces) {
    const lines: Line[] = [];
    let from = 0;
    for (let end = piece.indexOf("\n"); end !== -1; end = piece.indexOf("\n", from)) {
      take(piece.slice(from, end));
      const text = rest.endsWith("\r") ? rest.slice(0, -1) : rest;
      lines.push({ number, text, cut });
      number += 1;
      rest = "";
      cut = false;
      from = end + 1;
    }
    take(piece.slice(from));
    if (lines.length > 0) yield lines;
  }
  if (rest !== "") yield [{ number, text: rest, cut }];

  function take(text: string): void {
    if (rest.length + text.length > longest) cut = true;
    if (rest.length < longest) rest += text.slice(0, longest - rest.length);
  }
}
