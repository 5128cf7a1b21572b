/** What every part of the editor of a campaign is given. */
import type { CampaignVocabulary } from "../../../../server/campaigns/check.ts";
import type { CampaignSettings } from "../../../../server/campaigns/model.ts";
import type { Editing } from "../../shared/editing.ts";

export type CampaignEditing = Editing<CampaignSettings> & {
  readonly vocabulary: CampaignVocabulary;
};
