/** Asks for something that must not be seen: hidden on a terminal, the first line of a pipe elsewhere. Never an argument. */
import { createInterface } from "node:readline/promises";
import { Writable } from "node:stream";

/** @returns what was typed, without its line end; "" when the input has ended. */
export async function askSecret(
  question: string,
  input: NodeJS.ReadStream = process.stdin,
  output: NodeJS.WriteStream = process.stderr,
): Promise<string> {
  if (input.isTTY) output.write(question);
  // Nothing that is typed is echoed.
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input, output: silent, terminal: input.isTTY });
  try {
    const answer = await new Promise<string>((resolve) => {
      lines.once("line", resolve);
      lines.once("close", () => resolve(""));
    });
    if (input.isTTY) output.write("\n");
    return answer;
  } finally {
    lines.close();
  }
}
