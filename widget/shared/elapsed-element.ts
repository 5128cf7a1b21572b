import { css, html, LitElement, type TemplateResult } from "lit";
import { runningTime, type Clock } from "./time.ts";

/**
 * `<callcard-elapsed>`: a running time such as `0:42`, by the server's clock.
 *
 * Properties: `since` (epoch ms, null shows nothing), `until` (epoch ms; stands still there), `clock`;
 * or `to` (epoch ms) instead of `since`: the time left till then.
 */
export class CallcardElapsed extends LitElement {
  static override properties = {
    since: { attribute: false },
    until: { attribute: false },
    to: { attribute: false },
    clock: { attribute: false },
  };

  static override styles = css`
    :host {
      font-variant-numeric: tabular-nums;
      white-space: nowrap;
    }
  `;

  declare since: number | null;
  declare until: number | null;
  declare to: number | null;
  declare clock: Clock | null;
  #timer: ReturnType<typeof setInterval> | null = null;
  #shown = "";

  constructor() {
    super();
    this.since = null;
    this.until = null;
    this.to = null;
    this.clock = null;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    // Four looks a second and at most one repaint: no second is skipped or shown twice.
    this.#timer = setInterval(() => {
      if (this.until === null && this.#text() !== this.#shown) this.requestUpdate();
    }, 250);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    if (this.#timer) clearInterval(this.#timer);
    this.#timer = null;
  }

  override render(): TemplateResult {
    this.#shown = this.#text();
    return html`${this.#shown}`;
  }

  #text(): string {
    if (!this.clock) return "";
    // Up to the next second: it ends with 0:00, not with a second of it.
    if (this.to !== null) return runningTime(this.to - this.clock.nowMs() + 999);
    if (this.since === null) return "";
    return runningTime((this.until ?? this.clock.nowMs()) - this.since);
  }
}
