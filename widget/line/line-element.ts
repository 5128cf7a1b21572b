import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { repeat } from "lit/directives/repeat.js";
import type { DeskCall } from "../../server/desk/protocol.ts";
import type { DeskContext } from "../shared/context.ts";
import { icon, type IconName } from "../shared/icons.ts";
import { base } from "../shared/styles.ts";
import { callTitle } from "../shared/words.ts";
import { painted } from "../desk/pops.ts";

/**
 * `<callcard-line>`: every call the operator has a part in, each in its place; the strip keeps its height when there is none,
 * so that nothing moves when a call arrives.
 *
 * Properties: `ctx`, `calls`, `selected` (call id), `unsaved` (ids of calls whose wrap-up is not saved yet),
 * `idle` (what to say when there is no call).
 * Events: `pick` with detail `callId`.
 */
export class CallcardLine extends LitElement {
  static override properties = {
    ctx: { attribute: false },
    calls: { attribute: false },
    selected: { attribute: false },
    idle: { attribute: false },
  };

  static override styles = [
    base,
    css`
      :host {
        display: block;
      }
      ul {
        display: flex;
        gap: 8px;
        height: 76px;
        overflow-x: auto;
        /* Room for the glow; the strip itself is 68 px high. */
        padding: 4px;
        margin: -4px;
        scrollbar-width: thin;
      }
      li {
        display: flex;
        flex: 1 1 0;
        min-width: 156px;
        max-width: 560px;
      }
      .idle {
        display: flex;
        align-items: center;
        height: 68px;
        padding: 0 20px;
        border-radius: var(--radius);
        border: 1px dashed var(--line);
        color: var(--ink-3);
      }
      button {
        display: grid;
        grid-template-columns: auto minmax(0, 1fr) auto;
        align-items: center;
        gap: 2px 12px;
        width: 100%;
        padding: 8px 16px;
        border-radius: var(--radius);
        border: 1px solid var(--line);
        background: var(--surface);
        box-shadow: var(--shadow);
      }
      button:hover {
        border-color: var(--line-strong);
      }
      .sign {
        grid-row: span 2;
        display: grid;
        place-items: center;
        width: 38px;
        height: 38px;
        border-radius: 50%;
        background: var(--sunken);
        color: var(--ink-2);
      }
      .name {
        font-size: 16px;
        font-weight: 650;
        line-height: 1.25;
        overflow: hidden;
        text-overflow: ellipsis;
        white-space: nowrap;
      }
      .what {
        grid-column: 2;
        font-size: 13px;
        line-height: 1.3;
        color: var(--ink-3);
        overflow: hidden;
        text-overflow: ellipsis;
        white-space: nowrap;
      }
      callcard-elapsed {
        grid-column: 3;
        grid-row: 1 / span 2;
        font-size: 18px;
        font-weight: 550;
      }
      [aria-current="true"] {
        border-color: var(--accent);
        box-shadow: inset 0 0 0 1px var(--accent);
      }
      .talking .sign,
      .dialling .sign {
        background: var(--accent-soft);
        color: var(--accent-ink);
      }
      .onHold .sign,
      .unsaved .sign {
        background: var(--warn-soft);
        color: var(--warn);
      }
      .ringing {
        max-width: none;
        flex-grow: 1.4;
      }
      .ringing .name {
        font-size: 18px;
      }
      .ringing button {
        position: relative;
        background: var(--ring);
        border-color: transparent;
        color: var(--on-ring);
      }
      /* Opacity and transform alone: the compositor moves them, a slow computer paints nothing anew. */
      .ringing button::after {
        content: "";
        position: absolute;
        inset: -6px;
        border: 5px solid var(--ring);
        border-radius: calc(var(--radius) + 5px);
        pointer-events: none;
        will-change: opacity;
        animation: glow 1.6s ease-out infinite;
      }
      .ringing .what {
        color: #e3f3ea;
      }
      .ringing .sign {
        background: #ffffff;
        color: #0a6a4c;
        will-change: transform;
        animation: shake 1.6s ease-in-out infinite;
      }
      .ringing button:focus-visible {
        outline-color: var(--ink);
      }
      @keyframes glow {
        0% {
          opacity: 0.55;
        }
        70%,
        100% {
          opacity: 0;
        }
      }
      @keyframes shake {
        0%,
        40%,
        100% {
          transform: rotate(0);
        }
        8%,
        24% {
          transform: rotate(-14deg);
        }
        16%,
        32% {
          transform: rotate(14deg);
        }
      }
      @container desk (max-width: 720px) {
        .ringing {
          min-width: 220px;
        }
        button {
          padding: 8px 10px;
          gap: 1px 9px;
        }
        .sign {
          width: 30px;
          height: 30px;
        }
        .name {
          font-size: 15px;
        }
        callcard-elapsed {
          font-size: 15px;
        }
      }
    `,
  ];

