import { html, LitElement, nothing, type TemplateResult } from "lit";
import type { CallBackBody } from "../../../server/followups/call-backs/rest.ts";
import type { Operator } from "../../../server/people/operator-route.ts";
import { base } from "../../shared/styles.ts";
import type { ConsoleContext } from "../context.ts";
import type { Answered } from "../request.ts";
import { HashPage } from "../shared/hash-page.ts";
import { KeptFocus } from "../shared/kept-focus.ts";
import { listStyles } from "../shared/list.styles.ts";
import { alertOf, pageLinks, viewButtons } from "../shared/page-parts.ts";
import { pageStyles } from "../shared/page.styles.ts";
import { refusalText } from "../shared/problems.ts";
import { ShownList } from "../shared/shown-list.ts";
import { VIEWS, type View } from "./call-backs-api.ts";

const LOOK_AGAIN_MS = 10_000;
const PAGES = ["list", "settings"] as const;

/**
 * `<callcard-console-call-backs>`: who is to be called back, which of it is late, who has it; to give away and to settle. Looks again by
 * itself. Properties: `ctx`.
 */
export class ConsoleCallBacks extends LitElement {
  static override properties = {
    ctx: { attribute: false },
    view: { state: true },
    people: { state: true },
  };
  static override styles = [base, pageStyles, listStyles];

