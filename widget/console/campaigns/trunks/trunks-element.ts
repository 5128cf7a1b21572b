import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import type { Trunk } from "../../../../server/campaigns/model.ts";
import { icon } from "../../../shared/icons.ts";
import { base } from "../../../shared/styles.ts";
import type { ConsoleContext } from "../../context.ts";
import type { ConsoleDialog } from "../../shared/dialog-element.ts";
import { KeptFocus } from "../../shared/kept-focus.ts";
import { refusalText } from "../../shared/problems.ts";
import { registerStyles } from "../register.styles.ts";

const FORMATS = ["e164", "plain", "national"] as const;

/** `<callcard-console-trunks>`: the ways out of the PBXs, and how much they carry. Properties: `ctx`. */
export class ConsoleTrunks extends LitElement {
  static override properties = {
    ctx: { attribute: false },
    trunks: { state: true },
    edited: { state: true },
    problem: { state: true },
  };
  static override styles = [
    base,
    registerStyles,
    css`
      .deeds {
        margin-left: auto;
        display: flex;
        gap: 8px;
      }
      code {
        overflow-wrap: anywhere;
      }
      form {
        grid-template-columns: repeat(auto-fill, minmax(min(220px, 100%), 1fr));
      }
      .wide,
      .buttons,
      .tick {
        grid-column: 1 / -1;
      }
      .buttons {
        display: flex;
        gap: 8px;
        flex-wrap: wrap;
      }
      .tick {
        display: flex;
        gap: 10px;
        align-items: center;
      }
      .add {
        justify-self: start;
      }
      .off {
        color: var(--ink-3);
      }
    `,
  ];

  declare ctx: ConsoleContext;
  declare trunks: readonly Trunk[] | null;
  /** What is being edited; its `pbx` and `name` cannot be changed once it exists. Null for nothing. */
  declare edited: { readonly trunk: Trunk; readonly isNew: boolean } | null;
  declare problem: string;

  constructor() {
    super();
    this.trunks = null;
    this.edited = null;
    this.problem = "";
    const next = (): HTMLElement | null =>
      this.renderRoot.querySelector<HTMLElement>("form input:not(:disabled)") ??
      this.renderRoot.querySelector<HTMLElement>(".add");
    this.addController(new KeptFocus(this, next));
  }

  override firstUpdated(): void {
    void this.#load();
  }

  override render(): TemplateResult {
    const { ctx } = this;
    const { t } = ctx.words;
    const { edited, trunks } = this;
    if (!trunks)
      return this.problem
        ? html`<p class="notice bad" role="alert">${this.problem}</p>`
        : html`<p class="muted" role="status">${t("loading")}</p>`;
    return html`<p class="muted">${t("trunks_lead")}</p>
      ${this.problem ? html`<p class="notice bad" role="alert">${this.problem}</p>` : nothing}
      ${trunks.length === 0 && !edited ? html`<p>${t("trunks_none")}</p>` : nothing}
      ${trunks.map((trunk) =>
        edited && !edited.isNew && isSame(edited.trunk, trunk)
          ? this.#form(trunk, false)
          : this.#trunk(trunk),
      )}
      ${
        edited?.isNew
          ? this.#form(edited.trunk, true)
          : ctx.writes
            ? html`<button class="btn add" type="button" @click=${() => this.#begin()}>
                ${icon("plus")}${t("trunks_add")}
              </button>`
            : nothing
      }
      <callcard-console-dialog></callcard-console-dialog>`;
  }

  #trunk(trunk: Trunk): TemplateResult {
    const { words, writes } = this.ctx;
    const { t } = words;
    return html`<article class="panel ${trunk.enabled ? "" : "off"}" aria-label=${trunk.name}>
      <header class="head">
        <h2><bdi>${trunk.name}</bdi></h2>
        <span class="muted"><bdi>${trunk.pbx}</bdi></span>
        ${trunk.enabled ? nothing : html`<span class="badge">${t("trunks_off")}</span>`}
        ${
          writes
            ? html`<span class="deeds"
                ><button
                  class="btn"
                  type="button"
                  aria-label=${`${t("trunks_edit")}: ${trunk.name}`}
                  @click=${() => (this.edited = { trunk, isNew: false })}
                >
                  ${t("trunks_edit")}</button
                ><button
                  class="btn quiet"
                  type="button"
                  aria-label=${`${t("trunks_remove")}: ${trunk.name}`}
                  @click=${() => void this.#remove(trunk)}
                >
                  ${t("trunks_remove")}
                </button></span
              >`
            : nothing
        }
      </header>
      <p><code>${trunk.dial}</code></p>
      <p class="muted">
        ${t("trunks_carries", {
          lines: trunk.lines,
          rate: words.number(trunk.callsPerSecond, 2),
          format: t(`trunks_format_${trunk.format}`),
        })}
      </p>
    </article>`;
  }

  #form(trunk: Trunk, isNew: boolean): TemplateResult {
    const { words, model } = this.ctx;
    const { t } = words;
    const pbxs = model.campaigns.vocabulary?.pbxs.map(({ name }) => name) ?? [];
    return html`<article class="panel" aria-label=${isNew ? t("trunks_add") : trunk.name}>
      <form
        @submit=${(event: SubmitEvent) => {
          event.preventDefault();
          void this.#save(event.target as HTMLFormElement, trunk, isNew);
        }}
      >
        <label class="field"
          >${t("trunks_pbx")}<select name="pbx" ?disabled=${!isNew}>
            ${(isNew ? pbxs : [trunk.pbx]).map(
              (name) => html`<option ?selected=${name === trunk.pbx}>${name}</option>`,
            )}
          </select></label
        >
        <label class="field"
          >${t("trunks_name")}<input
            name="name"
            required
            maxlength="40"
            pattern="[A-Za-z0-9_\\-]+"
            autocomplete="off"
            ?disabled=${!isNew}
            .value=${trunk.name}
        /></label>
        <label class="field wide"
          >${t("trunks_dial")}<input
            name="dial"
            required
            maxlength="200"
            pattern="[^\\{\\}]*\\{number\\}[^\\{\\}]*"
            title=${t("trunks_dialHint")}
            autocomplete="off"
            .value=${trunk.dial}
        /></label>
        <p class="muted small wide">${t("trunks_dialHint")}</p>
        <label class="field"
          >${t("trunks_format")}<select name="format">
            ${FORMATS.map(
              (format) =>
                html`<option value=${format} ?selected=${format === trunk.format}>
                  ${t(`trunks_format_${format}`)}
                </option>`,
            )}
          </select></label
        >
        <label class="field"
          >${t("trunks_lines")}<input
            name="lines"
            type="number"
            required
            min="1"
            max="10000"
            .value=${String(trunk.lines)}
        /></label>
        <label class="field"
          >${t("trunks_rate")}<input
            name="callsPerSecond"
            type="number"
            required
            min="0.1"
            max="1000"
            step="any"
            .value=${String(trunk.callsPerSecond)}
        /></label>
        <label class="tick"
          ><input
            type="checkbox"
            name="enabled"
            .checked=${trunk.enabled}
          />${t("trunks_on")}</label
        >
        <span class="buttons"
          ><button class="btn primary" type="submit">${t("trunks_save")}</button
          ><button class="btn" type="button" @click=${() => (this.edited = null)}>
            ${t("cancel")}
          </button></span
        >
      </form>
    </article>`;
  }

