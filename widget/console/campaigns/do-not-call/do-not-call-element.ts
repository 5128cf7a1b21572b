import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { repeat } from "lit/directives/repeat.js";
import type { DoNotCallLine } from "../../../../server/campaigns/rest.ts";
import { base } from "../../../shared/styles.ts";
import type { ConsoleContext } from "../../context.ts";
import { KeptFocus } from "../../shared/kept-focus.ts";
import { refusalText } from "../../shared/problems.ts";
import { saveFile } from "../files.ts";
import { registerStyles } from "../register.styles.ts";
import { refusedText } from "../sentences.ts";

const SHOWN = 50;
const SEARCH_AFTER_MS = 250;

/** `<callcard-console-do-not-call>`: numbers that no campaign calls. Properties: `ctx`. */
export class ConsoleDoNotCall extends LitElement {
  static override properties = {
    ctx: { attribute: false },
    lines: { state: true },
    more: { state: true },
    problem: { state: true },
  };
  static override styles = [
    base,
    registerStyles,
    css`
      form {
        grid-template-columns: minmax(0, 1fr) minmax(0, 1.6fr) auto;
        align-items: end;
      }
      .head {
        align-items: end;
      }
      .head label {
        flex: 1 1 240px;
        max-width: 420px;
      }
      li {
        display: grid;
        grid-template-columns: minmax(0, 1fr) auto;
        gap: 0 12px;
        padding: 7px 0;
        border-bottom: 1px solid var(--line);
        align-items: center;
      }
      .phone {
        font-weight: 600;
      }
      .why {
        overflow-wrap: anywhere;
      }
      .more {
        justify-self: start;
      }
      @media (max-width: 600px) {
        form {
          grid-template-columns: minmax(0, 1fr);
        }
      }
    `,
  ];

  declare ctx: ConsoleContext;
  declare lines: readonly DoNotCallLine[] | null;
  /** Where the next page begins, null when everything is shown. */
  declare more: string | null;
  declare problem: string;
  #search = "";
  #asks = 0;
  #typing: ReturnType<typeof setTimeout> | null = null;

  constructor() {
    super();
    this.lines = null;
    this.more = null;
    this.problem = "";
    const next = (): HTMLElement | null =>
      this.renderRoot.querySelector<HTMLElement>("li button") ??
      this.renderRoot.querySelector<HTMLElement>("input");
    this.addController(new KeptFocus(this, next));
  }

  override firstUpdated(): void {
    void this.#load(null);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    if (this.#typing) clearTimeout(this.#typing);
  }

  override render(): TemplateResult {
    const { ctx } = this;
    const { t } = ctx.words;
    return html`<p class="muted">${t("dnc_lead")}</p>
      ${this.problem ? html`<p class="notice bad" role="alert">${this.problem}</p>` : nothing}
      ${this.#adding()}
      <section class="panel" aria-label=${t("camps_doNotCall")}>
        <div class="head">
          <label class="field"
            >${t("dnc_search")}<input
              type="search"
              maxlength="40"
              autocomplete="off"
              @input=${(event: Event) => this.#type((event.target as HTMLInputElement).value)}
          /></label>
          <button class="btn" type="button" @click=${() => void this.#export()}>
            ${t("dnc_export")}
          </button>
        </div>
        ${this.#list()}
      </section>`;
  }

