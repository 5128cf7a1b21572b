import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import type { OfferedProduct } from "../../../server/offers/model.ts";
import type { GivenUp } from "../../../server/offers/given-up.ts";
import type { ExplainBody } from "../../../server/offers/rest.ts";
import { icon } from "../../shared/icons.ts";
import { base } from "../../shared/styles.ts";
import type { ConsoleContext } from "../context.ts";
import { KeptFocus } from "../shared/kept-focus.ts";
import { refusalText } from "../shared/problems.ts";
import { CHANNELS } from "./new-rule.ts";
import type { FoundCustomer, TryQuestion } from "./offers-api.ts";
import { offersStyles } from "./offers.styles.ts";
import { hashOf } from "./route.ts";
import { conditionText, reasonText } from "./sentences.ts";

const SEARCH_AFTER_MS = 250;

type Line = { readonly product: OfferedProduct; readonly quantity: number };

/**
 * `<callcard-console-offer-try>`: a customer and a cart; what would be offered, and why the other rules give nothing. Nothing is
 * recorded. Properties: `ctx`.
 */
export class ConsoleOfferTry extends LitElement {
  static override properties = {
    ctx: { attribute: false },
    customer: { state: true },
    people: { state: true },
    lines: { state: true },
    channel: { state: true },
    answer: { state: true },
    busy: { state: true },
    problem: { state: true },
  };
  static override styles = [
    base,
    offersStyles,
    css`
      .asked {
        display: grid;
        grid-template-columns: minmax(0, 1fr) minmax(0, 1.4fr);
        gap: 14px 28px;
      }
      .asked > div {
        display: grid;
        gap: 10px;
        align-content: start;
      }
      .people li {
        border-top: 1px solid var(--line);
      }
      .people button {
        display: flex;
        flex-wrap: wrap;
        gap: 0 10px;
        width: 100%;
        padding: 8px 4px;
        min-height: var(--tap);
      }
      .people button:hover {
        background: var(--sunken);
      }
      .cart li {
        display: flex;
        gap: 8px;
        align-items: center;
        padding: 4px 0;
        border-bottom: 1px solid var(--line);
      }
      .cart .what {
        flex: 1;
        min-width: 0;
      }
      .cart input {
        width: 72px;
        text-align: center;
      }
      .offers,
      .nots {
        display: grid;
      }
      .offers li,
      .nots li {
        display: grid;
        gap: 2px;
        padding: 10px 0;
        border-top: 1px solid var(--line);
      }
      .offers li:first-child,
      .nots li:first-child {
        border-top: 0;
      }
      .head {
        display: flex;
        flex-wrap: wrap;
        gap: 2px 10px;
        align-items: baseline;
      }
      .head .sum {
        margin-left: auto;
        font-weight: 600;
        white-space: nowrap;
      }
      .says {
        color: var(--ink-2);
      }
      .whom {
        display: flex;
        gap: 8px;
        align-items: center;
        flex-wrap: wrap;
      }
      @container editing (max-width: 700px) {
        .asked {
          grid-template-columns: minmax(0, 1fr);
        }
      }
    `,
  ];

  declare ctx: ConsoleContext;
  /** Null: somebody nobody knows. */
  declare customer: FoundCustomer | null;
  /** Who was found; null while nobody is looked for. */
  declare people: readonly FoundCustomer[] | null;
  declare lines: readonly Line[];
  declare channel: TryQuestion["channel"];
  declare answer: ExplainBody | null;
  declare busy: boolean;
  declare problem: string;
  #asked = 0;
  #searches = 0;
  #timer: ReturnType<typeof setTimeout> | null = null;

