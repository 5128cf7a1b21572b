import { html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import { EveryMinute } from "../../../shared/every-minute.ts";
import { icon } from "../../../shared/icons.ts";
import { base } from "../../../shared/styles.ts";
import type { ConsoleContext } from "../../context.ts";
import { inlineStyles } from "../../shared/inline.ts";
import { KeptFocus } from "../../shared/kept-focus.ts";
import { problemList, refusalText } from "../../shared/problems.ts";
import type { CampaignDraft } from "../campaign-draft.ts";
import { NEW } from "../campaigns-model.ts";
import { campaignHash, hashOf } from "../route.ts";
import { againPart } from "./again.ts";
import type { CampaignEditing } from "./editing.ts";
import { editorStyles } from "./editor.styles.ts";
import { howPart, linesPart } from "./how.ts";
import { endsPart, sayPart } from "./say.ts";
import { whenPart } from "./when.ts";
import { whoPart } from "./who.ts";

/** `<callcard-console-campaign-editor>`: a campaign's settings as sentences. Properties: `ctx`, `campaignId` (`new` for one to be made). */
export class ConsoleCampaignEditor extends LitElement {
  static override properties = {
    ctx: { attribute: false },
    campaignId: { attribute: false },
    problem: { state: true },
  };
  static override styles = [base, inlineStyles, editorStyles];

  declare ctx: ConsoleContext;
  declare campaignId: string;
  declare problem: string;

  constructor() {
    super();
    this.problem = "";
    this.addController(new EveryMinute(this));
    this.addController(
      new KeptFocus(this, () => this.renderRoot.querySelector<HTMLElement>(".save .btn")),
    );
  }

  override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has("campaignId")) void this.#open();
  }

  override render(): TemplateResult {
    const { ctx } = this;
    const { t } = ctx.words;
    const { campaigns } = ctx.model;
    const draft = campaigns.draft(this.campaignId);
    const { vocabulary } = campaigns;
    if (this.problem) return html`<p class="notice bad" role="alert">${this.problem}</p>`;
    if (!draft || !vocabulary) return html`<p class="muted" role="status">${t("loading")}</p>`;
    const editing: CampaignEditing = {
      ctx,
      vocabulary,
      settings: draft.settings,
      checked: draft.checked,
      set: (change) => draft.change(change),
    };
    const elsewhere = draft.checked.problems.filter(({ path }) => path === "");
    return html`${problemList({ problems: elsewhere, warnings: [] }, ctx.words)} ${whoPart(editing)}
    ${linesPart(editing)} ${howPart(editing)} ${whenPart(editing)} ${againPart(editing)}
    ${sayPart(editing)} ${endsPart(editing)} ${ctx.writes ? this.#save(draft) : nothing}`;
  }

  #save(draft: CampaignDraft): TemplateResult {
    const { words } = this.ctx;
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
          save.state === "failed"
            ? html`${icon("warning")}${t("failed", { message: refusalText(save.refused, words) })}`
            : problems > 0
              ? html`${icon("warning")}${t("ed_problems", { count: problems })}`
              : save.state === "saving"
                ? t("ed_saving")
                : save.state === "clean"
                  ? t("ed_saved")
                  : t(draft.id === null ? "ed_unsavedNew" : "ed_unsaved")
        }
      </p>
      ${
        save.state === "clean"
          ? nothing
          : html`<button class="btn" type="button" @click=${() => void this.#discard(draft)}>
              ${t("ed_discard")}
            </button>`
      }
      <button
        class="btn primary"
        type="button"
        aria-disabled=${save.state === "clean" || save.state === "saving"}
        @click=${() => void this.#send(draft)}
      >
        ${t(draft.id === null ? "ed_create" : "ed_save")}
      </button>
    </div>`;
  }

  async #open(): Promise<void> {
    this.problem = "";
    if (this.campaignId === NEW) return;
    const refused = await this.ctx.model.campaigns.open(this.campaignId);
    if (refused)
      this.problem = this.ctx.words.t("loadFailed", {
        message: refusalText(refused, this.ctx.words),
      });
  }

  async #send(draft: CampaignDraft): Promise<void> {
    // Its button only says so: one that is disabled would lose the keyboard.
    if (!draft.isChanged || draft.save.state === "saving") return;
    const isNew = draft.id === null;
    const saved = await draft.send();
    if (!saved) return;
    const { words, model, tell } = this.ctx;
    tell(words.t("ed_savedTold", { name: saved.settings.name }));
    if (!isNew) return;
    model.campaigns.saved(saved.id);
    location.hash = campaignHash(saved.id);
  }

  async #discard(draft: CampaignDraft): Promise<void> {
    const { campaigns } = this.ctx.model;
    campaigns.discard(this.campaignId);
    if (draft.id === null) location.hash = hashOf({ page: "new" });
    else await this.#open();
  }
}
