import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import {
  CLAIM_KINDS,
  CLAIM_STATUSES,
  type ClaimKind,
  type ClaimStatus,
} from "../../../server/followups/model.ts";
import { base } from "../../shared/styles.ts";
import type { ConsoleContext } from "../context.ts";
import { listStyles } from "../shared/list.styles.ts";
import { alertOf, viewButtons } from "../shared/page-parts.ts";
import { pageStyles } from "../shared/page.styles.ts";
import { ShownList } from "../shared/shown-list.ts";
import { CLAIM_VIEWS, type ClaimBody, type ClaimQuestion } from "./claims-api.ts";

const SEARCH_AFTER_MS = 300;
const LOOK_AGAIN_MS = 30_000;

/** `<callcard-console-claim-list>`: claims with their deadlines; one may be open, to be answered. Properties: `ctx`. */
export class ConsoleClaimList extends LitElement {
  static override properties = {
    ctx: { attribute: false },
    question: { state: true },
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
      .number {
        font-weight: 650;
      }
      .photos {
        display: flex;
        flex-wrap: wrap;
        gap: 2px 12px;
        font-size: 14px;
      }
      .said {
        white-space: pre-line;
        max-width: 80ch;
      }
    `,
  ];

  declare ctx: ConsoleContext;
  declare question: ClaimQuestion;
  /** Id of the one that is open, "" for none. */
  declare opened: string;
  readonly #list = new ShownList(this, {
    words: () => this.ctx.words,
    everyMs: LOOK_AGAIN_MS,
    read: (after) => this.ctx.model.api.claims.page(this.question, after),
    rowsOf: ({ claims }) => claims,
    nextOf: ({ next }) => next,
    keyOf: ({ id }) => id,
    mayChange: () => this.opened === "",
  });
  #typing: ReturnType<typeof setTimeout> | null = null;

  constructor() {
    super();
    this.question = { view: "open", kind: "", status: "", text: "" };
    this.opened = "";
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    if (this.#typing) clearTimeout(this.#typing);
  }

  override firstUpdated(): void {
    void this.#list.load();
  }

  override render(): TemplateResult {
    const { t } = this.ctx.words;
    const { question } = this;
    return html`${viewButtons(
      t("cl_views"),
      CLAIM_VIEWS.map((view) => [view, t(`cl_view_${view}`)] as const),
      question.view,
      (view) => this.#ask({ view }),
    )}
    ${this.#filters()} ${alertOf(this.#list.problem)}
    ${this.#list.show({
      label: t("place_claims"),
      none: t(this.#isNarrowed ? "cl_noneHere" : "cl_none"),
      row: (claim) => this.#claim(claim),
    })}`;
  }

  get #isNarrowed(): boolean {
    const { kind, status, text, view } = this.question;
    return view !== "open" || kind !== "" || status !== "" || text.trim() !== "";
  }

  #filters(): TemplateResult {
    const { t, locale } = this.ctx.words;
    const { kind, status, text } = this.question;
    const choice = <Value extends string>(
      label: string,
      chosen: Value | "",
      all: readonly (readonly [Value, string])[],
      put: (value: Value | "") => void,
    ): TemplateResult =>
      html`<label class="field"
        >${label}<select
          @change=${(event: Event) => put((event.target as HTMLSelectElement).value as Value | "")}
        >
          <option value="" ?selected=${chosen === ""}>${t("cl_any")}</option>
          ${all.map(
            ([value, words]) =>
              html`<option value=${value} ?selected=${value === chosen}>${words}</option>`,
          )}
        </select></label
      >`;
    return html`<div class="filters">
      ${choice<ClaimKind>(
        t("cl_kind"),
        kind,
        CLAIM_KINDS.map((one) => [one, locale.t(`claim_${one}`)] as const),
        (value) => this.#ask({ kind: value }),
      )}
      ${choice<ClaimStatus>(
        t("cl_status"),
        status,
        CLAIM_STATUSES.map((one) => [one, locale.t(`claimStatus_${one}`)] as const),
        (value) => this.#ask({ status: value }),
      )}
      <label class="field"
        >${t("cl_search")}<input
          type="search"
          maxlength="200"
          autocomplete="off"
          .value=${text}
          @input=${(event: Event) => {
            const typed = (event.target as HTMLInputElement).value;
            this.question = { ...this.question, text: typed };
            if (this.#typing) clearTimeout(this.#typing);
            this.#typing = setTimeout(() => this.#ask({}), SEARCH_AFTER_MS);
          }}
      /></label>
    </div>`;
  }

  #claim(claim: ClaimBody): TemplateResult {
    const { words, model } = this.ctx;
    const { t, locale } = words;
    const nowMs = model.clock.nowMs();
    const isOpened = this.opened === claim.id;
    const kind = claim.kind ? locale.t(`claim_${claim.kind}`) : claim.subject;
    return html`<li class="panel ${claim.late ? "late" : ""}" aria-label=${claim.number}>
      <div>
        <p class="who">
          <span class="number"><bdi>${claim.number}</bdi></span>
          <b><bdi>${claim.customerName || t("cl_noName")}</bdi></b>
          ${claim.late ? html`<span class="badge bad">${locale.t("claimLate")}</span>` : nothing}
          <span class="badge ${claim.closedAt ? "" : "good"}"
            >${locale.t(`claimStatus_${claim.status}`)}</span
          >
          ${kind ? html`<span class="badge"><bdi>${kind}</bdi></span>` : nothing}
        </p>
        <p class="facts">
          ${
            claim.orderNumber
              ? html`<span
                  >${t("cl_order", { number: claim.orderNumber })}${
                    claim.lineName ? html`, <bdi>${claim.lineName}</bdi>` : nothing
                  }</span
                >`
              : nothing
          }
          ${
            claim.wish
              ? html`<span>${t("cl_wants", { wish: locale.t(`wish_${claim.wish}`) })}</span>`
              : nothing
          }
          ${
            claim.deadlineAt && !claim.closedAt
              ? html`<span class=${claim.late ? "bad" : ""}
                  >${t("cl_deadline", { when: locale.dayAndTime(claim.deadlineAt, nowMs) })}</span
                >`
              : nothing
          }
          <span>${t("cl_opened", { when: locale.dayAndTime(claim.openedAt, nowMs) })}</span>
          ${
            claim.madeByName
              ? html`<span>${t("cl_madeBy", { name: claim.madeByName })}</span>`
              : nothing
          }
        </p>
        ${claim.text ? html`<p class="wrap said">${claim.text}</p>` : nothing}
        ${
          claim.photos.length > 0
            ? html`<p class="photos">
                ${claim.photos.map(
                  (photo, index) =>
                    html`<a href=${photo} target="_blank" rel="noopener noreferrer"
                      >${t("cl_photo", { count: index + 1 })}</a
                    >`,
                )}
              </p>`
            : nothing
        }
        ${claim.answer ? html`<p class="wrap said">${t("cl_answered", { answer: claim.answer })}</p>` : nothing}
      </div>
      <div class="deeds">
        <button
          class="btn"
          type="button"
          aria-expanded=${isOpened}
          aria-label=${`${t(isOpened ? "cl_close" : "cl_work")}: ${claim.number}`}
          @click=${() => (this.opened = isOpened ? "" : claim.id)}
        >
          ${t(isOpened ? "cl_close" : "cl_work")}
        </button>
      </div>
      ${
        isOpened
          ? html`<callcard-console-claim
              class="whole"
              .ctx=${this.ctx}
              .claim=${claim}
              @told=${(event: CustomEvent<ClaimBody>) => this.#told(event.detail)}
            ></callcard-console-claim>`
          : nothing
      }
    </li>`;
  }

  /** It stays where it is, as it is now: the list is another the next time somebody looks. */
  #told(claim: ClaimBody): void {
    this.#list.amend((one) => (one.id === claim.id ? claim : one));
  }

  #ask(change: Partial<ClaimQuestion>): void {
    this.question = { ...this.question, ...change };
    this.opened = "";
    void (Object.hasOwn(change, "view") ? this.#list.loadAnew() : this.#list.load());
  }
}
