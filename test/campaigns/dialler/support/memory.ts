/** What the dialler stands on, in memory: a store that keeps to the states, a PBX that does as it is told, a floor of operators. */
import { AmiError, type QueueMember } from "../../../../server/asterisk/model.ts";
import {
  type Attempt,
  type AttemptFacts,
  type AttemptState,
  type ClaimedAttempt,
  NEXT,
} from "../../../../server/campaigns/attempts/model.ts";
import type { SeenExtension, SeenQueue } from "../../../../server/campaigns/dialler/operators.ts";
import type { Campaign, CampaignSettings, Trunk } from "../../../../server/campaigns/model.ts";
import type { Learned } from "../../../../server/campaigns/pacing/model.ts";
import type {
  AttemptStore,
  CallEvidence,
  CampaignBook,
  PbxRecord,
  Progress,
  Telephone,
} from "../../../../server/campaigns/ports.ts";
import { campaign as settingsOf } from "../../samples.ts";

export const PBX = "main";
export const START_MS = Date.parse("2026-11-23T09:00:00Z");

export function aCampaign(own: Partial<CampaignSettings> = {}, id = "1"): Campaign {
  return {
    ...{ id, state: "running", pausedBecause: "", revision: 1 },
    settings: settingsOf({ mode: "progressive", bridge: "customerFirst", ...own }),
    ...{ createdAt: "2026-11-23T08:00:00Z", changedAt: "2026-11-23T08:00:00Z" },
  };
}

export function aTrunk(own: Partial<Trunk> = {}): Trunk {
  return {
    ...{ pbx: PBX, name: "provider", dial: "PJSIP/{number}@provider", format: "e164" },
    ...{ lines: 30, callsPerSecond: 50, enabled: true },
    ...own,
  };
}

export class MemoryBook implements CampaignBook {
  campaigns: Campaign[];
  trunkList: Trunk[] = [aTrunk()];
  readonly paused: { id: string; because: string }[] = [];
  readonly #listeners = new Set<(id: string) => void>();

  constructor(...campaigns: Campaign[]) {
    this.campaigns = campaigns;
  }
  all = () => this.campaigns;
  get = (id: string) => this.campaigns.find((each) => each.id === id) ?? null;
  trunks = () => this.trunkList;
  onChange(listener: (id: string) => void) {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }
  change(id: string, own: Partial<Campaign>) {
    this.campaigns = this.campaigns.map((each) => (each.id === id ? { ...each, ...own } : each));
    for (const listener of this.#listeners) listener(id);
  }
  async pause(id: string, because: "byHand" | "trunkTrouble" | "abandonmentCap") {
    this.paused.push({ id, because });
    this.change(id, { state: "paused", pausedBecause: because });
  }
}

/** Refuses what the states do not allow, as the real one does; `down` makes everything fail as PostgreSQL does when it is away. */
export class MemoryAttempts implements AttemptStore {
  readonly rows = new Map<string, ClaimedAttempt>();
  readonly steps: { id: string; to: AttemptState; facts: AttemptFacts }[] = [];
  readonly saved = new Map<string, Learned>();
  readonly #listeners = new Set<(id: string) => void>();
  down = false;
  window = { answered: 0, abandoned: 0 };

  add(count: number, own: Partial<ClaimedAttempt> = {}): string[] {
    return Array.from({ length: count }, () => {
      const n = this.rows.size + 1;
      const id = own.id ?? `cc-${String(n).padStart(8, "0")}-0000-4000-8000-000000000000`;
      this.rows.set(id, {
        ...{ id, contactId: String(n), campaignId: "1", n: 1 },
        ...{ phone: `+7903${String(n).padStart(7, "0")}`, state: "planned", dueAtMs: 0 },
        ...{ windowEndsAtMs: START_MS + 3_600_000, pbx: "", trunk: "", claimedBy: "" },
        ...{ dialledAtMs: null, ringingAtMs: null, answeredAtMs: null, waitingAtMs: null },
        greetingEndedAtMs: null,
        ...{ connectedAtMs: null, endedAtMs: null, outcome: null, cause: 0, userId: null },
        ...{ extension: "", customerId: null, customerName: "", promised: false },
        ...own,
      });
      return id;
    });
  }

