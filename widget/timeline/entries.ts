/** What one entry of a timeline says. Pure. */
import type { TimelineEntry } from "../../server/customers/timeline-model.ts";
import {
  CLAIM_STATUSES,
  type CallBackEntry,
  type ClaimStatus,
} from "../../server/followups/model.ts";
import { REFUSAL_REASONS, type RefusalReason } from "../../server/offers/model.ts";
import type { Locale } from "../shared/locale.ts";

/** `Заказ № 104512`, `Входящий звонок`. */
export function entryTitle(entry: TimelineEntry, locale: Locale): string {
  const { kind, title, direction, code } = entry;
  const { t } = locale;
  if (kind === "call" && direction)
    return t(direction === "out" ? "entry_callOut" : "entry_callIn");
  if (kind === "rating") return t("entry_rating", { title: title || code });
  if (kind === "order" || kind === "claim" || kind === "offer")
    return t(`entry_${kind}`, { title });
  // Where a call back came from is a code, what a letter is about is not.
  const about = kind === "callBack" && isOrigin(title) ? t(`origin_${title}`) : title;
  return [t(`entry_${kind}`), about].filter(Boolean).join(": ");
}

/** Note, letter, goods; of a refused offer why; of an order's step the shop's own word when it is another than ours. */
export function entryText({ kind, text, code }: TimelineEntry, locale: Locale): string {
  if (kind === "order" && text === locale.word("stage_", code)) return "";
  return kind === "offer" && isReason(text) ? locale.t(`no_${text}`) : text;
}

/**
 * How it ended and who had to do with it.
 * @param disposition words of what was chosen after a call.
 */
export function entryDetails(
  entry: TimelineEntry,
  locale: Locale,
  disposition: (code: string) => string,
): string {
  const chosen = entry.kind === "call" && entry.title ? disposition(entry.title) : "";
  return [codeWords(entry, locale), chosen, entry.byName].filter(Boolean).join(", ");
}

/** The id of the order that an entry is about, "" for none: a change of it stands behind a slash. */
export function orderOf({ kind, id }: Pick<TimelineEntry, "kind" | "id">): string {
  return kind === "order" ? id.replace(/\/.*$/, "") : "";
}

function codeWords({ kind, code }: TimelineEntry, locale: Locale): string {
  if (code === "" || kind === "rating") return "";
  if (kind === "order") return locale.word("stage_", code);
  if (kind === "claim" && isStatus(code)) return locale.t(`claimStatus_${code}`);
  return locale.word("code_", code);
}

function isStatus(code: string): code is ClaimStatus {
  return (CLAIM_STATUSES as readonly string[]).includes(code);
}

const ORIGINS: readonly CallBackEntry["origin"][] = ["promised", "missed", "lost", "asked"];

function isOrigin(code: string): code is CallBackEntry["origin"] {
  return (ORIGINS as readonly string[]).includes(code);
}

function isReason(code: string): code is RefusalReason {
  return (REFUSAL_REASONS as readonly string[]).includes(code);
}
