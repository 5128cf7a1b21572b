/** What is said of a call that rings, or of somebody to call: to the eye outside the page, and to a screen reader. */
import type { DeskCall, DeskPreview } from "../../server/desk/protocol.ts";
import type { Locale } from "../shared/locale.ts";
import { announcement, callTitle, previewTitle } from "../shared/words.ts";
import type { Attention } from "./attention.ts";

/** What calls the eye; the call that rings comes before an offer. Null for nothing. */
export function attentionFor(
  calls: readonly DeskCall[],
  preview: DeskPreview | null,
  locale: Locale,
): Attention | null {
  const ringing = calls.find((call) => call.state === "ringing");
  if (ringing)
    return {
      key: ringing.ringId,
      title: `☎ ${callTitle(ringing, locale)}`,
      body: announcement(ringing, locale),
    };
  if (!preview) return null;
  return {
    key: preview.attemptId,
    title: `☎ ${previewTitle(preview, locale)}`,
    body: `${locale.t("previewTitle")}: ${preview.campaign.name}`,
  };
}

/**
 * What a screen reader says. Said again only for another call or offer: the card's later changes would interrupt the reader.
 * @param before What it said last, for the same call or offer.
 */
export function spoken(
  calls: readonly DeskCall[],
  preview: DeskPreview | null,
  locale: Locale,
  before: string,
): string {
  const ringing = calls.find((call) => call.state === "ringing");
  if (ringing)
    return !before || ringing.card.outcome !== "pending" ? announcement(ringing, locale) : before;
  if (!preview) return "";
  if (preview.card.outcome === "pending") return before;
  const what = `${previewTitle(preview, locale)}, ${preview.campaign.name}`;
  return locale.t("announcePreview", { what });
}
