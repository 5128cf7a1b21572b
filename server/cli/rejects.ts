/** The file of refused lines: made at the first one, beside the file that is imported. */
import { type WriteStream, createWriteStream } from "node:fs";
import { rm } from "node:fs/promises";
import { once } from "node:events";
import { extname } from "node:path";
import { finished } from "node:stream/promises";

/** `customers.csv` -> `customers.rejected.csv`. */
export function rejectsPath(path: string): string {
  const extension = extname(path);
  return `${path.slice(0, path.length - extension.length)}.rejected${extension}`;
}

/** Lines that were refused. */
export class Rejects {
  readonly path: string;
  readonly #head: string;
  #stream: WriteStream | undefined;
  #failure: Error | undefined;

  constructor(path: string, head: string) {
    this.path = path;
    this.#head = head;
  }

  /** @param head first line of the file, "" for none. One that an earlier run left is removed. */
  static async beside(path: string, head: string): Promise<Rejects> {
    const rejects = new Rejects(rejectsPath(path), head);
    await rm(rejects.path, { force: true });
    return rejects;
  }

  /** @throws the file system's error, when the file cannot be written. */
  async write(line: string): Promise<void> {
    if (this.#failure) throw this.#failure;
    if (this.#stream === undefined) {
      this.#stream = createWriteStream(this.path);
      this.#stream.on("error", (error) => (this.#failure = error));
      if (this.#head !== "") this.#stream.write(`${this.#head}\n`);
    }
    if (!this.#stream.write(`${line}\n`)) await once(this.#stream, "drain");
  }

  /** Everything written is in the file. */
  async close(): Promise<void> {
    if (this.#stream === undefined) return;
    this.#stream.end();
    await finished(this.#stream);
  }
}
