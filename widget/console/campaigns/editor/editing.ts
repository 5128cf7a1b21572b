/** What every part of the editor is given, and the controls they share. */
import { html, nothing, type TemplateResult } from "lit";
import type { CampaignVocabulary } from "../../../../server/campaigns/check.ts";
import type { CampaignSettings } from "../../../../server/campaigns/model.ts";
import type { CampaignCheck } from "../../../../server/campaigns/rest.ts";
import type { ConsoleContext } from "../../context.ts";
import { choice, numberField, sentence } from "../../shared/inline.ts";
import { at, problemList } from "../../shared/problems.ts";
import type { ConsoleKey } from "../../words.ts";

export type Editing = {
  readonly ctx: ConsoleContext;
  readonly settings: CampaignSettings;
  readonly vocabulary: CampaignVocabulary;
  readonly checked: CampaignCheck;
  readonly set: (change: Partial<CampaignSettings>) => void;
};

/** One part: its heading, what is in it, and what is wrong at these places of the settings. */
export function part(
  editing: Editing,
  title: ConsoleKey,
  paths: readonly string[],
  body: TemplateResult,
): TemplateResult {
  const { words } = editing.ctx;
  return html`<section class="panel" aria-label=${words.t(title)}>
    <h2>${words.t(title)}</h2>
    ${body} ${paths.map((path) => told(editing, path))}
  </section>`;
}

/** What is wrong or doubtful at a place or below it. */
export function told({ checked, ctx }: Editing, path: string): TemplateResult {
  return problemList(at(checked, path), ctx.words);
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
  value: number | null,
  set: (value: number) => void,
  step: number | "any" = 1,
): TemplateResult {
  return numberField({
    label: editing.ctx.words.t(label),
    value,
    step,
    readonly: !editing.ctx.writes,
    bad: isBad(editing, path),
    set,
  });
}

/** One of several at a place of the settings; `name` gives each its words. */
export function one<T extends string>(
  editing: Editing,
  label: ConsoleKey,
  path: string,
  value: T,
  all: readonly T[],
  name: (value: T) => string,
  set: (value: T) => void,
): TemplateResult {
  // What is chosen stays to be seen although it does not exist any more.
  const shown = all.includes(value) ? all : [value, ...all];
  return choice({
    label: editing.ctx.words.t(label),
    value,
    all: shown.map((each) => [each, name(each)] as const),
    readonly: !editing.ctx.writes,
    bad: isBad(editing, path),
    set,
  });
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

/** A line of text. */
export function text(
  editing: Editing,
  label: ConsoleKey,
  path: string,
  value: string,
  set: (value: string) => void,
  more: { readonly wide?: boolean; readonly most?: number; readonly type?: string } = {},
): TemplateResult {
  const { ctx } = editing;
  const bad = isBad(editing, path);
  return html`<input
    class="inline text ${more.wide ? "wide" : ""} ${bad ? "bad" : ""}"
    type=${more.type ?? "text"}
    aria-label=${ctx.words.t(label)}
    aria-invalid=${bad}
    maxlength=${more.most ?? nothing}
    autocomplete="off"
    ?readonly=${!ctx.writes}
    .value=${value}
    @input=${(event: Event) => set((event.target as HTMLInputElement).value)}
  />`;
}
