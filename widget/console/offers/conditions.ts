/** The conditions of a rule as sentences with controls in them. */
import { html, nothing, type TemplateResult } from "lit";
import type { OfferCondition } from "../../../server/offers/rules.ts";
import { icon } from "../../shared/icons.ts";
import { openFirst, sentence } from "../shared/inline.ts";
import { isBad, number, one, part, several, told } from "../shared/editing.ts";
import { type RuleEditing, products, sum } from "./editing.ts";
import { CHANNELS, FACTS, newCondition } from "./new-rule.ts";
import { type BoundedCondition, boundsOf, conditionKey, type Span, spanOf } from "./sentences.ts";

const SPANS = ["least", "most", "range"] as const satisfies readonly Span[];
const ENDS = {
  purchases: ["atLeast", "atMost"],
  spent: ["atLeastMinor", "atMostMinor"],
  cartValue: ["fromMinor", "toMinor"],
} as const;
const USUAL_DAYS = 90;

/** Whom, and for which cart. */
export function whenPart(editing: RuleEditing): TemplateResult {
  const { ctx, settings, set } = editing;
  const { t } = ctx.words;
  const { when } = settings;
  const put = (index: number, condition: OfferCondition): void =>
    set({ when: when.with(index, condition) });
  return part(
    editing,
    t("ofEd_when"),
    [],
    html`${when.length === 0 ? html`<p class="hint">${t("ofEd_always")}</p>` : nothing}
      <ul class="conditions">
        ${when.map(
          (condition, index) =>
            html`<li>
              <div class="condition">
                <span class="line"
                  >${index > 0 ? `${t("and")} ` : nothing}${sentence(
                    ctx.words.raw(conditionKey(condition)),
                    slots(editing, condition, index, (next) => put(index, next)),
                  )}</span
                >
                ${ctx.writes ? tools(editing, condition, index, put) : nothing}
              </div>
              ${told(editing, `/when/${index}`)}
            </li>`,
        )}
      </ul>
      ${ctx.writes ? adding(editing) : nothing} ${toldOfAll(editing)}`,
  );
}

/** What is said of the conditions together. */
function toldOfAll(editing: RuleEditing): TemplateResult {
  const only = (path: string): boolean => path === "/when";
  const { problems, warnings } = editing.checked;
  const checked = {
    problems: problems.filter(({ path }) => only(path)),
    warnings: warnings.filter(({ path }) => only(path)),
  };
  return told({ ...editing, checked }, "/when");
}

function tools(
  { ctx, settings, set }: RuleEditing,
  condition: OfferCondition,
  index: number,
  put: (index: number, condition: OfferCondition) => void,
): TemplateResult {
  const { t } = ctx.words;
  const { not: turned, ...plain } = condition;
  return html`<button
      class="tool"
      type="button"
      aria-label=${t("conditionNot")}
      title=${t("conditionNot")}
      aria-pressed=${turned === true}
      @click=${() => put(index, turned ? plain : { ...condition, not: true })}
    >
      ${icon("swap")}</button
    ><button
      class="tool"
      type="button"
      aria-label=${t("conditionRemove")}
      title=${t("conditionRemove")}
      @click=${() => set({ when: settings.when.toSpliced(index, 1) })}
    >
      ${icon("close")}
    </button>`;
}

function adding({ ctx, settings, set }: RuleEditing): TemplateResult {
  const { t } = ctx.words;
  return html`<select
    class="add"
    aria-label=${t("ofEd_addCondition")}
    @keydown=${openFirst}
    @change=${(event: Event) => {
      const select = event.target as HTMLSelectElement;
      const fact = FACTS.find((each) => each === select.value);
      select.value = "";
      if (fact) set({ when: [...settings.when, newCondition(fact, settings.currency)] });
    }}
  >
    <option value="" selected>+ ${t("conditionAdd")}</option>
    ${FACTS.map((fact) => html`<option value=${fact}>${t(`ofAdd_${fact}`)}</option>`)}
  </select>`;
}

function slots(
  editing: RuleEditing,
  condition: OfferCondition,
  index: number,
  set: (condition: OfferCondition) => void,
): Record<string, TemplateResult | string> {
  const { ctx, vocabulary } = editing;
  const { words } = ctx;
  const path = `/when/${index}`;
  switch (condition.fact) {
    case "purchases":
    case "spent":
    case "cartValue":
      return boundSlots(editing, condition, path, set);
    case "segment":
      return {
        in: several(
          ...([editing, "ofAdd_segment", `${path}/in`, condition.in] as const),
          vocabulary.segments,
          (list) => set({ ...condition, in: [...list] }),
        ),
      };
    case "tier":
      return {
        in: several(
          ...([editing, "ofAdd_tier", `${path}/in`, condition.in, vocabulary.tiers] as const),
          (list) => set({ ...condition, in: [...list] }),
          { names: words.tier },
        ),
      };
    case "region":
      return {
        in: several(
          ...([editing, "ofAdd_region", `${path}/in`, condition.in, vocabulary.regions] as const),
          (list) => set({ ...condition, in: [...list] }),
          { free: true },
        ),
      };
    case "channel":
      return {
        in: several(
          ...([editing, "ofAdd_channel", `${path}/in`, condition.in, CHANNELS] as const),
          (list) => set({ ...condition, in: [...list] }),
          { names: (value) => words.coded("channel_", value) ?? value },
        ),
      };
    case "lastOrder":
      return {
        days: number(
          ...([editing, "daysLabel", `${path}/withinDays`, condition.withinDays] as const),
          (withinDays) => set({ ...condition, withinDays }),
        ),
      };
    case "bought":
      return boughtSlots(editing, condition, path, set);
    case "cartContains":
      return {
        in: html`${products(
          ...([editing, "ofEd_products", `${path}/products`, condition.products] as const),
          (list) => set({ ...condition, products: [...list] }),
        )}
        ${several(
          ...([editing, "ofEd_categories", `${path}/categories`] as const),
          ...([condition.categories, vocabulary.categories] as const),
          (list) => set({ ...condition, categories: [...list] }),
          { free: true },
        )}`,
      };
    case "timeOfDay":
      return timeSlots(editing, condition, path, set);
    case "vip":
    case "known":
  }
  return {};
}

