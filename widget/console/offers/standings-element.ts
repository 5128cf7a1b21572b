import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import type { Threshold } from "../../../server/offers/standings/settings.ts";
import { icon } from "../../shared/icons.ts";
import { base } from "../../shared/styles.ts";
import type { ConsoleContext } from "../context.ts";
import { inlineStyles } from "../shared/inline.ts";
import { KeptFocus } from "../shared/kept-focus.ts";
import { toMajor, toMinor } from "../shared/money.ts";
import { at, problemList, refusalText } from "../shared/problems.ts";
import type { StandingsDraft } from "./offers-model.ts";
import { offersStyles } from "./offers.styles.ts";
import { offerProblemText } from "./problems.ts";
import { saveBar } from "../shared/save-bar.ts";

const FIELDS = [
  ...(["orders", "totalMinor", "lastOrderDays", "firstOrderDays", "returned"] as const),
];
type Field = (typeof FIELDS)[number];
type List = "tiers" | "segments";
const LISTS = ["tiers", "segments"] as const;
const NOTHING = { atLeast: null, atMost: null };
const COUNT_AGAIN_MS = 2000;

/** `<callcard-console-standings>`: which customers are of which tier and segment. Properties: `ctx`. */
export class ConsoleStandings extends LitElement {
  static override properties = { ctx: { attribute: false }, problem: { state: true } };
  static override styles = [
    base,
    inlineStyles,
    offersStyles,
    css`
      .scroll {
        overflow-x: auto;
      }
      table {
        border-collapse: collapse;
        font-size: 14px;
        width: 100%;
      }
      th {
        text-align: left;
        font-weight: 600;
        font-size: 13px;
        color: var(--ink-3);
        padding: 4px 10px 6px 0;
        vertical-align: bottom;
        white-space: nowrap;
      }
      td {
        padding: 4px 10px 4px 0;
        border-top: 1px solid var(--line);
        white-space: nowrap;
      }
      td .inline {
        width: 76px;
        font-size: 14px;
        text-align: center;
        appearance: textfield;
      }
      td .inline.name {
        width: 140px;
        text-align: left;
      }
      .count {
        text-align: right;
        color: var(--ink-2);
      }
      .said td {
        border-top: 0;
        white-space: normal;
      }
      .moves {
        display: flex;
        justify-content: flex-end;
      }
    `,
  ];

  declare ctx: ConsoleContext;
  declare problem: string;
  #timer: ReturnType<typeof setTimeout> | null = null;

  constructor() {
    super();
    this.problem = "";
    this.addController(
      new KeptFocus(this, () => this.renderRoot.querySelector<HTMLElement>(".save .btn, .btn")),
    );
  }

  override firstUpdated(): void {
    void this.#load();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    if (this.#timer) clearTimeout(this.#timer);
  }

  override render(): TemplateResult {
    const { ctx } = this;
    const { words } = ctx;
    const { t } = words;
    const draft = ctx.model.offers.standings;
    if (this.problem) return html`<p class="notice bad" role="alert">${this.problem}</p>`;
    if (!draft) return html`<p class="muted" role="status">${t("loading")}</p>`;
    const waiting = draft.before?.waiting ?? 0;
    return html`<p class="hint">${t("st_lead")}</p>
      ${
        waiting > 0
          ? html`<p class="notice calm" role="status">
              ${t("st_waiting", { count: words.number(waiting) })}
            </p>`
          : nothing
      }
      ${LISTS.map((list) => this.#list(draft, list))}
      <section class="panel" aria-label=${t("st_sums")}>
        <p class="line">
          ${t("st_currency")}
          <input
            class="inline text"
            aria-label=${t("st_currency")}
            maxlength="3"
            autocomplete="off"
            ?readonly=${!ctx.writes}
            .value=${draft.settings.currency}
            @input=${(event: Event) =>
              draft.set({
                currency: (event.target as HTMLInputElement).value.trim().toUpperCase(),
              })}
          />
        </p>
        ${this.#told(draft, "/currency")}
      </section>
      ${
        ctx.writes
          ? saveBar(draft, words, {
              save: () => void this.#send(draft),
              discard: () => {
                if (draft.before) draft.replace(draft.before);
              },
            })
          : nothing
      }`;
  }

