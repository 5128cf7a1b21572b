/**
 * How JSON bodies are read: refused when they poison prototypes, or hold text that PostgreSQL cannot store (NUL characters,
 * halves of surrogate pairs), so that no route has to think of it.
 */
import type { App } from "./app.ts";
import { ApiError } from "./errors.ts";

/** Replaces fastify's JSON parser. */
export function addJsonBodies(app: App): void {
  const parse = app.getDefaultJsonParser("error", "error");
  app.removeContentTypeParser("application/json");
  app.addContentTypeParser<string>(
    "application/json",
    { parseAs: "string" },
    (request, text, done) => {
      void parse(request, text, (error, body) => {
        if (error === null && /\\u0000|\\ud[89a-f]/i.test(text) && holdsUnstorableText(body))
          done(
            new ApiError(400, "invalid", "body holds a NUL character or half a character", {
              field: "body",
            }),
          );
        else done(error, body);
      });
    },
  );
}

/** Looks through every key and value; without recursion, because a body may be nested as deeply as it is long. */
function holdsUnstorableText(body: unknown): boolean {
  const open: unknown[] = [body];
  while (open.length > 0) {
    const value = open.pop();
    if (typeof value === "string") {
      if (value.includes("\0") || !value.isWellFormed()) return true;
    } else if (typeof value === "object" && value !== null) {
      for (const [key, inner] of Object.entries(value)) open.push(key, inner);
    }
  }
  return false;
}
