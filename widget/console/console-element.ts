import { html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import type { Preferences, Theme } from "../desk/preferences.ts";
import { loadPreferences, savePreferences } from "../desk/preferences.ts";
import { icon } from "../shared/icons.ts";
import { newerLine } from "../shared/newer-line.ts";
import { isTypedIn } from "../shared/newer-screens.ts";
import { pickLanguage } from "../shared/locale.ts";
import { base, tokens } from "../shared/styles.ts";
import { ConsoleModel } from "./console-model.ts";
import { consoleStyles } from "./console.styles.ts";
import type { ConsoleContext } from "./context.ts";
import { createWords, type ConsoleWords } from "./words.ts";

const PLACES = [
  ...(["queues", "rules", "whatIf", "versions", "campaigns"] as const),
  ...(["callBacks", "claims", "offers", "delivery", "reports", "undelivered", "pbxs"] as const),
];
type Place = (typeof PLACES)[number];
const HASHES: Readonly<Record<Place, string>> = {
  queues: "#queues",
  rules: "#rules",
  whatIf: "#what-if",
  versions: "#versions",
  campaigns: "#campaigns",
  callBacks: "#call-backs",
  claims: "#claims",
  offers: "#offers",
  delivery: "#delivery",
  reports: "#reports",
  undelivered: "#undelivered",
  pbxs: "#pbxs",
};
/** They begin from a draft of the rules. */
const OF_RULES: readonly Place[] = ["rules", "whatIf", "versions"];
/** Supervisors have no business there. */
const OF_ADMINS: readonly Place[] = ["pbxs"];
const TOAST_MS = 8000;

/**
 * `<callcard-console>`: the screen of supervisors and admins. Queues live, the rules of priority, what they would do, and their versions; campaigns;
 * call backs; claims and letters; offers; delivery; reports; what did not arrive at other systems; the PBXs.
 *
 * Attributes and properties:
 * - `server`: base address of the Callcard server; default: where this script came from.
 * - `lang`: `ru`, `uk` or `en`; default: the user's account, then the browser.
 * - `theme`: `auto` (default), `light`, `dark`.
 *
 * The place is in the address: `#queues`, `#rules`, `#what-if`, `#versions`, `#reports`, `#pbxs`, and with what is open below them `#campaigns`,
 * `#call-backs`, `#claims`, `#offers`, `#delivery`, `#undelivered`. The same `--callcard-*` properties as `<callcard-desk>`.
 */
export class CallcardConsole extends LitElement {
  static override properties = {
    server: {},
    lang: {},
    theme: {},
    place: { state: true },
    toast: { state: true },
  };
  static override styles = [tokens, base, consoleStyles];

  declare server: string;
  declare lang: string;
  declare theme: Theme;
  declare place: Place;
  declare toast: { readonly text: string; readonly undo?: (() => void) | undefined } | null;
  #model: ConsoleModel | null = null;
  #words: ConsoleWords = createWords("en");
  #preferences = loadPreferences();
  #toastTimer: ReturnType<typeof setTimeout> | null = null;
  #listening: AbortController | null = null;
  #ctx: ConsoleContext | null = null;
  /** Which link was brought into view, and where it stood. */
  #shown = "";

  constructor() {
    super();
    this.server = "";
    this.lang = "";
    this.theme = "auto";
    this.place = placeOf(location.hash);
    this.toast = null;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#listening = new AbortController();
    const { signal } = this.#listening;
    window.addEventListener("hashchange", () => (this.place = placeOf(location.hash)), { signal });
    window.addEventListener(
      "storage",
      () => {
        this.#preferences = loadPreferences();
        this.requestUpdate();
      },
      { signal },
    );
    if (this.hasUpdated) this.#open();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#listening?.abort();
    if (this.#toastTimer) clearTimeout(this.#toastTimer);
    this.#model?.close();
    this.#model = null;
  }

  override willUpdate(changed: PropertyValues<this>): void {
    if (!this.#model || (this.hasUpdated && changed.has("server"))) this.#open();
    const model = this.#model;
    const lang = pickLanguage([
      this.#preferences.language,
      this.lang,
      model?.user?.language,
      ...navigator.languages,
    ]);
    if (lang !== this.#words.locale.lang) this.#words = createWords(lang);
    document.documentElement.lang = lang;
    document.title = this.#words.t("title");
    if (!model?.user) return;
    // A new object every time: the model's parts change in place, and every part of the screen looks at them again.
    this.#ctx = {
      words: this.#words,
      model,
      names: {
        currency: model.vocabulary?.currency ?? "",
        operators: model.vocabulary?.operators ?? [],
      },
      user: model.user,
      writes: model.writes,
      tell: this.#tell,
    };
  }

  override updated(): void {
    const here = this.renderRoot.querySelector<HTMLElement>(".places a[aria-current]");
    // On a narrow screen the places do not all fit; a count that comes or goes moves them.
    const stands = here
      ? `${this.place} ${here.getBoundingClientRect().width} ${here.offsetLeft}`
      : "";
    if (!here || this.#shown === stands) return;
    this.#shown = stands;
    here.scrollIntoView({ block: "nearest", inline: "nearest" });
  }

  override render(): TemplateResult {
    const theme = this.#preferences.theme ?? this.theme;
    return html`<div class="root" data-theme=${theme} lang=${this.#words.locale.lang}>
      <div class="sr" aria-live="polite">${this.toast?.text ?? ""}</div>
      ${this.#phase()}
    </div>`;
  }

  #phase(): TemplateResult {
    const model = this.#model;
    const { t, locale } = this.#words;
    switch (model?.phase) {
      case "login":
        return html`<main class="alone">
          <callcard-console-login
            .locale=${locale}
            .notice=${model.loginNotice}
            .send=${(login: string, password: string) => model.login(login, password)}
          ></callcard-console-login>
        </main>`;
      case "forbidden":
        return html`<main class="alone">
          <div class="message">
            <h1>${t("forbiddenTitle")}</h1>
            <p>${t("forbidden", { name: model.user?.name ?? "" })}</p>
            <p class="row">
              <a class="btn" href="./">${t("toDesk")}</a>
              <button class="btn quiet" type="button" @click=${() => void model.logout()}>
                ${locale.t("logout")}
              </button>
            </p>
          </div>
        </main>`;
      case "console":
        return this.#ctx ? this.#console(model, this.#ctx) : html``;
      case "starting":
      case undefined:
    }
    return html`<main class="alone">
      <p class="muted" role="status">
        ${locale.t(model?.link === "offline" ? "startingOffline" : "starting")}
      </p>
    </main>`;
  }

  #console(model: ConsoleModel, ctx: ConsoleContext): TemplateResult {
    const { t, locale } = this.#words;
    const waiting =
      model.live?.queues.reduce(
        (sum, { callers, preferring }) => sum + callers.length + preferring.length,
        0,
      ) ?? 0;
    return html`<div class="console">
      <header class="top">
        <span class="brand" aria-hidden="true">${icon("incoming")}</span>
        <nav class="places" aria-label=${t("places")}>
          ${PLACES.filter((place) => ctx.writes || !OF_ADMINS.includes(place)).map(
            (place) =>
              html`<a href=${HASHES[place]} aria-current=${place === this.place ? "page" : nothing}
                >${t(`place_${place}`)}${
                  place === "queues" && waiting > 0
                    ? html` <span class="count" aria-hidden="true">${waiting}</span>`
                    : nothing
                }</a
              >`,
          )}
        </nav>
        <callcard-console-settings
          .words=${this.#words}
          .user=${ctx.user}
          .theme=${this.#preferences.theme ?? this.theme}
          @prefer=${(event: CustomEvent<Partial<Preferences>>) => {
            this.#preferences = { ...this.#preferences, ...event.detail };
            savePreferences(this.#preferences);
            this.requestUpdate();
          }}
          @logout=${() => void model.logout()}
        ></callcard-console-settings>
      </header>
      <main class="pane">${this.#place(ctx)}</main>
      <div class="bars">
        ${newerLine(model.newer, locale)}
        ${
          model.link === "offline"
            ? html`<p class="notice" role="status">
                ${icon("offline")}<span
                  >${t("offline", { time: locale.time(model.offlineSinceMs) })}</span
                >
              </p>`
            : nothing
        }
        ${
          model.link !== "offline" && model.live?.apart === true
            ? html`<p class="notice" role="status">${icon("offline")}<span>${t("apart")}</span></p>`
            : nothing
        }
        ${this.toast ? this.#toast(this.toast) : nothing}
      </div>
    </div>`;
  }

  #place(ctx: ConsoleContext): TemplateResult {
    const { model } = ctx;
    const ready = model.draft && model.vocabulary && model.published;
    if (OF_RULES.includes(this.place) && !ready)
      return html`<p class="muted" role="status">${this.#words.t("loading")}</p>`;
    switch (this.place) {
      case "queues":
        return html`<callcard-console-queues .ctx=${ctx}></callcard-console-queues>`;
      case "rules":
        return html`<callcard-console-rules .ctx=${ctx}></callcard-console-rules>`;
      case "whatIf":
        return html`<callcard-console-what-if .ctx=${ctx}></callcard-console-what-if>`;
      case "campaigns":
        return html`<callcard-console-campaigns .ctx=${ctx}></callcard-console-campaigns>`;
      case "callBacks":
        return html`<callcard-console-call-backs .ctx=${ctx}></callcard-console-call-backs>`;
      case "claims":
        return html`<callcard-console-claims .ctx=${ctx}></callcard-console-claims>`;
      case "delivery":
        return html`<callcard-console-delivery .ctx=${ctx}></callcard-console-delivery>`;
      case "undelivered":
        return html`<callcard-console-undelivered .ctx=${ctx}></callcard-console-undelivered>`;
      case "offers":
        return html`<callcard-console-offers .ctx=${ctx}></callcard-console-offers>`;
      case "pbxs":
        return html`<callcard-console-pbxs .ctx=${ctx}></callcard-console-pbxs>`;
      case "reports":
        return html`<callcard-console-reports .ctx=${ctx}></callcard-console-reports>`;
      case "versions":
    }
    return html`<callcard-console-versions .ctx=${ctx}></callcard-console-versions>`;
  }

  #toast({ text, undo }: NonNullable<CallcardConsole["toast"]>): TemplateResult {
    const { t } = this.#words;
    return html`<aside class="toast">
      <span>${text}</span>
      ${
        undo
          ? html`<button
              class="btn quiet"
              type="button"
              @click=${() => {
                this.toast = null;
                undo();
              }}
            >
              ${t("undo")}
            </button>`
          : nothing
      }
      <button
        class="btn quiet icon"
        type="button"
        aria-label=${this.#words.locale.t("close")}
        @click=${() => (this.toast = null)}
      >
        ${icon("close")}
      </button>
    </aside>`;
  }

  #tell = (text: string, undo?: () => void): void => {
    if (this.#toastTimer) clearTimeout(this.#toastTimer);
    this.toast = { text, undo };
    this.#toastTimer = setTimeout(() => (this.toast = null), TOAST_MS);
  };

  #open(): void {
    this.#model?.close();
    // Not written as one expression: the build would take that for an asset of ours.
    const here = import.meta.url;
    const address = this.server || new URL("..", here).href;
    const url = new URL(address.endsWith("/") ? address : `${address}/`, document.baseURI).href;
    this.#model = new ConsoleModel(
      url,
      () => this.requestUpdate(),
      () => isTypedIn(this.renderRoot),
    );
    void this.#model.start();
  }
}

function placeOf(hash: string): Place {
  const [first] = hash.split("/");
  return PLACES.find((place) => HASHES[place] === first) ?? "queues";
}
