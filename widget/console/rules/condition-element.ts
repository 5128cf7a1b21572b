import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import type { Condition } from "../../../server/priority/model.ts";
import type { Checked } from "../../../server/priority/rest.ts";
import { icon } from "../../shared/icons.ts";
import { base } from "../../shared/styles.ts";
import type { ConsoleContext } from "../context.ts";
import { conditionKey } from "../sentences.ts";
import { choice, inlineStyles, numberField, sentence } from "../shared/inline.ts";
import { minorDigits } from "../shared/money.ts";

/**
 * `<callcard-console-condition>`: one condition as a sentence with controls in it. Properties: `ctx`, `condition`, `checked` (of this
 * condition). Events: `change` with detail `condition`, `remove`.
 */
export class ConsoleCondition extends LitElement {
  static override properties = {
    ctx: { attribute: false },
    condition: { attribute: false },
    checked: { attribute: false },
  };

  static override styles = [
    base,
    inlineStyles,
    css`
      :host {
        display: block;
      }
      .condition {
        display: flex;
        gap: 4px;
        align-items: center;
      }
      .text {
        flex: 0 1 auto;
        min-width: 0;
        line-height: 34px;
      }
      .tool {
        display: grid;
        place-items: center;
        width: 30px;
        height: 30px;
        border-radius: var(--radius-s);
        color: var(--ink-3);
        flex: none;
      }
      .tool:hover {
        background: var(--sunken);
        color: var(--ink);
      }
      .tool svg.i {
        width: 16px;
        height: 16px;
      }
      .tool[aria-pressed="true"] {
        color: var(--accent-ink);
      }
      .days {
        display: inline-flex;
        flex-wrap: wrap;
        gap: 2px;
      }
      .day {
        padding: 0 7px;
        border-radius: 6px;
        font-size: 13px;
        line-height: 26px;
        color: var(--ink-3);
      }
      .day[aria-pressed="true"] {
        background: var(--accent-soft);
        color: var(--accent-ink);
        font-weight: 600;
      }
      input.inline[type="time"] {
        width: auto;
      }
      @media (pointer: coarse) {
        .tool {
          width: 44px;
          height: 44px;
        }
        .day {
          min-width: 40px;
          line-height: 40px;
        }
      }
    `,
  ];

  declare ctx: ConsoleContext;
  declare condition: Condition;
  declare checked: Checked;

