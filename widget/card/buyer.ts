import { html, type TemplateResult } from "lit";
import type { Card } from "../../server/desk/protocol.ts";
import type { DeskContext } from "../shared/context.ts";

/** True for somebody whose first order is the one that is talked about. */
export function isFirstBuyer(card: Card): boolean {
  return card.totals !== null && card.totals.count <= 1 && card.orders.length <= 1;
}

/** How they came and what they like; of a first-time buyer where they live. The places are there before the answers are. */
export function background(
  card: Card,
  { locale }: DeskContext,
  fact: (term: string, value: unknown) => TemplateResult,
): TemplateResult {
  const { t } = locale;
  const known = card.work?.background;
  const said = (words: string): TemplateResult =>
    words ? html`<bdi title=${words}>${words}</bdi>` : html`<span class="muted">—</span>`;
  const cameBy = fact(t("factCameBy"), said(known?.cameBy ?? ""));
  if (!isFirstBuyer(card))
    return html`${fact(t("factFavourite"), said(known?.favouriteCategories.slice(0, 2).join(", ") ?? ""))}
    ${cameBy}`;
  const { city = "", address = "" } = card.work?.order?.delivery ?? {};
  const lives = [city || card.customer?.city, address].filter(Boolean).join(", ");
  return html`${fact(t("factLives"), said(lives))} ${cameBy}`;
}
