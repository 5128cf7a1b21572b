import { css, html, LitElement, type TemplateResult } from "lit";
import { base } from "../../shared/styles.ts";
import type { CallBackSettings } from "../../../server/followups/call-backs/settings.ts";
import type { ConsoleContext } from "../context.ts";
import { type Editing, line, number, part, several, tick } from "../shared/editing.ts";
import { editingStyles } from "../shared/editing.styles.ts";
import { hoursLines } from "../shared/hours.ts";
import { inlineStyles, sentence } from "../shared/inline.ts";
import { alertOf } from "../shared/page-parts.ts";
import { refusalText } from "../shared/problems.ts";
import { saveBar } from "../shared/save-bar.ts";

/**
 * `<callcard-console-call-back-settings>`: which missed calls become call backs, when people are called, and when a supervisor hears of
 * it. Properties: `ctx`.
 */
export class ConsoleCallBackSettings extends LitElement {
  static override properties = { ctx: { attribute: false }, problem: { state: true } };
  static override styles = [
    base,
    inlineStyles,
    editingStyles,
    css`
      :host {
        max-width: 860px;
      }
    `,
  ];

  declare ctx: ConsoleContext;
  declare problem: string;

  constructor() {
    super();
    this.problem = "";
  }

  override firstUpdated(): void {
    void this.#open();
  }

  override render(): TemplateResult {
    const { ctx } = this;
    const { t, raw } = ctx.words;
    const { draft } = ctx.model.callBacks;
    if (!draft)
      return html`${alertOf(this.problem)}
      ${this.problem ? "" : html`<p class="muted" role="status">${t("loading")}</p>`}`;
    const { settings } = draft;
    const { missed } = settings;
    const editing: Editing<CallBackSettings> = {
      ctx,
      settings,
      checked: draft.checked,
      set: (change) => draft.set(change),
    };
    const setMissed = (change: Partial<CallBackSettings["missed"]>): void =>
      draft.set({ missed: { ...missed, ...change } });
    const whole = (name: "lateMinutes" | "mostTries" | "retryMinutes" | "takenMinutes") =>
      line(editing, `cbs_${name}`, {
        count: number(editing, `cbs_${name}Label`, `/${name}`, settings[name], (value) =>
          draft.set({ [name]: value }),
        ),
      });
    const queues = ctx.model.vocabulary?.queues ?? [];
    return html`${ctx.writes ? "" : html`<p class="notice calm">${t("cbs_readOnly")}</p>`}
    ${part(
      editing,
      t("cbs_missed"),
      ["/missed"],
      html`${tick(editing, t("cbs_enabled"), missed.enabled, (enabled) => setMissed({ enabled }))}
      ${
        missed.enabled
          ? html`${line(editing, "cbs_after", {
              count: number(
                editing,
                "cbs_afterLabel",
                "/missed/afterSeconds",
                missed.afterSeconds,
                (afterSeconds) => setMissed({ afterSeconds }),
              ),
            })}
            ${tick(
              editing,
              t("cbs_allQueues"),
              missed.queues.length > 0,
              (on) => setMissed({ queues: on ? queues.slice(0, 1) : [] }),
              missed.queues.length === 0
                ? t("cbs_allQueues")
                : sentence(raw("cbs_queues"), {
                    queues: several(
                      editing,
                      "cbs_queuesLabel",
                      "/missed/queues",
                      missed.queues,
                      queues,
                      (list) => setMissed({ queues: [...list] }),
                      { free: true },
                    ),
                  }),
            )}
            ${tick(editing, t("cbs_direct"), missed.direct, (direct) => setMissed({ direct }))}
            ${tick(editing, t("cbs_closed"), missed.closed, (closed) => setMissed({ closed }))}`
          : ""
      }`,
    )}
    ${part(
      editing,
      t("cbs_when"),
      ["/hours"],
      html`<p class="hint">${t("cbs_whenHint", { zone: draft.before?.timeZone ?? "" })}</p>
        ${hoursLines(editing)}`,
    )}
    ${part(
      editing,
      t("cbs_rules"),
      ["/lateMinutes", "/mostTries", "/retryMinutes", "/takenMinutes"],
      html`${whole("lateMinutes")} ${whole("retryMinutes")} ${whole("mostTries")}
      ${whole("takenMinutes")}`,
    )}
    ${
      ctx.writes
        ? saveBar(draft, ctx.words, {
            save: () => void this.#send(),
            discard: () => {
              if (draft.before) draft.replace(draft.before);
            },
          })
        : ""
    }`;
  }

  async #send(): Promise<void> {
    const { model, tell, words } = this.ctx;
    if (await model.callBacks.draft?.send()) tell(words.t("cbs_saved"));
  }

  async #open(): Promise<void> {
    const { words, model } = this.ctx;
    const refused = await model.callBacks.open();
    this.problem = refused ? words.t("loadFailed", { message: refusalText(refused, words) }) : "";
  }
}
