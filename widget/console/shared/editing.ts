/** Settings that are edited as sentences: what every part of an editor is given, and the controls they share. */
import { html, nothing, type TemplateResult } from "lit";
import type { Checked, Problem } from "../../../server/priority/rest.ts";
import type { ConsoleContext } from "../context.ts";
import type { ConsoleKey, ConsoleWords } from "../words.ts";
import { choice, numberField, sentence } from "./inline.ts";
import { at, problemList } from "./problems.ts";

/** Where a control stands: who looks, and what is wrong with what is typed. */
export type EditingPlace = {
  readonly ctx: ConsoleContext;
  readonly checked: Checked;
  /** How problems are said; in the dictionary's words, else in the server's, when left out. */
  readonly say?: (problem: Problem, words: ConsoleWords) => string;
};

/** Settings as a part of an editor changes them. */
export type Editing<Settings> = EditingPlace & {
  readonly settings: Settings;
  readonly set: (change: Partial<Settings>) => void;
};

/** One part: its heading, what is in it, and what is wrong at these places of the settings. */
export function part(
  editing: EditingPlace,
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
export function told({ checked, ctx, say }: EditingPlace, path: string): TemplateResult {
  return problemList(at(checked, path), ctx.words, say);
}

export function isBad({ checked }: EditingPlace, path: string): boolean {
  return at(checked, path).problems.length > 0;
}

/** A line of a sentence with controls in it. */
export function line(
  { ctx }: EditingPlace,
  key: ConsoleKey,
  slots: Readonly<Record<string, TemplateResult | string>> = {},
): TemplateResult {
  return html`<p class="line">${sentence(ctx.words.raw(key), slots)}</p>`;
}

/** A number at a place of the settings. */
export function number(
  editing: EditingPlace,
  label: ConsoleKey,
  path: string,
  value: number | null,
  set: (value: number) => void,
  step: number | "any" = "any",
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
  editing: EditingPlace,
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
  editing: EditingPlace,
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
  { ctx }: EditingPlace,
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
  editing: EditingPlace,
  label: string,
  path: string,
  value: string,
  set: (value: string) => void,
  more: {
    readonly wide?: boolean;
    readonly most?: number;
    readonly type?: "text" | "date" | "datetime-local" | "tel" | "password" | "url";
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
