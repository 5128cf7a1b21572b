import { html, nothing, type TemplateResult } from "lit";
import type { DeskState } from "../../server/desk/protocol.ts";
import type { DeskContext } from "../shared/context.ts";
import { icon } from "../shared/icons.ts";
import type { DeskModel } from "./desk-model.ts";
import type { Preferences, Theme } from "./preferences.ts";

/** What the header asks its element for. */
export type TopActions = {
  readonly notify: () => void;
  readonly device: () => void;
  readonly help: () => void;
};

/** The header: state, queues, dialling, settings. `full` makes it the page's banner. */
export function top(
  model: DeskModel,
  ctx: DeskContext,
  desk: DeskState,
  theme: Theme,
  full: boolean,
  act: TopActions,
): TemplateResult {
  const { locale } = ctx;
  const { t } = locale;
  return html`<div class="top" part="header" role=${full ? "banner" : nothing}>
    <span class="brand" aria-hidden="true">${icon("incoming")}</span>
    <callcard-presence
      .ctx=${ctx}
      .presence=${desk.presence}
      .pauseReasons=${desk.pauseReasons}
      ?stale=${model.link.state === "offline"}
    ></callcard-presence>
    <ul class="queues" aria-label=${t("queuesTitle")}>
      ${desk.presence.queues.map(
        (queue) =>
          html`<li class=${queue.waiting > 0 ? "busy" : ""}>
            <bdi>${queue.name}</bdi> <strong>${queue.waiting}</strong
            ><span class="sr">${locale.count("queueWaiting", queue.waiting)}</span>
          </li>`,
      )}
    </ul>
    ${desk.demo ? html`<span class="badge demo" title=${t("demoHint")}>${t("demo")}</span>` : nothing}
    <callcard-dial .ctx=${ctx}></callcard-dial>
    <callcard-menu
      .locale=${locale}
      .user=${desk.user}
      .device=${desk.presence.device}
      .preferences=${model.preferences}
      .theme=${theme}
      .permission=${model.attention.permission}
      ?blocked=${model.ringer.blocked}
      ?canLogOut=${model.usesLogin}
      @prefer=${(event: CustomEvent<Partial<Preferences>>) => model.prefer(event.detail)}
      @sample=${() => model.ringer.sample(model.preferences.volume)}
      @notify=${act.notify}
      @device=${act.device}
      @help=${act.help}
      @logout=${() => void model.logout()}
    ></callcard-menu>
  </div>`;
}
