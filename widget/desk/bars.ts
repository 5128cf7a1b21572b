import { html, nothing, type TemplateResult } from "lit";
import { icon } from "../shared/icons.ts";
import type { Locale } from "../shared/locale.ts";
import { newerLine } from "../shared/newer-line.ts";
import { ownPbxs } from "../shared/own-pbx.ts";
import { previewTitle } from "../shared/words.ts";
import type { DeskModel } from "./desk-model.ts";

/** What is wrong right now, above everything else and without moving anything. */
export function bars(model: DeskModel, locale: Locale): TemplateResult {
  const { t, time } = locale;
  const desk = model.screen?.desk;
  const offline = model.link.state === "offline" ? model.link : null;
  const { down = [], removed = null } = desk ? ownPbxs(desk) : {};
  const ringing = model.calls.some((call) => call.state === "ringing");
  const gone = model.previews.goneWithout(model.calls);
  return html`<div class="bars" role="status">
    ${newerLine(model.newer, locale)}
    ${
      gone
        ? html`<p class="notice calm">
            ${icon("check")}<span>${t("previewGone", { name: previewTitle(gone, locale) })}</span>
          </p>`
        : nothing
    }
    ${
      offline
        ? html`<p class="notice">
            ${icon("offline")}<span>${t("offline", { time: time(offline.sinceMs) })}</span>
          </p>`
        : nothing
    }
    ${
      !offline && desk?.trouble.includes("pbxDown")
        ? html`<p class="notice bad">
            ${icon("warning")}<span
              >${
                removed !== null
                  ? t("pbxRemoved", { name: removed })
                  : down.length > 0
                    ? t("pbxDown", { names: down.join(", ") })
                    : t("pbxDownAny")
              }</span
            >
          </p>`
        : nothing
    }
    ${
      !offline && desk?.trouble.includes("databaseDown")
        ? html`<p class="notice bad">${icon("warning")}<span>${t("databaseDown")}</span></p>`
        : nothing
    }
    ${
      ringing && model.leads && model.ringer.blocked && !model.preferences.muted
        ? html`<p class="notice">${icon("muted")}<span>${t("soundBlocked")}</span></p>`
        : nothing
    }
  </div>`;
}