  declare ctx: DeskContext;
  declare calls: readonly DeskCall[];
  declare selected: string | null;
  declare idle: string;
  #ringing = "";

  constructor() {
    super();
    this.calls = [];
    this.selected = null;
    this.idle = "";
  }

  override render(): TemplateResult {
    if (this.calls.length === 0) return html`<p class="idle">${this.idle}</p>`;
    return html`<ul>
      ${repeat(
        this.calls,
        (call) => call.callId,
        (call) => this.#call(call),
      )}
    </ul>`;
  }

  /** Where the strip is too narrow for all calls, the one that rings must be the one that is seen. */
  override updated(): void {
    const ringing = this.calls.find((call) => call.state === "ringing")?.callId ?? "";
    if (ringing === this.#ringing) return;
    this.#ringing = ringing;
    // Measuring now would lay the page out twice for the frame in which the card appears.
    if (ringing !== "") void painted().then(() => this.#bringIntoSight());
  }

  #bringIntoSight(): void {
    const list = this.renderRoot.querySelector("ul");
    const item = this.renderRoot.querySelector<HTMLElement>("li.ringing");
    if (list && item) list.scrollLeft = item.offsetLeft - list.offsetLeft;
  }

  #call(call: DeskCall): TemplateResult {
    const { locale, clock } = this.ctx;
    const over = call.state === "ended" || call.state === "elsewhere";
    const since =
      call.state === "ringing"
        ? (call.ringingSinceMs ?? call.startedAtMs)
        : over
          ? null
          : (call.answeredAtMs ?? call.startedAtMs);
    return html`<li class="${call.state} ${over && call.needsWrapUp ? "unsaved" : ""}">
      <button
        type="button"
        aria-current=${call.callId === this.selected ? "true" : "false"}
        @click=${() =>
          this.dispatchEvent(new CustomEvent("pick", { detail: { callId: call.callId } }))}
      >
        <span class="sign">${icon(sign(call))}</span>
        <bdi class="name">${callTitle(call, locale)}</bdi>
        <span class="what">${this.#what(call)}</span>
        ${
          since === null
            ? nothing
            : html`<callcard-elapsed .since=${since} .clock=${clock}></callcard-elapsed>`
        }
      </button>
    </li>`;
  }

  #what(call: DeskCall): TemplateResult {
    const { t, word } = this.ctx.locale;
    const state =
      (call.state === "ended" || call.state === "elsewhere") && call.needsWrapUp
        ? t("line_needsWrapUp")
        : t(`line_${call.state}`);
    const tier = call.card.customer?.tier;
    return html`${state}${tier ? html` · <bdi>${word("tier_", tier)}</bdi>` : nothing}${
      call.queue ? html` · <bdi>${call.queue}</bdi>` : nothing
    }`;
  }
}

function sign(call: DeskCall): IconName {
  switch (call.state) {
    case "ringing":
      return call.direction === "outbound" ? "outgoing" : "incoming";
    case "dialling":
      return "outgoing";
    case "talking":
      return "phone";
    case "onHold":
      return "hold";
    case "elsewhere":
      return call.needsWrapUp ? "clock" : "swap";
    case "ended":
  }
  return call.needsWrapUp ? "clock" : "check";
}
