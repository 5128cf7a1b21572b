import { css, html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import type { OfferRuleVersion } from "../../../server/offers/rest.ts";
import { base } from "../../shared/styles.ts";
import type { ConsoleContext } from "../context.ts";
import type { ConsoleDialog } from "../shared/dialog-element.ts";
import { KeptFocus } from "../shared/kept-focus.ts";
import { alertOf } from "../shared/page-parts.ts";
import { refusalText } from "../shared/problems.ts";
import { ruleChanges } from "./changes.ts";
import { offersStyles } from "./offers.styles.ts";
import { offerProblemText } from "./problems.ts";
import { hashOf } from "./route.ts";
import { ruleText } from "./sentences.ts";

/** `<callcard-console-offer-versions>`: who changed what of a rule, and when; any of it can be taken again. Properties: `ctx`, `ruleId`. */
export class ConsoleOfferVersions extends LitElement {
  static override properties = {
    ctx: { attribute: false },
    ruleId: { attribute: false },
    versions: { state: true },
    problem: { state: true },
  };
  static override styles = [
    base,
    offersStyles,
    css`
      :host {
        max-width: 860px;
      }
      header {
        display: flex;
        flex-wrap: wrap;
        gap: 4px 12px;
        align-items: center;
      }
      header .btn {
        margin-left: auto;
      }
      .changes {
        display: grid;
        gap: 4px;
        color: var(--ink-2);
        overflow-wrap: anywhere;
      }
      .now {
        background: var(--accent-soft);
        color: var(--accent-ink);
        border-color: transparent;
      }
      summary {
        cursor: pointer;
        font-size: 14px;
        color: var(--ink-2);
        width: fit-content;
      }
    `,
  ];

  declare ctx: ConsoleContext;
  declare ruleId: string;
  /** Newest first; null before they were read. */
  declare versions: readonly OfferRuleVersion[] | null;
  declare problem: string;

  constructor() {
    super();
    this.addController(
      new KeptFocus(this, () => this.renderRoot.querySelector<HTMLElement>("summary, a")),
    );
    this.versions = null;
    this.problem = "";
  }

  override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has("ruleId")) {
      this.versions = null;
      void this.#load();
    }
  }

  override render(): TemplateResult {
    const { t } = this.ctx.words;
    const { versions } = this;
    return html`<a class="btn" href=${hashOf({ page: "one", id: this.ruleId })}
        >${t("ofV_toRule")}</a
      >
      ${alertOf(this.problem)}
      ${
        versions === null
          ? this.problem
            ? nothing
            : html`<p class="muted" role="status">${t("loading")}</p>`
          : versions.map((version, index) => this.#version(version, index))
      }
      <callcard-console-dialog></callcard-console-dialog>`;
  }

  #version(version: OfferRuleVersion, index: number): TemplateResult {
    const { words, model, writes } = this.ctx;
    const { t, locale } = words;
    const { changedAt, changedBy, revision, settings } = version;
    const title = t("versionTitle", { version: revision });
    const before = this.versions?.[index + 1]?.settings ?? null;
    const isNow = index === 0;
    const changes = ruleChanges(before, settings, words, model.offers.productName);
    const names = { product: model.offers.productName, currency: settings.currency };
    return html`<article class="panel" aria-label=${title}>
      <header>
        <h2>${title}</h2>
        ${isNow ? html`<span class="badge now">${t("ofV_now")}</span>` : nothing}
        <span class="muted small"
          >${t("versionBy", {
            name: changedBy,
            when: locale.dayAndTime(changedAt, model.clock.nowMs()),
          })}</span
        >
        ${
          writes && !isNow
            ? html`<button
                class="btn"
                type="button"
                aria-label=${`${t("ofV_again")}: ${title}`}
                @click=${() => void this.#again(version)}
              >
                ${t("ofV_again")}
              </button>`
            : nothing
        }
      </header>
      <ul class="changes">
        ${
          before === null && revision === 1
            ? html`<li>${t("ofV_made")}</li>`
            : before === null
              ? nothing
              : (changes.length > 0 ? changes : [t("ofV_same")]).map(
                  (text) => html`<li>${text}</li>`,
                )
        }
      </ul>
      <details>
        <summary>${t("ofV_show")}</summary>
        <p class="wrap"><b>${settings.name}.</b> ${ruleText(settings, words, names)}</p>
      </details>
    </article>`;
  }

  async #again({ revision, settings }: OfferRuleVersion): Promise<void> {
    const { words, model, tell } = this.ctx;
    const { t } = words;
    const dialog = this.renderRoot.querySelector("callcard-console-dialog") as ConsoleDialog;
    const now = this.versions?.[0]?.settings ?? null;
    const changes = ruleChanges(now, settings, words, model.offers.productName);
    const yes = await dialog.ask({
      title: t("ofV_againTitle", { version: revision }),
      body: html`<p>${t("ofV_againLead")}</p>
        <h3>${t("changesTitle")}</h3>
        <ul>
          ${(changes.length > 0 ? changes : [t("ofV_same")]).map((text) => html`<li>${text}</li>`)}
        </ul>`,
      yes: t("ofV_again"),
      no: t("cancel"),
    });
    if (yes === null) return;
    const refused = await model.offers.takeAgain(this.ruleId, settings);
    if (!refused) tell(t("ofV_taken", { version: revision }));
    await this.#load();
    if (refused) {
      const say = offerProblemText(settings.currency);
      this.problem = t("failed", { message: refusalText(refused, words, say) });
    }
  }

  async #load(): Promise<void> {
    const { words, model } = this.ctx;
    const id = this.ruleId;
    const answer = await model.offers.api.versions(id);
    // Another rule was opened meanwhile.
    if (id !== this.ruleId) return;
    if (answer.ok) this.versions = answer.body.versions;
    this.problem = answer.ok ? "" : words.t("loadFailed", { message: refusalText(answer, words) });
  }
}
