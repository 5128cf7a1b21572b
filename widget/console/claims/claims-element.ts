import { html, LitElement, type TemplateResult } from "lit";
import { base } from "../../shared/styles.ts";
import type { ConsoleContext } from "../context.ts";
import { HashPage } from "../shared/hash-page.ts";
import { pageLinks } from "../shared/page-parts.ts";
import { pageStyles } from "../shared/page.styles.ts";

const PAGES = ["list", "letters"] as const;

/** `<callcard-console-claims>`: claims by their deadlines, and letters that wait for a person. Properties: `ctx`. */
export class ConsoleClaims extends LitElement {
  static override properties = { ctx: { attribute: false } };
  static override styles = [base, pageStyles];

  declare ctx: ConsoleContext;
  readonly #open = new HashPage(this, "#claims", PAGES);

  override render(): TemplateResult {
    const { ctx } = this;
    const { t } = ctx.words;
    const { page } = this.#open;
    return html`${pageLinks(
        t("place_claims"),
        PAGES.map((one) => [one, this.#open.hrefOf(one), t(`cl_page_${one}`)] as const),
        page,
      )}
      <h1 class=${page === "list" ? "sr" : ""} tabindex="-1">
        ${t(page === "list" ? "place_claims" : "cl_page_letters")}
      </h1>
      ${
        page === "letters"
          ? html`<callcard-console-letters .ctx=${ctx}></callcard-console-letters>`
          : html`<callcard-console-claim-list .ctx=${ctx}></callcard-console-claim-list>`
      }`;
  }
}
