import { html, LitElement, nothing, type TemplateResult } from "lit";
import type { Condition, Effect, PreferredRule, Rule } from "../../../server/priority/model.ts";
import type { Checked } from "../../../server/priority/rest.ts";
import { icon } from "../../shared/icons.ts";
import { Popup, popupStyles } from "../../shared/popup.ts";
import { base } from "../../shared/styles.ts";
import type { ConsoleContext } from "../context.ts";
import { choice, inlineStyles, numberField, openFirst, sentence } from "../shared/inline.ts";
import { KeptFocus } from "../shared/kept-focus.ts";
import { at, problemList } from "../shared/problems.ts";
import { type Fact, FACTS, newCondition } from "./facts.ts";
import { ruleStyles } from "./rule.styles.ts";

export type RuleDeed = "duplicate" | "delete" | "up" | "down";

/**
 * `<callcard-console-rule>`: one rule as a sentence that can be edited where it stands. Properties: `ctx`, `rule`, `index`, `count`,
 * `checked` (of the rule; paths from `/`). Events: `change` with detail `rule`; `deed` with detail `deed` ({@link RuleDeed}).
 */
export class ConsoleRule extends LitElement {
  static override properties = {
    ctx: { attribute: false },
    rule: { attribute: false },
    index: { attribute: false },
    count: { attribute: false },
    checked: { attribute: false },
  };
  static override styles = [base, popupStyles, inlineStyles, ruleStyles];

  declare ctx: ConsoleContext;
  declare rule: Rule;
  declare index: number;
  declare count: number;
  declare checked: Checked;
  readonly #popup = new Popup(this);

  constructor() {
    super();
    // A condition that was removed leaves the keyboard where the next one is added.
    this.addController(
      new KeptFocus(this, () => this.renderRoot.querySelector<HTMLElement>(".add")),
    );
  }

  override render(): TemplateResult {
    const { rule } = this;
    const { t } = this.ctx.words;
    return html`<article class=${rule.on ? "" : "off"} aria-label=${rule.name || t("ruleNew")}>
      ${this.#head()}
      <div class="sentence">${this.#when()} ${this.#then()}</div>
      ${problemList(this.checked, this.ctx.words)}
    </article>`;
  }

  /** Puts the cursor into the name of a new rule. */
  override focus(): void {
    const name = this.renderRoot.querySelector<HTMLInputElement>(".name");
    name?.focus();
    name?.select();
  }

  /** The handle by which the rule is moved keeps the focus while it moves. */
  focusHandle(): void {
    this.renderRoot.querySelector<HTMLElement>(".handle")?.focus();
  }

