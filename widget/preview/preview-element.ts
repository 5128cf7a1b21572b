import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import type { DeskCall, DeskPreview, SkipReason } from "../../server/desk/protocol.ts";
import type { FailureCode } from "../desk/connection.ts";
import type { DeskContext } from "../shared/context.ts";
import { icon } from "../shared/icons.ts";
import { base } from "../shared/styles.ts";

/** Reasons to put somebody aside, in the order of their digits. */
const REASONS: readonly SkipReason[] = [
  "notNow",
  "alreadySettled",
  "wrongPerson",
  "doNotCall",
  "other",
];

/**
 * `<callcard-preview>`: somebody a campaign asks this operator to call, with their card, before anything is dialled.
 *
 * Properties: `ctx`, `preview`, `waits` (the operator decided, the server has not answered to the end), `problem` (why the server did not
 * do it), `named` (there are several PBXs: its name is shown), `shortcuts` (keys are shown).
 * Methods: `call()`, `ask()` (opens the reasons to skip), `pickReason(index)`: what the keys do; false when it cannot be done now.
 * Events: `call`, `skip` (detail `reason`).
 */
export class CallcardPreview extends LitElement {
  static override properties = {
    ctx: { attribute: false },
    preview: { attribute: false },
    waits: { attribute: false },
    named: { type: Boolean },
    problem: { attribute: false },
    shortcuts: { type: Boolean },
    asking: { state: true },
  };

  static override styles = [
    base,
    css`
      :host {
        display: grid;
        gap: 20px;
      }
      .top {
        position: sticky;
        top: -28px;
        z-index: 2;
        display: grid;
        gap: 12px;
        margin: -28px -32px 0;
        padding: 20px 32px 16px;
        background: var(--surface);
        border-bottom: 1px solid var(--line);
        border-radius: calc(var(--radius) * 1.2) calc(var(--radius) * 1.2) 0 0;
      }
      .row {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        gap: 8px 12px;
      }
      .title {
        flex: 1 1 160px;
        min-width: 0;
      }
      .title h2 {
        font-size: 15px;
        color: var(--ink);
      }
      .pbx {
        font-size: 13px;
        color: var(--ink-3);
      }
      .timer {
        font-size: 14px;
        color: var(--ink-2);
      }
      .timer callcard-elapsed {
        font-weight: 650;
        color: var(--ink);
      }
      .call {
        font-size: 15px;
        padding-inline: 18px;
      }
      .btn kbd {
        margin-left: 2px;
        background: transparent;
        border-color: currentColor;
        color: inherit;
      }
      fieldset {
        display: flex;
        flex-wrap: wrap;
        gap: 8px;
        border: 0;
        margin: 0;
        padding: 0;
        min-width: 0;
      }
      legend {
        padding: 0;
        margin-bottom: 6px;
        font-size: 13px;
        font-weight: 600;
        color: var(--ink-2);
      }
      fieldset .btn {
        white-space: normal;
      }
      @media (hover: none) {
        kbd {
          display: none;
        }
      }
      @container desk (max-width: 899px) {
        .top {
          top: 0;
          margin: -18px -16px 0;
          padding: 14px 16px 12px;
        }
        .call {
          flex: 1 1 auto;
        }
      }
    `,
  ];

  declare ctx: DeskContext;
  declare preview: DeskPreview;
  declare waits: boolean;
  declare named: boolean;
  declare problem: FailureCode | null;
  declare shortcuts: boolean;
  /** The reasons to skip are open. */
  declare asking: boolean;
  #attemptId = "";
  #shown: DeskCall | null = null;

  constructor() {
    super();
    this.waits = false;
    this.named = false;
    this.problem = null;
    this.shortcuts = false;
    this.asking = false;
  }

  override willUpdate(changed: Map<PropertyKey, unknown>): void {
    if (this.preview.attemptId !== this.#attemptId) this.asking = false;
    this.#attemptId = this.preview.attemptId;
    if (changed.has("preview")) this.#shown = callToBe(this.preview);
  }

  override render(): TemplateResult {
    const { ctx, preview, waits, problem } = this;
    const { t } = ctx.locale;
    const key = (name: string): TemplateResult | typeof nothing =>
      this.shortcuts ? html`<kbd aria-hidden="true">${name}</kbd>` : nothing;
    return html`<div class="top">
        <div class="row">
          <div class="title">
            <h2>${t("previewTitle")}</h2>
            ${
              this.named && preview.pbx
                ? html`<p class="pbx">${t("previewPbx", { pbx: preview.pbx })}</p>`
                : nothing
            }
            ${
              preview.dialledAtMs === null || waits
                ? nothing
                : html`<p class="timer">
                    ${t("previewDialsIn")}
                    <callcard-elapsed
                      .to=${preview.dialledAtMs}
                      .clock=${ctx.clock}
                    ></callcard-elapsed>
                  </p>`
            }
          </div>
          <button
            class="btn primary call"
            type="button"
            aria-disabled=${waits ? "true" : "false"}
            @click=${() => this.call()}
          >
            ${icon("outgoing")}${waits ? t("dialling") : t("previewCall")}${key("D")}
          </button>
          <button
            class="btn"
            type="button"
            aria-expanded=${this.asking ? "true" : "false"}
            aria-disabled=${waits ? "true" : "false"}
            @click=${() => {
              if (!waits) this.asking = !this.asking;
            }}
          >
            ${t("previewSkip")}${key("S")}
          </button>
        </div>
        ${
          this.asking && !waits
            ? html`<fieldset>
                <legend>${t("previewWhy")}</legend>
                ${REASONS.map(
                  (reason, index) =>
                    html`<button class="btn" type="button" @click=${() => this.pickReason(index)}>
                      ${key(String(index + 1))}${t(`skip_${reason}`)}
                    </button>`,
                )}
              </fieldset>`
            : nothing
        }
        <p class=${problem ? "notice bad" : waits ? "notice calm" : "sr"} role="status">
          ${problem ? t(`error_${problem}`) : waits ? t("dialDone") : ""}
        </p>
      </div>
      <callcard-card offered .ctx=${ctx} .call=${this.#shown}></callcard-card>`;
  }

  /** Dials. */
  call(): boolean {
    if (this.waits) return false;
    this.dispatchEvent(new Event("call"));
    return true;
  }

  /** Opens the reasons to skip, or closes them. */
  ask(): boolean {
    if (this.waits) return false;
    this.asking = !this.asking;
    return true;
  }

  /** Skips for the reason in this place, when the reasons are open. */
  pickReason(index: number): boolean {
    const reason = REASONS[index];
    if (!this.asking || this.waits || reason === undefined) return false;
    this.asking = false;
    this.dispatchEvent(new CustomEvent("skip", { detail: { reason } }));
    return true;
  }
}

/** The call as its card wants it, before it is one. */
function callToBe({ attemptId, campaign, card, offeredAtMs }: DeskPreview): DeskCall {
  return {
    callId: `preview ${attemptId}`,
    direction: "outbound",
    state: "dialling",
    queue: "",
    startedAtMs: offeredAtMs,
    ...{ joinedAtMs: null, ringingSinceMs: null, answeredAtMs: null, endedAtMs: null },
    ...{ ringId: "", left: null, fromName: "", priority: null, needsWrapUp: false, draft: null },
    campaign,
    card,
  };
}
