/** The built widget: `/widget/*` for every page that embeds it, the operators' page at `/` and the supervisors' at `/console`. */
import fastifyStatic from "@fastify/static";
import type { FastifyReply } from "fastify";
import { readFileSync } from "node:fs";
import { basename, join } from "node:path";
import type { App } from "./app.ts";
import { publicRoutes } from "./public-routes.ts";

const YEAR_SECONDS = 31_536_000;
/** The stand-alone pages. Who may not use one is told so by the page: its login is the same. */
const PAGES = { "/": "index.html", "/console": "console.html" } as const;

/** Serves the files of `directory`. */
export async function addWidgetFiles(app: App, directory: string): Promise<void> {
  await app.register(async (scope) => {
    publicRoutes(scope);
    await scope.register(fastifyStatic, {
      root: directory,
      prefix: "/widget/",
      index: false,
      dotfiles: "deny",
      cacheControl: false,
      schemaHide: true,
      setHeaders: (reply, path) => setFileHeaders(reply, path),
    });
    for (const [url, file] of Object.entries(PAGES)) {
      scope.get(url, { schema: { hide: true } }, (_request, reply) => {
        void reply.header("cache-control", "no-cache");
        return reply.sendFile(file);
      });
    }
  });
}

/** How long a version is taken for the present one; the files may be built anew under a running server. */
const VERSION_KEPT_MS = 2000;

/**
 * Which screens are in `directory`: a short text that changes with every build of other sources, "" when nobody wrote it there. A screen
 * knows its own (see vite.config.ts).
 */
export function screensVersion(directory: string): () => string {
  let readAtMs = -Infinity;
  let version = "";
  return () => {
    const nowMs = performance.now();
    if (nowMs - readAtMs < VERSION_KEPT_MS) return version;
    readAtMs = nowMs;
    try {
      version = readFileSync(join(directory, ".built-from"), "utf8").trim().slice(0, 16);
    } catch {
      version = "";
    }
    return version;
  };
}

/** Names with a content hash never change; all others are asked for again and answered 304 by their etag. */
function setFileHeaders(reply: FastifyReply, path: string): void {
  const isHashed = /-[A-Za-z0-9_-]{8,}\.[a-z0-9.]+$/.test(basename(path));
  void reply.header(
    "cache-control",
    isHashed ? `public, max-age=${YEAR_SECONDS}, immutable` : "no-cache",
  );
  void reply.header("cross-origin-resource-policy", "cross-origin");
}
