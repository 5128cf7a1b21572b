/** What every part of a rule's editor is given, and the controls they share. */
import { html, nothing, type TemplateResult } from "lit";
import type { OfferedProduct, OfferKind } from "../../../server/offers/model.ts";
import type { OfferVocabularyBody } from "../../../server/offers/rest.ts";
import type { OfferRuleSettings } from "../../../server/offers/rules.ts";
import type { Checked } from "../../../server/priority/rest.ts";
import type { ConsoleContext } from "../context.ts";
import { numberField, sentence } from "../shared/inline.ts";
import { toMajor, toMinor } from "../shared/money.ts";
import { at, problemList } from "../shared/problems.ts";
import type { ConsoleKey, ConsoleWords } from "../words.ts";
import { offerProblemText } from "./problems.ts";

export type Editing = {
  readonly ctx: ConsoleContext;
  readonly settings: OfferRuleSettings;
  readonly vocabulary: OfferVocabularyBody;
  readonly checked: Checked;
  readonly set: (change: Partial<OfferRuleSettings>) => void;
};

/** One part: its heading, what is in it, and what is wrong at these places. */
export function part(
  editing: Editing,
  title: string,
  paths: readonly string[],
  body: TemplateResult,
): TemplateResult {
  return html`<section class="panel" aria-label=${title}>
    <h2>${title}</h2>
    ${body} ${paths.map((path) => told(editing, path))}
  </section>`;
}

/** What is wrong or doubtful at a place or below it. */
export function told({ checked, ctx, settings }: Editing, path: string): TemplateResult {
  return problemList(at(checked, path), ctx.words, offerProblemText(settings.currency));
}

export function isBad({ checked }: Editing, path: string): boolean {
  return at(checked, path).problems.length > 0;
}

/** A line of a sentence with controls in it. */
export function line(
  { ctx }: Editing,
  key: ConsoleKey,
  slots: Readonly<Record<string, TemplateResult | string>> = {},
): TemplateResult {
  return html`<p class="line">${sentence(ctx.words.raw(key), slots)}</p>`;
}

/** A number at a place of the settings. */
export function number(
  editing: Editing,
  label: ConsoleKey,
  path: string,
  value: number,
  set: (value: number) => void,
): TemplateResult {
  return numberField({
    label: editing.ctx.words.t(label),
    value,
    step: "any",
    readonly: !editing.ctx.writes,
    bad: isBad(editing, path),
    set,
  });
}

/** A sum at a place of the settings, typed in whole units. */
export function sum(
  editing: Editing,
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

/** Several words at a place of the settings. */
export function several<T extends string>(
  editing: Editing,
  label: ConsoleKey,
  path: string,
  values: readonly T[],
  known: readonly T[],
  set: (values: readonly T[]) => void,
  more: { readonly names?: (value: string) => string; readonly free?: boolean } = {},
): TemplateResult {
  const { words, writes } = editing.ctx;
  return html`<callcard-console-chips
    .words=${words}
    .label=${words.t(label)}
    .values=${values}
    .known=${known}
    .names=${more.names ?? ((value: string) => value)}
    .bad=${values.filter((_, index) => isBad(editing, `${path}/${index}`))}
    ?free=${more.free ?? false}
    ?readonly=${!writes}
    @change=${(event: CustomEvent<{ values: readonly T[] }>) => set(event.detail.values)}
  ></callcard-console-chips>`;
}

/** Products at a place of the settings, looked for by words. */
export function products(
  editing: Editing,
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

/** One of several. */
export function one<T extends string>(
  editing: Editing,
  label: ConsoleKey,
  value: T,
  all: readonly (readonly [value: T, text: string])[],
  set: (value: T) => void,
): TemplateResult {
  return html`<select
    class="inline"
    aria-label=${editing.ctx.words.t(label)}
    ?disabled=${!editing.ctx.writes}
    .value=${value}
    @change=${(event: Event) => set((event.target as HTMLSelectElement).value as T)}
  >
    ${all.map(
      ([each, text]) => html`<option value=${each} ?selected=${each === value}>${text}</option>`,
    )}
  </select>`;
}

/** A sentence that holds or does not. */
export function tick(
  { ctx }: Editing,
  label: string,
  checked: boolean,
  set: (checked: boolean) => void,
  body: TemplateResult | readonly (TemplateResult | string)[] | string = label,
): TemplateResult {
  return html`<label class="tick ${checked ? "" : "off"}"
    ><input
      type="checkbox"
      aria-label=${label}
      .checked=${checked}
      ?disabled=${!ctx.writes}
      @change=${(event: Event) => set((event.target as HTMLInputElement).checked)}
    /><span>${body}</span></label
  >`;
}

/** A line of text, a day when `type` says so; `known` are offered while it is typed. */
export function text(
  editing: Editing,
  label: string,
  path: string,
  value: string,
  set: (value: string) => void,
  more: {
    readonly wide?: boolean;
    readonly most?: number;
    readonly type?: "text" | "date";
    readonly known?: string;
  } = {},
): TemplateResult {
  const bad = isBad(editing, path);
  return html`<input
    class="inline text ${more.wide ? "wide" : ""} ${bad ? "bad" : ""}"
    type=${more.type ?? "text"}
    list=${more.known ?? nothing}
    aria-label=${label}
    aria-invalid=${bad}
    maxlength=${more.most ?? nothing}
    autocomplete="off"
    ?readonly=${!editing.ctx.writes}
    .value=${value}
    @input=${(event: Event) => set((event.target as HTMLInputElement).value)}
  />`;
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
