/** What a rule gives, as sentences with controls in them: one for each kind. */
import { html, nothing, type TemplateResult } from "lit";
import type { Give, NeededGive } from "../../../server/offers/rules.ts";
import { icon } from "../../shared/icons.ts";
import { sentence } from "../shared/inline.ts";
import { line, number, one, part, several, text } from "../shared/editing.ts";
import { type RuleEditing, products, sum } from "./editing.ts";

/** Attributes' names are offered under this id while one is typed. */
export const ATTRIBUTES = "attributes";
const USUAL_PERCENT = 10;
const USUAL_SUM = 500_00;

/** What is given, and what is wrong with it. */
export function givePart(editing: RuleEditing): TemplateResult {
  const { ctx, settings } = editing;
  const { t } = ctx.words;
  return part(
    editing,
    t(`ofKind_${settings.give.kind}`),
    ["/give"],
    html`<p class="hint">${t(`ofKind_${settings.give.kind}_hint`)}</p>
      ${body(editing, settings.give)}`,
  );
}

function body(editing: RuleEditing, give: Give): TemplateResult {
  const put = (next: Give): void => editing.set({ give: next });
  const some = (values: readonly string[], set: (list: readonly string[]) => void) =>
    products(editing, "ofEd_products", "/give/products", values, set);
  switch (give.kind) {
    case "needed":
      return needed(editing, give, put);
    case "promotion":
    case "gift":
      return line(editing, `ofEdGive_${give.kind}`, {
        products: some(give.products, (list) => put({ ...give, products: list })),
      });
    case "personalPrice":
      return personalPrice(editing, give, put);
    case "discount":
      return discount(editing, give, put);
    case "bonus":
      return bonus(editing, give, put);
    default:
      return give satisfies never;
  }
}

function personalPrice(
  editing: RuleEditing,
  give: Extract<Give, { kind: "personalPrice" }>,
  put: (give: Give) => void,
): TemplateResult {
  const { t } = editing.ctx.words;
  const by = give.percent === null ? "price" : "percent";
  return html`${line(editing, `ofEdGive_personalPrice_${by}`, {
    by: one(
      editing,
      "ofEd_by",
      "/give/by",
      by,
      ["percent", "price"],
      (each) => t(`ofEd_by_${each}`),
      (wanted) =>
        put({
          ...give,
          percent: wanted === "percent" ? USUAL_PERCENT : null,
          priceMinor: wanted === "price" ? USUAL_SUM : null,
        }),
    ),
    percent: number(editing, "ofEd_percent", "/give/percent", give.percent ?? 0, (percent) =>
      put({ ...give, percent }),
    ),
    sum: sum(editing, "ofEd_price", "/give/priceMinor", give.priceMinor ?? 0, (priceMinor) =>
      put({ ...give, priceMinor }),
    ),
  })}
  ${line(editing, "ofEdGive_products", {
    products: products(editing, "ofEd_products", "/give/products", give.products, (list) =>
      put({ ...give, products: [...list] }),
    ),
  })}
  ${
    by === "price" && give.categories.length === 0
      ? nothing
      : line(editing, "ofEdGive_categories", { categories: categories(editing, give, put) })
  }`;
}

function categories(
  editing: RuleEditing,
  give: Extract<Give, { kind: "personalPrice" }>,
  put: (give: Give) => void,
): TemplateResult {
  return several(
    ...([editing, "ofEd_categories", "/give/categories", give.categories] as const),
    editing.vocabulary.categories,
    (list) => put({ ...give, categories: [...list] }),
    { free: true },
  );
}

function discount(
  editing: RuleEditing,
  give: Extract<Give, { kind: "discount" }>,
  put: (give: Give) => void,
): TemplateResult {
  const { t, raw } = editing.ctx.words;
  const by = give.percent === null ? "sum" : "percent";
  return html`${line(editing, `ofEdGive_discount_${by}`, {
    by: one(
      editing,
      "ofEd_by",
      "/give/by",
      by,
      ["percent", "sum"],
      (each) => t(`ofEd_by_${each}`),
      (wanted) =>
        put({
          ...give,
          percent: wanted === "percent" ? USUAL_PERCENT : null,
          sumMinor: wanted === "sum" ? USUAL_SUM : null,
          mostMinor: wanted === "percent" ? give.mostMinor : null,
        }),
    ),
    percent: number(editing, "ofEd_percent", "/give/percent", give.percent ?? 0, (percent) =>
      put({ ...give, percent }),
    ),
    sum: sum(editing, "ofEd_sum", "/give/sumMinor", give.sumMinor ?? 0, (sumMinor) =>
      put({ ...give, sumMinor }),
    ),
  })}
  ${
    by === "sum"
      ? nothing
      : html`<label class="tick ${give.mostMinor === null ? "off" : ""}"
          ><input
            type="checkbox"
            aria-label=${t("ofEd_mostOff")}
            .checked=${give.mostMinor !== null}
            ?disabled=${!editing.ctx.writes}
            @change=${(event: Event) =>
              put({
                ...give,
                mostMinor: (event.target as HTMLInputElement).checked ? USUAL_SUM : null,
              })}
          /><span
            >${
              give.mostMinor === null
                ? t("ofEd_mostOff")
                : sentence(raw("ofEdGive_discount_most"), {
                    most: sum(editing, "ofEd_sum", "/give/mostMinor", give.mostMinor, (mostMinor) =>
                      put({ ...give, mostMinor }),
                    ),
                  })
            }</span
          ></label
        >`
  }`;
}

