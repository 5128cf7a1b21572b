import { css, html, LitElement, type TemplateResult } from "lit";
import { icon } from "../shared/icons.ts";
import type { Locale } from "../shared/locale.ts";
import { base } from "../shared/styles.ts";

const MOST_TAGS = 20;
const LONGEST_TAG = 60;
/** Tags of earlier calls that are offered while one types. */
const REMEMBERED = 30;
const KEY = "callcard:tags";

/**
 * `<callcard-tags>`: short words of the operator's own, to find calls by. Enter or a comma ends one, Backspace in the empty field takes the
 * last one back.
 *
 * Properties: `locale`, `tags`. Events: `tags` (detail: the new list).
 */
export class CallcardTags extends LitElement {
  static override properties = { locale: { attribute: false }, tags: { attribute: false } };

  static override styles = [
    base,
    css`
      :host {
        display: block;
      }
      .box {
        display: flex;
        flex-wrap: wrap;
        gap: 6px;
        align-items: center;
      }
      .tag {
        display: inline-flex;
        align-items: center;
        gap: 2px;
        max-width: 100%;
        padding: 0 2px 0 10px;
        min-height: 30px;
        border-radius: 99px;
        background: var(--accent-soft);
        color: var(--accent-ink);
        font-size: 14px;
      }
      .tag button {
        width: 24px;
        height: 24px;
        border-radius: 50%;
        display: grid;
        place-items: center;
      }
      .tag svg {
        width: 12px;
        height: 12px;
      }
      input {
        flex: 1 1 110px;
        min-height: 32px;
      }
    `,
  ];

  declare locale: Locale;
  declare tags: readonly string[];

  constructor() {
    super();
    this.tags = [];
  }

  override render(): TemplateResult {
    const { t } = this.locale;
    return html`<div class="box" role="group" aria-label=${t("tags")}>
      ${this.tags.map(
        (tag) =>
          html`<span class="tag"
            ><bdi>${tag}</bdi
            ><button
              type="button"
              aria-label=${t("tagRemove", { tag })}
              @click=${() => this.#say(this.tags.filter((one) => one !== tag))}
            >
              ${icon("close")}
            </button></span
          >`,
      )}
      <input
        aria-label=${t("tags")}
        placeholder=${t("tagAdd")}
        maxlength=${LONGEST_TAG}
        list="known"
        autocomplete="off"
        @keydown=${this.#key}
        @blur=${(event: FocusEvent) => this.#add(event.target as HTMLInputElement)}
      />
      <datalist id="known">
        ${remembered()
          .filter((tag) => !this.tags.includes(tag))
          .map((tag) => html`<option value=${tag}></option>`)}
      </datalist>
    </div>`;
  }

  #key = (event: KeyboardEvent): void => {
    const field = event.target as HTMLInputElement;
    if ((event.key === "Enter" && !event.ctrlKey && !event.metaKey) || event.key === ",") {
      event.preventDefault();
      this.#add(field);
    } else if (event.key === "Backspace" && field.value === "" && this.tags.length > 0) {
      this.#say(this.tags.slice(0, -1));
    } else if (event.key === "Enter") {
      // The form is being saved: what stands in the field belongs to it.
      this.#add(field);
    }
  };

  #add(field: HTMLInputElement): void {
    const tag = field.value.trim();
    field.value = "";
    const known = this.tags.some((one) => one.toLowerCase() === tag.toLowerCase());
    if (tag === "" || known || this.tags.length >= MOST_TAGS) return;
    remember(tag);
    this.#say([...this.tags, tag]);
  }

  #say(tags: readonly string[]): void {
    this.dispatchEvent(new CustomEvent("tags", { detail: tags }));
  }
}

function remembered(): readonly string[] {
  try {
    const stored: unknown = JSON.parse(localStorage.getItem(KEY) ?? "[]");
    return Array.isArray(stored) ? stored.filter((tag) => typeof tag === "string") : [];
  } catch {
    // No storage, or not ours.
    return [];
  }
}

function remember(tag: string): void {
  try {
    const tags = [tag, ...remembered().filter((one) => one !== tag)].slice(0, REMEMBERED);
    localStorage.setItem(KEY, JSON.stringify(tags));
  } catch {
    // As above.
  }
}
