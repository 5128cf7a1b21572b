import { html, nothing, type TemplateResult } from "lit";
import type { OrderSummary } from "../../server/orders/model.ts";
import type { Card } from "../../server/desk/protocol.ts";
import { STAGE_LOOK, stageWords } from "../order/stage.ts";
import type { DeskContext } from "../shared/context.ts";

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

/** The last orders, newest first, without those in `exceptIds`, only to be read. */
export function orders(
  card: Card,
  ctx: DeskContext,
  exceptIds: readonly string[] = [],
): TemplateResult {
  const { t } = ctx.locale;
  const others = card.orders.filter(({ id }) => !exceptIds.includes(id));
  const none = exceptIds.length > 0 ? "ordersNoOthers" : "ordersNone";
  return html`<section aria-labelledby="orders">
    <h2 id="orders">${t("ordersTitle")}</h2>
    ${
      others.length === 0
        ? html`<p class="nothing">
            ${t(card.problems.includes("ordersMissing") ? "ordersMissing" : none)}
          </p>`
        : html`<ul class="rows">
            ${others.map((order) => row(order, ctx))}
          </ul>`
    }
  </section>`;
}

/** An order in a list; `pick` opens it. */
export function row(
  order: OrderSummary,
  ctx: DeskContext,
  open = false,
  pick: ((orderId: string) => void) | null = null,
): TemplateResult {
  const { locale, clock } = ctx;
  const stage = stageWords(order.stage, order.status, locale);
  const number = locale.t("orderNumber", { number: order.number });
  const items = order.items
    .map((item) => (item.quantity > 1 ? `${item.name}\u00a0×\u00a0${item.quantity}` : item.name))
    .join(", ");
  return html`<li class="order">
    <span class="head"
      >${
        pick
          ? html`<button
              class="number link"
              type="button"
              title=${locale.t("orderOpen", { number: order.number })}
              @click=${() => pick(order.id)}
            >
              <bdi>${number}</bdi>
            </button>`
          : html`<bdi class="number">${number}</bdi>`
      }
      <span class="badge stage ${STAGE_LOOK[order.stage]}" title=${order.status || nothing}
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