  constructor() {
    super();
    this.addController(
      new KeptFocus(this, () => this.renderRoot.querySelector<HTMLElement>(".again, input")),
    );
    this.customer = null;
    this.people = null;
    this.lines = [];
    this.channel = "operator";
    this.answer = null;
    this.busy = false;
    this.problem = "";
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    if (this.#timer) clearTimeout(this.#timer);
  }

  override render(): TemplateResult {
    const { t } = this.ctx.words;
    return html`<p class="hint">${t("ofTry_lead")}</p>
      <section class="panel" aria-label=${t("ofTry_question")}>
        <div class="asked">
          <div>
            <h2>${t("ofTry_customer")}</h2>
            ${this.#whom()}
            <label class="field"
              >${t("ofTry_channel")}<select
                .value=${this.channel}
                @change=${(event: Event) => {
                  const { value } = event.target as HTMLSelectElement;
                  this.channel = CHANNELS.find((one) => one === value) ?? "operator";
                }}
              >
                ${CHANNELS.map(
                  (one) =>
                    html`<option value=${one} ?selected=${one === this.channel}>
                      ${t(`channel_${one}`)}
                    </option>`,
                )}
              </select></label
            >
          </div>
          <div>
            <h2>${t("ofTry_cart")}</h2>
            ${this.#cart()}
          </div>
        </div>
        <p class="row">
          <button class="btn primary again" type="button" @click=${() => void this.#ask()}>
            ${t("ofTry_ask")}
          </button>
          ${this.busy ? html`<span class="muted" role="status">${t("loading")}</span>` : nothing}
        </p>
      </section>
      ${this.problem ? html`<p class="notice bad" role="alert">${this.problem}</p>` : nothing}
      ${this.answer ? this.#answered(this.answer) : nothing}`;
  }

  #whom(): TemplateResult {
    const { t } = this.ctx.words;
    if (this.customer)
      return html`<p class="whom">
        <b><bdi>${this.customer.name || phoneOf(this.customer)}</bdi></b>
        <span class="muted"><bdi>${phoneOf(this.customer)}</bdi></span>
        <button class="btn quiet" type="button" @click=${() => (this.customer = null)}>
          ${t("ofTry_another")}
        </button>
      </p>`;
    const { people } = this;
    return html`<label class="field"
        >${t("ofTry_find")}<input
          type="search"
          maxlength="100"
          autocomplete="off"
          @input=${(event: Event) => this.#type((event.target as HTMLInputElement).value)}
      /></label>
      <p class="small muted" role="status">
        ${people === null ? t("ofTry_nobody") : people.length === 0 ? t("ofTry_foundNone") : ""}
      </p>
      ${
        people === null || people.length === 0
          ? nothing
          : html`<ul class="people">
              ${people.map(
                (one) =>
                  html`<li>
                    <button
                      type="button"
                      @click=${() => {
                        this.customer = one;
                        this.people = null;
                      }}
                    >
                      <b><bdi>${one.name}</bdi></b
                      ><span class="muted"><bdi>${phoneOf(one)}</bdi></span>
                    </button>
                  </li>`,
              )}
            </ul>`
      }`;
  }

