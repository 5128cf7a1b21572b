/** The part of a card that is worked on: the order on top, what to offer, a claim, a call back, and everything that was before. */
import { html, nothing, type TemplateResult } from "lit";
import type { DeskCall } from "../../server/desk/protocol.ts";
import type { ShownOffer } from "../../server/offers/model.ts";
import type { OrderDetail } from "../../server/orders/actions/model.ts";
import { isOpen, openClaims, settledClaims } from "../claims/claims.ts";
import { orderOf } from "../order/shown-order.ts";
import type { DeskContext } from "../shared/context.ts";
import { icon } from "../shared/icons.ts";
import { isFirstBuyer } from "./buyer.ts";
import { script } from "./campaign.ts";
import { history } from "./history.ts";

/** What the part shows, and what it can ask its card for. */
export type WorkView = {
  readonly call: DeskCall;
  readonly ctx: DeskContext;
  /** The form that is open. */
  readonly open: "" | "claim" | "callBack";
  /** Another order than the one talked about, or that one as it is since. */
  readonly picked: OrderDetail | null;
  /** The offer that is being put into the order. */
  readonly taking: string;
  /** The first view is on the screen. */
  readonly painted: boolean;
  readonly toggle: (open: "claim" | "callBack") => void;
  /** An order that was asked for did not come. */
  readonly unopened: boolean;
  /** "" goes back to the order that is talked about. */
  readonly pick: (orderId: string) => void;
  readonly changed: (order: OrderDetail) => void;
  readonly take: (offer: ShownOffer) => void;
};

export function work(view: WorkView): TemplateResult {
  const { call, ctx, picked, painted } = view;
  const { card } = call;
  const { customer, work: parts } = card;
  if (!customer || !parts) return html``;
  const about = orderOf(call);
  const order = picked ?? about?.order ?? null;
  const readonly = call.state === "elsewhere";
  return html`${openClaims(parts.claims, ctx)} ${deeds(view, readonly)}
    ${
      view.unopened
        ? html`<p class="notice" role="alert">
            ${icon("warning")}<span>${ctx.locale.t("orderFailed")}</span>
          </p>`
        : nothing
    }
    <div class="talk">
      ${
        order
          ? html`<div class="one">
              ${
                picked && about && picked.id !== about.order.id
                  ? html`<button class="btn quiet" type="button" @click=${() => view.pick("")}>
                      ${icon("close")}${ctx.locale.t("orderBack", { number: about.order.number })}
                    </button>`
                  : nothing
              }
              <callcard-order
                .ctx=${ctx}
                .callId=${call.callId}
                .order=${order}
                ?whole=${picked !== null || about?.whole === true}
                ?readonly=${readonly}
                ?first=${isFirstBuyer(card)}
                .country=${card.phone?.country ?? ""}
                @changed=${(event: CustomEvent<OrderDetail>) => view.changed(event.detail)}
              ></callcard-order>
            </div>`
          : html`<p class="nothing">
              ${ctx.locale.t(card.problems.includes("ordersMissing") ? "ordersMissing" : "ordersNone")}
            </p>`
      }
      ${offers(view, order, readonly)}
    </div>
    ${call.campaign ? script(call.campaign.script, ctx) : nothing}
    ${painted || !order ? columns(view, order) : nothing}
    ${
      painted
        ? html`<callcard-timeline
            .ctx=${ctx}
            .customerId=${customer.id}
            ?opens=${!readonly}
            @pick=${(event: CustomEvent<string>) => view.pick(event.detail)}
            .news=${`${parts.claims.length} ${card.notes.length} ${order?.actions.length ?? 0}`}
          ></callcard-timeline>`
        : nothing
    }`;
}

/** What was before. Under an order it begins below the first view, so it follows a frame later: the card is there the sooner. */
function columns({ call, ctx, pick }: WorkView, order: OrderDetail | null): TemplateResult {
  const { card } = call;
  return html`<div class="columns">
    <callcard-orders
      .ctx=${ctx}
      .customerId=${card.customer?.id ?? ""}
      .newest=${card.orders}
      .shownId=${order?.id ?? ""}
      ?missing=${card.problems.includes("ordersMissing")}
      ?readonly=${call.state === "elsewhere"}
      @pick=${(event: CustomEvent<string>) => pick(event.detail)}
    ></callcard-orders>
    <div>${settledClaims(card.work?.claims ?? [], ctx)} ${history(call, ctx)}</div>
  </div>`;
}

/** Offers are for who talks: a phone that rings and is not answered has shown nothing. */
function offers(
  { call, ctx, painted, taking, take }: WorkView,
  order: OrderDetail | null,
  readonly: boolean,
): TemplateResult {
  const { t } = ctx.locale;
  const { customer, work: parts, totals } = call.card;
  const talks = call.answeredAtMs !== null;
  if (!painted || !talks || readonly)
    return html`<section class="later" aria-labelledby="offers-later">
      <h2 id="offers-later">${t("offersTitle")}</h2>
      <p class="nothing">${readonly ? nothing : t("offersLater")}</p>
    </section>`;
  return html`<callcard-offers
    .ctx=${ctx}
    .callId=${call.callId}
    .order=${order}
    .customerId=${customer?.id ?? ""}
    .claims=${parts?.claims.filter(isOpen).length ?? 0}
    .currency=${order?.currency ?? totals?.currency ?? ""}
    ?takes=${order?.may.includes("changeLines") ?? false}
    ?applies=${order?.may.includes("applyOffer") ?? false}
    .taking=${taking}
    @take=${(event: CustomEvent<ShownOffer>) => take(event.detail)}
  ></callcard-offers>`;
}

function deeds(view: WorkView, readonly: boolean): TemplateResult | typeof nothing {
  const { call, ctx, open, toggle } = view;
  const { locale, clock } = ctx;
  const { t } = locale;
  const { customer, orders: all, work: parts } = call.card;
  if (readonly) return nothing;
  const button = (what: "claim" | "callBack", words: string): TemplateResult =>
    html`<button
      class="btn"
      type="button"
      aria-expanded=${open === what ? "true" : "false"}
      @click=${() => toggle(what)}
    >
      ${icon(what === "claim" ? "warning" : "clock")}${words}
    </button>`;
  const promised = parts?.callBack;
  return html`<div class="call-deeds">
      ${button("claim", t("claimNew"))}
      ${call.card.phone ? button("callBack", t("promiseNew")) : nothing}
      ${
        promised
          ? html`<span class="promised"
              >${t("promised", { when: locale.dayAndTime(promised.dueAt, clock.nowMs()) })}</span
            >`
          : nothing
      }
    </div>
    ${
      open === "claim"
        ? html`<callcard-claim
            .ctx=${ctx}
            .callId=${call.callId}
            .customerId=${customer?.id ?? ""}
            .orders=${all}
            .orderId=${view.picked?.id ?? orderOf(call)?.order.id ?? null}
            @close=${() => toggle("claim")}
          ></callcard-claim>`
        : nothing
    }
    ${
      open === "callBack"
        ? html`<callcard-promise
            .ctx=${ctx}
            .call=${call}
            @close=${() => toggle("callBack")}
          ></callcard-promise>`
        : nothing
    }`;
}
