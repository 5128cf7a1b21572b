/** One line of an order, and how many of it. */
import { html, nothing, type TemplateResult } from "lit";
import type { Locale } from "../shared/locale.ts";
import type { EditedLine } from "./lines.ts";

/** How a line is shown, and what can be done with it. */
export type LineView = {
  readonly locale: Locale;
  readonly currency: string;
  /** The order takes other quantities. */
  readonly changes: boolean;
  readonly busy: boolean;
  readonly set: (quantity: number) => void;
};

export function orderLine(line: EditedLine, view: LineView): TemplateResult {
  const { locale, currency, changes, set } = view;
  const { name, quantity, priceMinor, was } = line;
  const look = quantity === 0 ? "out" : was === quantity ? "" : "changed";
  const cost = locale.money(Math.round(priceMinor * (quantity || (was ?? 0))), currency);
  return html`<li class=${look}>
    <span class="name"><bdi>${name}</bdi> ${stock(line, locale)}</span>
    ${
      changes && line.sourceProductId !== ""
        ? stepper(line, view)
        : html`<span class="count">× ${quantity}</span>`
    }
    <span class="cost ${look}">${cost}</span>
    ${
      quantity === 0
        ? html`<button class="link" type="button" @click=${() => set(was ?? 1)}>
            <span aria-hidden="true">${locale.t("orderPutBack")}</span
            ><span class="sr">${locale.t("orderRestore", { name })}</span>
          </button>`
        : nothing
    }
  </li>`;
}

/** How many there are, of what more is wanted of. */
function stock(
  { stock: left, was, quantity }: EditedLine,
  { t }: Locale,
): TemplateResult | typeof nothing {
  const more = quantity - (was ?? 0);
  if (left === null || more <= 0) return nothing;
  if (left <= 0) return html`<small class="none">${t("orderNoStock")}</small>`;
  return html`<small class=${left < more ? "none" : ""}
    >${t("orderStock", { count: left })}</small
  >`;
}

function stepper(
  { name, quantity }: EditedLine,
  { locale: { t }, busy, set }: LineView,
): TemplateResult {
  const less = t(quantity <= 1 ? "orderRemove" : "orderLess", { name });
  return html`<span class="count">
    <button
      type="button"
      aria-label=${less}
      title=${less}
      ?disabled=${busy || quantity === 0}
      @click=${() => set(quantity - 1)}
    >
      ${quantity <= 1 ? "×" : "−"}</button
    ><input
      type="number"
      min="0"
      step="any"
      inputmode="decimal"
      aria-label=${t("orderQuantity", { name })}
      .value=${String(quantity)}
      ?disabled=${busy}
      @input=${(event: Event) => {
        // What it will cost is told while it is typed; only a 0 that stays takes the line out.
        const typed = Number((event.target as HTMLInputElement).value);
        if (typed > 0) set(typed);
      }}
      @change=${(event: Event) => {
        const field = event.target as HTMLInputElement;
        if (field.value === "") field.value = String(quantity);
        else set(Number(field.value));
      }}
    /><button
      type="button"
      aria-label=${t("orderMore", { name })}
      title=${t("orderMore", { name })}
      ?disabled=${busy}
      @click=${() => set(quantity + 1)}
    >
      +
    </button>
  </span>`;
}
