import { html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import { repeat } from "lit/directives/repeat.js";
import type {
  ContactFound,
  ContactLine,
  NextBody,
  WithdrawnBody,
  WithdrawnContact,
} from "../../../../server/campaigns/rest.ts";
import { base } from "../../../shared/styles.ts";
import type { ConsoleContext } from "../../context.ts";
import { refusalText } from "../../shared/problems.ts";
import { campaignHash } from "../route.ts";
import {
  attemptText,
  becauseText,
  contactText,
  localTimeText,
  outcomeText,
  withdrawnText,
} from "../sentences.ts";
import { peopleStyles } from "./people.styles.ts";
import { LookAgain } from "../../shared/look-again.ts";

const SHOWN = 30;
const LOOK_AGAIN_MS = 5000;
const SEARCH_AFTER_MS = 250;

/**
 * `<callcard-console-campaign-people>`: who is called next, later and never, and why; whose attempt a person has to settle; everybody by
 * name, phone or order; a list to upload. Properties: `ctx`, `campaignId`.
 */
export class ConsoleCampaignPeople extends LitElement {
  static override properties = {
    ctx: { attribute: false },
    campaignId: { attribute: false },
    next: { state: true },
    unknown: { state: true },
    found: { state: true },
    withdrawn: { state: true },
    more: { state: true },
    problem: { state: true },
  };
  static override styles = [base, peopleStyles];

  declare ctx: ConsoleContext;
  declare campaignId: string;
  declare next: NextBody | null;
  /** Whose attempt nobody knows the end of. */
  declare unknown: readonly ContactFound[];
  /** Null while nothing is searched for. */
  declare found: readonly ContactFound[] | null;
  /** Newest first, as far as they were asked for. */
  declare withdrawn: readonly WithdrawnContact[];
  /** Where the next page of them begins, null at the end. */
  declare more: string | null;
  declare problem: string;
  #search = "";
  #searches = 0;
  #typing: ReturnType<typeof setTimeout> | null = null;

  constructor() {
    super();
    this.addController(
      new LookAgain(LOOK_AGAIN_MS, () => {
        void this.#load();
      }),
    );
    this.next = null;
    this.unknown = [];
    this.found = null;
    this.withdrawn = [];
    this.more = null;
    this.problem = "";
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    if (this.#typing) clearTimeout(this.#typing);
  }

  override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has("campaignId")) void this.#load();
  }

  override render(): TemplateResult {
    const { ctx } = this;
    const { t } = ctx.words;
    return html`${this.problem ? html`<p class="notice bad" role="alert">${this.problem}</p>` : nothing}
      ${
        this.unknown.length === 0
          ? nothing
          : html`<section class="panel unknown" aria-label=${t("people_unknown")}>
              <h2>${t("people_unknown")}</h2>
              <p class="hint">${t("people_unknownLead")}</p>
              <ul>
                ${this.unknown.map((contact) => this.#contact(contact))}
              </ul>
            </section>`
      }
      <search class="panel">
        <label class="field"
          >${t("people_search")}<input
            type="search"
            maxlength="100"
            autocomplete="off"
            @input=${(event: Event) => this.#type((event.target as HTMLInputElement).value)}
        /></label>
        <div role="status" class="sr">
          ${this.found ? t("people_found", { count: this.found.length }) : ""}
        </div>
        ${this.#found()}
      </search>
      ${this.next ? this.#plan(this.next) : html`<p class="muted" role="status">${t("loading")}</p>`}
      ${
        ctx.writes
          ? html`<section class="panel" aria-label=${t("people_upload")}>
              <h2>${t("people_upload")}</h2>
              <callcard-console-upload
                .words=${ctx.words}
                .label=${t("up_file")}
                .hint=${t("people_uploadHint")}
                .send=${(file: Blob) => ctx.model.campaigns.api.upload(this.campaignId, file)}
                @uploaded=${() => void this.#load()}
              ></callcard-console-upload>
            </section>`
          : nothing
      }`;
  }

  #found(): TemplateResult | typeof nothing {
    const { t } = this.ctx.words;
    if (!this.found) return nothing;
    if (this.found.length === 0) return html`<p class="muted">${t("people_foundNone")}</p>`;
    return html`<ul>
      ${repeat(
        this.found,
        ({ contactId }) => contactId,
        (contact) => this.#contact(contact),
      )}
    </ul>`;
  }

  /** Somebody with everything that was tried. */
  #contact(contact: ContactFound): TemplateResult {
    const { words, model } = this.ctx;
    const { locale } = words;
    return html`<li>
      ${this.#who(contact)}
      <span class="why">${contactText(contact, words)}</span>
      <span class="tries"
        >${contact.tries.map(
          ({ at, attemptId, outcome, state: where }) =>
            html`<a href=${campaignHash(this.campaignId, "people", attemptId)}
              >${locale.dayAndTime(at, model.clock.nowMs())}:
              ${outcome ? outcomeText(outcome, words) : attemptText(where, words)}</a
            >`,
        )}</span
      >
    </li>`;
  }

  #plan({ later, never, next }: NextBody): TemplateResult {
    const { words } = this.ctx;
    const { t } = words;
    const list = (
      title: string,
      none: string,
      lines: readonly Line[],
      more: TemplateResult | typeof nothing = nothing,
    ): TemplateResult =>
      html`<section class="panel" aria-label=${title}>
        <h2>${title}</h2>
        ${
          lines.length === 0
            ? html`<p class="muted">${none}</p>`
            : html`<ol>
                ${repeat(
                  lines,
                  ({ contactId }) => contactId,
                  (line) => this.#line(line),
                )}
              </ol>`
        }
        ${more}
      </section>`;
    const when = (line: ContactLine): TemplateResult =>
      html`<span>${this.#at(line.dueAt)}</span> <span>${localTimeText(line, words)}</span>`;
    return html`<div class="plan">
      ${list(
        t("people_next"),
        t("people_nextNone"),
        next.map((line) => ({ ...line, why: "", when: when(line) })),
      )}
      ${list(
        t("people_later"),
        t("people_laterNone"),
        later.map((line) => ({
          ...line,
          ...{ why: becauseText(line.because, words), when: when(line) },
        })),
      )}
      ${list(
        t("people_never"),
        t("people_neverNone"),
        [
          // Still planned: they are withdrawn once their time comes.
          ...never.map((line) => ({
            ...line,
            ...{ why: withdrawnText(line, words), when: null },
          })),
          ...this.withdrawn.map((line) => ({
            ...line,
            ...{ why: withdrawnText(line, words) },
            when: html`<span>${t("people_withdrawnAt", { when: this.#at(line.at) })}</span>`,
          })),
        ],
        this.more === null
          ? nothing
          : html`<button class="btn more" type="button" @click=${() => void this.#loadMore()}>
              ${t("people_neverMore")}
            </button>`,
      )}
    </div>`;
  }

  #line(line: Line): TemplateResult {
    return html`<li>
      ${this.#who(line, true)} ${line.why ? html`<span class="why">${line.why}</span>` : nothing}
      ${line.when === null ? nothing : html`<span class="when">${line.when}</span>`}
    </li>`;
  }

  #at(iso: string): string {
    return this.ctx.words.locale.dayAndTime(iso, this.ctx.model.clock.nowMs());
  }

  #who(line: ContactLine, linked = false): TemplateResult {
    const { t } = this.ctx.words;
    const name = line.name || line.phone;
    const facts = [
      line.orders.length > 0 ? t("people_orders", { orders: line.orders.join(", ") }) : "",
      line.attempts > 0 ? t("people_attempts", { count: line.attempts }) : "",
    ].filter(Boolean);
    return html`<span class="who"
      >${
        linked && line.attemptId
          ? html`<a class="name" href=${campaignHash(this.campaignId, "people", line.attemptId)}
              ><bdi>${name}</bdi></a
            >`
          : html`<bdi class="name">${name}</bdi>`
      }
      <span class="muted"
        >${line.name ? html`<bdi>${line.phone}</bdi>` : nothing}${facts.map(
          (fact, index) => `${index > 0 || line.name ? ", " : ""}${fact}`,
        )}</span
      ></span
    >`;
  }

  #type(value: string): void {
    this.#search = value.trim();
    if (this.#typing) clearTimeout(this.#typing);
    this.#typing = setTimeout(() => void this.#look(), SEARCH_AFTER_MS);
  }

  async #look(): Promise<void> {
    const mine = ++this.#searches;
    const { words, model } = this.ctx;
    if (this.#search === "") {
      this.found = null;
      return;
    }
    const answer = await model.campaigns.api.contacts(
      this.campaignId,
      { search: this.#search },
      SHOWN,
    );
    // Something newer was typed meanwhile.
    if (mine !== this.#searches) return;
    if (answer.ok) this.found = answer.body.contacts;
    else this.problem = words.t("loadFailed", { message: refusalText(answer, words) });
  }

  async #load(): Promise<void> {
    const { words, model } = this.ctx;
    const { api } = model.campaigns;
    const [next, unknown, withdrawn] = await Promise.all([
      api.next(this.campaignId, SHOWN),
      api.contacts(this.campaignId, { unknown: true }, SHOWN),
      api.withdrawn(this.campaignId, "", SHOWN),
    ]);
    if (next.ok) this.next = next.body;
    if (unknown.ok) this.unknown = unknown.body.contacts;
    if (withdrawn.ok) this.#showNewest(withdrawn.body);
    const refused = [next, unknown, withdrawn].find((answer) => !answer.ok);
    this.problem =
      refused && !refused.ok ? words.t("loadFailed", { message: refusalText(refused, words) }) : "";
  }

  /** What was withdrawn since comes before what is shown already, however far that was asked for. */
  #showNewest({ contacts, next }: WithdrawnBody): void {
    const last = contacts.at(-1)?.contactId;
    const at = this.withdrawn.findIndex(({ contactId }) => contactId === last);
    // So much was withdrawn meanwhile that what is shown does not join on.
    if (at === -1) this.more = next;
    this.withdrawn = at === -1 ? contacts : [...contacts, ...this.withdrawn.slice(at + 1)];
  }

  async #loadMore(): Promise<void> {
    const { words, model } = this.ctx;
    const { more } = this;
    if (more === null) return;
    const answer = await model.campaigns.api.withdrawn(this.campaignId, more, SHOWN);
    // Another page came meanwhile.
    if (more !== this.more) return;
    if (answer.ok) {
      this.withdrawn = [...this.withdrawn, ...answer.body.contacts];
      this.more = answer.body.next;
    } else this.problem = words.t("loadFailed", { message: refusalText(answer, words) });
  }
}

/** Somebody in a list: why they are there, and when. */
type Line = ContactLine & {
  readonly why: string;
  readonly when: TemplateResult | null;
};
