/** A file's text, piece by piece, with its encoding made sure of before anything is imported. */
import { createReadStream } from "node:fs";
import { open } from "node:fs/promises";
import { UsageError } from "./columns.ts";

/** Encodings tables come in. */
export const ENCODINGS = ["utf-8", "windows-1251", "utf-16le"] as const;
export type Encoding = (typeof ENCODINGS)[number];

/** An open file. */
export type TextFile = {
  readonly bytes: number;
  readonly encoding: Encoding;
  /** Bytes read so far. */
  position(): number;
  pieces(): AsyncIterable<string>;
};

const SAMPLE_BYTES = 1 << 16;

/**
 * Opens it. A byte order mark tells the encoding whatever was asked for.
 * @throws UsageError when it cannot be read, or is plainly not in the encoding.
 */
export async function openTextFile(path: string, asked: Encoding | undefined): Promise<TextFile> {
  const { sample, bytes } = await readSample(path);
  const encoding = encodingOf(sample, asked);
  const text = new TextDecoder(encoding).decode(sample);
  // One is a bad line; every second one is UTF-16 without a mark, or no text at all.
  if (text.split("\0").length > text.length / 10 + 2)
    throw new UsageError(`${path} is not a text file in ${encoding}`);
  if (encoding === "utf-8" && !isUtf8(sample)) {
    throw new UsageError(
      `${path} is not in UTF-8; if it comes from an older Windows program, add --encoding windows-1251`,
    );
  }
  const stream = createReadStream(path, { highWaterMark: 1 << 18 });
  return {
    bytes,
    encoding,
    position: () => stream.bytesRead,
    async *pieces() {
      const decoder = new TextDecoder(encoding);
      for await (const chunk of stream) yield decoder.decode(chunk as Buffer, { stream: true });
      yield decoder.decode();
    },
  };
}

async function readSample(path: string): Promise<{ sample: Buffer; bytes: number }> {
  try {
    const file = await open(path);
    try {
      const { size } = await file.stat();
      const { buffer, bytesRead } = await file.read(Buffer.alloc(SAMPLE_BYTES), 0, SAMPLE_BYTES, 0);
      return { sample: buffer.subarray(0, bytesRead), bytes: size };
    } finally {
      await file.close();
    }
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new UsageError(code === "ENOENT" ? `there is no file ${path}` : message);
  }
}

function encodingOf(sample: Buffer, asked: Encoding | undefined): Encoding {
  if (sample[0] === 0xef && sample[1] === 0xbb && sample[2] === 0xbf) return "utf-8";
  if (sample[0] === 0xff && sample[1] === 0xfe) return "utf-16le";
  return asked ?? "utf-8";
}

function isUtf8(sample: Buffer): boolean {
  try {
    // `stream` lets the sample end within a character.
    new TextDecoder("utf-8", { fatal: true }).decode(sample, { stream: true });
    return true;
  } catch {
    return false;
  }
}
