import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import type { DeliveryHome, ProviderRow } from "../../../server/delivery/delivery.ts";
import type { ProviderSettings } from "../../../server/delivery/settings.ts";
import { base } from "../../shared/styles.ts";
import type { ConsoleContext } from "../context.ts";
import type { Answered } from "../request.ts";
import type { ConsoleDialog } from "../shared/dialog-element.ts";
import { KeptFocus } from "../shared/kept-focus.ts";
import { listStyles } from "../shared/list.styles.ts";
import { alertOf } from "../shared/page-parts.ts";
import { pageStyles } from "../shared/page.styles.ts";
import { refusalText } from "../shared/problems.ts";
import { ShownList } from "../shared/shown-list.ts";
import { unreachedText } from "../shared/unreached.ts";
import { carrierRefusal, newSettings } from "./carrier.ts";

const KINDS = ["table", "cdek", "russianPost", "novaPoshta"] as const;
const LOOK_AGAIN_MS = 15_000;
const NEW = "";

/** `<callcard-console-carriers>`: where parcels start, the carriers, how they are, and their settings. Properties: `ctx`. */
export class ConsoleCarriers extends LitElement {
  static override properties = {
    ctx: { attribute: false },
    home: { state: true },
    opened: { state: true },
    begun: { state: true },
  };
  static override styles = [
    base,
    pageStyles,
    listStyles,
    css`
      :host {
        margin-inline: 0;
        max-width: 960px;
      }
      section.panel {
        display: grid;
        gap: 10px;
        padding: 16px 18px;
      }
      .home {
        display: grid;
        grid-template-columns: 90px 120px repeat(2, minmax(0, 1fr)) 150px;
        gap: 10px;
      }
      form {
        display: grid;
        gap: 10px;
        justify-items: start;
      }
      .home {
        width: 100%;
        align-items: end;
      }
      .buttons {
        display: flex;
        flex-wrap: wrap;
        gap: 8px;
      }
      @container page (max-width: 700px) {
        .home {
          grid-template-columns: repeat(2, minmax(0, 1fr));
        }
      }
    `,
  ];

