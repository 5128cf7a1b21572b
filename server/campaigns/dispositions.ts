/** What operators may say of a campaign's calls, in the table of dispositions. */
import type { Database } from "../storage/database.ts";
import { type CampaignSettings, dispositionCode } from "./model.ts";

/** Behind every disposition that people may choose by themselves. */
const DISPOSITION_POSITION = 1000;

/** History shows what operators said of campaigns' calls, also after the campaign is gone. */
export async function saveDispositions(
  trx: Database,
  campaignId: string,
  settings: CampaignSettings,
): Promise<void> {
  for (const { code, labels } of settings.dispositions) {
    const row = { label_ru: labels.ru, label_uk: labels.uk, label_en: labels.en };
    await trx
      .insertInto("dispositions")
      .values({
        ...{ code: dispositionCode(campaignId, code), ...row, active: false },
        position: DISPOSITION_POSITION,
      })
      .onConflict((conflict) => conflict.column("code").doUpdateSet(row))
      .execute();
  }
}
