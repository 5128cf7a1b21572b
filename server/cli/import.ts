/** `callcard import`: a file of any size into the database, in batches; what cannot be taken is written beside it. */
import { basename, extname } from "node:path";
import { parseArgs } from "node:util";
import type { CountryCode } from "libphonenumber-js/max";
import { importCustomers } from "../customers/import.ts";
import type { LoadResult } from "../customers/loading.ts";
import { importOrders, importProducts } from "../orders/import.ts";
import { recordAudit } from "../people/audit.ts";
import type { Storage } from "../storage/database.ts";
import { type RecordType, UsageError } from "./columns.ts";
import { readLines } from "./lines.ts";
import { type Progress, showProgress } from "./progress.ts";
import { type FileRecord, type RecordReader, csvReader, ndjsonReader } from "./records.ts";
import { Rejects } from "./rejects.ts";
import { ENCODINGS, type Encoding, type TextFile, openTextFile } from "./text-file.ts";

/** What the person asked for. */
export type ImportOrder = {
  readonly path: string;
  readonly type: RecordType;
  readonly source: string;
  readonly format: "csv" | "ndjson";
  readonly encoding: Encoding | undefined;
  readonly columns: ReadonlyMap<string, string>;
};

/** How it went. */
export type ImportSummary = {
  readonly records: number;
  readonly added: number;
  readonly changed: number;
  readonly unchanged: number;
  readonly refused: number;
  /** Where the refused lines are, "" when there are none. */
  readonly rejects: string;
  /** Columns that were not used. */
  readonly ignored: readonly string[];
  readonly seconds: number;
};

const TYPES: readonly RecordType[] = ["customers", "orders", "products"];
const BATCH_RECORDS = 10_000;
const MOST_SOURCE_CHARACTERS = 64;

const importers = {
  customers: importCustomers,
  orders: importOrders,
  products: importProducts,
} as const;

/** Reads the words after `callcard import`. @throws UsageError saying what is wrong. */
export function readImportArguments(args: readonly string[]): ImportOrder {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      type: { type: "string" },
      source: { type: "string", default: "file" },
      encoding: { type: "string" },
      map: { type: "string", multiple: true, default: [] },
    },
  });
  const [path, ...others] = positionals;
  if (path === undefined || others.length > 0)
    throw new UsageError("name one file: callcard import customers.csv");
  const extension = extname(path).toLowerCase();
  const format = {
    ".csv": "csv",
    ".tsv": "csv",
    ".txt": "csv",
    ".ndjson": "ndjson",
    ".jsonl": "ndjson",
  } as const;
  if (!(extension in format))
    throw new UsageError(`${path}: the name must end in .csv, .tsv, .txt, .ndjson or .jsonl`);
  const guessed = TYPES.find((type) => basename(path).toLowerCase().startsWith(type));
  const type = values.type === undefined ? guessed : TYPES.find((one) => one === values.type);
  if (type === undefined)
    throw new UsageError(`say what the file holds: --type ${TYPES.join("|")}`);
  const encoding = ENCODINGS.find((one) => one === values.encoding?.toLowerCase());
  if (values.encoding !== undefined && encoding === undefined)
    throw new UsageError(`--encoding ${values.encoding}: must be one of ${ENCODINGS.join(", ")}`);
  const source = values.source.trim();
  if (source === "" || source.length > MOST_SOURCE_CHARACTERS)
    throw new UsageError(`--source must have 1 to ${MOST_SOURCE_CHARACTERS} characters`);
  return {
    ...{ path, type, source, encoding, format: format[extension as keyof typeof format] },
    columns: columnsOf(values.map),
  };
}

function columnsOf(maps: readonly string[]): ReadonlyMap<string, string> {
  const columns = new Map<string, string>();
  for (const map of maps) {
    const at = map.lastIndexOf("=");
    if (at < 1 || at === map.length - 1) throw new UsageError(`--map ${map}: must be COLUMN=field`);
    columns.set(map.slice(0, at).trim(), map.slice(at + 1).trim());
  }
  return columns;
}

/**
 * Imports the file in constant memory. The next batch is read while the last one is written.
 * @throws UsageError before anything was written; ImportStopped when the database fails half-way.
 */