  declare ctx: ConsoleContext;
  /** Null before it was read. */
  declare home: DeliveryHome | null;
  /** The name of the carrier that is edited, "" for a new one; null: none. */
  declare opened: string | null;
  /** What a new one begins with. */
  declare begun: ProviderSettings | null;
  readonly #list = new ShownList(this, {
    words: () => this.ctx.words,
    everyMs: LOOK_AGAIN_MS,
    read: () => this.ctx.model.api.delivery.carriers(),
    rowsOf: ({ providers }) => providers,
    keyOf: ({ name }) => name,
    mayChange: () => this.opened === null,
  });

  constructor() {
    super();
    this.addController(
      new KeptFocus(this, () =>
        this.renderRoot.querySelector<HTMLElement>(".deeds .btn, .add .btn"),
      ),
    );
    this.home = null;
    this.opened = null;
    this.begun = null;
  }

  override firstUpdated(): void {
    void this.#list.load();
    void this.#loadHome();
  }

  override render(): TemplateResult {
    const { ctx } = this;
    const { t } = ctx.words;
    return html`${this.opened === null ? alertOf(this.#list.problem) : nothing}
      ${this.home ? this.#home(this.home) : nothing}
      ${this.#list.show({
        label: t("dl_page_carriers"),
        none: t("dl_none"),
        row: (carrier) => this.#carrier(carrier),
      })}
      ${ctx.writes && this.#list.rows !== null ? this.#add() : nothing}
      <callcard-console-dialog></callcard-console-dialog>`;
  }

  #home({ defaultGrams, from }: DeliveryHome): TemplateResult {
    const { ctx } = this;
    const { t } = ctx.words;
    const field = (name: "country" | "postalCode" | "region" | "city", most: number) =>
      html`<label class="field"
        >${t(`dl_${name}`)}<input
          name=${name}
          maxlength=${most}
          autocomplete="off"
          pattern=${name === "country" ? "[A-Za-z]{2}" : nothing}
          ?readonly=${!ctx.writes}
          .value=${from[name]}
      /></label>`;
    return html`<section class="panel" aria-label=${t("dl_home")}>
      <h2>${t("dl_home")}</h2>
      <form
        @submit=${(event: SubmitEvent) => {
          event.preventDefault();
          void this.#saveHome(new FormData(event.target as HTMLFormElement));
        }}
      >
        <div class="home">
          ${field("country", 2)} ${field("postalCode", 20)} ${field("region", 300)}
          ${field("city", 300)}
          <label class="field"
            >${t("dl_defaultGrams")}<input
              name="grams"
              type="number"
              min="1"
              max="1000000"
              ?readonly=${!ctx.writes}
              .value=${defaultGrams === null ? "" : String(defaultGrams)}
          /></label>
        </div>
        <p class="muted small">${t("dl_homeHint")}</p>
        ${ctx.writes ? html`<button class="btn" type="submit">${t("ed_save")}</button>` : nothing}
      </form>
    </section>`;
  }

  #carrier(carrier: ProviderRow): TemplateResult {
    const { ctx } = this;
    const { words, model } = ctx;
    const { t, locale } = words;
    const { enabled, name, settings, state } = carrier;
    const nowMs = model.clock.nowMs();
    const iso = (atMs: number): string => locale.dayAndTime(new Date(atMs).toISOString(), nowMs);
    const isResting = enabled && state.restingUntilMs > nowMs;
    const isDown = enabled && !isResting && state.failedAtMs > state.answeredAtMs;
    const mark = !enabled ? "off" : isResting ? "resting" : isDown ? "down" : "on";
    return html`<li class="panel" aria-label=${name}>
      <div>
        <p class="who">
          <b><bdi>${name}</bdi></b>
          <span class="badge ${{ off: "", resting: "bad", down: "warn", on: "good" }[mark]}"
            >${t(`dl_mark_${mark}`)}</span
          >
          <span class="badge">${t(`dl_kind_${settings.kind}`)}</span>
        </p>
        <p class="facts">
          ${
            settings.kind === "table"
              ? html`<span>${t("dl_tableFacts", { services: settings.services.length })}</span>`
              : carrier.hasSecrets.length === 0
                ? html`<span class="bad">${t("dl_noSecret")}</span>`
                : nothing
          }
          ${
            settings.kind === "table"
              ? nothing
              : state.answeredAtMs > 0
                ? html`<span
                    >${t("dl_answered", {
                      when: iso(state.answeredAtMs),
                      took: words.number(state.tookMs, 0),
                    })}</span
                  >`
                : html`<span>${t("dl_neverAnswered")}</span>`
          }
          ${
            isDown || isResting
              ? html`<span class="bad"
                  >${t("dl_failed", {
                    when: iso(state.failedAtMs),
                    why: unreachedText(state.said, words),
                  })}</span
                >`
              : state.said
                ? html`<span>${t("dl_said", { words: state.said })}</span>`
                : nothing
          }
          ${isResting ? html`<span>${t("dl_restingUntil", { when: iso(state.restingUntilMs) })}</span>` : nothing}
        </p>
      </div>
      ${ctx.writes ? this.#deeds(carrier) : nothing}
      ${
        this.opened === name && name !== NEW
          ? html`<callcard-console-carrier
              class="whole"
              .ctx=${ctx}
              .name=${name}
              .saved=${settings}
              .hasSecrets=${carrier.hasSecrets}
              .problem=${this.#list.problem}
              @save=${(event: CustomEvent<{ name: string; settings: ProviderSettings }>) =>
                void this.#save(event.detail.name, enabled, event.detail.settings)}
              @cancel=${() => this.#openOne(null)}
            ></callcard-console-carrier>`
          : nothing
      }
    </li>`;
  }

  #deeds(carrier: ProviderRow): TemplateResult {
    const { t } = this.ctx.words;
    const { enabled, name, settings } = carrier;
    const turn = t(enabled ? "dl_turnOff" : "dl_turnOn");
    return html`<div class="deeds">
      <button
        class="btn"
        type="button"
        aria-label=${`${turn}: ${name}`}
        @click=${() => void this.#save(name, !enabled, settings)}
      >
        ${turn}
      </button>
      <button
        class="btn"
        type="button"
        aria-expanded=${this.opened === name}
        aria-label=${`${t("dl_edit")}: ${name}`}
        @click=${() => this.#openOne(this.opened === name ? null : name)}
      >
        ${t("dl_edit")}
      </button>
      <button
        class="btn"
        type="button"
        aria-label=${`${t("dl_remove")}: ${name}`}
        @click=${() => void this.#remove(name)}
      >
        ${t("dl_remove")}
      </button>
    </div>`;
  }

  #add(): TemplateResult {
    const { ctx } = this;
    const { t } = ctx.words;
    if (this.opened === NEW && this.begun)
      return html`<section class="panel" aria-label=${t("dl_new")}>
        <h2>${t("dl_new")}: ${t(`dl_kind_${this.begun.kind}`)}</h2>
        <callcard-console-carrier
          .ctx=${ctx}
          .name=${NEW}
          .saved=${this.begun}
          .hasSecrets=${[]}
          .problem=${this.#list.problem}
          @save=${(event: CustomEvent<{ name: string; settings: ProviderSettings }>) =>
            void this.#save(event.detail.name, true, event.detail.settings)}
          @cancel=${() => this.#openOne(null)}
        ></callcard-console-carrier>
      </section>`;
    return html`<section class="panel add" aria-label=${t("dl_add")}>
      <h2>${t("dl_add")}</h2>
      <p class="buttons">
        ${KINDS.map(
          (kind) =>
            html`<button
              class="btn"
              type="button"
              @click=${() => {
                this.begun = newSettings(kind, ctx.names.currency || "RUB");
                this.#openOne(NEW);
              }}
            >
              ${t(`dl_kind_${kind}`)}
            </button>`,
        )}
      </p>
    </section>`;
  }

  #openOne(name: string | null): void {
    this.opened = name;
    this.#list.say("");
  }

  async #save(name: string, enabled: boolean, settings: ProviderSettings): Promise<void> {
    const { words, model, tell } = this.ctx;
    const isTaken = this.opened === NEW && this.#list.rows?.some((one) => one.name === name);
    if (isTaken) {
      this.#list.say(words.t("dl_taken", { name }));
      return;
    }
    const answer = await model.api.delivery.save(name, { enabled, settings });
    if (!answer.ok) {
      this.#list.say(words.t("failed", { message: carrierRefusal(answer, settings, words) }));
      return;
    }
    this.#openOne(null);
    tell(words.t("dl_saved", { name }));
    await this.#list.load();
  }

  async #remove(name: string): Promise<void> {
    const { words, model, tell } = this.ctx;
    const { t } = words;
    const dialog = this.renderRoot.querySelector("callcard-console-dialog") as ConsoleDialog;
    const yes = await dialog.ask({
      title: t("dl_removeTitle", { name }),
      body: html`<p>${t("dl_removeLead")}</p>`,
      yes: t("dl_remove"),
      no: t("cancel"),
    });
    if (yes === null) return;
    const answer = await model.api.delivery.remove(name);
    if (answer.ok) tell(t("dl_removed", { name }));
    await this.#list.load();
    this.#say(answer, "failed");
  }

  async #saveHome(form: FormData): Promise<void> {
    const { words, model, tell } = this.ctx;
    const typed = (name: string): string => {
      const value = form.get(name);
      return typeof value === "string" ? value.trim() : "";
    };
    const grams = typed("grams");
    const answer = await model.api.delivery.saveHome({
      from: {
        ...{ country: typed("country").toUpperCase(), postalCode: typed("postalCode") },
        ...{ region: typed("region"), city: typed("city"), address: this.home?.from.address ?? "" },
      },
      defaultGrams: grams === "" ? null : Number(grams),
    });
    if (answer.ok) {
      this.home = answer.body;
      tell(words.t("dl_homeSaved"));
    }
    this.#say(answer, "failed");
  }

  async #loadHome(): Promise<void> {
    const answer = await this.ctx.model.api.delivery.home();
    if (answer.ok) this.home = answer.body;
    else this.#say(answer, "loadFailed");
  }

  #say(answer: Answered<unknown>, key: "failed" | "loadFailed"): void {
    const { words } = this.ctx;
    this.#list.say(answer.ok ? "" : words.t(key, { message: refusalText(answer, words) }));
  }
}
