/**
 * Where the person was on a page that loads itself anew: what had the keyboard, and how far the panes were scrolled. Found again by what things
 * are called, because the new screens may be built otherwise.
 */
import { deepActiveElement } from "./focus.ts";

const KEY = "callcard:place";
/** What belongs there comes from the server, a piece at a time. */
const LOOK_EVERY_MS = 100;
const LOOK_FOR_MS = 6000;
/** A page that took longer was left by its person. */
const KEPT_FOR_MS = 60_000;

type Named = { readonly name: string; readonly nth: number };
type Place = {
  readonly atMs: number;
  readonly focus: Named | null;
  readonly scrolled: readonly (Named & { readonly top: number })[];
};

/** Call it right before the page goes. */
export function rememberPlace(): void {
  const active = deepActiveElement();
  const all = [...elementsOf(document)];
  const named = (one: Element, by: (element: Element) => string): Named => {
    const name = by(one);
    return { name, nth: all.filter((other) => by(other) === name).indexOf(one) };
  };
  const place: Place = {
    atMs: Date.now(),
    focus: active === null || active === document.body ? null : named(active, calledOf),
    scrolled: all.flatMap((one) =>
      one.scrollTop > 0 ? [{ ...named(one, paneOf), top: one.scrollTop }] : [],
    ),
  };
  try {
    sessionStorage.setItem(KEY, JSON.stringify(place));
  } catch {
    // Then the person finds their place themselves.
  }
}

/** Brings the person back to it, once, unless they go somewhere else before. @returns how to give it up. */
export function restorePlace(): () => void {
  let { focus, scrolled } = takePlace();
  const giveUp = new AbortController();
  const { signal } = giveUp;
  for (const touch of ["pointerdown", "keydown", "wheel", "touchstart"] as const)
    window.addEventListener(touch, () => giveUp.abort(), { signal, capture: true, passive: true });
  const untilMs = performance.now() + LOOK_FOR_MS;
  const look = (): void => {
    if (focus === null && scrolled.length === 0) giveUp.abort();
    if (signal.aborted || performance.now() > untilMs) return;
    const all = [...elementsOf(document)];
    const find = ({ name, nth }: Named, by: (element: Element) => string): Element | undefined =>
      all.filter((one) => by(one) === name)[nth];
    const target = focus && find(focus, calledOf);
    if (target instanceof HTMLElement) {
      target.focus({ preventScroll: true });
      focus = null;
    }
    scrolled = scrolled.filter((pane) => {
      const found = find(pane, paneOf);
      if (!found || found.scrollHeight - found.clientHeight < pane.top) return true;
      found.scrollTop = pane.top;
      return false;
    });
    setTimeout(look, LOOK_EVERY_MS);
  };
  look();
  return () => giveUp.abort();
}

function takePlace(): Pick<Place, "focus" | "scrolled"> {
  const nowhere = { focus: null, scrolled: [] };
  try {
    const text = sessionStorage.getItem(KEY);
    sessionStorage.removeItem(KEY);
    const place = JSON.parse(text ?? "null") as Place | null;
    return place && Date.now() - place.atMs < KEPT_FOR_MS ? place : nowhere;
  } catch {
    return nowhere;
  }
}

function* elementsOf(root: ParentNode): Generator<Element> {
  for (const element of root.querySelectorAll("*")) {
    yield element;
    if (element.shadowRoot) yield* elementsOf(element.shadowRoot);
  }
}

/** What a person would call it; no words that count or tell the time. */
function calledOf(element: Element): string {
  const words =
    element.getAttribute("aria-label") ||
    element.getAttribute("name") ||
    element.getAttribute("href") ||
    element.id ||
    (element.shadowRoot ? "" : element.textContent.replaceAll(/\d+/g, "").trim().slice(0, 60));
  return `${hostOf(element)} ${element.localName} ${words}`;
}

function paneOf(element: Element): string {
  return `${hostOf(element)} ${element.localName} ${element.getAttribute("class") ?? ""}`;
}

function hostOf(element: Element): string {
  const root = element.getRootNode();
  return root instanceof ShadowRoot ? root.host.localName : "";
}
