import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import type { Presence } from "../../server/desk/protocol.ts";
import type { DeskContext, Done } from "../shared/context.ts";
import { icon } from "../shared/icons.ts";
import { base } from "../shared/styles.ts";
import { Popup, popupStyles } from "../shared/popup.ts";

/**
 * `<callcard-presence>`: the operator's state as the PBX has it, since when, and how to change it.
 *
 * Properties: `ctx`, `presence`, `pauseReasons`, `stale` (the connection is lost: the state is the last one known).
 * Methods: `openPause()` opens the reasons; `becomeReady()`.
 */
export class CallcardPresence extends LitElement {
  static override properties = {
    ctx: { attribute: false },
    presence: { attribute: false },
    pauseReasons: { attribute: false },
    stale: { type: Boolean },
    busy: { state: true },
    problem: { state: true },
  };

  static override styles = [
    base,
    popupStyles,
    css`
      :host {
        display: flex;
        align-items: center;
        gap: 8px;
        position: relative;
        min-width: 0;
      }
      .state {
        display: flex;
        align-items: center;
        gap: 9px;
        min-width: 0;
        padding-right: 4px;
      }
      .dot {
        width: 10px;
        height: 10px;
        border-radius: 50%;
        flex: none;
        background: var(--ink-3);
      }
      .ready .dot,
      .talking .dot,
      .ringing .dot {
        background: var(--accent);
      }
      .paused .dot,
      .wrapUp .dot {
        background: var(--warn);
      }
      .offline .dot,
      .notInQueue .dot,
      .noDevice .dot {
        background: none;
        border: 2px solid var(--bad);
      }
      .stale .dot {
        background: none;
        border: 2px solid var(--line-strong);
      }
      .word {
        font-weight: 650;
        overflow: hidden;
        text-overflow: ellipsis;
        white-space: nowrap;
      }
      callcard-elapsed {
        color: var(--ink-3);
        min-width: 4ch;
      }
      @container desk (max-width: 899px) {
        :host {
          display: contents;
        }
        .state {
          order: 1;
          flex: 1 1 0;
        }
        .btn,
        .popup {
          order: 3;
        }
        .btn {
          margin-top: 8px;
        }
        .popup,
        .problem {
          margin-left: 12px;
        }
        [role="alert"] {
          position: absolute;
          top: 100%;
        }
      }
      .problem {
        position: absolute;
        top: calc(100% + 8px);
        left: 0;
        z-index: 20;
        width: max-content;
        max-width: 320px;
        box-shadow: var(--shadow-high);
      }
    `,
  ];

  declare ctx: DeskContext;
  declare presence: Presence;
  declare pauseReasons: readonly string[];
  declare stale: boolean;
  declare busy: boolean;
  declare problem: Done;
  readonly #popup = new Popup(this);

  constructor() {
    super();
    this.pauseReasons = [];
    this.stale = false;
    this.busy = false;
    this.problem = null;
  }

  override render(): TemplateResult {
    const { t, word } = this.ctx.locale;
    const { state, sinceMs, pausedReason } = this.presence;
    const paused = this.presence.queues.some((queue) => queue.paused);
    const pausable = state !== "paused" && state !== "noDevice" && state !== "notInQueue";
    const canReady = state === "paused" || state === "wrapUp" || paused;
    const reason = state === "paused" && pausedReason ? word("pause_", pausedReason) : "";
    return html`<div class="state ${state} ${this.stale ? "stale" : ""}">
        <span class="dot"></span>
        <span class="word" title=${this.stale ? t("stateStale") : nothing}
          >${t(`state_${state}`)}${reason ? html`<span class="muted">: <bdi>${reason}</bdi></span>` : nothing}</span
        >
        <callcard-elapsed .since=${sinceMs} .clock=${this.ctx.clock}></callcard-elapsed>
      </div>
      ${
        canReady
          ? html`<button
              class="btn primary"
              type="button"
              aria-disabled=${this.busy}
              @click=${() => void this.becomeReady()}
            >
              ${t("becomeReady")}
            </button>`
          : nothing
      }
      ${
        pausable
          ? html`<button
              class="btn"
              type="button"
              aria-haspopup="true"
              aria-expanded=${this.#popup.open}
              aria-disabled=${this.busy}
              @click=${() => this.#popup.toggle()}
            >
              ${t("pause")}${icon("down")}
            </button>`
          : nothing
      }
      ${
        this.#popup.open
          ? html`<div class="popup left" role="group" aria-label=${t("pauseReason")}>
              ${this.#reasons().map(
                (code) =>
                  html`<button type="button" class="item" @click=${() => void this.#pause(code)}>
                    <bdi>${word("pause_", code) || t("pauseNoReason")}</bdi>
                  </button>`,
              )}
            </div>`
          : nothing
      }
      <div role="alert">
        ${
          this.problem
            ? html`<p class="notice bad problem">
                ${icon("warning")}<span>${t(`error_${this.problem}`)}</span>
              </p>`
            : nothing
        }
      </div>`;
  }

  /** Opens the reasons to pause, when a pause is possible. */
  openPause(): void {
    const pausable = this.renderRoot.querySelector<HTMLButtonElement>("[aria-haspopup]");
    pausable?.focus();
    pausable?.click();
  }

  async becomeReady(): Promise<void> {
    await this.#do(this.ctx.act.ready());
  }

  #reasons(): readonly string[] {
    return this.pauseReasons.length > 0 ? this.pauseReasons : [""];
  }

  async #pause(reason: string): Promise<void> {
    this.#popup.close();
    await this.#do(this.ctx.act.pause(reason));
  }

  async #do(deed: Promise<Done>): Promise<void> {
    if (this.busy) return;
    this.busy = true;
    this.problem = await deed;
    this.busy = false;
    if (this.problem) setTimeout(() => (this.problem = null), 8000);
  }
}
