import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { guard } from "lit/directives/guard.js";
import type { DeskCall, DeskState } from "../../server/desk/protocol.ts";
import type { DeskContext } from "../shared/context.ts";
import { EveryMinute } from "../shared/every-minute.ts";
import { icon } from "../shared/icons.ts";
import { ownPbxs } from "../shared/own-pbx.ts";
import { base } from "../shared/styles.ts";
import { callTitle, leftWords } from "../shared/words.ts";

/**
 * `<callcard-today>`: what there is to see while nobody calls: the operator's state, the queues, the last calls.
 *
 * Properties: `ctx`, `desk`, `recent` (calls that are over, newest first), `shortcuts` (single keys work).
 * Events: `pick` with detail `callId`.
 */
export class CallcardToday extends LitElement {
  static override properties = {
    ctx: { attribute: false },
    desk: { attribute: false },
    recent: { attribute: false },
    shortcuts: { type: Boolean },
  };

  static override styles = [
    base,
    css`
      :host {
        display: block;
        container: today / inline-size;
      }
      article {
        display: grid;
        gap: 36px;
      }
      h1 {
        font-size: 32px;
        line-height: 1.15;
        font-weight: 650;
        letter-spacing: -0.022em;
        overflow-wrap: anywhere;
      }
      .lead {
        margin-top: 8px;
        color: var(--ink-2);
        max-width: 56ch;
      }
      .columns {
        display: grid;
        gap: 36px;
        align-items: start;
      }
      h2 {
        margin-bottom: 6px;
      }
      .queue {
        display: grid;
        grid-template-columns: minmax(0, 1fr) auto;
        align-items: baseline;
        gap: 0 16px;
        padding: 10px 0;
        border-top: 1px solid var(--line);
      }
      li:first-child {
        border-top: 0;
      }
      .queue .waiting {
        grid-row: span 2;
        text-align: right;
      }
      .queue strong {
        font-size: 22px;
        font-weight: 650;
        line-height: 1.2;
      }
      .queue strong.none {
        color: var(--ink-3);
        font-weight: 400;
      }
      .call {
        display: grid;
        grid-template-columns: 18px minmax(0, 1fr) auto;
        gap: 0 12px;
        align-items: center;
        padding: 6px 0;
        border-top: 1px solid var(--line);
      }
      .call > svg {
        color: var(--ink-3);
      }
      .call .missed {
        color: var(--bad);
      }
      .open {
        min-height: 24px;
        font-weight: 600;
        max-width: 100%;
        overflow: hidden;
        text-overflow: ellipsis;
        white-space: nowrap;
      }
      .open:hover {
        color: var(--accent-ink);
      }
      .meta {
        font-size: 13px;
        color: var(--ink-3);
        overflow: hidden;
        text-overflow: ellipsis;
        white-space: nowrap;
      }
      .right {
        text-align: right;
        font-size: 13px;
      }
      .nothing {
        color: var(--ink-3);
      }
      .keys {
        display: flex;
        flex-wrap: wrap;
        gap: 8px 20px;
        font-size: 13px;
        color: var(--ink-3);
      }
      .keys kbd {
        margin-right: 6px;
      }
      @media (hover: none) {
        .keys {
          display: none;
        }
      }
      @container today (min-width: 660px) {
        .columns {
          grid-template-columns: minmax(0, 1.7fr) minmax(0, 1fr);
          gap: 36px 56px;
        }
      }
      @container today (max-width: 420px) {
        h1 {
          font-size: 25px;
        }
      }
    `,
  ];

  declare ctx: DeskContext;
  declare desk: DeskState;
  declare recent: readonly DeskCall[];
  declare shortcuts: boolean;

  constructor() {
    super();
    this.recent = [];
    this.shortcuts = false;
    this.addController(new EveryMinute(this));
  }

  override render(): TemplateResult {
    const { t } = this.ctx.locale;
    const { presence } = this.desk;
    const { removed } = ownPbxs(this.desk);
    return html`<article aria-labelledby="today">
      <div>
        <h1 id="today">${t(`today_${presence.state}`)}</h1>
        <p class="lead">
          ${removed === null ? t(`todayLead_${presence.state}`) : t("todayLeadPbxRemoved", { name: removed })}
        </p>
      </div>
      <callcard-call-backs
        .ctx=${this.ctx}
        .entries=${this.desk.callBacks}
        .me=${this.desk.user}
      ></callcard-call-backs>
      <div class="columns">
        <section aria-labelledby="recent">
          <h2 id="recent">${t("recentTitle")}</h2>
          ${
            this.recent.length === 0
              ? html`<p class="nothing">${t("recentNone")}</p>`
              : html`<ul>
                  ${guard([this.recent, this.ctx, Math.floor(Date.now() / 60_000)], () =>
                    this.recent.map((call) => this.#recent(call)),
                  )}
                </ul>`
          }
        </section>
        <section aria-labelledby="queues">
          <h2 id="queues">${t("queuesTitle")}</h2>
          ${
            presence.queues.length === 0
              ? html`<p class="nothing">${t("queuesNone")}</p>`
              : html`<ul>
                  ${presence.queues.map((queue) => this.#queue(queue))}
                </ul>`
          }
        </section>
      </div>
      ${
        this.shortcuts
          ? html`<p class="keys">
              <span><kbd>P</kbd>${t("key_pause")}</span>
              <span><kbd>/</kbd>${t("key_dial")}</span>
              <span><kbd>?</kbd>${t("key_all")}</span>
            </p>`
          : nothing
      }
    </article>`;
  }

  #queue(queue: DeskState["presence"]["queues"][number]): TemplateResult {
    const { t, count } = this.ctx.locale;
    return html`<li class="queue">
      <bdi>${queue.name}</bdi>
      <span class="waiting"
        ><strong class=${queue.waiting === 0 ? "none" : ""}>${queue.waiting}</strong><br /><span
          class="meta"
          >${count("queueWaiting", queue.waiting)}</span
        ></span
      >
      <span class="meta">${queue.paused ? t("queuePaused") : t("queueActive")}</span>
    </li>`;
  }

  #recent(call: DeskCall): TemplateResult {
    const { locale, clock } = this.ctx;
    const { card } = call;
    const missed = call.answeredAtMs === null && call.direction === "inbound";
    const talked =
      call.answeredAtMs !== null && call.endedAtMs !== null
        ? locale.duration(call.endedAtMs - call.answeredAtMs)
        : leftWords(call, locale) || locale.t("line_ended");
    return html`<li class="call">
      ${icon(call.direction === "outbound" ? "outgoing" : "incoming")}
      <span>
        <button
          class="open"
          type="button"
          @click=${() =>
            this.dispatchEvent(new CustomEvent("pick", { detail: { callId: call.callId } }))}
        >
          <bdi>${callTitle(call, locale)}</bdi>
        </button>
        <br />
        <span class="meta ${missed ? "missed" : ""}"
          >${talked}${call.queue ? html`, <bdi>${call.queue}</bdi>` : nothing}</span
        >
      </span>
      <span class="right">
        ${
          card.phone
            ? html`<callcard-number
                  .number=${card.phone.e164}
                  .display=${card.phone.display}
                  .ctx=${this.ctx}
                ></callcard-number
                ><br />`
            : nothing
        }
        <span class="meta"
          >${locale.dayAndTime(new Date(call.startedAtMs).toISOString(), clock.nowMs())}</span
        >
      </span>
    </li>`;
  }
}
