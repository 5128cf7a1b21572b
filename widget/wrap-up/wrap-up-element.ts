import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import type { CallBack, Disposition } from "../../server/desk/protocol.ts";
import { asksTime, type CampaignTerms, type Draft, type Saved } from "../desk/drafts.ts";
import type { Link } from "../desk/connection.ts";
import { icon } from "../shared/icons.ts";
import type { Locale } from "../shared/locale.ts";
import { base } from "../shared/styles.ts";
import type { Clock } from "../shared/time.ts";
import { callBackProblem } from "./call-back.ts";
import { choiceStyles } from "./choice.styles.ts";

/** What the operator typed; the detail of `edit`. */
export type WrapUpInput = {
  readonly disposition: string;
  readonly note: string;
  readonly tags: readonly string[];
  readonly callBack: CallBack | null;
};

/** A call back that was promised before anybody said when. */
const NO_TIME: CallBack = { at: "", timeZone: "", toMe: false };

/**
 * `<callcard-wrap-up>`: how one call ended, and a note. Can be filled in during the call, saved after it.
 *
 * Properties: `locale`, `heading` (with whom), `dispositions`, `draft`, `saved`, `over` (the call has ended), `link`,
 * `kept` (the browser keeps what is typed), `expanded`; of a campaign's call `terms` (its own dispositions, where the person may be) and
 * `clock`; `everywhere` (the server keeps what is typed); `promises` (zones of a person who can be promised a call back, null for nobody);
 * `shortcuts` (digits choose a campaign's disposition, and are shown).
 * Methods: `start()`, `pickDisposition(index)`.
 * Events: `edit` (detail {@link WrapUpInput}), `save`, `discard`, `expand`.
 */
export class CallcardWrapUp extends LitElement {
  static override properties = {
    locale: { attribute: false },
    heading: { attribute: false },
    dispositions: { attribute: false },
    draft: { attribute: false },
    saved: { attribute: false },
    over: { type: Boolean },
    link: { attribute: false },
    kept: { attribute: false },
    expanded: { type: Boolean },
    terms: { attribute: false },
    clock: { attribute: false },
    shortcuts: { type: Boolean },
    everywhere: { type: Boolean },
    promises: { attribute: false },
    incomplete: { state: true },
  };

  static override styles = [
    base,
    choiceStyles,
    css`
      :host {
        display: block;
      }
      form {
        display: grid;
        gap: 14px;
        padding: 16px;
      }
      .title {
        display: grid;
        gap: 1px;
      }
      .title h2 {
        font-size: 15px;
        color: var(--ink);
      }
      .title bdi {
        font-size: 13px;
        color: var(--ink-3);
        overflow: hidden;
        text-overflow: ellipsis;
        white-space: nowrap;
      }
      .incomplete fieldset {
        box-shadow: 0 2px 0 -1px var(--bad);
        padding-bottom: 8px;
      }
      textarea {
        min-height: 88px;
        field-sizing: content;
        max-height: 300px;
      }
      .promise {
        justify-self: start;
        min-height: 32px;
        font-size: 13px;
      }
      .foot {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        gap: 8px 12px;
        min-height: 40px;
      }
      .fate {
        flex: 1 1 140px;
        font-size: 13px;
        line-height: 1.35;
        color: var(--ink-3);
      }
      .fate.pending,
      .fate.incomplete {
        color: var(--warn);
      }
      .fate.refused {
        color: var(--bad);
      }
      .row {
        display: grid;
        grid-template-columns: auto minmax(0, 1fr) auto;
        gap: 12px;
        align-items: center;
        width: 100%;
        min-height: 52px;
        padding: 8px 16px;
      }
      button.row:hover {
        background: var(--sunken);
        border-radius: var(--radius);
      }
      .row .name {
        font-weight: 600;
        overflow: hidden;
        text-overflow: ellipsis;
        white-space: nowrap;
      }
      .row .fate {
        flex: none;
      }
      .row svg {
        color: var(--warn);
      }
      .row.saved svg,
      .row.saved .fate {
        color: var(--accent-ink);
      }
    `,
  ];

