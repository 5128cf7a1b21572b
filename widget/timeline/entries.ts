/** What one entry of a timeline says. Pure. */
import type { TimelineEntry } from "../../server/customers/timeline-model.ts";
import { CLAIM_STATUSES, type ClaimStatus } from "../../server/followups/model.ts";
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
  return [t(`entry_${kind}`), title].filter(Boolean).join(": ");
}

/** How it ended and who had to do with it. */
export function entryDetails(entry: TimelineEntry, locale: Locale): string {
  return [codeWords(entry, locale), entry.byName].filter(Boolean).join(", ");
}

function codeWords({ kind, code }: TimelineEntry, locale: Locale): string {
  if (code === "" || kind === "rating") return "";
  if (kind === "order") return locale.word("stage_", code);
  if (kind === "claim" && isStatus(code)) return locale.t(`claimStatus_${code}`);
  if (kind === "offer" && isReason(code)) return locale.t(`no_${code}`);
  return locale.word("code_", code);
}

function isStatus(code: string): code is ClaimStatus {
  return (CLAIM_STATUSES as readonly string[]).includes(code);
}

function isReason(code: string): code is RefusalReason {
  return (REFUSAL_REASONS as readonly string[]).includes(code);
}
