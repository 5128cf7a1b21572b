import { html, nothing, type TemplateResult } from "lit";
import type { DeskCall } from "../../server/desk/protocol.ts";
import { safeUrl } from "../desk/host-events.ts";
import { isFirstBuyer } from "./buyer.ts";
import type { DeskContext } from "../shared/context.ts";
import { icon } from "../shared/icons.ts";
import { callTitle } from "../shared/words.ts";

/**
 * The name, or what there is instead of one, and what makes this person special.
 *
 * @param doubt Called when the operator says that it is somebody else; null when that was said already.
 */
export function person(
  call: DeskCall,
  ctx: DeskContext,
  doubt: (() => void) | null,
): TemplateResult {
  const { locale } = ctx;
  const { t } = locale;
  const { card } = call;
  const { customer } = card;
  return html`<div class="person">
    <h1 id="name" title=${customer?.name ?? nothing}><bdi>${heading(call, ctx)}</bdi></h1>
    ${
      customer
        ? html`<ul class="badges">
            ${
              card.work && isFirstBuyer(card)
                ? html`<li class="badge first">${t("firstBuyer")}</li>`
                : nothing
            }
            ${customer.vip ? html`<li class="badge vip">${t("vip")}</li>` : nothing}
            ${customer.tier ? html`<li>${tier(customer.tier, customer.tierSince, ctx)}</li>` : nothing}
            ${
              card.verified
                ? nothing
                : html`<li class="badge unsure" title=${t("notVerifiedHint")}>
                    ${t("notVerified")}
                  </li>`
            }
            ${link(customer.externalUrl, ctx)}
            ${
              doubt && call.state !== "elsewhere"
                ? html`<li>
                    <button class="link small" type="button" @click=${doubt}>
                      ${t("anotherPerson")}
                    </button>
                  </li>`
                : nothing
            }
          </ul>`
        : subtitle(call, ctx)
    }
  </div>`;
}

function heading(call: DeskCall, ctx: DeskContext): string {
  const { t } = ctx.locale;
  const { outcome, customer } = call.card;
  if (customer) return callTitle(call, ctx.locale);
  switch (outcome) {
    case "several":
      return t("severalTitle");
    case "none":
      return t("newTitle");
    case "pending":
      return t("pendingTitle");
    case "failed":
      return t("failedTitle");
    case "one":
    case "withheld":
    case "unreadable":
    case "internal":
  }
  return callTitle(call, ctx.locale);
}

function subtitle(call: DeskCall, ctx: DeskContext): TemplateResult | typeof nothing {
  const { t, count } = ctx.locale;
  const { card } = call;
  switch (card.outcome) {
    case "several":
      return html`<p class="muted">${count("severalLead", card.candidates.length)}</p>`;
    case "none":
      return html`<p class="muted">${t("newLead")}</p>`;
    case "internal":
      return html`<p class="muted">${t("direction_internal")}</p>`;
    case "one":
    case "withheld":
    case "unreadable":
    case "failed":
    case "pending":
  }
  return card.rawName && card.rawName !== card.rawNumber
    ? html`<p class="muted wrap">${t("pbxName")} <bdi>${card.rawName}</bdi></p>`
    : nothing;
}

/** The loyalty tier as a quiet badge. */
export function tier(code: string, since: string, ctx: DeskContext): TemplateResult {
  const { locale } = ctx;
  const known = /^[a-z]+$/.test(code) ? code : "";
  const month = locale.month(since);
  return html`<span class="badge tier ${known}"
    ><span
      ><bdi>${locale.word("tier_", code)}</bdi>${
        month ? html` <span class="muted">${locale.t("tierSince", { month })}</span>` : nothing
      }</span
    ></span
  >`;
}

function link(address: string, ctx: DeskContext): TemplateResult | typeof nothing {
  const url = safeUrl(address);
  if (!url) return nothing;
  return html`<li>
    <a class="badge" href=${url} target="_blank" rel="noopener noreferrer"
      >${ctx.locale.t("openInCrm")}${icon("external")}</a
    >
  </li>`;
}
