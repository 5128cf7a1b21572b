import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { repeat } from "lit/directives/repeat.js";
import { icon } from "../../../shared/icons.ts";
import { base } from "../../../shared/styles.ts";
import type { ConsoleContext } from "../../context.ts";
import { campaignHash, hashOf } from "../route.ts";

/** `<callcard-console-campaign-list>`: every campaign live, and those that ended. Properties: `ctx`. */
export class ConsoleCampaignList extends LitElement {
  static override properties = { ctx: { attribute: false } };
  static override styles = [
    base,
    css`
      :host {
        display: grid;
        gap: 16px;
      }
      a.btn {
        text-decoration: none;
        width: fit-content;
      }
      .empty {
        display: grid;
        gap: 12px;
        padding: 24px;
        max-width: 560px;
      }
      details {
        font-size: 14px;
      }
      summary {
        cursor: pointer;
        width: fit-content;
        color: var(--ink-2);
      }
      details ul {
        display: grid;
        gap: 6px;
        padding-top: 8px;
      }
    `,
  ];

  declare ctx: ConsoleContext;

  override render(): TemplateResult {
    const { ctx } = this;
    const { t } = ctx.words;
    const { live, ended } = ctx.model.campaigns;
    const begin = ctx.writes
      ? html`<a class="btn primary" href=${hashOf({ page: "new" })}
          >${icon("plus")}${t("camps_new")}</a
        >`
      : nothing;
    if (!live) return html``;
    return html`${
      live.campaigns.length === 0
        ? html`<section class="panel empty">
            <p>${t("camps_empty")}</p>
            ${begin}
          </section>`
        : html`${begin}
          ${repeat(
            live.campaigns,
            ({ campaignId }) => campaignId,
            ({ campaignId }) =>
              html`<callcard-console-campaign-live
                .ctx=${ctx}
                .campaignId=${campaignId}
                named
              ></callcard-console-campaign-live>`,
          )}`
    }
    ${
      ended.length === 0
        ? nothing
        : html`<details>
            <summary>${t("camps_ended", { count: ended.length })}</summary>
            <ul>
              ${ended.map(
                ({ id, settings, changedAt }) =>
                  html`<li>
                    <a href=${campaignHash(id, "people")}><bdi>${settings.name}</bdi></a>
                    <span class="muted"
                      >${ctx.words.locale.dayAndTime(changedAt, ctx.model.clock.nowMs())}</span
                    >
                  </li>`,
              )}
            </ul>
          </details>`
    }`;
  }
}
