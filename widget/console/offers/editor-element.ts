import { css, html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import type { RuleLimits } from "../../../server/offers/rules.ts";
import { base } from "../../shared/styles.ts";
import type { ConsoleContext } from "../context.ts";
import { inlineStyles, sentence } from "../shared/inline.ts";
import { KeptFocus } from "../shared/kept-focus.ts";
import { problemList, refusalText } from "../shared/problems.ts";
import { whenPart } from "./conditions.ts";
import { line, number, part, text, tick, told } from "../shared/editing.ts";
import type { RuleEditing } from "./editing.ts";
import { givePart } from "./gives.ts";
import { KINDS, newRule, PLACEHOLDERS } from "./new-rule.ts";
import { NEW, type RuleDraft } from "./offers-model.ts";
import { offersStyles } from "./offers.styles.ts";
import { offerProblemText } from "./problems.ts";
import { hashOf } from "./route.ts";
import { saveBar } from "../shared/save-bar.ts";
import { ruleText } from "./sentences.ts";

const LANGUAGES = ["ru", "uk", "en"] as const;
const USES = ["uses", "usesPerDay", "usesPerCustomer"] as const;
const USUAL = { uses: 100, usesPerDay: 10, usesPerCustomer: 1 } as const;
const USUAL_FLOOR = 5;

/** `<callcard-console-offer-editor>`: a rule's settings as sentences. Properties: `ctx`, `ruleId` (`new` for one to be made). */
export class ConsoleOfferEditor extends LitElement {
  static override properties = {
    ctx: { attribute: false },
    ruleId: { attribute: false },
    problem: { state: true },
  };
  static override styles = [
    base,
    inlineStyles,
    offersStyles,
    css`
      :host {
        max-width: 860px;
      }
      .kinds {
        display: grid;
        grid-template-columns: repeat(auto-fill, minmax(min(260px, 100%), 1fr));
        gap: 12px;
      }
      .kind {
        display: grid;
        gap: 4px;
        align-content: start;
        padding: 16px 18px;
        text-align: left;
      }
      .kind b {
        color: var(--accent-ink);
      }
      .kind span {
        font-size: 14px;
        color: var(--ink-2);
      }
      .kind:hover {
        border-color: var(--line-strong);
      }
      .whole {
        font-size: 16px;
      }
      .says {
        display: grid;
        gap: 10px;
      }
      .says input {
        width: 100%;
      }
      .says input[aria-invalid="true"] {
        border-color: var(--bad);
      }
      .places {
        display: flex;
        flex-wrap: wrap;
        gap: 4px 12px;
        font-size: 13px;
        color: var(--ink-3);
      }
    `,
  ];

  declare ctx: ConsoleContext;
  declare ruleId: string;
  declare problem: string;

  constructor() {
    super();
    this.problem = "";
    this.addController(
      new KeptFocus(this, () => {
        // A rule that was just begun is named first; the bar is always in sight.
        const isBegun = this.ctx.model.offers.draft(this.ruleId)?.settings.name === "";
        return this.renderRoot.querySelector<HTMLElement>(isBegun ? "input" : ".save .primary");
      }),
    );
  }

  override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has("ruleId")) void this.#open();
  }

  override render(): TemplateResult {
    const { ctx } = this;
    const { words, model } = ctx;
    const { t } = words;
    const draft = model.offers.draft(this.ruleId);
    const { vocabulary } = model.offers;
    if (this.problem) return html`<p class="notice bad" role="alert">${this.problem}</p>`;
    if (this.ruleId === NEW && !draft) return this.#start();
    if (!draft || !vocabulary) return html`<p class="muted" role="status">${t("loading")}</p>`;
    const { settings } = draft;
    const editing: RuleEditing = {
      ctx,
      vocabulary,
      settings,
      checked: draft.checked,
      set: (change) => draft.set(change),
      say: offerProblemText(settings.currency),
    };
    const names = { product: model.offers.productName, currency: settings.currency };
    const elsewhere = draft.checked.problems.filter(({ path }) => path === "");
    return html`${problemList(
      { problems: elsewhere, warnings: [] },
      words,
      offerProblemText(settings.currency),
    )}
    ${part(
      editing,
      t("ofEd_whole"),
      ["/name"],
      html`${line(editing, "ofEd_name", {
          name: text(
            ...([editing, t("ofEd_nameLabel"), "/name", settings.name] as const),
            (name) => draft.set({ name }),
            { wide: true, most: 100 },
          ),
        })}
        <p class="whole wrap">${ruleText(settings, words, names)}</p>
        ${
          draft.before === null
            ? nothing
            : html`<a class="btn" href=${hashOf({ page: "versions", id: this.ruleId })}
                >${t("ofV_link", { count: draft.before.revision })}</a
              >`
        }`,
    )}
    ${whenPart(editing)} ${givePart(editing)} ${this.#limits(editing)} ${this.#saying(editing)}
    ${
      ctx.writes
        ? saveBar(draft, words, {
            save: () => void this.#send(draft),
            discard: () => void this.#discard(),
          })
        : nothing
    }`;
  }

  /** What the new rule gives is chosen first. */
  #start(): TemplateResult {
    const { words, model } = this.ctx;
    const { t } = words;
    return html`<p class="hint">${t("ofEd_start")}</p>
      <div class="kinds">
        ${KINDS.map(
          (kind) =>
            html`<button
              class="panel kind"
              type="button"
              @click=${() =>
                model.offers.begin(newRule(kind, "", model.offers.vocabulary?.currency ?? ""))}
            >
              <b>${t(`ofKind_${kind}`)}</b><span>${t(`ofKind_${kind}_hint`)}</span>
            </button>`,
        )}
      </div>`;
  }

  #limits(editing: RuleEditing): TemplateResult {
    const { ctx, settings, set } = editing;
    const { t, raw } = ctx.words;
    const { limits } = settings;
    const change = (own: Partial<RuleLimits>): void => set({ limits: { ...limits, ...own } });
    const floor = limits.marginFloorPercent;
    return part(
      editing,
      t("ofEd_limits"),
      ["/from", "/until", "/priority", "/group", "/limits", "/currency"],
      html`${line(editing, "ofEd_dates", {
          from: text(
            ...([editing, t("ofEd_from"), "/from", settings.from] as const),
            (from) => set({ from }),
            { type: "date" },
          ),
          until: text(
            ...([editing, t("ofEd_until"), "/until", settings.until] as const),
            (until) => set({ until }),
            { type: "date" },
          ),
        })}
        ${USES.map((name) => {
          const most = limits[name];
          return tick(
            ...([editing, t(`ofEd_${name}Off`), most !== null] as const),
            (on) => change({ [name]: on ? USUAL[name] : null }),
            most === null
              ? t(`ofEd_${name}Off`)
              : sentence(raw(`ofEd_${name}`), {
                  count: number(editing, `ofEd_${name}Label`, `/limits/${name}`, most, (value) =>
                    change({ [name]: value }),
                  ),
                }),
          );
        })}
        ${tick(
          ...([editing, t("ofEd_floorOff"), floor !== null] as const),
          (on) => change({ marginFloorPercent: on ? USUAL_FLOOR : null }),
          floor === null
            ? t("ofEd_floorOff")
            : sentence(raw("ofEd_floor"), {
                percent: number(
                  ...([editing, "ofEd_floorLabel", "/limits/marginFloorPercent", floor] as const),
                  (marginFloorPercent) => change({ marginFloorPercent }),
                ),
              }),
        )}
        ${line(editing, "ofEd_stock", {
          count: number(
            ...([editing, "ofEd_stockLabel", "/limits/stockAtLeast", limits.stockAtLeast] as const),
            (stockAtLeast) => change({ stockAtLeast }),
          ),
        })}
        <h3>${t("ofEd_together")}</h3>
        ${line(editing, "ofEd_priority", {
          priority: number(
            ...([editing, "ofEd_priorityLabel", "/priority", settings.priority] as const),
            (priority) => set({ priority }),
          ),
        })}
        ${line(editing, "ofEd_group", {
          group: text(
            ...([editing, t("ofEd_groupLabel"), "/group", settings.group] as const),
            (group) => set({ group }),
            { most: 64 },
          ),
        })}
        ${line(editing, "ofEd_currency", {
          currency: text(
            ...([editing, t("ofEd_currencyLabel"), "/currency", settings.currency] as const),
            (currency) => set({ currency: currency.trim().toUpperCase() }),
            { most: 3 },
          ),
        })}`,
    );
  }

  #saying(editing: RuleEditing): TemplateResult {
    const { ctx, settings, set } = editing;
    const { t } = ctx.words;
    return part(
      editing,
      t("ofEd_saying"),
      [],
      html`<p class="hint">${t("ofEd_sayingHint")}</p>
        <div class="says">
          ${LANGUAGES.map(
            (language) =>
              html`<label class="field"
                  >${t(`ofEd_saying_${language}`)}<input
                    lang=${language}
                    maxlength="300"
                    autocomplete="off"
                    aria-invalid=${editing.checked.problems.some(
                      ({ path }) => path === `/saying/${language}`,
                    )}
                    ?readonly=${!ctx.writes}
                    .value=${settings.saying[language]}
                    @input=${(event: Event) =>
                      set({
                        saying: {
                          ...settings.saying,
                          [language]: (event.target as HTMLInputElement).value,
                        },
                      })}
                /></label>
                ${told(editing, `/saying/${language}`)}`,
          )}
        </div>
        ${this.#ofAll(editing)}
        <p class="places">
          ${PLACEHOLDERS.map(
            (name) => html`<span><code>{${name}}</code> ${t(`ofPlace_${name}`)}</span>`,
          )}
        </p>`,
    );
  }

  /** What is said of the words in all languages. */
  #ofAll(editing: RuleEditing): TemplateResult {
    const here = ({ path }: { readonly path: string }): boolean => path === "/saying";
    const { problems, warnings } = editing.checked;
    const checked = { problems: problems.filter(here), warnings: warnings.filter(here) };
    return told({ ...editing, checked }, "/saying");
  }

  async #open(): Promise<void> {
    this.problem = "";
    if (this.ruleId === NEW) return;
    const { words, model } = this.ctx;
    const refused = await model.offers.open(this.ruleId);
    if (refused) this.problem = words.t("loadFailed", { message: refusalText(refused, words) });
  }

  async #send(draft: RuleDraft): Promise<void> {
    const isNew = draft.before === null;
    const saved = await draft.send();
    if (!saved) return;
    const { words, model, tell } = this.ctx;
    void model.offers.refresh();
    if (!isNew) {
      tell(words.t("ed_savedTold", { name: saved.settings.name }));
      return;
    }
    tell(words.t("of_savedNew", { name: saved.settings.name }));
    model.offers.saved(saved.id);
    location.hash = hashOf({ page: "list" });
  }

  async #discard(): Promise<void> {
    this.ctx.model.offers.discard(this.ruleId);
    if (this.ruleId === NEW) location.hash = hashOf({ page: "new" });
    else await this.#open();
  }
}