  declare ctx: ConsoleContext;
  declare view: View;
  /** Null before they were read. */
  declare people: readonly Operator[] | null;
  readonly #open = new HashPage(this, "#call-backs", PAGES);
  readonly #list = new ShownList(this, {
    words: () => this.ctx.words,
    everyMs: LOOK_AGAIN_MS,
    read: (after) => this.ctx.model.api.callBacks.page(this.view, after),
    rowsOf: ({ callBacks }) => callBacks,
    nextOf: ({ next }) => next,
    keyOf: ({ id }) => id,
  });

  constructor() {
    super();
    this.addController(
      new KeptFocus(this, () =>
        this.renderRoot.querySelector<HTMLElement>('.views [aria-pressed="true"]'),
      ),
    );
    this.view = "all";
    this.people = null;
  }

  override firstUpdated(): void {
    void this.#list.load();
    void this.#loadPeople();
  }

  override render(): TemplateResult {
    const { words } = this.ctx;
    const { t } = words;
    const place = this.#open.page;
    const links = pageLinks(
      t("place_callBacks"),
      PAGES.map((one) => [one, this.#open.hrefOf(one), t(`cb_page_${one}`)] as const),
      place,
    );
    if (place === "settings")
      return html`${links}
        <h1 tabindex="-1">${t("cbs_title")}</h1>
        <callcard-console-call-back-settings
          .ctx=${this.ctx}
        ></callcard-console-call-back-settings>`;
    return html`${links}
      <h1 tabindex="-1">${t("place_callBacks")}</h1>
      ${viewButtons(
        t("cb_views"),
        VIEWS.map((view) => [view, `${t(`cb_view_${view}`)}${this.#count(view)}`] as const),
        this.view,
        (view) => {
          this.view = view;
          void this.#list.loadAnew();
        },
      )}
      ${alertOf(this.#list.problem)}
      ${this.#list.show({
        label: t("place_callBacks"),
        none: t("cb_none"),
        row: (entry) => this.#entry(entry),
      })}`;
  }

  #count(view: View): string {
    const { first } = this.#list;
    if (first === null) return "";
    const { open, late, escalated, taken } = first.counts;
    switch (view) {
      case "all":
        return ` ${open}`;
      case "late":
        return ` ${late}`;
      case "escalated":
        return ` ${escalated}`;
      case "taken":
        return ` ${taken}`;
      case "free":
      case "over":
    }
    return "";
  }

  #entry(entry: CallBackBody): TemplateResult {
    const { words, model } = this.ctx;
    const { t, locale } = words;
    const nowMs = model.clock.nowMs();
    const isOpen = entry.state === "open" || entry.state === "taken";
    const name = entry.name || entry.phone;
    const whose = entry.takenByName
      ? t("cb_takenBy", { name: entry.takenByName })
      : entry.byCampaign
        ? t("cb_byCampaign", { name: entry.campaignName })
        : entry.userName
          ? t("cb_for", { name: entry.userName })
          : t("cb_forAnybody");
    return html`<li class="panel ${entry.late && isOpen ? "late" : ""}">
      <div>
        <p class="who">
          <b><bdi>${name}</bdi></b>
          ${entry.name ? html`<bdi class="muted">${entry.phone}</bdi>` : nothing}
          ${
            entry.escalated && isOpen
              ? html`<span class="badge bad">${t("cb_escalated")}</span>`
              : entry.late && isOpen
                ? html`<span class="badge warn">${t("cb_late")}</span>`
                : nothing
          }
          <span class="badge">${t(`cb_origin_${entry.origin}`)}</span>
        </p>
        ${entry.reason ? html`<p class="wrap">${entry.reason}</p>` : nothing}
        <p class="facts">
          <span
            >${t("cb_due", {
              when: locale.dayAndTime(entry.dueAt, nowMs),
              theirs: clockIn(entry.timeZone, entry.dueAt, locale.lang),
            })}</span
          >
          ${
            isOpen
              ? html`<span>${whose}</span>`
              : html`<span
                  >${words.coded("cb_closed_", entry.closedBecause) ?? entry.closedBecause}</span
                >`
          }
          ${entry.tries > 0 ? html`<span>${t("cb_tries", { count: entry.tries })}</span>` : nothing}
          ${entry.queue ? html`<span><bdi>${entry.queue}</bdi></span>` : nothing}
          ${
            entry.madeByName
              ? html`<span>${t("cb_madeBy", { name: entry.madeByName })}</span>`
              : nothing
          }
        </p>
      </div>
      ${isOpen ? this.#deeds(entry, name) : nothing}
    </li>`;
  }

  #deeds(entry: CallBackBody, name: string): TemplateResult {
    const { t } = this.ctx.words;
    const { callBacks } = this.ctx.model.api;
    const deed = (
      key: "cb_done" | "cb_notNeeded" | "cb_giveBack" | "cb_take",
      act: () => Promise<Answered<CallBackBody>>,
    ): TemplateResult =>
      html`<button
        class="btn"
        type="button"
        aria-label=${`${t(key)}: ${name}`}
        @click=${() => void this.#do(act)}
      >
        ${t(key)}
      </button>`;
    return html`<div class="deeds">
      ${
        this.people && entry.state === "open"
          ? html`<select
              aria-label=${`${t("cb_assign")}: ${name}`}
              .value=${entry.userId ?? ""}
              @change=${(event: Event) => {
                const { value } = event.target as HTMLSelectElement;
                void this.#do(() => callBacks.assign(entry.id, value || null));
              }}
            >
              <option value="" ?selected=${entry.userId === null}>${t("cb_anybody")}</option>
              ${this.people.map(
                (one) =>
                  html`<option value=${one.id} ?selected=${one.id === entry.userId}>
                    ${one.extension ? `${one.name}, ${one.extension}` : one.name}
                  </option>`,
              )}
            </select>`
          : nothing
      }
      ${
        entry.state === "taken"
          ? deed("cb_giveBack", () => callBacks.settle(entry.id, "giveBack"))
          : deed("cb_take", () => callBacks.take(entry.id))
      }
      ${deed("cb_done", () => callBacks.settle(entry.id, "done"))}
      ${deed("cb_notNeeded", () => callBacks.settle(entry.id, "notNeeded"))}
    </div>`;
  }

  async #do(act: () => Promise<Answered<CallBackBody>>): Promise<void> {
    const { words } = this.ctx;
    const answer = await act();
    await this.#list.load();
    if (!answer.ok) this.#list.say(words.t("failed", { message: refusalText(answer, words) }));
  }

  async #loadPeople(): Promise<void> {
    const answer = await this.ctx.model.api.callBacks.operators();
    if (answer.ok) this.people = answer.body.operators;
  }
}

/** `15:00`, on the clock of the person's own zone. */
function clockIn(timeZone: string, iso: string, lang: string): string {
  try {
    const clock = { hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone } as const;
    return new Intl.DateTimeFormat(lang, clock).format(new Date(iso));
  } catch {
    // A zone that this browser does not have.
    return timeZone;
  }
}
