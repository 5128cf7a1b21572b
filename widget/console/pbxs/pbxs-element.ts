import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import type { PbxReport, PbxsReport } from "../../../server/asterisk/pbx-routes.ts";
import { icon } from "../../shared/icons.ts";
import { base } from "../../shared/styles.ts";
import type { ConsoleContext } from "../context.ts";
import { listStyles } from "../shared/list.styles.ts";
import { alertOf } from "../shared/page-parts.ts";
import { pageStyles } from "../shared/page.styles.ts";
import { pbxReasonText } from "../shared/pbx-reason.ts";
import { ShownList } from "../shared/shown-list.ts";
import { holderText } from "./holder.ts";

const LOOK_AGAIN_MS = 5000;
/** What came and waits longer than this is felt: cards come late. */
const LONG_LAG_MS = 500;
const COLOURS: Readonly<Record<PbxReport["state"], string>> = {
  ...{ up: "good", connecting: "warn", synchronising: "warn", flooding: "bad", down: "bad" },
  stopped: "",
};

/** `<callcard-console-pbxs>`: every PBX, how it is, who acts on it, and whether the list of them could be read. Properties: `ctx`. */
export class ConsolePbxs extends LitElement {
  static override properties = {
    ctx: { attribute: false },
  };
  static override styles = [
    base,
    pageStyles,
    listStyles,
    css`
      :host {
        max-width: 960px;
      }
      .acts.nobody {
        color: var(--bad);
      }
      li.panel > div {
        display: grid;
        gap: 4px;
      }
      .wrap {
        overflow-wrap: anywhere;
      }
    `,
  ];

  declare ctx: ConsoleContext;
  readonly #list = new ShownList(this, {
    words: () => this.ctx.words,
    everyMs: LOOK_AGAIN_MS,
    read: () => this.ctx.model.api.pbxs.all(),
    rowsOf: ({ pbxs }) => pbxs,
    keyOf: ({ name }) => name,
    mayChange: () => this.ctx.writes,
  });

  override firstUpdated(): void {
    if (this.ctx.writes) void this.#list.load();
  }

  override render(): TemplateResult {
    const { ctx } = this;
    const { t } = ctx.words;
    const { first, problem } = this.#list;
    return html`<h1 tabindex="-1">${t("place_pbxs")}</h1>
      ${
        ctx.writes
          ? html`${alertOf(problem)} ${first === null ? nothing : this.#settings(first.settings)}
            ${this.#list.show({
              label: t("place_pbxs"),
              none: t("px_none"),
              row: (pbx) => this.#pbx(pbx),
            })}`
          : html`<p class="notice calm">${t("px_adminsOnly")}</p>`
      }`;
  }

  #settings(settings: PbxsReport["settings"]): TemplateResult {
    const { words, model } = this.ctx;
    const { t, locale } = words;
    if (settings === null) return html`<p class="lead">${t("px_fromEnvironment")}</p>`;
    const { file, needRestart, problem } = settings;
    const readAt = locale.dayAndTime(settings.readAt, model.clock.nowMs());
    return html`${alertOf(problem === "" ? "" : t("px_badFile", { file, problem }))}
      ${
        needRestart.length === 0
          ? nothing
          : html`<p class="notice" role="status">
              ${icon("warning")}<span
                >${t("px_needRestart", { names: words.all(needRestart) })}</span
              >
            </p>`
      }
      <p class="lead wrap">${t("px_fromFile", { file, when: readAt })}</p>`;
  }

  #pbx(pbx: PbxReport): TemplateResult {
    const { words, model } = this.ctx;
    const { t, locale } = words;
    const { address, floods, holder, lagMs, name, roundTripMs, state, version } = pbx;
    const since = new Date(pbx.sinceMs).toISOString();
    const nowMs = model.clock.nowMs();
    return html`<li class="panel" aria-label=${name}>
      <div>
        <p class="who">
          <b><bdi>${name}</bdi></b>
          <span class="badge ${COLOURS[state]}">${t(`px_state_${state}`)}</span>
          ${version === "" ? nothing : html`<span class="badge">Asterisk ${version}</span>`}
        </p>
        ${
          pbx.reason === ""
            ? nothing
            : html`<p class="wrap">
                ${t("px_because", { why: pbxReasonText(pbx.reason, words) })}
              </p>`
        }
        <p class="acts ${holder === null ? "nobody" : ""}">${holderText(pbx, words)}</p>
        <p class="facts">
          <span><bdi>${address}</bdi></span>
          <span>${t("px_stateSince", { when: locale.dayAndTime(since, nowMs) })}</span>
          ${
            holder === null
              ? nothing
              : html`<span
                  >${t("px_since", { when: locale.dayAndTime(holder.since, nowMs) })}</span
                >`
          }
          ${
            // Nothing comes from one that is away.
            state === "up" || state === "synchronising" || state === "flooding"
              ? html`<span>${t("px_events", { count: words.number(pbx.eventsPerSecond, 0) })}</span>
                  <span class=${lagMs > LONG_LAG_MS ? "bad" : ""}
                    >${t("px_lag", { ms: words.number(lagMs, 0) })}</span
                  >`
              : nothing
          }
          ${
            roundTripMs === null
              ? nothing
              : html`<span>${t("px_answers", { ms: words.number(roundTripMs, 0) })}</span>`
          }
          ${
            floods === 0
              ? nothing
              : html`<span class="bad">${t("px_floods", { count: floods })}</span>`
          }
        </p>
      </div>
    </li>`;
  }
}
