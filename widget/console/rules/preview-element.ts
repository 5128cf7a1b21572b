import { css, html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import type { PreviewQueue } from "../../../server/console/protocol.ts";
import type { Policy } from "../../../server/priority/model.ts";
import { icon } from "../../shared/icons.ts";
import { base } from "../../shared/styles.ts";
import type { ConsoleContext } from "../context.ts";

const SOON_MS = 350;
const AGAIN_MS = 4000;

/** `<callcard-console-preview>`: how the people waiting now would stand under the draft. Properties: `ctx`, `policy`. */
export class ConsolePreview extends LitElement {
  static override properties = {
    ctx: { attribute: false },
    policy: { attribute: false },
    queues: { state: true },
    failed: { state: true },
  };
  static override styles = [
    base,
    css`
      section {
        padding: 18px 20px;
        display: grid;
        gap: 12px;
      }
      .lead {
        color: var(--ink-3);
        font-size: 13px;
      }
      h3 {
        font-size: 14px;
        font-weight: 650;
        margin-bottom: 4px;
      }
      li {
        display: grid;
        grid-template-columns: 20px minmax(0, 1fr) auto;
        gap: 8px;
        align-items: baseline;
        padding: 5px 0;
        font-size: 14px;
      }
      li + li {
        border-top: 1px solid var(--line);
      }
      .position {
        color: var(--ink-3);
        font-weight: 600;
      }
      .rule {
        display: block;
        font-size: 13px;
        color: var(--ink-3);
      }
      .mark {
        display: inline-flex;
        align-items: baseline;
        font-weight: 600;
        color: var(--ink-3);
      }
      .mark svg.i {
        align-self: center;
        width: 14px;
        height: 14px;
      }
      .up {
        color: var(--accent-ink);
      }
      .down {
        color: var(--warn);
      }
    `,
  ];

  declare ctx: ConsoleContext;
  declare policy: Policy;
  declare queues: readonly PreviewQueue[] | null;
  declare failed: boolean;
  #soon: ReturnType<typeof setTimeout> | null = null;
  #again: ReturnType<typeof setInterval> | null = null;

  constructor() {
    super();
    this.queues = null;
    this.failed = false;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#again = setInterval(() => void this.#ask(), AGAIN_MS);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    if (this.#soon) clearTimeout(this.#soon);
    if (this.#again) clearInterval(this.#again);
  }

  override willUpdate(changed: PropertyValues<this>): void {
    if (!changed.has("policy")) return;
    if (this.#soon) clearTimeout(this.#soon);
    this.#soon = setTimeout(() => void this.#ask(), SOON_MS);
  }

  override render(): TemplateResult {
    const { t } = this.ctx.words;
    const queues = this.queues?.filter(({ callers }) => callers.length > 0) ?? [];
    const moved = queues
      .flatMap(({ callers }) => callers)
      .filter(({ positionNow, positionThen }) => positionNow !== positionThen).length;
    const said = this.failed
      ? t("previewFailed")
      : queues.length === 0
        ? this.queues === null
          ? t("loading")
          : t("previewNobody")
        : moved === 0
          ? t("previewSame")
          : t("previewChanged", { count: moved });
    return html`<section class="panel" aria-label=${t("previewTitle")}>
      <div>
        <h2>${t("previewTitle")}</h2>
        <p class="lead" role="status">${said}</p>
      </div>
      ${this.failed ? nothing : queues.map((queue) => this.#queue(queue))}
    </section>`;
  }

  #queue(queue: PreviewQueue): TemplateResult {
    const { t, tier } = this.ctx.words;
    const callers = queue.callers.toSorted((a, b) => a.positionThen - b.positionThen);
    return html`<div>
      <h3><bdi>${queue.name}</bdi></h3>
      <ol>
        ${callers.map((caller) => {
          const up = caller.positionNow - caller.positionThen;
          return html`<li>
            <span class="position">${caller.positionThen}</span>
            <span
              ><bdi>${caller.title || t("unknownCaller")}</bdi>
              <span class="rule"
                >${[caller.tier ? tier(caller.tier) : "", caller.ruleThen?.name ?? ""]
                  .filter(Boolean)
                  .join(" · ")}</span
              ></span
            >
            ${
              up === 0
                ? nothing
                : html`<span class="mark ${up > 0 ? "up" : "down"}"
                    >${icon(up > 0 ? "up" : "down")}<span aria-hidden="true">${Math.abs(up)}</span
                    ><span class="sr"
                      >${t(up > 0 ? "previewUp" : "previewDown", { count: Math.abs(up) })}</span
                    ></span
                  >`
            }
          </li>`;
        })}
      </ol>
    </div>`;
  }

  async #ask(): Promise<void> {
    const { policy } = this;
    const reply = await this.ctx.model.request("preview", { policy });
    if (policy !== this.policy) return;
    if (reply.ok) this.queues = reply.queues;
    // Without a connection the last preview stays.
    else if (reply.code === "noReply") return;
    this.failed = !reply.ok;
  }
}
