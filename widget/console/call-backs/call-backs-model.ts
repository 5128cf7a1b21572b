/** What the screens of call backs keep while somebody looks elsewhere: settings that are being edited. */
import type { CallBackSettingsBody } from "../../../server/followups/call-backs/rest.ts";
import type { CallBackSettings } from "../../../server/followups/call-backs/settings.ts";
import type { Refused } from "../request.ts";
import { SettingsDraft } from "../shared/settings-draft.ts";
import type { CallBacksApi } from "./call-backs-api.ts";

export type CallBackDraft = SettingsDraft<CallBackSettings, CallBackSettingsBody>;

export class CallBacksModel {
  draft: CallBackDraft | null = null;
  readonly #api: CallBacksApi;
  readonly #changed: () => void;

  constructor(api: CallBacksApi, changed: () => void) {
    this.#api = api;
    this.#changed = changed;
  }

  /** What is being typed stays. @returns why the settings could not be read, null when they could. */
  async open(): Promise<Refused | null> {
    if (this.draft && this.draft.save.state !== "clean") return null;
    const answer = await this.#api.settings();
    if (!answer.ok) return answer;
    if (this.draft) this.draft.replace(answer.body);
    else
      this.draft = new SettingsDraft<CallBackSettings, CallBackSettingsBody>(
        answer.body,
        {
          check: (settings) => this.#api.checkSettings(settings),
          save: (settings, before) => this.#api.saveSettings(settings, before?.revision ?? 0),
          read: () => this.#api.settings(),
        },
        this.#changed,
      );
    this.#changed();
    return null;
  }

  /** Whoever is logged in next begins anew. */
  forget(): void {
    this.draft?.close();
    this.draft = null;
  }
}
