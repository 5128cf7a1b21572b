import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import type { Policy } from "../../../server/priority/model.ts";
import type { VersionBody } from "../../../server/priority/rest.ts";
import { base } from "../../shared/styles.ts";
import type { ConsoleContext } from "../context.ts";
import { plainOf } from "../ready.ts";
import { guardTexts, policyChanges, ruleText } from "../sentences.ts";
import type { ConsoleDialog } from "../shared/dialog-element.ts";
import { KeptFocus } from "../shared/kept-focus.ts";
import { problemList, problemStyles, refusalText } from "../shared/problems.ts";

/** `<callcard-console-versions>`: the draft against what holds, and every version with what it changed. Properties: `ctx`. */
export class ConsoleVersions extends LitElement {
  static override properties = {
    ctx: { attribute: false },
    versions: { state: true },
    problem: { state: true },
  };
  static override styles = [
    base,
    problemStyles,
    css`
      :host {
        display: grid;
        gap: 14px;
        max-width: 860px;
        margin-inline: auto;
      }
      article {
        padding: 18px 22px;
        display: grid;
        gap: 8px;
      }
      header {
        display: flex;
        flex-wrap: wrap;
        gap: 4px 12px;
        align-items: center;
      }
      h2 {
        font-size: 18px;
        color: var(--ink);
      }
      header .btn {
        margin-left: auto;
      }
      .note {
        font-weight: 550;
      }
      .changes {
        display: grid;
        gap: 4px;
        color: var(--ink-2);
        overflow-wrap: anywhere;
      }
      summary {
        cursor: pointer;
        font-size: 14px;
        color: var(--ink-2);
        width: fit-content;
      }
      details ul {
        padding-top: 8px;
        display: grid;
        gap: 6px;
        color: var(--ink-2);
      }
      .now {
        background: var(--accent-soft);
        color: var(--accent-ink);
        border-color: transparent;
      }
    `,
  ];

  declare ctx: ConsoleContext;
  declare versions: readonly VersionBody[] | null;
  declare problem: string;
  /** The version the list was read for. */
  #readFor = -1;

  constructor() {
    super();
    // Who published stands before what was published.
    const next = (): HTMLElement | null =>
      this.renderRoot.querySelector("summary") ?? this.renderRoot.querySelector("h1");
    this.addController(new KeptFocus(this, next));
    this.versions = null;
    this.problem = "";
  }

  override willUpdate(): void {
    const version = this.ctx.model.published?.version ?? 0;
    if (version !== this.#readFor) {
      this.#readFor = version;
      void this.#load();
    }
  }