  override render(): TemplateResult {
    const { words, writes } = this.ctx;
    const { condition } = this;
    return html`<div class="condition">
      <span class="text">${sentence(words.raw(conditionKey(condition)), this.#slots())}</span>
      ${
        writes
          ? html`<button
                class="tool"
                type="button"
                aria-label=${words.t("conditionNot")}
                title=${words.t("conditionNot")}
                aria-pressed=${condition.not === true}
                @click=${() => this.#set({ ...condition, not: !condition.not })}
              >
                ${icon("swap")}
              </button>
              <button
                class="tool"
                type="button"
                aria-label=${words.t("conditionRemove")}
                title=${words.t("conditionRemove")}
                @click=${() => this.dispatchEvent(new Event("remove"))}
              >
                ${icon("close")}
              </button>`
          : nothing
      }
    </div>`;
  }

  #slots(): Record<string, TemplateResult | string> {
    const { condition } = this;
    const { words, model, writes } = this.ctx;
    const { t } = words;
    const known = model.vocabulary!;
    const readonly = !writes;
    const bad = this.checked.problems.length > 0;
    const chips = (
      label: string,
      values: readonly string[],
      choices: readonly string[],
      free = false,
      names: (value: string) => string = (value) => value,
    ): TemplateResult =>
      html`<callcard-console-chips
        .words=${words}
        .label=${label}
        .values=${values}
        .known=${choices}
        .names=${names}
        .bad=${this.#badValues(values)}
        ?free=${free}
        ?readonly=${readonly}
        @change=${(event: CustomEvent<{ values: readonly string[] }>) =>
          this.#set({ ...condition, in: event.detail.values } as Condition)}
      ></callcard-console-chips>`;
    const number = (
      label: string,
      value: number,
      set: (value: number) => Condition,
    ): TemplateResult =>
      numberField({ label, value, readonly, bad, set: (typed) => this.#set(set(typed)) });
    switch (condition.fact) {
      case "tier":
        return { in: chips(t("add_tier"), condition.in, known.tiers, false, words.tier) };
      case "segment":
        return { in: chips(t("add_segment"), condition.in, known.segments) };
      case "region":
        return { in: chips(t("add_region"), condition.in, known.regions, true) };
      case "queue":
        return { in: chips(t("add_queue"), condition.in, known.queues) };
      case "lifetimeValue":
        return { sum: this.#sum(condition, readonly, bad) };
      case "orderCount":
        return {
          least: number(t("leastLabel"), condition.atLeast ?? 0, (atLeast) => ({
            ...condition,
            atLeast,
          })),
          most: number(t("mostLabel"), condition.atMost ?? 0, (atMost) => ({
            ...condition,
            atMost,
          })),
        };
      case "lastOrder":
        return {
          days: number(t("daysLabel"), condition.withinDays, (withinDays) => ({
            ...condition,
            withinDays,
          })),
        };
      case "cartLeft":
      case "gotLost":
        return {
          hours: number(t("hoursLabel"), condition.withinHours, (withinHours) => ({
            ...condition,
            withinHours,
          })),
        };
      case "caller":
        return {
          is: choice({
            label: t("whoLabel"),
            value: condition.is,
            all: (["customer", "unknown", "withheld"] as const).map(
              (is) => [is, t(`caller_${is}`)] as const,
            ),
            readonly,
            set: (is) => this.#set({ ...condition, is }),
          }),
        };
      case "timeOfDay":
        return {
          from: this.#time(t("fromLabel"), condition.from, (from) => ({ ...condition, from })),
          to: this.#time(t("toLabel"), condition.to, (to) => ({ ...condition, to })),
          days: this.#days(condition),
        };
      case "orderOnItsWay":
      case "orderLate":
      case "openClaim":
      case "vip":
    }
    return {};
  }

  #sum(
    condition: Extract<Condition, { fact: "lifetimeValue" }>,
    readonly: boolean,
    bad: boolean,
  ): TemplateResult {
    const { words, names } = this.ctx;
    const digits = minorDigits(names.currency);
    return html`${numberField({
      label: words.t("sumLabel"),
      value: condition.atLeastMinor / 10 ** digits,
      step: "any",
      readonly,
      bad,
      set: (sum) => this.#set({ ...condition, atLeastMinor: Math.round(sum * 10 ** digits) }),
    })}
    ${names.currency}`;
  }

  #time(label: string, value: string, set: (value: string) => Condition): TemplateResult {
    return html`<input
      class="inline"
      type="time"
      aria-label=${label}
      ?readonly=${!this.ctx.writes}
      .value=${value}
      @change=${(event: Event) => {
        const typed = (event.target as HTMLInputElement).value;
        if (typed) this.#set(set(typed));
      }}
    />`;
  }

  #days(condition: Extract<Condition, { fact: "timeOfDay" }>): TemplateResult {
    const { words, writes } = this.ctx;
    const chosen = condition.days ?? [];
    const { days: _, ...rest } = condition;
    return html`<span class="days" role="group" aria-label=${words.t("daysLabel")}
      >${words.days.map((name, at) => {
        const day = at + 1;
        const on = chosen.length === 0 || chosen.includes(day);
        const now = chosen.length === 0 ? [1, 2, 3, 4, 5, 6, 7] : chosen;
        const then = on
          ? now.filter((one) => one !== day)
          : [...now, day].toSorted((a, b) => a - b);
        return html`<button
          class="day"
          type="button"
          aria-pressed=${on}
          ?disabled=${!writes || then.length === 0}
          @click=${() => this.#set(then.length === 7 ? rest : { ...rest, days: then })}
        >
          ${name}
        </button>`;
      })}</span
    >`;
  }

  #badValues(values: readonly string[]): readonly string[] {
    return this.checked.problems.flatMap(({ values: said }) =>
      values.filter((value) => value === said["value"]),
    );
  }

  #set(condition: Condition): void {
    const { not, ...rest } = condition;
    const clean = (not ? { ...rest, not } : rest) as Condition;
    this.dispatchEvent(new CustomEvent("change", { detail: { condition: clean } }));
  }
}
