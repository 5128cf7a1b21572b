import { css, html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import type { AttemptOutcome } from "../../../../server/campaigns/attempts/model.ts";
import type { AttemptStory, SettleInput } from "../../../../server/campaigns/rest.ts";
import { icon } from "../../../shared/icons.ts";
import { base } from "../../../shared/styles.ts";
import type { ConsoleContext } from "../../context.ts";
import { KeptFocus } from "../../shared/kept-focus.ts";
import { refusalText } from "../../shared/problems.ts";
import { campaignHash } from "../route.ts";
import {
  attemptText,
  becauseText,
  contactText,
  localTimeText,
  outcomeText,
  within,
} from "../sentences.ts";
import { evidenceTexts } from "./evidence.ts";
import { LookAgain } from "../../shared/look-again.ts";

/** What a person can find out by asking the operators, or the person who was called. */
const SETTLED: readonly AttemptOutcome[] = ["talked", "noAnswer", "busy", "cutOff", "failed"];
const LOOK_AGAIN_MS = 3000;

/** `<callcard-console-attempt>`: one attempt's whole story, in words. Properties: `ctx`, `campaignId`, `attemptId`. */
export class ConsoleAttempt extends LitElement {
  static override properties = {
    ctx: { attribute: false },
    campaignId: { attribute: false },
    attemptId: { attribute: false },
    story: { state: true },
    problem: { state: true },
  };
  static override styles = [
    base,
    css`
      :host {
        display: grid;
        gap: 14px;
        max-width: 760px;
      }
      section {
        padding: 18px 22px 20px;
        display: grid;
        gap: 8px;
      }
      h2 {
        font-size: 18px;
        font-weight: 650;
        color: var(--ink);
        letter-spacing: -0.01em;
      }
      .back {
        width: fit-content;
      }
      ol {
        display: grid;
        padding-top: 4px;
      }
      li {
        display: grid;
        grid-template-columns: 84px minmax(0, 1fr);
        gap: 0 14px;
        padding: 0 0 14px;
        position: relative;
      }
      li::before {
        content: "";
        position: absolute;
        left: 90px;
        top: 8px;
        bottom: -8px;
        width: 1px;
        background: var(--line);
      }
      li:last-child::before {
        display: none;
      }
      time {
        color: var(--ink-3);
        font-size: 14px;
      }
      .what {
        padding-left: 14px;
        position: relative;
        display: grid;
        gap: 1px;
      }
      .what::before {
        content: "";
        position: absolute;
        left: -12px;
        top: 7px;
        width: 9px;
        height: 9px;
        border-radius: 50%;
        background: var(--line-strong);
      }
      .talk .what::before {
        background: var(--accent);
      }
      .bad .what::before {
        background: var(--bad);
      }
      b {
        font-weight: 600;
      }
      .evidence {
        font-size: 13px;
        color: var(--ink-3);
        overflow-wrap: anywhere;
      }
      .buttons {
        display: flex;
        flex-wrap: wrap;
        gap: 8px;
      }
    `,
  ];

  declare ctx: ConsoleContext;
  declare campaignId: string;
  declare attemptId: string;
  declare story: AttemptStory | null;
  declare problem: string;
  /** An answer was sent. Its button stays as it is: one that is disabled would lose the keyboard. */
  #busy = false;

  constructor() {
    super();
    this.addController(
      new LookAgain(LOOK_AGAIN_MS, () => {
        if (!isWhole(this.story)) void this.#load();
      }),
    );
    this.story = null;
    this.problem = "";
    this.addController(new KeptFocus(this, () => this.renderRoot.querySelector<HTMLElement>("h2")));
  }

  override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has("attemptId")) {
      this.story = null;
      void this.#load();
    }
  }

  override render(): TemplateResult {
    const { words } = this.ctx;
    const { t } = words;
    const { story } = this;
    return html`<a class="back" href=${campaignHash(this.campaignId, "people")}
        >← ${t("camp_tab_people")}</a
      >
      ${this.problem ? html`<p class="notice bad" role="alert">${this.problem}</p>` : nothing}
      ${
        story
          ? html`${this.#whom(story)} ${this.#settle(story)}
              <section class="panel" aria-label=${t("story_steps")}>
                <h2>${t("story_steps")}</h2>
                <ol>
                  ${story.steps.map((step) => this.#step(step))}
                </ol>
              </section>`
          : this.problem
            ? nothing
            : html`<p class="muted" role="status">${t("loading")}</p>`
      }`;
  }

  #whom(story: AttemptStory): TemplateResult {
    const { words } = this.ctx;
    const { t } = words;
    const { contact, operator, outcome, state, withdrawnBecause } = story;
    const how =
      state === "withdrawn" && withdrawnBecause
        ? t("story_withdrawn", { because: within(becauseText(withdrawnBecause, words)) })
        : outcome
          ? outcomeText(outcome, words)
          : attemptText(state, words);
    return html`<section class="panel" aria-label=${t("story_title")}>
      <h2 tabindex="-1"><bdi>${contact.name || contact.phone}</bdi></h2>
      <p><b>${how}</b>${operator ? html`, ${t("story_operator", { name: operator })}` : nothing}</p>
      <p class="muted">
        <bdi>${contact.phone}</bdi>${
          contact.orders.length > 0
            ? html`, ${t("people_orders", { orders: contact.orders.join(", ") })}`
            : nothing
        }${contact.localTime ? html`, ${localTimeText(contact, words)}` : nothing}
      </p>
      ${
        contact.state === "open"
          ? nothing
          : html`<p class="muted">
              ${t("story_contact", {
                end: contactText(contact, words),
              })}
            </p>`
      }
    </section>`;
  }

  /** Only a person can say how an unknown attempt ended. */
  #settle({ state }: AttemptStory): TemplateResult | typeof nothing {
    const { words } = this.ctx;
    const { t } = words;
    if (state !== "unknown") return nothing;
    return html`<section class="panel" aria-label=${t("settle_title")}>
      <h2>${t("settle_title")}</h2>
      <p>${t("settle_lead")}</p>
      <div class="buttons">
        ${SETTLED.map(
          (outcome) =>
            html`<button class="btn" type="button" @click=${() => void this.#say({ outcome })}>
              ${outcomeText(outcome, words)}
            </button>`,
        )}
        <button class="btn primary" type="button" @click=${() => void this.#say({ again: true })}>
          ${icon("outgoing")}${t("settle_again")}
        </button>
      </div>
    </section>`;
  }

  #step({ at, evidence, to }: AttemptStory["steps"][number]): TemplateResult {
    const { words } = this.ctx;
    const seconds = new Intl.DateTimeFormat(words.locale.lang, {
      timeStyle: "medium",
      hourCycle: "h23",
    });
    const known = evidenceTexts(evidence, words);
    const tone = to === "connected" ? "talk" : to === "unknown" ? "bad" : "";
    return html`<li class=${tone}>
      <time datetime=${at}>${seconds.format(new Date(at))}</time>
      <div class="what">
        <span>${attemptText(to, words)}</span>
        ${known.length > 0 ? html`<span class="evidence">${known.join(", ")}</span>` : nothing}
      </div>
    </li>`;
  }

  async #say(how: SettleInput): Promise<void> {
    const { words, model, tell } = this.ctx;
    if (this.#busy) return;
    this.#busy = true;
    const answer = await model.campaigns.api.settle(this.attemptId, how);
    this.#busy = false;
    if (answer.ok) {
      this.story = answer.body;
      this.problem = "";
      tell(words.t("settle_done"));
    } else this.problem = words.t("failed", { message: refusalText(answer, words) });
  }

  async #load(): Promise<void> {
    const { words, model } = this.ctx;
    const asked = this.attemptId;
    const answer = await model.campaigns.api.attempt(asked);
    if (asked !== this.attemptId || this.#busy) return;
    if (answer.ok) this.story = answer.body;
    this.problem = answer.ok ? "" : words.t("loadFailed", { message: refusalText(answer, words) });
  }
}

/** Nothing comes any more: after a talk that is so once the operator said what it came to. */
function isWhole(story: AttemptStory | null): boolean {
  if (story?.state !== "ended" && story?.state !== "withdrawn") return false;
  return story.contact.state !== "open" && story.contact.result !== "";
}
