import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import type { WebhookDelivery, WebhookTarget } from "../../../server/webhooks/model.ts";
import { base } from "../../shared/styles.ts";
import type { ConsoleContext } from "../context.ts";
import { KeptFocus } from "../shared/kept-focus.ts";
import { listStyles } from "../shared/list.styles.ts";
import { alertOf, viewButtons } from "../shared/page-parts.ts";
import { pageStyles } from "../shared/page.styles.ts";
import { refusalText } from "../shared/problems.ts";
import { ShownList } from "../shared/shown-list.ts";
import { unreachedText } from "../shared/unreached.ts";
import { HOOK_VIEWS, type HookView } from "./undelivered-api.ts";

const LOOK_AGAIN_MS = 10_000;

/** `<callcard-console-webhooks>`: who is told of what, what they do not have yet, and why. Properties: `ctx`. */
export class ConsoleWebhooks extends LitElement {
  static override properties = {
    ctx: { attribute: false },
    view: { state: true },
    targets: { state: true },
    problem: { state: true },
  };
  static override styles = [
    base,
    pageStyles,
    listStyles,
    css`
      :host {
        margin-inline: 0;
        max-width: none;
      }
      .targets {
        display: grid;
        grid-template-columns: repeat(auto-fill, minmax(min(320px, 100%), 1fr));
        gap: 10px;
      }
      .targets li.panel {
        display: grid;
        grid-template-columns: minmax(0, 1fr);
        gap: 4px;
        align-content: start;
        padding: 12px 18px;
      }
      .url {
        font-size: 13px;
        color: var(--ink-3);
      }
    `,
  ];

  declare ctx: ConsoleContext;
  declare view: HookView;
  /** Null before they were read. */
  declare targets: readonly WebhookTarget[] | null;
  /** Why the targets could not be read; "" when they could. */
  declare problem: string;
  readonly #list = new ShownList(this, {
    words: () => this.ctx.words,
    everyMs: LOOK_AGAIN_MS,
    read: (after) => {
      // What is waiting for them is said there too.
      if (after === "") void this.#loadTargets();
      return this.ctx.model.api.undelivered.deliveries(this.view, after);
    },
    rowsOf: ({ deliveries }) => deliveries,
    nextOf: ({ next }) => next,
    keyOf: ({ id }) => id,
  });

  constructor() {
    super();
    this.addController(
      new KeptFocus(this, () =>
        this.renderRoot.querySelector<HTMLElement>('.views [aria-pressed="true"]'),
      ),
    );
    this.view = "givenUp";
    this.targets = null;
    this.problem = "";
  }

  override firstUpdated(): void {
    void this.#list.load();
  }

  override render(): TemplateResult {
    const { t } = this.ctx.words;
    const { targets, view } = this;
    return html`<p class="lead">${t("un_lead_webhooks")}</p>
      ${alertOf(this.#list.problem || this.problem)}
      ${
        targets === null
          ? nothing
          : targets.length === 0
            ? html`<p class="muted">${t("un_noTargets")}</p>`
            : html`<ul class="targets" aria-label=${t("un_targets")}>
                ${targets.map((target) => this.#target(target))}
              </ul>`
      }
      ${viewButtons(
        t("un_views"),
        HOOK_VIEWS.map((one) => [one, t(`un_hooks_${one}`)] as const),
        view,
        (one) => {
          this.view = one;
          void this.#list.loadAnew();
        },
      )}
      ${this.#list.show({
        label: t("un_title_webhooks"),
        none: t(`un_noHooks_${view}`),
        row: (delivery) => this.#delivery(delivery),
      })}`;
  }

  #target(target: WebhookTarget): TemplateResult {
    const { words, model } = this.ctx;
    const { t, locale } = words;
    const resting = target.restingUntil;
    return html`<li class="panel" aria-label=${target.name}>
      <p class="who">
        <b><bdi>${target.name}</bdi></b>
        <span class="badge ${!target.enabled ? "" : resting ? "bad" : "good"}"
          >${t(!target.enabled ? "un_off" : resting ? "un_away" : "un_answers")}</span
        >
      </p>
      <p class="url"><bdi>${target.url}</bdi></p>
      <p class="facts">
        <span>${t("un_waiting", { count: target.waiting })}</span>
        <span class=${target.givenUp > 0 ? "bad" : ""}
          >${t("un_givenUp", { count: target.givenUp })}</span
        >
        ${
          resting
            ? html`<span
                >${t("un_restingUntil", { when: locale.dayAndTime(resting, model.clock.nowMs()) })}</span
              >`
            : nothing
        }
      </p>
      ${
        target.lastError
          ? html`<p class="wrap small">
              ${t("un_lastTry", { why: unreachedText(target.lastError, words) })}
            </p>`
          : nothing
      }
    </li>`;
  }

  #delivery(delivery: WebhookDelivery): TemplateResult {
    const { words, model } = this.ctx;
    const { t, locale } = words;
    const nowMs = model.clock.nowMs();
    const what = words.coded("un_event_", delivery.event.replace(".", "_")) ?? delivery.event;
    const title = `${what}, ${delivery.targetName}`;
    return html`<li class="panel" aria-label=${title}>
      <div>
        <p class="who">
          <b>${what}</b>
          <bdi class="muted">${delivery.subject}</bdi>
          <span
            class="badge ${{ givenUp: "bad", waiting: "warn", delivered: "good" }[delivery.state]}"
            >${t(`un_hook_${delivery.state}`)}</span
          >
        </p>
        ${
          delivery.lastError
            ? html`<p class="wrap">
                ${t("un_lastTry", { why: unreachedText(delivery.lastError, words) })}
              </p>`
            : nothing
        }
        <p class="facts">
          <span>${t("un_to", { name: delivery.targetName })}</span>
          <span>${t("cb_tries", { count: delivery.tries })}</span>
          <span>${t("un_written", { when: locale.dayAndTime(delivery.writtenAt, nowMs) })}</span>
          ${
            delivery.nextAt
              ? html`<span
                  >${t("un_next", { when: locale.dayAndTime(delivery.nextAt, nowMs) })}</span
                >`
              : nothing
          }
          ${
            delivery.deliveredAt
              ? html`<span
                  >${t("un_delivered", { when: locale.dayAndTime(delivery.deliveredAt, nowMs) })}</span
                >`
              : nothing
          }
        </p>
      </div>
      ${
        delivery.state === "delivered"
          ? nothing
          : html`<div class="deeds">
              <button
                class="btn"
                type="button"
                aria-label=${`${t("un_sendAgain")}: ${title}, ${delivery.subject}`}
                @click=${() => void this.#again(delivery)}
              >
                ${t("un_sendAgain")}
              </button>
            </div>`
      }
    </li>`;
  }

  async #again({ id }: WebhookDelivery): Promise<void> {
    const { words, model, tell } = this.ctx;
    const answer = await model.api.undelivered.sendAgain(id);
    if (answer.ok) tell(words.t("un_told_sent"));
    await this.#list.load();
    if (!answer.ok) {
      const message = answer.status === 404 ? words.t("un_arrived") : refusalText(answer, words);
      this.#list.say(words.t("failed", { message }));
    }
  }

  async #loadTargets(): Promise<void> {
    const { words, model } = this.ctx;
    const answer = await model.api.undelivered.targets();
    if (answer.ok) this.targets = answer.body.targets;
    this.problem = answer.ok ? "" : words.t("loadFailed", { message: refusalText(answer, words) });
  }
}