  async claim(
    campaign: Campaign,
    wanted: number,
    by: { process: string; userId: string | null },
  ): Promise<readonly ClaimedAttempt[]> {
    await this.#answers();
    const due = [...this.rows.values()].filter(
      ({ campaignId, state, userId }) =>
        campaignId === campaign.id &&
        state === "planned" &&
        (userId === null || userId === by.userId),
    );
    due.sort((a, b) => Number(b.userId !== null) - Number(a.userId !== null));
    return due.slice(0, wanted).map((row) => {
      const claimed = { ...row, state: "claimed", claimedBy: by.process, pbx: PBX } as const;
      this.rows.set(row.id, claimed);
      return claimed;
    });
  }

  async hasDue(campaignId: string) {
    await this.#answers();
    return [...this.rows.values()].some(
      (row) => row.campaignId === campaignId && row.state === "planned" && row.userId === null,
    );
  }

  async advance(id: string, to: AttemptState, facts: AttemptFacts): Promise<Attempt | null> {
    await this.#answers();
    const row = this.rows.get(id);
    if (row === undefined || !NEXT[row.state].includes(to)) return null;
    const { atMs, outcome, extension, trunk, userId } = facts;
    const stamp = { [`${to === "dialling" ? "dialled" : to}AtMs`]: atMs };
    const next: ClaimedAttempt = {
      ...{ ...row, ...stamp, state: to },
      ...(outcome === undefined ? {} : { outcome }),
      ...(extension === undefined ? {} : { extension }),
      ...(trunk === undefined ? {} : { trunk }),
      ...(userId === undefined ? {} : { userId }),
    };
    this.rows.set(id, next);
    this.steps.push({ id, to, facts });
    return next;
  }

  async taken(pbx: string): Promise<readonly Attempt[]> {
    await this.#answers();
    const taken = new Set(["claimed", "dialling", "ringing", "answered", "waiting", "connected"]);
    return [...this.rows.values()].filter((row) => taken.has(row.state) && row.pbx === pbx);
  }
  async withdrawnAmong(ids: readonly string[]) {
    await this.#answers();
    return ids.filter((id) => this.rows.get(id)?.state === "withdrawn");
  }
  async get(id: string) {
    await this.#answers();
    return this.rows.get(id) ?? null;
  }
  onWithdrawn(listener: (id: string) => void) {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }
  /** As the planner does when a reason goes away. */
  withdraw(id: string) {
    const row = this.rows.get(id)!;
    if (NEXT[row.state].includes("withdrawn")) this.rows.set(id, { ...row, state: "withdrawn" });
    for (const listener of this.#listeners) listener(id);
  }
  async abandonment() {
    await this.#answers();
    return this.window;
  }
  async learned(id: string) {
    await this.#answers();
    return this.saved.get(id) ?? null;
  }
  async saveLearned(id: string, learned: Learned) {
    await this.#answers();
    this.saved.set(id, learned);
  }

  state(id: string) {
    return this.rows.get(id)!.state;
  }
  states(): Record<string, number> {
    const counts: Record<string, number> = {};
    for (const { state, outcome } of this.rows.values()) {
      const name = outcome ?? state;
      counts[name] = (counts[name] ?? 0) + 1;
    }
    return counts;
  }

  async #answers() {
    await Promise.resolve();
    if (this.down) throw Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED" });
  }
}

export const NO_EVIDENCE: CallEvidence = {
  ...{ originateReason: null, dialStatus: "", cause: 0, rang: false, answered: false },
  ...{ machine: false, connected: false, operatorAnswered: null, answeredForMs: null },
  greetingEndedMs: null,
};

/** A PBX that keeps a record of what it dialled and says what it is told to say. */
export class MemoryTelephone implements Telephone {
  readonly pbx = PBX;
  isUp = true;
  readonly asked: { id: string; trunk: string; extension: string; ownPhone: string }[] = [];
  readonly living = new Set<string>();
  readonly records = new Map<string, PbxRecord>();
  readonly hungUp: string[] = [];
  readonly forgotten: string[] = [];
  /** What the next calls meet. */
  failure: { code: AmiError["code"]; dials: boolean } | null = null;
  /** Runs while the PBX is being asked. */
  whileAsked: (id: string) => Promise<void> = async () => undefined;
  readonly #progress = new Set<(progress: Progress) => void>();
  readonly #synchronised = new Set<() => void>();

