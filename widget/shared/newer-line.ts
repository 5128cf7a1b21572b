import { html, nothing, type TemplateResult } from "lit";
import { icon } from "./icons.ts";
import type { Locale } from "./locale.ts";
import type { NewerScreens } from "./newer-screens.ts";

/** Says that the server was updated, calmly; in our own page with a button for those who do not want to wait. */
export function newerLine(newer: NewerScreens, { t }: Locale): TemplateResult | typeof nothing {
  if (!newer.waiting) return nothing;
  return html`<p class="notice calm newer">
    ${icon("check")}<span>${t(newer.ownPage ? "newerScreens" : "newerScreensHost")}</span>
    ${
      newer.ownPage
        ? html`<button class="link" type="button" @click=${() => newer.load()}>
            ${t("newerScreensLoad")}
          </button>`
        : nothing
    }
  </p>`;
}
