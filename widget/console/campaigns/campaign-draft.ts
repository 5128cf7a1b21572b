/** A campaign's settings as the screen edits them: checked while they are typed, saved when asked, and told when somebody else saved. */
import type { CampaignSettings } from "../../../server/campaigns/model.ts";
import type { CampaignBody, CampaignCheck } from "../../../server/campaigns/rest.ts";
import type { Refused } from "../request.ts";
import type { CampaignsApi } from "./campaigns-api.ts";

const CHECK_AFTER_MS = 350;

export type DraftState =
  | { readonly state: "clean" | "changed" | "saving" }
  | { readonly state: "failed"; readonly refused: Refused }
  /** Somebody else saved; theirs is kept here until the person chooses. */
  | { readonly state: "conflict"; readonly theirs: CampaignBody };

type DraftApi = Pick<CampaignsApi, "check" | "add" | "change" | "one">;

export class CampaignDraft {
  settings: CampaignSettings;
  checked: CampaignCheck;
  save: DraftState;
  /** Null until a new campaign was saved for the first time. */
  id: string | null;
  revision: number;
  readonly #api: DraftApi;
  readonly #changed: () => void;
  #timer: ReturnType<typeof setTimeout> | null = null;
  #checks = 0;
  /** The settings that were edited from, as text. */
  #from: string;

  /** @param from What is edited, or settings that a new campaign begins with. */
  constructor(from: CampaignBody | CampaignSettings, api: DraftApi, changed: () => void) {
    this.#api = api;
    this.#changed = changed;
    this.#from = JSON.stringify("settings" in from ? from.settings : from);
    if ("settings" in from) {
      this.settings = from.settings;
      this.checked = from;
      this.save = { state: "clean" };
      this.id = from.id;
      this.revision = from.revision;
    } else {
      this.settings = from;
      this.checked = { problems: [], warnings: [] };
      this.save = { state: "changed" };
      this.id = null;
      this.revision = 0;
      void this.#check();
    }
  }

  /** What was typed and not saved would be lost. */
  get isChanged(): boolean {
    return this.save.state !== "clean";
  }

  change(change: Partial<CampaignSettings>): void {
    this.settings = { ...this.settings, ...change };
    if (this.save.state !== "conflict" && this.save.state !== "saving")
      this.save = { state: "changed" };
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#check(), CHECK_AFTER_MS);
    this.#changed();
  }

  /** @returns the campaign as it was saved, null when it was not. */
  async send(): Promise<CampaignBody | null> {
    if (this.save.state === "saving") return null;
    const sent = this.settings;
    this.save = { state: "saving" };
    this.#changed();
    const answer =
      this.id === null
        ? await this.#api.add(sent)
        : await this.#api.change(this.id, sent, this.revision);
    if (answer.ok) {
      const kept = this.settings;
      this.replace(answer.body);
      // Typed while it was being saved.
      if (kept !== sent) this.change(kept);
      return answer.body;
    }
    if (answer.status === 409 && this.id !== null) {
      const { revision } = this;
      await this.meet(this.id);
      // It was only started or paused meanwhile.
      if (this.#is("changed") && this.revision !== revision) return this.send();
    } else {
      this.save = { state: "failed", refused: answer };
      if (answer.problems.length > 0)
        this.checked = { problems: answer.problems, warnings: this.checked.warnings };
    }
    this.#changed();
    return null;
  }

  /** Somebody else changed the campaign: takes theirs when nothing was typed here, else lets the person choose. */
  async meet(id: string): Promise<void> {
    const answer = await this.#api.one(id);
    const { save } = this;
    if (!answer.ok) this.save = { state: "failed", refused: answer };
    else if (save.state === "clean") this.replace(answer.body);
    else if (JSON.stringify(answer.body.settings) === this.#from) {
      this.revision = answer.body.revision;
      if (save.state === "saving") this.save = { state: "changed" };
    } else if (answer.body.revision !== this.revision)
      this.save = { state: "conflict", theirs: answer.body };
    this.#changed();
  }

  #is(state: DraftState["state"]): boolean {
    return this.save.state === state;
  }

  /** Ends a conflict. */
  resolve(take: "mine" | "theirs"): void {
    if (this.save.state !== "conflict") return;
    const { theirs } = this.save;
    if (take === "theirs") this.replace(theirs);
    else {
      this.revision = theirs.revision;
      this.#from = JSON.stringify(theirs.settings);
      this.save = { state: "changed" };
    }
    this.#changed();
  }

  /** What the server has. */
  replace(body: CampaignBody): void {
    this.close();
    this.id = body.id;
    this.revision = body.revision;
    this.settings = body.settings;
    this.#from = JSON.stringify(body.settings);
    this.checked = body;
    this.save = { state: "clean" };
    this.#changed();
  }

  close(): void {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    this.#checks += 1;
  }

  async #check(): Promise<void> {
    const mine = ++this.#checks;
    const answer = await this.#api.check(this.settings);
    // Something newer was typed, or saved, meanwhile.
    if (mine !== this.#checks || !answer.ok) return;
    this.checked = answer.body;
    this.#changed();
  }
}
