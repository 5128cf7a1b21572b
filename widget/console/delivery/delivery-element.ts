import { html, LitElement, nothing, type TemplateResult } from "lit";
import { base } from "../../shared/styles.ts";
import type { ConsoleContext } from "../context.ts";
import { HashPage } from "../shared/hash-page.ts";
import { pageLinks } from "../shared/page-parts.ts";
import { pageStyles } from "../shared/page.styles.ts";

const PAGES = ["carriers", "try"] as const;

/** `<callcard-console-delivery>`: the carriers and how they are, and a try-out of what they say. Properties: `ctx`. */
export class ConsoleDelivery extends LitElement {
  static override properties = { ctx: { attribute: false } };
  static override styles = [base, pageStyles];

  declare ctx: ConsoleContext;
  readonly #open = new HashPage(this, "#delivery", PAGES);

  override render(): TemplateResult {
    const { ctx } = this;
    const { t } = ctx.words;
    const { page } = this.#open;
    return html`${pageLinks(
        t("place_delivery"),
        PAGES.map((one) => [one, this.#open.hrefOf(one), t(`dl_page_${one}`)] as const),
        page,
      )}
      <h1 tabindex="-1">${t(`dl_page_${page}`)}</h1>
      ${ctx.writes || page === "try" ? nothing : html`<p class="notice calm">${t("dl_readOnly")}</p>`}
      ${
        page === "try"
          ? html`<callcard-console-delivery-try .ctx=${ctx}></callcard-console-delivery-try>`
          : html`<callcard-console-carriers .ctx=${ctx}></callcard-console-carriers>`
      }`;
  }
}
