import type { OrderStage } from "../../server/orders/model.ts";
import type { Locale } from "../shared/locale.ts";

/** How a stage looks: still in the shop's hands, on its way, over, or gone back. */
export const STAGE_LOOK: { readonly [S in OrderStage]: "open" | "moving" | "over" | "back" } = {
  new: "open",
  confirmed: "open",
  paid: "open",
  assembling: "open",
  shipped: "moving",
  delivered: "moving",
  completed: "over",
  cancelled: "back",
  returned: "back",
  other: "over",
};

/** The stage in the operator's language; the shop's own word where there is none. */
export function stageWords(stage: OrderStage, status: string, locale: Locale): string {
  return stage === "other" && status ? status : locale.word("stage_", stage);
}
