import { html, nothing, type TemplateResult } from "lit";
import type { DeskCall, Note, PastCall } from "../../server/desk/protocol.ts";
import type { DeskContext } from "../shared/context.ts";
import { dispositionWords, pastCallWords } from "../shared/words.ts";

/** Earlier calls and notes, newest first. */
export function history(call: DeskCall, ctx: DeskContext): TemplateResult {
  const { t } = ctx.locale;
  const { card } = call;
  return html`<div>
    <section aria-labelledby="calls">
      <h2 id="calls">${t("callsTitle")}</h2>
      ${
        card.calls.length === 0
          ? html`<p class="nothing">
              ${card.problems.includes("historyMissing") ? t("callsMissing") : t("callsNone")}
            </p>`
          : html`<ul class="rows">
              ${card.calls.map((past) => pastRow(past, ctx))}
            </ul>`
      }
    </section>
    ${
      card.customer || card.notes.length > 0
        ? html`<section aria-labelledby="notes">
            <h2 id="notes">${t("notesTitle")}</h2>
            ${
              card.notes.length > 0
                ? html`<ul class="rows">
                    ${card.notes.map((note) => noteRow(note, ctx))}
                  </ul>`
                : nothing
            }
            ${
              card.customer && call.state !== "elsewhere"
                ? html`<callcard-note .ctx=${ctx} .callId=${call.callId}></callcard-note>`
                : nothing
            }
          </section>`
        : nothing
    }
  </div>`;
}

function pastRow(past: PastCall, ctx: DeskContext): TemplateResult {
  const { locale, clock } = ctx;
  return html`<li class="past">
    <p class="line">
      <span class=${past.answered || past.direction === "outbound" ? "" : "missed"}
        >${pastCallWords(past, locale)}</span
      >
      <span class="meta">${locale.dayAndTime(past.startedAt, clock.nowMs())}</span>
    </p>
    ${past.note ? html`<p class="text small"><bdi>${past.note}</bdi></p>` : nothing}
    ${
      past.operatorName || past.disposition
        ? html`<p class="meta">
            ${[dispositionWords(past, ctx), past.operatorName].filter(Boolean).join(", ")}
          </p>`
        : nothing
    }
  </li>`;
}

function noteRow(note: Note, ctx: DeskContext): TemplateResult {
  const { locale, clock } = ctx;
  return html`<li>
    <p class="text"><bdi>${note.text}</bdi></p>
    <p class="meta">
      ${note.authorName ? html`<bdi>${note.authorName}</bdi>, ` : nothing}${locale.dayAndTime(
        note.createdAt,
        clock.nowMs(),
      )}
    </p>
  </li>`;
}
