/** What the campaigns' screens know: the live picture, what a campaign may name, and settings that are being edited. */
import type { CampaignVocabulary } from "../../../server/campaigns/check.ts";
import type { CampaignSettings } from "../../../server/campaigns/model.ts";
import type { CampaignBody } from "../../../server/campaigns/rest.ts";
import type { CampaignsPicture } from "../../../server/console/protocol.ts";
import type { RequestRefused } from "../connection.ts";
import type { Refused } from "../request.ts";
import { CampaignDraft } from "./campaign-draft.ts";
import type { CampaignsApi } from "./campaigns-api.ts";

/** One campaign of the live picture. */
export type LiveCampaign = CampaignsPicture["campaigns"][number];

/** What a campaign that is not saved yet is edited under. */
export const NEW = "new";

type Look = (look: boolean) => Promise<{ readonly ok: true } | RequestRefused>;

export class CampaignsModel {
  readonly api: CampaignsApi;
  /** Null before the first one. */
  live: CampaignsPicture | null = null;
  /** The server cannot show campaigns, in its words; "" while it can. */
  impossible = "";
  vocabulary: CampaignVocabulary | null = null;
  /** Those that ended. */
  ended: readonly CampaignBody[] = [];
  readonly #look: Look;
  readonly #changed: () => void;
  readonly #drafts = new Map<string, CampaignDraft>();
  #looking = false;

  constructor(api: CampaignsApi, look: Look, changed: () => void) {
    this.api = api;
    this.#look = look;
    this.#changed = changed;
  }

  one(id: string): LiveCampaign | null {
    return this.live?.campaigns.find(({ campaignId }) => campaignId === id) ?? null;
  }

  /** A screen with campaigns was opened, or left. */
  look(look: boolean): void {
    this.#looking = look;
    void this.#ask();
    if (look) void this.refresh();
  }

  /** The connection came (back): the server has forgotten who looks. */
  online(): void {
    if (this.#looking) void this.#ask();
  }

  picture(picture: CampaignsPicture): void {
    const before = this.live;
    this.live = picture;
    this.impossible = "";
    for (const { campaignId, revision } of picture.campaigns) {
      const draft = this.#drafts.get(campaignId);
      if (draft && draft.revision < revision && draft.save.state !== "saving")
        void draft.meet(campaignId);
    }
    const ids = new Set(picture.campaigns.map(({ campaignId }) => campaignId));
    if (before?.campaigns.some(({ campaignId }) => !ids.has(campaignId))) void this.refresh();
    this.#changed();
  }

  /** Reads what the picture does not hold. */
  async refresh(): Promise<void> {
    const [vocabulary, all] = await Promise.all([this.api.vocabulary(), this.api.all()]);
    if (vocabulary.ok) this.vocabulary = vocabulary.body;
    if (all.ok) this.ended = all.body.campaigns.filter(({ state }) => state === "ended");
    this.#changed();
  }

  /** The settings of a campaign to edit, as far as they are known. */
  draft(id: string): CampaignDraft | null {
    return this.#drafts.get(id) ?? null;
  }

  /** @returns why the campaign could not be read, null when it could. */
  async open(id: string): Promise<Refused | null> {
    if (this.#drafts.has(id)) return null;
    const answer = await this.api.one(id);
    if (!answer.ok) return answer;
    this.#drafts.set(id, new CampaignDraft(answer.body, this.api, this.#changed));
    this.#changed();
    return null;
  }

  /** A new campaign with these settings. */
  begin(settings: CampaignSettings): void {
    this.discard(NEW);
    this.#drafts.set(NEW, new CampaignDraft(settings, this.api, this.#changed));
    this.#changed();
  }

  /** A new campaign got its id. */
  saved(id: string): void {
    const draft = this.#drafts.get(NEW);
    if (!draft) return;
    this.#drafts.delete(NEW);
    this.#drafts.set(id, draft);
  }

  /** What was typed is given up. */
  discard(id: string): void {
    this.#drafts.get(id)?.close();
    this.#drafts.delete(id);
    this.#changed();
  }

  /** Whoever is logged in next begins anew. */
  forget(): void {
    for (const draft of this.#drafts.values()) draft.close();
    this.#drafts.clear();
    this.live = null;
    this.vocabulary = null;
    this.ended = [];
  }

  async #ask(): Promise<void> {
    const look = this.#looking;
    const answer = await this.#look(look);
    if (!look || answer.ok || answer.code === "noReply") return;
    this.impossible = answer.message;
    this.#changed();
  }
}
