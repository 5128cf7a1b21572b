/**
 * The server was updated under an open page: the page loads the new screens by itself as soon as nobody needs the old ones. A page that is
 * somebody else's is never loaded anew from here.
 */
import { isTypingInto } from "./focus.ts";
import { rememberPlace, restorePlace } from "./kept-place.ts";

/** Written in by the build, see vite.config.ts. */
declare const CALLCARD_SCREENS: string;

const OWN = typeof CALLCARD_SCREENS === "undefined" ? "" : CALLCARD_SCREENS;
/** Hundreds of pages must not ask at one moment. */
const WITHIN_MS = 10_000;
const LOOK_EVERY_MS = 1000;
/** The same version is loaded once in so long: while processes of two versions run, a page may get the old one again. */
const NOT_AGAIN_MS = 10 * 60_000;
const KEY = "callcard:loaded";

export type NewerScreensOptions = {
  /** True when nothing would be lost or interrupted. */
  readonly free: () => boolean;
  readonly changed: () => void;
  /** Default: what the build wrote in. */
  readonly own?: string;
  /** Default: whether this page is one of Callcard's. */
  readonly ownPage?: boolean;
  readonly load?: () => void;
  /** From 0 to below 1. */
  readonly random?: () => number;
};

export class NewerScreens {
  /** The server has other screens than these. */
  waiting = false;
  /** True where the page is ours: then it may be loaded anew from here. */
  readonly ownPage: boolean;
  readonly #options: NewerScreensOptions;
  #timer: ReturnType<typeof setTimeout> | null = null;
  #version = "";
  readonly #goElsewhere: () => void;

  constructor(options: NewerScreensOptions) {
    this.#options = options;
    this.ownPage = options.ownPage ?? document.documentElement.hasAttribute("data-callcard-page");
    this.#goElsewhere = this.ownPage ? restorePlace() : () => {};
  }

  /** The server said which screens it has. */
  told(version: string): void {
    const { own = OWN, changed, random = Math.random } = this.#options;
    this.#version = version;
    this.waiting = own !== "" && version !== own;
    this.#stopLooking();
    if (this.waiting && this.ownPage && !lately(version))
      this.#timer = setTimeout(() => this.#look(), random() * WITHIN_MS);
    changed();
  }

  /** The person wants them now. */
  load(): void {
    this.close();
    remember(this.#version);
    rememberPlace();
    (this.#options.load ?? (() => location.reload()))();
  }

  close(): void {
    this.#goElsewhere();
    this.#stopLooking();
  }

  #stopLooking(): void {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
  }

  #look(): void {
    if (this.#options.free()) this.load();
    else this.#timer = setTimeout(() => this.#look(), LOOK_EVERY_MS);
  }
}

/** True when something is typed anywhere in an element and its shadows, or a dialog is open: it would be lost. */
export function isTypedIn(root: ParentNode): boolean {
  for (const element of root.querySelectorAll("*")) {
    if (element instanceof HTMLDialogElement && element.open) return true;
    if (element instanceof HTMLSelectElement) continue;
    if (isTypingInto(element) && textOf(element) !== "") return true;
    if (element.shadowRoot && isTypedIn(element.shadowRoot)) return true;
  }
  return false;
}

function textOf(element: Element): string {
  return element instanceof HTMLInputElement || element instanceof HTMLTextAreaElement
    ? element.value.trim()
    : (element.textContent ?? "").trim();
}

function lately(version: string): boolean {
  try {
    const kept = JSON.parse(sessionStorage.getItem(KEY) ?? "{}") as Record<string, unknown>;
    return kept["version"] === version && Date.now() - Number(kept["atMs"]) < NOT_AGAIN_MS;
  } catch {
    // Without a memory a page could be loaded again and again.
    return true;
  }
}

function remember(version: string): void {
  try {
    sessionStorage.setItem(KEY, JSON.stringify({ version, atMs: Date.now() }));
  } catch {
    // Then it was the person who asked.
  }
}