function bonus(
  editing: RuleEditing,
  give: Extract<Give, { kind: "bonus" }>,
  put: (give: Give) => void,
): TemplateResult {
  const { t } = editing.ctx.words;
  const by = give.usePercent !== null ? "use" : give.givePercent !== null ? "give" : "sum";
  return line(editing, `ofEdGive_bonus_${by}`, {
    by: one(
      editing,
      "ofEd_by",
      "/give/by",
      by,
      ["use", "give", "sum"],
      (each) => t(`ofEd_bonus_${each}`),
      (wanted) =>
        put({
          ...give,
          usePercent: wanted === "use" ? USUAL_PERCENT : null,
          givePercent: wanted === "give" ? USUAL_PERCENT : null,
          giveMinor: wanted === "sum" ? USUAL_SUM : null,
        }),
    ),
    percent: number(
      ...([editing, "ofEd_percent"] as const),
      by === "use" ? "/give/usePercent" : "/give/givePercent",
      give.usePercent ?? give.givePercent ?? 0,
      (percent) =>
        put(by === "use" ? { ...give, usePercent: percent } : { ...give, givePercent: percent }),
    ),
    sum: sum(editing, "ofEd_sum", "/give/giveMinor", give.giveMinor ?? 0, (giveMinor) =>
      put({ ...give, giveMinor }),
    ),
  });
}

/** What does not work without something, and what it needs. */
function needed(editing: RuleEditing, give: NeededGive, put: (give: Give) => void): TemplateResult {
  const { t } = editing.ctx.words;
  const { count, find, of, pack, unless } = give;
  const known = editing.vocabulary.categories;
  const attribute = (label: string, path: string, value: string, set: (value: string) => void) =>
    text(editing, label, path, value, set, { known: ATTRIBUTES, most: 200 });
  return html`<h3>${t("ofEd_needOf")}</h3>
    ${line(editing, "ofEdGive_needed_of", {
      products: products(editing, "ofEd_products", "/give/of/products", of.products, (list) =>
        put({ ...give, of: { ...of, products: [...list] } }),
      ),
      categories: several(
        ...([editing, "ofEd_categories", "/give/of/categories", of.categories, known] as const),
        (list) => put({ ...give, of: { ...of, categories: [...list] } }),
        { free: true },
      ),
    })}
    ${line(editing, "ofEdGive_needed_with", {
      attribute: attribute(t("ofEd_needWith"), "/give/of/attribute", of.attribute, (value) =>
        put({ ...give, of: { ...of, attribute: value } }),
      ),
    })}
    ${line(editing, "ofEdGive_needed_unless", {
      attributes: several(
        ...([editing, "ofEd_needUnless", "/give/unless", unless] as const),
        editing.vocabulary.attributes,
        (list) => put({ ...give, unless: [...list] }),
        { free: true },
      ),
    })}
    <h3>${t("ofEd_needFind")}</h3>
    ${line(editing, "ofEdGive_needed_find", {
      products: products(editing, "ofEd_products", "/give/find/products", find.products, (list) =>
        put({ ...give, find: { ...find, products: [...list] } }),
      ),
      categories: several(
        ...([editing, "ofEd_categories", "/give/find/categories", find.categories] as const),
        known,
        (list) => put({ ...give, find: { ...find, categories: [...list] } }),
        { free: true },
      ),
    })}
    ${find.match.map(
      (match, index) =>
        html`<div class="condition">
          ${line(editing, "ofEdGive_needed_match", {
            of: attribute(
              ...([t("ofEd_matchOf"), `/give/find/match/${index}/of`, match.of] as const),
              (value) => put(matched({ ...match, of: value }, index)),
            ),
            found: attribute(
              ...([t("ofEd_matchFound"), `/give/find/match/${index}/found`] as const),
              match.found,
              (value) => put(matched({ ...match, found: value }, index)),
            ),
          })}
          ${
            editing.ctx.writes
              ? html`<button
                  class="tool"
                  type="button"
                  aria-label=${t("ofEd_matchRemove")}
                  title=${t("ofEd_matchRemove")}
                  @click=${() =>
                    put({
                      ...give,
                      find: { ...find, match: [...find.match.toSpliced(index, 1)] },
                    })}
                >
                  ${icon("close")}
                </button>`
              : nothing
          }
        </div>`,
    )}
    ${
      editing.ctx.writes && find.match.length < 5
        ? html`<button
            class="btn quiet small"
            type="button"
            @click=${() =>
              put({
                ...give,
                find: { ...find, match: [...find.match, { of: "", found: "" }] },
              })}
          >
            ${icon("plus")}${t("ofEd_matchAdd")}
          </button>`
        : nothing
    }
    <h3>${t("ofEd_needCount")}</h3>
    ${line(editing, "ofEdGive_needed_count", {
      attribute: attribute(
        ...([t("ofEd_countAttribute"), "/give/count/attribute", count.attribute] as const),
        (value) => put({ ...give, count: { ...count, attribute: value } }),
      ),
      each: number(editing, "ofEd_countEach", "/give/count/each", count.each, (each) =>
        put({ ...give, count: { ...count, each } }),
      ),
    })}
    ${line(editing, "ofEdGive_needed_pack", {
      pack: attribute(t("ofEd_pack"), "/give/pack", pack, (value) => put({ ...give, pack: value })),
    })}
    <datalist id=${ATTRIBUTES}>
      ${editing.vocabulary.attributes.map((name) => html`<option value=${name}></option>`)}
    </datalist>`;

  function matched(match: NeededGive["find"]["match"][number], index: number): Give {
    return { ...give, find: { ...find, match: find.match.with(index, match) } };
  }
}
