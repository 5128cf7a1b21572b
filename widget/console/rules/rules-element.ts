import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { repeat } from "lit/directives/repeat.js";
import { PLAIN, type Policy, type Rule } from "../../../server/priority/model.ts";
import type { Problem } from "../../../server/priority/rest.ts";
import { icon } from "../../shared/icons.ts";
import { base } from "../../shared/styles.ts";
import type { ConsoleContext } from "../context.ts";
import type { Draft } from "../draft.ts";
import { inlineStyles } from "../shared/inline.ts";
import { at, problemList, refusalText } from "../shared/problems.ts";
import type { ConsoleRule, RuleDeed } from "./rule-element.ts";

/** `<callcard-console-rules>`: the draft, its rules in order, and what they would do to the people waiting now. Properties: `ctx`. */
export class ConsoleRules extends LitElement {
  static override properties = {
    ctx: { attribute: false },
    own: { state: true },
    dragged: { state: true },
  };
  static override styles = [
    base,
    inlineStyles,
    css`
      :host {
        display: block;
        container: rules / inline-size;
      }
      .columns {
        display: grid;
        grid-template-columns: minmax(0, 1fr) 360px;
        gap: 20px;
        align-items: start;
      }
      .draft {
        display: grid;
        gap: 14px;
        min-width: 0;
      }
      .aside {
        display: grid;
        gap: 14px;
        position: sticky;
        top: 0;
      }
      .lead {
        color: var(--ink-2);
      }
      ol {
        display: grid;
        gap: 10px;
      }
      li.dragged {
        opacity: 0.6;
        outline: 2px dashed var(--accent);
        border-radius: var(--radius);
      }
      .state {
        display: flex;
        flex-wrap: wrap;
        gap: 6px 14px;
        align-items: center;
        padding: 14px 20px;
        font-size: 14px;
        color: var(--ink-2);
      }
      .state .btn {
        margin-left: auto;
        text-decoration: none;
      }
      .conflict {
        display: grid;
        gap: 10px;
      }
      .buttons {
        display: flex;
        gap: 8px;
      }
      .add {
        justify-self: start;
      }
      @container rules (max-width: 900px) {
        .columns {
          grid-template-columns: minmax(0, 1fr);
        }
        .aside {
          position: static;
        }
      }
    `,
  ];

  declare ctx: ConsoleContext;
  /** The person wants to write rules of their own, without a ready policy. */
  declare own: boolean;
  /** The id of the rule that is being dragged. */
  declare dragged: string;

  constructor() {
    super();
    this.own = false;
    this.dragged = "";
  }

