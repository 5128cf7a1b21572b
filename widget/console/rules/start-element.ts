import { css, html, LitElement, type TemplateResult } from "lit";
import type { ReadyPolicy } from "../../../server/priority/rest.ts";
import type { PolicyResult, TierResult } from "../../../server/priority/simulation/model.ts";
import { base } from "../../shared/styles.ts";
import type { ConsoleContext } from "../context.ts";
import { plainOf, readyPolicy, usualDay } from "../ready.ts";
import { runSimulation } from "../simulation.ts";

/**
 * `<callcard-console-start>`: three policies to begin with, compared on a generated day. Properties: `ctx`.
 * Events: `use` with detail `policy`, `own`.
 */
export class ConsoleStart extends LitElement {
  static override properties = {
    ctx: { attribute: false },
    ready: { state: true },
    results: { state: true },
  };
  static override styles = [
    base,
    css`
      :host {
        display: grid;
        gap: 14px;
        margin-bottom: 20px;
      }
      h1 {
        font-size: 26px;
        line-height: 1.2;
        letter-spacing: -0.02em;
      }
      .lead {
        color: var(--ink-2);
        max-width: 640px;
        margin-top: 4px;
      }
      .choices {
        display: grid;
        grid-template-columns: repeat(auto-fit, minmax(min(250px, 100%), 1fr));
        gap: 14px;
      }
      article {
        padding: 18px 20px;
        display: flex;
        flex-direction: column;
        gap: 8px;
      }
      h2 {
        font-size: 18px;
        color: var(--ink);
        line-height: 1.3;
      }
      article p {
        color: var(--ink-2);
        font-size: 14px;
      }
      .result {
        padding-top: 8px;
        border-top: 1px solid var(--line);
        display: grid;
        gap: 2px;
        font-size: 14px;
      }
      .btn {
        margin-top: auto;
        align-self: start;
      }
      .own {
        margin: 0;
        justify-self: start;
      }
    `,
  ];

  declare ctx: ConsoleContext;
  declare ready: readonly ReadyPolicy[];
  declare results: readonly PolicyResult[] | null;
  readonly #closing = new AbortController();

  constructor() {
    super();
    this.ready = [];
    this.results = null;
  }

  override firstUpdated(): void {
    void this.#load();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#closing.abort();
  }

  override render(): TemplateResult {
    const { t } = this.ctx.words;
    return html`<div>
        <h1>${t("startTitle")}</h1>
        <p class="lead">${t("startLead")}</p>
      </div>
      <div class="choices">
        ${this.ready.map(
          (ready, at) =>
            html`<article class="panel" aria-labelledby=${`ready-${ready.id}`}>
              <h2 id=${`ready-${ready.id}`}>${t(`ready_${ready.id}`)}</h2>
              <p>${t(`ready_${ready.id}_lead`)}</p>
              ${this.#result(at + 1)}
              <button
                class="btn primary"
                type="button"
                @click=${() =>
                  this.dispatchEvent(
                    new CustomEvent("use", {
                      detail: { policy: readyPolicy(ready, this.ctx.words) },
                    }),
                  )}
              >
                ${t("startUse")}
              </button>
            </article>`,
        )}
      </div>
      <button class="btn own" type="button" @click=${() => this.dispatchEvent(new Event("own"))}>
        ${t("startOwn")}
      </button>`;
  }

  #result(at: number): TemplateResult {
    const { t, tier, even } = this.ctx.words;
    const plain = this.results?.[0];
    const after = this.results?.[at];
    if (!plain || !after) return html`<p class="result" role="status">${t("comparing")}</p>`;
    const lost = (one: TierResult): string => `${even(one.lost * 100, 2)} %`;
    const pairs = plain.tiers
      .filter((one) => one.tier !== "")
      .slice(0, 4)
      .flatMap((before) => {
        const now = after.tiers.find((one) => one.tier === before.tier);
        return now ? [[before, now] as const] : [];
      });
    return html`<ul class="result" aria-label=${t("startCompare")}>
      ${pairs.map(
        ([before, now]) =>
          html`<li>
            ${t(before.tier === "*" ? "startOthers" : "startLost", {
              tier: before.tier === "*" ? "" : tier(before.tier).toLocaleLowerCase(),
              before: lost(before),
              after: lost(now),
            })}
          </li>`,
      )}
    </ul>`;
  }

  async #load(): Promise<void> {
    const { model, words } = this.ctx;
    const answer = await model.api.readyPolicies();
    if (!answer.ok) return;
    this.ready = answer.body.policies;
    const [first] = this.ready;
    if (!first) return;
    const day = usualDay(model.vocabulary?.tiers ?? []);
    const result = await runSimulation(
      model.api,
      {
        source: day,
        policies: [
          { name: words.t("name_plain"), policy: plainOf(first.policy) },
          ...this.ready.map(({ id, policy }) => ({ name: words.t(`ready_${id}`), policy })),
        ],
      },
      () => {},
      this.#closing.signal,
    );
    if ("result" in result && result.result) this.results = result.result.policies;
  }
}
