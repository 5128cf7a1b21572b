import { html, nothing, type TemplateResult } from "lit";
import type { Card, DeskCampaign } from "../../server/desk/protocol.ts";
import type { DeskContext } from "../shared/context.ts";
import { icon } from "../shared/icons.ts";

/** What a list or an event said is shown up to here; the rest is for machines. */
const MOST_DATA = 12;

/** That we call, not they; for which campaign, why, and how often before. */
export function campaign(of: DeskCampaign, card: Card, ctx: DeskContext): TemplateResult {
  const { t } = ctx.locale;
  const numbers = card.orders
    .filter(({ id }) => of.orderIds.includes(id))
    .map(({ number }) => t("orderNumber", { number }));
  const why = of.reason === "callbackPromised" && of.promisedBy ? "" : t(`why_${of.reason}`);
  const details = [
    numbers.join(", "),
    of.promisedBy
      ? t("promisedBy", { name: of.promisedBy })
      : of.promised && of.reason !== "callbackPromised"
        ? t("why_callbackPromised")
        : "",
    of.attempt > 1 ? t("attemptNumber", { n: of.attempt }) : "",
  ].filter(Boolean);
  const [first = "", ...rest] = [why, ...details].filter(Boolean);
  const data = Object.entries(of.data).slice(0, MOST_DATA);
  return html`<div class="campaign">
    ${icon("outgoing")}
    <p class="what"><strong>${t("campaignOutgoing")}</strong> <bdi>${of.name}</bdi></p>
    <p class="why">
      <bdi>${sentence(first)}</bdi>${rest.map((words) => html`<span>, <bdi>${words}</bdi></span>`)}
    </p>
    ${
      data.length === 0
        ? nothing
        : html`<dl class="data">
            ${data.map(
              ([name, value]) =>
                html`<div>
                  <dt><bdi>${name}</bdi></dt>
                  <dd><bdi>${value}</bdi></dd>
                </div>`,
            )}
          </dl>`
    }
  </div>`;
}

/** What the operator says, to be read while talking; stays open or closed from card to card. */
export function script(text: string, ctx: DeskContext): TemplateResult | typeof nothing {
  if (text.trim() === "") return nothing;
  const { scriptOpen, locale, act } = ctx;
  return html`<section class="script" aria-labelledby="script">
    <h2 id="script">
      <button
        type="button"
        aria-expanded=${scriptOpen ? "true" : "false"}
        @click=${() => act.showScript(!scriptOpen)}
      >
        ${icon(scriptOpen ? "up" : "down")}${locale.t("scriptTitle")}
      </button>
    </h2>
    ${
      scriptOpen
        ? html`<div class="say" tabindex="0" role="group" aria-labelledby="script">
            <bdi>${text.trim()}</bdi>
          </div>`
        : nothing
    }
  </section>`;
}

/** With a capital, because it may begin with somebody's name or a word of any part. */
function sentence(text: string): string {
  return text.charAt(0).toLocaleUpperCase() + text.slice(1);
}
