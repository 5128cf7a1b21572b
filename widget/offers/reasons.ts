/** Why something is offered, in a sentence an operator can say aloud. */
import type { OfferReason } from "../../server/offers/model.ts";
import type { Locale } from "../shared/locale.ts";

const DAY_MS = 86_400_000;

/** One reason in words; its numbers in the forms the language asks for. */
export function reasonWords(reason: OfferReason, locale: Locale, nowMs: number): string {
  const ago = (days: number): string =>
    locale.ago(new Date(nowMs - days * DAY_MS).toISOString(), nowMs);
  switch (reason.code) {
    case "boughtTogether":
      return locale.count("because_boughtTogether", reason.together, {
        of: reason.of,
        product: reason.product,
      });
    case "boughtBefore":
      return locale.count("because_boughtBefore", reason.times, { ago: ago(reason.lastDaysAgo) });
    case "needs":
      return locale.count("because_needs", reason.quantity, { product: reason.product });
    case "runsOut":
      return locale.count(
        reason.by === "own" ? "because_runsOutOwn" : "because_runsOutCategory",
        Math.max(1, Math.round(reason.everyDays)),
        { ago: ago(reason.lastDaysAgo) },
      );
    case "rule":
  }
  return locale.t("because_rule", { rule: reason.rule });
}