  override render(): TemplateResult {
    const { ctx } = this;
    const { t } = ctx.words;
    const draft = ctx.model.draft!;
    const { policy, checked } = draft;
    const start =
      ctx.writes && !this.own && policy.rules.length === 0 && ctx.model.published?.version === 0;
    if (start)
      return html`<callcard-console-start
        .ctx=${ctx}
        @use=${(event: CustomEvent<{ policy: Policy }>) => draft.change(event.detail.policy)}
        @own=${() => {
          this.own = true;
          void this.#add(draft);
        }}
      ></callcard-console-start>`;
    return html`<h1 class="sr">${t("place_rules")}</h1>
      <div class="columns">
        <div class="draft">
          ${ctx.writes ? nothing : html`<p class="notice calm">${t("readOnly")}</p>`}
          <p class="lead">${t("rulesLead")}</p>
          <ol
            @pointermove=${(event: PointerEvent) => this.#drag(event, draft)}
            @pointerup=${() => this.#drop(draft)}
            @pointercancel=${() => (this.dragged = "")}
          >
            ${repeat(
              policy.rules,
              ({ id }) => id,
              (rule, index) =>
                html`<li
                  class="panel ${rule.id === this.dragged ? "dragged" : ""}"
                  data-id=${rule.id}
                  @pointerdown=${(event: PointerEvent) => this.#grab(event, rule)}
                >
                  <callcard-console-rule
                    .ctx=${ctx}
                    .rule=${rule}
                    .index=${index}
                    .count=${policy.rules.length}
                    .checked=${ofRule(at(checked, `/rules/${index}`), index)}
                    @change=${(event: CustomEvent<{ rule: Rule }>) =>
                      this.#set(draft, rule.id, event.detail.rule)}
                    @deed=${(event: CustomEvent<{ deed: RuleDeed }>) =>
                      void this.#do(draft, rule, index, event.detail.deed)}
                  ></callcard-console-rule>
                </li>`,
            )}
          </ol>
          ${
            ctx.writes
              ? html`<button class="btn add" type="button" @click=${() => void this.#add(draft)}>
                  ${icon("plus")}${t("ruleAdd")}
                </button>`
              : nothing
          }
          <callcard-console-guard
            .ctx=${ctx}
            .policy=${policy}
            .checked=${checked}
            @change=${(event: CustomEvent<{ policy: Policy }>) => draft.change(event.detail.policy)}
          ></callcard-console-guard>
        </div>
        <div class="aside">
          ${this.#state(draft)}
          <callcard-console-preview .ctx=${ctx} .policy=${policy}></callcard-console-preview>
        </div>
      </div>`;
  }

  #state(draft: Draft): TemplateResult {
    const { words, writes } = this.ctx;
    const { t } = words;
    const { save } = draft;
    const said = {
      saved: t(draft.differsFromPublished ? "draftChanged" : "draftSame"),
      waiting: t("unsaved"),
      saving: t("saving"),
    };
    if (save.state === "conflict") {
      const by = save.theirs.updatedBy;
      return html`<div class="panel state conflict" role="alert">
        <p>${by ? t("conflict", { name: by }) : t("conflictSomebody")}</p>
        <p class="buttons">
          <button class="btn" type="button" @click=${() => draft.resolve("theirs")}>
            ${t("conflictTake")}</button
          ><button class="btn" type="button" @click=${() => draft.resolve("mine")}>
            ${t("conflictKeep")}
          </button>
        </p>
      </div>`;
    }
    const general = {
      problems: draft.checked.problems.filter(elsewhere),
      warnings: draft.checked.warnings.filter(elsewhere),
    };
    return html`<div class="panel state">
      <span role="status"
        >${
          save.state === "failed"
            ? t("saveFailed", { message: refusalText(save.refused, words) })
            : said[save.state]
        }</span
      >
      ${draft.checked.problems.length > 0 ? html`<span>${t("problemsBlock")}</span>` : nothing}
      ${problemList(general, words)}
      ${
        writes && draft.differsFromPublished
          ? html`<a class="btn primary" href="#versions">${t("toPublish")}</a>`
          : nothing
      }
    </div>`;
  }

  #set(draft: Draft, id: string, rule: Rule): void {
    const rules = draft.policy.rules.map((one) => (one.id === id ? rule : one));
    draft.change({ ...draft.policy, rules });
  }

  async #add(draft: Draft): Promise<void> {
    const rule: Rule = {
      id: crypto.getRandomValues(new Uint32Array(1))[0]!.toString(36),
      name: this.ctx.words.t("ruleNew"),
      on: true,
      when: [],
      then: { ...PLAIN, rate: 2, headStartSeconds: 14 },
    };
    draft.change({ ...draft.policy, rules: [...draft.policy.rules, rule] });
    await this.#settled();
    this.#element(rule.id)?.focus();
  }

  async #do(draft: Draft, rule: Rule, index: number, deed: RuleDeed): Promise<void> {
    const { t } = this.ctx.words;
    const { policy } = draft;
    if (deed === "up" || deed === "down") {
      await this.#moveTo(draft, rule, index + (deed === "up" ? -1 : 1));
      this.#element(rule.id)?.focusHandle();
      return;
    }
    if (deed === "duplicate") {
      const copy = {
        ...rule,
        id: crypto.getRandomValues(new Uint32Array(1))[0]!.toString(36),
        name: t("ruleCopy", { name: rule.name }).slice(0, 100),
      };
      draft.change({ ...policy, rules: policy.rules.toSpliced(index + 1, 0, copy) });
      await this.#settled();
      this.#element(copy.id)?.focus();
      return;
    }
    draft.change({ ...policy, rules: policy.rules.toSpliced(index, 1) });
    this.ctx.tell(t("ruleDeleted", { name: rule.name }), () => {
      const { rules } = draft.policy;
      draft.change({ ...draft.policy, rules: rules.toSpliced(index, 0, rule) });
      void this.#settled().then(() => this.#element(rule.id)?.focusHandle());
    });
    await this.#settled();
    const next = draft.policy.rules[Math.min(index, draft.policy.rules.length - 1)];
    if (next) this.#element(next.id)?.focusHandle();
    else this.renderRoot.querySelector<HTMLElement>("button.add")?.focus();
  }