export async function importFile(
  storage: Pick<Storage, "pool" | "db">,
  order: ImportOrder,
  options: {
    readonly defaultRegion: CountryCode;
    /** Where progress is shown. */
    readonly output: NodeJS.WriteStream;
    /** Stops after the batch that is being written. */
    readonly signal?: AbortSignal;
  },
): Promise<ImportSummary> {
  const startedAtMs = performance.now();
  const file = await openTextFile(order.path, order.encoding);
  const reader = order.format === "csv" ? csvReader(order.type, order.columns) : ndjsonReader();
  const run = new ImportRun(storage, order, options.defaultRegion, reader, file);
  const progress = showProgress(file.bytes, options.output);
  try {
    await run.all(progress, options.signal);
  } finally {
    progress.stop();
    await run.close();
  }
  const summary = { ...run.summary(), seconds: (performance.now() - startedAtMs) / 1000 };
  const { records, added, changed, refused } = summary;
  await recordAudit(storage.db, {
    actor: "command line",
    action: `${order.type}.imported`,
    detail: {
      ...{ file: basename(order.path), source: order.source },
      ...{ records, added, changed, refused },
    },
  });
  return summary;
}

/** The database failed; what was loaded before the line is loaded. */
export class ImportStopped extends Error {
  constructor(line: number, cause: unknown) {
    const why = cause instanceof Error ? cause.message || cause.name : String(cause);
    super(
      `stopped: ${why}. Everything before line ${line} is loaded; the same command again goes on from there without harm`,
      { cause },
    );
    this.name = "ImportStopped";
  }
}

class ImportRun {
  readonly #storage: Pick<Storage, "pool">;
  readonly #order: ImportOrder;
  readonly #region: CountryCode;
  readonly #reader: RecordReader;
  readonly #file: TextFile;
  #rejects: Rejects | undefined;
  #batch: FileRecord[] = [];
  #writing: Promise<void> = Promise.resolve();
  #counts = { records: 0, added: 0, changed: 0, unchanged: 0, refused: 0 };

  constructor(
    storage: Pick<Storage, "pool">,
    order: ImportOrder,
    region: CountryCode,
    reader: RecordReader,
    file: TextFile,
  ) {
    this.#storage = storage;
    this.#order = order;
    this.#region = region;
    this.#reader = reader;
    this.#file = file;
  }

  async all(progress: Progress, signal: AbortSignal | undefined): Promise<void> {
    for await (const lines of readLines(this.#file.pieces())) {
      if (signal?.aborted) {
        await this.#writing;
        throw new ImportStopped(this.#batch[0]?.line ?? lines[0]?.number ?? 1, signal.reason);
      }
      for (const line of lines) await this.#take(this.#reader.push(line), progress);
    }
    await this.#take(this.#reader.end(), progress);
    await this.#flush(progress);
    await this.#writing;
  }

  async close(): Promise<void> {
    // A failure of the last batch was thrown already, or hides behind the one that is being thrown.
    await this.#writing.catch(() => undefined);
    await this.#rejects?.close();
  }

  summary(): Omit<ImportSummary, "seconds"> {
    return {
      ...this.#counts,
      rejects: this.#counts.refused > 0 ? (this.#rejects?.path ?? "") : "",
      ignored: this.#reader.ignored(),
    };
  }

  async #take(records: readonly FileRecord[], progress: Progress): Promise<void> {
    for (const record of records) {
      this.#batch.push(record);
      if (this.#batch.length >= BATCH_RECORDS) await this.#flush(progress);
    }
  }

  /** Hands the batch over once the one before it is written. */
  async #flush(progress: Progress): Promise<void> {
    const batch = this.#batch;
    this.#batch = [];
    await this.#writing;
    this.#writing = this.#write(batch).then(() =>
      progress.update({ ...this.#counts, bytes: this.#file.position() }),
    );
    // Its failure is thrown by the next wait, not as an unhandled one.
    this.#writing.catch(() => undefined);
  }

  async #write(batch: readonly FileRecord[]): Promise<void> {
    this.#rejects ??= await Rejects.beside(this.#order.path, this.#reader.rejectsHead());
    const readable = batch.filter((record) => record.refused === undefined);
    let result: LoadResult;
    try {
      result = await importers[this.#order.type](
        this.#storage,
        readable.map((record) => record.value),
        { defaultRegion: this.#region, source: this.#order.source },
      );
    } catch (error) {
      throw new ImportStopped(batch[0]?.line ?? 1, error);
    }
    const refusals = new Map<FileRecord, { readonly field: string; readonly reason: string }>();
    for (const record of batch)
      if (record.refused !== undefined) refusals.set(record, record.refused);
    for (const { index, field, reason } of result.refused)
      refusals.set(readable[index]!, { field, reason });
    for (const record of refusals.size === 0 ? [] : batch) {
      const refusal = refusals.get(record);
      if (refusal)
        await this.#rejects.write(this.#reader.rejectsLine(record, refusal.field, refusal.reason));
    }
    this.#counts = {
      records: this.#counts.records + batch.length,
      added: this.#counts.added + result.added,
      changed: this.#counts.changed + result.changed,
      unchanged: this.#counts.unchanged + result.unchanged,
      refused: this.#counts.refused + refusals.size,
    };
  }
}
