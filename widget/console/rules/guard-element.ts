import { css, html, LitElement, type TemplateResult } from "lit";
import type { Guard, Policy } from "../../../server/priority/model.ts";
import type { Checked } from "../../../server/priority/rest.ts";
import { base } from "../../shared/styles.ts";
import type { ConsoleContext } from "../context.ts";
import { inlineStyles, numberField, sentence } from "../shared/inline.ts";
import { at, problemList } from "../shared/problems.ts";

/** What a promise begins with when it is switched on. */
const USUAL = { mostExtraWaitSeconds: 120, neverPassedAfterSeconds: 600 } as const;

/**
 * `<callcard-console-guard>`: the promises to everybody, and the queues the rules apply to. Properties: `ctx`, `policy`, `checked`.
 * Events: `change` with detail `policy`.
 */
export class ConsoleGuard extends LitElement {
  static override properties = {
    ctx: { attribute: false },
    policy: { attribute: false },
    checked: { attribute: false },
  };
  static override styles = [
    base,
    inlineStyles,
    css`
      :host {
        display: grid;
        gap: 20px;
      }
      section {
        display: grid;
        gap: 4px;
        padding: 18px 20px;
      }
      label.promise {
        display: flex;
        gap: 10px;
        align-items: baseline;
        line-height: 34px;
      }
      .promise input[type="checkbox"] {
        flex: none;
        width: 16px;
        height: 16px;
        translate: 0 2px;
      }
      .off {
        color: var(--ink-3);
      }
      .choice {
        display: flex;
        gap: 8px 16px;
        align-items: center;
        flex-wrap: wrap;
        min-height: 34px;
      }
    `,
  ];

  declare ctx: ConsoleContext;
  declare policy: Policy;
  declare checked: Checked;

  override render(): TemplateResult {
    const { t } = this.ctx.words;
    return html`<section class="panel" aria-label=${t("guardTitle")}>
        <h2>${t("guardTitle")}</h2>
        ${this.#promise("mostExtraWaitSeconds", "guard_extra", "guard_noExtra")}
        ${this.#promise("neverPassedAfterSeconds", "guard_passed", "guard_noPassed")}
        ${problemList(at(this.checked, "/guard"), this.ctx.words)}
      </section>
      <section class="panel" aria-label=${t("queuesTitle")}>
        <h2>${t("queuesTitle")}</h2>
        <div class="choice">
          ${this.policy.queues.length === 0 ? html`<span>${t("queuesAll")}</span>` : ""}
          ${this.#queues()}
        </div>
        ${problemList(at(this.checked, "/queues"), this.ctx.words)}
      </section>`;
  }

  #promise(
    key: keyof Guard,
    kept: "guard_extra" | "guard_passed",
    not: "guard_noExtra" | "guard_noPassed",
  ): TemplateResult {
    const { words, writes } = this.ctx;
    const seconds = this.policy.guard[key];
    const set = (value: number | null): void =>
      this.#set({ ...this.policy, guard: { ...this.policy.guard, [key]: value } });
    const bad = at(this.checked, `/guard/${key}`).problems.length > 0;
    const field = numberField({
      label: words.t(kept, { seconds: "…" }),
      value: seconds,
      readonly: !writes,
      bad,
      set,
    });
    return html`<div class="promise-row">
      <label class="promise ${seconds === null ? "off" : ""}"
        ><input
          type="checkbox"
          aria-label=${words.t(kept, { seconds: seconds ?? "…" })}
          .checked=${seconds !== null}
          ?disabled=${!writes}
          @change=${(event: Event) =>
            set((event.target as HTMLInputElement).checked ? USUAL[key] : null)}
        /><span
          >${seconds === null ? words.t(not) : sentence(words.raw(kept), { seconds: field })}</span
        ></label
      >
    </div>`;
  }

  #queues(): TemplateResult {
    const { words, model, writes } = this.ctx;
    const { queues } = this.policy;
    const chips = html`<callcard-console-chips
      .words=${words}
      .label=${words.t("queuesTitle")}
      .values=${queues}
      .known=${model.vocabulary?.queues ?? []}
      ?readonly=${!writes}
      @change=${(event: CustomEvent<{ values: readonly string[] }>) =>
        this.#set({ ...this.policy, queues: event.detail.values })}
    ></callcard-console-chips>`;
    if (queues.length === 0) return writes ? chips : html``;
    return html`<span>${sentence(words.raw("queuesOnly"), { in: chips })}</span>`;
  }

  #set(policy: Policy): void {
    this.dispatchEvent(new CustomEvent("change", { detail: { policy } }));
  }
}
