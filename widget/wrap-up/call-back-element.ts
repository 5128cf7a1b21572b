import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import type { CallingHours } from "../../server/campaigns/model.ts";
import type { CallBack } from "../../server/desk/protocol.ts";
import { EveryMinute } from "../shared/every-minute.ts";
import { icon } from "../shared/icons.ts";
import type { Locale } from "../shared/locale.ts";
import { base } from "../shared/styles.ts";
import type { Clock } from "../shared/time.ts";
import {
  callBackProblem,
  isOutside,
  momentOf,
  quickChoices,
  wallOf,
  zoneChoices,
} from "./call-back.ts";
import { choiceStyles } from "./choice.styles.ts";

/**
 * `<callcard-call-back>`: when a person wants to be called again, by their own clock, and by whom.
 *
 * Properties: `locale`, `clock`, `zones` (where the person may be; empty: where the operator is), `hours` (of the campaign, null for any),
 * `value`.
 * Events: `pick` (detail `CallBack`; `at` and `timeZone` are "" until they are chosen).
 */
export class CallcardCallBack extends LitElement {
  static override properties = {
    locale: { attribute: false },
    clock: { attribute: false },
    zones: { attribute: false },
    hours: { attribute: false },
    value: { attribute: false },
  };

  static override styles = [
    base,
    choiceStyles,
    css`
      :host {
        display: grid;
        gap: 12px;
        padding: 12px 14px 14px;
        border: 1px solid var(--line);
        border-radius: var(--radius-s);
        background: var(--sunken);
      }
      legend,
      .title {
        padding: 0;
        font-size: 13px;
        font-weight: 600;
        color: var(--ink-2);
      }
      legend {
        margin-bottom: 6px;
      }
      .now {
        font-size: 13px;
        color: var(--ink-2);
      }
      .quick {
        display: flex;
        flex-wrap: wrap;
        gap: 6px;
      }
      .quick .btn {
        min-height: 32px;
        padding: 3px 12px;
        border-radius: 99px;
        border-color: var(--line-strong);
        font-weight: 400;
        white-space: normal;
      }
      .quick .btn[aria-pressed="true"] {
        background: var(--accent);
        border-color: var(--accent);
        color: var(--on-accent);
        font-weight: 550;
      }
      .then {
        font-size: 14px;
        font-weight: 550;
      }
      .warn {
        display: flex;
        gap: 8px;
        font-size: 13px;
        font-weight: 400;
        color: var(--warn);
      }
      .warn svg {
        margin-top: 1px;
      }
    `,
  ];

  declare locale: Locale;
  declare clock: Clock;
  declare zones: readonly string[];
  declare hours: CallingHours | null;
  declare value: CallBack | null;

  constructor() {
    super();
    this.zones = [];
    this.hours = null;
    this.value = null;
    this.addController(new EveryMinute(this));
  }

  override render(): TemplateResult {
    const { t } = this.locale;
    const { toMe } = this.#chosen;
    return html`<p class="title" id="when">${t("callBackTitle")}</p>
      ${this.#where()} ${this.#time()}
      <fieldset>
        <legend>${t("callBackWho")}</legend>
        ${[false, true].map(
          (mine) =>
            html`<label class="choice"
              ><input
                type="radio"
                name="who"
                .checked=${toMe === mine}
                @change=${() => this.#pick({ toMe: mine })}
              /><span>${t(mine ? "callBackMe" : "callBackAnyone")}</span></label
            >`,
        )}
      </fieldset>`;
  }

  /** What time it is there; asked for when the number leaves it open. */
  #where(): TemplateResult {
    const { t } = this.locale;
    const nowMs = this.clock.nowMs();
    const choices = this.#choices(nowMs);
    const { timeZone } = this.#chosen;
    const ours = this.locale.time(nowMs);
    const now =
      timeZone === ""
        ? nothing
        : html`<p class="now">
            ${t("callBackNow", { theirs: wallOf(timeZone, nowMs).slice(11), ours })}
          </p>`;
    if (choices.length <= 1) return html`${now}`;
    return html`<label class="field"
        >${t("callBackZone")}
        <select
          @change=${(event: Event) => this.#pick({ timeZone: (event.target as HTMLSelectElement).value })}
        >
          <option value="" ?selected=${timeZone === ""}>${t("callBackZoneChoose")}</option>
          ${choices.map(
            ({ zone, at }) =>
              html`<option value=${zone} ?selected=${zone === timeZone}>${at.slice(11)}</option>`,
          )}
        </select></label
      >${now}`;
  }

  #time(): TemplateResult {
    const { t } = this.locale;
    const nowMs = this.clock.nowMs();
    const { at, timeZone } = this.#chosen;
    if (timeZone === "") return html``;
    return html`<div class="quick" role="group" aria-labelledby="when">
        ${quickChoices(timeZone, nowMs).map(
          (quick) =>
            html`<button
              class="btn"
              type="button"
              aria-pressed=${quick.at === at ? "true" : "false"}
              @click=${() => this.#pick({ at: quick.at })}
            >
              ${t(`quick_${quick.name}`)}
            </button>`,
        )}
      </div>
      <label class="field"
        >${t("callBackAt")}
        <input
          type="datetime-local"
          .min=${wallOf(timeZone, nowMs)}
          .value=${at}
          @change=${(event: Event) => this.#pick({ at: (event.target as HTMLInputElement).value })}
        />
      </label>
      <div role="status">${this.#said(nowMs)}</div>`;
  }

  /** The chosen time on both clocks, and what speaks against it. */
  #said(nowMs: number): TemplateResult | typeof nothing {
    const { t } = this.locale;
    const { at, timeZone } = this.#chosen;
    const atMs = momentOf(at, timeZone);
    if (atMs === null) return nothing;
    const here = Intl.DateTimeFormat().resolvedOptions().timeZone;
    const theirs = this.#day(at, wallOf(timeZone, nowMs));
    const oursAt = wallOf(here, atMs);
    const ours = oursAt.slice(0, 10) === at.slice(0, 10) ? oursAt.slice(11) : this.#day(oursAt, "");
    const problem =
      callBackProblem(this.#chosen, nowMs) === "past"
        ? t("callBackPast")
        : this.hours && isOutside(at, this.hours)
          ? t("callBackOutside")
          : "";
    return html`<p class="then">${t("callBackThen", { theirs, ours })}</p>
      ${problem ? html`<p class="warn">${icon("warning")}<span>${problem}</span></p>` : nothing}`;
  }

  /** `понедельник, 23 ноября, 15:00`; the time alone for today. */
  #day(at: string, today: string): string {
    const time = at.slice(11);
    if (at.slice(0, 10) === today.slice(0, 10)) return time;
    return `${this.locale.weekday(at.slice(0, 10))}, ${time}`;
  }

  #choices(nowMs: number): ReturnType<typeof zoneChoices> {
    const known = zoneChoices(this.zones, nowMs);
    if (known.length > 0) return known;
    return zoneChoices([Intl.DateTimeFormat().resolvedOptions().timeZone], nowMs);
  }

  /** What was chosen; the only possible zone chooses itself. */
  get #chosen(): CallBack {
    const value = this.value ?? { at: "", timeZone: "", toMe: false };
    const [only, another] = this.#choices(this.clock.nowMs());
    const timeZone = value.timeZone || (another === undefined ? (only?.zone ?? "") : "");
    return { ...value, timeZone };
  }

  #pick(change: Partial<CallBack>): void {
    this.dispatchEvent(new CustomEvent("pick", { detail: { ...this.#chosen, ...change } }));
  }
}
