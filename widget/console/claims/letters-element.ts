import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { base } from "../../shared/styles.ts";
import type { ConsoleContext } from "../context.ts";
import { KeptFocus } from "../shared/kept-focus.ts";
import { listStyles } from "../shared/list.styles.ts";
import { alertOf } from "../shared/page-parts.ts";
import { pageStyles } from "../shared/page.styles.ts";
import { refusalText } from "../shared/problems.ts";
import { ShownList } from "../shared/shown-list.ts";
import type { Letter, LetterSettling } from "./claims-api.ts";

const LOOK_AGAIN_MS = 30_000;

/** `<callcard-console-letters>`: letters that could not be matched: whose they are, or that nothing is to be done. Properties: `ctx`. */
export class ConsoleLetters extends LitElement {
  static override properties = {
    ctx: { attribute: false },
    opened: { state: true },
  };
  static override styles = [
    base,
    pageStyles,
    listStyles,
    css`
      :host {
        margin-inline: 0;
        max-width: none;
      }
      .said {
        white-space: pre-line;
        max-width: 80ch;
        max-height: 240px;
        overflow: auto;
      }
      .links {
        font-size: 14px;
      }
      .links a {
        overflow-wrap: anywhere;
        min-height: 0;
        padding: 0 12px 0 0;
      }
    `,
  ];

  declare ctx: ConsoleContext;
  /** Id of the one somebody says whose it is, "" for none. */
  declare opened: string;
  readonly #list = new ShownList(this, {
    words: () => this.ctx.words,
    everyMs: LOOK_AGAIN_MS,
    read: (after) => this.ctx.model.api.claims.letters(after),
    rowsOf: ({ messages }) => messages,
    nextOf: ({ next }) => next,
    keyOf: ({ id }) => id,
    mayChange: () => this.opened === "",
  });

  constructor() {
    super();
    this.addController(
      new KeptFocus(this, () => this.renderRoot.querySelector<HTMLElement>(".deeds .btn")),
    );
    this.opened = "";
  }

  override firstUpdated(): void {
    void this.#list.load();
  }

  override render(): TemplateResult {
    const { t } = this.ctx.words;
    return html`<p class="lead">${t("lt_lead")}</p>
      ${alertOf(this.#list.problem)}
      ${this.#list.show({
        label: t("cl_page_letters"),
        none: t("lt_none"),
        row: (letter) => this.#letter(letter),
      })}`;
  }

  #letter(letter: Letter): TemplateResult {
    const { words, model } = this.ctx;
    const { t, locale } = words;
    const title = letter.subject || t("lt_noSubject");
    const isOpened = this.opened === letter.id;
    return html`<li class="panel" aria-label=${title}>
      <div>
        <p class="who">
          <b><bdi>${title}</bdi></b>
          <span class="badge warn"
            >${words.coded("lt_because_", letter.because) ?? letter.because}</span
          >
        </p>
        <p class="facts">
          <bdi>${letter.from || t("lt_nobody")}</bdi>
          <span>${locale.dayAndTime(letter.at, model.clock.nowMs())}</span>
        </p>
        <p class="wrap said" tabindex="0">${letter.text || t("lt_empty")}</p>
        ${
          letter.links.length > 0
            ? html`<p class="links">
                ${letter.links.map(
                  (link) =>
                    html`<a href=${link} target="_blank" rel="noopener noreferrer">${link}</a>`,
                )}
              </p>`
            : nothing
        }
      </div>
      <div class="deeds">
        <button
          class="btn"
          type="button"
          aria-expanded=${isOpened}
          aria-label=${`${t("lt_assign")}: ${title}`}
          @click=${() => (this.opened = isOpened ? "" : letter.id)}
        >
          ${t("lt_assign")}
        </button>
        <button
          class="btn"
          type="button"
          aria-label=${`${t("lt_dismiss")}: ${title}`}
          @click=${() => void this.#settle(letter, {})}
        >
          ${t("lt_dismiss")}
        </button>
      </div>
      ${
        isOpened
          ? html`<callcard-console-letter-owner
              class="whole"
              .ctx=${this.ctx}
              .customerId=${letter.customerId}
              @settle=${(event: CustomEvent<LetterSettling>) =>
                void this.#settle(letter, event.detail)}
            ></callcard-console-letter-owner>`
          : nothing
      }
    </li>`;
  }

  async #settle(letter: Letter, settling: LetterSettling): Promise<void> {
    const { words, model, tell } = this.ctx;
    const answer = await model.api.claims.settle(letter.id, settling);
    if (!answer.ok) {
      const isWrongOrder = /orderNumber/.test(answer.message);
      const message = isWrongOrder ? words.t("lt_noSuchOrder") : refusalText(answer, words);
      if (answer.status === 404) await this.#list.load();
      this.#list.say(words.t("failed", { message }));
      return;
    }
    this.opened = "";
    const { claimNumber } = answer.body;
    tell(
      claimNumber
        ? words.t("lt_filed", { number: claimNumber })
        : words.t(settling.customerId === undefined ? "lt_dismissed" : "lt_assigned"),
    );
    await this.#list.load();
  }
}
