import { html, nothing, type TemplateResult } from "lit";
import { icon } from "../shared/icons.ts";
import type { Locale } from "../shared/locale.ts";
import type { DeskModel } from "./desk-model.ts";

/** What stands alone in the frame: `full` when the page has nothing else. */
export function alone(content: unknown, full: boolean): TemplateResult {
  return html`<div class="alone" role=${full ? "main" : nothing}>${content}</div>`;
}

/** What there is before there is a desk: the login, why a token was refused, or that it starts. */
export function beforeDesk(
  model: DeskModel,
  locale: Locale,
  phase: Exclude<DeskModel["phase"], "desk">,
): TemplateResult {
  const { t } = locale;
  if (phase === "login")
    return html`<callcard-login
      .locale=${locale}
      .notice=${model.loginNotice}
      .send=${(login: string, password: string) => model.login(login, password)}
    ></callcard-login>`;
  if (phase === "tokenRefused")
    return html`<p class="notice bad">${icon("warning")}<span>${t("tokenRefused")}</span></p>`;
  return html`<p class="muted" role="status">
    ${model.link.state === "offline" ? t("startingOffline") : t("starting")}
  </p>`;
}
