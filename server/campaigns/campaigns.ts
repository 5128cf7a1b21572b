/**
 * The campaigns, in memory and at hand at once, and how they are changed. Every change is audited and told to the other processes; who misses
 * that finds out within half a minute.
 */
import { isDeepStrictEqual } from "node:util";
import { sql } from "kysely";
import { recordAudit } from "../people/audit.ts";
import type { Problem } from "../priority/rest.ts";
import type { Bus } from "../storage/bus.ts";
import type { Database } from "../storage/database.ts";
import { newestStatus } from "./attempts/orders-reader.ts";
import { type CampaignVocabulary, checkCampaign } from "./check.ts";
import type { Campaign, CampaignSettings, CampaignState, PauseReason, Trunk } from "./model.ts";
import { saveDispositions } from "./dispositions.ts";
import type { CampaignBook } from "./ports.ts";
import type { CampaignBody, CampaignCheck } from "./rest.ts";

/** What the book needs of the rest. */
export type CampaignsOptions = {
  readonly db: Database;
  readonly bus: Pick<Bus, "publish" | "on">;
  /** What campaigns may name, for the check before anything is saved or started. */
  readonly vocabulary: () => Promise<CampaignVocabulary>;
  /** How often to look whether another process changed something; default 30 s. */
  readonly lookMs?: number;
  /** A look that failed, a listener that threw. */
  readonly onError: (error: unknown) => void;
};

/** A change that cannot be made; `message` is for the person. */
export class CampaignError extends Error {
  readonly code: "campaignChanged" | "campaignRefused" | "campaignState" | "noSuchCampaign";
  /** With `campaignRefused`: why. */
  readonly checked: CampaignCheck;
  constructor(
    code: CampaignError["code"],
    message: string,
    checked: CampaignCheck = { problems: [], warnings: [] },
  ) {
    super(message);
    this.name = "CampaignError";
    this.code = code;
    this.checked = checked;
  }
}

/** Settings that decide when somebody is called. */
const TIMING = ["hours", "startsAt", "endsAt", "ringSeconds", "retries", "limits", "kind"] as const;

type Row = {
  id: string;
  settings: CampaignSettings;
  state: CampaignState;
  paused_because: PauseReason | "";
  revision: number;
  created_at: Date;
  changed_at: Date;
};

/** The campaigns of an installation, as this process knows them. */
export class Campaigns implements CampaignBook {
  readonly #options: CampaignsOptions;
  readonly #listeners = new Set<(campaignId: string) => void>();
  readonly #stopHearing: () => void;
  readonly #timer: NodeJS.Timeout;
  #campaigns: ReadonlyMap<string, Campaign> = new Map();
  #trunks: readonly Trunk[] = [];
  #loading: Promise<void> = Promise.resolve();