  #cart(): TemplateResult {
    const { words } = this.ctx;
    const { t, locale } = words;
    return html`${
        this.lines.length === 0
          ? html`<p class="small muted">${t("ofTry_cartEmpty")}</p>`
          : html`<ul class="cart">
              ${this.lines.map(
                ({ product, quantity }, index) =>
                  html`<li>
                    <span class="what wrap">${product.name}</span>
                    <span class="muted">${locale.money(product.priceMinor, product.currency)}</span>
                    <input
                      type="number"
                      min="1"
                      aria-label=${`${t("ofTry_quantity")}: ${product.name}`}
                      .value=${String(quantity)}
                      @change=${(event: Event) => {
                        const typed = (event.target as HTMLInputElement).valueAsNumber;
                        if (typed > 0)
                          this.lines = this.lines.with(index, { product, quantity: typed });
                      }}
                    />
                    <button
                      class="tool"
                      type="button"
                      aria-label=${t("chipRemove", { value: product.name })}
                      @click=${() => (this.lines = this.lines.toSpliced(index, 1))}
                    >
                      ${icon("close")}
                    </button>
                  </li>`,
              )}
            </ul>`
      }
      <callcard-console-products
        .ctx=${this.ctx}
        .label=${t("ofTry_add")}
        .values=${[]}
        single
        @choose=${(event: CustomEvent<{ product: OfferedProduct }>) => {
          const { product } = event.detail;
          const at = this.lines.findIndex((line) => line.product.id === product.id);
          const line = this.lines[at];
          this.lines = line
            ? this.lines.with(at, { product, quantity: line.quantity + 1 })
            : [...this.lines, { product, quantity: 1 }];
        }}
      ></callcard-console-products>`;
  }

  #answered(answer: ExplainBody): TemplateResult {
    const { words } = this.ctx;
    const { t, locale } = words;
    const whom = [
      ...(answer.tier ? [t("ofTry_tier", { tier: words.tier(answer.tier) })] : []),
      ...(answer.segments.length > 0
        ? [t("ofTry_segments", { segments: answer.segments.join(", ") })]
        : []),
      ...(answer.bonusMinor === null
        ? []
        : [t("ofTry_bonus", { points: words.number(answer.bonusMinor / 100, 2) })]),
    ];
    return html`<section class="panel" aria-label=${t("ofTry_offered")}>
        <h2 tabindex="-1">${t("ofTry_offered")}</h2>
        ${whom.length > 0 ? html`<p class="small muted">${whom.join(" · ")}</p>` : nothing}
        ${
          answer.silentBecause
            ? html`<p class="notice">${icon("warning")}<span>${t("ofTry_silent")}</span></p>`
            : answer.offers.length === 0
              ? html`<p>${t("ofTry_none")}</p>`
              : nothing
        }
        <ol class="offers">
          ${answer.offers.map((offer) => {
            const { product, quantity } = offer;
            const what = product
              ? quantity === 1
                ? product.name
                : t("ofTry_times", { name: product.name, count: words.number(quantity, 3) })
              : t(`ofKind_${offer.kind}`);
            return html`<li>
              <span class="head"
                ><b class="wrap">${what}</b><span class="badge">${t(`ofKind_${offer.kind}`)}</span
                ><span class="sum"
                  >${offer.amountMinor > 0 ? "+" : ""}${locale.money(
                    offer.amountMinor,
                    offer.currency,
                  )}</span
                ></span
              >
              ${offer.saying ? html`<span class="says">«${offer.saying}»</span>` : nothing}
              <span class="small muted"
                >${offer.reasons.map((reason) => reasonText(reason, words)).join("; ")}</span
              >
            </li>`;
          })}
        </ol>
      </section>
      ${
        answer.givenUp.length === 0
          ? nothing
          : html`<section class="panel" aria-label=${t("ofTry_others")}>
              <h2>${t("ofTry_others")}</h2>
              <ul class="nots">
                ${answer.givenUp.map(
                  (given) =>
                    html`<li>
                      <a href=${hashOf({ page: "one", id: given.ruleId })}
                        ><bdi>${given.rule}</bdi></a
                      >
                      <span class="says">${this.#why(given)}</span>
                    </li>`,
                )}
              </ul>
            </section>`
      }`;
  }

  #why({ because, condition, other, ruleId }: GivenUp): string {
    const { words, model } = this.ctx;
    const { t } = words;
    const rules = model.offers.rules ?? [];
    const rule = rules.find(({ id }) => id === ruleId);
    const asked = condition === null ? undefined : rule?.settings.when[condition];
    if (because === "condition" && rule && asked) {
      const names = {
        product: model.offers.productName,
        currency: rule.settings.currency,
      };
      return t("ofNot_condition", { condition: conditionText(asked, words, names) });
    }
    const name = rules.find(({ id }) => id === other)?.settings.name ?? other;
    return t(because === "condition" ? "ofNot_someCondition" : `ofNot_${because}`, {
      other: name,
    });
  }

  #type(value: string): void {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#look(value.trim()), SEARCH_AFTER_MS);
  }

  async #look(search: string): Promise<void> {
    const mine = ++this.#searches;
    if (search === "") {
      this.people = null;
      return;
    }
    const answer = await this.ctx.model.offers.api.customers(search);
    // Something newer was typed, or somebody chosen, meanwhile.
    if (mine !== this.#searches || this.customer) return;
    if (answer.ok) this.people = answer.body.customers;
    else this.#fail(refusalText(answer, this.ctx.words));
  }

  async #ask(): Promise<void> {
    const mine = ++this.#asked;
    this.busy = true;
    const { offers } = this.ctx.model;
    const [answer] = await Promise.all([
      offers.api.explain({
        ...(this.customer ? { customer: { id: this.customer.id } } : {}),
        lines: this.lines.map(({ product, quantity }) => ({ id: product.id, quantity })),
        channel: this.channel,
      }),
      // Why a rule gives nothing is said in its own conditions, as they are now.
      offers.refresh(),
    ]);
    if (mine !== this.#asked) return;
    this.busy = false;
    if (!answer.ok) {
      this.#fail(refusalText(answer, this.ctx.words));
      return;
    }
    this.problem = "";
    this.answer = answer.body;
    await this.updateComplete;
    this.renderRoot.querySelector<HTMLElement>("h2[tabindex]")?.focus();
  }

  #fail(message: string): void {
    this.problem = this.ctx.words.t("failed", { message });
  }
}

function phoneOf({ phones }: FoundCustomer): string {
  return phones[0] ?? "";
}