function boundSlots(
  editing: RuleEditing,
  condition: BoundedCondition,
  path: string,
  set: (condition: OfferCondition) => void,
): Record<string, TemplateResult | string> {
  const { t } = editing.ctx.words;
  const [least, most] = boundsOf(condition);
  const [low, high] = ENDS[condition.fact];
  const { [low as never]: _low, [high as never]: _high, ...rest } = condition;
  const put = (from: number | null, to: number | null): void =>
    set({
      ...rest,
      ...(from === null ? {} : { [low]: from }),
      ...(to === null ? {} : { [high]: to }),
    });
  const field = (
    label: "leastLabel" | "mostLabel",
    name: string,
    value: number,
    typed: (value: number) => void,
  ): TemplateResult =>
    (condition.fact === "purchases" ? number : sum)(
      editing,
      label,
      `${path}/${name}`,
      value,
      typed,
    );
  const span = spanOf(condition);
  const value = least ?? most ?? 0;
  return {
    span: html`${one<Span>(
      ...([editing, "ofEd_span", `${path}/span`, span, SPANS] as const),
      (each) => t(`ofEd_${each}`),
      (wanted) =>
        put(wanted === "most" ? null : value, wanted === "least" ? null : (most ?? value)),
    )}
    ${least === null ? nothing : field("leastLabel", low, least, (typed) => put(typed, most))}
    ${span === "range" ? "–" : nothing}
    ${most === null ? nothing : field("mostLabel", high, most, (typed) => put(least, typed))}`,
  };
}

function boughtSlots(
  editing: RuleEditing,
  condition: Extract<OfferCondition, { fact: "bought" }>,
  path: string,
  set: (condition: OfferCondition) => void,
): Record<string, TemplateResult | string> {
  const { t, raw } = editing.ctx.words;
  const { withinDays, ...ever } = condition;
  return {
    in: several(
      ...([editing, "ofEd_categories", `${path}/categories`, condition.categories] as const),
      editing.vocabulary.categories,
      (list) => set({ ...condition, categories: [...list] }),
      { free: true },
    ),
    ago: html`${one(
      editing,
      "ofEd_ago",
      `${path}/withinDays`,
      withinDays === undefined ? "ever" : "within",
      ["ever", "within"],
      (each) => t(`ofEd_ago_${each}`),
      (wanted) => set(wanted === "ever" ? ever : { ...ever, withinDays: USUAL_DAYS }),
    )}
    ${
      withinDays === undefined
        ? nothing
        : sentence(raw("ofAgo_within"), {
            days: number(editing, "daysLabel", `${path}/withinDays`, withinDays, (days) =>
              set({ ...ever, withinDays: days }),
            ),
          })
    }`,
  };
}

function timeSlots(
  editing: RuleEditing,
  condition: Extract<OfferCondition, { fact: "timeOfDay" }>,
  path: string,
  set: (condition: OfferCondition) => void,
): Record<string, TemplateResult | string> {
  const { words, writes } = editing.ctx;
  const time = (label: "fromLabel" | "toLabel", name: "from" | "to"): TemplateResult =>
    html`<input
      class="inline ${isBad(editing, `${path}/${name}`) ? "bad" : ""}"
      type="time"
      aria-label=${words.t(label)}
      ?readonly=${!writes}
      .value=${condition[name]}
      @change=${(event: Event) => {
        const typed = (event.target as HTMLInputElement).value;
        if (typed) set({ ...condition, [name]: typed });
      }}
    />`;
  const chosen = condition.days ?? [];
  const { days: _, ...rest } = condition;
  return {
    from: time("fromLabel", "from"),
    to: time("toLabel", "to"),
    days: html`<span class="days" role="group" aria-label=${words.t("daysLabel")}
      >${words.days.map((name, at) => {
        const day = at + 1;
        const now = chosen.length === 0 ? [1, 2, 3, 4, 5, 6, 7] : chosen;
        const then = now.includes(day)
          ? now.filter((each) => each !== day)
          : [...now, day].toSorted((a, b) => a - b);
        return html`<button
          class="day"
          type="button"
          aria-pressed=${now.includes(day)}
          ?disabled=${!writes || then.length === 0}
          @click=${() => set(then.length === 7 ? rest : { ...rest, days: then })}
        >
          ${name}
        </button>`;
      })}</span
    >`,
  };
}