  #adding(): TemplateResult {
    const { ctx } = this;
    const { t } = ctx.words;
    return html`<section class="panel" aria-label=${t("dnc_add")}>
      <form
        @submit=${(event: SubmitEvent) => {
          event.preventDefault();
          void this.#add(event.target as HTMLFormElement);
        }}
      >
        <label class="field"
          >${t("dnc_phone")}<input
            name="phone"
            type="tel"
            required
            maxlength="40"
            autocomplete="off"
        /></label>
        <label class="field"
          >${t("dnc_reason")}<input name="reason" maxlength="200" autocomplete="off"
        /></label>
        <button class="btn primary" type="submit">${t("dnc_add")}</button>
      </form>
      <callcard-console-upload
        .words=${ctx.words}
        .label=${t("dnc_import")}
        .hint=${t("dnc_importHint")}
        .send=${(file: Blob) => ctx.model.campaigns.api.forbidAll(file)}
        @uploaded=${() => void this.#load(null)}
      ></callcard-console-upload>
    </section>`;
  }

  #list(): TemplateResult {
    const { words, model, writes } = this.ctx;
    const { t, locale } = words;
    if (!this.lines) return html`<p class="muted" role="status">${t("loading")}</p>`;
    if (this.lines.length === 0)
      return html`<p class="muted" role="status">
        ${t(this.#search ? "dnc_foundNone" : "dnc_none")}
      </p>`;
    return html`<ul>
        ${repeat(
          this.lines,
          ({ phone }) => phone,
          (line) =>
            html`<li>
              <span
                ><bdi class="phone">${line.phone}</bdi> ${
                  line.reason ? html`<span class="why">${line.reason}</span>` : nothing
                }
                <span class="muted small"
                  >${t("dnc_by", {
                    name: line.addedBy,
                    when: locale.dayAndTime(line.addedAt, model.clock.nowMs()),
                  })}</span
                ></span
              >
              ${
                writes
                  ? html`<button
                      class="btn quiet"
                      type="button"
                      aria-label=${`${t("dnc_remove")}: ${line.phone}`}
                      @click=${() => void this.#remove(line)}
                    >
                      ${t("dnc_remove")}
                    </button>`
                  : nothing
              }
            </li>`,
        )}
      </ul>
      ${
        this.more === null
          ? nothing
          : html`<button class="btn more" type="button" @click=${() => void this.#load(this.more)}>
              ${t("dnc_more")}
            </button>`
      }`;
  }

  #type(value: string): void {
    this.#search = value.trim();
    if (this.#typing) clearTimeout(this.#typing);
    this.#typing = setTimeout(() => void this.#load(null), SEARCH_AFTER_MS);
  }

  /** @param after Where the page begins; null for the first. */
  async #load(after: string | null): Promise<void> {
    const mine = ++this.#asks;
    const { words, model } = this.ctx;
    const answer = await model.campaigns.api.doNotCall(this.#search, after, SHOWN);
    if (mine !== this.#asks) return;
    if (answer.ok) {
      const { lines, next } = answer.body;
      this.lines = after === null ? lines : [...(this.lines ?? []), ...lines];
      this.more = next;
    }
    this.problem = answer.ok ? "" : words.t("loadFailed", { message: refusalText(answer, words) });
  }

  async #add(form: HTMLFormElement): Promise<void> {
    const { words, model, tell } = this.ctx;
    const data = new FormData(form);
    const [phone, reason] = ["phone", "reason"].map((name) => {
      const value = data.get(name);
      return typeof value === "string" ? value.trim() : "";
    });
    const answer = await model.campaigns.api.forbid(phone ?? "", reason ?? "");
    const [refused] = answer.ok ? answer.body.refused : [];
    if (refused || !answer.ok) {
      const message = answer.ok
        ? `${phone}: ${refusedText(refused!, words)}`
        : refusalText(answer, words);
      this.problem = words.t("failed", { message });
      return;
    }
    form.reset();
    tell(words.t("dnc_added", { phone: phone ?? "" }));
    await this.#load(null);
  }

  async #remove({ phone, reason }: DoNotCallLine): Promise<void> {
    const { words, model, tell } = this.ctx;
    const { api } = model.campaigns;
    const answer = await api.allow(phone);
    if (!answer.ok) {
      this.problem = words.t("failed", { message: refusalText(answer, words) });
      return;
    }
    this.lines = (this.lines ?? []).filter((line) => line.phone !== phone);
    tell(words.t("dnc_removed", { phone }), () => {
      void api.forbid(phone, reason).then(() => this.#load(null));
    });
  }

  async #export(): Promise<void> {
    const { words, model } = this.ctx;
    const answer = await model.campaigns.api.forbidden();
    this.problem = answer.ok ? "" : words.t("failed", { message: refusalText(answer, words) });
    if (answer.ok) saveFile("do-not-call.csv", answer.body);
  }
}
