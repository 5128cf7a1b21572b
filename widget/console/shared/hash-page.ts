import type { ReactiveController, ReactiveControllerHost } from "lit";

type Host = ReactiveControllerHost & { readonly renderRoot: HTMLElement | DocumentFragment };

/** Which page of a place is open, out of the address (`#claims/letters`); the keyboard goes on at the heading of a page that is new. */
export class HashPage<Page extends string> implements ReactiveController {
  page: Page;
  readonly #host: Host;
  readonly #place: string;
  readonly #pages: readonly Page[];
  readonly #first: Page;
  #listening: AbortController | null = null;
  #isNew = false;

  /** @param place `#claims`. @param pages The first is the place's own address. */
  constructor(host: Host, place: string, pages: readonly [Page, ...Page[]]) {
    this.#host = host;
    this.#place = place;
    this.#pages = pages;
    this.#first = pages[0];
    this.page = this.#read();
    host.addController(this);
  }

  hrefOf(page: Page): string {
    return page === this.#first ? this.#place : `${this.#place}/${page}`;
  }

  hostConnected(): void {
    this.#listening = new AbortController();
    window.addEventListener("hashchange", () => this.#changed(), {
      signal: this.#listening.signal,
    });
  }

  hostDisconnected(): void {
    this.#listening?.abort();
  }

  hostUpdated(): void {
    if (!this.#isNew) return;
    this.#isNew = false;
    if (!this.#host.renderRoot.querySelector(":focus"))
      this.#host.renderRoot.querySelector<HTMLElement>("h1")?.focus();
  }

  #changed(): void {
    if (location.hash.split("/")[0] !== this.#place) return;
    const page = this.#read();
    if (page === this.page) return;
    this.page = page;
    this.#isNew = true;
    this.#host.requestUpdate();
  }

  #read(): Page {
    const word = location.hash.split("/")[1] ?? "";
    return this.#pages.find((page) => page === word) ?? this.#first;
  }
}
