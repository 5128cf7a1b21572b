import { html, nothing, type TemplateResult } from "lit";
import type { Card } from "../../server/desk/protocol.ts";
import type { DeskContext } from "../shared/context.ts";
import { localTime } from "../shared/time.ts";

/**
 * Phone, where the person is, and what time it is there; several possible zones are shown as a range.
 * @param dials False where the number is only to be read: an offered call is dialled by its campaign, and not a second time by hand.
 */
export function place(
  card: Card,
  ctx: DeskContext,
  dials: boolean,
): TemplateResult | typeof nothing {
  const { phone, rawNumber, outcome } = card;
  if (outcome === "withheld") return nothing;
  const number = phone?.e164 ?? (outcome === "internal" ? rawNumber : "");
  return html`<div class="place">
    ${
      number && dials
        ? html`<callcard-number
            large
            .number=${number}
            .display=${phone?.display ?? rawNumber}
            .ctx=${ctx}
          ></callcard-number>`
        : rawNumber
          ? html`<bdi class="number">${phone?.display ?? rawNumber}</bdi>`
          : nothing
    }
    <p class="local">${where(card, ctx)}</p>
  </div>`;
}

function where(card: Card, ctx: DeskContext): TemplateResult {
  const { locale, clock } = ctx;
  const { customer } = card;
  const country = card.place.country && locale.country(card.place.country);
  const spot =
    customer?.city || card.place.city || customer?.region || card.place.region || country;
  const region = card.place.region && card.place.region !== spot ? card.place.region : "";
  const zones = customer?.timeZone ? [customer.timeZone] : card.timeZones;
  const now = localTime(zones, clock.nowMs());
  const time = !now
    ? ""
    : now.earliest === now.latest
      ? locale.t("localTime", { time: now.earliest })
      : locale.t("localTimeRange", { from: now.earliest, to: now.latest });
  return html`${spot ? html`<bdi title=${region || nothing}>${spot}</bdi>` : nothing}${
    spot && time ? ", " : nothing
  }${
    time
      ? html`<strong
          title=${now && now.earliest !== now.latest ? locale.t("localTimeUnsure") : nothing}
          >${time}</strong
        >`
      : nothing
  }`;
}
