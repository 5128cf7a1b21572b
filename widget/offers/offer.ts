/** One offer: what it is, why, what it costs, and what the customer said to it. */
import { html, nothing, type TemplateResult } from "lit";
import { REFUSAL_REASONS, type RefusalReason, type ShownOffer } from "../../server/offers/model.ts";
import type { DeskContext } from "../shared/context.ts";
import { icon } from "../shared/icons.ts";
import { reasonWords } from "./reasons.ts";

/** How an offer is shown, and what can be done with it. */
export type OfferView = {
  readonly ctx: DeskContext;
  readonly readonly: boolean;
  /** Where it goes when it is taken: into the order; by the operator's own hand; nowhere, the order takes nothing more. */
  readonly into: "order" | "byHand" | "nowhere";
  readonly hasOrder: boolean;
  /** The showing that is being put into the order, "" for none. */
  readonly taking: string;
  /** Its reasons to refuse are open. */
  readonly refusing: boolean;
  readonly take: (offer: ShownOffer) => void;
  readonly say: (
    offer: ShownOffer,
    answer: "accepted" | "refused",
    reason: RefusalReason | "",
  ) => void;
  readonly why: () => void;
};

export function offerRow(offer: ShownOffer, view: OfferView): TemplateResult {
  const { locale, clock } = view.ctx;
  const { t } = locale;
  const { product, quantity, reasons, saying, kind } = offer;
  const [first] = reasons;
  return html`<li>
    <span class="kind ${kind}">${t(`offer_${kind}`)}</span>
    <div class="what">
      <span class="name"
        ><bdi>${product?.name ?? saying ?? ""}</bdi
        >${quantity > 1 ? ` × ${quantity}` : nothing}</span
      >
      ${price(offer, view)}
    </div>
    ${
      first
        ? html`<p class="because"><bdi>${reasonWords(first, locale, clock.nowMs())}</bdi></p>`
        : nothing
    }
    ${product && saying ? html`<p class="saying"><bdi>${saying}</bdi></p>` : nothing}
    ${
      product
        ? html`<p class="meta">
            ${product.sku ? html`<bdi>${product.sku}</bdi>` : nothing}${
              product.stock === null
                ? nothing
                : html`${product.sku ? ", " : nothing}${t("orderStock", { count: product.stock })}`
            }
          </p>`
        : nothing
    }
    ${view.readonly ? nothing : answers(offer, view)}
  </li>`;
}

function price(
  { product, quantity, priceMinor, amountMinor, currency }: ShownOffer,
  { ctx: { locale } }: OfferView,
): TemplateResult {
  if (!product)
    return amountMinor === 0
      ? html``
      : html`<span class="price">${locale.money(amountMinor, currency)}</span>`;
  const before = locale.money(product.priceMinor * quantity, currency);
  return html`<span class="price"
    >${
      priceMinor < product.priceMinor
        ? html`<s
            ><span class="sr">${locale.t("offerWas", { sum: before })}</span
            ><span aria-hidden="true">${before}</span></s
          > `
        : nothing
    }${locale.money(Math.round(priceMinor * quantity), currency)}</span
  >`;
}

function answers(offer: ShownOffer, view: OfferView): TemplateResult {
  const { t } = view.ctx.locale;
  const { answer, answerReason, showingId, product } = offer;
  const { into, hasOrder, refusing, taking, take, say, why } = view;
  if (answer === "accepted") {
    const byHand = into === "byHand" && hasOrder;
    const applied = into === "order" ? "offerApplied" : "offerAgreed";
    return html`<p class="said accepted" role="status">
      ${icon("check")}${t(product ? "offerTaken" : byHand ? "offerByHand" : applied)}
    </p>`;
  }
  if (answer === "refused") {
    const reason = isReason(answerReason) ? t(`no_${answerReason}`) : "";
    return html`<p class="said" role="status">${t("offerRefused", { reason })}</p>`;
  }
  const name = product?.name ?? offer.saying;
  const words = t(product ? "offerTake" : into === "order" ? "offerApply" : "offerAgree");
  return html`<div class="answers">
    ${
      into === "nowhere"
        ? nothing
        : html`<button
            class="btn take"
            type="button"
            aria-label=${`${words}: ${name}`}
            aria-disabled=${taking !== ""}
            @click=${() => (into === "order" ? take(offer) : say(offer, "accepted", ""))}
          >
            ${taking === showingId ? t("orderSending") : words}
          </button>`
    }
    <button
      class="btn"
      type="button"
      aria-label=${`${t("no_notNeeded")}: ${name}`}
      @click=${() => say(offer, "refused", "notNeeded")}
    >
      ${t("no_notNeeded")}
    </button>
    <button
      class="btn quiet icon"
      type="button"
      aria-expanded=${refusing ? "true" : "false"}
      aria-label=${t("offerWhyNot", { name })}
      title=${t("offerWhyNot", { name })}
      @click=${why}
    >
      ${icon("more")}
    </button>
    ${
      refusing
        ? REFUSAL_REASONS.filter((reason) => reason !== "notNeeded").map(
            (reason) =>
              html`<button class="btn" type="button" @click=${() => say(offer, "refused", reason)}>
                ${t(`no_${reason}`)}
              </button>`,
          )
        : nothing
    }
  </div>`;
}

function isReason(code: string): code is RefusalReason {
  return (REFUSAL_REASONS as readonly string[]).includes(code);
}
