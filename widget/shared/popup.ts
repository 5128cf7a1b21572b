import { css, type ReactiveController, type ReactiveElement } from "lit";

/** Opens and closes a small panel of its host: a press elsewhere, Escape, and focus leaving close it. */
export class Popup implements ReactiveController {
  open = false;
  readonly #host: ReactiveElement;
  #opener: HTMLElement | null = null;
  #listening: AbortController | null = null;

  constructor(host: ReactiveElement) {
    this.#host = host;
    host.addController(this);
  }

  toggle(): void {
    if (this.open) {
      this.close();
      return;
    }
    this.open = true;
    const root = this.#host.shadowRoot;
    this.#opener = root?.activeElement instanceof HTMLElement ? root.activeElement : null;
    this.#listening = new AbortController();
    const { signal } = this.#listening;
    window.addEventListener(
      "pointerdown",
      (event) => {
        if (!event.composedPath().includes(this.#host)) this.close();
      },
      { signal, capture: true },
    );
    this.#host.addEventListener(
      "keydown",
      (event) => {
        if (event.key !== "Escape") return;
        event.stopPropagation();
        this.close();
        this.#opener?.focus();
      },
      { signal },
    );
    this.#host.addEventListener(
      "focusout",
      (event) => {
        const to = event.relatedTarget;
        if (to instanceof Node && !this.#host.contains(to) && !root?.contains(to)) this.close();
      },
      { signal },
    );
    this.#host.requestUpdate();
    void this.#focusInside();
  }

  async #focusInside(): Promise<void> {
    await this.#host.updateComplete;
    const inside = ".popup button, .popup input, .popup select";
    this.#host.shadowRoot?.querySelector<HTMLElement>(inside)?.focus();
  }

  close(): void {
    if (!this.open) return;
    this.open = false;
    this.#listening?.abort();
    this.#host.requestUpdate();
  }

  hostConnected(): void {}

  hostDisconnected(): void {
    this.close();
  }
}

/** The panel: `popup left` or `popup right`, with `item` buttons. */
export const popupStyles = css`
  .popup {
    position: absolute;
    top: calc(100% + 8px);
    z-index: 20;
    min-width: 200px;
    max-width: min(320px, 92vw);
    max-height: 70vh;
    overflow: auto;
    padding: 6px;
    background: var(--raised);
    border: 1px solid var(--line);
    border-radius: var(--radius);
    box-shadow: var(--shadow-high);
  }
  .popup.left {
    left: 0;
  }
  .popup.right {
    right: 0;
  }
  .item {
    display: flex;
    align-items: center;
    gap: 10px;
    width: 100%;
    min-height: var(--tap);
    padding: 6px 10px;
    border-radius: var(--radius-s);
    font-size: 14px;
  }
  .item:hover {
    background: var(--sunken);
  }
`;
