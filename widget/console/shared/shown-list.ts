/** A list that is read from the server page by page and looked at again by itself: what is known of it, what is wrong, how it is shown. */
import { html, nothing, type ReactiveControllerHost, type TemplateResult } from "lit";
import { repeat } from "lit/directives/repeat.js";
import type { Answered } from "../request.ts";
import type { ConsoleWords } from "../words.ts";
import { LookAgain } from "./look-again.ts";
import { refusalText } from "./problems.ts";

/** What is listed, and how it is read. */
export type ShownListOptions<Row, Page> = {
  /** Known once the host is rendered. */
  readonly words: () => ConsoleWords;
  /** How often it is looked at again. */
  readonly everyMs: number;
  /** Asks for what comes after `after`: where the page before said that the next begins, "" for the first page. */
  readonly read: (after: string) => Promise<Answered<Page>>;
  readonly rowsOf: (page: Page) => readonly Row[];
  /** Where the next page begins; "" or null after the last. Without it there is one page. */
  readonly nextOf?: (page: Page) => string | null;
  readonly keyOf: (row: Row) => unknown;
  /** False while somebody works on a row: it stays where it is. */
  readonly mayChange?: () => boolean;
};

/** How it is shown. */
export type ShownAs<Row> = {
  /** Its name, read aloud. */
  readonly label: string;
  /** Said when it is empty. */
  readonly none: string;
  readonly row: (row: Row) => TemplateResult;
};

/** Adds itself to its host, which asks for the first page by {@link ShownList.load} once it is rendered. */
export class ShownList<Row, Page> {
  readonly #host: ReactiveControllerHost;
  readonly #options: ShownListOptions<Row, Page>;
  /** Answers to questions before the last one are thrown away. */
  #asked = 0;
  #reading = false;
  #first: Page | null = null;
  #rows: readonly Row[] | null = null;
  #next = "";
  #pages = 1;
  #problem = "";

  constructor(host: ReactiveControllerHost, options: ShownListOptions<Row, Page>) {
    this.#host = host;
    this.#options = options;
    host.addController(
      new LookAgain(options.everyMs, () => {
        // Pages that were asked for stay where they are, and what is on its way is waited for.
        const isAtRest = this.#pages === 1 && !this.#reading;
        if (isAtRest && (options.mayChange?.() ?? true)) void this.load();
      }),
    );
  }

  /** Null before they were read. */
  get rows(): readonly Row[] | null {
    return this.#rows;
  }

  /** The first page with all that it says, as it was read last; null before that. */
  get first(): Page | null {
    return this.#first;
  }

  /** In words; "" when nothing is wrong. */
  get problem(): string {
    return this.#problem;
  }

  /** Says what is wrong until the list is read again. */
  say(problem: string): void {
    this.#problem = problem;
    this.#host.requestUpdate();
  }

  /** Reads the first page. */
  load(): Promise<void> {
    return this.#read("");
  }

  /** The same of something else: what is shown by now is taken away first. */
  loadAnew(): Promise<void> {
    this.#first = null;
    this.#rows = null;
    this.#next = "";
    this.#pages = 1;
    this.#host.requestUpdate();
    return this.load();
  }

  /** Reads the page after those that are shown. */
  loadMore(): Promise<void> {
    return this.#read(this.#next);
  }

  /** Rows become others without being read again. */
  amend(change: (row: Row) => Row): void {
    this.#rows = this.#rows?.map(change) ?? null;
    this.#host.requestUpdate();
  }

  /** The rows, or why there are none, and the way to more of them. What is wrong is said by the host, where it belongs. */
  show({ label, none, row }: ShownAs<Row>): TemplateResult | typeof nothing {
    const { keyOf, words } = this.#options;
    const { t } = words();
    const rows = this.#rows;
    if (rows === null)
      return this.#problem ? nothing : html`<p class="muted" role="status">${t("loading")}</p>`;
    return html`${
      rows.length === 0
        ? html`<p class="muted">${none}</p>`
        : html`<ul class="list" aria-label=${label}>
            ${repeat(rows, keyOf, row)}
          </ul>`
    }
    ${
      this.#next === ""
        ? nothing
        : html`<button class="btn more" type="button" @click=${() => void this.loadMore()}>
            ${t("cb_more")}
          </button>`
    }`;
  }

  async #read(after: string): Promise<void> {
    const mine = ++this.#asked;
    const { nextOf, read, rowsOf, words } = this.#options;
    this.#reading = true;
    const answer = await read(after);
    // Something else was asked meanwhile.
    if (mine !== this.#asked) return;
    this.#reading = false;
    if (answer.ok) {
      const { body } = answer;
      if (after === "") this.#first = body;
      this.#rows = after === "" ? rowsOf(body) : [...(this.#rows ?? []), ...rowsOf(body)];
      this.#pages = after === "" ? 1 : this.#pages + 1;
      this.#next = nextOf?.(body) ?? "";
    }
    this.say(answer.ok ? "" : words().t("loadFailed", { message: refusalText(answer, words()) }));
  }
}
