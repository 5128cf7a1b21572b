/** What lists of the console say the same way: which of them, what is wrong, that there is more. */
import { html, nothing, type TemplateResult } from "lit";
import { icon } from "../../shared/icons.ts";

/** A failure in words, read aloud; nothing for "". */
export function alertOf(problem: string): TemplateResult | typeof nothing {
  return problem === ""
    ? nothing
    : html`<p class="notice bad" role="alert">${icon("warning")}<span>${problem}</span></p>`;
}

/** Which of them are looked at: one button each. */
export function viewButtons<View extends string>(
  label: string,
  all: readonly (readonly [view: View, text: string])[],
  chosen: View,
  choose: (view: View) => void,
): TemplateResult {
  return html`<div class="views" role="group" aria-label=${label}>
    ${all.map(
      ([view, text]) =>
        html`<button
          class="btn"
          type="button"
          aria-pressed=${view === chosen}
          @click=${() => choose(view)}
        >
          ${text}
        </button>`,
    )}
  </div>`;
}

/** Links to the pages of a place. */
export function pageLinks<Page extends string>(
  label: string,
  all: readonly (readonly [page: Page, href: string, text: string])[],
  here: Page,
): TemplateResult {
  return html`<nav class="links" aria-label=${label}>
    ${all.map(
      ([page, href, text]) =>
        html`<a href=${href} aria-current=${page === here ? "page" : nothing}>${text}</a>`,
    )}
  </nav>`;
}
