import { html, LitElement, nothing, type TemplateResult } from "lit";
import { repeat } from "lit/directives/repeat.js";
import type {
  ConsoleCaller,
  ConsolePbx,
  ConsolePreferring,
  ConsoleQueue,
} from "../../../server/console/protocol.ts";
import { icon } from "../../shared/icons.ts";
import { Popup, popupStyles } from "../../shared/popup.ts";
import { base } from "../../shared/styles.ts";
import { runningTime } from "../../shared/time.ts";
import type { ConsoleContext } from "../context.ts";
import type { ConsoleDialog } from "../shared/dialog-element.ts";
import { pbxReasonText } from "../shared/pbx-reason.ts";
import { KeptFocus } from "../shared/kept-focus.ts";
import { queuesStyles } from "./queues.styles.ts";
import { countsOf, type NamedQueue, queuesByName } from "./same-name.ts";

type Step = "up" | "down" | "first" | "back";

/** `<callcard-console-queues>`: every queue live, with who waits and in which order. Properties: `ctx`. */
export class ConsoleQueues extends LitElement {
  static override properties = {
    ctx: { attribute: false },
    open: { state: true },
    menu: { state: true },
  };
  static override styles = [base, popupStyles, queuesStyles];

  declare ctx: ConsoleContext;
  /** `callId` and queue of the callers whose "why" is open. */
  declare open: ReadonlySet<string>;
  declare menu: string;
  readonly #popup = new Popup(this);
  #timer: ReturnType<typeof setInterval> | null = null;

  constructor() {
    super();
    this.addController(new KeptFocus(this));
    this.open = new Set();
    this.menu = "";
  }

  override connectedCallback(): void {
    super.connectedCallback();
    // The bars grow with the waiting.
    this.#timer = setInterval(() => this.requestUpdate(), 1000);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    if (this.#timer) clearInterval(this.#timer);
  }

  override render(): TemplateResult {
    const { t } = this.ctx.words;
    const { live } = this.ctx.model;
    if (!live) return html`<p class="muted" role="status">${t("loading")}</p>`;
    return html`<h1 class="sr">${t("place_queues")}</h1>
      ${live.pbxs.map((pbx) => this.#pbx(pbx))}
      ${live.queues.length === 0 ? html`<p class="empty">${t("queuesEmpty")}</p>` : nothing}
      ${isLeftAlone(live.queues) ? html`<p class="notice calm">${t("notMovedAnywhere")}</p>` : nothing}
      <div class="queues">
        ${repeat(
          queuesByName(live.queues),
          ({ name }) => name,
          (named) => this.#named(named),
        )}
      </div>
      <callcard-console-dialog></callcard-console-dialog>`;
  }

