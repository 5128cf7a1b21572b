import { html, nothing, type TemplateResult } from "lit";
import type { OrderStage, OrderSummary } from "../../server/orders/model.ts";
import type { Card } from "../../server/desk/protocol.ts";
import type { DeskContext } from "../shared/context.ts";

/** How a stage looks: still in the shop's hands, on its way, over, or gone back. */
const LOOK: { readonly [S in OrderStage]: "open" | "moving" | "over" | "back" } = {
  new: "open",
  confirmed: "open",
  paid: "open",
  assembling: "open",
  shipped: "moving",
  delivered: "moving",
  completed: "over",
  cancelled: "back",
  returned: "back",
  other: "over",
};

/** The last orders, newest first. */
export function orders(card: Card, ctx: DeskContext): TemplateResult {
  const { t } = ctx.locale;
  return html`<section aria-labelledby="orders">
    <h2 id="orders">${t("ordersTitle")}</h2>
    ${
      card.orders.length === 0
        ? html`<p class="nothing">
            ${card.problems.includes("ordersMissing") ? t("ordersMissing") : t("ordersNone")}
          </p>`
        : html`<ul class="rows">
            ${card.orders.map((order) => row(order, ctx))}
          </ul>`
    }
  </section>`;
}

function row(order: OrderSummary, ctx: DeskContext): TemplateResult {
  const { locale, clock } = ctx;
  const stage =
    order.stage === "other" && order.status ? order.status : locale.word("stage_", order.stage);
  const items = order.items
    .map((item) => (item.quantity > 1 ? `${item.name}\u00a0×\u00a0${item.quantity}` : item.name))
    .join(", ");
  return html`<li class="order">
    <span class="head"
      ><bdi class="number">${locale.t("orderNumber", { number: order.number })}</bdi>
      <span class="badge stage ${LOOK[order.stage]}" title=${order.status || nothing}
        >${stage}</span
      ></span
    >
    <span class="sum">${locale.money(order.totalMinor, order.currency)}</span>
    <bdi class="items">${items || locale.count("itemsCount", order.itemCount)}</bdi>
    <span class="when">${locale.date(order.placedAt, clock.nowMs())}</span>
  </li>`;
}
