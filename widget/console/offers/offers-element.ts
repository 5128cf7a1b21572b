import { html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import { icon } from "../../shared/icons.ts";
import { base } from "../../shared/styles.ts";
import type { ConsoleContext } from "../context.ts";
import { pageStyles } from "../shared/page.styles.ts";
import { refusalText } from "../shared/problems.ts";
import { NEW } from "./offers-model.ts";
import { hashOf, type OffersRoute, routeOf } from "./route.ts";

const PLACES = ["list", "try", "standings"] as const;

/**
 * `<callcard-console-offers>`: the rules of offers, their try-out, and who is of which tier; what is open is in the address (`route.ts`).
 * Properties: `ctx`.
 */
export class ConsoleOffers extends LitElement {
  static override properties = { ctx: { attribute: false }, route: { state: true } };
  static override styles = [base, pageStyles];

  declare ctx: ConsoleContext;
  declare route: OffersRoute;
  #listening: AbortController | null = null;

  constructor() {
    super();
    this.route = routeOf(location.hash);
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#listening = new AbortController();
    const { signal } = this.#listening;
    window.addEventListener(
      "hashchange",
      () => {
        if (location.hash.split("/")[0] !== "#offers") return;
        this.route = routeOf(location.hash);
        // What operators took since is counted.
        if (this.route.page === "list") void this.ctx.model.offers.refresh();
      },
      { signal },
    );
    if (this.hasUpdated) void this.ctx.model.offers.refresh();
  }

  override firstUpdated(): void {
    void this.ctx.model.offers.refresh();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#listening?.abort();
  }

  override updated(changed: PropertyValues<this>): void {
    // What was pressed is gone with its page: the keyboard goes on at the new one's heading.
    if (changed.get("route") && !this.renderRoot.querySelector(":focus"))
      this.renderRoot.querySelector<HTMLElement>("h1")?.focus();
  }

  override render(): TemplateResult {
    const { ctx, route } = this;
    const { words, model } = ctx;
    const { t } = words;
    const { refused, rules, vocabulary } = model.offers;
    const place = PLACES.find((one) => one === route.page) ?? "list";
    return html`<nav class="links" aria-label=${t("place_offers")}>
        ${PLACES.map(
          (one) =>
            html`<a
              href=${hashOf({ page: one })}
              aria-current=${one !== place ? nothing : route.page === one ? "page" : "true"}
              >${t(`of_${one}`)}</a
            >`,
        )}
      </nav>
      ${
        refused
          ? html`<p class="notice bad" role="alert">
              ${icon("warning")}<span
                >${t("loadFailed", { message: refusalText(refused, words) })}</span
              >
            </p>`
          : nothing
      }
      ${ctx.writes ? nothing : html`<p class="notice calm">${t("of_readOnly")}</p>`}
      ${
        rules && vocabulary
          ? this.#page()
          : refused
            ? nothing
            : html`<p class="muted" role="status">${t("loading")}</p>`
      }`;
  }

  #page(): TemplateResult {
    const { ctx, route } = this;
    const { t } = ctx.words;
    switch (route.page) {
      case "try":
        return html`<h1 tabindex="-1">${t("of_try")}</h1>
          <callcard-console-offer-try .ctx=${ctx}></callcard-console-offer-try>`;
      case "standings":
        return html`<h1 tabindex="-1">${t("of_standings")}</h1>
          <callcard-console-standings .ctx=${ctx}></callcard-console-standings>`;
      case "new":
      case "one": {
        const id = route.page === "one" ? route.id : NEW;
        const name = ctx.model.offers.rules?.find((one) => one.id === id)?.settings.name;
        return html`<h1 tabindex="-1"><bdi>${name ?? t("of_new")}</bdi></h1>
          <callcard-console-offer-editor
            .ctx=${ctx}
            .ruleId=${id}
          ></callcard-console-offer-editor>`;
      }
      case "versions": {
        const name = ctx.model.offers.rules?.find(({ id }) => id === route.id)?.settings.name;
        return html`<h1 tabindex="-1">
            <bdi>${name === undefined ? t("place_versions") : t("ofV_title", { name })}</bdi>
          </h1>
          <callcard-console-offer-versions
            .ctx=${ctx}
            .ruleId=${route.id}
          ></callcard-console-offer-versions>`;
      }
      case "list":
    }
    return html`<h1 class="sr" tabindex="-1">${t("place_offers")}</h1>
      <callcard-console-offer-list .ctx=${ctx}></callcard-console-offer-list>`;
  }
}