  #list(draft: StandingsDraft, list: List): TemplateResult {
    const { ctx } = this;
    const { t } = ctx.words;
    const from = list === "tiers" ? "tiersFrom" : "segmentsFrom";
    const { settings } = draft;
    const all = settings[list];
    const counted = draft.before?.[list] ?? [];
    return html`<section class="panel" aria-label=${t(`st_${list}`)}>
      <h2>${t(`st_${list}`)}</h2>
      <p class="line">
        <select
          class="inline"
          aria-label=${t(`st_${list}`)}
          ?disabled=${!ctx.writes}
          .value=${settings[from]}
          @change=${(event: Event) =>
            draft.set({
              [from]: (event.target as HTMLSelectElement).value === "orders" ? "orders" : "crm",
            })}
        >
          ${(["crm", "orders"] as const).map(
            (each) =>
              html`<option value=${each} ?selected=${each === settings[from]}>
                ${t(`st_${list}_${each}`)}
              </option>`,
          )}
        </select>
      </p>
      ${this.#told(draft, `/${from}`)}
      ${
        all.length === 0
          ? counted.length === 0
            ? nothing
            : html`<p class="hint">
                ${t("st_counted")}
                ${counted
                  .map(({ name, customers }) => `${name}: ${ctx.words.number(customers)}`)
                  .join(", ")}
              </p>`
          : html`<div class="scroll">
              <table>
                <thead>
                  <tr>
                    <th scope="col">${t("st_name")}</th>
                    ${FIELDS.map(
                      (field) =>
                        html`<th scope="col">
                          ${t(`st_${field}`)}${
                            field === "totalMinor" && settings.currency
                              ? `, ${settings.currency}`
                              : ""
                          }
                        </th>`,
                    )}
                    <th scope="col" class="count">${t("st_customers")}</th>
                    ${ctx.writes ? html`<th><span class="sr">${t("st_deeds")}</span></th>` : nothing}
                  </tr>
                </thead>
                <tbody>
                  ${all.map((threshold, index) => this.#row(draft, list, threshold, index))}
                </tbody>
              </table>
            </div>`
      }
      ${
        ctx.writes
          ? html`<button
              class="btn quiet small"
              type="button"
              @click=${() => {
                draft.set({ [list]: [...all, empty()], [from]: "orders" });
              }}
            >
              ${icon("plus")}${t(`st_add_${list}`)}
            </button>`
          : nothing
      }
      ${list === "tiers" && all.length > 1 ? html`<p class="hint">${t("st_order")}</p>` : nothing}
    </section>`;
  }

  #row(draft: StandingsDraft, list: List, threshold: Threshold, index: number): TemplateResult {
    const { ctx } = this;
    const { words, writes } = ctx;
    const { t } = words;
    const all = draft.settings[list];
    const path = `/${list}/${index}`;
    const put = (next: readonly Threshold[]): void => draft.set({ [list]: [...next] });
    const customers = draft.before?.[list].find(({ name }) => name === threshold.name)?.customers;
    const name = threshold.name || t("st_nameless", { number: index + 1 });
    return html`<tr>
        <td>
          <input
            class="inline name ${this.#isBad(draft, `${path}/name`) ? "bad" : ""}"
            aria-label=${`${t("st_name")} ${index + 1}`}
            maxlength="64"
            autocomplete="off"
            ?readonly=${!writes}
            .value=${threshold.name}
            @input=${(event: Event) =>
              put(
                all.with(index, { ...threshold, name: (event.target as HTMLInputElement).value }),
              )}
          />
        </td>
        ${FIELDS.map(
          (field) =>
            html`<td>
              ${(["atLeast", "atMost"] as const).map(
                (end) =>
                  html`${end === "atMost" ? " – " : nothing}<input
                      class="inline ${this.#isBad(draft, `${path}/${field}/${end}`) ? "bad" : ""}"
                      type="number"
                      aria-label=${`${name}: ${t(`st_${field}`)}, ${t(`st_${end}`)}`}
                      placeholder=${t(`st_${end}`)}
                      ?readonly=${!writes}
                      .value=${shown(threshold, field, end, draft.settings.currency)}
                      @input=${(event: Event) => {
                        const typed = (event.target as HTMLInputElement).valueAsNumber;
                        const value = Number.isNaN(typed)
                          ? null
                          : field === "totalMinor"
                            ? toMinor(typed, draft.settings.currency)
                            : typed;
                        put(
                          all.with(index, {
                            ...threshold,
                            [field]: { ...threshold[field], [end]: value },
                          }),
                        );
                      }}
                    />`,
              )}
            </td>`,
        )}
        <td class="count">${customers === undefined ? "–" : words.number(customers)}</td>
        ${
          writes
            ? html`<td>
                <span class="moves"
                  >${
                    index > 0
                      ? html`<button
                          class="tool"
                          type="button"
                          aria-label=${`${t("ruleUp")}: ${name}`}
                          title=${t("ruleUp")}
                          @click=${() =>
                            put(all.toSpliced(index, 1).toSpliced(index - 1, 0, threshold))}
                        >
                          ${icon("up")}
                        </button>`
                      : nothing
                  }<button
                    class="tool"
                    type="button"
                    aria-label=${t("chipRemove", { value: name })}
                    @click=${() => put(all.toSpliced(index, 1))}
                  >
                    ${icon("close")}
                  </button></span
                >
              </td>`
            : nothing
        }
      </tr>
      ${
        this.#has(draft, path)
          ? html`<tr class="said">
              <td colspan="8">${this.#told(draft, path)}</td>
            </tr>`
          : nothing
      }`;
  }

  #told({ checked, settings }: StandingsDraft, path: string): TemplateResult {
    return problemList(at(checked, path), this.ctx.words, offerProblemText(settings.currency));
  }

  #isBad({ checked }: StandingsDraft, path: string): boolean {
    return at(checked, path).problems.length > 0;
  }

  #has({ checked }: StandingsDraft, path: string): boolean {
    const { problems, warnings } = at(checked, path);
    return problems.length + warnings.length > 0;
  }

  async #send(draft: StandingsDraft): Promise<void> {
    const saved = await draft.send();
    if (!saved) return;
    this.ctx.tell(this.ctx.words.t("st_saved"));
    void this.#load();
  }

  async #load(): Promise<void> {
    const { words, model } = this.ctx;
    const refused = await model.offers.openStandings();
    this.problem = refused ? words.t("loadFailed", { message: refusalText(refused, words) }) : "";
    if (this.#timer) clearTimeout(this.#timer);
    // Everybody is judged anew in the background: how many fit is looked at until it stands.
    if ((model.offers.standings?.before?.waiting ?? 0) > 0)
      this.#timer = setTimeout(() => void this.#load(), COUNT_AGAIN_MS);
  }
}

function empty(): Threshold {
  return {
    name: "",
    ...{ orders: NOTHING, totalMinor: NOTHING, lastOrderDays: NOTHING },
    ...{ firstOrderDays: NOTHING, returned: NOTHING },
  };
}

function shown(
  threshold: Threshold,
  field: Field,
  end: "atLeast" | "atMost",
  currency: string,
): string {
  const value = threshold[field][end];
  if (value === null) return "";
  return String(field === "totalMinor" ? toMajor(value, currency) : value);
}
