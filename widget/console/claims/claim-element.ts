import { css, html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import { CLAIM_STATUSES, type ClaimStatus } from "../../../server/followups/model.ts";
import { base } from "../../shared/styles.ts";
import type { ConsoleContext } from "../context.ts";
import { alertOf } from "../shared/page-parts.ts";
import { refusalText } from "../shared/problems.ts";
import type { ClaimBody, ClaimNews, ClaimStep } from "./claims-api.ts";

/**
 * `<callcard-console-claim>`: a claim's story, and what there is to say of it: status, answer, deadline, a note. Properties: `ctx`, `claim`.
 * Events: `told` with the claim as it is then.
 */
export class ConsoleClaim extends LitElement {
  static override properties = {
    ctx: { attribute: false },
    claim: { attribute: false },
    steps: { state: true },
    draft: { state: true },
    sending: { state: true },
    problem: { state: true },
  };
  static override styles = [
    base,
    css`
      :host {
        display: grid;
        grid-template-columns: minmax(0, 3fr) minmax(0, 2fr);
        gap: 16px 28px;
        padding-top: 12px;
        margin-top: 8px;
        border-top: 1px solid var(--line);
      }
      form,
      .story {
        display: grid;
        gap: 10px;
        align-content: start;
      }
      .pair {
        display: grid;
        grid-template-columns: repeat(auto-fit, minmax(min(190px, 100%), 1fr));
        gap: 10px;
      }
      .story ol {
        display: grid;
        gap: 8px;
        font-size: 14px;
      }
      .story li {
        padding-left: 12px;
        border-left: 2px solid var(--line);
      }
      .btn {
        justify-self: start;
      }
      @container page (max-width: 700px) {
        :host {
          grid-template-columns: minmax(0, 1fr);
        }
      }
    `,
  ];

  declare ctx: ConsoleContext;
  declare claim: ClaimBody;
  /** Null before they were read. */
  declare steps: readonly ClaimStep[] | null;
  declare draft: ClaimNews;
  declare sending: boolean;
  declare problem: string;

  constructor() {
    super();
    this.steps = null;
    this.draft = {};
    this.sending = false;
    this.problem = "";
  }

  override firstUpdated(): void {
    this.renderRoot.querySelector<HTMLElement>("select")?.focus();
  }

  override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has("claim")) void this.#load();
  }

  override render(): TemplateResult {
    const { claim, draft } = this;
    const { t, locale } = this.ctx.words;
    const status = draft.status ?? claim.status;
    const isClosing = status === "solved" || status === "rejected";
    return html`<form
        @submit=${(event: SubmitEvent) => {
          event.preventDefault();
          void this.#send();
        }}
      >
        <div class="pair">
          <label class="field"
            >${t("cl_status")}<select
              @change=${(event: Event) =>
                this.#put({ status: (event.target as HTMLSelectElement).value as ClaimStatus })}
            >
              ${CLAIM_STATUSES.map(
                (one) =>
                  html`<option value=${one} ?selected=${one === status}>
                    ${locale.t(`claimStatus_${one}`)}
                  </option>`,
              )}
            </select></label
          >
          ${
            isClosing
              ? nothing
              : html`<label class="field"
                  >${t("cl_deadlineLabel")}<input
                    type="datetime-local"
                    .value=${localOf(draft.deadlineAt === undefined ? claim.deadlineAt : draft.deadlineAt)}
                    @change=${(event: Event) => {
                      const typed = (event.target as HTMLInputElement).value;
                      this.#put({
                        deadlineAt: typed === "" ? null : new Date(typed).toISOString(),
                      });
                    }}
                /></label>`
          }
        </div>
        <label class="field"
          >${t("cl_answerLabel")}<textarea
            rows="3"
            maxlength="4000"
            .value=${draft.answer ?? claim.answer}
            @input=${(event: Event) =>
              this.#put({ answer: (event.target as HTMLTextAreaElement).value })}
          ></textarea>
        </label>
        <label class="field"
          >${t("cl_noteLabel")}<input
            maxlength="4000"
            autocomplete="off"
            .value=${draft.text ?? ""}
            @input=${(event: Event) => this.#put({ text: (event.target as HTMLInputElement).value })}
        /></label>
        ${alertOf(this.problem)}
        <button class="btn primary" type="submit" aria-disabled=${this.sending}>
          ${t("cl_save")}
        </button>
      </form>
      <section class="story" aria-label=${t("cl_story")}>
        <h2>${t("cl_story")}</h2>
        ${this.#story()}
      </section>`;
  }

  #story(): TemplateResult {
    const { words, model } = this.ctx;
    const { t, locale } = words;
    if (this.steps === null) return html`<p class="muted" role="status">${t("loading")}</p>`;
    if (this.steps.length === 0) return html`<p class="muted">${t("cl_storyNone")}</p>`;
    return html`<ol>
      ${this.steps.map(
        (step) =>
          html`<li>
            <b>${locale.t(`claimStatus_${step.status}`)}</b>
            <span class="muted"
              >${locale.dayAndTime(step.at, model.clock.nowMs())}${
                step.toldBy ? html`, <bdi>${step.toldBy}</bdi>` : nothing
              }</span
            >
            ${step.text ? html`<p class="wrap">${step.text}</p>` : nothing}
          </li>`,
      )}
    </ol>`;
  }

  #put(change: ClaimNews): void {
    this.draft = { ...this.draft, ...change };
    this.problem = "";
  }

  async #send(): Promise<void> {
    const { claim, ctx, draft } = this;
    const { words, model, tell } = ctx;
    // Its button only says so: one that is disabled would lose the keyboard.
    if (this.sending) return;
    const news = Object.fromEntries(
      Object.entries(draft).filter(([name, value]) =>
        name === "text" ? value !== "" : value !== claim[name as "status"],
      ),
    ) as ClaimNews;
    if (Object.keys(news).length === 0) {
      this.problem = words.t("cl_nothingSaid");
      return;
    }
    this.sending = true;
    const answer = await model.api.claims.tell(claim.number, claim.source, news);
    this.sending = false;
    if (!answer.ok) {
      this.problem = words.t("failed", { message: refusalText(answer, words) });
      return;
    }
    this.problem = "";
    this.draft = {};
    tell(words.t("cl_saved", { number: claim.number }));
    this.dispatchEvent(new CustomEvent("told", { detail: answer.body.claim }));
  }

  async #load(): Promise<void> {
    const { id, number, source } = this.claim;
    const answer = await this.ctx.model.api.claims.one(number, source);
    if (id !== this.claim.id) return;
    if (answer.ok) this.steps = answer.body.steps;
    else {
      const { words } = this.ctx;
      this.problem = words.t("loadFailed", { message: refusalText(answer, words) });
    }
  }
}

/** A moment as the browser's own clock says it, for its field. */
function localOf(iso: string | null): string {
  if (iso === null) return "";
  const at = new Date(iso);
  return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}
