import { css, html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import { icon } from "../../shared/icons.ts";
import { base } from "../../shared/styles.ts";
import type { ConsoleContext } from "../context.ts";
import type { ConsoleKey } from "../words.ts";
import { NEW } from "./campaigns-model.ts";
import { type CampaignsRoute, hashOf, routeOf } from "./route.ts";

const PLACES = ["list", "doNotCall", "trunks"] as const;
const TABS = ["live", "people", "settings"] as const;

/**
 * `<callcard-console-campaigns>`: everything about campaigns; what is open is in the address (`route.ts`). Looks at the live picture
 * while it is on the page. Properties: `ctx`.
 */
export class ConsoleCampaigns extends LitElement {
  static override properties = { ctx: { attribute: false }, route: { state: true } };
  static override styles = [
    base,
    css`
      :host {
        display: grid;
        grid-template-columns: minmax(0, 1fr);
        gap: 16px;
        max-width: 1200px;
        margin-inline: auto;
      }
      .links {
        display: flex;
        gap: 2px 4px;
        flex-wrap: wrap;
        align-items: center;
      }
      .links a {
        display: inline-flex;
        align-items: center;
        min-height: var(--tap);
        padding: 4px 12px;
        border-radius: var(--radius-s);
        text-decoration: none;
        color: var(--ink-2);
        font-size: 14px;
        font-weight: 550;
      }
      .links a:hover {
        background: var(--sunken);
      }
      .links a[aria-current] {
        color: var(--accent-ink);
        box-shadow: inset 0 -2px var(--accent);
        border-radius: var(--radius-s) var(--radius-s) 0 0;
      }
      .title {
        display: grid;
        gap: 2px;
      }
      h1 {
        font-size: 26px;
        line-height: 1.2;
        letter-spacing: -0.02em;
        overflow-wrap: anywhere;
      }
      h1:focus {
        outline: none;
      }
      .back {
        font-size: 14px;
        width: fit-content;
      }
    `,
  ];

  declare ctx: ConsoleContext;
  declare route: CampaignsRoute;
  #listening: AbortController | null = null;

  constructor() {
    super();
    this.route = routeOf(location.hash);
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#listening = new AbortController();
    const { signal } = this.#listening;
    window.addEventListener("hashchange", () => (this.route = routeOf(location.hash)), { signal });
    if (this.hasUpdated) this.ctx.model.campaigns.look(true);
  }

  override firstUpdated(): void {
    this.ctx.model.campaigns.look(true);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#listening?.abort();
    this.ctx.model.campaigns.look(false);
  }

  override updated(changed: PropertyValues<this>): void {
    // What was pressed is gone with its page: the keyboard goes on at the new one's heading.
    if (changed.get("route") && !this.renderRoot.querySelector(":focus"))
      this.renderRoot.querySelector<HTMLElement>("h1")?.focus();
  }

  override render(): TemplateResult {
    const { ctx, route } = this;
    const { t } = ctx.words;
    const { impossible, live } = ctx.model.campaigns;
    const place = PLACES.find((one) => one === route.page) ?? "list";
    return html`<nav class="links" aria-label=${t("place_campaigns")}>
        ${PLACES.map((one) =>
          this.#link(
            { page: one },
            t(`camps_${one}`),
            one !== place ? "" : route.page === one ? "page" : "true",
          ),
        )}
      </nav>
      ${
        impossible
          ? html`<p class="notice bad" role="alert">
              ${icon("warning")}<span>${impossible}</span>
            </p>`
          : nothing
      }
      ${ctx.writes ? nothing : html`<p class="notice calm">${t("camps_readOnly")}</p>`}
      ${live || impossible ? this.#page() : html`<p class="muted" role="status">${t("loading")}</p>`}`;
  }

  #page(): TemplateResult {
    const { ctx, route } = this;
    const { t } = ctx.words;
    switch (route.page) {
      case "doNotCall":
        return html`${this.#heading("camps_doNotCall")}
          <callcard-console-do-not-call .ctx=${ctx}></callcard-console-do-not-call>`;
      case "trunks":
        return html`${this.#heading("camps_trunks")}
          <callcard-console-trunks .ctx=${ctx}></callcard-console-trunks>`;
      case "new":
        return html`${this.#heading("camps_new")}
        ${
          ctx.model.campaigns.draft(NEW)
            ? html`<callcard-console-campaign-editor
                .ctx=${ctx}
                .campaignId=${NEW}
              ></callcard-console-campaign-editor>`
            : html`<callcard-console-campaign-start .ctx=${ctx}></callcard-console-campaign-start>`
        }`;
      case "one":
        return this.#one(route);
      case "list":
    }
    return html`<h1 class="sr" tabindex="-1">${t("place_campaigns")}</h1>
      <callcard-console-campaign-list .ctx=${ctx}></callcard-console-campaign-list>`;
  }

  #one(route: Extract<CampaignsRoute, { page: "one" }>): TemplateResult {
    const { ctx } = this;
    const { t } = ctx.words;
    const { campaigns } = ctx.model;
    const { id, tab, attemptId } = route;
    const name =
      campaigns.one(id)?.name ?? campaigns.ended.find((one) => one.id === id)?.settings.name ?? id;
    return html`<div class="title">
        <h1 tabindex="-1"><bdi>${name}</bdi></h1>
        <nav class="links" aria-label=${name}>
          ${TABS.map((one) =>
            this.#link(
              { page: "one", id, tab: one, attemptId: "" },
              t(`camp_tab_${one}`),
              one !== tab ? "" : attemptId ? "true" : "page",
            ),
          )}
        </nav>
      </div>
      ${
        attemptId
          ? html`<callcard-console-attempt
              .ctx=${ctx}
              .campaignId=${id}
              .attemptId=${attemptId}
            ></callcard-console-attempt>`
          : tab === "people"
            ? html`<callcard-console-campaign-people
                .ctx=${ctx}
                .campaignId=${id}
              ></callcard-console-campaign-people>`
            : tab === "settings"
              ? html`<callcard-console-campaign-editor
                  .ctx=${ctx}
                  .campaignId=${id}
                ></callcard-console-campaign-editor>`
              : html`<callcard-console-campaign-live
                  .ctx=${ctx}
                  .campaignId=${id}
                ></callcard-console-campaign-live>`
      }`;
  }

  #heading(key: ConsoleKey): TemplateResult {
    return html`<h1 tabindex="-1">${this.ctx.words.t(key)}</h1>`;
  }

  /** @param current What `aria-current` says: this page, or one below it. */
  #link(to: CampaignsRoute, text: string, current: "page" | "true" | ""): TemplateResult {
    return html`<a href=${hashOf(to)} aria-current=${current || nothing}>${text}</a>`;
  }
}