  constructor(options: CampaignsOptions) {
    this.#options = options;
    const stops = (["campaignsChanged", "hintsLost"] as const).map((hint) =>
      options.bus.on(hint, () => this.#look()),
    );
    this.#stopHearing = () => stops.forEach((stop) => stop());
    this.#timer = setInterval(() => this.#look(), options.lookMs ?? 30_000).unref();
  }

  all(): readonly Campaign[] {
    return [...this.#campaigns.values()];
  }

  get(id: string): Campaign | null {
    return this.#campaigns.get(id) ?? null;
  }

  trunks(pbx: string): readonly Trunk[] {
    return this.#trunks.filter((trunk) => trunk.pbx === pbx);
  }

  /** Of all PBXs. */
  allTrunks(): readonly Trunk[] {
    return this.#trunks;
  }

  onChange(listener: (campaignId: string) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Reads everything; call it once before the others are served. One after the other, so that an older answer never replaces a newer one. */
  load(): Promise<void> {
    const next = this.#loading.catch(() => undefined).then(() => this.#load());
    this.#loading = next;
    return next;
  }

  /** Newest first, ended ones too, each with what would be said of it now. */
  async list(): Promise<readonly CampaignBody[]> {
    const [rows, vocabulary] = await Promise.all([
      selectCampaigns(this.#options.db).orderBy("id", "desc").execute(),
      this.#options.vocabulary(),
    ]);
    return rows.map((row) => bodyOf(campaignOf(row), vocabulary));
  }

  /** @throws CampaignError `noSuchCampaign` */
  async body(id: string): Promise<CampaignBody> {
    const [row, vocabulary] = await Promise.all([
      find(this.#options.db, id),
      this.#options.vocabulary(),
    ]);
    return bodyOf(campaignOf(row), vocabulary);
  }

  /** What campaigns may name here. */
  vocabulary(): Promise<CampaignVocabulary> {
    return this.#options.vocabulary();
  }

  /** What would be said of these settings. */
  async check(settings: unknown): Promise<CampaignCheck> {
    const { problems, warnings } = await this.#judged(settings);
    return { problems, warnings };
  }

  /** A new campaign, as a draft. @throws CampaignError `campaignRefused` */
  async create(input: { readonly settings: unknown; readonly by: string }): Promise<CampaignBody> {
    const settings = await this.#checked(input.settings);
    const id = await this.#options.db.transaction().execute(async (trx) => {
      const { id } = await trx
        .insertInto("campaigns")
        .values({ settings: JSON.stringify(settings) })
        .returning("id")
        .executeTakeFirstOrThrow();
      await saveDispositions(trx, id, settings);
      const detail = { campaign: id, name: settings.name };
      await recordAudit(trx, { actor: input.by, action: "campaign.created", detail });
      return id;
    });
    return this.#changed(id);
  }

  /**
   * Other settings, which act at once: what is planned gets other times when those changed.
   * @throws CampaignError `campaignRefused`, `campaignChanged` when somebody else saved since `revision`, `campaignState` for one that ended.
   */
  async save(
    id: string,
    input: { readonly settings: unknown; readonly revision: number; readonly by: string },
  ): Promise<CampaignBody> {
    const settings = await this.#checked(input.settings);
    await this.#options.db.transaction().execute(async (trx) => {
      const row = await find(trx, id, true);
      if (row.revision !== input.revision) {
        const words = `The campaign was changed meanwhile: it is at revision ${row.revision}, not ${input.revision}`;
        throw new CampaignError("campaignChanged", words);
      }
      if (row.state === "ended")
        throw new CampaignError("campaignState", "The campaign has ended; make another one");
      const isTimed = TIMING.every((key) => isDeepStrictEqual(row.settings[key], settings[key]));
      const revision = row.revision + 1;
      await trx
        .updateTable("campaigns")
        .set({
          ...{ settings: JSON.stringify(settings), revision, changed_at: sql<Date>`now()` },
          // What was not given its times yet is still to be given them.
          ...(isTimed
            ? {
                timed_revision: sql<number>`case when timed_revision = ${row.revision} then ${revision} else timed_revision end`,
              }
            : {}),
        })
        .where("id", "=", id)
        .execute();
      await saveDispositions(trx, id, settings);
      const detail = { campaign: id, name: settings.name, revision };
      await recordAudit(trx, { actor: input.by, action: "campaign.changed", detail });
    });
    return this.#changed(id);
  }

  /**
   * Begins or goes on. Orders that came before the first start are not called about.
   * @throws CampaignError `campaignRefused` when its settings are not right (any more), `campaignState` for one that ended.
   */
  async start(id: string, by: string): Promise<CampaignBody> {
    const { settings } = await find(this.#options.db, id);
    await this.#checked(settings);
    return this.#turn(id, by, "campaign.started", async (trx, row) => {
      if (row.state === "running") return null;
      if (row.state === "draft")
        await trx
          .updateTable("campaigns")
          .set({ orders_read: await newestStatus(trx) })
          .where("id", "=", id)
          .execute();
      return { state: "running", paused_because: "" };
    });
  }