  #pbx(pbx: ConsolePbx): TemplateResult | typeof nothing {
    const { words } = this.ctx;
    const { t } = words;
    if (!pbx.up)
      return html`<p class="notice bad" role="status">
        ${icon("warning")}<span
          >${t("pbxDown", { name: pbx.name, reason: pbxReasonText(pbx.reason, words) })}</span
        >
      </p>`;
    if (pbx.canMove) return nothing;
    return html`<p class="notice" role="status">
      ${icon("warning")}<span>${t("pbxCannot", { name: pbx.name, version: pbx.version })}</span>
    </p>`;
  }

  #named({ name, queues }: NamedQueue): TemplateResult {
    const isOne = queues.length === 1;
    return html`<section class="queue panel" aria-label=${name}>
      ${this.#head(html`<h2><bdi>${name}</bdi></h2>`, queues)}
      ${isOne ? nothing : html`<p class="notice calm">${this.ctx.words.t("orderPerPbx")}</p>`}
      ${repeat(
        queues,
        ({ pbx }) => pbx,
        (queue) =>
          isOne
            ? this.#line(queue, 3)
            : html`<section class="on-pbx" aria-label=${`${name}, ${queue.pbx}`}>
                ${this.#head(html`<h3><bdi>${queue.pbx}</bdi></h3>`, [queue])}
                ${this.#line(queue, 4)}
              </section>`,
      )}
    </section>`;
  }

  #head(heading: TemplateResult, queues: readonly ConsoleQueue[]): TemplateResult {
    const { t } = this.ctx.words;
    const { busy, paused, ready, waiting } = countsOf(queues);
    return html`<header>
      ${heading}
      <p class="members">
        <span class=${ready > 0 ? "ready" : ""}>${t("membersReady", { count: ready })}</span>
        <span>${t("membersBusy", { count: busy })}</span>
        ${paused > 0 ? html`<span>${t("membersPaused", { count: paused })}</span>` : nothing}
      </p>
      ${waiting > 0 ? html`<p class="waiting">${t("waitingNow", { count: waiting })}</p>` : nothing}
    </header>`;
  }

  /** @param level Of the headings in it. */
  #line(queue: ConsoleQueue, level: number): TemplateResult {
    const { t } = this.ctx.words;
    const nowMs = this.ctx.model.clock.nowMs();
    const most = Math.max(60_000, ...queue.callers.map((caller) => claimOf(caller, nowMs)));
    return html`${
      queue.notMoved && queue.notMoved !== "pbxDown" && !isLeftAlone(this.ctx.model.live!.queues)
        ? html`<p class="notice calm">${t(`notMoved_${queue.notMoved}`)}</p>`
        : nothing
    }
    ${countsOf([queue]).waiting === 0 ? html`<p class="nobody">${t("nobodyWaits")}</p>` : nothing}
    ${
      queue.callers.length === 0
        ? nothing
        : html`<ol aria-describedby="keys">
            ${repeat(
              queue.callers,
              ({ channelId }) => channelId,
              (caller) => this.#caller(queue, caller, nowMs, most),
            )}
          </ol>`
    }
    ${
      queue.preferring.length === 0
        ? nothing
        : html`<p class="preferring" role="heading" aria-level=${level}>${t("preferring")}</p>
            <ul>
              ${repeat(
                queue.preferring,
                ({ channelId }) => channelId,
                (caller) => this.#preferring(caller),
              )}
            </ul>`
    }`;
  }

  #preferring(caller: ConsolePreferring): TemplateResult {
    const { t } = this.ctx.words;
    return html`<li class=${caller.ringing ? "rings" : ""}>
      <div class="caller">
        <span class="position"></span>
        <div class="who">
          <span class="name"><bdi>${this.#name(caller)}</bdi> ${this.#tiers(caller)}</span>
          <span class="rule">
            ${caller.extension ? html`<span>${t("preferringWhom", { extension: caller.extension })}</span>` : nothing}
            ${caller.ringing ? html`<span class="mark ring">${t("markRinging")}</span>` : nothing}
          </span>
        </div>
        <callcard-console-elapsed
          class="wait"
          .since=${caller.joinedAtMs}
          .clock=${this.ctx.model.clock}
        ></callcard-console-elapsed>
      </div>
    </li>`;
  }

  #tiers({ tier, vip }: Pick<ConsoleCaller, "tier" | "vip">): TemplateResult {
    const { words } = this.ctx;
    return html`${
      tier
        ? html`<span class="tier" data-tier=${tier.toLowerCase()}>${words.tier(tier)}</span>`
        : nothing
    }
    ${vip ? html`<span class="tier vip">VIP</span>` : nothing}`;
  }

  #caller(queue: ConsoleQueue, caller: ConsoleCaller, nowMs: number, most: number): TemplateResult {
    const { t } = this.ctx.words;
    const key = `${queue.pbx}/${queue.name}/${caller.channelId}`;
    const isOpen = this.open.has(key);
    const name = this.#name(caller);
    const claim = claimOf(caller, nowMs);
    const elsewhere = caller.wantedPosition !== caller.position && queue.notMoved === "";
    return html`<li class=${caller.ringing ? "rings" : ""}>
      <div class="caller">
        <span class="position">${caller.position}</span>
        <button
          class="who"
          type="button"
          aria-expanded=${isOpen}
          title=${this.#movable(queue) ? t("moveKeys") : ""}
          @click=${() => this.#toggle(key)}
          @keydown=${(event: KeyboardEvent) => this.#key(event, queue, caller)}
        >
          <span class="sr">${t("whyOpen", { name, position: caller.position })}.</span>
          <span class="name"><bdi>${name}</bdi> ${this.#tiers(caller)}</span>
          <span class="rule">
            <span>${caller.rule?.name ?? t(caller.identified ? "noRule" : "identifying")}</span>
            ${caller.ringing ? html`<span class="mark ring">${t("markRinging")}</span>` : nothing}
            ${
              caller.guard
                ? html`<span class="mark guard">${t(`markGuard_${caller.guard}`)}</span>`
                : nothing
            }
            ${
              caller.movedBy
                ? html`<span class="mark">${t("markMoved", { name: caller.movedBy })}</span>`
                : nothing
            }
            ${
              elsewhere
                ? html`<span class="mark goes"
                    >${icon(caller.wantedPosition < caller.position ? "up" : "down")}${t(
                      "wantedAt",
                      { position: caller.wantedPosition },
                    )}</span
                  >`
                : nothing
            }
          </span>
        </button>
        <callcard-console-elapsed
          class="wait"
          .since=${caller.joinedAtMs}
          .clock=${this.ctx.model.clock}
        ></callcard-console-elapsed>
        ${this.#movable(queue) ? this.#menuOf(queue, caller, key, name) : nothing}
      </div>
      <progress
        class="claim"
        max=${most}
        .value=${Math.max(most / 100, claim)}
        title=${t("effective", { time: runningTime(claim) })}
        aria-hidden="true"
      ></progress>
      ${
        isOpen
          ? html`<callcard-console-why
              .ctx=${this.ctx}
              .caller=${caller}
              .queue=${queue.name}
            ></callcard-console-why>`
          : nothing
      }
    </li>`;
  }

  #menuOf(queue: ConsoleQueue, caller: ConsoleCaller, key: string, name: string): TemplateResult {
    const { t } = this.ctx.words;
    const shown = this.#popup.open && this.menu === key;
    const item = (step: Step, text: string, possible: boolean): TemplateResult | typeof nothing =>
      possible
        ? html`<button
            class="item"
            type="button"
            @click=${(event: Event) => {
              // The dialog gives the focus back to what had it, and the menu is gone by then.
              const menu = (event.currentTarget as HTMLElement).closest(".menu");
              menu?.querySelector("button")?.focus();
              this.#popup.close();
              void this.#move(queue, caller, step);
            }}
          >
            ${text}
          </button>`
        : nothing;
    return html`<span class="menu">
      <button
        class="btn quiet icon"
        type="button"
        aria-label=${t("moveMenu", { name })}
        title=${t("moveMenu", { name })}
        aria-haspopup="true"
        aria-expanded=${shown}
        ?disabled=${caller.ringing}
        @click=${() => {
          if (this.#popup.open && this.menu !== key) this.#popup.close();
          this.menu = key;
          this.#popup.toggle();
        }}
      >
        ${icon("more")}
      </button>
      ${
        shown
          ? html`<span class="popup right" role="group" aria-label=${t("moveMenu", { name })}>
              ${item("first", t("moveFirst"), caller.position > 1)}
              ${item("up", t("moveUp"), caller.position > 1)}
              ${item("down", t("moveDown"), caller.position < queue.callers.length)}
              ${item("back", t("moveBack"), caller.movedBy !== "")}
            </span>`
          : nothing
      }
    </span>`;
  }

  #movable(queue: ConsoleQueue): boolean {
    // A queue the policy leaves alone can still be put in order by hand.
    return queue.notMoved === "" || queue.notMoved === "notInPolicy";
  }

  #key(event: KeyboardEvent, queue: ConsoleQueue, caller: ConsoleCaller): void {
    if (!event.altKey || !this.#movable(queue) || caller.ringing) return;
    const step = { ArrowUp: "up", ArrowDown: "down", Home: "first", Backspace: "back" }[event.key];
    if (!step) return;
    event.preventDefault();
    void this.#move(queue, caller, step as Step);
  }

  async #move(queue: ConsoleQueue, caller: ConsoleCaller, step: Step): Promise<void> {
    const { words, model, tell } = this.ctx;
    const { t } = words;
    const from = caller.position;
    const name = this.#name(caller);
    const to = { up: from - 1, down: from + 1, first: 1, back: caller.policyPosition }[step];
    if (step === "back" ? caller.movedBy === "" : to < 1 || to > queue.callers.length) return;
    const between = queue.callers.filter(
      ({ position }) =>
        position !== from && position >= Math.min(from, to) && position <= Math.max(from, to),
    );
    const names = words.all(between.map((one) => this.#name(one)));
    // Two PBXs may have a queue of the same name; with one PBX its name says nothing.
    const several = (model.live?.pbxs.length ?? 0) > 1;
    const place = { name, from, to, queue: queue.name };
    const answer = await this.#dialog().ask({
      title: t("moveTitle", { name }),
      body: html`${
        step === "back"
          ? html`<p>${t("moveBackEffect", place)}</p>`
          : html`<p>${t("moveEffect", place)}</p>
              <p>${t(to < from ? "movePasses" : "movePassedBy", { names })}</p>`
      }${several ? html`<p>${t("moveOnPbx", { pbx: queue.pbx })}</p>` : nothing}`,
      yes: t(step === "back" ? "moveBackConfirm" : "moveConfirm"),
      no: t("cancel"),
    });
    if (answer === null) return;
    const reply = await model.request("move", {
      pbx: queue.pbx,
      queue: queue.name,
      channelId: caller.channelId,
      position: step === "back" ? 0 : to,
    });
    if (reply.ok) tell(t(step === "back" ? "movedBack" : "moved", { name }));
    else if (reply.code === "noReply") tell(t("noReply"));
    else tell(words.coded("problem_", reply.code) ?? t("failed", { message: reply.message }));
  }

  #name(caller: Pick<ConsoleCaller, "title">): string {
    return caller.title || this.ctx.words.t("unknownCaller");
  }

  #toggle(key: string): void {
    const open = new Set(this.open);
    if (!open.delete(key)) open.add(key);
    this.open = open;
  }

  #dialog(): ConsoleDialog {
    return this.renderRoot.querySelector("callcard-console-dialog") as ConsoleDialog;
  }
}

/** The rules apply to no queue at all: said once instead of at each. */
function isLeftAlone(queues: readonly ConsoleQueue[]): boolean {
  return queues.length > 1 && queues.every(({ notMoved }) => notMoved === "notInPolicy");
}

function claimOf(caller: ConsoleCaller, nowMs: number): number {
  return caller.headStartMs + caller.rate * Math.max(0, nowMs - caller.joinedAtMs);
}
