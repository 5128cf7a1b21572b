import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import type { ActionRecord } from "../../../server/orders/actions/store.ts";
import { base } from "../../shared/styles.ts";
import type { ConsoleContext } from "../context.ts";
import type { ConsoleDialog } from "../shared/dialog-element.ts";
import { KeptFocus } from "../shared/kept-focus.ts";
import { listStyles } from "../shared/list.styles.ts";
import { alertOf, viewButtons } from "../shared/page-parts.ts";
import { pageStyles } from "../shared/page.styles.ts";
import { refusalText } from "../shared/problems.ts";
import { ShownList } from "../shared/shown-list.ts";
import { unreachedText } from "../shared/unreached.ts";
import { ACTION_VIEWS, type ActionView } from "./undelivered-api.ts";

const LOOK_AGAIN_MS = 10_000;

/**
 * `<callcard-console-actions>`: what operators asked of orders and the shop never answered: ask again, done by hand, dropped.
 * Properties: `ctx`.
 */
export class ConsoleActions extends LitElement {
  static override properties = {
    ctx: { attribute: false },
    view: { state: true },
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
    `,
  ];

  declare ctx: ConsoleContext;
  declare view: ActionView;
  readonly #list = new ShownList(this, {
    words: () => this.ctx.words,
    everyMs: LOOK_AGAIN_MS,
    read: () => this.ctx.model.api.undelivered.actions(this.view),
    rowsOf: ({ actions }) => actions,
    keyOf: ({ id }) => id,
  });

  constructor() {
    super();
    this.addController(
      new KeptFocus(this, () =>
        this.renderRoot.querySelector<HTMLElement>('.views [aria-pressed="true"]'),
      ),
    );
    this.view = "givenBack";
  }

  override firstUpdated(): void {
    void this.#list.load();
  }

  override render(): TemplateResult {
    const { t } = this.ctx.words;
    const { view } = this;
    return html`<p class="lead">${t("un_lead_orders")}</p>
      ${viewButtons(
        t("un_views"),
        ACTION_VIEWS.map((one) => [one, t(`un_actions_${one}`)] as const),
        view,
        (one) => {
          this.view = one;
          void this.#list.loadAnew();
        },
      )}
      ${alertOf(this.#list.problem)}
      ${this.#list.show({
        label: t("un_title_orders"),
        none: t(`un_noActions_${view}`),
        row: (action) => this.#action(action),
      })}
      <callcard-console-dialog></callcard-console-dialog>`;
  }

  #action(action: ActionRecord): TemplateResult {
    const { words, model } = this.ctx;
    const { t, locale } = words;
    const title = actionTitle(action, this.ctx);
    const { answer, askedByName, lastError } = action;
    return html`<li class="panel" aria-label=${title}>
      <div>
        <p class="who">
          <b><bdi>${title}</bdi></b>
          <span class="badge ${action.state === "givenBack" ? "bad" : "warn"}"
            >${t(`un_state_${action.state === "givenBack" ? "givenBack" : "waiting"}`)}</span
          >
          <span class="badge"><bdi>${action.source}</bdi></span>
        </p>
        ${wantedText(action, this.ctx) ? html`<p class="wrap">${wantedText(action, this.ctx)}</p>` : nothing}
        ${answer ? html`<p class="wrap">${t("un_shopSays", { words: answer })}</p>` : nothing}
        ${lastError ? html`<p class="wrap">${t("un_lastTry", { why: unreachedText(lastError, words) })}</p>` : nothing}
        <p class="facts">
          <span
            >${t("un_asked", {
              name: askedByName,
              when: locale.dayAndTime(action.askedAt, model.clock.nowMs()),
            })}</span
          >
          <span>${t("cb_tries", { count: action.tries })}</span>
        </p>
      </div>
      ${action.state === "givenBack" ? this.#deeds(action, title) : nothing}
    </li>`;
  }

  #deeds(action: ActionRecord, title: string): TemplateResult {
    const { t } = this.ctx.words;
    return html`<div class="deeds">
      <button
        class="btn"
        type="button"
        aria-label=${`${t("un_again")}: ${title}`}
        @click=${() => void this.#settle(action, "again", "")}
      >
        ${t("un_again")}
      </button>
      ${(["done", "dropped"] as const).map(
        (how) =>
          html`<button
            class="btn"
            type="button"
            aria-label=${`${t(`un_${how}`)}: ${title}`}
            @click=${() => void this.#ask(action, how, title)}
          >
            ${t(`un_${how}`)}
          </button>`,
      )}
    </div>`;
  }

  /** What ends it for good is asked about first, with words for the operator. */
  async #ask(action: ActionRecord, how: "done" | "dropped", title: string): Promise<void> {
    const { t } = this.ctx.words;
    const dialog = this.renderRoot.querySelector("callcard-console-dialog") as ConsoleDialog;
    const note = await dialog.ask({
      title,
      body: html`<p>${t(`un_${how}Lead`)}</p>`,
      note: t("un_note"),
      yes: t(`un_${how}`),
      no: t("cancel"),
    });
    if (note !== null) await this.#settle(action, how, note);
  }

  async #settle(
    { id }: ActionRecord,
    how: "again" | "done" | "dropped",
    text: string,
  ): Promise<void> {
    const { words, model, tell } = this.ctx;
    const answer = await model.api.undelivered.settle(id, how, text);
    if (answer.ok) tell(words.t(`un_told_${how}`));
    await this.#list.load();
    if (!answer.ok) {
      const message = answer.status === 409 ? words.t("un_settled") : refusalText(answer, words);
      this.#list.say(words.t("failed", { message }));
    }
  }
}

/** `Подтверждение заказа, 26-00413`. */
function actionTitle(
  { orderNumber, request, sourceId }: ActionRecord,
  ctx: ConsoleContext,
): string {
  const { locale, t } = ctx.words;
  return t("un_actionTitle", {
    what: locale.t(`asked_${request.kind}`),
    number: orderNumber || sourceId,
  });
}

/** What was asked, as far as a person needs it to do it by hand; "" when the title says it all. */
function wantedText({ request }: ActionRecord, { words }: ConsoleContext): string {
  const { locale, number } = words;
  switch (request.kind) {
    case "changeLines":
      return request.lines
        .map(({ name, quantity }) => `${name} × ${number(quantity, 3)}`)
        .join(", ");
    case "changeDelivery": {
      const { city, postalCode, address } = request.delivery;
      const { chosen } = request;
      const by = chosen === null ? "" : [chosen.provider, chosen.service].join(" ").trim();
      return [by, postalCode, city, address].filter(Boolean).join(", ");
    }
    case "cancel":
      return [locale.t(`cancel_${request.reason}`), request.text].filter(Boolean).join(": ");
    case "applyOffer":
      return request.offer.saying || request.offer.ruleName;
    case "confirm":
  }
  return "";
}