  #begin(): void {
    const [pbx] = this.ctx.model.campaigns.vocabulary?.pbxs ?? [];
    this.edited = {
      isNew: true,
      trunk: {
        pbx: pbx?.name ?? "",
        name: "",
        dial: "PJSIP/{number}@",
        format: "e164",
        lines: 10,
        callsPerSecond: 1,
        enabled: true,
      },
    };
  }

  async #save(form: HTMLFormElement, before: Trunk, isNew: boolean): Promise<void> {
    const { words, model, tell } = this.ctx;
    const data = new FormData(form);
    const word = (field: string): string => {
      const value = data.get(field);
      return typeof value === "string" ? value.trim() : "";
    };
    const trunk: Trunk = {
      // What cannot be changed is not in the form's data.
      pbx: isNew ? word("pbx") : before.pbx,
      name: isNew ? word("name") : before.name,
      dial: word("dial"),
      format: FORMATS.find((format) => format === word("format")) ?? "e164",
      lines: Number(word("lines")),
      callsPerSecond: Number(word("callsPerSecond")),
      enabled: data.has("enabled"),
    };
    if (isNew && this.trunks?.some((one) => isSame(one, trunk))) {
      this.problem = words.t("trunks_exists", { name: trunk.name });
      return;
    }
    const answer = await model.campaigns.api.setTrunk(trunk);
    if (!answer.ok) {
      this.problem = words.t("failed", { message: refusalText(answer, words) });
      return;
    }
    this.edited = null;
    tell(words.t("trunks_saved", { name: trunk.name }));
    await this.#load();
  }

  async #remove(trunk: Trunk): Promise<void> {
    const { words, model } = this.ctx;
    const { t } = words;
    const yes = await this.renderRoot.querySelector<ConsoleDialog>("callcard-console-dialog")!.ask({
      title: t("trunks_removeTitle", { name: trunk.name }),
      body: html`<p>${t("trunks_removeLead")}</p>`,
      yes: t("trunks_remove"),
      no: t("cancel"),
    });
    if (yes === null) return;
    const answer = await model.campaigns.api.removeTrunk(trunk);
    if (!answer.ok) {
      this.problem = words.t("failed", { message: refusalText(answer, words) });
      return;
    }
    await this.#load();
  }

  async #load(): Promise<void> {
    const { words, model } = this.ctx;
    const answer = await model.campaigns.api.trunks();
    if (answer.ok) this.trunks = answer.body.trunks;
    this.problem = answer.ok ? "" : words.t("loadFailed", { message: refusalText(answer, words) });
    // What a campaign may name changed with them.
    await model.campaigns.refresh();
  }
}

function isSame(a: Trunk, b: Trunk): boolean {
  return a.pbx === b.pbx && a.name === b.name;
}
