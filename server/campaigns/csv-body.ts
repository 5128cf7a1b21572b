/** Bodies of `text/csv`, whole and as bytes: what encoding they are in is for the reader to find out. */
import type { App } from "../http/app.ts";
import { ApiError } from "../http/errors.ts";
import { RecordError } from "../customers/loading.ts";
import { type Table, UploadError, readTable } from "./upload.ts";

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

/** Reads an uploaded table by `read`. @throws ApiError 422 naming the line or the column. */
export function readUpload<T>(body: Uint8Array, read: (table: Table) => T): T {
  try {
    return read(readTable(body));
  } catch (error) {
    if (error instanceof UploadError)
      throw new ApiError(422, "unreadableFile", error.message, { field: `line ${error.line}` });
    if (error instanceof RecordError)
      throw new ApiError(422, "unreadableFile", error.message, { field: error.field });
    throw error;
  }
}
