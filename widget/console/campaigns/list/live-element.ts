import { html, LitElement, nothing, type TemplateResult } from "lit";
import type { AttemptOutcome } from "../../../../server/campaigns/attempts/model.ts";
import { icon } from "../../../shared/icons.ts";
import { base } from "../../../shared/styles.ts";
import type { ConsoleContext } from "../../context.ts";
import type { ConsoleDialog } from "../../shared/dialog-element.ts";
import { KeptFocus } from "../../shared/kept-focus.ts";
import { refusalText } from "../../shared/problems.ts";
import type { LiveCampaign } from "../campaigns-model.ts";
import { saveFile } from "../files.ts";
import { campaignHash } from "../route.ts";
import { outcomeText, paceText, pauseText } from "../sentences.ts";
import { abandonmentTable } from "./abandonment.ts";
import { liveStyles } from "./live.styles.ts";

type Deed = "start" | "pause" | "stop";

/**
 * `<callcard-console-campaign-live>`: one campaign as it is now, with what can be done to it. Properties: `ctx`, `campaignId`, `named`
 * (its name stands here and leads to its page).
 */
export class ConsoleCampaignLive extends LitElement {
  static override properties = {
    ctx: { attribute: false },
    campaignId: { attribute: false },
    named: { type: Boolean },
    problem: { state: true },
  };
  static override styles = [base, liveStyles];

  declare ctx: ConsoleContext;
  declare campaignId: string;
  declare named: boolean;
  declare problem: string;
  /** Something was asked for. Its button stays as it is: one that is disabled would lose the keyboard. */
  #busy = false;

  constructor() {
    super();
    this.named = false;
    this.problem = "";
    // "Start" is gone once it was pressed, and "pause" stands there.
    const next = (): HTMLElement | null =>
      this.renderRoot.querySelector<HTMLElement>(".deeds button");
    this.addController(new KeptFocus(this, next));
  }

