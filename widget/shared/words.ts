/** Sentences about a call that several parts say the same way. */
import type { Card, DeskCall, DeskPreview, PastCall } from "../../server/desk/protocol.ts";
import type { DeskContext } from "./context.ts";
import type { Locale } from "./locale.ts";

/** Who the call is with, in one line: a name, else the number, else what is known of it. */
export function callTitle(call: DeskCall, locale: Locale): string {
  return cardTitle(call.card, locale);
}

function cardTitle(card: Card, locale: Locale): string {
  if (card.customer) return card.customer.name || locale.t("customerNoName");
  if (card.outcome === "withheld") return locale.t("numberWithheld");
  if (card.outcome === "internal") return card.rawName || card.rawNumber;
  return card.phone?.display || card.rawNumber || card.rawName || locale.t("numberUnknown");
}

/** Whom a campaign asks to call, in one line. */
export function previewTitle(preview: DeskPreview, locale: Locale): string {
  return cardTitle(preview.card, locale);
}

/** What a screen reader says when a call rings: `Звонок: Мария Кузнецова, золото, очередь Продажи`. */
export function announcement(call: DeskCall, locale: Locale): string {
  const { customer } = call.card;
  const parts = [
    callTitle(call, locale),
    customer?.vip ? "VIP" : "",
    customer?.tier ? locale.word("tier_", customer.tier).toLocaleLowerCase(locale.lang) : "",
    call.campaign?.name ?? (call.queue ? locale.t("announceQueue", { queue: call.queue }) : ""),
  ];
  return locale.t(call.campaign ? "announceCampaign" : "announceCall", {
    what: parts.filter(Boolean).join(", "),
  });
}

/** Why a call left this screen, in words; "" while it has not. */
export function leftWords(call: DeskCall, locale: Locale): string {
  if (!call.left) return "";
  const { how, byName } = call.left;
  if (how === "answeredElsewhere")
    return byName ? locale.t("left_answeredBy", { name: byName }) : locale.t("left_answered");
  if (how === "transferred")
    return byName ? locale.t("left_transferredTo", { name: byName }) : locale.t("left_transferred");
  return locale.t(`left_${how}`);
}

/** `Входящий, 4 мин 10 с`, or that nobody answered. */
export function pastCallWords(call: PastCall, locale: Locale): string {
  const direction = locale.t(`direction_${call.direction}`);
  return call.answered
    ? locale.t("pastCall", { direction, duration: locale.duration(call.talkMs) })
    : locale.t(call.direction === "outbound" ? "pastCallNoAnswer" : "pastCallMissed", {
        direction,
      });
}

/** How an earlier call ended; the code itself when nobody has words for it. */
export function dispositionWords(
  call: Pick<PastCall, "disposition" | "dispositionLabels">,
  { dispositions, locale }: DeskContext,
): string {
  const { disposition: code, dispositionLabels } = call;
  const known = dispositions.find((one) => one.code === code)?.labels ?? dispositionLabels;
  return known?.[locale.lang] || code;
}
