import { css, html, LitElement, type PropertyValues, type TemplateResult } from "lit";
import type { ConsoleCaller, WhyPlaced } from "../../../server/console/protocol.ts";
import { base } from "../../shared/styles.ts";
import { runningTime } from "../../shared/time.ts";
import type { ConsoleContext } from "../context.ts";
import { conditionText } from "../sentences.ts";

const AGAIN_MS = 3000;

/** `<callcard-console-why>`: why one caller stands where they stand, in sentences. Properties: `ctx`, `caller`, `queue`. */
export class ConsoleWhy extends LitElement {
  static override properties = {
    ctx: { attribute: false },
    caller: { attribute: false },
    queue: { attribute: false },
    why: { state: true },
    problem: { state: true },
  };

  static override styles = [
    base,
    css`
      .why {
        display: grid;
        gap: 6px;
        padding: 14px 16px;
        border-radius: var(--radius-s);
        background: var(--sunken);
        font-size: 14px;
        color: var(--ink-2);
        overflow-wrap: anywhere;
      }
      h3 {
        font-size: 13px;
        font-weight: 600;
        color: var(--ink-3);
        margin-top: 6px;
      }
      .first {
        color: var(--ink);
        font-weight: 600;
      }
    `,
  ];

  declare ctx: ConsoleContext;
  declare caller: ConsoleCaller;
  declare queue: string;
  declare why: WhyPlaced | null;
  declare problem: string;
  #timer: ReturnType<typeof setInterval> | null = null;

  constructor() {
    super();
    this.why = null;
    this.problem = "";
  }

  override connectedCallback(): void {
    super.connectedCallback();
    // Who overtakes whom and when changes by waiting alone.
    this.#timer = setInterval(() => void this.#ask(), AGAIN_MS);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    if (this.#timer) clearInterval(this.#timer);
  }

  override willUpdate(changed: PropertyValues<this>): void {
    const before = changed.get("caller");
    const other =
      before?.position !== this.caller.position || before?.movedBy !== this.caller.movedBy;
    if (changed.has("caller") && other) void this.#ask();
  }

  override render(): TemplateResult {
    const { t } = this.ctx.words;
    if (this.problem) return html`<p class="why">${this.problem}</p>`;
    const { why } = this;
    if (!why) return html`<p class="why" role="status">${t("loading")}</p>`;
    return html`<div class="why" role="group" aria-label=${t("why")}>
      <p class="first">${why.rule ? t("why_rule", { rule: why.rule.name }) : t("why_noRule")}</p>
      <p>${this.#claim(why)}</p>
      ${why.guard ? html`<p>${t(`why_guard_${why.guard}`)}</p>` : ""}
      <p>${this.#ahead(why)} ${this.#behind(why)}</p>
      ${why.passedOver.map(
        ({ ruleName, failed }) =>
          html`<p>
            ${
              failed
                ? t("why_notRule", {
                    rule: ruleName,
                    reason: t("why_needs", {
                      condition: conditionText(failed, this.ctx.words, this.ctx.names),
                    }),
                  })
                : t("why_off", { rule: ruleName })
            }
          </p>`,
      )}
      <h3>${t("why_moves")}</h3>
      ${
        why.moves.length === 0
          ? html`<p>${t("why_noMoves")}</p>`
          : html`<ul>
              ${why.moves.map(
                (move) =>
                  html`<li>
                    ${t("why_move", {
                      time: this.ctx.words.locale.time(move.atMs),
                      from: move.fromPosition,
                      to: move.toPosition ?? "?",
                      by: move.by === "policy" ? t("byPolicy") : t("byPerson", { name: move.by }),
                    })}
                  </li>`,
              )}
            </ul>`
      }
    </div>`;
  }

  #claim(why: WhyPlaced): string {
    const { t, number } = this.ctx.words;
    const { headStartMs, rate } = this.caller;
    const time = t("why_claim", { time: runningTime(why.claimMs) });
    if (headStartMs === 0 && rate === 1) return time;
    const waited = runningTime((why.claimMs - headStartMs) / rate);
    const how = t("effectiveHow", {
      headStart: runningTime(headStartMs),
      rate: number(rate, 2),
      waited,
    });
    return `${time.replace(/\.$/, "")}: ${how}.`;
  }

  #ahead({ ahead }: WhyPlaced): string {
    const { t, locale } = this.ctx.words;
    if (!ahead) return t("why_first");
    const name = ahead.title || t("unknownCaller");
    return ahead.overtakenInMs === null
      ? t("why_aheadNever", { name })
      : t("why_aheadWhen", { name, time: locale.duration(ahead.overtakenInMs) });
  }

  #behind({ behind }: WhyPlaced): string {
    const { t, locale } = this.ctx.words;
    if (!behind) return t("why_last");
    const name = behind.title || t("unknownCaller");
    return behind.overtakesInMs === null
      ? t("why_behindNever", { name })
      : t("why_behindWhen", { name, time: locale.duration(behind.overtakesInMs) });
  }

  async #ask(): Promise<void> {
    const { model, words } = this.ctx;
    const reply = await model.request("why", { callId: this.caller.callId, queue: this.queue });
    if (reply.ok) {
      this.why = reply.why;
      this.problem = "";
    } else if (reply.code === "noReply") {
      if (!this.why) this.problem = words.t("noReply");
    } else
      this.problem =
        words.coded("problem_", reply.code) ?? words.t("failed", { message: reply.message });
  }
}
