/** Why an order is cancelled: one click, or in the operator's own words. */
import { html, nothing, type TemplateResult } from "lit";
import { CANCEL_REASONS, type CancelReason } from "../../server/orders/actions/model.ts";
import type { Locale } from "../shared/locale.ts";

/** What is chosen so far, and how it goes on. */
export type CancelView = {
  readonly reason: CancelReason | "";
  readonly busy: boolean;
  readonly escape: (event: KeyboardEvent) => void;
  /** One that needs words of its own. */
  readonly choose: (reason: CancelReason) => void;
  readonly ask: (reason: CancelReason, text: string) => void;
};

export function cancelForm({ t }: Locale, view: CancelView): TemplateResult {
  const { reason: chosen, busy, escape, choose, ask } = view;
  return html`<div class="box" role="group" aria-labelledby="why" @keydown=${escape}>
    <h3 id="why">${t("cancelWhy")}</h3>
    <div class="row">
      ${CANCEL_REASONS.map(
        (reason) =>
          html`<button
            class="btn"
            type="button"
            aria-pressed=${reason === chosen ? "true" : nothing}
            aria-disabled=${busy}
            @click=${() => (reason === "other" ? choose(reason) : ask(reason, ""))}
          >
            ${t(`cancel_${reason}`)}
          </button>`,
      )}
    </div>
    ${
      chosen === "other"
        ? html`<form
            class="row"
            @submit=${(event: SubmitEvent) => {
              event.preventDefault();
              const field = (event.target as HTMLFormElement).elements.namedItem("text");
              const text = field instanceof HTMLInputElement ? field.value.trim() : "";
              if (text) ask("other", text);
            }}
          >
            <input name="text" maxlength="1000" required aria-label=${t("cancelText")} />
            <button class="btn primary" type="submit">${t("act_cancel")}</button>
          </form>`
        : nothing
    }
  </div>`;
}
