/** Sentences whose places are controls, and the controls that stand in them. */
import { css, html, type TemplateResult } from "lit";
import { problemStyles } from "./problems.ts";

/** The text with what stands at its `{name}` places. */
export function sentence(
  text: string,
  slots: Readonly<Record<string, TemplateResult | string>>,
): readonly (TemplateResult | string)[] {
  return text.split(/\{(\w+)\}/).map((part, at) => (at % 2 === 0 ? part : (slots[part] ?? "")));
}

type NumberOptions = {
  readonly label: string;
  readonly value: number | null;
  readonly readonly: boolean;
  readonly step?: number | "any";
  readonly bad?: boolean;
  readonly set: (value: number) => void;
};

/** A number in a sentence; what is no number is not taken. */
export function numberField(options: NumberOptions): TemplateResult {
  const { label, value, readonly, step = 1, bad = false, set } = options;
  return html`<input
    class="inline ${bad ? "bad" : ""}"
    type="number"
    inputmode="decimal"
    step=${step}
    size="5"
    aria-label=${label}
    aria-invalid=${bad}
    ?readonly=${readonly}
    .value=${value === null ? "" : String(value)}
    @input=${(event: Event) => {
      const typed = (event.target as HTMLInputElement).valueAsNumber;
      if (!Number.isNaN(typed)) set(typed);
    }}
  />`;
}

/**
 * Opens a choice that acts at once where it stands closed: there the first arrow or letter would already choose, and nobody could come
 * to the second.
 */
export function openFirst(event: KeyboardEvent): void {
  const isLetter = event.key.length === 1 && event.key !== " ";
  if (event.ctrlKey || event.altKey || event.metaKey) return;
  if (!isLetter && !/^(Arrow|Page|Home|End)/.test(event.key)) return;
  event.preventDefault();
  (event.currentTarget as HTMLSelectElement).showPicker();
}

type ChoiceOptions<T extends string> = {
  readonly label: string;
  readonly value: T;
  readonly all: readonly (readonly [value: T, text: string])[];
  readonly readonly: boolean;
  readonly bad?: boolean;
  readonly set: (value: T) => void;
};

/** One of several in a sentence. */
export function choice<T extends string>(options: ChoiceOptions<T>): TemplateResult {
  const { label, value, all, readonly, bad = false, set } = options;
  return html`<select
    class="inline ${bad ? "bad" : ""}"
    aria-label=${label}
    aria-invalid=${bad}
    ?disabled=${readonly}
    .value=${value}
    @change=${(event: Event) => set((event.target as HTMLSelectElement).value as T)}
  >
    ${all.map(
      ([one, text]) => html`<option value=${one} ?selected=${one === value}>${text}</option>`,
    )}
  </select>`;
}

/** The look of controls inside a sentence. */
export const inlineStyles = css`
  .inline {
    display: inline-block;
    width: auto;
    min-height: 30px;
    padding: 2px 8px;
    margin: 2px 1px;
    border: 0;
    border-bottom: 1px solid var(--line-strong);
    border-radius: 6px 6px 0 0;
    background: var(--sunken);
    font-size: 15px;
    line-height: 24px;
    font-weight: 600;
    color: var(--accent-ink);
    vertical-align: baseline;
  }
  input.inline[type="number"] {
    width: 72px;
    text-align: center;
    appearance: textfield;
  }
  input.inline[type="number"]::-webkit-inner-spin-button {
    display: none;
  }
  .inline.bad {
    background: var(--bad-soft);
    border-color: var(--bad);
    color: var(--bad);
  }
  .inline:disabled,
  .inline:read-only:not(select) {
    border-bottom-color: transparent;
    opacity: 1;
  }
  /* A choice that adds what is chosen. */
  .add {
    width: auto;
    min-height: 28px;
    padding: 1px 8px;
    font-size: 14px;
    border-radius: 99px;
    border: 1px dashed var(--line-strong);
    background: none;
    color: var(--ink-2);
  }
  .add option {
    background: var(--raised);
    color: var(--ink);
  }
  ${problemStyles}
  @media (pointer: coarse) {
    .inline,
    .add {
      min-height: 44px;
    }
  }
`;
