/** Why another system could not be reached or did not take something: the server's few words, in the reader's. */
import type { ConsoleKey, ConsoleWords } from "../words.ts";

const CODES: Readonly<Record<string, ConsoleKey>> = {
  ECONNREFUSED: "un_refused",
  ENOTFOUND: "un_noAddress",
  EAI_AGAIN: "un_noAddress",
  EHOSTUNREACH: "un_noWay",
  ENETUNREACH: "un_noWay",
  ECONNRESET: "un_broken",
  EPIPE: "un_broken",
  UND_ERR_SOCKET: "un_broken",
  UND_ERR_CONNECT_TIMEOUT: "un_late",
  UND_ERR_HEADERS_TIMEOUT: "un_late",
  UND_ERR_BODY_TIMEOUT: "un_late",
  ETIMEDOUT: "un_late",
};

/** What nobody has words for is told as it came. */
export function unreachedText(said: string, words: ConsoleWords): string {
  const { t } = words;
  const text = said.replace(/; given up$/, "");
  const within = /^no answer within (\d+) s$/.exec(text);
  if (within) return t("un_within", { seconds: within[1]! });
  if (/^no answer( in time)?$/.test(text)) return t("un_late");
  const code = /^(?:no answer: )?([A-Z][A-Z_]+)$/.exec(text)?.[1] ?? "";
  const known = CODES[code];
  if (known !== undefined) return t(known);
  if (/CERT|SELF_SIGNED|UNABLE_TO_VERIFY/.test(code)) return t("un_certificate");
  const status = /^answered (\d{3})$/.exec(text)?.[1];
  if (status === undefined) return text;
  if (status === "401" || status === "403") return t("un_notBelieved", { status });
  if (status === "404" || status === "410") return t("un_nothingThere", { status });
  return t(status.startsWith("5") ? "un_failed" : "un_answered", { status });
}
