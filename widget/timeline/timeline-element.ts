import { css, html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import { repeat } from "lit/directives/repeat.js";
import {
  TIMELINE_KINDS,
  type TimelineEntry,
  type TimelineKind,
} from "../../server/customers/timeline-model.ts";
import type { DeskContext, Done } from "../shared/context.ts";
import { base } from "../shared/styles.ts";
import { dispositionWords } from "../shared/words.ts";
import { entryDetails, entryText, entryTitle, orderOf } from "./entries.ts";

const SEARCH_DELAY_MS = 250;
/** The next page is asked for so far before its place is reached. */
const AHEAD = "400px";

/**
 * `<callcard-timeline>`: everything that ever passed between a customer and the shop, newest first. Asks for nothing before it comes near
 * the screen; pages follow as one scrolls.
 *
 * Properties: `ctx`, `customerId`, `news` (another value: something was added, the first page is asked for again), `opens` (orders can be
 * opened).
 * Events: `pick` (detail: the id of the order to open).
 */
export class CallcardTimeline extends LitElement {
  static override properties = {
    ctx: { attribute: false },
    customerId: { attribute: false },
    news: { attribute: false },
    opens: { type: Boolean },
    entries: { state: true },
    next: { state: true },
    kinds: { state: true },
    loading: { state: true },
    problem: { state: true },
  };

  static override styles = [
    base,
    css`
      :host {
        display: block;
      }
      section {
        display: grid;
        gap: 10px;
        min-height: 160px;
        align-content: start;
      }
      .filter {
        display: flex;
        flex-wrap: wrap;
        gap: 6px;
        align-items: center;
      }
      .filter input {
        flex: 1 1 180px;
        max-width: 280px;
        min-height: 32px;
      }
      .filter button {
        min-height: 30px;
        padding: 3px 11px;
        border: 1px solid var(--line);
        border-radius: 99px;
        font-size: 13px;
        background: var(--raised);
        color: var(--ink-2);
      }
      .filter button[aria-pressed="true"] {
        background: var(--accent);
        border-color: var(--accent);
        color: var(--on-accent);
      }
      li {
        display: grid;
        grid-template-columns: 132px minmax(0, 1fr) auto;
        gap: 0 14px;
        padding: 8px 0;
        border-top: 1px solid var(--line);
        content-visibility: auto;
        contain-intrinsic-size: auto 44px;
      }
      li:first-child {
        border-top: 0;
      }
      .when,
      .meta {
        font-size: 13px;
        color: var(--ink-3);
      }
      .sum {
        white-space: nowrap;
      }
      .text {
        grid-column: 2 / -1;
        font-size: 14px;
        color: var(--ink-2);
        white-space: pre-line;
        display: -webkit-box;
        -webkit-box-orient: vertical;
        -webkit-line-clamp: 4;
        overflow: hidden;
      }
      .link {
        text-decoration: underline;
        text-underline-offset: 3px;
        text-decoration-thickness: 1px;
        min-height: 24px;
      }
      .link:hover {
        color: var(--accent-ink);
      }
      .foot {
        min-height: 36px;
        color: var(--ink-3);
        font-size: 14px;
      }
      @container card (max-width: 520px) {
        li {
          grid-template-columns: minmax(0, 1fr) auto;
        }
        .when {
          grid-column: 1 / -1;
        }
        .text {
          grid-column: 1 / -1;
        }
      }
    `,
  ];

  declare ctx: DeskContext;
  declare customerId: string;
  declare news: string;
  declare opens: boolean;
  declare entries: readonly TimelineEntry[] | null;
  declare next: string;
  declare kinds: readonly TimelineKind[];
  declare loading: boolean;
  declare problem: Done;
  #text = "";
  #asked = 0;
  #near = false;
  #timer: ReturnType<typeof setTimeout> | null = null;
  #watch: IntersectionObserver | null = null;

  constructor() {
    super();
    this.customerId = "";
    this.news = "";
    this.opens = false;
    this.entries = null;
    this.next = "";
    this.kinds = [];
    this.loading = false;
    this.problem = null;
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#watch?.disconnect();
    this.#watch = null;
    if (this.#timer) clearTimeout(this.#timer);
  }

  override updated(changed: PropertyValues<this>): void {
    if (!this.#watch) {
      this.#watch = new IntersectionObserver(
        ([seen]) => {
          this.#near = seen?.isIntersecting ?? false;
          this.#more();
        },
        { rootMargin: AHEAD },
      );
      const foot = this.renderRoot.querySelector(".foot");
      if (foot) this.#watch.observe(foot);
    }
    const another = changed.has("customerId") && changed.get("customerId") !== undefined;
    const news = changed.has("news") && changed.get("news") !== undefined;
    if (another || (news && this.entries !== null)) this.#again(another);
  }

  override render(): TemplateResult {
    const { t } = this.ctx.locale;
    const { entries } = this;
    return html`<section aria-labelledby="timeline">
      <h2 id="timeline">${t("timelineTitle")}</h2>
      <div class="filter" role="group" aria-label=${t("timelineTitle")}>
        <input
          type="search"
          maxlength="100"
          autocomplete="off"
          aria-label=${t("timelineSearch")}
          placeholder=${t("timelineSearch")}
          @input=${this.#typed}
        />
        ${TIMELINE_KINDS.map(
          (kind) =>
            html`<button
              type="button"
              aria-pressed=${this.kinds.includes(kind) ? "true" : "false"}
              @click=${() => this.#toggle(kind)}
            >
              ${t(`kind_${kind}`)}
            </button>`,
        )}
      </div>
      <ol aria-busy=${this.loading}>
        ${repeat(
          entries ?? [],
          ({ kind, id }) => `${kind} ${id}`,
          (entry) => this.#row(entry),
        )}
      </ol>
      <div class="foot" role="status">${this.#foot()}</div>
    </section>`;
  }

  #foot(): TemplateResult | typeof nothing {
    const { t } = this.ctx.locale;
    if (this.problem)
      return html`${t("timelineFailed")}
        <button class="btn" type="button" @click=${() => void this.#load()}>
          ${t("askAgain")}
        </button>`;
    if (this.entries === null || this.loading) return html`${t("orderLoading")}`;
    if (this.entries.length === 0) return html`${t("timelineNone")}`;
    if (this.next === "") return html`${t("timelineEnd")}`;
    return html`<button class="btn quiet" type="button" @click=${() => void this.#load()}>
      ${t("timelineMore")}
    </button>`;
  }

  #row(entry: TimelineEntry): TemplateResult {
    const { locale, clock } = this.ctx;
    const { at, amountMinor, currency } = entry;
    const text = entryText(entry, locale);
    const details = entryDetails(entry, locale, (code) =>
      dispositionWords({ disposition: code }, this.ctx),
    );
    return html`<li>
      <span class="when">${locale.dayAndTime(at, clock.nowMs())}</span>
      <span>${this.#title(entry)} <bdi class="meta">${details}</bdi></span>
      <span class="sum"
        >${amountMinor === null ? nothing : locale.money(amountMinor, currency)}</span
      >
      ${text ? html`<bdi class="text">${text}</bdi>` : nothing}
    </li>`;
  }

  #title(entry: TimelineEntry): TemplateResult {
    const words = html`<bdi>${entryTitle(entry, this.ctx.locale)}</bdi>`;
    const orderId = this.opens ? orderOf(entry) : "";
    if (orderId === "") return words;
    const open = (): boolean => this.dispatchEvent(new CustomEvent("pick", { detail: orderId }));
    return html`<button class="link" type="button" @click=${open}>${words}</button>`;
  }

  #toggle(kind: TimelineKind): void {
    this.kinds = this.kinds.includes(kind)
      ? this.kinds.filter((one) => one !== kind)
      : [...this.kinds, kind];
    this.#again(false);
  }

  #typed = (event: InputEvent): void => {
    this.#text = (event.target as HTMLInputElement).value.trim();
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#again(false), SEARCH_DELAY_MS);
  };

  /** From the beginning; what is there stays until the new page is here, unless it is another person's. */
  #again(another: boolean): void {
    this.#asked += 1;
    this.loading = false;
    this.next = "";
    if (another) {
      this.entries = null;
      if (!this.#near) return;
    }
    void this.#load(true);
  }

  #more(): void {
    if (!this.#near || this.loading || this.problem) return;
    if (this.entries === null || this.next !== "") void this.#load();
  }

  async #load(fresh = this.entries === null): Promise<void> {
    const asked = ++this.#asked;
    this.loading = true;
    this.problem = null;
    const { customerId, kinds } = this;
    const reply = await this.ctx.act.ask("timeline", {
      ...{ customerId, kinds: [...kinds], text: this.#text, after: fresh ? "" : this.next },
    });
    // A later question makes this answer worthless.
    if (asked !== this.#asked) return;
    this.loading = false;
    if (!reply.ok) {
      this.problem = reply.code;
      return;
    }
    const { entries, next } = reply.page;
    this.entries = fresh ? entries : [...(this.entries ?? []), ...entries];
    this.next = next;
    // A short page leaves the end in view, and nothing tells so again.
    await this.updateComplete;
    const foot = this.renderRoot.querySelector(".foot");
    if (foot && this.#watch) {
      this.#watch.unobserve(foot);
      this.#watch.observe(foot);
    }
  }
}