  /** Nobody else is dialled; who is in flight is not cut off. The dialler pauses too, audited as `dialler`. */
  async pause(id: string, because: PauseReason, by = "dialler"): Promise<void> {
    await this.#turn(id, by, "campaign.paused", async (_trx, row) => {
      if (row.state !== "running") return null;
      return { state: "paused", paused_because: because };
    });
  }

  /** For good: everything that is open is withdrawn, which the planner does at once and takes up again after a crash. */
  stop(id: string, by: string): Promise<CampaignBody> {
    return this.#turn(id, by, "campaign.stopped", async () => ({
      state: "ended",
      paused_because: "",
    }));
  }

  /** Adds a trunk or replaces it. */
  async saveTrunk(trunk: Trunk, by: string): Promise<void> {
    const { pbx, name, callsPerSecond, ...rest } = trunk;
    const row = { ...rest, calls_per_second: callsPerSecond };
    await this.#options.db.transaction().execute(async (trx) => {
      await trx
        .insertInto("trunks")
        .values({ pbx, name, ...row })
        .onConflict((conflict) => conflict.columns(["pbx", "name"]).doUpdateSet(row))
        .execute();
      await recordAudit(trx, { actor: by, action: "trunk.saved", detail: { ...trunk } });
    });
    await this.#tell("");
  }

  /** @throws CampaignError `campaignState` while a campaign names it, `noSuchCampaign` when there is none. */
  async removeTrunk(pbx: string, name: string, by: string): Promise<void> {
    await this.#options.db.transaction().execute(async (trx) => {
      const rows = await selectCampaigns(trx).where("state", "<>", "ended").execute();
      const user = rows.find(
        ({ settings }) => settings.pbx === pbx && settings.trunks.includes(name),
      );
      if (user !== undefined)
        throw new CampaignError(
          "campaignState",
          `The campaign "${user.settings.name}" dials through it`,
        );
      const gone = await trx
        .deleteFrom("trunks")
        .where("pbx", "=", pbx)
        .where("name", "=", name)
        .returning("name")
        .execute();
      if (gone.length === 0) throw new CampaignError("noSuchCampaign", "There is no such trunk");
      await recordAudit(trx, { actor: by, action: "trunk.removed", detail: { pbx, name } });
    });
    await this.#tell("");
  }

  close(): void {
    clearInterval(this.#timer);
    this.#stopHearing();
    this.#listeners.clear();
  }

  async #checked(value: unknown): Promise<CampaignSettings> {
    const { settings, problems, warnings } = await this.#judged(value);
    if (settings !== null) return settings;
    const words = problems[0] === undefined ? "" : `: ${placeOf(problems[0])}`;
    throw new CampaignError("campaignRefused", `The campaign has problems${words}`, {
      ...{ problems, warnings },
    });
  }

  /** What another process made a moment ago, such as a trunk, may not be known here yet: nothing is refused before that was read. */
  async #judged(value: unknown): Promise<ReturnType<typeof checkCampaign>> {
    const checked = checkCampaign(value, await this.#options.vocabulary());
    if (checked.problems.length === 0) return checked;
    await this.load();
    return checkCampaign(value, await this.#options.vocabulary());
  }

  /** @param deed null: it is so already. */
  async #turn(
    id: string,
    by: string,
    action: string,
    deed: (
      trx: Database,
      row: Row,
    ) => Promise<{
      readonly state: CampaignState;
      readonly paused_because: PauseReason | "";
    } | null>,
  ): Promise<CampaignBody> {
    const turned = await this.#options.db.transaction().execute(async (trx) => {
      const row = await find(trx, id, true);
      if (row.state === "ended")
        throw new CampaignError("campaignState", "The campaign has ended already");
      const to = await deed(trx, row);
      if (to === null) return false;
      await trx
        .updateTable("campaigns")
        .set({
          ...{ ...to, changed_at: sql<Date>`now()`, revision: row.revision + 1 },
          timed_revision: sql<number>`case when timed_revision = ${row.revision} then ${row.revision + 1} else timed_revision end`,
        })
        .where("id", "=", id)
        .execute();
      const { name } = row.settings;
      const because = to.paused_because === "" ? {} : { because: to.paused_because };
      await recordAudit(trx, { actor: by, action, detail: { campaign: id, name, ...because } });
      return true;
    });
    return turned ? this.#changed(id) : this.body(id);
  }

  async #changed(id: string): Promise<CampaignBody> {
    await this.#tell(id);
    return this.body(id);
  }

  /** Tells everybody, this process first. */
  async #tell(id: string): Promise<void> {
    await this.load();
    this.#options.bus.publish("campaignsChanged", { campaignId: id });
  }

  #look(): void {
    this.load().catch(this.#options.onError);
  }

  async #load(): Promise<void> {
    const [rows, trunkRows] = await Promise.all([
      selectCampaigns(this.#options.db).where("state", "<>", "ended").orderBy("id").execute(),
      this.#options.db.selectFrom("trunks").selectAll().orderBy("pbx").orderBy("name").execute(),
    ]);
    const before = this.#campaigns;
    const trunksBefore = this.#trunks;
    this.#campaigns = new Map(rows.map((row) => [row.id, campaignOf(row)]));
    this.#trunks = trunkRows.map(({ calls_per_second, ...trunk }) => ({
      ...trunk,
      callsPerSecond: calls_per_second,
    }));
    for (const id of new Set([...before.keys(), ...this.#campaigns.keys()])) {
      if (before.get(id)?.revision !== this.#campaigns.get(id)?.revision) this.#hear(id);
    }
    if (!isDeepStrictEqual(trunksBefore, this.#trunks)) this.#hear("");
  }

  #hear(id: string): void {
    for (const listener of this.#listeners) {
      try {
        listener(id);
      } catch (error) {
        this.#options.onError(error);
      }
    }
  }
}

function selectCampaigns(db: Database) {
  return db
    .selectFrom("campaigns")
    .select(["id", "settings", "state", "paused_because", "revision", "created_at", "changed_at"]);
}

async function find(db: Database, id: string, locked = false): Promise<Row> {
  const known = /^\d{1,18}$/.test(id);
  const query = selectCampaigns(db).where("id", "=", known ? id : "0");
  const row = await (locked ? query.forNoKeyUpdate() : query).executeTakeFirst();
  if (row === undefined) throw new CampaignError("noSuchCampaign", "The campaign was not found");
  return row;
}

function campaignOf(row: Row): Campaign {
  return {
    ...{ id: row.id, settings: row.settings, state: row.state, revision: row.revision },
    pausedBecause: row.paused_because,
    createdAt: row.created_at.toISOString(),
    changedAt: row.changed_at.toISOString(),
  };
}

function bodyOf(campaign: Campaign, vocabulary: CampaignVocabulary): CampaignBody {
  const { problems, warnings } = checkCampaign(campaign.settings, vocabulary);
  return { ...campaign, problems, warnings };
}

function placeOf(problem: Problem): string {
  return `${problem.path || "/"}: ${problem.message}`;
}
