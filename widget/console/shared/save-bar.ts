/** What is said of settings that are being edited, and the buttons to save them or give them up. */
import { html, nothing, type TemplateResult } from "lit";
import { icon } from "../../shared/icons.ts";
import { refusalText } from "./problems.ts";
import type { Saved, SettingsDraft } from "./settings-draft.ts";
import type { ConsoleWords } from "../words.ts";

type Deeds = { readonly save: () => void; readonly discard: () => void };

/** The bar at the bottom of an editor. */
export function saveBar<Settings extends object, Body extends Saved<Settings>>(
  draft: SettingsDraft<Settings, Body>,
  words: ConsoleWords,
  { discard, save: send }: Deeds,
): TemplateResult {
  const { t } = words;
  const { save } = draft;
  const problems = draft.checked.problems.length;
  if (save.state === "conflict")
    return html`<div class="save panel" role="alert">
      <p>${t("ed_conflict")}</p>
      <button class="btn" type="button" @click=${() => draft.resolve("theirs")}>
        ${t("ed_takeTheirs")}
      </button>
      <button class="btn primary" type="button" @click=${() => draft.resolve("mine")}>
        ${t("ed_keepMine")}
      </button>
    </div>`;
  return html`<div class="save panel">
    <p role="status" class=${save.state === "failed" || problems > 0 ? "bad" : ""}>
      ${
        problems > 0
          ? html`${icon("warning")}${t("ed_problems", { count: problems })}`
          : save.state === "failed"
            ? html`${icon("warning")}${t("failed", { message: refusalText(save.refused, words) })}`
            : save.state === "saving"
              ? t("ed_saving")
              : t(save.state === "clean" ? "ed_saved" : "ofEd_unsaved")
      }
    </p>
    ${
      save.state === "clean"
        ? nothing
        : html`<button class="btn" type="button" @click=${discard}>${t("ed_discard")}</button>`
    }
    <button
      class="btn primary"
      type="button"
      aria-disabled=${save.state === "clean" || save.state === "saving"}
      @click=${() => {
        // Its button only says so: one that is disabled would lose the keyboard.
        if (save.state !== "clean" && save.state !== "saving") send();
      }}
    >
      ${t("ed_save")}
    </button>
  </div>`;
}
