import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { repeat } from "lit/directives/repeat.js";
import type { OfferRuleBody } from "../../../server/offers/rest.ts";
import { icon } from "../../shared/icons.ts";
import { base } from "../../shared/styles.ts";
import type { ConsoleContext } from "../context.ts";
import { KeptFocus } from "../shared/kept-focus.ts";
import { refusalText } from "../shared/problems.ts";
import { offersStyles } from "./offers.styles.ts";
import { offerProblemText } from "./problems.ts";
import { hashOf } from "./route.ts";
import { limitTexts, ruleText } from "./sentences.ts";

/** `<callcard-console-offer-list>`: every rule as a sentence, the highest priority first. Properties: `ctx`. */
export class ConsoleOfferList extends LitElement {
  static override properties = { ctx: { attribute: false }, problem: { state: true } };
  static override styles = [
    base,
    offersStyles,
    css`
      article {
        gap: 4px;
        padding: 14px 20px;
      }
      header {
        display: flex;
        flex-wrap: wrap;
        gap: 4px 10px;
        align-items: center;
      }
      header .btn {
        margin-left: auto;
      }
      .off .sentence {
        color: var(--ink-3);
      }
      .on .state {
        background: var(--accent-soft);
        border-color: transparent;
        color: var(--accent-ink);
      }
      .facts {
        display: flex;
        flex-wrap: wrap;
        gap: 0 18px;
        font-size: 13px;
        color: var(--ink-3);
      }
      .wrong {
        color: var(--bad);
      }
      .empty {
        max-width: 620px;
        gap: 12px;
      }
    `,
  ];

  declare ctx: ConsoleContext;
  declare problem: string;

  constructor() {
    super();
    this.problem = "";
    this.addController(
      new KeptFocus(this, () => this.renderRoot.querySelector<HTMLElement>("a.btn")),
    );
  }

  override render(): TemplateResult {
    const { ctx } = this;
    const { t } = ctx.words;
    const rules = ctx.model.offers.rules ?? [];
    const begin = ctx.writes
      ? html`<a class="btn primary" href=${hashOf({ page: "new" })}
          >${icon("plus")}${t("of_new")}</a
        >`
      : nothing;
    const problem = this.problem
      ? html`<p class="notice bad" role="alert">${icon("warning")}<span>${this.problem}</span></p>`
      : nothing;
    if (rules.length === 0)
      return html`${problem}
        <section class="panel empty">
          <p>${t("of_empty")}</p>
          ${begin}
        </section>`;
    return html`${begin} ${problem}
    ${repeat(
      rules,
      ({ id }) => id,
      (rule) => this.#rule(rule),
    )}`;
  }

  #rule(rule: OfferRuleBody): TemplateResult {
    const { words, writes, model } = this.ctx;
    const { t, locale } = words;
    const { id, settings, state } = rule;
    const nowMs = model.clock.nowMs();
    const names = { product: model.offers.productName, currency: settings.currency };
    const isOver = rule.warnings.some(({ code }) => code === "over");
    return html`<article class="panel ${state}" aria-label=${settings.name}>
      <header>
        <a class="name" href=${hashOf({ page: "one", id })}
          ><b><bdi>${settings.name}</bdi></b></a
        >
        <span class="badge state">${t(isOver ? "ofState_over" : `ofState_${state}`)}</span>
        <span class="badge">${t(`ofKind_${settings.give.kind}`)}</span>
        ${
          writes
            ? html`<button
                class="btn"
                type="button"
                aria-label=${`${t(state === "on" ? "of_turnOff" : "of_turnOn")}: ${settings.name}`}
                @click=${() => void this.#turn(rule)}
              >
                ${t(state === "on" ? "of_turnOff" : "of_turnOn")}
              </button>`
            : nothing
        }
      </header>
      <p class="sentence wrap">${ruleText(settings, words, names)}</p>
      <p class="facts">
        ${limitTexts(settings, words, nowMs).map((text) => html`<span>${text}</span>`)}
      </p>
      <p class="facts">
        <span>${t("of_uses", { all: rule.uses, today: rule.usesToday })}</span>
        <span>${t("of_priority", { priority: settings.priority })}</span>
        <span>${t("of_changed", { when: locale.dayAndTime(rule.changedAt, nowMs) })}</span>
        ${
          rule.problems.length > 0
            ? html`<span class="wrong">${t("of_problems", { count: rule.problems.length })}</span>`
            : rule.warnings.length > 0
              ? html`<span>${t("of_warnings", { count: rule.warnings.length })}</span>`
              : nothing
        }
      </p>
    </article>`;
  }

  async #turn({ id, settings, state }: OfferRuleBody): Promise<void> {
    const { model, words, tell } = this.ctx;
    const wanted = state === "on" ? "off" : "on";
    const refused = await model.offers.turn(id, wanted);
    this.problem = refused
      ? words.t("of_turnFailed", {
          name: settings.name,
          message: refusalText(refused, words, offerProblemText(settings.currency)),
        })
      : "";
    if (!refused) tell(words.t(`of_turned_${wanted}`, { name: settings.name }));
  }
}