  override render(): TemplateResult {
    const { words, model, writes } = this.ctx;
    const { t } = words;
    const draft = model.draft!;
    const published = model.published!;
    const changes = this.#changes(published.policy, draft.policy);
    const blocked = draft.checked.problems.length > 0;
    return html`<h1 class="sr" tabindex="-1">${t("place_versions")}</h1>
      ${writes ? nothing : html`<p class="notice calm">${t("readOnly")}</p>`}
      ${
        changes.length > 0
          ? html`<article class="panel" aria-labelledby="draft">
              <header>
                <h2 id="draft">${t("draftTitle")}</h2>
                ${
                  writes
                    ? html`<button
                        class="btn primary"
                        type="button"
                        ?disabled=${blocked}
                        @click=${() => void this.#publish(changes)}
                      >
                        ${t("publish")}
                      </button>`
                    : nothing
                }
              </header>
              ${blocked ? html`<p class="notice bad">${t("problemsBlock")}</p>` : nothing}
              ${this.#list(changes)} ${problemList(draft.checked, words)}
            </article>`
          : nothing
      }
      ${this.problem ? html`<p class="notice bad" role="alert">${this.problem}</p>` : nothing}
      ${
        this.versions === null
          ? html`<p class="muted" role="status">${t("loading")}</p>`
          : this.versions.length === 0
            ? html`<p class="muted">${t("versionsNone")}</p>`
            : html`${this.versions.map((version, at) => this.#version(version, at))}
              ${this.#plain()}`
      }
      <callcard-console-dialog></callcard-console-dialog>`;
  }

  #version(version: VersionBody, at: number): TemplateResult {
    const { words, model, names, writes } = this.ctx;
    const { t, locale } = words;
    const before = this.versions?.[at + 1]?.policy ?? plainOf(version.policy);
    const now = version.version === model.published?.version;
    return html`<article class="panel" aria-labelledby=${`v${version.version}`}>
      <header>
        <h2 id=${`v${version.version}`}>${t("versionTitle", { version: version.version })}</h2>
        ${now ? html`<span class="badge now">${t("versionNow")}</span>` : nothing}
        <span class="muted small"
          >${t("versionBy", {
            name: version.publishedBy,
            when: locale.dayAndTime(version.publishedAt, model.clock.nowMs()),
          })}</span
        >
        ${
          writes && !now
            ? html`<button
                class="btn"
                type="button"
                aria-label=${`${t("rollback")}: ${t("versionTitle", { version: version.version })}`}
                @click=${() => void this.#rollBack(version.version, version.policy)}
              >
                ${t("rollback")}
              </button>`
            : nothing
        }
      </header>
      ${version.note ? html`<p class="note wrap">${version.note}</p>` : nothing}
      ${
        version.rolledBackTo === null
          ? nothing
          : html`<p class="muted">
              ${
                version.rolledBackTo === 0
                  ? t("versionBackPlain")
                  : t("versionBack", { version: version.rolledBackTo })
              }
            </p>`
      }
      ${this.#list(this.#changes(before, version.policy))}
      <details>
        <summary>${t("showRules")}</summary>
        <ul>
          ${version.policy.rules.map(
            (rule) => html`<li><strong>${rule.name}.</strong> ${ruleText(rule, words, names)}</li>`,
          )}
          ${guardTexts(version.policy.guard, words).map((text) => html`<li>${text}</li>`)}
        </ul>
      </details>
    </article>`;
  }

  /** Version 0: what held before anything was published. */
  #plain(): TemplateResult | typeof nothing {
    const { words, model, writes } = this.ctx;
    const { t } = words;
    const { policy } = model.published!;
    const now = this.#changes(policy, plainOf(policy)).length === 0;
    return html`<article class="panel" aria-labelledby="v0">
      <header>
        <h2 id="v0">${t("versionPlain")}</h2>
        ${
          writes && !now
            ? html`<button
                class="btn"
                type="button"
                aria-label=${`${t("rollback")}: ${t("versionPlain")}`}
                @click=${() => void this.#rollBack(0, plainOf(policy))}
              >
                ${t("rollback")}
              </button>`
            : nothing
        }
      </header>
    </article>`;
  }

  #list(changes: readonly string[]): TemplateResult {
    return html`<ul class="changes">
      ${(changes.length > 0 ? changes : [this.ctx.words.t("change_none")]).map(
        (text) => html`<li>${text}</li>`,
      )}
    </ul>`;
  }

  #changes(before: Policy, after: Policy): readonly string[] {
    return policyChanges(before, after, this.ctx.words, this.ctx.names);
  }

  async #publish(changes: readonly string[]): Promise<void> {
    const { words, model } = this.ctx;
    const { t } = words;
    const note = await this.#dialog().ask({
      title: t("publishTitle"),
      body: html`<p>${t("publishLead")}</p>
        <h3>${t("changesTitle")}</h3>
        ${this.#list(changes)}`,
      note: t("publishNote"),
      yes: t("publish"),
      no: t("cancel"),
    });
    if (note === null) return;
    // What was typed last must be in it.
    if (!(await model.draft!.flush())) return;
    await this.#done(await model.api.publish(model.draft!.revision, note));
  }

  async #rollBack(version: number, policy: Policy): Promise<void> {
    const { words, model } = this.ctx;
    const { t } = words;
    const yes = await this.#dialog().ask({
      title: version === 0 ? t("rollbackTitlePlain") : t("rollbackTitle", { version }),
      body: html`<p>${t(version === 0 ? "rollbackLeadPlain" : "rollbackLead")}</p>
        <h3>${t("changesTitle")}</h3>
        ${this.#list(this.#changes(model.published!.policy, policy))}`,
      yes: t("rollback"),
      no: t("cancel"),
    });
    if (yes !== null) await this.#done(await model.api.rollBack(version));
  }

  async #done(
    answer: Awaited<ReturnType<ConsoleContext["model"]["api"]["publish"]>>,
  ): Promise<void> {
    const { words, model, tell } = this.ctx;
    if (answer.ok) {
      this.problem = "";
      tell(words.t("published", { version: answer.body.version }));
    } else this.problem = words.t("failed", { message: refusalText(answer, words) });
    await model.refresh();
  }

  async #load(): Promise<void> {
    const answer = await this.ctx.model.api.versions();
    if (answer.ok) this.versions = answer.body.versions;
    else
      this.problem = this.ctx.words.t("loadFailed", {
        message: refusalText(answer, this.ctx.words),
      });
  }

  #dialog(): ConsoleDialog {
    return this.renderRoot.querySelector("callcard-console-dialog") as ConsoleDialog;
  }
}
