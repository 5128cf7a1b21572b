/** The one script of the product: registers `<callcard-desk>` and its parts. Loading it twice does no harm. */
import { CallcardCallBacks } from "./call-backs/call-backs-element.ts";
import { CallcardPromise } from "./call-backs/promise-element.ts";
import { CallcardCandidates } from "./card/candidates-element.ts";
import { CallcardCard } from "./card/card-element.ts";
import { CallcardNewcomer } from "./card/newcomer-element.ts";
import { CallcardOrders } from "./card/orders-element.ts";
import { CallcardNote } from "./card/note-element.ts";
import { CallcardClaim } from "./claims/claim-element.ts";
import { CallcardDesk } from "./desk/desk-element.ts";
import { CallcardDevice } from "./device/device-element.ts";
import { CallcardDial } from "./dial/dial-element.ts";
import { CallcardHelp } from "./help/help-element.ts";
import { CallcardLine } from "./line/line-element.ts";
import { CallcardLogin } from "./login/login-element.ts";
import { CallcardMenu } from "./menu/menu-element.ts";
import { CallcardOffers } from "./offers/offers-element.ts";
import { CallcardDelivery } from "./order/delivery-element.ts";
import { CallcardOrder } from "./order/order-element.ts";
import { CallcardProductSearch } from "./order/product-search-element.ts";
import { CallcardPreview } from "./preview/preview-element.ts";
import { CallcardPresence } from "./presence/presence-element.ts";
import { CallcardElapsed } from "./shared/elapsed-element.ts";
import { CallcardNumber } from "./shared/number-element.ts";
import { CallcardTimeline } from "./timeline/timeline-element.ts";
import { CallcardToday } from "./today/today-element.ts";
import { CallcardCallBack } from "./wrap-up/call-back-element.ts";
import { CallcardTags } from "./wrap-up/tags-element.ts";
import { CallcardWrapUp } from "./wrap-up/wrap-up-element.ts";

const ELEMENTS: Readonly<Record<string, CustomElementConstructor>> = {
  "callcard-elapsed": CallcardElapsed,
  "callcard-number": CallcardNumber,
  "callcard-note": CallcardNote,
  "callcard-newcomer": CallcardNewcomer,
  "callcard-candidates": CallcardCandidates,
  "callcard-delivery": CallcardDelivery,
  "callcard-orders": CallcardOrders,
  "callcard-product-search": CallcardProductSearch,
  "callcard-order": CallcardOrder,
  "callcard-offers": CallcardOffers,
  "callcard-claim": CallcardClaim,
  "callcard-promise": CallcardPromise,
  "callcard-call-backs": CallcardCallBacks,
  "callcard-timeline": CallcardTimeline,
  "callcard-tags": CallcardTags,
  "callcard-card": CallcardCard,
  "callcard-dial": CallcardDial,
  "callcard-device": CallcardDevice,
  "callcard-help": CallcardHelp,
  "callcard-line": CallcardLine,
  "callcard-login": CallcardLogin,
  "callcard-menu": CallcardMenu,
  "callcard-preview": CallcardPreview,
  "callcard-presence": CallcardPresence,
  "callcard-today": CallcardToday,
  "callcard-call-back": CallcardCallBack,
  "callcard-wrap-up": CallcardWrapUp,
  "callcard-desk": CallcardDesk,
};

// All or nothing: parts of two versions on one page would not fit each other.
if (!customElements.get("callcard-desk")) {
  for (const [name, element] of Object.entries(ELEMENTS)) customElements.define(name, element);
}

export { CallcardDesk } from "./desk/desk-element.ts";
export type { HostEventDetail } from "./desk/host-events.ts";
