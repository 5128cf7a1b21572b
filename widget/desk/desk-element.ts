import { html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import { repeat } from "lit/directives/repeat.js";
import type { DeskState } from "../../server/desk/protocol.ts";
import type { DeskContext } from "../shared/context.ts";
import { deepActiveElement, isTypingInto } from "../shared/focus.ts";
import { icon } from "../shared/icons.ts";
import { isTypedIn } from "../shared/newer-screens.ts";
import { createLocale, pickLanguage, type Locale } from "../shared/locale.ts";
import { base, tokens } from "../shared/styles.ts";
import { callTitle } from "../shared/words.ts";
import type { CallcardWrapUp } from "../wrap-up/wrap-up-element.ts";
import { alone, beforeDesk } from "./alone.ts";
import { aside } from "./aside.ts";
import { bars } from "./bars.ts";
import { type CallLists, callLists } from "./call-lists.ts";
import { DeskModel } from "./desk-model.ts";
import { deskStyles } from "./desk.styles.ts";
import type { HostEvent } from "./host-events.ts";
import { obey, type Parts } from "./keys.ts";
import { offered, offeredLine } from "./offered.ts";
import type { Theme } from "./preferences.ts";
import { shortcut } from "./shortcuts.ts";
import { attentionFor, spoken } from "./telling.ts";
import { top } from "./top.ts";
import { warmUp } from "./warm-up.ts";
import { openEntry, wrapUpEntries } from "./wrap-ups.ts";

/** Below this width card and wrap-up share one column. */
const ONE_COLUMN_BELOW_PX = 900;

/**
 * `<callcard-desk>`: the operator's screen. One element in any page is the whole product of an operator.
 *
 * Attributes and properties:
 * - `server`: base address of the Callcard server; default: where this script came from.
 * - `token`: a JWT signed by the CRM; without it (and without `tokenProvider`) the element asks for name and password.
 * - `tokenProvider` (property only): `() => Promise<string>`, asked before every connect, so that a short-lived token is fresh.
 * - `lang`: `ru`, `uk` or `en`; default: the user's account, then the browser.
 * - `theme`: `auto` (default), `light`, `dark`.
 * - `layout`: `panel` (default, fills its container) or `full` (fills the window).
 *
 * Events (bubble, composed; `detail` is `HostEventDetail` and `leads`, true in exactly one of several tabs):
 * - `callcard:ringing`: the operator's phone started to ring.
 * - `callcard:answered`: the operator talks.
 * - `callcard:ended`: the call has left this operator.
 * - `callcard:customer`: who it is became known, or another was chosen, after the call was told of.
 *
 * Slots: `card-end` (below the card of the shown call), `today-end` (below the screen without a call).
 *
 * CSS parts: `header`, `line`, `card`, `aside`.
 *
 * CSS custom properties: `--callcard-accent`, `--callcard-on-accent` (text on the accent), `--callcard-accent-ink` (text in the
 * accent's colour), `--callcard-font`, `--callcard-radius`, `--callcard-height` (of layout `full`, default the window's).
 */
export class CallcardDesk extends LitElement {
  static override properties = {
    server: {},
    token: {},
    tokenProvider: { attribute: false },
    lang: {},
    theme: {},
    layout: { reflect: true },
    choosingDevice: { state: true },
  };

  static override styles = [tokens, base, deskStyles];

  declare server: string;
  declare token: string;
  declare tokenProvider: (() => Promise<string>) | null;
  declare lang: string;
  declare theme: Theme;
  declare layout: "full" | "panel";
  /** The operator wants another phone. */
  declare choosingDevice: boolean;

  #model: DeskModel | null = null;
  #locale: Locale = createLocale("en");
  #ctx: DeskContext | null = null;
  #openForm: string | null = null;
  #announced = "";
  #listening: AbortController | null = null;
  #narrow = false;
  #listed: CallLists | null = null;
  /** Ends when the first call comes; null before there was a desk to warm up. */
  #warming: AbortController | null = null;
  readonly #width = new ResizeObserver(() => this.#measure());

  constructor() {
    super();
    this.server = "";
    this.token = "";
    this.tokenProvider = null;
    this.lang = "";
    this.theme = "auto";
    this.layout = "panel";
    this.choosingDevice = false;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#measure();
    this.#width.observe(this);
    this.#listening = new AbortController();
    document.addEventListener("keydown", (event) => this.#key(event), {
      signal: this.#listening.signal,
    });
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#width.disconnect();
    this.#listening?.abort();
    this.#model?.close();
    this.#model = null;
  }

  override willUpdate(changed: PropertyValues<this>): void {
    const other = changed.has("server") || changed.has("tokenProvider");
    const newToken = changed.has("token") && this.#model?.phase !== "desk";
    if (!this.#model || (this.hasUpdated && (other || newToken))) this.#open();
    const { preferences, screen } = this.#model ?? {};
    const lang = pickLanguage([
      preferences?.language,
      this.lang,
      screen?.desk.user.language,
      ...navigator.languages,
    ]);
    if (lang !== this.#locale.lang || !this.#ctx) {
      this.#locale = createLocale(lang);
      this.#ctx = null;
    }
    // The stand-alone page has no language of its own.
    if (this.#full) document.documentElement.lang = lang;
    const model = this.#model;
    const dispositions = model?.screen?.desk.dispositions ?? this.#ctx?.dispositions ?? [];
    const scriptOpen = model?.preferences.script ?? true;
    const known = this.#ctx;
    if (model && (known?.dispositions !== dispositions || known.scriptOpen !== scriptOpen)) {
      const { clock, act } = model;
      this.#ctx = { locale: this.#locale, clock, act, dispositions, scriptOpen };
    }
  }

  override updated(): void {
    const model = this.#model;
    if (!model) return;
    this.#warmUp(model);
    // The card comes first: title and notification cost the frame milliseconds.
    void this.#whenShown()
      .then(() => model.updated())
      .then(() => this.#callAttention(model));
  }

  #warmUp(model: DeskModel): void {
    const pane = this.#part(".pane");
    if (model.calls.length > 0) this.#warming?.abort();
    else if (!this.#warming && this.#ctx && pane) {
      this.#warming = new AbortController();
      warmUp(pane, this.#ctx, this.#warming.signal);
    }
  }

  #callAttention(model: DeskModel): void {
    // Closed while the frame was painted.
    if (this.#model !== model) return;
    const { calls, preview, leads, attention } = model;
    attention.set(leads ? attentionFor(calls, preview, this.#locale) : null);
  }

  override render(): TemplateResult {
    const theme = this.#model?.preferences.theme ?? this.theme;
    return html`<div
      class="root"
      data-theme=${theme}
      lang=${this.#locale.lang}
      role=${this.#full ? "presentation" : "region"}
      aria-label=${this.#full ? nothing : "Callcard"}
    >
      <div class="sr" aria-live="assertive" aria-atomic="true">${this.#announcement()}</div>
      ${this.#phase()}
    </div>`;
  }

  #phase(): TemplateResult {
    const model = this.#model;
    const ctx = this.#ctx;
    if (!model || !ctx) return html``;
    if (model.phase !== "desk")
      return alone(beforeDesk(model, this.#locale, model.phase), this.#full);
    return model.screen ? this.#desk(model, ctx, model.screen.desk) : html``;
  }

  #desk(model: DeskModel, ctx: DeskContext, desk: DeskState): TemplateResult {
    if (!desk.presence.device || this.choosingDevice) {
      return alone(
        html`<callcard-device
            .ctx=${ctx}
            .pbxs=${desk.pbxs}
            .device=${desk.presence.device}
            ?cancellable=${this.choosingDevice && desk.presence.device !== null}
            @done=${() => (this.choosingDevice = false)}
            @cancel=${() => (this.choosingDevice = false)}
          ></callcard-device>
          ${bars(model, this.#locale)}`,
        this.#full,
      );
    }
    this.#listed = callLists(desk.calls, model.screen?.recent ?? [], this.#listed);
    const { line, recent } = this.#listed;
    const { shown, drafts } = model;
    const cards = shown && !line.includes(shown) ? [...line, shown] : line;
    const entries = wrapUpEntries(
      desk.calls,
      drafts?.all() ?? [],
      (callId) => drafts?.savedOf(callId) ?? null,
      drafts?.justSaved() ?? [],
    );
    this.#openForm = openEntry(
      entries,
      this.#typedIn(),
      model.selected,
      this.#openForm,
      this.#narrow,
    );
    return html`<div class="desk">
      ${top(model, ctx, desk, model.preferences.theme ?? this.theme, this.#full, {
        notify: () => void this.#askToNotify(),
        device: () => (this.choosingDevice = true),
        help: () => this.#part("callcard-help")?.open(),
      })}
      <nav class="line" part="line" aria-label=${this.#locale.t("lineLabel")}>
        <callcard-line
          .ctx=${ctx}
          .calls=${line}
          .selected=${model.selected}
          .idle=${this.#locale.t("lineIdle")}
          @pick=${(event: CustomEvent<{ callId: string }>) => this.#pick(event.detail.callId)}
        ></callcard-line>
      </nav>
      <div class="columns ${entries.length > 0 || shown ? "two" : ""}">
        <div
          class="pane"
          part="card"
          tabindex="-1"
          role=${this.#full ? "main" : "region"}
          aria-label=${this.#locale.t("cardLabel")}
        >
          ${desk.preview && shown ? offeredLine(model, ctx, desk.preview) : nothing}
          ${shown && !line.includes(shown) ? this.#back() : nothing}
          ${repeat(
            cards,
            (call) => call.callId,
            (call) =>
              html`<callcard-card
                .ctx=${ctx}
                .call=${call}
                ?hidden=${call !== shown}
              ></callcard-card>`,
          )}
          ${
            shown
              ? html`<slot name="card-end"></slot>`
              : desk.preview
                ? offered(model, ctx, desk.preview, this.#full && model.preferences.shortcuts)
                : html`<callcard-today
                      .ctx=${ctx}
                      .desk=${desk}
                      .recent=${recent}
                      ?shortcuts=${this.#full && model.preferences.shortcuts}
                      @pick=${(event: CustomEvent<{ callId: string }>) =>
                        this.#pick(event.detail.callId)}
                    ></callcard-today
                    ><slot name="today-end"></slot>`
          }
        </div>
        ${
          entries.length > 0 || shown
            ? aside(model, this.#locale, desk.dispositions, entries, this.#openForm, (callId) =>
                this.#expand(callId),
              )
            : nothing
        }
      </div>
      ${bars(model, this.#locale)}
      <callcard-help
        .locale=${this.#locale}
        ?shortcuts=${model.preferences.shortcuts}
        @shortcuts=${(event: CustomEvent<{ on: boolean }>) =>
          model.prefer({ shortcuts: event.detail.on })}
      ></callcard-help>
    </div>`;
  }

  #back(): TemplateResult {
    return html`<button
      class="btn quiet back"
      type="button"
      @click=${() => this.#model?.select(null)}
    >
      ${icon("close")}${this.#locale.t("closeCard")}
    </button>`;
  }

  #announcement(): string {
    const { calls = [], preview = null } = this.#model ?? {};
    this.#announced = spoken(calls, preview, this.#locale, this.#announced);
    return this.#announced;
  }

  #open(): void {
    this.#model?.close();
    const model = new DeskModel({
      base: this.#base(),
      token: this.tokenProvider ?? (this.token ? () => Promise.resolve(this.token) : null),
      renewable: this.tokenProvider !== null,
      changed: () => this.requestUpdate(),
      titleOf: (call) => callTitle(call, this.#locale),
      tellHost: (event, leads) => this.#tellHost(event, leads),
      busy: () => this.#busy(),
      typedIn: () => isTypedIn(this.renderRoot),
    });
    this.#model = model;
    this.#ctx = null;
    void model.start();
  }

  #measure(): void {
    const narrow = this.clientWidth < ONE_COLUMN_BELOW_PX;
    if (narrow === this.#narrow) return;
    this.#narrow = narrow;
    this.requestUpdate();
  }

  get #full(): boolean {
    return this.layout === "full";
  }

  async #askToNotify(): Promise<void> {
    await this.#model?.attention.ask();
    this.requestUpdate();
  }

  #base(): string {
    // Not written as one expression: the build would take that for an asset of ours.
    const here = import.meta.url;
    const address = this.server || new URL("..", here).href;
    return new URL(address.endsWith("/") ? address : `${address}/`, document.baseURI).href;
  }

  #tellHost(event: HostEvent, leads: boolean): void {
    const detail = { ...event.detail, leads };
    this.dispatchEvent(new CustomEvent(event.type, { detail, bubbles: true, composed: true }));
  }

  /** Typing in the card, or anywhere when card and wrap-up share one column: a new call must not take the field away. */
  #busy(): boolean {
    if (!this.shadowRoot?.activeElement || !isTypingInto(deepActiveElement())) return false;
    const inCard = this.shadowRoot.activeElement.closest(".pane") !== null;
    return inCard || this.#narrow;
  }

  /** The call whose wrap-up has the focus. */
  #typedIn(): string | null {
    const active = this.shadowRoot?.activeElement;
    return active?.localName === "callcard-wrap-up" ? active.getAttribute("data-call") : null;
  }

  #pick(callId: string): void {
    this.#openForm = callId;
    this.#model?.select(callId);
  }

  #expand(callId: string): void {
    const known = this.#model?.calls.some((call) => call.callId === callId);
    this.#openForm = callId;
    // Without its call there is no card to go with it: the form alone is opened.
    if (known) this.#model?.select(callId);
    else this.#model?.select(null);
    this.requestUpdate();
    void this.updateComplete.then(() =>
      this.renderRoot
        .querySelector<CallcardWrapUp>(`callcard-wrap-up[data-call="${CSS.escape(callId)}"]`)
        ?.start(),
    );
  }

  async #whenShown(): Promise<void> {
    await this.updateComplete;
    const parts = this.renderRoot.querySelectorAll<LitElement>("callcard-card, callcard-line");
    await Promise.all([...parts].map((part) => part.updateComplete));
  }

  #part<K extends keyof Parts>(selector: K): Parts[K] | null {
    return this.renderRoot.querySelector<Parts[K]>(selector);
  }

  #key(event: KeyboardEvent): void {
    const model = this.#model;
    if (!model || model.phase !== "desk" || !model.preferences.shortcuts) return;
    if (event.defaultPrevented) return;
    // In a panel the keys belong to the host page unless the focus is here.
    if (!this.#full && !event.composedPath().includes(this)) return;
    if (isTypingInto(event.composedPath()[0])) return;
    const wish = shortcut(event);
    if (!wish) return;
    const done = obey(wish, {
      model,
      part: (selector) => this.#part(selector),
      pick: (callId) => this.#pick(callId),
    });
    if (done) event.preventDefault();
  }
}
