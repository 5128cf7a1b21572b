import { html, LitElement, type TemplateResult } from "lit";
import { base } from "../../shared/styles.ts";
import type { ConsoleContext } from "../context.ts";
import { HashPage } from "../shared/hash-page.ts";
import { pageLinks } from "../shared/page-parts.ts";
import { pageStyles } from "../shared/page.styles.ts";

const PAGES = ["orders", "webhooks"] as const;

/** `<callcard-console-undelivered>`: what did not reach the shop and other systems. Properties: `ctx`. */
export class ConsoleUndelivered extends LitElement {
  static override properties = { ctx: { attribute: false } };
  static override styles = [base, pageStyles];

  declare ctx: ConsoleContext;
  readonly #open = new HashPage(this, "#undelivered", PAGES);

  override render(): TemplateResult {
    const { ctx } = this;
    const { t } = ctx.words;
    const { page } = this.#open;
    return html`${pageLinks(
        t("place_undelivered"),
        PAGES.map((one) => [one, this.#open.hrefOf(one), t(`un_page_${one}`)] as const),
        page,
      )}
      <h1 tabindex="-1">${t(`un_title_${page}`)}</h1>
      ${
        page === "orders"
          ? html`<callcard-console-actions .ctx=${ctx}></callcard-console-actions>`
          : ctx.writes
            ? html`<callcard-console-webhooks .ctx=${ctx}></callcard-console-webhooks>`
            : html`<p class="notice calm">${t("un_adminsOnly")}</p>`
      }`;
  }
}
