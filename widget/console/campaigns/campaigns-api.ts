/** The console's HTTP requests about campaigns. None rejects. */
import type { CampaignVocabulary } from "../../../server/campaigns/check.ts";
import type { CampaignSettings, Trunk } from "../../../server/campaigns/model.ts";
import type {
  AttemptStory,
  CampaignBody,
  CampaignCheck,
  CampaignTemplate,
  ContactsBody,
  DoNotCallLine,
  NextBody,
  SettleInput,
  UploadBody,
  WithdrawnBody,
} from "../../../server/campaigns/rest.ts";
import type { Answered, Send } from "../request.ts";

const at = encodeURIComponent;

export class CampaignsApi {
  readonly #send: Send;

  constructor(send: Send) {
    this.#send = send;
  }

  all(): Promise<Answered<{ campaigns: readonly CampaignBody[] }>> {
    return this.#send("GET", "campaigns");
  }
  one(id: string): Promise<Answered<CampaignBody>> {
    return this.#send("GET", `campaigns/${at(id)}`);
  }
  vocabulary(): Promise<Answered<CampaignVocabulary>> {
    return this.#send("GET", "campaigns/vocabulary");
  }
  templates(language: string): Promise<Answered<{ templates: readonly CampaignTemplate[] }>> {
    return this.#send("GET", `campaigns/templates?language=${at(language)}`);
  }
  check(settings: CampaignSettings): Promise<Answered<CampaignCheck>> {
    return this.#send("POST", "campaigns/check", { settings });
  }
  add(settings: CampaignSettings): Promise<Answered<CampaignBody>> {
    return this.#send("POST", "campaigns", { settings });
  }
  change(
    id: string,
    settings: CampaignSettings,
    revision: number,
  ): Promise<Answered<CampaignBody>> {
    return this.#send("PUT", `campaigns/${at(id)}`, { settings, revision });
  }
  move(id: string, deed: "start" | "pause" | "stop"): Promise<Answered<CampaignBody>> {
    return this.#send("POST", `campaigns/${at(id)}/${deed}`);
  }
  next(id: string, limit: number): Promise<Answered<NextBody>> {
    return this.#send("GET", `campaigns/${at(id)}/next?limit=${limit}`);
  }
  withdrawn(id: string, after: string, limit: number): Promise<Answered<WithdrawnBody>> {
    const query = new URLSearchParams({ after, limit: String(limit) });
    return this.#send("GET", `campaigns/${at(id)}/withdrawn?${query.toString()}`);
  }
  contacts(
    id: string,
    asked: { readonly search?: string; readonly unknown?: boolean },
    limit: number,
  ): Promise<Answered<ContactsBody>> {
    const query = new URLSearchParams({ limit: String(limit) });
    if (asked.search) query.set("search", asked.search);
    if (asked.unknown) query.set("unknown", "true");
    return this.#send("GET", `campaigns/${at(id)}/contacts?${query.toString()}`);
  }
  upload(id: string, file: Blob): Promise<Answered<UploadBody>> {
    return this.#send("POST", `campaigns/${at(id)}/contacts`, file);
  }
  ledger(id: string): Promise<Answered<string>> {
    return this.#send("GET", `campaigns/${at(id)}/ledger`, undefined, { accept: "text/csv" });
  }
  attempt(id: string): Promise<Answered<AttemptStory>> {
    return this.#send("GET", `attempts/${at(id)}`);
  }
  settle(id: string, how: SettleInput): Promise<Answered<AttemptStory>> {
    return this.#send("POST", `attempts/${at(id)}/settle`, how);
  }
  doNotCall(
    search: string,
    after: string | null,
    limit: number,
  ): Promise<Answered<{ lines: readonly DoNotCallLine[]; next: string | null }>> {
    const query = new URLSearchParams({ limit: String(limit) });
    if (search) query.set("search", search);
    if (after !== null) query.set("after", after);
    return this.#send("GET", `do-not-call?${query.toString()}`);
  }
  forbid(phone: string, reason: string): Promise<Answered<UploadBody>> {
    return this.#send("POST", "do-not-call", { phone, reason });
  }
  forbidAll(file: Blob): Promise<Answered<UploadBody>> {
    return this.#send("POST", "do-not-call", file);
  }
  allow(phone: string): Promise<Answered<object>> {
    return this.#send("DELETE", `do-not-call/${at(phone)}`);
  }
  forbidden(): Promise<Answered<string>> {
    return this.#send("GET", "do-not-call", undefined, { accept: "text/csv" });
  }
  trunks(): Promise<Answered<{ trunks: readonly Trunk[] }>> {
    return this.#send("GET", "trunks");
  }
  setTrunk({ pbx, name, ...rest }: Trunk): Promise<Answered<Trunk>> {
    return this.#send("PUT", `trunks/${at(pbx)}/${at(name)}`, rest);
  }
  removeTrunk({ pbx, name }: Pick<Trunk, "pbx" | "name">): Promise<Answered<object>> {
    return this.#send("DELETE", `trunks/${at(pbx)}/${at(name)}`);
  }
}
