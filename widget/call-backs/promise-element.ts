import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import type { CallBack, DeskCall } from "../../server/desk/protocol.ts";
import type { PromiseRefusal } from "../../server/followups/model.ts";
import type { DeskContext, Done } from "../shared/context.ts";
import { base } from "../shared/styles.ts";
import { callBackProblem } from "../wrap-up/call-back.ts";
import { promiseRefusalWords } from "./refusal.ts";

/**
 * `<callcard-promise>`: promises the person of this call to call them back, by their own clock. A promise to somebody who has one moves it.
 *
 * Properties: `ctx`, `call`. Events: `close`.
 */
export class CallcardPromise extends LitElement {
  static override properties = {
    ctx: { attribute: false },
    call: { attribute: false },
    value: { state: true },
    busy: { state: true },
    problem: { state: true },
    why: { state: true },
  };

  static override styles = [
    base,
    css`
      form {
        display: grid;
        gap: 12px;
      }
      .foot {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        gap: 8px 12px;
      }
      .problem {
        color: var(--bad);
        font-size: 14px;
      }
    `,
  ];

  declare ctx: DeskContext;
  declare call: DeskCall;
  declare value: CallBack | null;
  declare busy: boolean;
  declare problem: Done | "missing" | "past";
  /** What the server said of a promise that it does not take. */
  declare why: PromiseRefusal | null;

  constructor() {
    super();
    this.value = null;
    this.busy = false;
    this.problem = null;
    this.why = null;
  }

  override firstUpdated(): void {
    const when = this.renderRoot.querySelector("callcard-call-back");
    void (when as LitElement | null)?.updateComplete.then(() =>
      when?.shadowRoot?.querySelector<HTMLElement>("select, button")?.focus(),
    );
  }

  override render(): TemplateResult {
    const { locale, clock } = this.ctx;
    const { t } = locale;
    const { card } = this.call;
    const own = card.customer?.timeZone;
    return html`<form
      @submit=${(event: SubmitEvent) => void this.#promise(event)}
      @keydown=${(event: KeyboardEvent) => {
        if (event.key === "Escape") this.#close();
      }}
    >
      <callcard-call-back
        .locale=${locale}
        .clock=${clock}
        .zones=${own ? [own] : card.timeZones}
        .hours=${null}
        .value=${this.value}
        @pick=${(event: CustomEvent<CallBack>) => {
          this.value = event.detail;
          this.problem = null;
          this.why = null;
        }}
      ></callcard-call-back>
      <label class="field"
        >${t("promiseReason")} <input name="reason" maxlength="500" autocomplete="off" />
      </label>
      <div class="foot">
        <button class="btn primary" type="submit" aria-disabled=${this.busy}>
          ${this.busy ? t("saving") : t(card.work?.callBack ? "promiseMove" : "promiseSave")}
        </button>
        <button class="btn quiet" type="button" @click=${() => this.#close()}>
          ${t("cancel")}
        </button>
        <p class="problem" role="alert">${this.#words()}</p>
      </div>
    </form>`;
  }

  #words(): string | typeof nothing {
    const { t } = this.ctx.locale;
    const { problem } = this;
    if (problem === null) return nothing;
    if (problem === "missing") return t("callBackMissing");
    if (problem === "past") return t("callBackPast");
    if (this.why !== null) {
      const { locale, clock } = this.ctx;
      return promiseRefusalWords(this.why, this.value?.timeZone ?? "", locale, clock.nowMs());
    }
    return t(`error_${problem}`);
  }

  async #promise(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    if (this.busy) return;
    const { value } = this;
    this.problem = callBackProblem(value, this.ctx.clock.nowMs());
    this.why = null;
    if (this.problem || value === null) return;
    const field = (event.target as HTMLFormElement).elements.namedItem("reason");
    const reason = field instanceof HTMLInputElement ? field.value.trim() : "";
    this.busy = true;
    const { callId } = this.call;
    const reply = await this.ctx.act.ask("promiseCallBack", { callId, ...value, reason });
    this.busy = false;
    if (reply.ok) this.#close();
    else {
      this.problem = reply.code;
      this.why = reply.code === "noReply" ? null : (reply.why ?? null);
    }
  }

  #close(): void {
    this.dispatchEvent(new Event("close"));
  }
}
