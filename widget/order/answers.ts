import { html, nothing, type TemplateResult } from "lit";
import type {
  OrderAction,
  OrderActionRequest,
  OrderDetail,
} from "../../server/orders/actions/model.ts";
import type { DeskContext } from "../shared/context.ts";
import { icon } from "../shared/icons.ts";

/** So many at most: the operator settles the newest first. */
const MOST = 3;

/**
 * What became of what was asked for an order: whatever waits or was given back, and of the rest the newest, when it was refused or asked
 * from this screen (`own`, ids).
 */
export function answers(
  order: Pick<OrderDetail, "actions">,
  own: ReadonlySet<string>,
  ctx: DeskContext,
  again: (request: OrderActionRequest) => void,
): readonly TemplateResult[] {
  return toTell(order.actions, own).map((action) => answer(action, ctx, again));
}

/** Which of them are told. Newest first. */
export function toTell(
  actions: readonly OrderAction[],
  own: ReadonlySet<string>,
): readonly OrderAction[] {
  const kinds = new Set<string>();
  return actions
    .filter(({ id, state, request }, index) => {
      // What was asked for again later stands for what was given back before.
      const first = !kinds.has(request.kind);
      kinds.add(request.kind);
      if (state === "waiting") return true;
      if (state === "givenBack") return first;
      return index === 0 && (state === "refused" || own.has(id));
    })
    .slice(0, MOST);
}

const LOOK = { waiting: "", refused: "bad", givenBack: "bad", done: "calm" } as const;

function answer(
  { request, state, answer: words }: OrderAction,
  { locale }: DeskContext,
  again: (request: OrderActionRequest) => void,
): TemplateResult {
  const { t } = locale;
  const what = t(`asked_${request.kind}`);
  return html`<div class="notice ${LOOK[state]}">
    ${icon(state === "done" ? "check" : state === "waiting" ? "clock" : "warning")}<span
      >${t(`answer_${state}`, { what })}
      ${
        words
          ? state === "refused"
            ? html`<bdi>${t("answerWords", { words })}</bdi>`
            : html`<bdi>${words}</bdi>`
          : nothing
      }</span
    >
    ${
      state === "givenBack"
        ? html`<button class="btn" type="button" @click=${() => again(request)}>
            ${t("askAgain")}
          </button>`
        : nothing
    }
  </div>`;
}
