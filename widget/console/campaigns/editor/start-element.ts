import { css, html, LitElement, type TemplateResult } from "lit";
import type { CampaignTemplate } from "../../../../server/campaigns/rest.ts";
import { base } from "../../../shared/styles.ts";
import type { ConsoleContext } from "../../context.ts";
import { refusalText } from "../../shared/problems.ts";

/** `<callcard-console-campaign-start>`: what a new campaign can begin with. Properties: `ctx`. */
export class ConsoleCampaignStart extends LitElement {
  static override properties = {
    ctx: { attribute: false },
    templates: { state: true },
    problem: { state: true },
  };
  static override styles = [
    base,
    css`
      :host {
        display: grid;
        gap: 14px;
      }
      ul {
        display: grid;
        grid-template-columns: repeat(auto-fill, minmax(min(300px, 100%), 1fr));
        gap: 14px;
      }
      li {
        padding: 18px 20px;
        display: grid;
        gap: 8px;
        align-content: start;
      }
      h2 {
        font-size: 18px;
        color: var(--ink);
        letter-spacing: -0.01em;
      }
      .btn {
        justify-self: start;
        margin-top: 4px;
      }
    `,
  ];

  declare ctx: ConsoleContext;
  declare templates: readonly CampaignTemplate[] | null;
  declare problem: string;
  #language = "";

  constructor() {
    super();
    this.templates = null;
    this.problem = "";
  }

  override willUpdate(): void {
    const { lang } = this.ctx.words.locale;
    if (lang === this.#language) return;
    this.#language = lang;
    void this.#load(lang);
  }

  override render(): TemplateResult {
    const { words, writes, model } = this.ctx;
    const { t } = words;
    if (!writes) return html`<p class="notice calm">${t("camp_onlyAdmins")}</p>`;
    if (this.problem) return html`<p class="notice bad" role="alert">${this.problem}</p>`;
    if (!this.templates) return html`<p class="muted" role="status">${t("loading")}</p>`;
    return html`<p class="muted">${t("template_lead")}</p>
      <ul>
        ${this.templates.map(
          ({ id, settings }) =>
            html`<li class="panel">
              <h2>${settings.name}</h2>
              <p>${words.coded("template_", id) ?? ""}</p>
              <p class="muted small">
                ${t(`mode_${settings.mode}`)}, ${t(`kind_${settings.kind}`)}
              </p>
              <button
                class="btn primary"
                type="button"
                aria-label=${`${t("template_use")}: ${settings.name}`}
                @click=${() => model.campaigns.begin(settings)}
              >
                ${t("template_use")}
              </button>
            </li>`,
        )}
      </ul>`;
  }

  async #load(lang: string): Promise<void> {
    const { words, model } = this.ctx;
    const answer = await model.campaigns.api.templates(lang);
    if (answer.ok) this.templates = answer.body.templates;
    else this.problem = words.t("loadFailed", { message: refusalText(answer, words) });
  }
}
