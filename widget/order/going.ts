/** Where an order goes, where it was placed, and how it came to be as it is. */
import { html, nothing, type TemplateResult } from "lit";
import type { OrderDetail } from "../../server/orders/actions/model.ts";
import type { DeskContext } from "../shared/context.ts";
import { stageWords } from "./stage.ts";

/** Steps that are shown at once: the newest. */
const STEPS = 5;

export function going(order: OrderDetail, { locale, clock }: DeskContext): TemplateResult {
  const { t } = locale;
  const { method, postalCode, city, address } = order.delivery;
  const where = [method, postalCode, city, address].filter(Boolean).join(", ");
  const fact = (term: string, value: unknown): TemplateResult =>
    html`<div>
      <dt>${term}</dt>
      <dd>${value}</dd>
    </div>`;
  const steps = (of: OrderDetail["history"]): TemplateResult =>
    html`<ol class="steps">
      ${of.map(
        ({ at, stage, status }) =>
          html`<li>
            <bdi>${status || stageWords(stage, status, locale)}</bdi>
            <span class="muted">${locale.dayAndTime(at, clock.nowMs())}</span>
          </li>`,
      )}
    </ol>`;
  const earlier = order.history.slice(0, -STEPS);
  return html`<dl class="going">
    ${fact(
      t("orderDelivery"),
      where ? html`<bdi>${where}</bdi>` : html`<span class="muted">${t("orderNoDelivery")}</span>`,
    )}
    ${order.comment ? fact(t("orderComment"), html`<bdi>${order.comment}</bdi>`) : nothing}
    ${
      order.history.length > 0
        ? fact(
            t("orderHistory"),
            html`${steps(order.history.slice(-STEPS))}${
              earlier.length > 0
                ? html`<details>
                    <summary>${t("orderEarlier", { count: earlier.length })}</summary>
                    ${steps(earlier)}
                  </details>`
                : nothing
            }`,
          )
        : nothing
    }
    ${order.sourceTitle ? fact(t("orderSource"), html`<bdi>${order.sourceTitle}</bdi>`) : nothing}
  </dl>`;
}