  override render(): TemplateResult {
    const { t } = this.ctx.words;
    const campaign = this.ctx.model.campaigns.one(this.campaignId);
    if (!campaign) return html`<p class="muted">${t("camp_gone")}</p>`;
    const { state, pausedBecause, unknown } = campaign;
    const pause = pausedBecause ? pauseText(pausedBecause, this.ctx.words) : "";
    return html`<section class="panel" aria-label=${campaign.name}>
      <header>
        ${
          this.named
            ? html`<h2>
                <a href=${campaignHash(this.campaignId)}><bdi>${campaign.name}</bdi></a>
              </h2>`
            : html`<h2 class="sr">${t("camp_tab_live")}</h2>`
        }
        <span class="badge ${state}">${t(`camp_state_${state}`)}</span>
        <span class="muted small"
          >${t(`mode_${campaign.mode}`)},
          ${t("camp_where", { queue: campaign.queue, pbx: campaign.pbx })}</span
        >
        <span class="deeds">${this.#deeds(campaign)}</span>
      </header>
      ${
        pause
          ? html`<p class="notice ${pausedBecause === "byHand" ? "calm" : "bad"}" role="status">
              ${icon("warning")}<span>${pause}</span>
            </p>`
          : nothing
      }
      ${this.problem ? html`<p class="notice bad" role="alert">${this.problem}</p>` : nothing}
      ${
        unknown > 0
          ? html`<p class="notice">
              ${icon("help")}<span
                >${t("camp_unknownTold", { count: unknown })}
                <a href=${campaignHash(this.campaignId, "people")}
                  >${t("camp_unknownSettle")}</a
                ></span
              >
            </p>`
          : nothing
      }
      ${
        state === "draft"
          ? html`<p class="muted">${t("camp_notStarted")}</p>`
          : html`<div class="columns">
                ${this.#flow(campaign)} ${this.#work(campaign)} ${this.#kept(campaign)}
              </div>
              ${this.#ended(campaign)}`
      }
      <callcard-console-dialog></callcard-console-dialog>
    </section>`;
  }

  #deeds(campaign: LiveCampaign): TemplateResult | typeof nothing {
    const { t } = this.ctx.words;
    const button = (deed: Deed, primary = false): TemplateResult =>
      html`<button
        class="btn ${primary ? "primary" : ""}"
        type="button"
        aria-label=${`${t(`camp_${deed}`)}: ${campaign.name}`}
        @click=${() => void this.#do(deed, campaign)}
      >
        ${t(`camp_${deed}`)}
      </button>`;
    switch (campaign.state) {
      case "running":
        return html`${button("pause")} ${button("stop")}`;
      case "draft":
        return button("start", true);
      case "paused":
        return html`${button("start", true)} ${button("stop")}`;
      case "ended":
    }
    return nothing;
  }

  /** How many stand where between "planned" and "talks". */
  #flow(campaign: LiveCampaign): TemplateResult {
    const { t } = this.ctx.words;
    const steps = [
      ["planned", campaign.planned],
      ["due", campaign.due],
      ["ringing", (campaign.dialler?.ringing ?? campaign.ringing) + campaign.dialling],
      ["waiting", campaign.dialler?.waiting ?? campaign.waiting],
      ["talking", campaign.dialler?.talking ?? campaign.talking],
    ] as const;
    const { open, done, withdrawn } = campaign.contacts;
    return html`<div class="part">
      <h3>${t("camp_now")}</h3>
      <dl class="flow">
        ${steps.map(
          ([name, count]) =>
            html`<div class=${`${name} ${count === 0 ? "none" : ""}`}>
              <dt>${t(`camp_${name}`)}</dt>
              <dd>${this.ctx.words.number(count)}</dd>
            </div>`,
        )}
      </dl>
      <p class="small muted">${t("camp_contacts", { open, done, withdrawn })}</p>
    </div>`;
  }

  #work({ dialler, nobodyDials, state }: LiveCampaign): TemplateResult {
    const { words } = this.ctx;
    const { t } = words;
    if (!dialler)
      return html`<div class="part">
        <h3>${t("camp_operators")}</h3>
        <p class="muted">${t(whyNoWork(state === "running", nobodyDials === true))}</p>
      </div>`;
    const { busy, free, wrappingUp } = dialler.operators;
    return html`<div class="part">
      <h3>${t("camp_operators")}</h3>
      <p class="operators">
        <span class=${free > 0 ? "ready" : ""}>${t("camp_free", { count: free })}</span>
        <span>${t("camp_busy", { count: busy })}</span>
        <span>${t("camp_wrapUp", { count: wrappingUp })}</span>
        ${
          dialler.previews > 0
            ? html`<span>${t("camp_previews", { count: dialler.previews })}</span>`
            : nothing
        }
      </p>
      <h3>${t("camp_pace")}</h3>
      <p>${paceText(dialler.pace, words)}</p>
      ${
        dialler.linesPerOperator > 0
          ? html`<p class="small muted">
              ${t("camp_lines", { lines: words.number(dialler.linesPerOperator, 2) })}
            </p>`
          : nothing
      }
    </div>`;
  }

  #kept(campaign: LiveCampaign): TemplateResult {
    const { words } = this.ctx;
    const { t } = words;
    return html`<div class="part wide">
      <h3>${t("camp_abandonment", { most: words.percent(campaign.abandonment.mostShare) })}</h3>
      ${abandonmentTable(campaign.abandonment, words)}
      <button
        class="btn quiet ledger"
        type="button"
        aria-label=${`${t("camp_ledger")}: ${campaign.name}`}
        @click=${() => void this.#ledger()}
      >
        ${t("camp_ledger")}
      </button>
    </div>`;
  }

  #ended(campaign: LiveCampaign): TemplateResult {
    const { words } = this.ctx;
    const { t } = words;
    const ended = (Object.entries(campaign.ended) as [AttemptOutcome, number][])
      .filter(([, count]) => count > 0)
      .toSorted(([, a], [, b]) => b - a);
    return html`<div class="part">
      <h3>${t("camp_doneToday")}</h3>
      ${
        ended.length === 0
          ? html`<p class="muted">${t("camp_doneNone")}</p>`
          : html`<ul class="outcomes">
              ${ended.map(
                ([outcome, count]) =>
                  html`<li class=${outcome}>
                    ${outcomeText(outcome, words)} <b>${words.number(count)}</b>
                  </li>`,
              )}
            </ul>`
      }
    </div>`;
  }

  async #do(deed: Deed, campaign: LiveCampaign): Promise<void> {
    const { words, model, tell } = this.ctx;
    const { t } = words;
    const { name } = campaign;
    if (this.#busy) return;
    if (deed === "stop") {
      const yes = await this.renderRoot
        .querySelector<ConsoleDialog>("callcard-console-dialog")!
        .ask({
          title: t("camp_stopTitle", { name }),
          body: html`<p>${t("camp_stopLead", { open: campaign.contacts.open })}</p>
            <p>${t("camp_stopTalks")}</p>`,
          yes: t("camp_stopYes"),
          no: t("cancel"),
        });
      if (yes === null) return;
    }
    this.#busy = true;
    const answer = await model.campaigns.api.move(this.campaignId, deed);
    this.#busy = false;
    this.problem = answer.ok ? "" : t("failed", { message: refusalText(answer, words) });
    if (answer.ok) tell(t(`camp_${deed}Told`, { name }));
  }

  async #ledger(): Promise<void> {
    const { words, model } = this.ctx;
    if (this.#busy) return;
    this.#busy = true;
    const answer = await model.campaigns.api.ledger(this.campaignId);
    this.#busy = false;
    this.problem = answer.ok ? "" : words.t("failed", { message: refusalText(answer, words) });
    if (answer.ok) saveFile(`ledger-${this.campaignId}.csv`, answer.body);
  }
}

/** Why nothing is shown of who dials. */
function whyNoWork(running: boolean, nobodyDials: boolean) {
  if (!running) return "camp_notRunning";
  return nobodyDials ? "camp_nobodyDials" : "camp_notHere";
}
