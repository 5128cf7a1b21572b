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

/** The orders that a campaign's call is about, with every item; nothing when it is about none. */
export function ordersAbout(
  card: Card,
  orderIds: readonly string[],
  ctx: DeskContext,
): TemplateResult | typeof nothing {
  const { t } = ctx.locale;
  if (orderIds.length === 0 || card.outcome === "pending") return nothing;
  const about = card.orders.filter(({ id }) => orderIds.includes(id));
  return html`<section class="about" aria-labelledby="about">
    <h2 id="about">${t("aboutTitle")}</h2>
    <ul class="rows">
      ${about.map((order) => row(order, ctx, true))}
    </ul>
    ${about.length < orderIds.length ? html`<p class="nothing">${t("aboutMissing")}</p>` : nothing}
  </section>`;
}

/** The last orders, newest first, without those in `exceptIds`. */
export function orders(
  card: Card,
  ctx: DeskContext,
  exceptIds: readonly string[] = [],
): TemplateResult {
  const { t } = ctx.locale;
  const others = card.orders.filter(({ id }) => !exceptIds.includes(id));
  return html`<section aria-labelledby="orders">
    <h2 id="orders">${t("ordersTitle")}</h2>
    ${
      others.length === 0
        ? html`<p class="nothing">
            ${card.problems.includes("ordersMissing") ? t("ordersMissing") : t("ordersNone")}
          </p>`
        : html`<ul class="rows">
            ${others.map((order) => row(order, ctx))}
          </ul>`
    }
  </section>`;
}

function row(order: OrderSummary, ctx: DeskContext, open = false): TemplateResult {
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
    ${
      open && order.items.length > 0
        ? html`<ul class="lines">
            ${order.items.map((item) => line(item, order.currency, ctx))}
          </ul>`
        : html`<bdi class="items">${items || locale.count("itemsCount", order.itemCount)}</bdi>`
    }
    <span class="when"
      >${
        open
          ? locale.dayAndTime(order.placedAt, clock.nowMs())
          : locale.date(order.placedAt, clock.nowMs())
      }</span
    >
  </li>`;
}

function line(
  item: OrderSummary["items"][number],
  currency: string,
  { locale }: DeskContext,
): TemplateResult {
  return html`<li>
    <bdi>${item.name}</bdi><span class="quantity">× ${item.quantity}</span
    ><span>${locale.money(item.priceMinor * item.quantity, currency)}</span>
  </li>`;
}
