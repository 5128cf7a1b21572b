/**
 * The script of supervisors and admins: registers `<callcard-console>` and its parts. It has names of its own for everything, so
 * that it may stand beside the operators' script of another version on one page. Loading it twice does no harm.
 */
import { CallcardConsole } from "./console/console-element.ts";
import { ConsoleCallBacks } from "./console/call-backs/call-backs-element.ts";
import { ConsoleCampaigns } from "./console/campaigns/campaigns-element.ts";
import { ConsoleDoNotCall } from "./console/campaigns/do-not-call/do-not-call-element.ts";
import { ConsoleCampaignEditor } from "./console/campaigns/editor/editor-element.ts";
import { ConsoleCampaignStart } from "./console/campaigns/editor/start-element.ts";
import { ConsoleCampaignList } from "./console/campaigns/list/list-element.ts";
import { ConsoleCampaignLive } from "./console/campaigns/list/live-element.ts";
import { ConsoleCampaignPeople } from "./console/campaigns/people/people-element.ts";
import { ConsoleUpload } from "./console/campaigns/people/upload-element.ts";
import { ConsoleAttempt } from "./console/campaigns/story/attempt-element.ts";
import { ConsoleTrunks } from "./console/campaigns/trunks/trunks-element.ts";
import { ConsoleOfferEditor } from "./console/offers/editor-element.ts";
import { ConsoleOfferList } from "./console/offers/list-element.ts";
import { ConsoleOffers } from "./console/offers/offers-element.ts";
import { ConsoleProducts } from "./console/offers/products-element.ts";
import { ConsoleStandings } from "./console/offers/standings-element.ts";
import { ConsoleOfferTry } from "./console/offers/try-element.ts";
import { ConsoleQueues } from "./console/queues/queues-element.ts";
import { ConsoleWhy } from "./console/queues/why-element.ts";
import { ConsolePbxs } from "./console/pbxs/pbxs-element.ts";
import { ConsoleRatings } from "./console/reports/ratings-element.ts";
import { ConsoleReports } from "./console/reports/reports-element.ts";
import { ConsoleCondition } from "./console/rules/condition-element.ts";
import { ConsoleGuard } from "./console/rules/guard-element.ts";
import { ConsolePreview } from "./console/rules/preview-element.ts";
import { ConsoleRule } from "./console/rules/rule-element.ts";
import { ConsoleRules } from "./console/rules/rules-element.ts";
import { ConsoleStart } from "./console/rules/start-element.ts";
import { ConsoleChips } from "./console/shared/chips-element.ts";
import { ConsoleDialog } from "./console/shared/dialog-element.ts";
import { ConsoleSettings } from "./console/shared/settings-element.ts";
import { ConsoleVersions } from "./console/versions/versions-element.ts";
import { ConsoleChart } from "./console/what-if/chart-element.ts";
import { ConsoleResults } from "./console/what-if/results-element.ts";
import { ConsoleWhatIf } from "./console/what-if/what-if-element.ts";
import { ConsoleCallBackSettings } from "./console/call-backs/settings-element.ts";
import { ConsoleClaim } from "./console/claims/claim-element.ts";
import { ConsoleClaimList } from "./console/claims/claim-list-element.ts";
import { ConsoleClaims } from "./console/claims/claims-element.ts";
import { ConsoleLetterOwner } from "./console/claims/letter-owner-element.ts";
import { ConsoleLetters } from "./console/claims/letters-element.ts";
import { ConsoleCarrier } from "./console/delivery/carrier-element.ts";
import { ConsoleCarriers } from "./console/delivery/carriers-element.ts";
import { ConsoleDelivery } from "./console/delivery/delivery-element.ts";
import { ConsoleDeliveryTry } from "./console/delivery/try-element.ts";
import { ConsoleOfferVersions } from "./console/offers/versions-element.ts";
import { ConsoleActions } from "./console/undelivered/actions-element.ts";
import { ConsoleUndelivered } from "./console/undelivered/undelivered-element.ts";
import { ConsoleWebhooks } from "./console/undelivered/webhooks-element.ts";
import { CallcardLogin } from "./login/login-element.ts";
import { CallcardElapsed } from "./shared/elapsed-element.ts";

const ELEMENTS: Readonly<Record<string, CustomElementConstructor>> = {
  // Classes of their own: one constructor has one name, and the operators' script names these too.
  "callcard-console-elapsed": class extends CallcardElapsed {},
  "callcard-console-login": class extends CallcardLogin {},
  "callcard-console-settings": ConsoleSettings,
  "callcard-console-dialog": ConsoleDialog,
  "callcard-console-chips": ConsoleChips,
  "callcard-console-queues": ConsoleQueues,
  "callcard-console-why": ConsoleWhy,
  "callcard-console-condition": ConsoleCondition,
  "callcard-console-guard": ConsoleGuard,
  "callcard-console-preview": ConsolePreview,
  "callcard-console-rule": ConsoleRule,
  "callcard-console-start": ConsoleStart,
  "callcard-console-rules": ConsoleRules,
  "callcard-console-chart": ConsoleChart,
  "callcard-console-results": ConsoleResults,
  "callcard-console-what-if": ConsoleWhatIf,
  "callcard-console-versions": ConsoleVersions,
  "callcard-console-upload": ConsoleUpload,
  "callcard-console-campaign-live": ConsoleCampaignLive,
  "callcard-console-campaign-list": ConsoleCampaignList,
  "callcard-console-campaign-start": ConsoleCampaignStart,
  "callcard-console-campaign-editor": ConsoleCampaignEditor,
  "callcard-console-campaign-people": ConsoleCampaignPeople,
  "callcard-console-attempt": ConsoleAttempt,
  "callcard-console-do-not-call": ConsoleDoNotCall,
  "callcard-console-trunks": ConsoleTrunks,
  "callcard-console-campaigns": ConsoleCampaigns,
  "callcard-console-products": ConsoleProducts,
  "callcard-console-offer-list": ConsoleOfferList,
  "callcard-console-offer-editor": ConsoleOfferEditor,
  "callcard-console-offer-try": ConsoleOfferTry,
  "callcard-console-standings": ConsoleStandings,
  "callcard-console-offers": ConsoleOffers,
  "callcard-console-call-backs": ConsoleCallBacks,
  "callcard-console-call-back-settings": ConsoleCallBackSettings,
  "callcard-console-claim": ConsoleClaim,
  "callcard-console-claim-list": ConsoleClaimList,
  "callcard-console-claims": ConsoleClaims,
  "callcard-console-letter-owner": ConsoleLetterOwner,
  "callcard-console-letters": ConsoleLetters,
  "callcard-console-carrier": ConsoleCarrier,
  "callcard-console-carriers": ConsoleCarriers,
  "callcard-console-delivery": ConsoleDelivery,
  "callcard-console-delivery-try": ConsoleDeliveryTry,
  "callcard-console-offer-versions": ConsoleOfferVersions,
  "callcard-console-actions": ConsoleActions,
  "callcard-console-undelivered": ConsoleUndelivered,
  "callcard-console-webhooks": ConsoleWebhooks,
  "callcard-console-pbxs": ConsolePbxs,
  "callcard-console-ratings": ConsoleRatings,
  "callcard-console-reports": ConsoleReports,
  "callcard-console": CallcardConsole,
};

if (!customElements.get("callcard-console")) {
  for (const [name, element] of Object.entries(ELEMENTS)) customElements.define(name, element);
}

export { CallcardConsole } from "./console/console-element.ts";