  #head(): TemplateResult {
    const { rule, index, count } = this;
    const { words, writes } = this.ctx;
    const { t } = words;
    const deed = (
      name: RuleDeed,
      text: string,
      possible = true,
    ): TemplateResult | typeof nothing =>
      possible
        ? html`<button
            class="item"
            type="button"
            @click=${() => {
              this.renderRoot.querySelector<HTMLElement>(".menu > button")?.focus();
              this.#popup.close();
              this.#do(name);
            }}
          >
            ${text}
          </button>`
        : nothing;
    return html`<header>
      ${
        writes
          ? html`<button
              class="handle"
              type="button"
              aria-label=${t("ruleDrag", { name: rule.name })}
              title=${t("ruleDrag", { name: rule.name })}
              @keydown=${(event: KeyboardEvent) => {
                const step = { ArrowUp: "up", ArrowDown: "down" }[event.key];
                if (!step) return;
                event.preventDefault();
                this.#do(step as RuleDeed);
              }}
            >
              ${icon("grip")}
            </button>`
          : nothing
      }
      <span class="number" aria-hidden="true">${index + 1}</span>
      <input
        class="name"
        aria-label=${t("ruleName")}
        maxlength="100"
        .value=${rule.name}
        ?readonly=${!writes}
        @input=${(event: Event) =>
          this.#set({ ...rule, name: (event.target as HTMLInputElement).value })}
      />
      <label class="switch"
        ><input
          type="checkbox"
          role="switch"
          .checked=${rule.on}
          ?disabled=${!writes}
          @change=${(event: Event) =>
            this.#set({ ...rule, on: (event.target as HTMLInputElement).checked })}
        /><span>${t(rule.on ? "ruleOn" : "ruleOff")}</span></label
      >
      ${
        writes
          ? html`<span class="menu"
              ><button
                class="btn quiet icon"
                type="button"
                aria-label=${`${t("more")}: ${rule.name}`}
                aria-haspopup="true"
                aria-expanded=${this.#popup.open}
                @click=${() => this.#popup.toggle()}
              >
                ${icon("more")}</button
              >${
                this.#popup.open
                  ? html`<span class="popup right" role="group" aria-label=${t("more")}>
                      ${deed("up", t("ruleUp"), index > 0)}
                      ${deed("down", t("ruleDown"), index < count - 1)}
                      ${deed("duplicate", t("ruleDuplicate"))} ${deed("delete", t("ruleDelete"))}
                    </span>`
                  : nothing
              }</span
            >`
          : nothing
      }
    </header>`;
  }

  #when(): TemplateResult {
    const { rule } = this;
    const { words, writes, model } = this.ctx;
    const { t } = words;
    const setAt = (index: number, condition: Condition | null): void =>
      this.#set({
        ...rule,
        when: rule.when.flatMap((one, at) => (at === index ? (condition ?? []) : one)),
      });
    return html`<div class="when">
      ${
        rule.when.length === 0
          ? html`<p class="line"><span class="word">${t("rule_always")}</span></p>`
          : nothing
      }
      ${rule.when.map(
        (condition, index) =>
          html`<div class="line">
            <span class="word">${t(index === 0 ? "rule_when" : "and")}</span>
            <callcard-console-condition
              .ctx=${this.ctx}
              .condition=${condition}
              .checked=${at(this.checked, `/when/${index}`)}
              @change=${(event: CustomEvent<{ condition: Condition }>) =>
                setAt(index, event.detail.condition)}
              @remove=${() => setAt(index, null)}
            ></callcard-console-condition>
          </div>`,
      )}
      ${
        writes
          ? html`<div class="line">
              <span class="word"></span
              ><select
                class="add"
                aria-label=${t("conditionAdd")}
                @keydown=${openFirst}
                @change=${(event: Event) => {
                  const select = event.target as HTMLSelectElement;
                  const fact = select.value as Fact | "";
                  select.value = "";
                  if (fact)
                    this.#set({
                      ...rule,
                      when: [...rule.when, newCondition(fact, model.vocabulary!)],
                    });
                }}
              >
                <option value="" selected>+ ${t("conditionAdd")}</option>
                ${FACTS.map((fact) => html`<option value=${fact}>${t(`add_${fact}`)}</option>`)}
              </select>
            </div>`
          : nothing
      }
    </div>`;
  }

  #then(): TemplateResult {
    const { words, writes } = this.ctx;
    const { t } = words;
    const { then } = this.rule;
    const readonly = !writes;
    const bad = (field: keyof Effect): boolean =>
      at(this.checked, `/then/${field}`).problems.length > 0;
    const rate = numberField({
      label: t("ruleRate"),
      value: then.rate,
      step: "any",
      readonly,
      bad: bad("rate"),
      set: (value) => this.#effect({ rate: value }),
    });
    const seconds = numberField({
      label: t("ruleHeadStart"),
      value: then.headStartSeconds,
      readonly,
      bad: bad("headStartSeconds"),
      set: (value) => this.#effect({ headStartSeconds: value }),
    });
    return html`<div class="then">
      <p>${sentence(words.raw("rule_then"), { rate, seconds })}</p>
      ${
        readonly && !then.preferred
          ? nothing
          : html`<p>
              ${sentence(words.raw("rule_thenPreferred"), {
                who: this.#who(then.preferred),
              })}${then.preferred ? this.#limit(then.preferred) : nothing}
            </p>`
      }
      ${
        readonly && !then.message
          ? nothing
          : html`<p class="say">
              ${sentence(words.raw("rule_thenSay"), {
                text: html`<input
                  class="inline message"
                  aria-label=${t("ruleMessage")}
                  maxlength="200"
                  placeholder="—"
                  ?readonly=${readonly}
                  .value=${then.message}
                  @input=${(event: Event) =>
                    this.#effect({ message: (event.target as HTMLInputElement).value })}
                />`,
              })}
            </p>`
      }
      <label class="skip"
        ><input
          type="checkbox"
          .checked=${then.skipQuestions}
          ?disabled=${readonly}
          @change=${(event: Event) =>
            this.#effect({ skipQuestions: (event.target as HTMLInputElement).checked })}
        />${t("rule_thenSkip")}</label
      >
    </div>`;
  }

  #who(preferred: PreferredRule | null): TemplateResult {
    const { words, model, writes } = this.ctx;
    const { t } = words;
    const bad = at(this.checked, "/then/preferred").problems.length > 0;
    const who = choice({
      label: t("rulePrefer"),
      value: preferred?.who ?? "none",
      all: (["none", "lastOperator", "personalManager", "operator"] as const).map(
        (one) => [one, t(`preferred_${one}`)] as const,
      ),
      readonly: !writes,
      set: (value) => {
        const waitSeconds = preferred?.waitSeconds ?? 20;
        if (value === "none") this.#effect({ preferred: null });
        else if (value === "operator") {
          const login = model.vocabulary?.operators[0]?.login ?? "";
          this.#effect({ preferred: { who: value, login, waitSeconds } });
        } else this.#effect({ preferred: { who: value, waitSeconds } });
      },
    });
    if (preferred?.who !== "operator") return who;
    return html`${who}
    ${choice({
      label: t("ruleOperator"),
      value: preferred.login ?? "",
      all: (model.vocabulary?.operators ?? []).map(({ login, name }) => [login, name] as const),
      readonly: !writes,
      bad,
      set: (login) => this.#effect({ preferred: { ...preferred, login } }),
    })}`;
  }

  /** The second half of the sentence, which only a preference has. */
  #limit(preferred: PreferredRule): readonly (TemplateResult | string)[] {
    const { words, writes } = this.ctx;
    const field = numberField({
      label: words.t("ruleWait"),
      value: preferred.waitSeconds,
      readonly: !writes,
      bad: at(this.checked, "/then/preferred/waitSeconds").problems.length > 0,
      set: (waitSeconds) => this.#effect({ preferred: { ...preferred, waitSeconds } }),
    });
    return sentence(words.raw("rule_thenPreferredLimit"), { seconds: field });
  }

  #effect(change: Partial<Effect>): void {
    this.#set({ ...this.rule, then: { ...this.rule.then, ...change } });
  }

  #set(rule: Rule): void {
    this.dispatchEvent(new CustomEvent("change", { detail: { rule } }));
  }

  #do(deed: RuleDeed): void {
    this.dispatchEvent(new CustomEvent("deed", { detail: { deed } }));
  }
}
