import { html, nothing, type TemplateResult } from "lit";
import type { DeskPreview, SkipReason } from "../../server/desk/protocol.ts";
import type { DeskContext } from "../shared/context.ts";
import { icon } from "../shared/icons.ts";
import { previewTitle } from "../shared/words.ts";
import type { DeskModel } from "./desk-model.ts";

/** Whom the operator is asked to call, in the place of a card. @param keys True when single keys work here. */
export function offered(
  model: DeskModel,
  ctx: DeskContext,
  preview: DeskPreview,
  keys: boolean,
): TemplateResult {
  return html`<callcard-preview
    .ctx=${ctx}
    .preview=${preview}
    ?named=${(model.screen?.desk.pbxs.length ?? 0) > 1}
    .waits=${model.previews.waits(preview)}
    .problem=${model.previews.problem}
    ?shortcuts=${keys}
    @call=${() => model.callPreview()}
    @skip=${(event: CustomEvent<{ reason: SkipReason }>) => model.skipPreview(event.detail.reason)}
  ></callcard-preview>`;
}

/** The same while another card is shown: one line above it that opens it. */
export function offeredLine(
  model: DeskModel,
  ctx: DeskContext,
  preview: DeskPreview,
): TemplateResult {
  const { locale } = ctx;
  return html`<p class="offered">
    ${icon("outgoing")}<span
      ><bdi>${locale.t("previewWaits", { name: previewTitle(preview, locale) })}</bdi> ${
        preview.dialledAtMs === null
          ? nothing
          : html`·
              <callcard-elapsed .to=${preview.dialledAtMs} .clock=${ctx.clock}></callcard-elapsed>`
      }</span
    ><button class="btn" type="button" @click=${() => model.select(null)}>
      ${locale.t("previewShow")}
    </button>
  </p>`;
}
