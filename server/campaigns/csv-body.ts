/** Bodies of `text/csv`, whole and as bytes: what encoding they are in is for the reader to find out. */
import type { App } from "../http/app.ts";
import { ApiError } from "../http/errors.ts";
import type { Problem } from "../priority/rest.ts";
import { type Table, readTable } from "./upload.ts";
import { UploadError } from "./upload-problems.ts";

/** The largest file. */
export const UPLOAD_LIMIT_BYTES = 32 * 1024 * 1024;

/** Lets routes of this app take CSV. */
export function takeCsv(app: App): void {
  if (app.hasContentTypeParser("text/csv")) return;
  app.addContentTypeParser(
    "text/csv",
    { parseAs: "buffer", bodyLimit: UPLOAD_LIMIT_BYTES },
    (_request, body, done) => done(null, body),
  );
}

/** Reads an uploaded table by `read`. @throws UnreadableFile */
export function readUpload<T>(body: Uint8Array, read: (table: Table) => T): T {
  try {
    return read(readTable(body));
  } catch (error) {
    throw error instanceof UploadError ? new UnreadableFile(error) : error;
  }
}

/** 422, naming the line or the column. */
class UnreadableFile extends ApiError {
  readonly problem: Problem;
  constructor(error: UploadError) {
    const { code, field, message, values } = error;
    super(422, "unreadableFile", message, { field, cause: error });
    this.problem = { path: "", code, message, values };
  }
}

type Reply = { code(status: 422): { send(body: object): unknown } };

/** Answers a file that cannot be read at all with the reason as a problem, whose code a screen has words for. */
export async function refusingFile<T>(reply: Reply, deed: () => Promise<T>): Promise<T> {
  try {
    return await deed();
  } catch (error) {
    if (!(error instanceof UnreadableFile)) throw error;
    const { code, field, message, problem } = error;
    const body = { error: { code, message, field }, problems: [problem], warnings: [] };
    return reply.code(422).send(body) as T;
  }
}