  up = () => this.isUp;
  async dial(call: Parameters<Telephone["dial"]>[0]) {
    const { id } = call.attempt;
    this.asked.push({
      ...{ id, trunk: call.trunk.name, extension: call.operator?.extension ?? "" },
      ownPhone: call.operator?.ownPhone ?? "",
    });
    await this.whileAsked(id);
    if (this.failure?.dials !== false) this.#dials(id);
    if (this.failure !== null) throw new AmiError(this.failure.code, "Originate", "it failed");
  }
  #dials(id: string) {
    this.living.add(id);
    this.records.set(id, { dialled: true, evidence: null });
  }
  async hangUp(id: string) {
    if (!this.isUp) throw new AmiError("disconnected", "Hangup", "away");
    this.hungUp.push(id);
    const was = this.living.has(id);
    if (was) this.over(id, { dialStatus: "CANCEL", cause: 16 });
    return was;
  }
  async alive(ids: readonly string[]) {
    if (!this.isUp) throw new AmiError("disconnected", "CoreShowChannels", "away");
    return new Set(ids.filter((id) => this.living.has(id)));
  }
  heard = () => [...this.living];
  async record(id: string): Promise<PbxRecord> {
    if (!this.isUp) throw new AmiError("disconnected", "DBGet", "away");
    return this.records.get(id) ?? { dialled: false };
  }
  settled(id: string) {
    this.forgotten.push(id);
  }
  onProgress(listener: (progress: Progress) => void) {
    this.#progress.add(listener);
    return () => void this.#progress.delete(listener);
  }
  onSynchronised(listener: () => void) {
    this.#synchronised.add(listener);
    return () => void this.#synchronised.delete(listener);
  }

  /** Ids in the order in which they were asked for. */
  get ids() {
    return this.asked.map(({ id }) => id);
  }
  tell(progress: Progress) {
    for (const listener of this.#progress) listener(progress);
  }
  word(id: string, type: "ringing" | "answered" | "waiting" | "greetingEnded" | "refused") {
    this.tell({ attemptId: id, atMs: Date.now(), type });
  }
  connect(id: string, extension: string) {
    this.tell({ attemptId: id, atMs: Date.now(), type: "connected", extension });
  }
  /** The call ends: silently when nobody is connected to hear of it. */
  over(id: string, own: Partial<CallEvidence>, heard = true) {
    this.living.delete(id);
    const evidence = { ...NO_EVIDENCE, ...own };
    this.records.set(id, { dialled: true, evidence });
    if (heard) this.tell({ attemptId: id, atMs: Date.now(), type: "over", evidence });
  }
  synchronise() {
    for (const listener of this.#synchronised) listener();
  }
}

export function aMember(extension: string, own: Partial<QueueMember> = {}): QueueMember {
  return {
    ...{ queue: "outbound", interface: `PJSIP/${extension}`, stateInterface: `PJSIP/${extension}` },
    ...{ name: extension, penalty: 0, paused: false, pausedReason: "", status: "notInUse" },
    ...{ inCall: false, callsTaken: 0, lastCallAtSeconds: 0, wrapUpSeconds: 0 },
    ...own,
  };
}

export function anExtension(extension: string, own: Partial<SeenExtension> = {}): SeenExtension {
  return {
    ...{ extension, device: "notInUse", ringingIn: [], talkingIn: [] },
    members: [aMember(extension)],
    ...own,
  };
}

/** The floor: who has a phone in which queue, and who waits. */
export class MemoryFloor {
  readonly byExtension = new Map<string, SeenExtension>();
  waiting: SeenQueue[] = [];
  readonly #listeners = new Set<(pbx: string) => void>();

  constructor(...extensions: readonly string[]) {
    for (const extension of extensions) this.byExtension.set(extension, anExtension(extension));
  }
  extensions = () => [...this.byExtension.values()];
  queues = () => this.waiting;
  onFact = (): (() => void) => () => undefined;
  onQueues(listener: (pbx: string) => void) {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }
  set(extension: string, own: Partial<SeenExtension>) {
    this.byExtension.set(extension, { ...anExtension(extension), ...own });
    for (const listener of this.#listeners) listener(PBX);
  }
}
