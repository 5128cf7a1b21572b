/** The server's log: JSON lines through pino, with every secret masked at the last moment before a line is written. */
import { type DestinationStream, type Level, type Logger, pino } from "pino";

/** How chatty the log is; `silent` for tests that do not read it. */
export type LogLevel = Level | "silent";

/** Keys whose values are never written, at any depth of any object that is logged. */
const SECRET_KEYS =
  "authorization|proxy-authorization|cookie|set-cookie|[a-z0-9_-]*password[a-z0-9_-]*|[a-z0-9_-]*secret|[a-z0-9_-]*token|sec-websocket-key";
const SECRET_PAIR = new RegExp(
  `("(?:${SECRET_KEYS})":)(?:"(?:[^"\\\\]|\\\\.)*"|\\[[^\\]]*\\]|-?\\d[\\d.eE+-]*)`,
  "gi",
);
/** Secrets that are recognisable wherever they stand: API tokens, JWTs, bearer headers, passwords inside URLs. */
const API_TOKEN = /\bcc_[A-Za-z0-9_-]{20,}/g;
const JWT = /\beyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+/g;
const BEARER = /\b(Bearer|Basic) [A-Za-z0-9._~+/=-]{8,}/g;
const URL_PASSWORD = /(:\/\/[^:/?#\s"]*:)[^@/\s"]+@/g;

/** A log line (or any text) with the values of secrets replaced by `[secret]`. */
export function maskSecrets(text: string): string {
  return text
    .replace(SECRET_PAIR, '$1"[secret]"')
    .replace(API_TOKEN, "[secret]")
    .replace(JWT, "[secret]")
    .replace(BEARER, "$1 [secret]")
    .replace(URL_PASSWORD, "$1[secret]@");
}

/** What of an error goes into the log: never its other fields, which may hold row values or request bodies. */
function errorView(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const code = (error as { code?: unknown }).code;
  return {
    type: error.name,
    message: error.message,
    ...(typeof code === "string" || typeof code === "number" ? { code } : {}),
    stack: error.stack,
    ...(error.cause === undefined ? {} : { cause: errorView(error.cause) }),
  };
}

/**
 * The one logger of a server. Parts take `log.child({ part: "..." })`; whatever belongs to a call carries its `callId`.
 * @param options.destination where lines go; default standard output.
 */
export function createLog(
  options: { readonly level?: LogLevel; readonly destination?: DestinationStream } = {},
): Logger {
  const settings = {
    level: options.level ?? "info",
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    serializers: { err: errorView, error: errorView },
    hooks: { streamWrite: maskSecrets },
  };
  return options.destination === undefined ? pino(settings) : pino(settings, options.destination);
}
