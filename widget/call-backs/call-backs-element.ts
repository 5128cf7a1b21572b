import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import type { CallBackEntry } from "../../server/followups/model.ts";
import type { DeskContext, Done } from "../shared/context.ts";
import { EveryMinute } from "../shared/every-minute.ts";
import { icon } from "../shared/icons.ts";
import { base } from "../shared/styles.ts";
import { dueWords, inOrder, isLate, theirTime } from "./due.ts";

/**
 * `<callcard-call-backs>`: whom this operator is to call back; taken and dialled by one press, given back, or done.
 *
 * Properties: `ctx`, `entries`, `me` (id and name of the operator).
 */
export class CallcardCallBacks extends LitElement {
  static override properties = {
    ctx: { attribute: false },
    entries: { attribute: false },
    me: { attribute: false },
    busy: { state: true },
    problem: { state: true },
  };

  static override styles = [
    base,
    css`
      :host {
        display: block;
      }
      ul {
        max-height: 420px;
        overflow: auto;
        scrollbar-width: thin;
      }
      li {
        display: grid;
        grid-template-columns: minmax(0, 1fr) auto;
        gap: 2px 16px;
        padding: 10px 0;
        border-top: 1px solid var(--line);
        align-items: center;
      }
      li:first-child {
        border-top: 0;
      }
      h2 {
        margin-bottom: 6px;
      }
      .who {
        font-weight: 600;
      }
      .due {
        text-align: right;
        font-size: 14px;
        font-weight: 550;
        white-space: nowrap;
      }
      .late .due {
        color: var(--bad);
      }
      li > bdi {
        grid-column: 1;
      }
      .meta {
        font-size: 13px;
        color: var(--ink-3);
      }
      .deeds {
        grid-column: 1 / -1;
        display: flex;
        flex-wrap: wrap;
        gap: 6px;
        padding-top: 6px;
      }
      .deeds .btn {
        min-height: 32px;
        padding: 3px 12px;
        font-size: 13px;
      }
      @container today (min-width: 660px) {
        li {
          grid-template-columns: minmax(0, 1fr) auto auto;
        }
        .due {
          grid-row: 1;
          grid-column: 2;
        }
        .deeds {
          grid-column: 3;
          grid-row: 1 / span 3;
          padding: 0 0 0 16px;
          min-width: 300px;
          justify-content: flex-end;
        }
      }
      .problem {
        grid-column: 1 / -1;
        color: var(--bad);
        font-size: 13px;
      }
    `,
  ];

  declare ctx: DeskContext;
  declare entries: readonly CallBackEntry[];
  declare me: { readonly id: string; readonly name: string };
  declare busy: string;
  declare problem: { readonly id: string; readonly code: Exclude<Done, null> } | null;

  constructor() {
    super();
    this.entries = [];
    this.busy = "";
    this.problem = null;
    this.addController(new EveryMinute(this));
  }

  override render(): TemplateResult | typeof nothing {
    if (this.entries.length === 0) return nothing;
    const { t } = this.ctx.locale;
    return html`<section aria-labelledby="call-backs">
      <h2 id="call-backs">${t("callBacksTitle")}</h2>
      <ul tabindex=${this.entries.length > 4 ? "0" : nothing}>
        ${inOrder(this.entries).map((entry) => this.#row(entry))}
      </ul>
    </section>`;
  }

  #row(entry: CallBackEntry): TemplateResult {
    const { locale, clock } = this.ctx;
    const { t } = locale;
    const nowMs = clock.nowMs();
    const theirs = theirTime(entry, nowMs);
    const meta = [
      entry.name ? entry.phone : "",
      t(`origin_${entry.origin}`),
      entry.queue,
      theirs ? t("callBackTheirs", { time: theirs }) : "",
      entry.userId === this.me.id ? t("callBackMine") : entry.userName,
      entry.tries > 0 ? locale.count("callBackTries", entry.tries) : "",
      entry.escalated ? t("callBackEscalated") : "",
      entry.byCampaign ? t("callBackByCampaign") : "",
      entry.unseen ? t("callBackUnseen") : "",
    ];
    return html`<li class=${isLate(entry, nowMs) ? "late" : ""}>
      <bdi class="who">${entry.name || entry.phone}</bdi>
      <span class="due">${dueWords(entry, locale, nowMs)}</span>
      <bdi class="meta">${meta.filter(Boolean).join(", ")}</bdi>
      ${entry.reason ? html`<bdi class="small">${entry.reason}</bdi>` : nothing}
      ${this.#deeds(entry)}
      ${
        this.problem?.id === entry.id
          ? html`<p class="problem" role="alert">
              ${this.problem.code === "gone" ? t("callBackGone") : t(`error_${this.problem.code}`)}
            </p>`
          : nothing
      }
    </li>`;
  }

  #deeds(entry: CallBackEntry): TemplateResult {
    const { t } = this.ctx.locale;
    const mine = entry.state === "taken" && entry.takenByName === this.me.name;
    const who = entry.name || entry.phone;
    if (entry.state === "taken" && !mine)
      return html`<p class="deeds meta">${t("callBackTaken", { name: entry.takenByName })}</p>`;
    const words = t(mine ? "previewCall" : "callBackTake");
    const settle = (how: "giveBack" | "done" | "notNeeded", words: string): TemplateResult =>
      html`<button
        class="btn"
        type="button"
        aria-label=${`${words}: ${who}`}
        aria-disabled=${this.busy === entry.id}
        @click=${() => void this.#settle(entry, how)}
      >
        ${words}
      </button>`;
    return html`<div class="deeds">
      <button
        class="btn primary"
        type="button"
        aria-label=${`${words}: ${who}`}
        aria-disabled=${this.busy === entry.id}
        @click=${() => void this.#call(entry, mine)}
      >
        ${icon("phone")}${words}
      </button>
      ${
        mine
          ? html`${settle("done", t("callBackDone"))} ${settle("giveBack", t("callBackGive"))}`
          : nothing
      }
      ${settle("notNeeded", t("callBackNotNeeded"))}
    </div>`;
  }

  async #call(entry: CallBackEntry, mine: boolean): Promise<void> {
    await this.#do(entry, async () => {
      if (!mine) {
        const reply = await this.ctx.act.ask("takeCallBack", { id: entry.id });
        if (!reply.ok) return reply.code;
      }
      return this.ctx.act.dial(entry.phone);
    });
  }

  async #settle(entry: CallBackEntry, how: "giveBack" | "done" | "notNeeded"): Promise<void> {
    await this.#do(entry, async () => {
      const reply = await this.ctx.act.ask("settleCallBack", { id: entry.id, how });
      return reply.ok ? null : reply.code;
    });
  }

  async #do({ id }: CallBackEntry, deed: () => Promise<Done>): Promise<void> {
    if (this.busy === id) return;
    this.busy = id;
    this.problem = null;
    const code = await deed();
    this.busy = "";
    this.problem = code && { id, code };
  }
}