  declare locale: Locale;
  declare heading: string;
  declare dispositions: readonly Disposition[];
  declare draft: Draft | null;
  declare saved: Saved | null;
  declare over: boolean;
  declare link: Link;
  declare kept: boolean;
  declare expanded: boolean;
  declare terms: CampaignTerms | null;
  declare clock: Clock;
  declare shortcuts: boolean;
  declare everywhere: boolean;
  declare promises: readonly string[] | null;
  /** What is missing: why it was not saved. */
  declare incomplete: "" | "disposition" | "callBack" | "past";

  constructor() {
    super();
    this.heading = "";
    this.dispositions = [];
    this.draft = null;
    this.saved = null;
    this.over = false;
    this.kept = true;
    this.expanded = false;
    this.terms = null;
    this.shortcuts = false;
    this.everywhere = false;
    this.promises = null;
    this.incomplete = "";
  }

  override render(): TemplateResult {
    const { t, time } = this.locale;
    if (this.saved) {
      return html`<div class="panel row saved" role="status">
        ${icon("check")}<bdi class="name">${this.heading}</bdi
        ><span class="fate">${t("savedAt", { time: time(this.saved.savedAtMs) })}</span>
      </div>`;
    }
    return this.expanded ? this.#form() : this.#row();
  }

  #row(): TemplateResult {
    const fate = this.#fate();
    return html`<div class="panel">
      <button class="row" type="button" @click=${() => this.#say("expand")}>
        ${icon("clock")}<bdi class="name">${this.heading}</bdi>
        <span class="fate ${fate.look}">${fate.short}</span>
      </button>
    </div>`;
  }

  #form(): TemplateResult {
    const { t, lang } = this.locale;
    const { draft } = this;
    const fate = this.#fate();
    const disposition = draft?.disposition ?? "";
    const busy = draft?.state === "pending";
    return html`<form
      class="panel ${this.incomplete === "disposition" ? "incomplete" : ""}"
      @submit=${(event: SubmitEvent) => this.#submit(event)}
      @keydown=${this.#key}
      aria-labelledby="title"
    >
      <div class="title">
        <h2 id="title">${t(this.over ? "wrapUpTitle" : "wrapUpDuring")}</h2>
        <bdi>${this.heading}</bdi>
      </div>
      <fieldset>
        <legend class="sr">${t("wrapUpDisposition")}</legend>
        ${this.#waysToEnd.map(
          ({ code, labels }, index) =>
            html`<label class="choice"
              ><input
                type="radio"
                name="disposition"
                value=${code}
                .checked=${code === disposition}
                @change=${() => this.#edit({ disposition: code })}
              /><span
                >${
                  this.terms && this.shortcuts && index < 9
                    ? html`<kbd aria-hidden="true">${index + 1}</kbd>`
                    : nothing
                }${labels[lang] || code}</span
              ></label
            >`,
        )}
      </fieldset>
      ${
        this.#asksTime
          ? html`<callcard-call-back
              .locale=${this.locale}
              .clock=${this.clock}
              .zones=${this.terms?.timeZones ?? this.promises ?? []}
              .hours=${this.terms?.hours ?? null}
              .value=${draft?.callBack ?? null}
              @pick=${(event: CustomEvent<CallBack>) => this.#edit({ callBack: event.detail })}
            ></callcard-call-back>`
          : nothing
      }
      ${
        this.promises && !this.terms
          ? html`<button
              class="btn promise"
              type="button"
              aria-expanded=${draft?.callBack ? "true" : "false"}
              @click=${() => this.#edit({ callBack: draft?.callBack ? null : NO_TIME })}
            >
              ${icon("clock")}${t(draft?.callBack ? "promiseNot" : "promiseAdd")}
            </button>`
          : nothing
      }
      <label class="field"
        >${t("wrapUpNote")}
        <textarea
          name="note"
          maxlength="4000"
          .value=${draft?.note ?? ""}
          @input=${(event: InputEvent) =>
            this.#edit({ note: (event.target as HTMLTextAreaElement).value })}
        ></textarea>
      </label>
      <callcard-tags
        .locale=${this.locale}
        .tags=${draft?.tags ?? []}
        @tags=${(event: CustomEvent<readonly string[]>) => this.#edit({ tags: event.detail })}
      ></callcard-tags>
      <div class="foot">
        <button class="btn primary" type="submit" ?disabled=${!this.over} aria-disabled=${busy}>
          ${busy && !draft?.problem ? t("saving") : t("wrapUpSave")}
        </button>
        <p class="fate ${fate.look}" role="status">${fate.long}</p>
        ${
          draft?.state === "refused"
            ? html`<button class="btn quiet" type="button" @click=${() => this.#say("discard")}>
                ${t("wrapUpDiscard")}
              </button>`
            : nothing
        }
      </div>
    </form>`;
  }

  /** Where the text is, told honestly: only the server's reply makes it "saved". */
  #fate(): { look: string; short: string; long: string } {
    const { t } = this.locale;
    const { draft } = this;
    if (this.incomplete)
      return {
        look: "incomplete",
        short: t("notSaved"),
        long: t(
          this.incomplete === "disposition"
            ? "wrapUpChoose"
            : this.incomplete === "past"
              ? "callBackPast"
              : "callBackMissing",
        ),
      };
    if (draft?.state === "refused") {
      const why = draft.problem ? t(`error_${draft.problem}`) : "";
      return { look: "refused", short: t("notSaved"), long: `${t("wrapUpRefused")} ${why}` };
    }
    if (draft?.state === "pending") {
      const offline = this.link.state === "offline";
      const long = offline
        ? t("notSavedOffline")
        : draft.problem
          ? t(draft.problem === "databaseDown" ? "notSavedDatabase" : "notSavedRetry")
          : "";
      return { look: "pending", short: t("notSavedYet"), long };
    }
    if (!this.over) return { look: "", short: t("wrapUpTalking"), long: t("wrapUpAfterEnd") };
    if (!draft) return { look: "", short: t("wrapUpEmpty"), long: t("wrapUpKeys") };
    return {
      look: "",
      short: t("notSaved"),
      long: this.everywhere ? t("draftEverywhere") : this.kept ? t("draftKept") : t("draftNotKept"),
    };
  }

  #edit(change: Partial<WrapUpInput>): void {
    this.incomplete = "";
    const detail: WrapUpInput = {
      disposition: this.draft?.disposition ?? "",
      note: this.draft?.note ?? "",
      tags: this.draft?.tags ?? [],
      callBack: this.draft?.callBack ?? null,
      ...change,
    };
    this.dispatchEvent(new CustomEvent("edit", { detail }));
  }

  #key = (event: KeyboardEvent): void => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      (event.currentTarget as HTMLFormElement).requestSubmit();
    }
  };

  #submit(event: SubmitEvent): void {
    event.preventDefault();
    if (!this.over || this.draft?.state === "pending") return;
    if (!this.draft?.disposition) {
      this.incomplete = "disposition";
      this.renderRoot.querySelector<HTMLInputElement>("input[type=radio]")?.focus();
      return;
    }
    const problem = this.#asksTime && callBackProblem(this.draft.callBack, this.clock.nowMs());
    if (problem) {
      this.incomplete = problem === "past" ? "past" : "callBack";
      return;
    }
    this.#say("save");
  }

  #say(type: "save" | "discard" | "expand"): void {
    this.dispatchEvent(new Event(type));
  }

  /** How this call can end: the campaign's own ways, or the usual ones. */
  get #waysToEnd(): readonly Disposition[] {
    return this.terms?.dispositions ?? this.dispositions;
  }

  /** The chosen way asks when to call back. */
  get #asksTime(): boolean {
    // Of an ordinary call as soon as a call back is promised.
    if (!this.terms) return (this.draft?.callBack ?? null) !== null && this.promises !== null;
    return asksTime(this.terms, this.draft?.disposition ?? "");
  }

  /** Chooses a campaign's disposition by its place, as digits do; false when there is none. */
  pickDisposition(index: number): boolean {
    const disposition = this.terms?.dispositions[index];
    if (!this.expanded || this.saved || disposition === undefined) return false;
    this.#edit({ disposition: disposition.code });
    return true;
  }

  /** Puts the cursor where the operator goes on: the first choice, or the note when one is chosen. */
  start(): void {
    const field = this.draft?.disposition
      ? this.renderRoot.querySelector<HTMLElement>("textarea")
      : this.renderRoot.querySelector<HTMLElement>("input[type=radio]");
    field?.focus();
  }
}
