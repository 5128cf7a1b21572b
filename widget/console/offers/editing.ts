/** What every part of a rule's editor is given, and the controls of offers alone. */
import { html, type TemplateResult } from "lit";
import type { OfferedProduct, OfferKind } from "../../../server/offers/model.ts";
import type { OfferVocabularyBody } from "../../../server/offers/rest.ts";
import type { OfferRuleSettings } from "../../../server/offers/rules.ts";
import { type Editing, isBad, number } from "../shared/editing.ts";
import { toMajor, toMinor } from "../shared/money.ts";
import type { ConsoleKey, ConsoleWords } from "../words.ts";

export type RuleEditing = Editing<OfferRuleSettings> & {
  readonly vocabulary: OfferVocabularyBody;
};

/** A sum at a place of the settings, typed in whole units. */
export function sum(
  editing: RuleEditing,
  label: ConsoleKey,
  path: string,
  minor: number,
  set: (minor: number) => void,
): TemplateResult {
  const { currency } = editing.settings;
  return html`${number(editing, label, path, toMajor(minor, currency), (major) =>
    set(toMinor(major, currency)),
  )}
  ${currency}`;
}

/** Products at a place of the settings, looked for by words. */
export function products(
  editing: RuleEditing,
  label: ConsoleKey,
  path: string,
  values: readonly string[],
  set: (values: readonly string[]) => void,
): TemplateResult {
  const { words, writes } = editing.ctx;
  return html`<callcard-console-products
    .ctx=${editing.ctx}
    .label=${words.t(label)}
    .values=${values}
    .bad=${values.filter((_, index) => isBad(editing, `${path}/${index}`))}
    ?readonly=${!writes}
    @change=${(event: CustomEvent<{ values: readonly string[] }>) => set(event.detail.values)}
  ></callcard-console-products>`;
}

/** A product as a choice shows it: name, article number, price and stock. */
export function productText(product: OfferedProduct, words: ConsoleWords): string {
  const { name, sku, priceMinor, currency, stock } = product;
  const price = words.locale.money(priceMinor, currency);
  const left = stock === null ? "" : words.t("ofStock", { count: words.number(stock) });
  return [name, sku, price, left].filter(Boolean).join(" · ");
}

/** What a kind of offers is called. */
export function kindText(kind: OfferKind, words: ConsoleWords): string {
  return words.t(`ofKind_${kind}`);
}