  async #moveTo(draft: Draft, rule: Rule, to: number): Promise<void> {
    const { policy } = draft;
    const from = policy.rules.findIndex(({ id }) => id === rule.id);
    if (from < 0 || to < 0 || to >= policy.rules.length || to === from) return;
    const rules = policy.rules.toSpliced(from, 1).toSpliced(to, 0, policy.rules[from]!);
    draft.change({ ...policy, rules });
    this.ctx.tell(
      this.ctx.words.t("ruleMoved", {
        name: rule.name,
        position: to + 1,
        count: rules.length,
      }),
    );
    await this.#settled();
  }

  #grab(event: PointerEvent, rule: Rule): void {
    const handle = event
      .composedPath()
      .some((one) => one instanceof Element && one.classList.contains("handle"));
    if (handle && this.ctx.writes && event.button === 0) this.dragged = rule.id;
  }

  /** The rule goes where the pointer has passed the middle of its neighbour. */
  #drag(event: PointerEvent, draft: Draft): void {
    if (!this.dragged) return;
    event.preventDefault();
    const { rules } = draft.policy;
    const from = rules.findIndex(({ id }) => id === this.dragged);
    const items = [...this.renderRoot.querySelectorAll<HTMLElement>("li[data-id]")];
    const to = items.findIndex((item, index) => {
      const { top, bottom } = item.getBoundingClientRect();
      const middle = (top + bottom) / 2;
      return index < from ? event.clientY < middle : index > from && event.clientY > middle;
    });
    if (to >= 0 && from >= 0) void this.#moveTo(draft, rules[from]!, to);
  }

  #drop(draft: Draft): void {
    const { dragged } = this;
    this.dragged = "";
    if (dragged && draft.policy.rules.some(({ id }) => id === dragged))
      this.#element(dragged)?.focusHandle();
  }

  /** The list is drawn by the console's next update. */
  async #settled(): Promise<void> {
    await new Promise((drawn) => setTimeout(drawn));
    await this.updateComplete;
  }

  #element(id: string): ConsoleRule | null {
    return this.renderRoot.querySelector(`li[data-id="${CSS.escape(id)}"] > callcard-console-rule`);
  }
}

/** Said of no rule, promise or queue: the whole policy. */
function elsewhere({ path }: Problem): boolean {
  return !/^\/(rules\/\d+|guard|queues)/.test(path);
}

/** Problems of one rule with paths inside it. */
function ofRule(checked: ReturnType<typeof at>, index: number): ReturnType<typeof at> {
  const prefix = `/rules/${index}`;
  const inside = (problem: Problem): Problem => ({
    ...problem,
    path: problem.path.slice(prefix.length) || "/",
  });
  return { problems: checked.problems.map(inside), warnings: checked.warnings.map(inside) };
}
