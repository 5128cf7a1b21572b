/** The console's HTTP requests. None rejects: a failure is an answer with words. */
import type { Policy } from "../../server/priority/model.ts";
import type {
  DraftBody,
  PublishedBody,
  ReadyPolicy,
  VersionBody,
  Vocabulary,
} from "../../server/priority/rest.ts";
import type { SimulationInput, SimulationState } from "../../server/priority/simulation/model.ts";
import type { User } from "../../server/people/model.ts";

import { type Answered, createSend, type Send } from "./request.ts";
import { CallBacksApi } from "./call-backs/call-backs-api.ts";
import { CampaignsApi } from "./campaigns/campaigns-api.ts";
import { ClaimsApi } from "./claims/claims-api.ts";
import { DeliveryApi } from "./delivery/delivery-api.ts";
import { OffersApi } from "./offers/offers-api.ts";
import { PbxsApi } from "./pbxs/pbxs-api.ts";
import { ReportsApi } from "./reports/reports-api.ts";
import { UndeliveredApi } from "./undelivered/undelivered-api.ts";

export class ConsoleApi {
  readonly callBacks: CallBacksApi;
  readonly campaigns: CampaignsApi;
  readonly claims: ClaimsApi;
  readonly delivery: DeliveryApi;
  readonly offers: OffersApi;
  readonly pbxs: PbxsApi;
  readonly reports: ReportsApi;
  readonly undelivered: UndeliveredApi;
  readonly #send: Send;

  /** @param base The server's base address, with a slash at its end. */
  constructor(base: string) {
    this.#send = createSend(base);
    this.callBacks = new CallBacksApi(this.#send);
    this.campaigns = new CampaignsApi(this.#send);
    this.claims = new ClaimsApi(this.#send);
    this.delivery = new DeliveryApi(this.#send);
    this.offers = new OffersApi(this.#send);
    this.pbxs = new PbxsApi(this.#send);
    this.reports = new ReportsApi(this.#send);
    this.undelivered = new UndeliveredApi(this.#send);
  }

  session(): Promise<Answered<{ user: User }>> {
    return this.#send("GET", "session");
  }
  published(): Promise<Answered<PublishedBody>> {
    return this.#send("GET", "priority/policy");
  }
  draft(): Promise<Answered<DraftBody>> {
    return this.#send("GET", "priority/draft");
  }
  saveDraft(policy: Policy, revision: number): Promise<Answered<DraftBody>> {
    return this.#send("PUT", "priority/draft", { policy, revision });
  }
  publish(revision: number, note: string): Promise<Answered<PublishedBody>> {
    return this.#send("POST", "priority/publish", { revision, note });
  }
  rollBack(version: number): Promise<Answered<PublishedBody>> {
    return this.#send("POST", "priority/rollback", { version });
  }
  versions(): Promise<Answered<{ versions: readonly VersionBody[] }>> {
    return this.#send("GET", "priority/versions");
  }
  readyPolicies(): Promise<Answered<{ policies: readonly ReadyPolicy[] }>> {
    return this.#send("GET", "priority/ready-policies");
  }
  vocabulary(): Promise<Answered<Vocabulary>> {
    return this.#send("GET", "priority/vocabulary");
  }
  simulate(input: SimulationInput): Promise<Answered<SimulationState>> {
    return this.#send("POST", "priority/simulations", input);
  }
  simulation(id: string): Promise<Answered<SimulationState>> {
    return this.#send("GET", `priority/simulations/${encodeURIComponent(id)}`);
  }
  cancelSimulation(id: string): Promise<Answered<SimulationState>> {
    return this.#send("DELETE", `priority/simulations/${encodeURIComponent(id)}`);
  }
}
